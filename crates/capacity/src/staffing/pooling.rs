//! What sharing costs: two halves of a queue need more people than the whole.

use super::agents_needed;
use crate::error::CapacityError;
use crate::load::{Load, Patience, ServiceTarget};
use serde::{Deserialize, Serialize};

/// One queue at one place, against the same calls split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolingLoss {
    /// Agents when all calls arrive at one place.
    pub together: u32,
    /// Agents at each place when they are split.
    pub apart: Vec<u32>,
    /// How many more that is.
    pub extra: u32,
}

/// What it takes when the calls are split by these shares (basis points of the calls) instead of answered at one place.
///
/// # Errors
/// No centre has as many agents as it would take.
pub fn pooling_loss(
    load: Load,
    patience: Patience,
    target: ServiceTarget,
    shares_bp: &[u32],
) -> Result<PoolingLoss, CapacityError> {
    let part = |share_bp: &u32| {
        let part = load.with_calls_times(f64::from(*share_bp) / 10_000.0)?;
        agents_needed(part, patience, target)
    };
    let together = agents_needed(load, patience, target)?;
    let apart = shares_bp.iter().map(part).collect::<Result<Vec<_>, _>>()?;
    let sum = apart.iter().fold(0_u32, |sum, n| sum.saturating_add(*n));
    Ok(PoolingLoss {
        together,
        apart,
        extra: sum.saturating_sub(together),
    })
}
