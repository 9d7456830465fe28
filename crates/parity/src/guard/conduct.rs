//! Steadiness: a hold is lifted slowly, and each roll-back doubles the cool-down.

use super::floors::INTERVAL_US;
use crate::rules::ConductRules;
use serde::{Deserialize, Serialize};

/// What the guard remembers of its own conduct. Evidence is never reset by any of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Conduct {
    last_interval: Option<i64>,
    healthy_intervals: u32,
    holding: bool,
    roll_backs: u32,
    cool_down_until_us: Option<i64>,
}

impl Conduct {
    /// One look: unhealthy starts a hold, enough healthy intervals in a row end it.
    pub(super) fn look(&mut self, now_us: i64, healthy: bool, rules: &ConductRules) {
        let interval = now_us.div_euclid(INTERVAL_US);
        let new = self.last_interval.is_none_or(|last| interval > last);
        self.last_interval = Some(
            self.last_interval
                .map_or(interval, |last| last.max(interval)),
        );
        if !healthy {
            self.holding = true;
            self.healthy_intervals = 0;
        } else if new {
            self.healthy_intervals = self.healthy_intervals.saturating_add(1);
        }
        if self.healthy_intervals >= rules.healthy_intervals {
            self.holding = false;
        }
    }

    /// A roll-back at this time.
    pub(super) fn rolled_back(&mut self, at_us: i64, rules: &ConductRules) {
        let doubled = u64::from(rules.cool_down_s) << self.roll_backs.min(31);
        let seconds = doubled.min(u64::from(rules.cool_down_max_s));
        self.roll_backs = self.roll_backs.saturating_add(1);
        let until =
            i64::try_from(seconds * 1_000_000).map_or(i64::MAX, |us| at_us.saturating_add(us));
        self.cool_down_until_us = Some(self.cool_down_until_us.map_or(until, |was| was.max(until)));
    }

    pub(super) const fn healthy_intervals(&self) -> u32 {
        self.healthy_intervals
    }

    pub(super) const fn holding(&self) -> bool {
        self.holding
    }

    pub(super) const fn cool_down_until_us(&self) -> Option<i64> {
        self.cool_down_until_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_needs_its_healthy_intervals_in_a_row() {
        let (mut conduct, rules) = (Conduct::default(), ConductRules::default());
        let mut look = |interval: i64, healthy: bool| {
            conduct.look(interval * INTERVAL_US, healthy, &rules);
            conduct.holding
        };
        assert!(!look(0, true));
        assert!(look(1, false));
        for interval in 2..9 {
            assert!(look(interval, true), "after {interval}");
            assert!(
                look(interval, true),
                "a second look in one interval is no second interval"
            );
        }
        assert!(!look(9, true));
        assert!(look(10, false));
    }

    #[test]
    fn the_cool_down_doubles_up_to_its_bound() {
        let (mut conduct, rules) = (Conduct::default(), ConductRules::default());
        let day_us = 86_400 * 1_000_000;
        for days in [1, 2, 4, 8, 14, 14] {
            conduct.cool_down_until_us = None;
            conduct.rolled_back(0, &rules);
            assert_eq!(conduct.cool_down_until_us, Some(days * day_us));
        }
        for _ in 0..100 {
            conduct.rolled_back(i64::MAX - 1, &rules);
        }
        assert_eq!(conduct.cool_down_until_us, Some(i64::MAX));
    }
}
