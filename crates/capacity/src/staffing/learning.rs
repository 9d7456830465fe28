//! The learning curve: new agents take longer, and come down to the settled handle time with the calls they have handled.
//!
//! Longer calls, not more calls, broke NHS Direct (`domain.md`, finding 5): the capacity gate has to know how long calls are in
//! the weeks of the ramp, not at the end of it.

use crate::error::{CapacityError, quantity};
use serde::{Deserialize, Serialize};

/// Handle time by experience: the excess over the settled time halves every so many calls.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LearningCurve {
    /// Handle time of somebody who has learnt.
    pub settled_aht_s: f64,
    /// Handle time of a first call.
    pub first_aht_s: f64,
    /// Calls handled until half of the excess is gone.
    pub halves_every_calls: f64,
}

impl LearningCurve {
    /// A curve from the first call to the settled time.
    ///
    /// # Errors
    /// A figure is negative, infinite or no number.
    pub fn new(
        settled_aht_s: f64,
        first_aht_s: f64,
        halves_every_calls: f64,
    ) -> Result<Self, CapacityError> {
        Ok(Self {
            settled_aht_s: quantity("the settled handle time", settled_aht_s, "seconds")?,
            first_aht_s: quantity("the first handle time", first_aht_s, "seconds")?,
            halves_every_calls: quantity("the half-life", halves_every_calls, "calls")?,
        })
    }

    /// Handle time of somebody who has handled so many calls.
    pub fn aht_s_after(&self, calls: u32) -> f64 {
        let left = if self.halves_every_calls > 0.0 {
            (-f64::from(calls) / self.halves_every_calls).exp2()
        } else {
            0.0
        };
        self.settled_aht_s + (self.first_aht_s - self.settled_aht_s) * left
    }

    /// Average handle time of a team by the calls each has handled: busy alike, the slower ones take fewer calls, so it is the
    /// harmonic mean. None for an empty team.
    pub fn team_aht_s(&self, calls_handled: &[u32]) -> Option<f64> {
        let per_s: f64 = calls_handled
            .iter()
            .map(|calls| 1.0 / self.aht_s_after(*calls))
            .sum();
        (per_s > 0.0).then(|| crate::numbers::real(calls_handled.len()) / per_s)
    }
}
