//! The callers' side of a call history: who got through in the end, and who had to call again.

use super::history::{Call, Name};
use super::ratio::Ratio;
use crate::record::Outcome;
use serde::Serialize;
use std::collections::HashMap;

/// A redial within this time after hanging up is the same attempt (§2.3, issue 6).
pub const REDIAL_MIN: i64 = 30;
/// A call again about the same type within this time says that the first one did not resolve it.
pub const REPEAT_H: i64 = 72;

const REDIAL_US: i64 = REDIAL_MIN * 60 * 1_000_000;
const REPEAT_US: i64 = REPEAT_H * 3_600 * 1_000_000;

/// The callers' view. A call without a known caller is an attempt of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CallersView {
    /// Offered contacts: legs of one chain within a day count once.
    pub contacts: u64,
    /// Of them, without a known caller.
    pub without_caller: u64,
    /// Attempts to reach a person: a call and its redials within half an hour of hanging up.
    pub attempts: u64,
    /// Attempts that ended with a person.
    pub served: u64,
    /// Of those, at the first call.
    pub served_at_once: u64,
    /// Attempts given up.
    pub unserved: u64,
    /// Calls that only repeat an attempt.
    pub redials: u64,
    /// The longest time from an attempt's first call to its answered one, seconds.
    pub longest_way_s: u64,
    /// `served / attempts`.
    pub reached: Ratio,
    /// Answered calls of known callers that were not followed by the same caller about the same type within 72 h.
    pub first_call_resolution: Ratio,
    /// Answered calls whose 72 h are not over in the history.
    pub not_yet: u64,
}

struct Attempt {
    first_us: i64,
    last_us: i64,
    root: u64,
    calls: u64,
    served: bool,
}

/// Follows callers through a history in order of time.
pub(super) struct Callers {
    view: CallersView,
    attempts: HashMap<[u8; 16], Attempt>,
    /// The last answered call of a caller about a type, and whether it was followed by another.
    answered: HashMap<([u8; 16], Name), (Call, bool)>,
    /// Answered calls that another one of the same caller has followed, until their 72 h are over for all.
    followed: Vec<Settled>,
    last_us: i64,
}

/// An answered call whose 72 h are over.
pub(super) struct Settled {
    pub(super) call: Call,
    pub(super) repeated: bool,
}

impl Callers {
    pub(super) fn new() -> Self {
        Self {
            view: CallersView::default(),
            attempts: HashMap::new(),
            answered: HashMap::new(),
            followed: Vec::new(),
            last_us: i64::MIN,
        }
    }

    /// Takes the next offered call; a follow-up of a care plan is no repeat. Says whether its caller called about the same type
    /// within the last 72 h.
    pub(super) fn offered(&mut self, call: &Call, is_follow_up: bool) -> bool {
        self.last_us = self.last_us.max(call.at_us);
        let is_answered = call.outcome == Outcome::Answered;
        let Some(caller) = call.caller else {
            self.view.contacts += 1;
            self.view.without_caller += 1;
            self.view.attempts += 1;
            self.view.served += u64::from(is_answered);
            self.view.served_at_once += u64::from(is_answered);
            self.view.unserved += u64::from(!is_answered);
            return false;
        };
        self.attempt(caller, call, is_answered);
        !is_follow_up && self.repeat(caller, call, is_answered)
    }

    fn attempt(&mut self, caller: [u8; 16], call: &Call, is_answered: bool) {
        let view = &mut self.view;
        let known = self.attempts.get_mut(&caller);
        // Another leg of the contact the caller is in: its answer counts, the leg is no call of its own.
        let leg = |attempt: &Attempt| attempt.root == call.root;
        let goes_on = |attempt: &Attempt| {
            !attempt.served && call.at_us - attempt.last_us <= REDIAL_US || leg(attempt)
        };
        match known {
            Some(attempt) if goes_on(attempt) => {
                if !leg(attempt) {
                    view.contacts += 1;
                    view.redials += 1;
                    attempt.calls += 1;
                }
                attempt.last_us = call.at_us;
                attempt.root = call.root;
                if is_answered && !attempt.served {
                    attempt.served = true;
                    view.count_served(attempt);
                }
            }
            _ => {
                view.contacts += 1;
                view.attempts += 1;
                let attempt = Attempt {
                    first_us: call.at_us,
                    last_us: call.at_us,
                    root: call.root,
                    calls: 1,
                    served: is_answered,
                };
                if is_answered {
                    view.count_served(&attempt);
                }
                self.attempts.insert(caller, attempt);
            }
        }
    }

    fn repeat(&mut self, caller: [u8; 16], call: &Call, is_answered: bool) -> bool {
        let key = (caller, call.kind);
        let mut again = false;
        if let Some((earlier, repeated)) = self.answered.get_mut(&key) {
            let same_contact = earlier.root == call.root;
            again = !same_contact && call.at_us - earlier.at_us <= REPEAT_US;
            *repeated |= again;
            if same_contact {
                return false;
            }
        }
        if is_answered && let Some((call, repeated)) = self.answered.insert(key, (*call, false)) {
            self.followed.push(Settled { call, repeated });
        }
        again
    }

    /// A day is over: what lies more than 72 h back is settled and forgotten, so that memory stays that of three days.
    pub(super) fn end_of_day(&mut self, settled: &mut impl FnMut(&Settled)) {
        let limit = self.last_us.saturating_sub(REPEAT_US);
        self.attempts.retain(|_, attempt| attempt.last_us >= limit);
        let resolution = &mut self.view.first_call_resolution;
        let mut settle = |one: &Settled| {
            resolution.denominator += 1;
            resolution.numerator += u64::from(!one.repeated);
            settled(one);
        };
        self.answered.retain(|_, (call, repeated)| {
            let over = call.at_us < limit;
            if over {
                let (call, repeated) = (*call, *repeated);
                settle(&Settled { call, repeated });
            }
            !over
        });
        self.followed.retain(|one| {
            let over = one.call.at_us < limit;
            if over {
                settle(one);
            }
            !over
        });
    }

    /// The history is over: whether a call of its last 72 h is followed by another nobody knows yet.
    pub(super) fn finish(self) -> CallersView {
        let open = self.answered.len() + self.followed.len();
        let mut view = self.view;
        view.unserved = view.attempts - view.served;
        view.not_yet = u64::try_from(open).unwrap_or(u64::MAX);
        view.reached = Ratio::new(view.served, view.attempts);
        view
    }
}

impl CallersView {
    fn count_served(&mut self, attempt: &Attempt) {
        self.served += 1;
        self.served_at_once += u64::from(attempt.calls == 1);
        let way_us = attempt.last_us.saturating_sub(attempt.first_us);
        let seconds = u64::try_from(way_us / 1_000_000).unwrap_or(0);
        self.longest_way_s = self.longest_way_s.max(seconds);
    }
}
