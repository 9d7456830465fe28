//! The guard in every world, 300 runs each: it does not cry wolf.
#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

use segue_parity::calibration::{
    Combined, CombinedSpoken, CombinedTerms, Harm, Looks, PeerCombined, Trial, World, WorldKind,
    listen, own_weeks, rules, run,
};
use segue_parity::rules::MetricName;

const METRICS: [MetricName; 4] = [
    MetricName::Abandonment,
    MetricName::Transfer,
    MetricName::RepeatContact,
    MetricName::HandleTime,
];
const RUNS: u64 = 300;

fn false_roll_backs(kind: WorldKind) {
    let world = World::new(kind, Harm::NONE, 0.5);
    let trial = Trial {
        signed: rules(&world, &METRICS).unwrap(),
        world,
        looks: Looks { per_day: 1 },
    };
    let cried = (0..RUNS).filter(|r| run(&trial, 20_261_126, *r, |_, _| {}).failed.is_some());
    let cried = cried.count() as u64;
    assert!(
        cried * 100 <= 9 * RUNS,
        "{}: {cried} of {RUNS} runs",
        kind.name()
    );
}

macro_rules! worlds {
    ($($name:ident: $kind:ident),*) => {$(
        #[test]
        fn $name() {
            false_roll_backs(WorldKind::$kind);
        }
    )*};
}

worlds!(
    independent: Independent,
    queues_staff_kept: Queues,
    queues_staff_released: QueuesReleased,
    staffing_noise: StaffingNoise,
    redial_chains: RedialChains,
    heavy_numbers: HeavyNumbers,
    overflow: Overflow,
    reporting_delay: ReportingDelay,
    anonymous: Anonymous,
    season_and_ramp: SeasonAndRamp,
    share_by_hour: ShareByHour
);

/// The in-house calls of some weeks, as a run of the independent world tells them.
fn weeks(harm: Harm) -> (Trial, Vec<segue_parity::guard::record::Call>) {
    let world = World::new(WorldKind::Independent, harm, 0.5);
    let trial = Trial {
        signed: rules(&world, &METRICS[1..]).unwrap(),
        world,
        looks: Looks { per_day: 1 },
    };
    let mut calls = Vec::new();
    let _ = run(&trial, 1, 0, |_, call| calls.push(*call));
    (trial, calls)
}

#[test]
fn a_guard_that_is_calm_on_the_clients_own_weeks_may_be_armed() {
    let (trial, calls) = weeks(Harm::NONE);
    let exhibit = own_weeks(&trial.signed, &calls, 3_000, 40, 7);
    assert!(exhibit.may_arm, "{exhibit:?}");
    assert_eq!(exhibit, own_weeks(&trial.signed, &calls, 3_000, 40, 7));
    assert!(
        !own_weeks(&trial.signed, &calls, 3_000, 0, 7).may_arm,
        "nothing tried is nothing shown"
    );
}

#[test]
fn a_guard_that_cries_wolf_on_them_may_not() {
    // A target that the client itself does not meet makes every split fail.
    let world = World::new(WorldKind::Independent, Harm::NONE, 0.5);
    let mut written = rules(&world, &METRICS[..1]).unwrap().rules().clone();
    written.metrics[0].target_bp = Some(100);
    let (_, calls) = weeks(Harm::NONE);
    let exhibit = own_weeks(&written.check().unwrap(), &calls, 5_000, 20, 7);
    assert!(!exhibit.may_arm, "{exhibit:?}");
}

fn abandonment_alone(kind: WorldKind, harm: Harm) -> (Trial, CombinedTerms) {
    let on_target = World::new(kind, Harm::NONE, 0.5);
    let signed = rules(&on_target, &METRICS[..1]).unwrap();
    let block_min = signed.rules().metrics[0].block_min.unwrap_or(1_440);
    let terms = CombinedTerms::of(&on_target, block_min);
    let trial = Trial {
        world: World::new(kind, harm, 0.5),
        signed,
        looks: Looks { per_day: 24 },
    };
    (trial, terms)
}

fn spoken(trial: &Trial, terms: &CombinedTerms, number: u64) -> CombinedSpoken {
    let mut peer = PeerCombined::new(terms);
    listen(&trial.world, 20_261_126, number, |day, call| {
        peer.add(day, call);
    });
    peer.finish()
}

/// Bets that put hours, stakes or metrics together, as the calibration compares them with the guard's: at 1/α they keep α.
fn combined_bets_keep_alpha(kind: WorldKind) {
    let (trial, terms) = abandonment_alone(kind, Harm::NONE);
    let all: Vec<_> = (0..RUNS).map(|r| spoken(&trial, &terms, r)).collect();
    for way in Combined::BETS.into_iter().chain(Combined::METRICS) {
        let cried = all.iter().filter(|s| s.of(way).cried(20.0).is_some());
        let cried = cried.count() as u64;
        assert!(
            cried * 100 <= 9 * RUNS,
            "{}, {}: {cried} of {RUNS} runs",
            kind.name(),
            way.name()
        );
    }
}

#[test]
fn combined_bets_keep_alpha_where_calls_are_independent() {
    combined_bets_keep_alpha(WorldKind::Independent);
}

#[test]
fn combined_bets_keep_alpha_where_queues_are() {
    combined_bets_keep_alpha(WorldKind::Queues);
}

/// What the others are compared with is the guard's own bet on the guard's own blocks; and the same calls are the same evidence.
#[test]
fn the_pooled_bet_beside_the_guard_cries_when_the_guard_does() {
    let worse = Harm {
        abandonment: 0.10,
        ..Harm::NONE
    };
    for kind in [WorldKind::RedialChains, WorldKind::StaffingNoise] {
        let (trial, terms) = abandonment_alone(kind, worse);
        for number in 0..20 {
            let all = spoken(&trial, &terms, number);
            let guard = run(&trial, 20_261_126, number, |_, _| {}).failed;
            let guard = guard.map(|(day, told, _)| (day, told));
            assert_eq!(all.of(Combined::Pooled).cried(20.0), guard, "run {number}");
            assert_eq!(all, spoken(&trial, &terms, number));
        }
    }
}

#[test]
fn stakes_for_the_margins_grow_with_the_margin_and_shrink_where_calls_hang_together() {
    let stakes = |kind| abandonment_alone(kind, Harm::NONE).1.margin_stakes();
    let (independent, queues) = (stakes(WorldKind::Independent), stakes(WorldKind::Queues));
    for [once, twice] in [independent, queues] {
        assert!(0.02 < once && once < twice, "{once} {twice}");
    }
    assert!(queues[0] < independent[0], "{queues:?} {independent:?}");
}
