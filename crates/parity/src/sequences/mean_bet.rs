//! Is the outsourced mean worse? The inverse-propensity bet, for means of per-call quality under any schedule.
//!
//! Z = (Y − c)·(A/π − (1−A)/(1−π)) has the difference of the two means as its mean, whatever π did; wealth Π(1 + λ·(Z − d)) is a fair game when the
//! difference is d. The centre c is the running mean of what came before, so it costs nothing and takes the variance
//! of the level out. λ ≤ min(π, 1−π)/2 keeps every factor positive (`statistics.md`, IPW bet). Instead of one predicted
//! λ, fixed fractions of that bound are mixed.

use super::log_mean;
use super::normal_mixture;
use crate::kpi::float;
use serde::{Deserialize, Serialize};

/// Fractions of min(π, 1−π)/2 that are staked, evenly mixed.
const STAKES: [f64; 5] = [0.05, 0.12, 0.3, 0.6, 1.0];
const EVEN: f64 = 0.2;

/// Wealth of the same stakes in one game.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Wealth([f64; STAKES.len()]);

impl Wealth {
    fn bet(&mut self, bound: f64, outcome: f64) {
        for (log, stake) in self.0.iter_mut().zip(STAKES) {
            *log += (stake * bound * outcome).ln_1p();
        }
    }

    fn log(&self) -> f64 {
        log_mean(self.0.iter().map(|log| (EVEN, *log)))
    }
}

/// Evidence on the difference of two means of values in [0, 1], higher being worse; constant memory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MeanBet {
    harm: Wealth,
    beyond_margin: Wealth,
    noninferior: Wealth,
    values: u64,
    sum: f64,
    terms: f64,
    squares: f64,
    margins: f64,
}

impl MeanBet {
    /// One value `y` in [0, 1] of a call sent under `pi` (strictly between 0 and 1); `margin` is the difference allowed.
    pub fn add(&mut self, pi: f64, outsourced: bool, y: f64, margin: f64) {
        if !(pi > 0.0 && pi < 1.0) {
            return;
        }
        let centre = (self.sum + 0.5) / (float(self.values) + 1.0);
        let weight = if outsourced {
            1.0 / pi
        } else {
            -1.0 / (1.0 - pi)
        };
        let term = (y - centre) * weight;
        let bound = pi.min(1.0 - pi) / 2.0;
        self.harm.bet(bound, term);
        // |Z ± d| can exceed 1/min(π, 1−π) by d; half of the bound leaves room for every margin below it.
        self.beyond_margin.bet(bound, term - margin);
        self.noninferior.bet(bound, margin - term);
        self.values += 1;
        self.sum += y;
        self.terms += term;
        self.squares += term * term;
        self.margins += margin;
    }

    /// Values seen.
    pub const fn values(&self) -> u64 {
        self.values
    }

    /// ln of the e-value against "not worse than equal".
    pub fn log_e_harm(&self) -> f64 {
        self.harm.log()
    }

    /// ln of the e-value against "not worse than the margin".
    pub fn log_e_beyond_margin(&self) -> f64 {
        self.beyond_margin.log()
    }

    /// ln of the e-value against "worse than the margin".
    pub fn log_e_noninferior(&self) -> f64 {
        self.noninferior.log()
    }

    /// Whether the estimated difference is beyond the average margin.
    pub fn beyond_margin(&self) -> bool {
        self.terms > self.margins
    }

    /// An interval of the difference of means for display: normal mixture on the weighted terms, tuned to 500 values. It is
    /// asymptotic (the variance is estimated), so no verdict reads it.
    pub fn interval(&self, alpha: f64) -> Option<(f64, f64)> {
        let count = float(self.values);
        let mean = self.terms / count;
        let variance = self.squares / count - mean * mean;
        if self.values < 20 || variance <= 0.0 {
            return None;
        }
        let half = normal_mixture::bound(count * variance, alpha, 500.0 * variance, alpha) / count;
        Some((mean - half, mean + half))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapping_the_arms_swaps_the_sign() {
        let (mut one, mut other) = (MeanBet::default(), MeanBet::default());
        for i in 0..200_u32 {
            let (out, y) = (i % 3 == 0, f64::from(i % 7) / 7.0);
            one.add(0.3, out, y, 0.02);
            other.add(0.7, !out, y, 0.02);
        }
        assert!((one.terms + other.terms).abs() < 1e-9);
        let (a, b) = (one.interval(0.05).unwrap(), other.interval(0.05).unwrap());
        assert!((a.0 + b.1).abs() < 1e-12 && (a.1 + b.0).abs() < 1e-12);
    }

    #[test]
    fn a_worse_arm_is_found_and_an_equal_one_is_proved() {
        let (mut worse, mut equal) = (MeanBet::default(), MeanBet::default());
        for i in 0..6_000_u32 {
            let (out, y) = (i % 2 == 0, f64::from(i / 2 % 10) / 20.0);
            worse.add(0.5, out, if out { y + 0.2 } else { y }, 0.05);
            equal.add(0.5, out, y, 0.05);
        }
        assert!(worse.log_e_harm() > 3.0 && worse.log_e_beyond_margin() > 3.0);
        assert!(worse.beyond_margin() && worse.log_e_noninferior() < 0.0);
        assert!(equal.log_e_noninferior() > 3.0 && equal.log_e_harm() < 0.0);
    }
}
