//! Whose bad events are they? The event-share e-process (Lindon & Malek 2022 family) for rates of per-call quality.
//!
//! A bad event seen under routing share π belongs to the outsourced arm with chance q = πθ/(πθ+1−π) if its rate is θ times
//! the in-house rate. Season, ramp and hour change how many events there are, not whose they are: they cancel.

use super::log_mean;
use serde::{Deserialize, Serialize};

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

    /// Events seen under the share `pi` (strictly between 0 and 1; others carry no comparison and are not added).
    pub fn add(&mut self, pi: f64, ratios: &[f64], outsourced: u32, in_house: u32) {
        if !(pi > 0.0 && pi < 1.0) {
            return;
        }
        let (out, home) = (f64::from(outsourced), f64::from(in_house));
        for (sum, ratio) in self.log_likelihood.iter_mut().zip(ratios) {
            let weight = pi * ratio;
            let total = (weight + 1.0 - pi).ln();
            *sum += out * (weight.ln() - total) + home * ((1.0 - pi).ln() - total);
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
    fn a_share_of_nothing_or_everything_is_no_comparison() {
        let mut events = EventShare::new(2);
        events.add(0.0, &[1.0, 2.0], 0, 9);
        events.add(1.0, &[1.0, 2.0], 9, 0);
        assert_eq!(events, EventShare::new(2));
    }

    #[test]
    fn swapping_the_arms_inverts_the_ratio() {
        let (ratios, inverse) = ([0.5, 1.0, 2.0], [2.0, 1.0, 0.5]);
        let (mut one, mut other) = (EventShare::new(3), EventShare::new(3));
        one.add(0.3, &ratios, 7, 4);
        other.add(0.7, &inverse, 4, 7);
        for (a, b) in one.log_likelihood.iter().zip(&other.log_likelihood) {
            // The likelihoods differ by the ratio's own scale, which the e-value does not see.
            assert!(((a - one.log_likelihood[1]) - (b - other.log_likelihood[1])).abs() < 1e-12);
        }
    }
}
