//! "Had we not moved", block by block: when a block is over, its arrivals are counted from the stored decisions of both arms (who
//! was never served called too), replayed through the staffing that both froze, and recorded once.
//!
//! There are no dice in it: another node, or this one after a restart, would record the same. One node does it; another steps in
//! where nothing was recorded for a while. The guards read what is recorded. A day that is a holiday without a signed staffing is left
//! out.

use super::{SEGUE, Shared};
use crate::clock;
use anyhow::Context as _;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use segue_capacity::counterfactual::frozen::{Asked, replay};
use segue_domain::chunks::{Chunk, ChunkState};
use segue_domain::counterfactual::replayed::{INTERVAL_S, RecordCounterfactual};
use segue_domain::counterfactual::{StaffingKey, holidays, unknown_holidays};
use segue_domain::ids::ChunkId;
use segue_domain::{Actor, Command, Role, Side, Transition};
use segue_guard::BLOCK_MIN;
use segue_journal::facts::{Cursor, Decision, Facts};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often blocks that are over are looked for.
const PERIOD: Duration = Duration::from_secs(30);
/// Decisions are stored this long after their call at the latest; what comes later is in no replay.
const UNDERWAY: SignedDuration = SignedDuration::from_mins(2);
/// A node that stands by steps in when nothing was recorded for so long: before the guards judge without it.
const STANDS_BY_FOR: SignedDuration = SignedDuration::from_mins(10);
/// How far back blocks are made up for: as far as a day of facts reaches.
const BACK: SignedDuration = SignedDuration::from_hours(24);
/// The name of this work among the nodes, and how long it counts as being done.
const JOB: &str = "counterfactual";
const VALID: Duration = Duration::from_mins(2);
/// Decisions read at once, and how often for one block: more calls than that are no count.
const PAGE: u32 = 5_000;
const PAGES_MAX: usize = 200;
/// How long the first replays are waited for until the guards begin without them.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// One block of one staffing.
type Due = (StaffingKey, Timestamp);

/// Replays until `stop`.
pub(super) async fn keep(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    // What happened while this process was away is recorded and known before the guards judge again.
    let mut state = shared.state.clone();
    tokio::select! {
        _ = state.wait_for(|t| t.is_created()) => {}
        _ = stop.wait_for(|stop| *stop) => return,
    }
    let recorded = shared.replay_blocks(clock::now()).await;
    let known = state.wait_for(|t| recorded.iter().all(|due| is_recorded(t, due)));
    if tokio::time::timeout(FIRST_WAIT, known).await.is_err() {
        tracing::warn!("the guards begin without the last blocks of \"had we not moved\"");
    }
    shared.replayed_once.notify_one();
    loop {
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        shared.replay_blocks(clock::now()).await;
    }
}

impl Shared {
    /// Replays every block that is over and not recorded yet; says which it recorded.
    pub(super) async fn replay_blocks(&self, now: Timestamp) -> Vec<Due> {
        let t = self.transition();
        let wait = if self.stands_by(JOB) {
            STANDS_BY_FOR
        } else {
            UNDERWAY
        };
        let mut recorded = Vec::new();
        let mut is_well = true;
        for (from, keys) in due(&t, now, wait) {
            match self.replay_block(&t, from, keys, now).await {
                Ok(done) => recorded.extend(done),
                Err(error) => {
                    is_well = false;
                    tracing::warn!(%from, error = format!("{error:#}"), "\"had we not moved\" was not replayed; what depends on load is held against the signed target alone");
                }
            }
        }
        if is_well && !self.stands_by(JOB) {
            self.did(JOB, VALID);
        }
        recorded
    }

    async fn replay_block(
        &self,
        t: &Arc<Transition>,
        from: Timestamp,
        keys: BTreeSet<StaffingKey>,
        now: Timestamp,
    ) -> anyhow::Result<Vec<Due>> {
        let (began, until) = (from - block(), from + block());
        // Recorded once and for good: a block of which calls are missing would look calmer than it was.
        if self.facts.missing(began, until).await? > 0 {
            tracing::debug!(%from, "\"had we not moved\" is not replayed: some of its calls were not stored");
            return Ok(Vec::new());
        }
        let decisions = decisions(&self.facts, began, until).await?;
        let mut recorded = Vec::new();
        for key in keys {
            let asked = Asked {
                from,
                until,
                arrivals: arrivals(t, &key, &decisions, (began, until), INTERVAL_S),
                holidays: holidays(t, &key.site, began, until),
                within_s: t.terms.service_level_threshold_s,
                short_abandon_s: t.terms.short_abandon_s,
            };
            let Some(staffing) = t.counterfactuals.agreed(&key).cloned() else {
                continue;
            };
            let zone = t.site_zone(&key.site).map(TimeZone::get);
            let zone = zone.and_then(Result::ok).unwrap_or(TimeZone::UTC);
            let replayed =
                tokio::task::spawn_blocking(move || replay(&staffing, &zone, asked)).await??;
            let id = format!(
                "counterfactual:{}:{}:{}:{}",
                self.stream,
                key.site,
                key.call_type,
                from.as_second()
            );
            let command = Command::from(RecordCounterfactual {
                key: key.clone(),
                block: replayed,
            });
            let actor = Actor::new(SEGUE, Side::Client, &[Role::Duty]).watching_nodes();
            self.own(id, actor, command, now)
                .await
                .map_err(anyhow::Error::msg)?;
            recorded.push((key, from));
        }
        Ok(recorded)
    }
}

pub(super) fn block() -> SignedDuration {
    SignedDuration::from_mins(i64::from(BLOCK_MIN))
}

fn is_recorded(t: &Transition, (key, from): &Due) -> bool {
    let replayed = t.counterfactuals.replayed(key);
    replayed.is_some_and(|replayed| replayed.has(*from))
}

/// The blocks that are over for `wait`, in which calls of a frozen staffing went out, and that nobody recorded; oldest first.
fn due(
    t: &Transition,
    now: Timestamp,
    wait: SignedDuration,
) -> BTreeMap<Timestamp, BTreeSet<StaffingKey>> {
    let length_s = block().as_secs();
    let over = (now - wait).as_second().div_euclid(length_s);
    let first = (now - BACK).as_second().div_euclid(length_s);
    let mut all: BTreeMap<Timestamp, BTreeSet<StaffingKey>> = BTreeMap::new();
    for index in first..over {
        let Ok(from) = Timestamp::from_second(index * length_s) else {
            continue;
        };
        let out = t
            .chunks
            .values()
            .filter(|chunk| out_since(t, chunk, from, from + block()).is_some());
        let is_known =
            |key: &StaffingKey| unknown_holidays(t, key, from - block(), from + block()).is_empty();
        let keys = out
            .map(|chunk| StaffingKey::of(&chunk.planned))
            .filter(|key| t.counterfactuals.agreed(key).is_some() && is_known(key))
            .filter(|key| !is_recorded(t, &(key.clone(), from)));
        let keys: BTreeSet<_> = keys.collect();
        if !keys.is_empty() {
            all.insert(from, keys);
        }
    }
    all
}

/// Since when calls of a chunk went out in a block; nothing where none did. A closed chunk has no guard that would ask.
pub(super) fn out_since(
    t: &Transition,
    chunk: &Chunk,
    from: Timestamp,
    until: Timestamp,
) -> Option<Timestamp> {
    if chunk.state == ChunkState::Closed {
        return None;
    }
    let ramp = t
        .ramps
        .get(&chunk.planned.id)
        .map_or(&[][..], Vec::as_slice);
    let ends = ramp.iter().skip(1).map(|next| next.at);
    let mut spans = ramp.iter().zip(ends.chain([Timestamp::MAX]));
    let out = spans.find(|(point, end)| point.share.is_out() && point.at < until && *end > from);
    out.map(|(point, _)| point.at.max(from))
}

/// Every decision from `began` to before `until`.
pub(super) async fn decisions(
    facts: &Facts,
    began: Timestamp,
    until: Timestamp,
) -> anyhow::Result<Vec<Decision>> {
    let mut all: Vec<Decision> = Vec::new();
    let mut cursor = Cursor::from(began);
    for _ in 0..PAGES_MAX {
        let page = facts
            .decisions_since(&cursor, PAGE)
            .await
            .context("the call facts cannot be read")?;
        let is_last = page.len() < PAGE as usize || page.last().is_none_or(|d| d.at >= until);
        all.extend(page.into_iter().filter(|d| d.at < until));
        match all.last() {
            Some(last) if !is_last => cursor = Cursor::after(last),
            _ => return Ok(all),
        }
    }
    anyhow::bail!("more than {} calls in one block are not counted", all.len())
}

/// Calls by interval: every one that was decided for a chunk of these calls, whatever became of it; test calls are nobody's.
pub(super) fn arrivals(
    t: &Transition,
    key: &StaffingKey,
    decisions: &[Decision],
    (began, until): (Timestamp, Timestamp),
    interval_s: i64,
) -> Vec<u32> {
    let own = |chunk: &Chunk| StaffingKey::of(&chunk.planned) == *key;
    let of_key = |id: &str| t.chunk(&ChunkId::from(id)).is_some_and(own);
    let length = until.duration_since(began).as_secs() / interval_s;
    let mut counts = vec![0_u32; usize::try_from(length).unwrap_or(0)];
    let real = decisions.iter().filter(|d| {
        let is_test = d.is_test || d.caller.is_some_and(|c| t.test_numbers.is_test(&c, d.at));
        !is_test && d.chunk.as_deref().is_some_and(of_key)
    });
    for decision in real {
        let place = decision.at.duration_since(began).as_secs() / interval_s;
        let count = usize::try_from(place).ok().and_then(|p| counts.get_mut(p));
        if let Some(count) = count {
            *count = count.saturating_add(1);
        }
    }
    counts
}
