//! Whose bad events are they? The event-share e-process (Lindon & Malek 2022 family) for rates of per-call quality.
//!
//! A bad event seen under routing share π belongs to the outsourced arm with chance q = πθ/(πθ+1−π) if its rate is θ times
//! the in-house rate. Season, ramp and hour change how many events there are, not whose they are: they cancel.

use super::log_mean;
use crate::guard::record::Arm;
use serde::{Deserialize, Serialize};

/// ln of the chance that an event seen under share `pi` (between 0 and 1, neither) belongs to `arm`, whose rate in the outsourced
/// arm is `ratio` times the in-house rate.
pub fn log_chance(pi: f64, ratio: f64, arm: Arm) -> f64 {
    let total = (pi * ratio + 1.0 - pi).ln();
    match arm {
        Arm::Outsourced => (pi * ratio).ln() - total,
        Arm::InHouse => (1.0 - pi).ln() - total,
    }
}

/// Log-likelihoods of rate ratios, over a fixed list of ratios that may differ by stratum; constant memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventShare {
    log_likelihood: Vec<f64>,
}

impl EventShare {
    /// No events yet, for a list of this many ratios.
    pub fn new(ratios: usize) -> Self {
        Self {
            log_likelihood: vec![0.0; ratios],
        }
    }

    /// One event, by what [`log_chance`] says of it at each ratio of the list.
    pub fn add(&mut self, log_chances: &[f64]) {
        for (sum, log) in self.log_likelihood.iter_mut().zip(log_chances) {
            *sum += log;
        }
    }

    /// ln of the e-value against the ratio at `null`, betting with these weights (sum 1) on the ratios they stand at.
    pub fn log_e(&self, null: usize, weights: &[f64]) -> f64 {
        let at_null = self.log_likelihood.get(null).copied().unwrap_or(0.0);
        let bets = weights
            .iter()
            .copied()
            .zip(self.log_likelihood.iter().copied());
        log_mean(bets.filter(|(weight, _)| *weight > 0.0)) - at_null
    }

    /// The place of the likeliest ratio; the first of equals.
    pub fn likeliest(&self) -> usize {
        let mut best = 0;
        for (index, value) in self.log_likelihood.iter().enumerate() {
            if *value > self.log_likelihood[best] {
                best = index;
            }
        }
        best
    }

    /// First and last place whose ratio is not refuted at any time by a bet spread evenly over the list.
    pub fn not_refuted(&self, alpha: f64) -> (usize, usize) {
        let count = crate::kpi::float(self.log_likelihood.len() as u64);
        let even = log_mean(self.log_likelihood.iter().map(|log| (1.0 / count, *log)));
        let kept = |log: &f64| even - log < -alpha.ln();
        let first = self.log_likelihood.iter().position(kept).unwrap_or(0);
        let last = self.log_likelihood.iter().rposition(kept).unwrap_or(0);
        (first, last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapping_the_arms_inverts_the_ratio() {
        let ratios = [0.5, 1.0, 2.0];
        let (mut one, mut other) = (EventShare::new(3), EventShare::new(3));
        for _ in 0..7 {
            one.add(&ratios.map(|ratio| log_chance(0.3, ratio, Arm::Outsourced)));
            other.add(&ratios.map(|ratio| log_chance(0.7, 1.0 / ratio, Arm::InHouse)));
        }
        for (a, b) in one.log_likelihood.iter().zip(&other.log_likelihood) {
            assert!((a - b).abs() < 1e-12);
        }
    }
}
