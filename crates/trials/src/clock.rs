//! The one place of this room that reads the wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Turns the monotonic clock into UTC microseconds, from one wall-clock reading at its creation.
///
/// Waits and talk times are differences of the monotonic clock; a step of the wall clock cannot bend them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    started_utc_us: i64,
}

impl Clock {
    /// Reads both clocks once.
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            started_utc_us: wall_clock_us(),
        }
    }

    /// UTC microseconds since 1970 at this moment.
    pub(crate) fn now_utc_us(&self) -> i64 {
        self.utc_us(self.elapsed_us())
    }

    /// Microseconds since the clock was started.
    pub(crate) fn elapsed_us(&self) -> u64 {
        micros(self.started.elapsed())
    }

    /// UTC microseconds of a moment `elapsed_us` after the start.
    pub(crate) fn utc_us(&self, elapsed_us: u64) -> i64 {
        self.started_utc_us
            .saturating_add(i64::try_from(elapsed_us).unwrap_or(i64::MAX))
    }

    /// The monotonic instant `elapsed_us` after the start.
    pub(crate) fn instant(&self, elapsed_us: u64) -> Instant {
        self.started + Duration::from_micros(elapsed_us)
    }
}

/// A duration in whole microseconds, saturating.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A duration in whole milliseconds, saturating.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: ACD events carry the centre's own wall-clock time, as real ones do"
)]
fn wall_clock_us() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
