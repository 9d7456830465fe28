//! Keeps the view up to date: about once a second, and at once when the transition or the latch changes.

use super::build::{self, Inputs, tail};
use super::{Shared, gather};
use crate::clock;
use crate::node::standing;
use crate::node::state::TICK;
use crate::office::chain;
use jiff::Timestamp;
use segue_domain::Transition;
use segue_domain::ids::IncidentId;
use segue_journal::{Journal as _, Version, verify};
use segue_routing::HomeLatch;
use segue_web::view::{ChainCheck, JournalEntry, LiveView};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often the view is built when nothing happens.
const PERIOD: Duration = Duration::from_secs(1);
/// How often the chain is checked.
const CHAIN_PERIOD: Duration = Duration::from_mins(5);
/// A check that took long is followed by a pause so many times as long.
const CHAIN_PAUSE_TIMES: u32 = 20;
/// How long a view waits for the journal's tail; then it shows the tail it has.
const TAIL_WAIT: Duration = Duration::from_millis(500);
/// Entries of the journal shown.
const TAIL_EVENTS: u32 = 8;

/// Runs until `stop`.
pub(super) async fn keep(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let facts = tokio::spawn(gather::keep(Arc::clone(&shared), stop.clone()));
    let mut words = Words::default();
    let mut states = shared.state.clone();
    loop {
        let latch = shared.node.latch();
        states.mark_unchanged();
        shared.show(&mut words, clock::now()).await;
        tokio::select! {
            () = something(&shared, &mut states, &latch) => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    // It ends by the same signal; an error means that it panicked, which is logged by the runtime.
    let _ = facts.await;
}

/// Returns when the view may have changed, at the latest after a second.
async fn something(
    shared: &Shared,
    states: &mut watch::Receiver<Arc<Transition>>,
    latch: &Arc<HomeLatch>,
) {
    let changed = async {
        if states.changed().await.is_err() {
            // The tail has ended: only the other reasons are left.
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = changed => {}
        () = shared.rebuild.notified() => {}
        () = latched(shared, latch) => {}
        () = tokio::time::sleep(PERIOD) => {}
    }
}

/// Returns when another door (CLI, trigger) has latched calls home.
async fn latched(shared: &Shared, before: &Arc<HomeLatch>) {
    while Arc::ptr_eq(before, &shared.node.latch()) {
        tokio::time::sleep(TICK).await;
    }
}

/// Words that need a look into another store, kept until the transition changes.
#[derive(Default)]
pub(super) struct Words {
    version: u64,
    journal: Vec<JournalEntry>,
    pressed_by: BTreeMap<IncidentId, String>,
}

impl Words {
    async fn update(&mut self, shared: &Shared, t: &Transition) {
        if self.version == t.version {
            return;
        }
        let after = Version(t.version.saturating_sub(u64::from(TAIL_EVENTS)));
        let page = tokio::time::timeout(
            TAIL_WAIT,
            shared
                .desk
                .journal()
                .read_stream(&shared.stream, after, TAIL_EVENTS),
        );
        // Without the journal the words stay as they are; its silence shows elsewhere.
        let Ok(Ok(page)) = page.await else { return };
        let mut journal = Vec::with_capacity(page.len());
        for recorded in page.iter().rev() {
            let by = match tail::actor_of(&recorded.actor) {
                Some((side, name)) => shared.people.words(t, name, side).await,
                None => "Segue".to_owned(),
            };
            journal.push(tail::entry(t, recorded, by));
        }
        for (id, incident) in &t.incidents {
            if !self.pressed_by.contains_key(id) {
                let by = shared
                    .people
                    .words(t, incident.opened.person.as_str(), incident.opened.by)
                    .await;
                self.pressed_by.insert(id.clone(), by);
            }
        }
        (self.version, self.journal) = (t.version, journal);
    }
}

impl Shared {
    /// Builds the view and shows it if it says anything new.
    pub(super) async fn show(&self, words: &mut Words, now: Timestamp) {
        let t = self.transition();
        words.update(self, &t).await;
        let view = self.build(&t, words, now);
        self.view.send_if_modified(|shown| {
            let news = is_news(shown, &view);
            if news {
                *shown = Arc::new(view);
            }
            news
        });
    }

    fn build(&self, t: &Transition, words: &Words, now: Timestamp) -> LiveView {
        let (installed, latch) = (self.node.installed(), self.node.latch());
        let pending = self.door.pending();
        let nodes = standing::of_all(&self.node, self.cluster.as_deref());
        let mut memory = self.memory();
        if pending == 0 {
            memory.unjournalled.clear();
        }
        build::view(&Inputs {
            now,
            t,
            nodes: &nodes,
            installed: &installed,
            latch: &latch,
            lease_ms_left: self.node.lease_ms_left(),
            measured: memory.measured.as_deref(),
            facts_trouble: memory.facts_trouble.as_deref(),
            written: self.writer.counts(),
            pending,
            unjournalled: &memory.unjournalled,
            fed_at: memory.fed_at,
            pressed_by: &words.pressed_by,
            journal: &words.journal,
            chain: memory.chain.as_ref(),
        })
    }
}

/// Whether pages should hear of it: something else than the time has changed, or a new minute has begun.
fn is_news(shown: &LiveView, view: &LiveView) -> bool {
    let minute = |at: Timestamp| at.as_second().div_euclid(60);
    if minute(shown.as_of) != minute(view.as_of) {
        return true;
    }
    *view
        != LiveView {
            as_of: view.as_of,
            ..shown.clone()
        }
}

/// Checks the whole chain now and then, until `stop`.
pub(super) async fn check_chain(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    loop {
        let started = clock::monotonic();
        tokio::select! {
            () = shared.check_chain_once() => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let pause = CHAIN_PERIOD.max(started.elapsed() * CHAIN_PAUSE_TIMES);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

impl Shared {
    pub(super) async fn check_chain_once(&self) {
        match verify(self.desk.journal(), &[]).await {
            Ok(report) => {
                if let Some(bad) = &report.first_bad {
                    tracing::error!(%bad, "the journal's chain is broken; run `segue journal verify`");
                }
                let check = ChainCheck {
                    position: report.position.0,
                    at: clock::now(),
                    ok: report.ok,
                };
                self.memory().chain = Some(check);
                self.rebuild.notify_one();
            }
            Err(error) => tracing::warn!(error = chain(&error), "the chain was not checked"),
        }
    }
}
