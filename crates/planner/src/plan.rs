//! A wave plan: in which week each step of each cell is taken.

use crate::model::Model;
use jiff::civil::Date;
use segue_domain::canonical;
use serde::{Deserialize, Serialize};

/// In which week each step is taken: one list per cell, in the order of the model, one week per share step.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WavePlan {
    /// Weeks, counted from 0.
    pub weeks: Vec<Vec<u32>>,
}

/// One step as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TakenStep {
    /// The cell: `RVS-Main/MSG/night`.
    pub cell: String,
    /// Which step, counted from 1.
    pub step: u32,
    /// The share from then on.
    pub share_percent: u32,
    /// The week, counted from 0.
    pub week: u32,
    /// The Monday of that week.
    pub monday: Date,
}

impl WavePlan {
    /// Every step, in the order of weeks.
    pub fn steps(&self, model: &Model) -> Vec<TakenStep> {
        let mut steps = Vec::new();
        for (cell, weeks) in model.cells.iter().zip(&self.weeks) {
            for (n, (share, week)) in (1..).zip(model.shares(cell).iter().zip(weeks)) {
                steps.push(TakenStep {
                    cell: cell.name(),
                    step: n,
                    share_percent: *share,
                    week: *week,
                    monday: model.monday(*week),
                });
            }
        }
        // The order of the cells stays within a week.
        steps.sort_by_key(|s| s.week);
        steps
    }

    /// The hash that both parties sign: over what moves, by which rules, and when.
    pub fn hash(&self, model: &Model) -> String {
        canonical::hash("wave-plan", &(model, self))
    }

    /// How many weeks the plan takes, to the week of its last step.
    pub fn length_weeks(&self) -> u32 {
        self.weeks.iter().flatten().max().map_or(0, |w| w + 1)
    }
}
