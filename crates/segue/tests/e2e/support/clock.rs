//! The tests' clock, and waiting for something to become so.

use std::time::{Duration, Instant};

/// How long anything may take to become so before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

#[expect(clippy::disallowed_methods, reason = "a test's deadline needs a clock")]
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

/// The clock that every process of this machine shares.
#[expect(
    clippy::disallowed_methods,
    reason = "real processes go by the real clock"
)]
pub(crate) fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// The same in UTC microseconds, as SIPp writes it into its INVITEs.
pub(crate) fn now_us() -> i64 {
    now().as_microsecond()
}

/// Looks until there is something; a test fails that waits too long.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = monotonic();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
        std::thread::sleep(LOOK_EVERY);
    }
}
