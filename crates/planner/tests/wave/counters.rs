//! A counter-proposal moves as little as can be.

use crate::tiny::{legal, model, models, rule, wishes};
use proptest::prelude::*;
use segue_domain::Side;
use segue_planner::clash::{Explained, explain};
use segue_planner::counter::{Base, BaseError, counter, settled};
use segue_planner::{Budget, Highs, Limit, Model, ModelError, Owner, WavePlan, checker};

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
        let new = Model { cells: old.cells.clone(), sites: old.sites.clone(), shifts: old.shifts.clone(), ..new };
        let plans = legal(&old);
        prop_assume!(!plans.is_empty());
        let base = Base { plan: plans[pick % plans.len()].clone(), model: old, now_week: now, agreed_before_week: agreed };
        let least = legal(&new).iter().filter(|plan| keeps(&base, plan)).map(|plan| moved(&base.plan, plan, now)).min();
        let found = counter(&base, &new, &Highs, Budget::default()).unwrap();
        prop_assert_eq!(found.as_ref().map(|c| c.moved), least);
        prop_assert_eq!(least.is_none(), matches!(explain(&settled(&base, &new), &Highs, Budget::default()).unwrap(), Explained::Clash(_)));
        if let Some(found) = found {
            prop_assert!(keeps(&base, &found.plan));
            let differs = base.plan.weeks.iter().flatten().zip(found.plan.weeks.iter().flatten()).filter(|(a, b)| a != b);
            prop_assert_eq!(found.changes.len(), differs.count());
        }
    }

    /// What the changes do to the wishes adds up to what both parties gain and lose.
    #[test]
    fn touches_add_up(mut old in models(3), mut new in models(3), wishes in wishes(), pick in 0..1_000_usize) {
        old.preferences = wishes;
        new = Model { cells: old.cells.clone(), sites: old.sites.clone(), shifts: old.shifts.clone(), preferences: old.preferences.clone(), weeks: old.weeks, ..new };
        let plans = legal(&old);
        prop_assume!(!plans.is_empty());
        let base = Base { plan: plans[pick % plans.len()].clone(), model: old, now_week: 0, agreed_before_week: 0 };
        let Some(found) = counter(&base, &new, &Highs, Budget::default()).unwrap() else { return Ok(()) };
        for (n, side) in Side::BOTH.into_iter().enumerate() {
            let touches = found.changes.iter().flat_map(|c| &c.touches).filter(|t| t.owner == side);
            let gained: f64 = touches.map(|t| t.points).sum();
            let all = found.before[n].points_all;
            prop_assert_eq!(all, 1_000_000, "100 points, in ten thousandths");
            let before_after = f64::from(i32::try_from(found.after[n].points - found.before[n].points).unwrap()) / 10_000.0;
            prop_assert!((gained - before_after).abs() < 1e-6, "{} {}", gained, before_after);
        }
    }

    /// Where the rules stay, so does the plan, and nobody gains or loses.
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

fn agreed() -> Base {
    Base {
        model: model(1, 12, Vec::new()),
        plan: WavePlan {
            weeks: vec![vec![1, 2], vec![3, 4]],
        },
        now_week: 2,
        agreed_before_week: 4,
    }
}

/// New rules against steps that are taken or agreed: a clash that names them, and no offer to move them.
#[test]
fn a_clash_with_what_is_settled_names_it() {
    let base = agreed();
    let rules = vec![
        rule("LEASE", Owner::Client, Limit::NotAfter { week: 4 }),
        rule("SLOW", Owner::Outsourcer, Limit::StepGap { weeks: 2 }),
    ];
    let new = Model {
        rules,
        ..base.model.clone()
    };
    let found = counter(&base, &new, &Highs, Budget::default()).unwrap();
    assert_eq!(found, None);
    let why = explain(&settled(&base, &new), &Highs, Budget::default()).unwrap();
    let Explained::Clash(why) = why else {
        panic!("a clash, not {why:?}");
    };
    let text = why.text();
    for words in [
        "SETTLED-S1/TRI/day",
        "taken or agreed in the weeks of 2027-01-25",
        "SLOW",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let offered: Vec<_> = why.fixes.iter().map(|f| f.rule.as_str()).collect();
    assert!(
        offered.iter().all(|r| !r.starts_with("SETTLED")),
        "{offered:?}"
    );
    assert_eq!(
        explain(&new, &Highs, Budget::default()).unwrap(),
        Explained::Possible
    );
}

/// A base that nothing can start from is refused with what to do.
#[test]
fn a_base_is_checked() {
    let new = agreed().model;
    assert_eq!(agreed().validate(&new), Ok(()));
    let refused = |base: Base, model: &Model| base.validate(model).unwrap_err().to_string();
    let mut odd = agreed();
    odd.plan.weeks[0].pop();
    assert!(refused(odd, &new).contains("S1/MSG/day has 1 of its 2 steps"));
    let mut late = agreed();
    late.plan.weeks[1][1] = 12;
    assert!(refused(late, &new).contains("after the 12 weeks planned"));
    let mut unknown = agreed();
    unknown.model.cells[0].site = "S9".into();
    assert!(refused(unknown, &new).contains("names the site `S9`"));
    let far = Base {
        now_week: 400,
        ..agreed()
    };
    assert!(refused(far, &new).contains("`now_week` is 400"));
    let mut moved = new.clone();
    moved.first_monday = jiff::civil::date(2027, 1, 11);
    assert!(refused(agreed(), &moved).contains("counted from 2027-01-04"));
    let mut gone = new.clone();
    gone.cells.remove(0);
    assert!(refused(agreed(), &gone).contains("steps of S1/MSG/day are taken or agreed"));
    let mut other = new.clone();
    other.types[0].shares_percent = vec![40, 100];
    assert!(refused(agreed(), &other).contains("the shares of these steps"));
    let mut twice = agreed();
    let cell = twice.model.cells[0].clone();
    twice.model.cells.push(cell);
    assert_eq!(
        twice.validate(&new),
        Err(BaseError::Model(ModelError::Twice(
            "cell `S1/MSG/day`".into()
        )))
    );
    // What is to stand if nobody agrees has a date for everything, in the order of the new model.
    let mut turned = new.clone();
    turned.cells.reverse();
    assert_eq!(agreed().standing(&turned).unwrap().weeks, [[3, 4], [1, 2]]);
    let more = model(2, 12, Vec::new());
    assert!(
        agreed()
            .standing(&more)
            .unwrap_err()
            .to_string()
            .contains("step 1 of S2/MSG/day")
    );
}
