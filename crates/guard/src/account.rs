//! The account of every call: a decision and its record are told to the guard as one call, each outcome once.
//!
//! A decision that no record explains is unserved, once its arm's feed has spoken past it: a silent feed is no harm, it is
//! no data. A call that ends without a person (a voicemail, an announcement) counts as left by its caller.

use crate::fact::{CallKey, Recorded, Routed};
use crate::segments::Who;
use jiff::{SignedDuration, Timestamp};
use segue_parity::guard::record::{
    Arm, Call, MetricId, Outcome, Place, Reading, Record, StratumId,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Calls held at once; beyond it one is given up and counted.
const OPEN_MAX: usize = 200_000;
/// A call without news for this long is closed: longer than facts are ever read back.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(30);
/// A decision without a record for this long is unserved.
const UNSERVED_AFTER: SignedDuration = SignedDuration::from_mins(15);

#[derive(Debug, Serialize, Deserialize)]
struct Open {
    routed: Routed,
    recorded: Option<Recorded>,
    outcome_told: bool,
    handled_told: bool,
    heard_at: Timestamp,
}

/// What does not match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmatched {
    /// Decisions sent out that no record explains.
    pub unserved: u64,
    /// Given up because too many were open.
    pub given_up: u64,
}

/// The calls of one chunk that are not settled.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Account {
    open: BTreeMap<CallKey, Open>,
    pub(crate) unmatched: Unmatched,
}

/// An outcome as it is told, with the handle time where the call is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Told {
    pub(crate) call: Call,
    /// Whether the outcome is told for the first time.
    pub(crate) first: bool,
    pub(crate) handle_s: Option<f64>,
    /// The groups its caller is in.
    pub(crate) who: Who,
}

impl Account {
    /// A decision; told again, it changes nothing.
    pub(crate) fn route(&mut self, routed: Routed) {
        if self.open.len() >= OPEN_MAX && !self.open.contains_key(&routed.call) {
            self.open.pop_first();
            self.unmatched.given_up += 1;
        }
        self.open.entry(routed.call).or_insert_with(|| Open {
            heard_at: routed.at,
            routed,
            recorded: None,
            outcome_told: false,
            handled_told: false,
        });
    }

    /// A record of a call whose decision is known.
    pub(crate) fn record(&mut self, recorded: Recorded) -> Option<Told> {
        let open = self.open.get_mut(&recorded.call)?;
        let news = [
            Some(recorded.waiting_since),
            recorded.answered_at,
            recorded.abandoned_at,
            recorded.ended_at,
        ];
        open.heard_at = news
            .into_iter()
            .flatten()
            .fold(open.heard_at, Timestamp::max);
        open.recorded = Some(open.recorded.map_or(recorded, |known| known.and(recorded)));
        open.settle()
    }

    /// Whether a call is still held.
    pub(crate) fn holds(&self, call: CallKey) -> bool {
        self.open.contains_key(&call)
    }

    /// Calls that wait now, and decisions that have become unserved.
    pub(crate) fn look(
        &mut self,
        now: Timestamp,
        fed_until: [Option<Timestamp>; 2],
    ) -> Vec<(Call, Who)> {
        let mut told = Vec::new();
        for open in self.open.values_mut().filter(|open| !open.outcome_told) {
            let routed = &open.routed;
            match open.recorded {
                Some(recorded) => {
                    let wait_ms = millis(recorded.waiting_since, now);
                    let waits = call(routed, Outcome::Waiting { wait_ms }, None);
                    told.push((waits, recorded.who));
                }
                None if is_unserved(routed, now, fed_until) => {
                    open.outcome_told = true;
                    open.handled_told = true;
                    self.unmatched.unserved += u64::from(routed.arm == Arm::Outsourced);
                    // No record: nobody knows more of the caller than when they called.
                    told.push((call(routed, Outcome::Unserved, None), Who::default()));
                }
                None => {}
            }
        }
        told
    }

    /// Closes what has been without news for long.
    pub(crate) fn sweep(&mut self, now: Timestamp) {
        self.open
            .retain(|_, open| now.duration_since(open.heard_at) <= FORGOTTEN_AFTER);
    }
}

impl Open {
    /// What is new of a call: its outcome once, its handle time once it is over.
    fn settle(&mut self) -> Option<Told> {
        let recorded = self.recorded?;
        let outcome = outcome(&recorded)?;
        let handle_s = match (recorded.answered_at, recorded.ended_at) {
            (Some(from), Some(to)) if !self.handled_told => {
                self.handled_told = true;
                Some(to.duration_since(from).as_secs_f64().max(0.0))
            }
            _ => None,
        };
        let first = !std::mem::replace(&mut self.outcome_told, true);
        (first || handle_s.is_some()).then(|| Told {
            call: call(&self.routed, outcome, Some(recorded.by)),
            first,
            handle_s,
            who: recorded.who,
        })
    }
}

fn is_unserved(routed: &Routed, now: Timestamp, fed_until: [Option<Timestamp>; 2]) -> bool {
    let spoken = match routed.arm {
        Arm::InHouse => fed_until[0],
        Arm::Outsourced => fed_until[1],
    };
    let late = |at: Timestamp| at.duration_since(routed.at) > UNSERVED_AFTER;
    late(now) && spoken.is_some_and(late)
}

/// How the caller fared; nothing while nobody can say.
fn outcome(recorded: &Recorded) -> Option<Outcome> {
    let waited = |to: Timestamp| millis(recorded.waiting_since, to);
    if let Some(at) = recorded.answered_at {
        return Some(Outcome::Answered {
            wait_ms: waited(at),
        });
    }
    // Over without a person: whatever picked up, the caller had nobody.
    recorded
        .abandoned_at
        .or(recorded.ended_at)
        .map(|at| Outcome::Abandoned {
            wait_ms: waited(at),
        })
}

fn millis(from: Timestamp, to: Timestamp) -> u32 {
    u32::try_from(to.duration_since(from).as_millis().max(0)).unwrap_or(u32::MAX)
}

fn call(routed: &Routed, outcome: Outcome, answered_by: Option<Arm>) -> Call {
    Call {
        key: routed.call.short(),
        place: Place {
            at_us: routed.at.as_microsecond(),
            arm: routed.arm,
            pi_bp: routed.pi_bp,
            caller: routed.caller,
            stratum: StratumId(0),
            segments: [None; 3],
        },
        outcome,
        answered_by: answered_by.filter(|_| matches!(outcome, Outcome::Answered { .. })),
        handle_ms: None,
        transferred: None,
        disposition: None,
    }
}

/// The records a guard is told of one outcome: the call once, its handle time as a reading of its own when it is over, so
/// that a floor never waits for the end of a long call.
pub(crate) fn records(told: &Told, handle_time: Option<MetricId>) -> Vec<Record> {
    let mut records = Vec::new();
    if told.first {
        records.push(Record::Call(told.call));
    }
    if let (Some(metric), Some(value)) = (handle_time, told.handle_s) {
        records.push(Record::Reading(Reading {
            key: told.call.key,
            place: told.call.place,
            metric,
            value,
        }));
    }
    records
}
