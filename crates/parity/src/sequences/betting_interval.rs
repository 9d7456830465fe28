//! The hedged betting interval (Waudby-Smith & Ramdas 2024): a mean in [0, 1] from few values, as of reviews and answers.

use super::empirical_bernstein::Stakes;
use serde::{Deserialize, Serialize};

/// Candidate means are 1/1000 apart; ends are widened by one step.
const STEPS: u16 = 1_000;
/// A stake is at most c/m up and c/(1−m) down.
const C: f64 = 0.5;

/// A confidence sequence of one mean: about a thousand candidates, whatever the number of values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BettingInterval {
    alpha: f64,
    stakes: Stakes,
    up: Vec<f64>,
    down: Vec<f64>,
}

impl BettingInterval {
    /// No value yet; two-sided level `alpha`.
    pub fn new(alpha: f64) -> Self {
        let candidates = usize::from(STEPS) + 1;
        Self {
            alpha,
            stakes: Stakes::new(),
            up: vec![0.0; candidates],
            down: vec![0.0; candidates],
        }
    }

    /// One value in [0, 1].
    pub fn add(&mut self, x: f64) {
        let stake = self.stakes.next(self.alpha / 2.0);
        self.stakes.add(x);
        for (index, (up, down)) in (0..=STEPS).zip(self.up.iter_mut().zip(&mut self.down)) {
            let mean = f64::from(index) / f64::from(STEPS);
            *up += (stake.min(C / mean) * (x - mean)).ln_1p();
            *down += (-stake.min(C / (1.0 - mean)) * (x - mean)).ln_1p();
        }
    }

    /// The means that no bet has refuted.
    pub fn interval(&self) -> (f64, f64) {
        let kept = |(up, down): (&f64, &f64)| up.max(*down) + 0.5_f64.ln() <= -self.alpha.ln();
        let keeps: Vec<bool> = self.up.iter().zip(&self.down).map(kept).collect();
        let step = 1.0 / f64::from(STEPS);
        let at = |index: usize| f64::from(u16::try_from(index).unwrap_or(STEPS)) * step;
        let first = keeps.iter().position(|keep| *keep).map_or(0.0, at);
        let last = keeps.iter().rposition(|keep| *keep).map_or(1.0, at);
        ((first - step).max(0.0), (last + step).min(1.0))
    }
}
