//! A counter-proposal: changed rules and a base plan give a new plan that moves as little as can be. What is past or agreed
//! stays; of the rest, what is near weighs more, because people have already arranged for it. The answer is a diff that
//! says what moves, why, and whose satisfaction changes.

mod base;

pub use base::{Base, BaseError};

use crate::checker;
use crate::goal::{Goal, Satisfaction, real};
use crate::model::{Limit, Model, Owner, Rule, Scope};
use crate::plan::WavePlan;
use crate::solver::{Budget, Outcome, SolveError, Solver, Task};
use jiff::civil::Date;
use segue_domain::Side;
use serde::Serialize;

/// Steps nearer than this many weeks weigh more, the nearest the most.
const NEAR_WEEKS: i64 = 8;

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

/// The new rules, and for each cell one more: what is taken or agreed stays, and nothing else is moved into the past. What
/// has no plan under these has none as a counter-proposal; [`crate::clash`] names them like any other rule.
pub fn settled(base: &Base, model: &Model) -> Model {
    let stays = base.now_week.max(base.agreed_before_week);
    let mut all = model.clone();
    for (cell, anchors) in model.cells.iter().zip(base.anchors(model)) {
        let kept = anchors.iter().flatten().take_while(|week| **week < stays);
        let weeks: Vec<u32> = kept.copied().collect();
        if weeks.is_empty() && base.now_week == 0 {
            continue;
        }
        let name = cell.name();
        let mondays: Vec<_> = weeks.iter().map(|w| model.monday(*w).to_string()).collect();
        let text = if mondays.is_empty() {
            format!("no step of {name} is moved into the past")
        } else {
            let mondays = mondays.join(", ");
            format!("steps of {name} are taken or agreed in the weeks of {mondays}")
        };
        all.rules.push(Rule {
            id: format!("SETTLED-{name}"),
            owner: Owner::Both,
            text,
            limit: Limit::Settled {
                weeks,
                from: base.now_week,
            },
            scope: Scope {
                sites: vec![cell.site.clone()],
                types: vec![cell.kind.clone()],
                shifts: vec![cell.shift.clone()],
            },
        });
    }
    all
}

/// The plan under the new rules that is nearest to the base plan; `Ok(None)` where there is none, or none was found in time:
/// [`crate::clash`] says of the [`settled`] model which. The base is one that [`Base::validate`] passed.
///
/// # Errors
/// [`SolveError`] when the solver fails.
pub fn counter(
    base: &Base,
    model: &Model,
    solver: &impl Solver,
    budget: Budget,
) -> Result<Option<Counter>, SolveError> {
    let anchors = base.anchors(model);
    let now = i64::from(base.now_week);
    let moved = Goal::of(model, |cell, step, w| {
        let weight = |at: i64| 1 + (NEAR_WEEKS - (at - now)).max(0);
        let anchor = anchors[cell][step].map(i64::from);
        anchor.map_or(0, |at| weight(at) * (w - at).abs())
    });
    let settled = settled(base, model);
    let Outcome::Planned(best) = solver.solve(&Task::new(&settled, &moved, budget))? else {
        return Ok(None);
    };
    let kept = anchors.iter().zip(&best.plan.weeks).map(|(old, new)| {
        let weeks = old.iter().zip(new);
        weeks.map(|(old, new)| old.unwrap_or(*new)).collect()
    });
    let old = WavePlan {
        weeks: kept.collect(),
    };
    let both = |plan: &WavePlan| Side::BOTH.map(|side| Satisfaction::of(model, side, plan));
    Ok(Some(Counter {
        changes: changes(&settled, &old, &best.plan),
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
