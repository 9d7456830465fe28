//! Seconds and microseconds.

/// Microseconds of a number of seconds, rounded down; beyond what fits: the largest or smallest.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float-to-integer cast saturates, which is what is wanted"
)]
pub fn micros(seconds: f64) -> i64 {
    (seconds * 1e6) as i64
}

/// Seconds of a number of microseconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "exact below 2^53 µs, which is 285 years"
)]
pub fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

/// A count as a float.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of calls stay below 2^53"
)]
pub(super) fn count(n: u64) -> f64 {
    n as f64
}
