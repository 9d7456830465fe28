//! The one place where the binary asks what time it is.

use jiff::Timestamp;

/// Now, in UTC, cut to microseconds as the journal keeps them.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that everything else asks"
)]
pub fn now() -> Timestamp {
    to_micros(Timestamp::now())
}

/// Cuts an instant to whole microseconds.
pub fn to_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// Microseconds on a clock that never goes back, for timers.
#[expect(clippy::disallowed_methods, reason = "the monotonic edge")]
pub fn monotonic() -> std::time::Instant {
    std::time::Instant::now()
}
