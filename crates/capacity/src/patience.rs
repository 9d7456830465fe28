//! How long callers wait before they hang up, from waits that mostly ended in an answer.
//!
//! Whoever was answered would have waited longer: how long is unknown (the observation is censored). Averaging the waits of those
//! who hung up therefore makes callers look far less patient than they are. Kaplan & Meier (1958) count both rightly; θ, the
//! hang-up rate of Erlang A, is hang-ups ÷ total time waited by everybody (Brown et al. 2005).

use crate::error::CapacityError;
use crate::load::Patience;
use crate::numbers::real;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One caller's wait.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// How long, in milliseconds.
    pub wait_ms: u64,
    /// Whether the caller hung up; else somebody answered.
    pub abandoned: bool,
}

/// One step of a survival curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// From this wait on.
    pub wait_ms: u64,
    /// Part of the callers who would still be waiting, 0–1.
    pub still_waiting: f64,
    /// Standard error of that part (Greenwood 1926).
    pub standard_error: f64,
}

/// What a history tells about patience.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PatienceCurve {
    /// Callers who waited at all.
    pub waited: u64,
    /// Of them, hung up.
    pub abandoned: u64,
    /// Time waited by all of them together.
    pub total_wait_ms: u64,
    /// The Kaplan–Meier curve, one step at each wait after which somebody hung up.
    pub steps: Vec<Step>,
}

/// With fewer hang-ups the patience learnt is chance.
pub const HANG_UPS_MIN: u64 = 30;

/// The most steps kept: whole seconds up to almost three hours.
const STEPS_MAX: usize = 10_000;

impl PatienceCurve {
    /// Learns from waits in any order. Calls answered at once (wait 0) tell nothing about patience and are left out.
    ///
    /// # Errors
    /// Waits end at more than 10,000 different times: round them to seconds.
    pub fn learn(waits: &[Wait]) -> Result<Self, CapacityError> {
        let mut counts: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
        for wait in waits {
            let at = counts.entry(wait.wait_ms).or_default();
            let place = if wait.abandoned { &mut at.0 } else { &mut at.1 };
            *place += 1;
        }
        let counted = counts.into_iter();
        Self::learn_counted(counted.map(|(wait_ms, (gone, answered))| (wait_ms, gone, answered)))
    }

    /// Learns from counted waits in rising order: the wait in ms, how many hung up after it, how many were answered.
    ///
    /// # Errors
    /// As [`Self::learn`].
    pub fn learn_counted(
        counted: impl IntoIterator<Item = (u64, u64, u64)>,
    ) -> Result<Self, CapacityError> {
        let counted: Vec<_> = counted.into_iter().filter(|(ms, ..)| *ms > 0).collect();
        let mut curve = Self {
            waited: counted.iter().map(|(_, gone, left)| gone + left).sum(),
            abandoned: counted.iter().map(|(_, gone, _)| gone).sum(),
            total_wait_ms: counted.iter().fold(0, |sum, (ms, gone, left)| {
                sum.saturating_add(ms.saturating_mul(gone + left))
            }),
            steps: Vec::new(),
        };
        let (mut at_risk, mut still_waiting, mut variance) = (curve.waited, 1.0, 0.0);
        for (wait_ms, gone, answered) in counted {
            if gone > 0 {
                still_waiting *= count(at_risk - gone) / count(at_risk);
                if at_risk > gone {
                    variance += count(gone) / (count(at_risk) * count(at_risk - gone));
                }
                curve.steps.push(Step {
                    wait_ms,
                    still_waiting,
                    standard_error: still_waiting * f64::sqrt(variance),
                });
            }
            at_risk -= gone + answered;
        }
        if curve.steps.len() > STEPS_MAX {
            return Err(CapacityError::TooMany {
                what: "different waits",
                have: curve.steps.len(),
                max: STEPS_MAX,
            });
        }
        Ok(curve)
    }

    /// Part of the callers who would still be waiting after so long, 0–1.
    pub fn still_waiting(&self, wait_ms: u64) -> f64 {
        let passed = self.steps.partition_point(|step| step.wait_ms <= wait_ms);
        let last = passed.checked_sub(1).and_then(|i| self.steps.get(i));
        last.map_or(1.0, |step| step.still_waiting)
    }

    /// The wait after which at most so large a part would still be waiting (0.5: the median patience); none where so many
    /// were answered that nobody knows.
    pub fn quantile_ms(&self, still_waiting: f64) -> Option<u64> {
        let step = self.steps.iter().find(|s| s.still_waiting <= still_waiting);
        step.map(|step| step.wait_ms)
    }

    /// Mean patience for Erlang A, 1/θ = time waited by all ÷ hang-ups, in seconds; none where nobody hung up.
    pub fn mean_s(&self) -> Option<f64> {
        let total_s = std::time::Duration::from_millis(self.total_wait_ms).as_secs_f64();
        (self.abandoned > 0).then(|| total_s / count(self.abandoned))
    }

    /// For Erlang A; none where so few hung up that it would be chance.
    pub fn measured(&self) -> Option<Patience> {
        let enough = self.abandoned >= HANG_UPS_MIN;
        self.mean_s()
            .filter(|_| enough)
            .map(|patience_s| Patience::Mean { patience_s })
    }
}

fn count(calls: u64) -> f64 {
    real(usize::try_from(calls).unwrap_or(usize::MAX))
}
