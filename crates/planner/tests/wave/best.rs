//! Solvers beside enumeration.

use crate::generator::{self, Size};
use crate::tiny::{legal, models, rule};
use proptest::prelude::*;
use segue_planner::{
    Budget, Goal, Greedy, Highs, Limit, Outcome, Owner, Pool, Solver, Task, Weights, checker, draft,
};

const WEIGHTS: Weights = Weights {
    risk: 1,
    week: 7,
    dual_cost: 2,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// HiGHS finds a plan exactly where there is one, and none is cheaper.
    #[test]
    fn the_optimum_is_the_cheapest_of_all_plans(mut model in models(5), risk in prop::collection::vec(0..9_u32, 4)) {
        model.week_risk = risk;
        let goal = Goal::weighted(&model, WEIGHTS);
        let cheapest = legal(&model).iter().map(|plan| goal.value(plan)).min();
        let outcome = Highs.solve(&Task::new(&model, &goal, Budget::default())).unwrap();
        prop_assert_eq!(outcome.clone().planned().map(|s| s.value), cheapest);
        prop_assert_eq!(cheapest.is_none(), outcome == Outcome::Infeasible);
        let greedy = Greedy.solve(&Task::new(&model, &goal, Budget::default())).unwrap();
        match greedy {
            Outcome::Planned(found) => prop_assert!(Some(found.value) >= cheapest && cheapest.is_some()),
            Outcome::Infeasible => prop_assert_eq!(cheapest, None),
            Outcome::Unknown => {}
        }
    }

    /// Goals in their order: no plan is better in one without being worse in an earlier one.
    #[test]
    fn a_draft_is_first_in_the_order_of_goals(mut model in models(4), risk in prop::collection::vec(0..9_u32, 4)) {
        model.week_risk = risk;
        let goals = [Goal::risk(&model), Goal::length(&model), Goal::dual_cost(&model)];
        let first = legal(&model).iter().map(|plan| goals.each_ref().map(|g| g.value(plan))).min();
        let found = draft(&model, &Highs, Budget::default()).unwrap();
        let found = found.map(|d| goals.each_ref().map(|g| g.value(&d.plan)));
        prop_assert_eq!(found, first);
    }
}

/// The list scheduler alone plans a transition of usual size.
#[test]
fn greedy_plans_what_people_plan() {
    for size in [Size::SINGLE, Size::LARGE] {
        let model = generator::model(size, 1);
        model.validate().unwrap();
        let goal = Goal::weighted(&model, WEIGHTS);
        let found = Greedy
            .solve(&Task::new(&model, &goal, Budget::default()))
            .unwrap()
            .planned()
            .unwrap();
        assert_eq!(checker::violations(&model, &found.plan), []);
    }
}

/// The same question has the same answer.
#[test]
fn a_plan_is_the_same_again() {
    let model = generator::model(
        Size {
            shifts: 2,
            ..Size::SINGLE
        },
        3,
    );
    let plans = [1, 1].map(|_| draft(&model, &Highs, Budget::default()).unwrap().unwrap());
    assert_eq!(plans[0], plans[1]);
    assert_eq!(plans[0].plan.hash(&model), plans[1].plan.hash(&model));
    assert!(plans[0].gap.is_some_and(|gap| gap < 1e-6));
}

/// HiGHS 1.16 proved 54 here and handed back its start, which costs 56.
#[test]
fn what_is_proved_is_what_is_answered() {
    let mut rule = rule("MOTION", Owner::Client, Limit::SitesInMotion { max: 1 });
    rule.scope.types = vec!["TRI".into()];
    let mut model = crate::tiny::model(2, 4, vec![rule]);
    model.week_risk = vec![1, 0, 0, 0];
    let goal = Goal::weighted(&model, WEIGHTS);
    let found = Highs
        .solve(&Task::new(&model, &goal, Budget::default()))
        .unwrap();
    assert_eq!(found.planned().map(|s| s.value), Some(54));
}

/// The outsourcer's people leave a week after the last door of the latest plan is closed: that is nobody's business here.
#[test]
fn both_look_as_far_ahead() {
    let people = [(0, 5), (2, 8), (4, 0)];
    let people = people.map(|(week, people)| Pool { week, people }).to_vec();
    let rules = vec![
        rule("PEOPLE", Owner::Outsourcer, Limit::Headcount { people }),
        rule("HOLD", Owner::Both, Limit::Hold { weeks: 1 }),
    ];
    let model = crate::tiny::model(1, 3, rules);
    assert_ne!(legal(&model), []);
    let goal = Goal::weighted(&model, WEIGHTS);
    let found = Highs.solve(&Task::new(&model, &goal, Budget::default()));
    assert!(found.unwrap().planned().is_some());
}
