//! A forecast is a distribution: Poisson calls around a rate that the day multiplies.

use crate::numbers::people_up;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

/// From this mean on the distribution is close enough to normal.
const NORMAL_FROM: f64 = 300.0;

/// What the clock does in an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockChange {
    /// Nothing.
    None,
    /// The wall clock shows this time twice that day.
    Repeated,
    /// The wall clock has just skipped an hour.
    AfterGap,
}

/// One quarter of an hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntervalForecast {
    /// Its first instant.
    pub start: Timestamp,
    /// Expected calls.
    pub calls: f64,
    /// Standard deviation of the rate over its mean.
    pub cv: f64,
    /// The holiday that day, if it is one.
    pub holiday: Option<String>,
    /// What the clock does.
    pub clock: ClockChange,
}

impl IntervalForecast {
    /// Expected calls an hour.
    pub fn calls_per_hour(&self) -> f64 {
        self.calls * 4.0
    }

    /// The number of calls that is not exceeded with a probability: gamma–Poisson, exact where calls are few.
    pub fn quantile(&self, probability: f64) -> u32 {
        let shape = if self.cv > 0.0 {
            1.0 / (self.cv * self.cv)
        } else {
            f64::INFINITY
        };
        let (mean, probability) = (self.calls, probability.clamp(0.0, 0.999_999));
        if mean <= 0.0 {
            return 0;
        }
        if mean > NORMAL_FROM {
            let deviation = (mean + (self.cv * mean).powi(2)).sqrt();
            let z = Normal::standard().inverse_cdf(probability);
            return people_up((mean + z * deviation - 0.5).max(0.0));
        }
        let mut term = if shape.is_finite() {
            (-shape * (mean / shape).ln_1p()).exp()
        } else {
            (-mean).exp()
        };
        let (mut below, mut calls) = (term, 0_u32);
        // Far above any mean this large, so that the walk ends whatever is rounded.
        while below < probability && calls < 100_000 {
            let n = f64::from(calls);
            let grows = if shape.is_finite() {
                (n + shape) / (shape + mean)
            } else {
                1.0
            };
            term *= mean * grows / (n + 1.0);
            below += term;
            calls += 1;
        }
        calls
    }
}
