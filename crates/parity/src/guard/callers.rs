//! Who has called before: attempts, episodes, and one event per caller.
//!
//! A caller keeps the arm and π of the first assignment of an episode; redials within the window are one attempt;
//! anonymous callers are judged call by call.

use super::record::{Arm, Place};
use crate::rules::ConductRules;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Callers remembered at once; past it whoever no rule concerns any more is forgotten, at the last everybody.
const CALLERS_MAX: usize = 1 << 20;

const SECOND_US: i64 = 1_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    episode_from_us: i64,
    last_us: i64,
    counted_from_us: i64,
    /// One bit per metric that has had its event.
    counted: u32,
    arm: Arm,
    pi_bp: u16,
}

impl Known {
    /// After the agreed time a caller's events count again.
    fn count_anew(&mut self, at_us: i64, rules: &ConductRules) {
        if at_us - self.counted_from_us >= i64::from(rules.caller_once_s) * SECOND_US {
            self.counted = 0;
            self.counted_from_us = at_us;
        }
    }
}

/// What a call is to its caller's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attempt {
    /// The call's place with the arm and π of its episode's first assignment.
    pub(super) place: Place,
    /// A redial of the attempt before.
    pub(super) redial: bool,
    /// A new attempt within an episode that had one before.
    pub(super) repeat: bool,
    /// A caller nobody had assigned before.
    pub(super) new_caller: bool,
    /// One bit per metric that has had this caller's event.
    pub(super) counted: u32,
}

impl Attempt {
    /// Whether an event of this metric may count for this caller, and if so, that it has; see [`Callers::keep`].
    pub(super) fn once(&mut self, metric: usize) -> bool {
        let bit = 1_u32 << (metric % 32);
        let first = self.place.caller.is_none() || self.counted & bit == 0;
        self.counted |= bit;
        first
    }
}

/// Callers are named by a keyed hash already: hashing it once more would cost more than the look-up.
#[derive(Debug, Clone, Copy, Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

type Table = HashMap<u64, Known, BuildHasherDefault<AlreadyHashed>>;

/// The memory of callers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Callers {
    #[serde(serialize_with = "in_order", deserialize_with = "from_pairs")]
    known: Table,
}

/// The same memory is the same bytes.
fn in_order<S: Serializer>(known: &Table, serializer: S) -> Result<S::Ok, S::Error> {
    let mut pairs: Vec<(&u64, &Known)> = known.iter().collect();
    pairs.sort_unstable_by_key(|(caller, _)| **caller);
    pairs.serialize(serializer)
}

fn from_pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Table, D::Error> {
    Ok(Vec::<(u64, Known)>::deserialize(deserializer)?
        .into_iter()
        .collect())
}

impl Callers {
    /// One call, in the order of time.
    pub(super) fn attempt(&mut self, place: Place, rules: &ConductRules) -> Attempt {
        let mut attempt = Attempt {
            place,
            redial: false,
            repeat: false,
            new_caller: false,
            counted: 0,
        };
        let Some(caller) = place.caller else {
            return attempt;
        };
        if let Some(known) = self.known.get_mut(&caller) {
            let since_us = place.at_us - known.last_us;
            known.last_us = place.at_us;
            known.count_anew(place.at_us, rules);
            attempt.counted = known.counted;
            if place.at_us - known.episode_from_us < i64::from(rules.episode_s) * SECOND_US {
                attempt.redial = since_us < i64::from(rules.redial_s) * SECOND_US;
                attempt.repeat = !attempt.redial;
                attempt.place.arm = known.arm;
                attempt.place.pi_bp = known.pi_bp;
            } else {
                known.episode_from_us = place.at_us;
                known.arm = place.arm;
                known.pi_bp = place.pi_bp;
            }
            return attempt;
        }
        attempt.new_caller = true;
        self.remember(caller, place, rules);
        attempt
    }

    /// Keeps what [`Attempt::once`] has marked.
    pub(super) fn keep(&mut self, attempt: &Attempt) {
        let caller = attempt.place.caller;
        if let Some(known) = caller.and_then(|caller| self.known.get_mut(&caller)) {
            known.counted = attempt.counted;
        }
    }

    /// The same for a reading, which is no attempt of its own.
    pub(super) fn once(&mut self, place: &Place, metric: usize, rules: &ConductRules) -> bool {
        let Some(caller) = place.caller else {
            return true;
        };
        if !self.known.contains_key(&caller) {
            self.remember(caller, *place, rules);
        }
        let Some(known) = self.known.get_mut(&caller) else {
            return true;
        };
        known.count_anew(place.at_us, rules);
        let bit = 1_u32 << (metric % 32);
        let first = known.counted & bit == 0;
        known.counted |= bit;
        first
    }

    fn remember(&mut self, caller: u64, place: Place, rules: &ConductRules) {
        if self.known.len() >= CALLERS_MAX {
            self.forget(place.at_us, rules);
        }
        let known = Known {
            episode_from_us: place.at_us,
            last_us: place.at_us,
            counted_from_us: place.at_us,
            counted: 0,
            arm: place.arm,
            pi_bp: place.pi_bp,
        };
        self.known.insert(caller, known);
    }

    /// Drops whom no rule can concern any more; if that is not enough, whoever has not called for an episode.
    fn forget(&mut self, now_us: i64, rules: &ConductRules) {
        let once_us = i64::from(rules.caller_once_s) * SECOND_US;
        self.known
            .retain(|_, known| now_us - known.last_us < once_us);
        if self.known.len() >= CALLERS_MAX {
            let episode_us = i64::from(rules.episode_s) * SECOND_US;
            self.known
                .retain(|_, known| now_us - known.last_us < episode_us);
        }
        if self.known.len() >= CALLERS_MAX {
            self.known.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::record::StratumId;

    fn call(minute: i64, arm: Arm, pi_bp: u16) -> Place {
        Place {
            at_us: minute * 60 * SECOND_US,
            arm,
            pi_bp,
            caller: Some(7),
            stratum: StratumId(0),
            segments: [None; 3],
        }
    }

    #[test]
    fn redials_are_one_attempt_and_an_episode_keeps_its_first_side() {
        let (mut callers, rules) = (Callers::default(), ConductRules::default());
        let first = callers.attempt(call(0, Arm::InHouse, 1_000), &rules);
        assert!(first.new_caller && !first.repeat && !first.redial);
        let redial = callers.attempt(call(29, Arm::InHouse, 1_000), &rules);
        assert!(redial.redial && !redial.repeat);
        let repeat = callers.attempt(call(29 + 30, Arm::Outsourced, 5_000), &rules);
        assert!(repeat.repeat && !repeat.redial && !repeat.new_caller);
        assert_eq!(
            (repeat.place.arm, repeat.place.pi_bp),
            (Arm::InHouse, 1_000)
        );
        let next = callers.attempt(call(72 * 60, Arm::Outsourced, 5_000), &rules);
        assert!(!next.repeat && !next.new_caller);
        assert_eq!((next.place.arm, next.place.pi_bp), (Arm::Outsourced, 5_000));
    }

    #[test]
    fn one_event_per_caller_and_metric_in_thirty_days() {
        let (mut callers, rules) = (Callers::default(), ConductRules::default());
        let day = 24 * 60;
        let at = |minute| call(minute, Arm::InHouse, 1_000);
        assert!(callers.once(&at(0), 3, &rules));
        assert!(!callers.once(&at(29 * day), 3, &rules));
        assert!(callers.once(&at(29 * day), 4, &rules));
        assert!(callers.once(&at(30 * day), 3, &rules));
        let anonymous = Place {
            caller: None,
            ..at(0)
        };
        assert!(callers.once(&anonymous, 3, &rules) && callers.once(&anonymous, 3, &rules));
    }
}
