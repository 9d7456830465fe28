//! The empirical-Bernstein interval by predictable mixture (Waudby-Smith & Ramdas): a mean in [0, 1], constant memory.

use crate::kpi::float;
use serde::{Deserialize, Serialize};

/// λ is never larger.
const TRUNCATION: f64 = 0.5;

/// The predictable stakes λ shared by this interval and the betting interval: prior mean ½ and variance ¼ as one value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Stakes {
    values: u64,
    sum: f64,
    squares: f64,
}

impl Stakes {
    pub(super) const fn new() -> Self {
        Self {
            values: 0,
            sum: 0.5,
            squares: 0.25,
        }
    }

    /// λ for the next value, untruncated, at this one-sided level.
    pub(super) fn next(&self, alpha: f64) -> f64 {
        let time = float(self.values) + 1.0;
        let variance = self.squares / time;
        (-2.0 * alpha.ln() / (time * time.ln_1p() * variance)).sqrt()
    }

    pub(super) fn add(&mut self, x: f64) {
        self.values += 1;
        self.sum += x;
        let mean = self.sum / (float(self.values) + 1.0);
        self.squares += (x - mean).powi(2);
    }
}

/// A confidence sequence of one mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EmpiricalBernstein {
    alpha: f64,
    stakes: Stakes,
    values: u64,
    sum: f64,
    staked: f64,
    weighted: f64,
    lower: Side,
    upper: Side,
}

/// The tightest end so far: each interval holds at every time, so all of them together do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Side {
    spread: f64,
    best: f64,
}

impl EmpiricalBernstein {
    /// No value yet; two-sided level `alpha`.
    pub const fn new(alpha: f64) -> Self {
        let side = Side {
            spread: 0.0,
            best: 0.0,
        };
        Self {
            alpha,
            stakes: Stakes::new(),
            values: 0,
            sum: 0.0,
            staked: 0.0,
            weighted: 0.0,
            lower: side,
            upper: side,
        }
    }

    /// One value in [0, 1].
    pub fn add(&mut self, x: f64) {
        let half = self.alpha / 2.0;
        let stake = self.stakes.next(half).min(TRUNCATION);
        let psi = -(-stake).ln_1p() - stake;
        // The reference takes 0 as the mean before the first value, on the mirrored side too.
        let (below, above) = if self.values == 0 {
            (x, 1.0 - x)
        } else {
            let mean = self.sum / float(self.values);
            (x - mean, mean - x)
        };
        self.staked += stake;
        self.weighted += stake * x;
        self.stakes.add(x);
        self.values += 1;
        self.sum += x;
        let log = -half.ln();
        let centre = self.weighted / self.staked;
        for (side, deviation, centre) in [
            (&mut self.lower, below, centre),
            (&mut self.upper, above, 1.0 - centre),
        ] {
            side.spread += deviation * deviation * psi;
            let end = centre - (log + side.spread) / self.staked;
            side.best = side.best.max(end);
        }
    }

    /// The interval that has held at every time so far.
    pub fn interval(&self) -> (f64, f64) {
        (self.lower.best, 1.0 - self.upper.best)
    }
}
