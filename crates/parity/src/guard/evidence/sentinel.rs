//! Under-triage: found by blinded double re-triage of a sample and by 24-hour follow-up, not by comparing outcome mixes.

use super::Reading;
use crate::guard::record::{Arm, Place};
use crate::rules::Margin;
use crate::sequences::cusum::{Cusum, risk_adjusted_weight};
use serde::{Deserialize, Serialize};

/// The harm looked for: twice the odds of the client's own baseline in the stratum.
const ODDS_RATIO: f64 = 2.0;
/// The sum at which it alarms.
const LIMIT: f64 = 4.0;

/// The sum over the outsourced arm's re-triaged calls, each weighed by its stratum's own risk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sentinel {
    cusum: Cusum,
    alarmed_us: Option<i64>,
}

impl Sentinel {
    /// One adjudicated call: was it found less urgent than it was?
    pub(super) fn add(&mut self, place: &Place, under_triaged: bool, margin: Margin) {
        if place.arm == Arm::InHouse {
            return;
        }
        let weight = risk_adjusted_weight(margin.baseline, ODDS_RATIO, under_triaged);
        if self.cusum.add(weight, LIMIT) {
            self.alarmed_us = Some(place.at_us);
        }
    }

    pub(super) fn read(&self, since_us: i64) -> Reading {
        Reading {
            weight_of_evidence: self.cusum.outcomes(),
            alarm: self.alarmed_us.is_some_and(|at_us| at_us >= since_us),
            ..Reading::default()
        }
    }
}

/// Re-triaged calls between false alarms when the outsourced share is exactly the baseline's `p`; printed at signing.
///
/// The chain steps in whole multiples of what a good outcome takes off, so the limit is met to within one step.
pub(in crate::guard) fn run_length(p: f64) -> f64 {
    let down = -risk_adjusted_weight(p, ODDS_RATIO, false);
    let steps = |value: f64| super::rounded(value / down);
    let up = usize::try_from(steps(risk_adjusted_weight(p, ODDS_RATIO, true))).unwrap_or(1);
    let limit = usize::try_from(steps(LIMIT)).unwrap_or(1);
    crate::sequences::cusum::bernoulli_run_length(p, up.max(1), 1, limit.clamp(1, 600))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::record::StratumId;

    #[test]
    fn a_run_of_misses_alarms_and_in_house_calls_do_not_count() {
        let margin = Margin {
            baseline: 0.02,
            allowed: 0.04,
            ratio: 2.0,
        };
        let place = |arm, at_us| Place {
            at_us,
            arm,
            pi_bp: 5_000,
            caller: None,
            stratum: StratumId(0),
            segments: [None; 3],
        };
        let mut sentinel = Sentinel::default();
        for i in 0..20 {
            sentinel.add(&place(Arm::InHouse, i), true, margin);
        }
        assert!(!sentinel.read(0).alarm);
        for i in 0..6 {
            sentinel.add(&place(Arm::Outsourced, 100 + i), true, margin);
        }
        assert!(sentinel.read(0).alarm);
        assert!(
            !sentinel.read(200).alarm,
            "an alarm before the step is not the step's"
        );
    }

    #[test]
    fn at_the_baseline_it_alarms_seldom() {
        let at_two_percent = run_length(0.02);
        assert!(at_two_percent > 1_500.0, "{at_two_percent}");
    }
}
