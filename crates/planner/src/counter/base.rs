//! What a counter-proposal starts from, and what must be so before it can.

use crate::checker::{self, Violation};
use crate::model::{Cell, Model, ModelError, WEEKS_MAX};
use crate::plan::WavePlan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use thiserror::Error;

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

/// Why nothing can start from a base.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BaseError {
    /// Its model is none.
    #[error("base: {0}")]
    Model(#[from] ModelError),
    /// Its plan is no plan of its model.
    #[error("base: {}; `segue plan check` with the base's model and plan says all", .0.text)]
    Plan(Violation),
    /// Weeks are counted from different Mondays.
    #[error(
        "weeks of the base are counted from {base}, those of the model from {model}; give both the same `first_monday`"
    )]
    FirstMonday {
        /// Of the base.
        base: Date,
        /// Of the new model.
        model: Date,
    },
    /// A week beyond any plan.
    #[error("base: `{field}` is {week}; weeks are counted from 0 to {WEEKS_MAX}")]
    Week {
        /// Which field.
        field: &'static str,
        /// What it says.
        week: u32,
    },
    /// Something settled is not in the new model.
    #[error(
        "steps of {cell} are taken or agreed, and the model no longer has {what}; keep the cell and the shares of these steps"
    )]
    Gone {
        /// The cell.
        cell: String,
        /// What is missing.
        what: String,
    },
    /// A plan that is to stand has no date for something.
    #[error(
        "the base plan has no date for step {step} of {cell}; without all dates it cannot stand if nobody agrees"
    )]
    Undated {
        /// The cell.
        cell: String,
        /// The step, counted from 1.
        step: usize,
    },
}

impl Base {
    /// Refuses a base that a counter-proposal by these rules cannot start from. The plan itself may break rules of its model:
    /// what happened, happened.
    ///
    /// # Errors
    /// [`BaseError`], naming the first thing that is wrong.
    pub fn validate(&self, model: &Model) -> Result<(), BaseError> {
        self.model.validate()?;
        if let Some(wrong) = checker::shape(&self.model, &self.plan).into_iter().next() {
            return Err(BaseError::Plan(wrong));
        }
        if let Some(late) = checker::horizon(&self.model, &self.plan).into_iter().next() {
            return Err(BaseError::Plan(late));
        }
        if self.model.first_monday != model.first_monday {
            return Err(BaseError::FirstMonday {
                base: self.model.first_monday,
                model: model.first_monday,
            });
        }
        for (field, week) in [
            ("now_week", self.now_week),
            ("agreed_before_week", self.agreed_before_week),
        ] {
            if week > WEEKS_MAX {
                return Err(BaseError::Week { field, week });
            }
        }
        let cells = self.model.cells.iter().zip(&self.plan.weeks);
        cells
            .into_iter()
            .try_for_each(|(cell, weeks)| self.kept(model, cell, weeks))
    }

    /// What is taken or agreed of a cell is in the new model, at the same shares.
    fn kept(&self, model: &Model, cell: &Cell, weeks: &[u32]) -> Result<(), BaseError> {
        let stays = self.now_week.max(self.agreed_before_week);
        let settled = weeks.iter().filter(|week| **week < stays).count();
        if settled == 0 {
            return Ok(());
        }
        let gone = |what: &str| {
            Err(BaseError::Gone {
                cell: cell.name(),
                what: what.into(),
            })
        };
        let Some(own) = model.cells.iter().find(|c| c.name() == cell.name()) else {
            return gone("it");
        };
        let (before, after) = (self.model.shares(cell), model.shares(own));
        if after.get(..settled) != before.get(..settled) {
            return gone("their shares");
        }
        Ok(())
    }

    /// The plan's weeks in the order of another model; `None` for what it does not have.
    pub(super) fn anchors(&self, model: &Model) -> Vec<Vec<Option<u32>>> {
        let known = |name: &str| self.model.cells.iter().position(|c| c.name() == name);
        let weeks = |cell: &Cell| {
            let own = known(&cell.name()).and_then(|n| self.plan.weeks.get(n));
            (0..model.shares(cell).len())
                .map(|n| own.and_then(|w| w.get(n)).copied())
                .collect()
        };
        model.cells.iter().map(weeks).collect()
    }

    /// The plan as one of another model, where it has a date for each of its steps: what stands if nobody agrees.
    ///
    /// # Errors
    /// [`BaseError`] as for [`Base::validate`], and for a step without a date.
    pub fn standing(&self, model: &Model) -> Result<WavePlan, BaseError> {
        self.validate(model)?;
        let mut plan = WavePlan::default();
        for (cell, anchors) in model.cells.iter().zip(self.anchors(model)) {
            let dated = |(n, week): (usize, Option<u32>)| {
                week.ok_or_else(|| BaseError::Undated {
                    cell: cell.name(),
                    step: n + 1,
                })
            };
            let weeks: Result<Vec<_>, _> = anchors.into_iter().enumerate().map(dated).collect();
            plan.weeks.push(weeks?);
        }
        Ok(plan)
    }
}
