//! Shrinkage: the part of paid time that people are not on the phones. In integers, because `ceil(9 / (1 − 0.55))` is 21 in
//! floating point and 20 in truth.

use crate::error::CapacityError;
use serde::{Deserialize, Serialize};

/// The whole, in basis points.
const WHOLE_BP: u32 = 10_000;

/// The part of paid time off the phones (leave, training, breaks, sickness), in basis points below the whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Shrinkage(u32);

impl Shrinkage {
    /// So many basis points: 3,000 is 30 %.
    ///
    /// # Errors
    /// At 100 % nobody would ever be on the phones.
    pub const fn from_bp(bp: u32) -> Result<Self, CapacityError> {
        if bp < WHOLE_BP {
            return Ok(Self(bp));
        }
        Err(CapacityError::Share {
            name: "shrinkage",
            value_bp: bp,
            below_bp: WHOLE_BP,
            why: "at 100 % nobody would be on the phones",
        })
    }

    /// In basis points.
    pub const fn bp(self) -> u32 {
        self.0
    }

    /// How many to roster so that so many are on the phones: the least whole number n with n × (1 − shrinkage) ≥ agents.
    pub fn rostered(self, agents: u32) -> u64 {
        (u64::from(agents) * u64::from(WHOLE_BP)).div_ceil(u64::from(WHOLE_BP - self.0))
    }
}

impl TryFrom<u32> for Shrinkage {
    type Error = CapacityError;

    fn try_from(bp: u32) -> Result<Self, CapacityError> {
        Self::from_bp(bp)
    }
}

impl From<Shrinkage> for u32 {
    fn from(shrinkage: Shrinkage) -> Self {
        shrinkage.0
    }
}
