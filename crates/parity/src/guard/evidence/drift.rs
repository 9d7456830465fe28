//! The mix of triage outcome levels against the concurrent in-house mix, in matched strata.
//!
//! Given a call's outcome level, its arm is a draw with its own π if both centres triage alike: each level is an event
//! share of its own, in both directions (more emergency: over-triage; less: possible under-triage), and the levels'
//! e-values are averaged. π matches the strata; nothing is pooled over time.

use super::Reading;
use crate::guard::record::Arm;
use crate::kpi::float;
use crate::sequences::event_share::{EventShare, log_chance};
use crate::sequences::log_mean;
use serde::{Deserialize, Serialize};

/// Rate ratios 1/3, 1/2, 2/3, 1, 3/2, 2, 3.
const RATIOS: [f64; 7] = [1.0 / 3.0, 0.5, 2.0 / 3.0, 1.0, 1.5, 2.0, 3.0];
const EQUAL: usize = 3;
const SIXTH: f64 = 1.0 / 6.0;
const BETS: [f64; 7] = [SIXTH, SIXTH, SIXTH, 0.0, SIXTH, SIXTH, SIXTH];

/// Evidence on one mix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Drift {
    levels: Vec<EventShare>,
    outcomes: u64,
}

impl Drift {
    pub(super) fn new(levels: usize) -> Self {
        Self {
            levels: vec![EventShare::new(RATIOS.len()); levels],
            outcomes: 0,
        }
    }

    /// One outcome, by its place in the rules' list; a place beyond it is no outcome.
    pub(super) fn add(&mut self, pi: f64, arm: Arm, level: f64) {
        let place = self
            .levels
            .iter_mut()
            .enumerate()
            .find(|(index, _)| (float(*index as u64) - level).abs() < 0.5);
        if let Some((_, events)) = place
            && pi > 0.0
            && pi < 1.0
        {
            events.add(&RATIOS.map(|ratio| log_chance(pi, ratio, arm)));
            self.outcomes += 1;
        }
    }

    pub(super) fn read(&self, alpha: f64) -> Reading {
        let count = float(self.levels.len() as u64);
        let levels = self.levels.iter();
        let log_e = log_mean(levels.map(|events| (1.0 / count, events.log_e(EQUAL, &BETS))));
        Reading {
            weight_of_evidence: self.outcomes,
            log_e_harm: log_e,
            alarm: log_e >= -alpha.ln(),
            ..Reading::default()
        }
    }
}
