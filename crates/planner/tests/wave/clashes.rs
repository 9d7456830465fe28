//! Why there is no plan, and what would be enough.

use crate::tiny::{legal, model, models, rule};
use proptest::prelude::*;
use segue_planner::clash::{HORIZON, explain};
use segue_planner::{Budget, Highs, Limit, Model, Owner};

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A clash is named exactly where there is no plan; its rules alone leave none, and without any one of them they do.
    #[test]
    fn a_clash_is_one_and_is_irreducible(model in models(5)) {
        let found = explain(&model, &Highs, Budget::default()).unwrap();
        prop_assert_eq!(found.is_none(), !legal(&model).is_empty());
        let Some(found) = found else { return Ok(()) };
        prop_assert!(found.irreducible);
        let names: Vec<_> = found.clash.iter().map(|r| r.rule.as_str()).collect();
        let core = model.with_rules(|r| names.contains(&r.id.as_str()));
        prop_assert!(legal(&core).is_empty());
        for name in &names {
            prop_assert!(!legal(&without(&core, name)).is_empty(), "{} is not needed", name);
        }
        for fix in &found.fixes {
            prop_assert!(fix.owner.may_relax() && names.contains(&fix.rule.as_str()));
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
    let found = explain(&model, &Highs, Budget::default()).unwrap().unwrap();
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
    let found = explain(&model(1, 3, rules), &Highs, Budget::default())
        .unwrap()
        .unwrap();
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
