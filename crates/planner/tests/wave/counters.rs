//! A counter-proposal moves as little as can be.

use crate::tiny::{legal, model, models, rule, wishes};
use proptest::prelude::*;
use segue_planner::counter::{Base, counter};
use segue_planner::{Budget, Highs, Limit, Model, Owner, WavePlan, checker};

/// Weighted weeks between two plans, counted plainly.
fn moved(base: &WavePlan, plan: &WavePlan, now: u32) -> i64 {
    let steps = base.weeks.iter().flatten().zip(plan.weeks.iter().flatten());
    let weigh = |(a, b): (&u32, &u32)| {
        let near = (8 - (i64::from(*a) - i64::from(now))).max(0);
        (1 + near) * i64::from(a.abs_diff(*b))
    };
    steps.map(weigh).sum()
}

/// What is before `now` or agreed is as in the base; nothing else is moved into the past.
fn keeps(base: &Base, plan: &WavePlan) -> bool {
    let stays = base.now_week.max(base.agreed_before_week);
    let mut steps = base
        .plan
        .weeks
        .iter()
        .flatten()
        .zip(plan.weeks.iter().flatten());
    steps.all(|(a, b)| {
        if *a < stays {
            a == b
        } else {
            *b >= base.now_week
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_moves_less(old in models(3), mut new in models(4), now in 0..3_u32, agreed in 0..4_u32, pick in 0..1_000_usize) {
        new.weeks = old.weeks;
        let new = Model { cells: old.cells.clone(), sites: old.sites.clone(), ..new };
        let plans = legal(&old);
        prop_assume!(!plans.is_empty());
        let base = Base { plan: plans[pick % plans.len()].clone(), model: old, now_week: now, agreed_before_week: agreed };
        let least = legal(&new).iter().filter(|plan| keeps(&base, plan)).map(|plan| moved(&base.plan, plan, now)).min();
        let found = counter(&base, &new, &Highs, Budget::default()).unwrap();
        prop_assert_eq!(found.as_ref().map(|c| c.moved), least);
        if let Some(found) = found {
            prop_assert!(keeps(&base, &found.plan));
            let differs = base.plan.weeks.iter().flatten().zip(found.plan.weeks.iter().flatten()).filter(|(a, b)| a != b);
            prop_assert_eq!(found.changes.len(), differs.count());
        }
    }

    /// What a change does to the wishes adds up to what both parties gain and lose, where steps do not share a wish.
    #[test]
    fn unchanged_rules_move_nothing(mut old in models(3), wishes in wishes(), pick in 0..1_000_usize) {
        old.preferences = wishes;
        let plans = legal(&old);
        prop_assume!(!plans.is_empty());
        let base = Base { plan: plans[pick % plans.len()].clone(), model: old.clone(), now_week: 0, agreed_before_week: 0 };
        let found = counter(&base, &old, &Highs, Budget::default()).unwrap().unwrap();
        prop_assert_eq!(&found.plan, &base.plan);
        prop_assert!(found.changes.is_empty());
        prop_assert_eq!(found.before, found.after);
    }
}

/// The diff names the rule that a step gave way to, and those that only follow name what they follow.
#[test]
fn a_change_says_why() {
    let easy = rule(
        "EASY",
        Owner::Safety,
        Limit::EasyFirst(segue_planner::Gate::Accepted),
    );
    let old = model(1, 12, vec![easy.clone()]);
    let plan = WavePlan {
        weeks: vec![vec![1, 2], vec![3, 4]],
    };
    assert_eq!(checker::violations(&old, &plan), []);
    let base = Base {
        model: old.clone(),
        plan,
        now_week: 0,
        agreed_before_week: 0,
    };
    let mut freeze = rule(
        "FREEZE",
        Owner::Client,
        Limit::Blackout { first: 2, last: 3 },
    );
    freeze.scope.types = vec!["MSG".into()];
    let new = Model {
        rules: vec![easy, freeze],
        ..old
    };
    let found = counter(&base, &new, &Highs, Budget::default())
        .unwrap()
        .unwrap();
    let why = |c: &segue_planner::counter::Change| {
        let rules: Vec<_> = c.why.iter().map(|v| v.rule.clone()).collect();
        (
            format!("{} {}", c.cell, c.step),
            c.from_week,
            c.to_week,
            rules,
        )
    };
    let told: Vec<_> = found.changes.iter().map(why).collect();
    let one = |name: &str, from, to, rules: &[&str]| {
        (
            name.to_owned(),
            from,
            to,
            rules.iter().map(|r| (*r).to_owned()).collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        told,
        [
            one("S1/MSG/day 1", 1, 0, &["STEP_ORDER"]),
            one("S1/MSG/day 2", 2, 1, &["FREEZE"])
        ]
    );
}
