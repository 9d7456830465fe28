//! A draft: the goals in their order. Safety and readiness are rules and come first; then plan risk, weeks, dual-running
//! cost, and last what both parties wish. A later goal never costs anything of an earlier one.

use crate::goal::{Goal, Satisfaction};
use crate::model::Model;
use crate::plan::WavePlan;
use crate::solver::{Budget, Outcome, SolveError, Solver, Task};
use segue_domain::Side;

/// A plan with what it costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// The plan.
    pub plan: WavePlan,
    /// Weeks to its last step.
    pub weeks: u32,
    /// Plan risk in points.
    pub risk: i64,
    /// Dual-running cost beyond soak and hold.
    pub dual_cost: i64,
    /// How far any of the goals may be from its optimum, as a share of it; absent where a solver cannot say.
    pub gap: Option<f64>,
    /// What the client gets of its wishes.
    pub client: Satisfaction,
    /// What the outsourcer gets of its wishes.
    pub outsourcer: Satisfaction,
}

impl Draft {
    /// Measures a plan.
    pub fn of(model: &Model, plan: WavePlan, gap: Option<f64>) -> Self {
        Self {
            weeks: plan.length_weeks(),
            risk: Goal::risk(model).value(&plan),
            dual_cost: Goal::dual_cost(model).value(&plan),
            gap,
            client: Satisfaction::of(model, Side::Client, &plan),
            outsourcer: Satisfaction::of(model, Side::Outsourcer, &plan),
            plan,
        }
    }
}

/// The best plan by the goals in their order, each within an equal part of the time.
///
/// # Errors
/// [`SolveError`] when the solver fails. `Ok(None)` when there is no plan, or none was found in time; [`crate::clash`] says
/// why.
pub fn draft(
    model: &Model,
    solver: &impl Solver,
    budget: Budget,
) -> Result<Option<Draft>, SolveError> {
    let mut wishes = Goal::unmet(model, Side::Client);
    wishes.add(&Goal::unmet(model, Side::Outsourcer), 1);
    let goals = [
        Goal::risk(model),
        Goal::length(model),
        Goal::dual_cost(model),
        wishes,
    ];
    let mut goals: Vec<_> = goals.into_iter().filter(|g| !g.is_flat()).collect();
    if goals.is_empty() {
        goals.push(Goal::any(model));
    }
    let stages = u32::try_from(goals.len()).unwrap_or(1);
    let budget = Budget {
        time_limit_s: (budget.time_limit_s / stages).max(1),
        ..budget
    };
    let mut limits: Vec<(Goal, i64)> = Vec::new();
    let mut plan: Option<WavePlan> = None;
    let mut gap = Some(0.0_f64);
    for goal in goals {
        let task = Task {
            limits: &limits,
            start: plan.as_ref(),
            ..Task::new(model, &goal, budget)
        };
        match solver.solve(&task)? {
            Outcome::Planned(best) => {
                gap = gap.zip(best.gap).map(|(a, b)| a.max(b));
                limits.push((goal, best.value));
                plan = Some(best.plan);
            }
            // A later goal without an answer in time leaves the plan of the earlier ones.
            Outcome::Unknown if plan.is_some() => gap = None,
            Outcome::Infeasible | Outcome::Unknown => return Ok(None),
        }
    }
    Ok(plan.map(|plan| Draft::of(model, plan, gap)))
}
