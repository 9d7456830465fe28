//! A5, A10: what each party can and cannot do, respected on both sides, and what would fit both.

use super::{client, hard, on_dates, outsourcer, training};
use crate::fixture::{self, nurse};
use crate::support::{Story, propose_plan};
use jiff::civil::{Date, date};
use segue_domain::schedule::compromise::{Offer, cohort_offers, conflicts};
use segue_domain::schedule::constraints::{
    DeclareConstraint, Firmness, Paradigm, Practice, WithdrawConstraint, in_force,
};
use segue_domain::schedule::limits::{Day, Limit};
use segue_domain::schedule::{Movable, Plan, movable_without};
use segue_domain::{Code, Side, boards};

const MSG: &str = "RVS-Main/MSG";
const LAST: &str = "RVS-North/APPT";

fn christmas() -> DeclareConstraint {
    hard(Limit::Blackout {
        first: date(2027, 12, 20),
        last: date(2028, 1, 5),
    })
}

fn capacity() -> DeclareConstraint {
    DeclareConstraint {
        reason: "two trainers, six people each".into(),
        ..hard(Limit::TrainingPerWeek { people: 12 })
    }
}

/// The last chunk on these dates, with cohorts of these sizes from 1 November on, a week apart.
fn plan(steps: [Date; 3], cohorts: &[u32]) -> Plan {
    let mut plan = fixture::plan();
    on_dates(&mut plan, 5, &steps);
    let mut from = date(2027, 11, 1);
    for (n, people) in cohorts.iter().enumerate() {
        let due = from.saturating_add(jiff::Span::new().days(20));
        plan.items
            .push(training(&format!("train-{n}"), LAST, *people, from, due));
        from = from.saturating_add(jiff::Span::new().weeks(1));
    }
    plan
}

fn both() -> Story {
    let mut story = Story::discovered();
    story.does(&client(), christmas());
    story.does(&outsourcer(), capacity());
    story
}

#[test]
fn a5_the_blackout_of_one_and_the_capacity_of_the_other_are_both_respected() {
    let story = both();
    let asks = |steps, cohorts: &[u32]| story.when(&client(), propose_plan(plan(steps, cohorts)));
    let before = [date(2027, 12, 13), date(2027, 12, 20), date(2027, 12, 27)];
    let after = [date(2027, 12, 13), date(2028, 1, 6), date(2028, 1, 13)];
    let refused = asks(before, &[12, 12]).refuses(
        Code::ConstraintViolated,
        "RVS-North/APPT step 2 on another date than 2027-12-20, or without C-1 of Riverside Health",
    );
    assert_eq!(refused.missing.len(), 2, "{refused}");
    for part in ["the physicians are away", "2028-01-06"] {
        assert!(refused.missing[0].contains(part), "{part}: {refused}");
    }
    asks(after, &[12, 13]).refuses(Code::ConstraintViolated, "without C-2 of CareBridge");
    asks(after, &[12, 12]).records(&["plan_proposed"]);
    // Nobody's constraint moves a date that the other party's would not let move.
    let moves = |side| movable_without(&story.t, &plan(after, &[12, 12]), side, story.now);
    let step = |name: &str, on, could_be| Movable {
        name: name.into(),
        on,
        could_be,
    };
    assert_eq!(
        moves(Side::Client),
        [step(
            "RVS-North/APPT step 2",
            date(2028, 1, 6),
            date(2027, 12, 20)
        )]
    );
    assert_eq!(
        moves(Side::Outsourcer),
        [step("train-1", date(2027, 11, 8), date(2027, 11, 1))]
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one case per kind of limit")]
fn a5_each_kind_of_limit_is_kept() {
    let on = date(2027, 3, 1);
    let days = |days: &[Day]| Limit::StepDays {
        days: days.to_vec(),
    };
    for (limit, broken) in [
        (
            Limit::Blackout {
                first: on,
                last: on,
            },
            true,
        ),
        (
            Limit::Blackout {
                first: date(2027, 3, 2),
                last: date(2027, 3, 7),
            },
            false,
        ),
        (
            Limit::ChangeFreeze {
                first: date(2027, 2, 1),
                last: on,
            },
            true,
        ),
        (
            Limit::ChangeFreeze {
                first: date(2027, 1, 10),
                last: date(2027, 1, 20),
            },
            false,
        ),
        (
            Limit::NotBefore {
                date: date(2027, 1, 11),
            },
            false,
        ),
        (
            Limit::NotBefore {
                date: date(2027, 1, 12),
            },
            true,
        ),
        (
            Limit::NotAfter {
                date: date(2027, 9, 13),
            },
            false,
        ),
        (
            Limit::NotAfter {
                date: date(2027, 9, 12),
            },
            true,
        ),
        (days(&[Day::Monday]), false),
        (days(&[Day::Tuesday, Day::Thursday]), true),
        (Limit::StepInterval { days: 7 }, false),
        (Limit::StepInterval { days: 8 }, true),
        (Limit::VolumeNotice { days: 56 }, false),
        (Limit::VolumeNotice { days: 57 }, true),
        (Limit::TrainingPerWeek { people: 8 }, false),
        (Limit::TrainingPerWeek { people: 7 }, true),
        (
            Limit::Cohort {
                people: 8,
                every_days: 14,
            },
            false,
        ),
        (
            Limit::Cohort {
                people: 8,
                every_days: 15,
            },
            true,
        ),
        (
            Limit::Cohort {
                people: 7,
                every_days: 7,
            },
            true,
        ),
        (
            Limit::TrainWithin {
                people: 16,
                days: 30,
            },
            false,
        ),
        (
            Limit::TrainWithin {
                people: 16,
                days: 29,
            },
            true,
        ),
    ] {
        let mut story = Story::discovered();
        let words = limit.to_string();
        story.does(&outsourcer(), hard(limit));
        let mut plan = fixture::plan();
        for (id, from, due) in [
            ("train-1", date(2027, 1, 11), date(2027, 1, 25)),
            ("train-2", date(2027, 1, 25), date(2027, 2, 9)),
        ] {
            plan.items.push(training(id, MSG, 8, from, due));
        }
        let asked = story.when(&client(), propose_plan(plan));
        if broken {
            asked.refuses(Code::ConstraintViolated, &words);
        } else {
            asked.records(&["plan_proposed"]);
        }
    }
}

#[test]
fn a_constraint_belongs_to_its_party_and_can_come_before_discovery() {
    let mut story = Story::managed();
    story
        .when(&nurse(), christmas())
        .refuses(Code::NotAuthorised, "rvs-nurse");
    story.does(&client(), christmas());
    story.when(&client(), christmas()).changes_nothing();
    let withdraw = || WithdrawConstraint {
        constraint: "C-1".into(),
        reason: "they are back".into(),
    };
    story
        .when(&outsourcer(), withdraw())
        .refuses(Code::NotAuthorised, "a person of the client");
    story.does(&client(), withdraw());
    story.when(&client(), withdraw()).changes_nothing();
    assert_eq!(in_force(&story.t).count(), 0);
    let ghost = WithdrawConstraint {
        constraint: "C-9".into(),
        reason: "gone".into(),
    };
    story.when(&client(), ghost).refuses(Code::Unknown, "C-9");
}

#[test]
fn constraints_that_say_nothing_are_refused() {
    let story = Story::managed();
    let from = date(2027, 1, 2);
    let nowhere = DeclareConstraint {
        site: Some("RVS-South".into()),
        ..christmas()
    };
    let silent = DeclareConstraint {
        reason: " ".into(),
        ..christmas()
    };
    let weightless = DeclareConstraint {
        firmness: Firmness::Soft,
        ..christmas()
    };
    for (asked, code, names) in [
        (
            hard(Limit::Blackout {
                first: from,
                last: date(2027, 1, 1),
            }),
            Code::BadFact,
            "2027-01-02",
        ),
        (
            hard(Limit::StepDays { days: vec![] }),
            Code::BadFact,
            "days of the week",
        ),
        (
            hard(Limit::Cohort {
                people: 0,
                every_days: 14,
            }),
            Code::BadFact,
            "1 to 3660",
        ),
        (nowhere, Code::Unknown, "RVS-South"),
        (silent, Code::BadFact, "reason"),
        (weightless, Code::BadFact, "weight"),
    ] {
        story.when(&client(), asked).refuses(code, names);
    }
}

#[test]
fn what_was_declared_after_the_proposal_is_asked_for_at_the_signature() {
    let mut story = Story::discovered();
    let version = story.proposes(Side::Outsourcer, fixture::plan());
    story.does(
        &client(),
        hard(Limit::NotBefore {
            date: date(2027, 3, 2),
        }),
    );
    story
        .when(
            &fixture::director(Side::Client),
            story.sign_plan(Side::Client, version),
        )
        .refuses(Code::ConstraintViolated, "RVS-Main/MSG step 1");
}

#[test]
fn dates_that_both_signed_are_not_judged_again() {
    let mut story = Story::agreed();
    story.does(
        &client(),
        hard(Limit::NotBefore {
            date: date(2027, 3, 2),
        }),
    );
    story
        .when(&client(), propose_plan(fixture::plan()))
        .records(&["plan_proposed"]);
}

#[test]
fn a_wish_is_shown_and_never_refuses() {
    let mut story = Story::discovered();
    let wish = DeclareConstraint {
        firmness: Firmness::Soft,
        weight: 30,
        call_type: Some("MSG".into()),
        ..hard(Limit::StepDays {
            days: vec![Day::Tuesday],
        })
    };
    story.does(&outsourcer(), wish);
    story.proposes(Side::Client, fixture::plan());
    let board = boards::draw(&story.t, "constraints", &client(), story.now).unwrap();
    let row = board.rows[0].join(" | ");
    assert!(
        row.contains("30") && row.contains("RVS-Main/MSG step 1 on 2027-03-01"),
        "{row}"
    );
    assert!(!row.contains("APPT"), "{row}");
}

/// A10: cohort of 8 every 14 days against all 24 nurses in 2 weeks.
#[test]
fn a10_cohorts_and_wishes_meet_in_six_weeks_or_in_larger_cohorts() {
    assert_eq!(
        cohort_offers(24, 14, 8, 14),
        [
            Offer::Later { days: 42 },
            Offer::LargerCohorts {
                people: 12,
                days: 28
            }
        ]
    );
    assert!(cohort_offers(24, 42, 8, 14).is_empty());
    assert_eq!(cohort_offers(8, 10, 8, 14), [Offer::Later { days: 14 }]);
    let mut story = Story::managed();
    story.does(
        &client(),
        hard(Limit::TrainWithin {
            people: 24,
            days: 14,
        }),
    );
    story.does(
        &outsourcer(),
        hard(Limit::Cohort {
            people: 8,
            every_days: 14,
        }),
    );
    let board = boards::draw(&story.t, "constraints", &client(), story.now).unwrap();
    let note = board.notes.join("\n");
    for part in [
        "earliest 6 weeks",
        "cohort size 12: 4 weeks",
        "C-1",
        "C-2",
        "physicians",
    ] {
        assert!(note.contains(part), "{part}: {note}");
    }
}

#[test]
fn a10_every_conflict_has_an_offer_that_fits_both() {
    let mut story = Story::managed();
    for (by, limit) in [
        (
            client(),
            Limit::NotAfter {
                date: date(2027, 6, 30),
            },
        ),
        (
            outsourcer(),
            Limit::NotBefore {
                date: date(2027, 7, 15),
            },
        ),
        (
            client(),
            Limit::StepDays {
                days: vec![Day::Tuesday],
            },
        ),
        (
            outsourcer(),
            Limit::StepDays {
                days: vec![Day::Monday],
            },
        ),
        (
            client(),
            Limit::TrainWithin {
                people: 30,
                days: 10,
            },
        ),
        (outsourcer(), Limit::TrainingPerWeek { people: 12 }),
    ] {
        story.does(&by, hard(limit));
    }
    let found = conflicts(&story.t);
    let offers: Vec<Vec<String>> = found
        .iter()
        .map(|c| c.offers.iter().map(ToString::to_string).collect())
        .collect();
    assert_eq!(
        offers,
        [
            vec![
                "the last date moves to 2027-07-15",
                "the first date moves to 2027-06-30"
            ],
            vec!["steps on Tuesday as well", "steps on Monday as well"],
            vec!["earliest 3 weeks", "cohort size 15: 2 weeks"],
        ]
    );
}

#[test]
fn a_party_has_at_most_fifty_constraints_in_force() {
    let mut story = Story::discovered();
    let one = |n: u32| hard(Limit::TrainingPerWeek { people: 100 + n });
    for n in 0..50 {
        story.does(&outsourcer(), one(n));
    }
    story.when(&outsourcer(), one(0)).changes_nothing();
    let full = "at most 50 constraints of one party at once; withdraw one first";
    story
        .when(&outsourcer(), one(50))
        .refuses(Code::BadFact, full);
    story
        .when(&client(), one(50))
        .records(&["constraint_declared"]);
    let silent = DeclareConstraint {
        paradigm: Some(Paradigm {
            practice: Practice::Season,
            says: " ".into(),
        }),
        ..one(51)
    };
    story
        .when(&client(), silent)
        .refuses(Code::BadFact, "the way of working behind the constraint");
}
