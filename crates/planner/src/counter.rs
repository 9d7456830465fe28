//! A counter-proposal: changed rules and a base plan give a new plan that moves as little as can be. What is past or agreed
//! stays; of the rest, what is near weighs more, because people have already arranged for it. The answer is a diff that
//! says what moves, why, and whose satisfaction changes.

use crate::checker;
use crate::goal::{Goal, Satisfaction, real};
use crate::model::Model;
use crate::plan::WavePlan;
use crate::solver::{Budget, Outcome, SolveError, Solver, Task};
use jiff::civil::Date;
use segue_domain::Side;
use serde::{Deserialize, Serialize};

/// Steps nearer than this many weeks weigh more, the nearest the most.
const NEAR_WEEKS: i64 = 8;

/// What a counter-proposal starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// The rules the base plan was made by; its cells name the plan's lists.
    pub model: Model,
    /// The plan.
    pub plan: WavePlan,
    /// The week it is now: steps before it are past.
    #[serde(default)]
    pub now_week: u32,
    /// Steps before this week are agreed and stay, too.
    #[serde(default)]
    pub agreed_before_week: u32,
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Counter {
    /// The new plan.
    pub plan: WavePlan,
    /// Weighted weeks by which steps move.
    pub moved: i64,
    /// How far from the fewest they may be, as a share.
    pub gap: Option<f64>,
    /// Step by step.
    pub changes: Vec<Change>,
    /// Of both parties in the base plan, by the new wishes.
    pub before: [Satisfaction; 2],
    /// Of both parties in the new plan.
    pub after: [Satisfaction; 2],
}

/// One step that moves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The cell.
    pub cell: String,
    /// Which step, counted from 1.
    pub step: u32,
    /// The share from then on.
    pub share_percent: u32,
    /// Its week in the base plan.
    pub from_week: u32,
    /// Its week now.
    pub to_week: u32,
    /// The Monday it was on.
    pub from: Date,
    /// The Monday it is on now.
    pub to: Date,
    /// Rules that the old week would break in the new plan; empty where it moves with others.
    pub why: Vec<checker::Violation>,
    /// Whose wishes it serves or hurts.
    pub touches: Vec<Touch>,
}

/// A wish that a change touches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Touch {
    /// Whose.
    pub owner: Side,
    /// The wish.
    pub preference: String,
    /// Points of the party gained (above 0) or lost.
    pub points: f64,
}

/// The base plan's weeks in the order of the new model; `None` for what it did not have.
fn anchors(base: &Base, model: &Model) -> Vec<Vec<Option<u32>>> {
    let known = |name: &str| base.model.cells.iter().position(|c| c.name() == name);
    let weeks = |cell: &crate::model::Cell| {
        let own = known(&cell.name()).and_then(|n| base.plan.weeks.get(n));
        (0..model.shares(cell).len())
            .map(|n| own.and_then(|w| w.get(n)).copied())
            .collect()
    };
    model.cells.iter().map(weeks).collect()
}

/// The plan under the new rules that is nearest to the base plan; `Ok(None)` where there is none.
///
/// # Errors
/// [`SolveError`] when the solver fails.
pub fn counter(
    base: &Base,
    model: &Model,
    solver: &impl Solver,
    budget: Budget,
) -> Result<Option<Counter>, SolveError> {
    let anchors = anchors(base, model);
    let stays = i64::from(base.now_week.max(base.agreed_before_week));
    let now = i64::from(base.now_week);
    let anchor = |cell: usize, step: usize| anchors[cell][step].map(i64::from);
    let kept = Goal::of(model, |cell, step, w| {
        let fixed = anchor(cell, step).filter(|at| *at < stays);
        i64::from(fixed.is_some_and(|at| at != w))
    });
    // What stays in the past is its own; everything else may not be moved there.
    let backdated = Goal::of(model, |cell, step, w| {
        let past = anchor(cell, step).is_some_and(|at| at < now);
        i64::from(!past && w < now)
    });
    let moved = Goal::of(model, |cell, step, w| {
        let weight = |at: i64| 1 + (NEAR_WEEKS - (at - now)).max(0);
        anchor(cell, step).map_or(0, |at| weight(at) * (w - at).abs())
    });
    let limits = [(kept, 0), (backdated, 0)];
    let task = Task {
        limits: &limits,
        ..Task::new(model, &moved, budget)
    };
    let Outcome::Planned(best) = solver.solve(&task)? else {
        return Ok(None);
    };
    let old = WavePlan {
        weeks: anchors
            .iter()
            .zip(&best.plan.weeks)
            .map(|(old, new)| {
                old.iter()
                    .zip(new)
                    .map(|(old, new)| old.unwrap_or(*new))
                    .collect()
            })
            .collect(),
    };
    let both = |plan: &WavePlan| Side::BOTH.map(|side| Satisfaction::of(model, side, plan));
    Ok(Some(Counter {
        changes: changes(model, &old, &best.plan),
        before: both(&old),
        after: both(&best.plan),
        moved: best.value,
        gap: best.gap,
        plan: best.plan,
    }))
}

/// What moves from one plan to another of the same model, each step with its reasons.
pub fn changes(model: &Model, old: &WavePlan, new: &WavePlan) -> Vec<Change> {
    let mut changes = Vec::new();
    for (c, cell) in model.cells.iter().enumerate() {
        for (n, share) in model.shares(cell).iter().enumerate() {
            let (from_week, to_week) = (old.weeks[c][n], new.weeks[c][n]);
            if from_week == to_week {
                continue;
            }
            let mut back = new.clone();
            back.weeks[c][n] = from_week;
            let mut why = checker::violations(model, &back);
            why.dedup_by_key(|v| v.rule.clone());
            changes.push(Change {
                cell: cell.name(),
                step: u32::try_from(n + 1).unwrap_or(u32::MAX),
                share_percent: *share,
                from_week,
                to_week,
                from: model.monday(from_week),
                to: model.monday(to_week),
                why,
                touches: touches(model, &back, new),
            });
        }
    }
    changes.sort_by_key(|change| change.to_week);
    changes
}

fn touches(model: &Model, before: &WavePlan, after: &WavePlan) -> Vec<Touch> {
    let touch = |wish: &crate::model::Preference| {
        let goal = Goal::of_wish(model, wish);
        let gained = goal.value(before) - goal.value(after);
        (gained != 0).then(|| Touch {
            owner: wish.owner,
            preference: wish.id.clone(),
            points: real(gained) / real(crate::goal::PER_POINT),
        })
    };
    model.preferences.iter().filter_map(touch).collect()
}
