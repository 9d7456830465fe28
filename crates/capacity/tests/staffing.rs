//! Staffing: the numbers of the handbooks, the traps of other tools, and what must hold for every load.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;

use common::close;
use proptest::prelude::*;
use segue_capacity::erlang::performance;
use segue_capacity::load::{Load, Patience, ServiceTarget};
use segue_capacity::staffing::agents_needed;
use segue_capacity::staffing::learning::LearningCurve;
use segue_capacity::staffing::plan::{IntervalLoad, Rules, requirements};
use segue_capacity::staffing::pooling::pooling_loss;
use segue_capacity::staffing::shrinkage::Shrinkage;
use segue_capacity::staffing::whatif::{AHT_STRESS, Question, what_if};

fn load(calls_per_hour: f64, aht_s: f64) -> Load {
    Load::new(calls_per_hour, aht_s).unwrap()
}

fn target(text: &str) -> ServiceTarget {
    text.parse().unwrap()
}

/// `domain.md` §2.3, Erlang C.
#[test]
fn the_handbooks_staffing() {
    for (calls, aht_s, promised, agents) in [
        (120.0, 90.0, "80/20", 5),
        (90.0, 300.0, "80/30", 11),
        (20.0, 420.0, "80/30", 5),
        (40.0, 660.0, "80/30", 11),
        (6.0, 660.0, "80/30", 3),
        (40.0, 858.0, "80/30", 13),
    ] {
        let needed = agents_needed(load(calls, aht_s), Patience::Endless, target(promised));
        assert_eq!(needed, Ok(agents), "{calls} {aht_s}");
    }
}

/// Scenario 26 and finding 5: longer calls, not more calls.
#[test]
fn handle_time_blows_up() {
    let ask = |calls_per_hour: f64, agents: u32| {
        what_if(Question {
            load: load(calls_per_hour, 660.0),
            patience: Patience::Endless,
            agents,
            target: target("80/30"),
            aht_stress: AHT_STRESS,
        })
        .unwrap()
    };
    let level = |p: &segue_capacity::staffing::whatif::Case| {
        (p.performance.service_level.sl_answered_over_offered * 1_000.0).round() / 10.0
    };
    let eleven = ask(40.0, 11);
    assert_eq!(
        (level(&eleven.planned), level(&eleven.stress)),
        (86.8, 47.1)
    );
    assert_eq!(
        (eleven.planned.agents_needed, eleven.stress.agents_needed),
        (11, 13)
    );
    assert!(eleven.planned.reaches && !eleven.stress.reaches);
    close(
        eleven.planned.performance.mean_wait_all_s.unwrap(),
        28.0,
        0.02,
    );
    close(
        eleven.stress.performance.mean_wait_all_s.unwrap(),
        325.0,
        0.002,
    );
    for (share, agents, percent) in [(1.0, 13, 80.6), (0.80, 11, 82.9), (0.85, 11, 76.4)] {
        close(level(&ask(40.0 * share, agents).stress), percent, 1e-12);
    }
}

/// `planning.md`, Capacity 6.
#[test]
fn sharing_loses_pooling() {
    let triage = load(40.0, 660.0);
    let split = pooling_loss(triage, Patience::Endless, target("80/30"), &[5_000, 5_000]).unwrap();
    assert_eq!(
        (split.together, split.apart, split.extra),
        (11, vec![6, 6], 1)
    );
    let alone = pooling_loss(triage, Patience::Endless, target("80/30"), &[10_000]).unwrap();
    assert_eq!(alone.extra, 0);
}

/// What pyworkforce does wrong: float shrinkage, zero calls, overload, a start above the answer.
#[test]
fn the_traps_of_other_tools() {
    assert_eq!(Shrinkage::from_bp(5_500).unwrap().rostered(9), 20);
    assert_eq!(Shrinkage::from_bp(3_000).unwrap().rostered(14), 20);
    assert_eq!(Shrinkage::default().rostered(9), 9);
    assert_eq!(
        Shrinkage::from_bp(9_999).unwrap().rostered(u32::MAX),
        42_949_672_950_000
    );
    assert!(Shrinkage::from_bp(10_000).is_err());

    for patience in [Patience::Endless, Patience::mean(120.0).unwrap()] {
        assert_eq!(
            agents_needed(load(0.0, 300.0), patience, target("80/20")),
            Ok(0)
        );
        assert_eq!(
            agents_needed(load(1.0, 0.0), patience, target("80/20")),
            Ok(1)
        );
    }
    // An easy target: fewer agents than erlangs + 1, and than erlangs, where callers may give up.
    assert_eq!(
        agents_needed(load(10.0, 3_240.0), Patience::Endless, target("1/20")),
        Ok(10)
    );
    let lenient = ServiceTarget {
        abandonment_max_bp: 4_000,
        ..target("50/20")
    };
    assert_eq!(
        agents_needed(load(200.0, 180.0), Patience::mean(120.0).unwrap(), lenient),
        Ok(9)
    );
    let error = agents_needed(load(1e12, 1e12), Patience::Endless, target("80/30")).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("no 1000000000 agents reach the target")
    );
}

#[test]
fn targets_are_written_as_people_write_them() {
    assert_eq!(target("80/30"), ServiceTarget::new(80, 30));
    assert_eq!(target(" 90 / 10 ").to_string(), "90 % in 10 s");
    for wrong in ["80", "80/", "/30", "101/30", "80/30/5", "-1/20", "80/x"] {
        assert!(wrong.parse::<ServiceTarget>().is_err(), "{wrong}");
    }
}

#[test]
fn a_learning_team_is_slower_than_its_settled_time() {
    let curve = LearningCurve::new(660.0, 990.0, 100.0).unwrap();
    close(curve.aht_s_after(0), 990.0, 1e-12);
    close(curve.aht_s_after(100), 825.0, 1e-12);
    close(curve.aht_s_after(1_000_000), 660.0, 1e-12);
    assert_eq!(curve.team_aht_s(&[]), None);
    // The slow one takes fewer calls: 2 / (1/990 + 1/660), not the average of 825.
    close(curve.team_aht_s(&[0, 1_000_000]).unwrap(), 792.0, 1e-9);
    close(
        LearningCurve::new(660.0, 990.0, 0.0)
            .unwrap()
            .aht_s_after(0),
        660.0,
        1e-12,
    );
}

#[test]
fn intervals_are_staffed_one_by_one() {
    let start = "2026-11-02T13:00:00Z".parse().unwrap();
    let rules = Rules {
        patience: Patience::Endless,
        target: target("80/30"),
        aht_stress: AHT_STRESS,
        shrinkage: Shrinkage::from_bp(3_000).unwrap(),
    };
    let busy = IntervalLoad {
        start,
        load: load(40.0, 660.0),
    };
    let quiet = IntervalLoad {
        start,
        load: load(0.0, 660.0),
    };
    let got = requirements(&[busy, quiet], &rules).unwrap();
    assert_eq!(
        (got[0].agents, got[0].agents_stress, got[0].rostered),
        (11, 13, 16)
    );
    assert_eq!(
        (got[1].agents, got[1].agents_stress, got[1].rostered),
        (0, 0, 0)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// The answer is enough, and one fewer is not.
    #[test]
    fn the_answer_is_the_least(
        calls in 0.1..2_000.0_f64, aht_s in 5.0..1_200.0_f64,
        patience in prop_oneof![Just(None), (5.0..2_000.0_f64).prop_map(Some)],
        percent in 1..99_u32, within_s in 0..120_u32, cap_bp in 1..3_000_u32,
    ) {
        let (load, patience) = (load(calls, aht_s), Patience::of(patience).unwrap());
        let target = ServiceTarget { abandonment_max_bp: cap_bp, ..ServiceTarget::new(percent, within_s) };
        let needed = agents_needed(load, patience, target).unwrap();
        let reaches = |agents: u32| {
            let p = performance(load, patience, agents, f64::from(within_s)).unwrap();
            p.service_level.sl_answered_over_offered >= target.level() && p.p_abandon <= target.abandonment_max()
        };
        prop_assert!(reaches(needed));
        prop_assert!(needed == 0 || !reaches(needed - 1));
    }

    /// Rostered people, shrunk, are enough; one fewer is not.
    #[test]
    fn shrinkage_is_exact(agents in 0..100_000_u32, bp in 0..10_000_u32) {
        let rostered = Shrinkage::from_bp(bp).unwrap().rostered(agents);
        let on_phones = |n: u64| n * u64::from(10_000 - bp) >= u64::from(agents) * 10_000;
        prop_assert!(on_phones(rostered) && (rostered == 0 || !on_phones(rostered - 1)));
    }

    /// Splitting never needs fewer.
    #[test]
    fn pooling_never_costs(calls in 1.0..300.0_f64, aht_s in 60.0..900.0_f64, share_bp in 0..=10_000_u32) {
        let split = pooling_loss(load(calls, aht_s), Patience::mean(180.0).unwrap(), ServiceTarget::new(80, 30), &[share_bp, 10_000 - share_bp]).unwrap();
        prop_assert!(split.apart.iter().sum::<u32>() >= split.together);
    }
}
