//! Agreed floors: fast harm, caught without statistics, from whatever has arrived.
//!
//! One interface for production and rehearsal: who follows calls one by one tells a [`FloorWatch`] and asks
//! [`FloorWatch::broken`]; who has counted whole intervals already asks [`broken_in`]. Both are cheap and know no clock.

use super::assessment::Floor;
use super::record::{Arm, Outcome};
use crate::rules::FloorRules;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Floors look at intervals of this length.
pub(super) const INTERVAL_US: i64 = 900 * 1_000_000;
/// Intervals kept: two hours are more than any floor looks back.
const INTERVALS_KEPT: usize = 8;

/// One centre's 15 minutes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorInterval {
    /// Offered, short abandons left out.
    pub offered: u32,
    /// With a person within the floor's T.
    pub within: u32,
    /// With a person at all.
    pub answered: u32,
    /// Abandoned after S, or unserved.
    pub abandoned: u32,
    /// The longest wait seen, in milliseconds.
    pub longest_wait_ms: u32,
}

impl FloorInterval {
    /// Counts one call.
    pub fn add(&mut self, outcome: Outcome, rules: &FloorRules) {
        let (wait_ms, answered) = match outcome {
            Outcome::Waiting { wait_ms } => {
                self.longest_wait_ms = self.longest_wait_ms.max(wait_ms);
                return;
            }
            Outcome::Abandoned { wait_ms }
                if u64::from(wait_ms) < u64::from(rules.short_abandon_s) * 1_000 =>
            {
                return;
            }
            Outcome::Abandoned { wait_ms } => (wait_ms, false),
            Outcome::Answered { wait_ms } => (wait_ms, true),
            Outcome::Unserved => (0, false),
        };
        let within = answered && u64::from(wait_ms) <= u64::from(rules.threshold_s) * 1_000;
        self.offered += 1;
        self.within += u32::from(within);
        self.answered += u32::from(answered);
        self.abandoned += u32::from(!answered);
        self.longest_wait_ms = self.longest_wait_ms.max(wait_ms);
    }
}

/// The last two hours of each centre.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorWatch {
    arms: [BTreeMap<i64, FloorInterval>; 2],
}

impl FloorWatch {
    /// One call offered at `at_us` (UTC, microseconds), as soon as it is told; too old to matter is dropped here and still
    /// counts elsewhere.
    pub fn add(&mut self, arm: Arm, at_us: i64, outcome: Outcome, rules: &FloorRules) {
        let intervals = &mut self.arms[arm.index()];
        let interval = at_us.div_euclid(INTERVAL_US);
        intervals.entry(interval).or_default().add(outcome, rules);
        while intervals.len() > INTERVALS_KEPT {
            intervals.pop_first();
        }
    }

    /// The floors that are broken at `now_us`: on the running and the last whole interval, and on the last two whole ones.
    pub fn broken(&self, arm: Arm, now_us: i64, rules: &FloorRules) -> Vec<Floor> {
        let running = now_us.div_euclid(INTERVAL_US);
        let at = |interval: i64| {
            let known = self.arms[arm.index()].get(&interval);
            known.copied().unwrap_or_default()
        };
        let mut broken = broken_in(at(running - 2), at(running - 1), rules);
        for floor in broken_in(at(running - 1), at(running), rules) {
            if !broken.contains(&floor) {
                broken.push(floor);
            }
        }
        broken
    }
}

/// The floors that two consecutive intervals of 15 minutes break, the earlier one first: what the guard asks at every look, and
/// a rehearsal at the end of every interval.
pub fn broken_in(first: FloorInterval, second: FloorInterval, rules: &FloorRules) -> Vec<Floor> {
    let mut broken = Vec::new();
    let enough = |offered: u32, bad: u32| offered >= rules.offered_min && bad >= rules.bad_min;
    let thin = |interval: FloorInterval| {
        enough(interval.offered, interval.offered - interval.within)
            && u64::from(interval.within) * 10_000
                < u64::from(interval.offered) * u64::from(rules.service_level_bp)
    };
    if thin(first) && thin(second) {
        broken.push(Floor::ServiceLevel);
    }
    let (offered, abandoned) = (
        first.offered + second.offered,
        first.abandoned + second.abandoned,
    );
    if enough(offered, abandoned)
        && u64::from(abandoned) * 10_000 > u64::from(offered) * u64::from(rules.abandonment_bp)
    {
        broken.push(Floor::Abandonment);
    }
    let longest_ms = first.longest_wait_ms.max(second.longest_wait_ms);
    if u64::from(longest_ms) > u64::from(rules.longest_wait_s) * 1_000 {
        broken.push(Floor::LongestWait);
    }
    let none = |interval: FloorInterval| {
        interval.offered >= rules.none_answered_of.max(1) && interval.answered == 0
    };
    if none(first) || none(second) {
        broken.push(Floor::NoneAnswered);
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(offered: u32, within: u32, abandoned: u32) -> FloorInterval {
        FloorInterval {
            offered,
            within,
            answered: offered - abandoned,
            abandoned,
            longest_wait_ms: 0,
        }
    }

    #[test]
    fn each_floor_at_its_edge() {
        let rules = FloorRules::default();
        let good = interval(20, 18, 0);
        for (first, second, expected) in [
            (
                interval(20, 9, 0),
                interval(20, 9, 0),
                vec![Floor::ServiceLevel],
            ),
            (interval(20, 9, 0), interval(20, 10, 0), vec![]),
            (interval(9, 0, 0), interval(9, 0, 0), vec![]),
            (good, interval(20, 14, 6), vec![]),
            (good, interval(20, 13, 7), vec![Floor::Abandonment]),
            (
                good,
                interval(5, 0, 5),
                vec![Floor::Abandonment, Floor::NoneAnswered],
            ),
            (good, interval(4, 0, 4), vec![]),
        ] {
            let found = broken_in(first, second, &rules);
            assert_eq!(found, expected, "{first:?} {second:?}");
        }
        let mut waited = good;
        waited.longest_wait_ms = 600_000;
        assert!(broken_in(good, waited, &rules).is_empty());
        waited.longest_wait_ms = 600_001;
        assert_eq!(broken_in(good, waited, &rules), [Floor::LongestWait]);
    }
}
