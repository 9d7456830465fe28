//! What every solver is asked and answers.

use crate::goal::Goal;
use crate::model::Model;
use crate::plan::WavePlan;
use thiserror::Error;

/// How much a solver may spend. The seed and the single thread make the same question give the same plan, as long as the
/// time did not run out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Seconds.
    pub time_limit_s: u32,
    /// A plan within this share of the bound is good enough, in basis points.
    pub gap_bp: u32,
    /// For the solver's own dice.
    pub seed: u32,
}

impl Default for Budget {
    /// Sixty seconds (planning handbook, wave plan 1) to the optimum.
    fn default() -> Self {
        Self {
            time_limit_s: 60,
            gap_bp: 0,
            seed: 1,
        }
    }
}

/// One question to a solver.
#[derive(Clone, Debug)]
pub struct Task<'a> {
    /// By these rules.
    pub model: &'a Model,
    /// The least of this.
    pub goal: &'a Goal,
    /// Each of these at most so much.
    pub limits: &'a [(Goal, i64)],
    /// The largest of these, each times its factor, is to be as small as can be; with `goal` of no meaning then.
    pub fairest: &'a [Claim],
    /// A plan known to keep every rule and limit.
    pub start: Option<&'a WavePlan>,
    /// Spend at most.
    pub budget: Budget,
}

/// One party's claim in a fair division: `(goal − ideal) / span` is what it gives up.
#[derive(Clone, Debug)]
pub struct Claim {
    /// What it does not get.
    pub unmet: Goal,
    /// The least it can be.
    pub ideal: i64,
    /// From the ideal to the disagreement point; above 0.
    pub span: i64,
}

impl<'a> Task<'a> {
    /// The least of a goal, and nothing else.
    pub fn new(model: &'a Model, goal: &'a Goal, budget: Budget) -> Self {
        Self {
            model,
            goal,
            limits: &[],
            fairest: &[],
            start: None,
            budget,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A plan that passed the checker.
    Planned(Solved),
    /// There is none.
    Infeasible,
    /// None was found in the budget.
    Unknown,
}

impl Outcome {
    /// The plan, if there is one.
    pub fn planned(self) -> Option<Solved> {
        match self {
            Self::Planned(solved) => Some(solved),
            Self::Infeasible | Self::Unknown => None,
        }
    }
}

/// A plan and how good it is known to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Solved {
    /// The plan.
    pub plan: WavePlan,
    /// What it costs by the goal.
    pub value: i64,
    /// At most so much worse than the best plan, as a share of the value; nothing is known where absent.
    pub gap: Option<f64>,
}

/// Why a solver did not answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SolveError {
    /// The solver failed.
    #[error(
        "the solver stopped: {0}; `segue plan draft --greedy` plans without it, and keep the model for a report"
    )]
    Solver(String),
    /// The solver's plan breaks a rule: a fault of the planner, never shown as a plan.
    #[error(
        "the plan found breaks {rule} ({text}); this is a fault of the planner: keep the model for a report"
    )]
    Refused {
        /// The rule.
        rule: String,
        /// How.
        text: String,
    },
}

/// Something that makes plans.
pub trait Solver {
    /// Answers one question. A plan in the answer passed [`crate::checker::violations`].
    ///
    /// # Errors
    /// [`SolveError`] when there is no answer at all.
    fn solve(&self, task: &Task<'_>) -> Result<Outcome, SolveError>;
}
