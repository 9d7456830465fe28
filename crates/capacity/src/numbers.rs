//! The few conversions between counts and real numbers, in one place.

/// A count as a real number; exact below 2⁵³, and no count here reaches that.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of calls and rows are far below 2^53"
)]
pub(crate) fn real(count: usize) -> f64 {
    count as f64
}

/// The whole number of people at or above a real number; the largest count where it is larger still.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounded on both sides just before"
)]
pub(crate) fn people_up(value: f64) -> u32 {
    value.ceil().clamp(0.0, f64::from(u32::MAX)) as u32
}

/// The whole number of people nearest to a real number; the largest count where it is larger still.
pub(crate) fn people_near(value: f64) -> u32 {
    people_up(value.round())
}

/// A place in a list from a whole real number; 0 where it is negative.
pub(crate) fn index(value: f64) -> usize {
    people_up(value) as usize
}
