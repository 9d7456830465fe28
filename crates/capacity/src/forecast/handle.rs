//! How long calls take by hour of the day: mean, spread and quantiles; hours with few calls lean on the whole day.

use crate::numbers::{index, real};
use serde::{Deserialize, Serialize};

/// Hours of a day.
const HOURS: usize = 24;

/// One handled call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handled {
    /// Local hour in which it was offered, 0–23.
    pub hour: u8,
    /// Talk, hold and after-call work, in milliseconds.
    pub handle_ms: u32,
}

/// Handle times of one kind of call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandleTimes {
    /// Calls learnt from.
    pub calls: usize,
    /// Mean, in seconds.
    pub mean_s: f64,
    /// Standard deviation over the mean.
    pub cv: f64,
    /// Half of the calls take no longer, in seconds.
    pub p50_s: f64,
    /// Nine in ten calls take no longer, in seconds.
    pub p90_s: f64,
    /// Mean of each hour, drawn towards the mean of all as far as chance alone would explain the difference.
    pub by_hour_s: [f64; HOURS],
}

impl HandleTimes {
    /// Learns from handled calls in any order; none of nothing.
    pub fn learn(handled: &[Handled]) -> Option<Self> {
        let mut sorted: Vec<_> = handled
            .iter()
            .map(|h| f64::from(h.handle_ms) / 1_000.0)
            .collect();
        sorted.sort_by(f64::total_cmp);
        let calls = real(sorted.len());
        let mean_s = sorted.iter().sum::<f64>() / calls;
        let quantile = |part: f64| sorted.get(index((calls * part).ceil() - 1.0)).copied();
        let variance = sorted.iter().map(|s| (s - mean_s).powi(2)).sum::<f64>() / calls;
        Some(Self {
            calls: sorted.len(),
            mean_s,
            cv: if mean_s > 0.0 {
                variance.sqrt() / mean_s
            } else {
                0.0
            },
            p50_s: quantile(0.5)?,
            p90_s: quantile(0.9)?,
            by_hour_s: by_hour(handled, mean_s, variance),
        })
    }
}

/// Means by hour, shrunk: an hour of n calls counts n/(n + k), k being the variance of calls over that of hours.
fn by_hour(handled: &[Handled], mean_s: f64, variance: f64) -> [f64; HOURS] {
    let mut sums = [(0.0, 0.0); HOURS];
    for call in handled {
        if let Some((calls, seconds)) = sums.get_mut(usize::from(call.hour)) {
            *calls += 1.0;
            *seconds += f64::from(call.handle_ms) / 1_000.0;
        }
    }
    let filled = || sums.iter().filter(|(calls, _)| *calls > 0.0);
    // What chance alone does to the means of hours is taken off before they are said to differ.
    let apart: f64 = filled().map(|(n, s)| n * (s / n - mean_s).powi(2)).sum();
    let by_chance = variance * (real(filled().count()) - 1.0);
    let between = ((apart - by_chance) / real(handled.len()).max(1.0)).max(0.0);
    sums.map(|(calls, seconds)| {
        if calls <= 0.0 || between <= 0.0 {
            return mean_s;
        }
        let weight = calls / (calls + variance / between);
        mean_s + weight * (seconds / calls - mean_s)
    })
}
