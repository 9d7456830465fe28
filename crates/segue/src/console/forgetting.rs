//! Retention of the call facts: routing decisions, centres' messages and cases go when they are older than the client keeps them.

use crate::clock;
use jiff::Timestamp;
use segue_journal::facts::{Facts, FactsError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Days of call facts below which evidence, open episodes and "had we not moved" would lose what they still need.
pub(crate) const DAYS_MIN: u32 = 30;
/// From one look to the next.
const LOOK: Duration = Duration::from_hours(1);
/// Rows of each kind in one transaction: calls that are stored meanwhile wait no longer than for these.
const STEP_ROWS: u32 = 5_000;

/// Starts deleting what is older than so many days, until `stop`; without a number nothing is deleted. On several nodes each may: what
/// one has deleted the others do not find.
pub(crate) fn keep(
    facts: &Facts,
    keep_days: Option<u32>,
    stop: &watch::Sender<bool>,
) -> Option<JoinHandle<()>> {
    let (facts, mut stop) = (facts.clone(), stop.subscribe());
    let keep_days = keep_days?;
    Some(tokio::spawn(async move {
        loop {
            let forgotten = tokio::select! {
                forgotten = forget(&facts, keep_days, clock::now()) => forgotten,
                // What is too old still is deleted after the next start.
                _ = stop.wait_for(|stop| *stop) => return,
            };
            match forgotten {
                Ok(0) => {}
                Ok(rows) => tracing::info!(rows, keep_days, "old call facts are deleted"),
                // Tried again at the next look.
                Err(error) => tracing::warn!(%error, "old call facts are kept for now"),
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }))
}

/// Deletes all that is too old, step by step; the rows.
async fn forget(facts: &Facts, keep_days: u32, now: Timestamp) -> Result<u64, FactsError> {
    let mut rows = 0;
    loop {
        let step = facts.prune(now, keep_days, STEP_ROWS).await?.rows();
        if step == 0 {
            return Ok(rows);
        }
        rows += step;
        // Whoever waits to store comes in between.
        tokio::task::yield_now().await;
    }
}
