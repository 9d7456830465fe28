//! Why there is no plan, and what would be enough.

use crate::tiny::{legal, model, models, rule};
use proptest::prelude::*;
use segue_planner::clash::{Clash, Explained, Fix, HORIZON, Named, explain};
use segue_planner::{Budget, Highs, Limit, Model, Outcome, Owner, Pool, SolveError, Solver, Task};
use std::cell::Cell;

fn without(model: &Model, name: &str) -> Model {
    if name == HORIZON {
        Model {
            weeks: model.weeks * 2,
            ..model.clone()
        }
    } else {
        model.with_rules(|r| r.id != name)
    }
}

#[expect(clippy::unwrap_used, clippy::panic, reason = "a helper of tests")]
fn clash(model: &Model) -> Clash {
    match explain(model, &Highs, Budget::default()).unwrap() {
        Explained::Clash(found) => found,
        other => panic!("a clash, not {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A clash is named exactly where there is no plan; its rules alone leave none, and without any one of them they do.
    #[test]
    fn a_clash_is_one_and_is_irreducible(model in models(5)) {
        let found = explain(&model, &Highs, Budget::default()).unwrap();
        prop_assert_eq!(found == Explained::Possible, !legal(&model).is_empty());
        let Explained::Clash(found) = found else { return Ok(()) };
        prop_assert!(found.irreducible && found.fixes_complete);
        let names: Vec<_> = found.clash.iter().map(|r| r.rule.as_str()).collect();
        let core = model.with_rules(|r| names.contains(&r.id.as_str()));
        prop_assert!(legal(&core).is_empty());
        for name in &names {
            prop_assert!(!legal(&without(&core, name)).is_empty(), "{} is not needed", name);
        }
        for fix in &found.fixes {
            let rule = model.rules.iter().find(|r| r.id == fix.rule);
            prop_assert!(rule.is_none_or(segue_planner::Rule::may_relax) && names.contains(&fix.rule.as_str()));
            prop_assert!(fix.least);
        }
    }
}

/// A10: cohorts of eight every two weeks, and a wish for all 24 nurses in two weeks. Two fixes, each the least that helps
/// under all other rules; what the clash does not need is not named.
#[test]
fn a_cohort_and_a_hurry_clash() {
    let mut model = model(3, 20, Vec::new());
    model.cells.retain(|c| c.kind.as_str() == "TRI");
    for cell in &mut model.cells {
        cell.trainees = 8;
    }
    model.rules = vec![
        rule(
            "COHORT",
            Owner::Outsourcer,
            Limit::Classes {
                trainers: 1,
                seats: 8,
                weeks: 2,
            },
        ),
        rule("HURRY", Owner::Client, Limit::NotAfter { week: 4 }),
        rule("LICENCES", Owner::Law, Limit::NotBefore { week: 2 }),
        rule("SOAK", Owner::Safety, Limit::StepGap { weeks: 2 }),
        rule(
            "UPGRADE",
            Owner::Client,
            Limit::Blackout {
                first: 15,
                last: 16,
            },
        ),
    ];
    let found = clash(&model);
    let names: Vec<_> = found.clash.iter().map(|r| r.rule.as_str()).collect();
    assert_eq!(names, ["COHORT", "HURRY"]);
    let fixes: Vec<_> = found
        .fixes
        .iter()
        .map(|f| (f.rule.as_str(), f.from.as_str(), f.to.as_str()))
        .collect();
    let cohort = (
        "COHORT",
        "1 trainers of 8 seats, 2 weeks",
        "3 trainers of 8 seats, 2 weeks",
    );
    let hurry = ("HURRY", "moved by week 4", "moved by week 8");
    assert_eq!(fixes, [cohort, hurry]);
}

/// A plan that is too short for its rules is told so, with the weeks it needs.
#[test]
fn the_length_of_the_plan_is_a_rule_of_both() {
    let rules = vec![rule("SOAK", Owner::Safety, Limit::StepGap { weeks: 3 })];
    let found = clash(&model(1, 3, rules));
    let names: Vec<_> = found
        .clash
        .iter()
        .map(|r| (r.rule.as_str(), r.owner))
        .collect();
    assert_eq!(names, [("SOAK", Owner::Safety), (HORIZON, Owner::Both)]);
    assert_eq!(found.fixes.len(), 1);
    assert_eq!(
        (found.fixes[0].from.as_str(), found.fixes[0].to.as_str()),
        ("3 weeks", "4 weeks")
    );
}

/// An open door and a hold are safety by what they limit: not offered, whoever brought the rule in.
#[test]
fn safety_is_not_offered_under_a_partys_name() {
    let kept = vec![Pool { week: 0, people: 0 }];
    let rules = [
        rule("KEPT", Owner::Client, Limit::Readiness { kept }),
        rule("LEASE", Owner::Client, Limit::ClosedBy { week: 9 }),
        rule("HOLD", Owner::Outsourcer, Limit::Hold { weeks: 12 }),
    ];
    for rest in [&rules[..1], &rules[1..]] {
        let found = clash(&model(1, 12, rest.to_vec()));
        let offered: Vec<_> = found.fixes.iter().map(|f| f.rule.as_str()).collect();
        assert!(
            !offered.contains(&"KEPT") && !offered.contains(&"HOLD"),
            "{offered:?}"
        );
    }
    let found = clash(&model(1, 12, rules[1..].to_vec()));
    let offered: Vec<_> = found.fixes.iter().map(|f| f.rule.as_str()).collect();
    assert_eq!(offered, ["LEASE"]);
}

/// Answers "no" to the first questions, and runs out of time from then on.
struct Tired {
    answers: u32,
    asked: Cell<u32>,
}

impl Solver for Tired {
    fn solve(&self, _: &Task<'_>) -> Result<Outcome, SolveError> {
        self.asked.set(self.asked.get() + 1);
        Ok(if self.asked.get() <= self.answers {
            Outcome::Infeasible
        } else {
            Outcome::Unknown
        })
    }
}

/// What the time did not suffice for is told as such, in the document and in words.
#[test]
fn what_was_not_found_is_not_told_as_proved() {
    let soak = rule("SOAK", Owner::Safety, Limit::StepGap { weeks: 3 });
    let lease = rule("LEASE", Owner::Client, Limit::NotAfter { week: 2 });
    let model = model(1, 12, vec![soak, lease]);
    let ask = |answers| {
        let asked = Cell::new(0);
        let solver = Tired { answers, asked };
        let found = explain(&model, &solver, Budget::default()).unwrap();
        (found, solver.asked.get())
    };
    assert_eq!(ask(0), (Explained::Unknown, 1));
    let (Explained::Clash(found), asked) = ask(1) else {
        panic!("the first answer proves a clash");
    };
    assert_eq!(asked, 4, "three questions without an answer are enough");
    assert!(!found.irreducible && !found.fixes_complete);
    let text = found.text();
    assert!(
        text.contains("Whether each of them is needed was not found out within the time."),
        "{text}"
    );
    assert!(
        text.contains("others may, they were not decided within the time"),
        "the list scheduler found one fix: {text}"
    );
    let told = Clash {
        clash: vec![Named {
            rule: "LEASE".into(),
            owner: Owner::Client,
            text: "the lease ends".into(),
        }],
        fixes: vec![Fix {
            rule: "LEASE".into(),
            owner: Owner::Client,
            from: "moved by week 2".into(),
            to: "moved by week 5".into(),
            least: false,
        }],
        irreducible: true,
        fixes_complete: true,
    };
    assert!(
        told.text()
            .contains("(less may be enough: not found out within the time)")
    );
    let none = Clash {
        fixes: Vec::new(),
        fixes_complete: false,
        ..told
    };
    assert!(none.text().contains("there may be one"));
}
