//! Agents by 15-minute interval.

use super::agents_needed;
use super::shrinkage::Shrinkage;
use crate::error::CapacityError;
use crate::load::{Load, Patience, ServiceTarget};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The length of an interval, as everywhere in the trade.
pub const INTERVAL_MIN: i64 = 15;
/// The most intervals staffed at once: five years.
pub const INTERVALS_MAX: usize = 5 * 366 * 96;

/// What is expected in one interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct IntervalLoad {
    /// Its first instant.
    pub start: Timestamp,
    /// Calls and handle time.
    pub load: Load,
}

/// What one interval asks for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Requirement {
    /// Its first instant.
    pub start: Timestamp,
    /// Calls and handle time.
    pub load: Load,
    /// Agents on the phones.
    pub agents: u32,
    /// Agents on the phones if calls take longer.
    pub agents_stress: u32,
    /// People to roster for `agents`, shrinkage considered.
    pub rostered: u64,
}

/// How intervals are staffed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// Patience of the callers.
    pub patience: Patience,
    /// What was promised.
    pub target: ServiceTarget,
    /// Handle times are multiplied by this for the stress case.
    pub aht_stress: f64,
    /// Time off the phones.
    pub shrinkage: Shrinkage,
}

/// The agents of each interval.
///
/// # Errors
/// More than [`INTERVALS_MAX`] intervals, or an interval that no centre could staff.
pub fn requirements(
    intervals: &[IntervalLoad],
    rules: &Rules,
) -> Result<Vec<Requirement>, CapacityError> {
    if intervals.len() > INTERVALS_MAX {
        return Err(CapacityError::TooMany {
            what: "intervals",
            have: intervals.len(),
            max: INTERVALS_MAX,
        });
    }
    let one = |interval: &IntervalLoad| {
        let stressed = interval.load.with_aht_times(rules.aht_stress)?;
        let agents = agents_needed(interval.load, rules.patience, rules.target)?;
        Ok(Requirement {
            start: interval.start,
            load: interval.load,
            agents,
            agents_stress: agents_needed(stressed, rules.patience, rules.target)?,
            rostered: rules.shrinkage.rostered(agents),
        })
    };
    intervals.iter().map(one).collect()
}
