//! "Had we not moved" of the block that runs, for whoever looks on while calls come in. It is shown, never recorded, and told to no
//! guard: a block is evidence when it is over, and is replayed then from all of its calls.

use super::Shared;
use super::had_we_not_moved::{arrivals, block, decisions, out_since};
use crate::clock;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use segue_capacity::counterfactual::frozen::{Asked, so_far};
use segue_domain::Transition;
use segue_domain::counterfactual::replayed::Sums;
use segue_domain::counterfactual::{StaffingKey, holidays, unknown_holidays};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is looked whether a figure has grown old.
const PERIOD: Duration = Duration::from_secs(5);
/// A figure is old when so large a part of its time has passed again: all replays of a block together cost a few of it.
const OLD_AFTER_PART: i32 = 20;
/// What was decided so long ago is stored, but for a few calls that the block will have when it is over.
const UNDERWAY: SignedDuration = SignedDuration::from_secs(5);
/// Calls are counted by so many seconds at first, when every one is looked at, and by minutes later.
const FINE_S: u16 = 10;
const COARSE_S: u16 = 60;
const FINE_FOR_S: i64 = 3_000;
/// Nobody knows the queue at the begin: as if calls had come for half an hour as often as they do.
const LEAD_IN_S: usize = 1_800;

/// What the calls of the running block would have met in-house so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SoFar {
    /// Since the block began, or calls went out in it.
    pub(super) from: Timestamp,
    /// Until when calls are counted.
    pub(super) until: Timestamp,
    /// What would have become of them.
    pub(super) sums: Sums,
}

/// Keeps the figures fresh until `stop`.
pub(super) async fn keep(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        shared.look_on(clock::now()).await;
    }
}

impl Shared {
    /// Replays what has come of each running block; one that is over is forgotten.
    pub(super) async fn look_on(&self, now: Timestamp) {
        let t = self.transition();
        let running = running(&t, now);
        let is_same = |key: &StaffingKey, known: &mut SoFar| running.get(key) == Some(&known.from);
        self.memory().so_far.retain(is_same);
        for (key, from) in &running {
            let known = self.memory().so_far.get(key).copied();
            if known.is_some_and(|known| !is_old(&known, now)) {
                continue;
            }
            match self.replay_so_far(&t, key, *from, now).await {
                Ok(Some(so_far)) => {
                    self.memory().so_far.insert(key.clone(), so_far);
                }
                Ok(None) => {
                    self.memory().so_far.remove(key);
                }
                Err(error) => {
                    tracing::debug!(%key, error = format!("{error:#}"), "\"had we not moved\" of the running block is not known");
                }
            }
        }
    }

    async fn replay_so_far(
        &self,
        t: &Arc<Transition>,
        key: &StaffingKey,
        from: Timestamp,
        now: Timestamp,
    ) -> anyhow::Result<Option<SoFar>> {
        let length_s = (now - UNDERWAY).duration_since(from).as_secs();
        let interval_s = if length_s < FINE_FOR_S {
            FINE_S
        } else {
            COARSE_S
        };
        let intervals = length_s / i64::from(interval_s);
        let until = from + SignedDuration::from_secs(intervals * i64::from(interval_s));
        let Some(staffing) = t.counterfactuals.agreed(key).cloned() else {
            return Ok(None);
        };
        if intervals < 1
            || !unknown_holidays(t, key, from, until).is_empty()
            || self.facts.missing(from, until).await? > 0
        {
            return Ok(None);
        }
        let decisions = decisions(&self.facts, from, until).await?;
        let own = arrivals(t, key, &decisions, (from, until), i64::from(interval_s));
        if own.iter().all(|calls| *calls == 0) {
            return Ok(None);
        }
        let asked = Asked {
            from,
            until,
            arrivals: led_in(&own, LEAD_IN_S / usize::from(interval_s)),
            holidays: holidays(t, &key.site, from, until),
            within_s: t.terms.service_level_threshold_s,
            short_abandon_s: t.terms.short_abandon_s,
        };
        let zone = t.site_zone(&key.site).map(TimeZone::get);
        let zone = zone.and_then(Result::ok).unwrap_or(TimeZone::UTC);
        let replayed = move || so_far(interval_s, &staffing, &zone, asked);
        let sums = tokio::task::spawn_blocking(replayed).await??;
        Ok(Some(SoFar { from, until, sums }))
    }
}

fn is_old(known: &SoFar, now: Timestamp) -> bool {
    let part = known.until.duration_since(known.from) / OLD_AFTER_PART;
    now.duration_since(known.until) >= part
}

/// Since when the calls of each frozen staffing go out in the block that runs.
fn running(t: &Transition, now: Timestamp) -> BTreeMap<StaffingKey, Timestamp> {
    let length_s = block().as_secs();
    let began_s = now.as_second().div_euclid(length_s) * length_s;
    let Ok(began) = Timestamp::from_second(began_s) else {
        return BTreeMap::new();
    };
    let mut running = BTreeMap::new();
    for chunk in t.chunks.values().filter(|chunk| chunk.is_out()) {
        let key = StaffingKey::of(&chunk.planned);
        let Some(since) = out_since(t, chunk, began, now) else {
            continue;
        };
        if t.counterfactuals.agreed(&key).is_some() {
            let first = running.entry(key).or_insert(since);
            *first = since.min(*first);
        }
    }
    running
}

/// The calls so far behind as many whole stretches of the same length as make up so many intervals, evenly filled with as many calls.
fn led_in(own: &[u32], intervals: usize) -> Vec<u32> {
    let total: u64 = own.iter().map(|calls| u64::from(*calls)).sum();
    let length = u64::try_from(own.len()).unwrap_or(u64::MAX).max(1);
    let until = |n: u64| n * total / length;
    let even = (0..length).map(|n| u32::try_from(until(n + 1) - until(n)).unwrap_or(u32::MAX));
    let even: Vec<_> = even.collect();
    let mut all = even.repeat(intervals.div_ceil(own.len().max(1)));
    all.extend_from_slice(own);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_in_comes_as_often_and_evenly() {
        assert_eq!(
            led_in(&[0, 3, 0, 6], 5),
            [2, 2, 2, 3, 2, 2, 2, 3, 0, 3, 0, 6]
        );
        assert_eq!(led_in(&[4], 2), [4, 4, 4]);
    }

    #[test]
    fn a_young_figure_grows_old_soon() {
        let from = Timestamp::from_second(0).unwrap();
        let known = |length_s| SoFar {
            from,
            until: from + SignedDuration::from_secs(length_s),
            sums: Sums::default(),
        };
        let after = |s| from + SignedDuration::from_secs(s);
        assert!(is_old(&known(60), after(65)));
        assert!(!is_old(&known(3_600), after(3_700)));
        assert!(is_old(&known(3_600), after(3_780)));
    }
}
