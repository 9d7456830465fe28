//! Hands call facts to the store without ever making a call wait: a full queue drops the fact and counts it.

use super::missing::Missing;
use super::store::Facts;
use super::{AcdEvent, Decision};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{mpsc, oneshot};

/// Most facts written in one transaction.
const BATCH_FACTS_MAX: usize = 500;
/// How often one batch is tried before it is counted as lost.
const ATTEMPTS_MAX: u32 = 3;

enum Fact {
    Decision(Box<Decision>),
    Acd(Box<AcdEvent>),
    Flush(oneshot::Sender<()>),
}

/// What became of the facts handed over so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriterCounts {
    /// On disk.
    pub stored: u64,
    /// Not taken, because the queue was full.
    pub dropped: u64,
    /// Taken, but the database refused them.
    pub lost: u64,
}

#[derive(Debug, Default)]
struct Counters {
    stored: AtomicU64,
    dropped: AtomicU64,
    lost: AtomicU64,
}

/// The senders' end. Cheap to clone; usable from any thread.
#[derive(Debug, Clone)]
pub struct FactsWriter {
    queue: mpsc::Sender<Fact>,
    counters: Arc<Counters>,
    missing: Arc<Missing>,
}

impl FactsWriter {
    /// Starts writing to a store in the background, with room for `queue_facts_max` facts on the way.
    ///
    /// The task ends when the last writer is dropped and the queue is empty. Must be called inside a tokio runtime.
    pub fn start(facts: Facts, queue_facts_max: usize) -> Self {
        let (queue, facts_in) = mpsc::channel(queue_facts_max.max(1));
        let counters = Arc::new(Counters::default());
        let missing = Arc::default();
        let own = (Arc::clone(&counters), Arc::clone(&missing));
        tokio::spawn(write(facts, facts_in, own));
        Self {
            queue,
            counters,
            missing,
        }
    }

    /// Hands over a decision; `false` when there was no room and it is counted as dropped.
    pub fn decision(&self, decision: Decision) -> bool {
        // Handed over again with what became of it, a call is not counted a second time.
        let missing = decision.targets.is_empty().then_some(decision.at);
        let taken = self.hand_over(Fact::Decision(Box::new(decision)));
        if let Some(at) = missing.filter(|_| !taken) {
            self.missing.note(at);
        }
        taken
    }

    /// Hands over a message of a centre's feed; `false` when there was no room and it is counted as dropped.
    pub fn acd_event(&self, event: AcdEvent) -> bool {
        self.hand_over(Fact::Acd(Box::new(event)))
    }

    /// Returns when everything handed over before is stored or counted as lost.
    pub async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        if self.queue.send(Fact::Flush(done)).await.is_ok() {
            // An error means the task is gone, and with it everything it had to do.
            let _ = wait.await;
        }
    }

    /// What became of the facts so far.
    pub fn counts(&self) -> WriterCounts {
        WriterCounts {
            stored: self.counters.stored.load(Ordering::Relaxed),
            dropped: self.counters.dropped.load(Ordering::Relaxed),
            lost: self.counters.lost.load(Ordering::Relaxed),
        }
    }

    fn hand_over(&self, fact: Fact) -> bool {
        let taken = self.queue.try_send(fact).is_ok();
        if !taken {
            self.counters.dropped.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }
}

async fn write(
    facts: Facts,
    mut queue: mpsc::Receiver<Fact>,
    (counters, missing): (Arc<Counters>, Arc<Missing>),
) {
    let mut batch = Vec::with_capacity(BATCH_FACTS_MAX);
    while queue.recv_many(&mut batch, BATCH_FACTS_MAX).await > 0 {
        let (mut decisions, mut events, mut flushes) = (Vec::new(), Vec::new(), Vec::new());
        for fact in batch.drain(..) {
            match fact {
                Fact::Decision(decision) => decisions.push(*decision),
                Fact::Acd(event) => events.push(*event),
                Fact::Flush(done) => flushes.push(done),
            }
        }
        let count = (decisions.len() + events.len()) as u64;
        let counter = if store(&facts, &decisions, &events).await {
            missing.write_down(&facts).await;
            &counters.stored
        } else {
            for decision in decisions.iter().filter(|d| d.targets.is_empty()) {
                missing.note(decision.at);
            }
            &counters.lost
        };
        counter.fetch_add(count, Ordering::Relaxed);
        for done in flushes {
            // Whoever asked may have stopped waiting.
            let _ = done.send(());
        }
    }
}

async fn store(facts: &Facts, decisions: &[Decision], events: &[AcdEvent]) -> bool {
    if decisions.is_empty() && events.is_empty() {
        return true;
    }
    for attempt in 1..=ATTEMPTS_MAX {
        match facts.store(decisions.iter(), events.iter()).await {
            Ok(_) => return true,
            Err(error) => tracing::warn!(%error, attempt, "call facts were not stored"),
        }
    }
    false
}
