//! A4: a general plan that can be adapted to most any situation.

use super::{client, hard, outsourcer};
use crate::fixture;
use crate::support::{START, Story, id, propose_plan};
use jiff::civil::{Date, date};
use segue_domain::ladder::{CallType, Rung};
use segue_domain::lines::{Line, LineRoute};
use segue_domain::parties::{CreateTransition, Site, TransitionCreated};
use segue_domain::schedule::limits::{Day, Limit};
use segue_domain::schedule::templates::{Answers, Hours, Pace, Population, draft};
use segue_domain::schedule::violations;
use segue_domain::windows::ShiftWindow;
use segue_domain::{Code, Event, Transition, replay};
use std::collections::BTreeSet;

fn answers() -> Answers {
    Answers {
        centres: Vec::new(),
        call_types: Vec::new(),
        hours: Hours::Always,
        population: Population::Adult,
        states: vec!["NJ".into()],
        languages: vec!["English".into(), "Spanish".into()],
        first_step: date(2027, 3, 1),
        pace: Pace::Careful,
        people: 24,
        cohort: 12,
        cohort_every_days: 7,
        owner: "cb-manager".into(),
    }
}

/// As many centres as asked, each with a line on which every one of the types arrives alone.
fn scope(centres: usize, types: &[(&str, Rung)]) -> Transition {
    let example = fixture::create();
    let line = example.lines[0].clone();
    let sites = (1..=centres).map(|n| format!("C{n}"));
    let call_types = types.iter().map(|(kind, needs)| CallType {
        id: (*kind).into(),
        name: (*kind).into(),
        needs: *needs,
        placed_on: None,
        above: false,
        systems: BTreeSet::default(),
    });
    let facts = CreateTransition {
        sites: sites
            .clone()
            .map(|site| Site {
                id: site.as_str().into(),
                zone: fixture::ZONE.into(),
            })
            .collect(),
        lines: sites
            .enumerate()
            .map(|(n, site)| Line {
                id: format!("{site}-line").as_str().into(),
                site: site.as_str().into(),
                routes: types
                    .iter()
                    .enumerate()
                    .map(|(k, (kind, _))| LineRoute {
                        dialled: format!("{n}0{k}"),
                        call_types: vec![(*kind).into()],
                        ..line.routes[0].clone()
                    })
                    .collect(),
                ..line.clone()
            })
            .collect(),
        call_types: call_types.collect(),
        ..example
    };
    let at = START.parse().unwrap();
    replay(
        id(),
        &[Event::TransitionCreated(TransitionCreated { facts, at })],
    )
}

const FOUR: [(&str, Rung); 4] = [
    ("MSG", Rung::Message),
    ("APPT", Rung::Appointment),
    ("CONSULT", Rung::Consult),
    ("TRIAGE", Rung::Triage),
];

#[test]
fn a4_three_scopes_each_yield_a_plan_that_breaks_no_rule() {
    let mut seven = FOUR.to_vec();
    seven.extend([
        ("REFILL", Rung::Appointment),
        ("BILLING", Rung::Message),
        ("REFERRAL", Rung::Consult),
    ]);
    let states = ["NJ", "PA", "NY", "DE", "MD", "CT"].map(String::from);
    let small = Answers {
        hours: Hours::Within {
            moves: ShiftWindow::new("Mon-Fri 19:00-07:00", fixture::ZONE),
            stays: ShiftWindow::new("Mon-Fri 07:00-19:00, Sat 07:00-Mon 07:00", fixture::ZONE),
        },
        people: 6,
        ..answers()
    };
    let large = Answers {
        states: states.to_vec(),
        population: Population::Both,
        ..answers()
    };
    let now = START.parse().unwrap();
    for (t, answers, chunks) in [
        (scope(1, &FOUR[..1]), small, 1),
        (scope(1, &FOUR), answers(), 4),
        (scope(5, &seven), large, 35),
    ] {
        let plan = draft(&t, &answers, now).unwrap();
        assert_eq!(plan.chunks.len(), chunks);
        assert!(violations(&t, &plan, now).is_empty());
        // One centre after the other, easy before hard.
        let first: Vec<Date> = plan
            .chunks
            .iter()
            .filter_map(segue_domain::chunks::PlannedChunk::starts_on)
            .collect();
        assert!(first.windows(2).all(|pair| pair[0] < pair[1]), "{first:?}");
        let rungs: Vec<_> = plan
            .chunks
            .iter()
            .map(|c| (c.site.clone(), t.rung(&c.call_type)))
            .collect();
        assert!(rungs.is_sorted(), "{rungs:?}");
        assert!(plan.items.iter().all(|i| !i.rollback.is_empty()));
    }
}

#[test]
fn a4_the_draft_of_the_example_can_be_proposed_and_goes_around_both_parties_constraints() {
    let mut story = Story::discovered();
    story.does(
        &client(),
        hard(Limit::Blackout {
            first: date(2027, 3, 1),
            last: date(2027, 3, 31),
        }),
    );
    story.does(
        &client(),
        hard(Limit::StepDays {
            days: vec![Day::Tuesday],
        }),
    );
    story.does(
        &outsourcer(),
        hard(Limit::Cohort {
            people: 8,
            every_days: 14,
        }),
    );
    let asked = Answers {
        pace: Pace::Usual,
        cohort: 8,
        ..answers()
    };
    let plan = draft(&story.t, &asked, story.now).unwrap();
    assert_eq!(plan.chunks.len(), 6);
    // Half of the largest chunk is 19 % of all contacts: within the cap.
    let steps: Vec<_> = plan.chunks.iter().map(|c| c.steps.len()).collect();
    assert_eq!(steps, [3, 3, 3, 6, 3, 3]);
    assert!(plan.chunks[0].starts_on() >= Some(date(2027, 4, 1)));
    story
        .when(&outsourcer(), propose_plan(plan))
        .records(&["plan_proposed"]);
}

#[test]
fn a4_answers_that_fit_nothing_are_refused() {
    type Change = fn(&mut Answers);
    let t = scope(1, &FOUR);
    let now = START.parse().unwrap();
    let changes: [(Change, &str); 5] = [
        (|a| a.centres = vec!["C9".into()], "C9"),
        (|a| a.centres = vec!["C1".into(), "C1".into()], "once"),
        (
            |a| a.states = vec!["New Jersey".into()],
            "two capital letters",
        ),
        (|a| a.cohort = 0, "cohorts"),
        (|a| a.call_types = vec!["FAX".into()], "call type"),
    ];
    for (change, names) in changes {
        let mut asked = answers();
        change(&mut asked);
        let refused = draft(&t, &asked, now).unwrap_err();
        assert_eq!(refused.code, Code::BadFact);
        assert!(refused.missing[0].contains(names), "{refused}");
    }
}
