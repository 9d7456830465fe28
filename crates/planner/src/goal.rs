//! What a plan is measured by. Every goal is a cost of each step in each week, and a cost of each week until the last step:
//! exact whole numbers, less is better.

use crate::model::{Cell, Model, Preference, Wish};
use crate::plan::WavePlan;
use segue_domain::Side;
use serde::{Deserialize, Serialize};

/// A wish that is wholly met is worth so much for each of its points.
pub(crate) const PER_POINT: i64 = 10_000;

/// What a plan costs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goal {
    /// By cell, step and week.
    pub(crate) steps: Vec<Vec<Vec<i64>>>,
    /// For each week until the last step of all.
    pub(crate) per_week: i64,
}

/// One number from all goals, for a comparison with another solver. People get them one after the other (`draft`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// Of a point of plan risk.
    pub risk: u32,
    /// Of a week until the last step.
    pub week: u32,
    /// Of a unit of dual-running cost.
    pub dual_cost: u32,
}

impl Goal {
    /// Nothing costs anything: any plan will do.
    pub fn any(model: &Model) -> Self {
        Self::of(model, |_, _, _| 0)
    }

    /// From a cost of (cell, step, week) by position.
    pub(crate) fn of(model: &Model, cost: impl Fn(usize, usize, i64) -> i64) -> Self {
        let weeks = |cell: usize, step: usize| {
            (0..i64::from(model.weeks))
                .map(|w| cost(cell, step, w))
                .collect()
        };
        let cells = model.cells.iter().enumerate();
        let steps = cells.map(|(cell, of)| {
            (0..model.shares(of).len())
                .map(|step| weeks(cell, step))
                .collect()
        });
        Self {
            steps: steps.collect(),
            per_week: 0,
        }
    }

    /// Plan risk: steps of risky types in risky weeks.
    pub fn risk(model: &Model) -> Self {
        let usual = |w: i64| {
            let known = usize::try_from(w).ok().and_then(|w| model.week_risk.get(w));
            i64::from(known.copied().unwrap_or(1))
        };
        Self::of(model, |cell, _, w| {
            let kind = model.kind(&model.cells[cell]);
            i64::from(kind.map_or(0, |k| k.step_risk)) * usual(w)
        })
    }

    /// Weeks until the last step.
    pub fn length(model: &Model) -> Self {
        Self {
            per_week: 1,
            ..Self::any(model)
        }
    }

    /// Dual-running cost beyond what soak and hold cost in any plan: each cell from its first step to its last.
    pub fn dual_cost(model: &Model) -> Self {
        Self::of(model, |cell, step, w| {
            let of = &model.cells[cell];
            let cost = i64::from(of.dual_cost_per_week) * w;
            let last = model.shares(of).len() - 1;
            i64::from(step == last) * cost - i64::from(step == 0) * cost
        })
    }

    /// What a party does not get of its wishes, in `PER_POINT`ths of its points.
    pub fn unmet(model: &Model, side: Side) -> Self {
        let mut goal = Self::any(model);
        for wish in model.preferences.iter().filter(|p| p.owner == side) {
            goal.add(&Self::of_wish(model, wish), 1);
        }
        goal
    }

    /// What a party does not get of one wish. Rounded down for each step; a wish nobody can miss costs nothing.
    pub(crate) fn of_wish(model: &Model, wish: &Preference) -> Self {
        let end = i64::from(model.weeks) - 1;
        let about = |cell: &Cell| wish.scope.has(cell);
        let steps = |cell: &Cell| i64::try_from(model.shares(cell).len()).unwrap_or(i64::MAX);
        let cells: i64 = model
            .cells
            .iter()
            .filter(|c| about(c))
            .count()
            .try_into()
            .unwrap_or(i64::MAX);
        let all_steps: i64 = model.cells.iter().filter(|c| about(c)).map(steps).sum();
        let whole = i64::from(wish.points) * PER_POINT;
        Self::of(model, |cell, step, w| {
            let of = &model.cells[cell];
            let (missed, worst) = match wish.wish {
                Wish::DoneBy { week } => {
                    let week = i64::from(week);
                    let last = step + 1 == model.shares(of).len();
                    ((w - week).max(0) * i64::from(last), (end - week) * cells)
                }
                Wish::NotBefore { week } => {
                    let week = i64::from(week);
                    ((week - w).max(0) * i64::from(step == 0), week * cells)
                }
                Wish::Avoid { first, last } => {
                    let hit = (i64::from(first)..=i64::from(last)).contains(&w);
                    (i64::from(hit), all_steps)
                }
            };
            if about(of) && worst > 0 {
                whole * missed / worst
            } else {
                0
            }
        })
    }

    /// All of it in one number.
    pub fn weighted(model: &Model, weights: Weights) -> Self {
        let mut goal = Self::any(model);
        goal.add(&Self::risk(model), weights.risk.into());
        goal.add(&Self::length(model), weights.week.into());
        goal.add(&Self::dual_cost(model), weights.dual_cost.into());
        goal
    }

    /// Adds a multiple of another goal of the same model.
    pub(crate) fn add(&mut self, other: &Self, times: i64) {
        let own = self.steps.iter_mut().flatten().flatten();
        for (own, other) in own.zip(other.steps.iter().flatten().flatten()) {
            *own += times * other;
        }
        self.per_week += times * other.per_week;
    }

    /// Whether every plan costs the same.
    pub(crate) fn is_flat(&self) -> bool {
        let flat = |weeks: &Vec<i64>| weeks.windows(2).all(|p| p[0] == p[1]);
        self.per_week == 0 && self.steps.iter().flatten().all(flat)
    }

    /// What a complete plan costs. A step beyond the weeks planned costs what it does in the last one.
    pub fn value(&self, plan: &WavePlan) -> i64 {
        let cost = |costs: &Vec<i64>, week: u32| {
            let known = usize::try_from(week).ok().and_then(|w| costs.get(w));
            known.or(costs.last()).copied().unwrap_or(0)
        };
        let steps = self.steps.iter().zip(&plan.weeks);
        let steps = steps.flat_map(|(costs, weeks)| costs.iter().zip(weeks));
        let sum: i64 = steps.map(|(costs, week)| cost(costs, *week)).sum();
        sum + self.per_week * i64::from(plan.length_weeks())
    }
}

/// How much of its wishes a party gets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Satisfaction {
    /// Between nothing (0) and everything (1).
    pub ratio: f64,
    /// Hundredths of a percent of its points that it gets…
    pub points: i64,
    /// …of so many.
    pub points_all: i64,
}

impl Satisfaction {
    /// Of a plan; a party without wishes has all it wishes.
    pub fn of(model: &Model, side: Side, plan: &WavePlan) -> Self {
        let own = model.preferences.iter().filter(|p| p.owner == side);
        let points_all = own.map(|p| i64::from(p.points) * PER_POINT).sum();
        let points = points_all - Goal::unmet(model, side).value(plan);
        Self {
            ratio: if points_all == 0 {
                1.0
            } else {
                ratio(points, points_all)
            },
            points,
            points_all,
        }
    }
}

/// A quotient of whole numbers as people read it.
#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of a plan stay far below 2^52"
)]
pub(crate) fn ratio(a: i64, b: i64) -> f64 {
    a as f64 / b as f64
}

/// A whole number as the solver takes it.
pub(crate) fn real(n: i64) -> f64 {
    ratio(n, 1)
}
