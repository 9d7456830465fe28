//! The circuit breaker: what real calls say of a trunk, between two OPTIONS and where OPTIONS lie.
//!
//! Closed, it counts failures in two half-windows; open, it lets nothing through; half open, one call
//! at a time tries. A trunk that fails its trial stays open twice as long, up to a minute.

use crate::policy::Attempt;

/// When outcomes close a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// So many failures in a row open it.
    pub in_a_row: u16,
    /// Or this percentage of the calls within the window …
    pub failed_percent: u8,
    /// … if there were at least so many.
    pub calls_min: u32,
    /// The window, in milliseconds.
    pub window_ms: u32,
    /// How long it stays open at first, in milliseconds.
    pub open_ms: u32,
    /// How long at most.
    pub open_ms_max: u32,
}

impl Default for BreakerSettings {
    /// 5 in a row, or half of at least 20 within 30 s; open for 10 s, at most a minute.
    fn default() -> Self {
        Self {
            in_a_row: 5,
            failed_percent: 50,
            calls_min: 20,
            window_ms: 30_000,
            open_ms: 10_000,
            open_ms_max: 60_000,
        }
    }
}

/// What calls say of a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls go there.
    Closed,
    /// None does.
    Open,
    /// One at a time tries.
    HalfOpen,
}

#[derive(Debug, Clone, Copy, Default)]
struct Half {
    calls: u32,
    failed: u32,
}

/// See the file's head.
#[derive(Debug)]
pub(super) struct Breaker {
    settings: Option<BreakerSettings>,
    in_a_row: u16,
    halves: [Half; 2],
    half_ends_us: u64,
    /// When it may try again; `None` while closed.
    open_until_us: Option<u64>,
    open_ms: u32,
    /// A trial is under way; if nothing is heard of it by then, another may go.
    trial_until_us: Option<u64>,
}

/// A trial that was never told of is forgotten after this: longer than any ring time.
const TRIAL_US_MAX: u64 = 60_000_000;

impl Breaker {
    pub(super) fn new(settings: Option<BreakerSettings>) -> Self {
        Self {
            settings,
            in_a_row: 0,
            halves: [Half::default(); 2],
            half_ends_us: 0,
            open_until_us: None,
            open_ms: settings.map_or(0, |settings| settings.open_ms),
            trial_until_us: None,
        }
    }

    pub(super) fn state(&self, now_us: u64) -> BreakerState {
        match self.open_until_us {
            None => BreakerState::Closed,
            Some(until) if now_us < until => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
        }
    }

    /// Whether a call may go now.
    pub(super) fn allows(&self, now_us: u64) -> bool {
        match self.state(now_us) {
            BreakerState::Closed => true,
            BreakerState::Open => false,
            BreakerState::HalfOpen => self.trial_until_us.is_none_or(|until| now_us >= until),
        }
    }

    /// A call goes.
    pub(super) fn begin(&mut self, now_us: u64) {
        if self.state(now_us) == BreakerState::HalfOpen {
            self.trial_until_us = Some(now_us + TRIAL_US_MAX);
        }
    }

    /// A call ended.
    pub(super) fn note(&mut self, now_us: u64, attempt: Attempt) {
        let Some(settings) = self.settings else {
            return;
        };
        let failed = match attempt {
            Attempt::Silent
            | Attempt::TryingOnly
            | Attempt::Unreachable
            | Attempt::Refused(408 | 500..600) => true,
            Attempt::Answered | Attempt::Refused(_) | Attempt::NoAnswer => false,
            // The caller's own doing says nothing of the trunk; a trial may go again.
            Attempt::Cancelled | Attempt::Skipped(_) => {
                self.trial_until_us = None;
                return;
            }
        };
        if self.open_until_us.is_some() {
            self.judge_trial(now_us, failed, settings);
            return;
        }
        self.turn(now_us, settings);
        self.halves[1].calls += 1;
        self.halves[1].failed += u32::from(failed);
        self.in_a_row = if failed {
            self.in_a_row.saturating_add(1)
        } else {
            0
        };
        let [a, b] = self.halves;
        let (calls, bad) = (a.calls + b.calls, a.failed + b.failed);
        let often = calls >= settings.calls_min
            && u64::from(bad) * 100 >= u64::from(calls) * u64::from(settings.failed_percent);
        if self.in_a_row >= settings.in_a_row || often {
            self.open(now_us);
        }
    }

    fn judge_trial(&mut self, now_us: u64, failed: bool, settings: BreakerSettings) {
        // Calls begun before it opened still end; only after the pause do they decide.
        if self.state(now_us) == BreakerState::Open {
            return;
        }
        if failed {
            self.open_ms = self.open_ms.saturating_mul(2).min(settings.open_ms_max);
            self.open(now_us);
        } else {
            *self = Self::new(self.settings);
        }
    }

    fn open(&mut self, now_us: u64) {
        self.open_until_us = Some(now_us + u64::from(self.open_ms) * 1_000);
        self.trial_until_us = None;
        self.in_a_row = 0;
        self.halves = [Half::default(); 2];
    }

    fn turn(&mut self, now_us: u64, settings: BreakerSettings) {
        let half_us = u64::from(settings.window_ms) * 500;
        if now_us >= self.half_ends_us {
            let idle = now_us >= self.half_ends_us + half_us;
            let before = if idle {
                Half::default()
            } else {
                self.halves[1]
            };
            self.halves = [before, Half::default()];
            self.half_ends_us = now_us + half_us;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    #[test]
    fn opens_in_a_row_tries_one_and_doubles_its_pause() {
        let mut breaker = Breaker::new(Some(BreakerSettings::default()));
        for _ in 0..4 {
            breaker.note(0, Attempt::Silent);
        }
        breaker.note(0, Attempt::Refused(486));
        for _ in 0..4 {
            breaker.note(0, Attempt::Unreachable);
        }
        assert_eq!(breaker.state(0), BreakerState::Closed);
        breaker.note(0, Attempt::Refused(503));
        assert_eq!(breaker.state(0), BreakerState::Open);
        // A straggler from before does not close it.
        breaker.note(S, Attempt::Answered);
        assert!(!breaker.allows(9 * S));
        assert!(breaker.allows(10 * S));
        breaker.begin(10 * S);
        assert!(!breaker.allows(11 * S), "one trial at a time");
        breaker.note(12 * S, Attempt::Silent);
        assert!(!breaker.allows(31 * S) && breaker.allows(32 * S));
        breaker.begin(32 * S);
        breaker.note(33 * S, Attempt::Cancelled);
        assert!(
            breaker.allows(33 * S),
            "a caller who hung up decides nothing"
        );
        breaker.begin(33 * S);
        breaker.note(34 * S, Attempt::Answered);
        assert_eq!(breaker.state(34 * S), BreakerState::Closed);
    }

    #[test]
    fn a_rate_of_failures_opens_it_and_an_old_one_is_forgotten() {
        let mut breaker = Breaker::new(Some(BreakerSettings::default()));
        let mix = [Attempt::Refused(500), Attempt::Answered];
        for call in 0..18 {
            breaker.note(0, mix[call % 2]);
        }
        assert_eq!(breaker.state(0), BreakerState::Closed, "too few to judge");
        for call in 0..18 {
            breaker.note(61 * S, mix[call % 2]);
        }
        assert_eq!(breaker.state(61 * S), BreakerState::Closed);
        breaker.note(62 * S, mix[0]);
        breaker.note(62 * S, mix[1]);
        assert_eq!(breaker.state(62 * S), BreakerState::Open);
    }
}
