//! Feeds: how far each is complete, and which one has fallen silent.

use super::record::{Arm, Beat, FeedId};
use crate::rules::Rules;
use serde::{Deserialize, Serialize};

/// How far each feed of each centre is complete.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Feeds {
    complete_until_us: Vec<[Option<i64>; 2]>,
}

impl Feeds {
    pub(super) fn new(rules: &Rules) -> Self {
        Self {
            complete_until_us: vec![[None; 2]; rules.feeds.len()],
        }
    }

    /// A beat; an older one than the last changes nothing. False: the rules have no such feed.
    pub(super) fn beat(&mut self, beat: Beat) -> bool {
        let Some(feed) = self.complete_until_us.get_mut(usize::from(beat.feed.0)) else {
            return false;
        };
        let until = &mut feed[beat.arm.index()];
        *until = Some(until.map_or(beat.complete_until_us, |was| {
            was.max(beat.complete_until_us)
        }));
        true
    }

    /// Both centres' records are complete before this instant.
    pub(super) fn complete_until_us(&self, feed: FeedId) -> Option<i64> {
        let [in_house, outsourced] = self.complete_until_us.get(usize::from(feed.0)).copied()?;
        Some(in_house?.min(outsourced?))
    }

    /// Whether either centre has been silent for more than twice the cadence; one that was never heard, since the step began.
    pub(super) fn is_stale(
        &self,
        feed: FeedId,
        cadence_s: u32,
        step_began_us: i64,
        now_us: i64,
    ) -> bool {
        let limit_us = 2 * i64::from(cadence_s) * 1_000_000;
        let heard = self.complete_until_us.get(usize::from(feed.0));
        Arm::BOTH.iter().any(|arm| {
            let until = heard.and_then(|arms| arms[arm.index()]);
            now_us.saturating_sub(until.unwrap_or(step_began_us)) > limit_us
        })
    }
}
