//! Reads the call facts for the view: a handful of bounded summaries, and never more than a tenth of the time.

use super::Shared;
use super::ingest::IN_HOUSE;
use crate::clock;
use crate::office::chain;
use jiff::{SignedDuration, Timestamp};
use segue_journal::facts::{
    ArmMatch, ChunkCount, Facts, FactsError, OpenCalls, P90Wait, RecordTotals,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often the facts are read when that is quick.
const PERIOD: Duration = Duration::from_secs(1);
/// A reading that took long is followed by a pause so many times as long.
const PAUSE_TIMES: u32 = 9;
/// Minutes of decisions shown.
const DECISIONS_MIN: i64 = 60;
/// Minutes of waits shown.
const WAITS_MIN: i64 = 30;
/// A call without news for longer is taken to be over though nobody said so.
const OPEN_MIN: i64 = 4 * 60;
/// A centre's record may be this late before it is missed.
const RECORD_LATE_S: i64 = 15;
/// How far back a start looks for a feed's last event.
const FEED_DAYS: i64 = 7;

/// One reading of the call facts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Measured {
    /// Decisions counted from here to `to`.
    pub(super) from: Timestamp,
    /// When it was read.
    pub(super) to: Timestamp,
    /// The end of the period in which every decision should have its record.
    pub(super) due_to: Timestamp,
    pub(super) counts: Vec<ChunkCount>,
    pub(super) open: Vec<OpenCalls>,
    pub(super) waits: Vec<P90Wait>,
    pub(super) totals: Vec<RecordTotals>,
    pub(super) matches: Vec<ArmMatch>,
    /// The newest event of the in-house and of the outsourcer's feed.
    pub(super) newest: [Option<Timestamp>; 2],
}

/// Reads once. What an earlier reading knew of the feeds is kept.
pub(super) async fn measure(
    facts: &Facts,
    now: Timestamp,
    before: Option<&Measured>,
) -> Result<Measured, FactsError> {
    let ago = |minutes| now - SignedDuration::from_mins(minutes);
    let from = ago(DECISIONS_MIN);
    let due_to = now - SignedDuration::from_secs(RECORD_LATE_S);
    let feeds_from = if before.is_some() {
        from
    } else {
        ago(FEED_DAYS * 24 * 60)
    };
    let newest = facts.newest_events(feeds_from, IN_HOUSE).await?;
    let known = before.map_or([None; 2], |before| before.newest);
    Ok(Measured {
        from,
        to: now,
        due_to,
        // `to` itself is included: the newest decision counts at once.
        counts: facts
            .chunk_counts(from, now + SignedDuration::from_micros(1))
            .await?,
        open: facts.open_calls(ago(OPEN_MIN), IN_HOUSE).await?,
        waits: facts
            .p90_waits(
                ago(WAITS_MIN),
                now + SignedDuration::from_micros(1),
                IN_HOUSE,
            )
            .await?,
        totals: facts.record_totals(from, due_to, IN_HOUSE).await?,
        matches: facts.arm_matches(from, due_to).await?,
        newest: [newest.0.max(known[0]), newest.1.max(known[1])],
    })
}

/// Keeps reading until `stop`, and verifies returns from what was read.
pub(super) async fn keep(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut verifier = super::verifying::Verifier::default();
    loop {
        let started = clock::monotonic();
        let now = clock::now();
        shared.read_facts(now).await;
        verifier.run(&shared, now).await;
        let pause = PERIOD.max(started.elapsed() * PAUSE_TIMES);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

impl Shared {
    pub(super) async fn read_facts(&self, now: Timestamp) {
        let before = self.memory().measured.clone();
        let read = measure(&self.facts, now, before.as_deref()).await;
        {
            let mut memory = self.memory();
            match read {
                Ok(measured) => {
                    memory.measured = Some(Arc::new(measured));
                    memory.facts_trouble = None;
                }
                // The last reading would look like now; what is not known is shown as not known.
                Err(error) => {
                    tracing::warn!(error = chain(&error), "the call facts cannot be read");
                    memory.measured = None;
                    memory.facts_trouble = Some(chain(&error));
                }
            }
        }
        self.rebuild.notify_one();
    }
}
