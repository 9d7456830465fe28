//! Agreed caps: calls a second and calls at a time.

use std::collections::HashMap;
use std::num::NonZeroU32;

const SECOND_US: u64 = 1_000_000;
/// A call whose BYE was never seen counts this long: towards in-house is the safe side to err on.
const DIALOG_US_MAX: u64 = 4 * 3_600 * SECOND_US;
/// How often dialogs are looked through for such calls.
const SWEEP_US: u64 = 60 * SECOND_US;

/// Calls a second, spread evenly: a tenth of a second's worth, at least one call, at once.
#[derive(Debug)]
pub(super) struct Rate {
    /// Microseconds from one call to the next.
    step: u64,
    /// How far ahead of its schedule a burst may run.
    ahead: u64,
    /// When the next call is on schedule.
    due: u64,
}

impl Rate {
    pub(super) fn new(per_s: NonZeroU32) -> Self {
        let step = SECOND_US / u64::from(per_s.get());
        Self {
            step,
            ahead: (SECOND_US / 10).saturating_sub(step),
            due: 0,
        }
    }

    pub(super) fn take(&mut self, now_us: u64) -> bool {
        if self.due > now_us + self.ahead {
            return false;
        }
        self.due = self.due.max(now_us) + self.step;
        true
    }
}

/// Answered calls, each by the hash of its dialog, with the time it began. Never more than the cap,
/// as only admitted calls are answered.
#[derive(Debug, Default)]
pub(super) struct Dialogs {
    begun_us: HashMap<u128, u64>,
    swept_us: u64,
}

impl Dialogs {
    pub(super) fn begin(&mut self, now_us: u64, dialog: u128) {
        self.begun_us.insert(dialog, now_us);
    }

    pub(super) fn end(&mut self, dialog: u128) {
        self.begun_us.remove(&dialog);
    }

    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.begun_us.len()).unwrap_or(u32::MAX)
    }

    /// Calls in progress, the forgotten ones left out.
    pub(super) fn live(&mut self, now_us: u64) -> u32 {
        if now_us >= self.swept_us + SWEEP_US {
            self.swept_us = now_us;
            self.begun_us
                .retain(|_, begun| now_us < *begun + DIALOG_US_MAX);
        }
        self.count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_kept_over_a_minute_and_a_burst_is_small() {
        let mut rate = Rate::new(NonZeroU32::new(50).expect("not zero"));
        let at_once = (0..100).filter(|_| rate.take(0)).count();
        assert_eq!(at_once, 5);
        let taken = (1..=60_000_u64).filter(|ms| rate.take(ms * 1_000)).count();
        assert!((2_995..=3_000).contains(&taken), "{taken}");
        let mut slow = Rate::new(NonZeroU32::new(1).expect("not zero"));
        assert!(slow.take(0) && !slow.take(900_000) && slow.take(1_000_000));
    }
}
