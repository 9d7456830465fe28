//! Batch means: an interval for a simulated mean although neighbouring waits are correlated (Law and Carson 1979).

use super::run::Tally;
use super::time::count;

/// Batches of an estimate: with fewer the interval is wide, with more neighbours are correlated again.
pub const BATCHES: usize = 30;
/// 97.5 % point of Student's t with 29 degrees of freedom: [`BATCHES`] batches, 95 % two-sided.
pub const T_95: f64 = 2.045_229_642_132_703;

/// An estimate with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean of the batches.
    pub mean: f64,
    /// The standard error of the mean.
    pub error: f64,
}

impl Estimate {
    /// The mean over the batches of what is read from each. Batches without calls do not count.
    pub fn of(batches: &[Tally], read: impl Fn(&Tally) -> f64) -> Self {
        let values: Vec<_> = batches.iter().filter(|b| b.offered > 0).map(read).collect();
        let n = count(values.len() as u64);
        let mean = values.iter().sum::<f64>() / n.max(1.0);
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        let variance = squares / (n - 1.0).max(1.0);
        Self {
            mean,
            error: (variance / n.max(1.0)).sqrt(),
        }
    }

    /// Whether a value lies within `t` standard errors of the mean.
    pub fn holds(&self, value: f64, t: f64) -> bool {
        (value - self.mean).abs() <= t * self.error
    }
}

/// A part of the calls that were offered.
pub fn of_offered(part: u64, tally: &Tally) -> f64 {
    count(part) / count(tally.offered)
}
