//! Does the split that happened match the split that was promised? Dirichlet-multinomial Bayes factor on callers.
//!
//! A split that is not what π says makes every comparison unfair, so it holds before any verdict does.

use crate::kpi::float;
use serde::{Deserialize, Serialize};
use statrs::function::gamma::ln_gamma;
use std::collections::BTreeMap;

/// Concentration of the alternative around the promised share.
const CONCENTRATION: f64 = 100.0;

/// ln of the Bayes factor against `shares` (positive, sum 1), after `counts`; at least 1/α at any time has chance α.
pub fn log_bayes_factor(counts: &[u64], shares: &[f64], concentration: f64) -> f64 {
    let total: u64 = counts.iter().sum();
    let mut log = ln_gamma(concentration) - ln_gamma(concentration + float(total));
    for (count, share) in counts.iter().zip(shares) {
        let prior = concentration * share;
        log += ln_gamma(prior + float(*count)) - ln_gamma(prior) - float(*count) * share.ln();
    }
    log
}

/// Callers by the share in force when they were first assigned; at most one entry per basis point.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SampleRatio {
    by_share: BTreeMap<u16, [u64; 2]>,
}

impl SampleRatio {
    /// A caller's first assignment under `pi_bp`; 0 and 10000 promise nothing that could fail by chance.
    pub fn add(&mut self, pi_bp: u16, outsourced: bool) {
        if (1..10_000).contains(&pi_bp) {
            self.by_share.entry(pi_bp).or_default()[usize::from(outsourced)] += 1;
        }
    }

    /// ln of the combined Bayes factor: each share's draws are independent of the others', so their factors multiply.
    pub fn log_e(&self) -> f64 {
        self.by_share
            .iter()
            .map(|(pi_bp, counts)| {
                let pi = f64::from(*pi_bp) / 10_000.0;
                log_bayes_factor(counts, &[1.0 - pi, pi], CONCENTRATION)
            })
            .sum()
    }
}
