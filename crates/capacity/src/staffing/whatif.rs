//! One question of a workforce planner: so many calls, so long, so many agents; and if calls take longer than planned?

use super::agents_needed;
use crate::erlang::{Performance, performance};
use crate::error::CapacityError;
use crate::load::{Load, Patience, ServiceTarget};
use serde::{Deserialize, Serialize};

/// The usual stress: every call takes 30 % longer (A14).
pub const AHT_STRESS: f64 = 1.3;

/// The question.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Calls and handle time.
    pub load: Load,
    /// Patience of the callers.
    pub patience: Patience,
    /// Agents on the phones.
    pub agents: u32,
    /// What was promised.
    pub target: ServiceTarget,
    /// The handle time is multiplied by this for the stress case.
    pub aht_stress: f64,
}

/// One case of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Calls and handle time of the case.
    pub load: Load,
    /// What the agents asked about reach.
    pub performance: Performance,
    /// Whether they reach the target.
    pub reaches: bool,
    /// How many it takes.
    pub agents_needed: u32,
}

/// As planned, and under stress.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WhatIf {
    /// As planned.
    pub planned: Case,
    /// With longer calls.
    pub stress: Case,
}

/// The answer.
///
/// # Errors
/// The stress is no number, or no centre has as many agents as it would take.
pub fn what_if(question: Question) -> Result<WhatIf, CapacityError> {
    Ok(WhatIf {
        planned: case(&question, question.load)?,
        stress: case(
            &question,
            question.load.with_aht_times(question.aht_stress)?,
        )?,
    })
}

fn case(question: &Question, load: Load) -> Result<Case, CapacityError> {
    let target = question.target;
    let within_s = f64::from(target.within_s);
    let performance = performance(load, question.patience, question.agents, within_s)?;
    let agents_needed = agents_needed(load, question.patience, target)?;
    Ok(Case {
        load,
        performance,
        reaches: question.agents >= agents_needed,
        agents_needed,
    })
}
