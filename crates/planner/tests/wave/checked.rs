//! The checker refuses each broken rule by its name, and nothing else.

use crate::tiny::{every, limit, model, models, rule};
use proptest::prelude::*;
use segue_planner::{Gate, Limit, Owner, Pool, WavePlan, checker};
use std::collections::BTreeSet;

/// Weeks of S1/MSG, S1/TRI, S2/MSG, S2/TRI.
fn plan(weeks: [[u32; 2]; 4]) -> WavePlan {
    WavePlan {
        weeks: weeks.iter().map(|w| w.to_vec()).collect(),
    }
}

const GOOD: [[u32; 2]; 4] = [[0, 1], [3, 5], [6, 7], [9, 11]];

fn broken(limits: &[Limit], weeks: [[u32; 2]; 4]) -> Vec<String> {
    let rules = (1..)
        .zip(limits)
        .map(|(n, l)| rule(&format!("R{n}"), Owner::Safety, l.clone()));
    let model = model(2, 20, rules.collect());
    let found: BTreeSet<_> = checker::violations(&model, &plan(weeks))
        .into_iter()
        .map(|v| v.rule)
        .collect();
    found.into_iter().collect()
}

/// One row for each kind of rule: what it allows to the last week, and the smallest step beyond.
#[test]
#[expect(clippy::too_many_lines, reason = "one row for each kind of limit")]
fn each_kind_is_broken_by_one_step_more() {
    let soak = Limit::Soak { weeks: 1 };
    let hold = Limit::Hold { weeks: 2 };
    let pool = |people| vec![Pool { week: 0, people }];
    let late = [[0, 1], [3, 5], [6, 7], [9, 12]];
    let close = [[0, 1], [3, 4], [6, 7], [9, 11]];
    let together = [[0, 1], [3, 5], [5, 7], [9, 11]];
    let rows: Vec<(Vec<Limit>, [[u32; 2]; 4])> = vec![
        (
            vec![Limit::StepGap { weeks: 2 }, Limit::Hold { weeks: 0 }],
            GOOD,
        ),
        (vec![Limit::Evidence { contacts: 21 }], close),
        (
            vec![Limit::Blackout {
                first: 12,
                last: 13,
            }],
            late,
        ),
        (vec![Limit::NotBefore { week: 1 }], GOOD),
        (vec![Limit::NotAfter { week: 11 }], late),
        (
            vec![Limit::ClosedBy { week: 14 }, soak.clone(), hold.clone()],
            late,
        ),
        (
            vec![Limit::EasyFirst(Gate::Accepted), soak.clone()],
            [[0, 1], [1, 5], [6, 7], [9, 11]],
        ),
        (
            vec![Limit::EasyFirst(Gate::Stood { step: 1, weeks: 3 })],
            [[0, 1], [2, 5], [6, 7], [9, 11]],
        ),
        (
            vec![Limit::SitesInMotion { max: 1 }, soak.clone()],
            together,
        ),
        (
            vec![
                Limit::Classes {
                    trainers: 1,
                    seats: 7,
                    weeks: 0,
                },
                Limit::Classes {
                    trainers: 1,
                    seats: 9,
                    weeks: 1,
                },
            ],
            GOOD,
        ),
        (vec![Limit::Headcount { people: pool(15) }], GOOD),
        (vec![Limit::TestTeam { cells: 1, weeks: 1 }], GOOD),
        (vec![Limit::StepContacts { percent_max: 17 }], GOOD),
        (vec![Limit::TriagePoints { points_max: 49 }], GOOD),
        (vec![Limit::VolumePerWeek { contacts: 49 }], GOOD),
        (vec![Limit::StepsPerWeeks { steps: 1, weeks: 2 }], GOOD),
        (vec![Limit::Readiness { kept: pool(19) }], GOOD),
    ];
    for (limits, weeks) in rows {
        let found = broken(&limits, weeks);
        let wanted = if matches!(limits[0], Limit::Classes { .. }) {
            "R2"
        } else {
            "R1"
        };
        assert_eq!(found, [wanted], "{limits:?}");
    }
    let kept: Vec<Limit> = vec![
        Limit::StepGap { weeks: 1 },
        Limit::Evidence { contacts: 20 },
        Limit::Blackout {
            first: 12,
            last: 13,
        },
        Limit::NotAfter { week: 11 },
        Limit::ClosedBy { week: 14 },
        soak,
        hold,
        Limit::EasyFirst(Gate::Accepted),
        Limit::EasyFirst(Gate::Stood { step: 1, weeks: 3 }),
        Limit::SitesInMotion { max: 1 },
        Limit::Headcount { people: pool(16) },
        Limit::StepContacts { percent_max: 18 },
        Limit::TriagePoints { points_max: 50 },
        Limit::VolumePerWeek { contacts: 50 },
        Limit::StepsPerWeeks { steps: 2, weeks: 2 },
        Limit::Readiness { kept: pool(20) },
    ];
    assert_eq!(broken(&kept, GOOD), [""; 0]);
}

/// Later shifts wait for earlier ones of the same centre and type, by either gate, and for nothing else.
#[test]
fn shifts_move_in_their_order() {
    let two = |gate| {
        let soak = rule("SOAK", Owner::Safety, Limit::Soak { weeks: 2 });
        let order = rule("SHIFTS", Owner::Both, Limit::ShiftOrder(gate));
        crate::tiny::with_nights(model(1, 20, vec![soak, order]))
    };
    // S1/MSG/day, S1/TRI/day, S1/MSG/night, S1/TRI/night.
    let broken = |gate, nights: [u32; 2]| {
        let [msg, tri] = nights;
        let found = checker::violations(&two(gate), &plan([[0, 3], [0, 5], [msg, 12], [tri, 12]]));
        let texts: Vec<_> = found.iter().map(|v| v.text.clone()).collect();
        assert!(found.iter().all(|v| v.rule == "SHIFTS"), "{found:?}");
        texts
    };
    let stood = Gate::Stood { step: 1, weeks: 4 };
    assert_eq!(broken(Gate::Accepted, [5, 7]), [""; 0]);
    assert_eq!(broken(stood, [4, 4]), [""; 0]);
    let early = broken(Gate::Accepted, [4, 7]);
    assert_eq!(
        early,
        ["S1/MSG/night begins in week 4, before week 5 when S1/MSG/day lets it"]
    );
    assert_eq!(broken(Gate::Accepted, [5, 6]).len(), 1);
    assert_eq!(broken(stood, [3, 3]).len(), 2);
}

/// What is taken or agreed stays, and nothing else is moved into the past.
#[test]
fn what_is_settled_stays() {
    let settled = |weeks: &[u32], from| {
        let weeks = weeks.to_vec();
        let mut rule = rule("SETTLED", Owner::Both, Limit::Settled { weeks, from });
        rule.scope.sites = vec!["S1".into()];
        rule.scope.types = vec!["MSG".into()];
        let found = checker::violations(&model(2, 20, vec![rule]), &plan(GOOD));
        found.into_iter().map(|v| v.text).collect::<Vec<_>>()
    };
    assert_eq!(settled(&[0], 1), [""; 0]);
    assert_eq!(settled(&[0, 1], 5), [""; 0]);
    assert_eq!(
        settled(&[1], 1),
        ["S1/MSG/day has step 1 in week 0, settled for week 1"]
    );
    assert_eq!(
        settled(&[0], 2),
        ["S1/MSG/day has step 2 in week 1, not before week 2"]
    );
    assert_eq!(
        settled(&[0, 1, 2], 3),
        ["S1/MSG/day has 2 steps, 3 are settled"]
    );
}

/// A plan without all its steps, or with steps out of order, is asked nothing else.
#[test]
fn what_is_no_plan_is_refused_as_such() {
    let model = model(2, 12, Vec::new());
    let rules = |plan: &WavePlan| -> Vec<String> {
        checker::violations(&model, plan)
            .into_iter()
            .map(|v| v.rule)
            .collect()
    };
    let mut short = plan(GOOD);
    short.weeks[1].pop();
    assert_eq!(rules(&short), ["COMPLETE"]);
    short.weeks.pop();
    assert_eq!(rules(&short), ["COMPLETE"]);
    assert_eq!(
        rules(&plan([[0, 1], [3, 3], [6, 7], [9, 11]])),
        ["STEP_ORDER"]
    );
    assert_eq!(rules(&plan([[0, 1], [3, 5], [6, 7], [9, 12]])), ["HORIZON"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A weaker set of rules never refuses a plan that a stronger one passes, and what each rule finds is its own.
    #[test]
    fn rules_speak_for_themselves(model in models(4), extra in limit()) {
        for plan in every(&model).into_iter().step_by(7) {
            let all: BTreeSet<_> = checker::violations(&model, &plan).into_iter().map(|v| v.rule).collect();
            let mut more = model.clone();
            more.rules.push(rule("EXTRA", Owner::Client, extra.clone()));
            let with: BTreeSet<_> = checker::violations(&more, &plan).into_iter().map(|v| v.rule).collect();
            prop_assert!(all.is_subset(&with));
        }
    }
}
