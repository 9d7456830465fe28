//! An interval of a quantile that holds at all times (Howard & Ramdas 2022, double stitching), on counted waits.
//!
//! Averages hide the caller who waited eleven hours; a quantile with its interval does not.

use crate::kpi::float;
use serde::{Deserialize, Serialize};

const DELTA: f64 = 0.5;
const S: f64 = 1.4;
const ETA: f64 = 2.0;
/// Riemann's ζ at 1.4.
const ZETA_S: f64 = 3.105_547_277_977_553;

/// How far the empirical quantile `p` of `t` values may be off in rank; tightest from `t_tuned` values on.
pub fn double_stitching(p: f64, t: f64, alpha: f64, t_tuned: f64) -> f64 {
    let time = t.max(t_tuned);
    let logit = (p / (1.0 - p)).ln();
    let r = if p >= 0.5 {
        p
    } else {
        let shifted = logit + 2.0 * DELTA * (t_tuned * ETA / time).sqrt();
        (1.0 / (1.0 + (-shifted).exp())).min(0.5)
    };
    let variance = r * (1.0 - r);
    let j = (time / t_tuned).sqrt() * logit.abs() / (2.0 * DELTA) + 1.0;
    let ell = S * (ETA * time / t_tuned).ln().ln()
        + S * j.ln()
        + (2.0 * ZETA_S * (2.0 * ZETA_S + 1.0) / (alpha * ETA.ln().powf(S))).ln();
    let k1 = (ETA.powf(0.25) + ETA.powf(-0.25)) / 2.0_f64.sqrt();
    let linear = f64::midpoint(ETA.sqrt(), 1.0) * (1.0 - 2.0 * p) / 3.0 * ell;
    DELTA * (ETA * time * variance / t_tuned).sqrt()
        + (k1 * k1 * variance * time * ell + linear * linear).sqrt()
        + linear
}

/// Waits up to 2^36 ms in steps of about 3 %: 32 steps to a doubling.
const STEPS_PER_DOUBLING: u32 = 32;
const STEPS: usize = 36 * STEPS_PER_DOUBLING as usize;

/// Waits counted in steps of about 3 %; constant memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitQuantile {
    counts: Vec<u32>,
    waits: u64,
}

impl Default for WaitQuantile {
    fn default() -> Self {
        Self {
            counts: vec![0; STEPS],
            waits: 0,
        }
    }
}

impl WaitQuantile {
    /// One wait.
    pub fn add(&mut self, wait_ms: u32) {
        if let Some(count) = self.counts.get_mut(step(wait_ms)) {
            *count = count.saturating_add(1);
            self.waits += 1;
        }
    }

    /// Waits counted.
    pub const fn waits(&self) -> u64 {
        self.waits
    }

    /// The quantile `p` and its interval in seconds, rounded outwards to its step (the estimate up); ends beyond the data are left open.
    pub fn interval_s(&self, p: f64, alpha: f64) -> Option<(f64, Option<f64>, Option<f64>)> {
        let total = float(self.waits);
        let estimate = seconds(top_ms(self.step_of_rank((p * total).ceil())?));
        let above = double_stitching(p, total, alpha / 2.0, 100.0);
        let below = double_stitching(1.0 - p, total, alpha / 2.0, 100.0);
        let lower = self.step_of_rank((p * total - below).floor());
        let upper = self.step_of_rank((p * total + above).ceil());
        let bottom = |place: usize| place.checked_sub(1).map_or(0, top_ms);
        Some((
            estimate,
            lower.map(|place| seconds(bottom(place))),
            upper.map(|place| seconds(top_ms(place))),
        ))
    }

    fn step_of_rank(&self, rank: f64) -> Option<usize> {
        if rank < 1.0 {
            return None;
        }
        let mut seen = 0_u64;
        self.counts.iter().position(|count| {
            seen += u64::from(*count);
            float(seen) >= rank
        })
    }
}

fn seconds(ms: u64) -> f64 {
    float(ms) / 1_000.0
}

/// The step of a wait: exact below 32 ms, then its leading five bits after the first.
fn step(wait_ms: u32) -> usize {
    if wait_ms < STEPS_PER_DOUBLING {
        return wait_ms as usize;
    }
    let doubling = wait_ms.ilog2() - 5;
    let within = (wait_ms >> doubling) - STEPS_PER_DOUBLING;
    ((doubling + 1) * STEPS_PER_DOUBLING + within) as usize
}

/// The largest wait of a step, in milliseconds.
fn top_ms(place: usize) -> u64 {
    let place = place as u64;
    let per = u64::from(STEPS_PER_DOUBLING);
    if place < per {
        return place;
    }
    let doubling = place / per - 1;
    ((per + place % per + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_holds_its_wait_and_is_three_percent_wide() {
        for wait in [0, 31, 32, 33, 1_000, 30_000, 600_000, u32::MAX] {
            let top = top_ms(step(wait));
            assert!(top >= u64::from(wait), "{wait} in a step up to {top}");
            assert!(float(top) <= f64::from(wait) * 1.04 + 1.0, "{wait}: {top}");
        }
        assert!(step(u32::MAX) < STEPS);
    }

    #[test]
    fn the_interval_holds_the_quantile_and_narrows() {
        let width_after = |count: u32| {
            let mut waits = WaitQuantile::default();
            for i in 0..count {
                waits.add(i * 7_919 % 100_000);
            }
            let (p90, lower, upper) = waits.interval_s(0.9, 0.05).unwrap();
            let (lower, upper) = (lower.unwrap(), upper.unwrap());
            assert!((88.0..93.0).contains(&p90), "{p90}");
            assert!(lower < 90.0 && upper >= 90.0, "{lower} to {upper}");
            upper - lower
        };
        assert!(width_after(100_000) < width_after(5_000));
        assert_eq!(WaitQuantile::default().interval_s(0.9, 0.05), None);
    }
}
