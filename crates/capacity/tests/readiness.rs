//! Fallback readiness: the handbook's table, who counts, and what must hold for every group.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;

use common::close;
use proptest::prelude::*;
use segue_capacity::erlang::performance;
use segue_capacity::load::{Load, Patience, ServiceTarget};
use segue_capacity::readiness::demand::{Demand, Needs, POINTS};
use segue_capacity::readiness::group::{
    Group, GroupInterval, HangUps, group_readiness, interval_readiness,
};
use segue_capacity::readiness::keep::{fewest_kept, keep_for, readiness};
use segue_capacity::readiness::people::{Headcount, Horizon, PersonState, Presence, Recall};
use segue_capacity::readiness::site::site_readiness;
use segue_capacity::readiness::{ReadinessTerms, Standing};
use segue_capacity::staffing::agents_needed;

const SHOW_UP: f64 = 0.93;

struct Row {
    group: &'static str,
    load: (f64, f64),
    patience_s: f64,
    within_s: u32,
    need: u32,
    keep: u32,
    third_reassigned: u32,
    /// Readiness in percent if only the need is kept.
    only_need: f64,
    /// Service level and abandonment in percent with 80 % of the need.
    four_fifths: (f64, f64),
}

/// `planning.md`, Fallback readiness. People to keep are exact; the percentages of the handbook are rounded.
const TABLE: [Row; 4] = [
    Row {
        group: "messages",
        load: (240.0, 150.0),
        patience_s: 90.0,
        within_s: 20,
        need: 13,
        keep: 17,
        third_reassigned: 19,
        only_need: 39.0,
        four_fifths: (68.0, 14.0),
    },
    Row {
        group: "appointments",
        load: (300.0, 300.0),
        patience_s: 120.0,
        within_s: 30,
        need: 28,
        keep: 36,
        third_reassigned: 41,
        only_need: 28.0,
        four_fifths: (61.0, 17.0),
    },
    Row {
        group: "triage day",
        load: (120.0, 600.0),
        patience_s: 240.0,
        within_s: 30,
        need: 23,
        keep: 29,
        third_reassigned: 34,
        only_need: 27.0,
        four_fifths: (54.0, 17.0),
    },
    Row {
        group: "triage night",
        load: (12.0, 720.0),
        patience_s: 240.0,
        within_s: 60,
        need: 5,
        keep: 7,
        third_reassigned: 8,
        only_need: 63.0,
        four_fifths: (85.0, 9.0),
    },
];

fn needs(row: &Row) -> Needs {
    let points = Demand::of_calls(row.load.0, row.load.1, 0.10)
        .points(POINTS)
        .unwrap();
    Needs::of(
        &points,
        Patience::mean(row.patience_s).unwrap(),
        ServiceTarget::new(80, row.within_s),
    )
    .unwrap()
}

#[test]
fn the_handbooks_table() {
    for row in &TABLE {
        let (name, needs) = (row.group, needs(row));
        let (load, patience) = (
            Load::new(row.load.0, row.load.1).unwrap(),
            Patience::mean(row.patience_s).unwrap(),
        );
        let need = agents_needed(load, patience, ServiceTarget::new(80, row.within_s)).unwrap();
        assert_eq!(need, row.need, "{name}");
        assert_eq!(
            keep_for(&needs, SHOW_UP, 0.95),
            Ok(Some(row.keep)),
            "{name}"
        );
        // A third reassigned, of whom six in ten come back in time.
        let third = fewest_kept(&needs, 0.95, Horizon::Within2H, |kept| {
            let reassigned = kept / 3;
            let recall = PersonState::Reassigned {
                recall: Recall::ASSUMED,
            };
            vec![
                Headcount::active(kept - reassigned, SHOW_UP),
                Headcount {
                    state: recall,
                    people: reassigned,
                },
            ]
        });
        assert_eq!(third, Ok(Some(row.third_reassigned)), "{name}");
        let only_need = Presence::of(&[Headcount::active(need, SHOW_UP)], Horizon::Now).unwrap();
        let percent = 100.0 * readiness(&needs, &only_need);
        assert!((percent - row.only_need).abs() < 2.5, "{name}: {percent}");
        let fewer = performance(load, patience, need * 4 / 5, f64::from(row.within_s)).unwrap();
        let level = 100.0 * fewer.service_level.sl_answered_over_offered;
        assert!((level - row.four_fifths.0).abs() < 0.6, "{name}: {level}");
        assert!(
            (100.0 * fewer.p_abandon - row.four_fifths.1).abs() < 0.6,
            "{name}"
        );
    }
}

fn night(people: Vec<Headcount>) -> GroupInterval {
    GroupInterval {
        start: "2026-11-27T02:00:00Z".parse().unwrap(),
        demand: Demand {
            moved_per_hour: 9.0,
            ..Demand::of_calls(3.0, 720.0, 0.10)
        },
        patience: Patience::mean(240.0).unwrap(),
        target: ServiceTarget::new(80, 30),
        people,
    }
}

fn triage() -> Group {
    Group {
        site: "RVS-Main".into(),
        skill: "TRIAGE".into(),
        licence: Some("NJ".into()),
    }
}

#[test]
fn who_counts_and_when() {
    let recall = Recall::ASSUMED;
    for (state, chances) in [
        (PersonState::Active { show_up: 0.93 }, [0.93; 4]),
        (
            PersonState::OnNotice {
                show_up: 0.9,
                stays: 0.5,
            },
            [0.45; 4],
        ),
        (PersonState::Reassigned { recall }, [0.0, 0.3, 0.6, 0.9]),
        (PersonState::Released, [0.0; 4]),
    ] {
        for (horizon, want) in Horizon::ALL.into_iter().zip(chances) {
            close(state.chance(horizon).unwrap(), want, 1e-12);
        }
    }
    let wrong = PersonState::Active { show_up: 1.2 }
        .chance(Horizon::Now)
        .unwrap_err();
    assert_eq!(
        wrong.to_string(),
        "the chance of show-up is 1.2; give a number from 0 to 1"
    );
}

#[test]
fn presence_is_a_poisson_binomial() {
    let people = [Headcount::active(2, 0.5), Headcount::active(1, 0.8)];
    let got: Vec<_> = Presence::of(&people, Horizon::Now)
        .unwrap()
        .counts()
        .collect();
    for ((people, probability), want) in
        got.into_iter()
            .zip([(0, 0.05), (1, 0.3), (2, 0.45), (3, 0.2)])
    {
        assert_eq!(people, want.0);
        close(probability, want.1, 1e-12);
    }
}

/// The door at 2 am: enough people, the Erlang number alone, everybody recalled from elsewhere, nobody.
#[test]
fn the_door_at_night() {
    let terms = ReadinessTerms::default();
    let ready = interval_readiness(&night(vec![Headcount::active(7, SHOW_UP)]), &terms).unwrap();
    assert_eq!(
        (
            ready.standing,
            ready.agents_needed,
            ready.keep,
            ready.short_of
        ),
        (Standing::Ready, 5, Some(7), Some(0))
    );
    assert_eq!(ready.hang_ups.call_in, 0);

    let bare = interval_readiness(&night(vec![Headcount::active(5, SHOW_UP)]), &terms).unwrap();
    assert_eq!((bare.standing, bare.short_of), (Standing::Alarm, Some(2)));
    assert!(
        bare.hang_ups.then_of_next_100 < bare.hang_ups.of_next_100,
        "{:?}",
        bare.hang_ups
    );

    let away = Headcount {
        state: PersonState::Reassigned {
            recall: Recall::ASSUMED,
        },
        people: 8,
    };
    let away = interval_readiness(&night(vec![away]), &terms).unwrap();
    assert!(
        away.now <= 0.0 && away.within_15min < away.within_2h && away.within_24h > 0.9,
        "{away:?}"
    );

    let nobody = interval_readiness(
        &night(vec![Headcount {
            state: PersonState::Released,
            people: 40,
        }]),
        &terms,
    )
    .unwrap();
    assert_eq!((nobody.hang_ups.of_next_100, nobody.keep), (100, Some(7)));
    assert!(nobody.within_24h <= 0.0);
}

#[test]
fn told_in_callers() {
    let told = HangUps {
        of_next_100: 6,
        call_in: 2,
        then_of_next_100: 2,
    };
    assert_eq!(
        told.words(),
        "of the next 100 callers, 6 would hang up; call in two more: 2"
    );
    let enough = HangUps {
        of_next_100: 1,
        call_in: 0,
        then_of_next_100: 1,
    };
    assert_eq!(enough.words(), "of the next 100 callers, 1 would hang up");
    let many = HangUps {
        of_next_100: 100,
        call_in: 12,
        then_of_next_100: 2,
    };
    assert!(many.words().ends_with("call in 12 more: 2"));
    // Twenty-four nurses where 29 are to be kept.
    let day = GroupInterval {
        demand: Demand::of_calls(120.0, 600.0, 0.10),
        ..night(vec![Headcount::active(24, SHOW_UP)])
    };
    let short = interval_readiness(&day, &ReadinessTerms::default()).unwrap();
    println!("{}", short.hang_ups.words());
    assert!(
        short.hang_ups.call_in > 0 && short.hang_ups.then_of_next_100 < short.hang_ups.of_next_100
    );
}

#[test]
fn the_worst_interval_and_the_weakest_group() {
    let terms = ReadinessTerms::default();
    let busy = GroupInterval {
        start: "2026-11-27T09:00:00Z".parse().unwrap(),
        demand: Demand::of_calls(30.0, 720.0, 0.10),
        ..night(vec![Headcount::active(7, SHOW_UP)])
    };
    let quiet = night(vec![Headcount::active(7, SHOW_UP)]);
    let group = group_readiness(
        triage(),
        &[quiet.clone(), busy.clone(), busy.clone()],
        &terms,
    )
    .unwrap();
    assert_eq!(
        (group.now.start, group.worst.start),
        (quiet.start, busy.start)
    );
    assert!(group.worst.now < group.now.now);
    // Inputs are kept with the answer and give it again.
    let kept = serde_json::to_string(&group).unwrap();
    let read: segue_capacity::readiness::group::GroupReadiness =
        serde_json::from_str(&kept).unwrap();
    assert_eq!(
        interval_readiness(&read.worst.inputs, &terms).unwrap(),
        group.worst
    );

    let other = group_readiness(
        Group {
            skill: "MESSAGE".into(),
            licence: None,
            ..triage()
        },
        &[night(vec![Headcount::active(9, SHOW_UP)])],
        &terms,
    )
    .unwrap();
    let site = site_readiness(&[other, group.clone()]).unwrap();
    assert_eq!(site.weakest, triage());
    close(site.now, group.now.now, 1e-15);
    close(site.worst, group.worst.now, 1e-15);
    assert_eq!(site_readiness(&[]), None);
    assert!(group_readiness(triage(), &[], &terms).is_err());
}

fn people() -> impl Strategy<Value = Vec<Headcount>> {
    let state = prop_oneof![
        (0.0..=1.0_f64).prop_map(|show_up| PersonState::Active { show_up }),
        (0.0..=1.0_f64, 0.0..=1.0_f64)
            .prop_map(|(show_up, stays)| PersonState::OnNotice { show_up, stays }),
        Just(PersonState::Reassigned {
            recall: Recall::ASSUMED
        }),
        Just(PersonState::Released),
    ];
    proptest::collection::vec(
        (state, 0..12_u32).prop_map(|(state, people)| Headcount { state, people }),
        0..5,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// More people, longer horizons and fewer calls never make a group less ready; chances add up to one.
    #[test]
    fn readiness_is_monotone(calls in 0.0..200.0_f64, aht_s in 60.0..900.0_f64, cv in 0.0..0.5_f64, people in people(), extra in 0.0..=1.0_f64) {
        let r = |calls: f64, people: &[Headcount], horizon| {
            let points = Demand::of_calls(calls, aht_s, cv).points(40).unwrap();
            let needs = Needs::of(&points, Patience::mean(180.0).unwrap(), ServiceTarget::new(80, 30)).unwrap();
            let presence = Presence::of(people, horizon).unwrap();
            let all: f64 = presence.counts().map(|(_, p)| p).sum();
            assert!((all - 1.0).abs() < 1e-9);
            readiness(&needs, &presence)
        };
        let mut more = people.clone();
        more.push(Headcount::active(1, extra));
        let by_horizon = Horizon::ALL.map(|h| r(calls, &people, h));
        prop_assert!(by_horizon.iter().all(|r| (0.0..=1.0).contains(r)));
        prop_assert!(by_horizon.windows(2).all(|w| w[0] <= w[1] + 1e-9), "{by_horizon:?}");
        prop_assert!(r(calls, &more, Horizon::Now) >= by_horizon[0] - 1e-9);
        prop_assert!(r(calls * 1.2, &people, Horizon::Now) <= by_horizon[0] + 1e-9);
    }

    /// Kept people are enough, and one fewer is not.
    #[test]
    fn keep_is_the_least(calls in 1.0..300.0_f64, aht_s in 60.0..900.0_f64, show_up in 0.5..=1.0_f64) {
        let points = Demand::of_calls(calls, aht_s, 0.1).points(40).unwrap();
        let needs = Needs::of(&points, Patience::mean(180.0).unwrap(), ServiceTarget::new(80, 30)).unwrap();
        let keep = keep_for(&needs, show_up, 0.95).unwrap().unwrap();
        let r = |people| readiness(&needs, &Presence::of(&[Headcount::active(people, show_up)], Horizon::Now).unwrap());
        prop_assert!(r(keep) >= 0.95 && (keep == 0 || r(keep - 1) < 0.95));
    }
}

#[test]
fn nobody_who_comes_is_never_enough() {
    let needs = needs(&TABLE[3]);
    assert_eq!(keep_for(&needs, 0.0, 0.95), Ok(None));
    let crowd = Presence::of(&[Headcount::active(6_000, 0.9)], Horizon::Now).unwrap_err();
    assert!(
        crowd
            .to_string()
            .starts_with("6000 people in one group; at most 5000")
    );
}
