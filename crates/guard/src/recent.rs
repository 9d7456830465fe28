//! The last quarter of an hour of one centre, minute by minute, and its last handle times: what triggers look at.

use segue_domain::contingency::watch::Observed;
use segue_parity::guard::floors::FloorInterval;
use segue_parity::guard::record::Outcome;
use segue_parity::rules::FloorRules;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

const MINUTE_US: i64 = 60 * 1_000_000;
/// Minutes looked at.
const MINUTES: i64 = 15;
/// Handle times averaged; fewer say nothing. Looked at every minute, the mean of sixty calls would pass +30 % by chance
/// again and again: with handle times that vary by their own mean it is 2.3 standard errors away, with these 4.
const HANDLED: u32 = 180;

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Recent {
    minutes: BTreeMap<i64, FloorInterval>,
    handled_s: VecDeque<f64>,
}

impl Recent {
    pub(crate) fn add(&mut self, at_us: i64, outcome: Outcome, rules: &FloorRules) {
        let minute = at_us.div_euclid(MINUTE_US);
        self.minutes.entry(minute).or_default().add(outcome, rules);
        // Twice the window: a late record may still belong to it.
        while self.minutes.len() > 2 * usize::try_from(MINUTES).unwrap_or(15) {
            self.minutes.pop_first();
        }
    }

    pub(crate) fn handled(&mut self, seconds: f64) {
        self.handled_s.push_back(seconds);
        if self.handled_s.len() > handled() {
            self.handled_s.pop_front();
        }
    }

    /// All of the window up to now.
    pub(crate) fn window(&self, now_us: i64) -> FloorInterval {
        let to = now_us.div_euclid(MINUTE_US);
        let mut sum = FloorInterval::default();
        for interval in self.minutes.range(to - MINUTES + 1..=to).map(|(_, i)| i) {
            sum.offered += interval.offered;
            sum.within += interval.within;
            sum.answered += interval.answered;
            sum.abandoned += interval.abandoned;
            sum.longest_wait_ms = sum.longest_wait_ms.max(interval.longest_wait_ms);
        }
        sum
    }

    /// The window as the domain's triggers read it; nothing where too few calls came to mean anything.
    pub(crate) fn calls(&self, now_us: i64, rules: &FloorRules) -> Option<Observed> {
        let window = self.window(now_us);
        let enough = window.offered >= rules.offered_min
            || (window.answered == 0 && window.offered >= rules.none_answered_of);
        enough.then(|| Observed::Calls {
            offered: window.offered.into(),
            answered: window.answered.into(),
            answered_within: window.within.into(),
            abandoned: window.abandoned.into(),
        })
    }

    /// The mean of the last handle times beside what was planned.
    pub(crate) fn handle_time(&self, planned_s: u32) -> Option<Observed> {
        if self.handled_s.len() < handled() || planned_s == 0 {
            return None;
        }
        let sum: f64 = self.handled_s.iter().sum();
        Some(Observed::HandleTime {
            aht_s: whole(sum / f64::from(HANDLED)),
            planned_s: planned_s.into(),
        })
    }

    /// Whether this centre itself cannot take more: the floors that would bring calls home from the other.
    pub(crate) fn is_unhealthy(&self, now_us: i64, rules: &FloorRules) -> bool {
        let window = self.window(now_us);
        let enough = window.offered >= rules.offered_min;
        let below = |part: u32, bp: u32| {
            u64::from(part) * 10_000 < u64::from(window.offered) * u64::from(bp)
        };
        let waits = u64::from(window.longest_wait_ms) > u64::from(rules.longest_wait_s) * 1_000;
        let nobody = window.offered >= rules.none_answered_of && window.answered == 0;
        waits || nobody || (enough && below(window.within, rules.service_level_bp))
    }
}

fn handled() -> usize {
    usize::try_from(HANDLED).unwrap_or(usize::MAX)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "seconds of a call, at least zero; the cast saturates"
)]
fn whole(seconds: f64) -> u64 {
    seconds.round() as u64
}
