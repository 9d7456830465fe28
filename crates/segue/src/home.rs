//! The fallback walk: latch first on every node in reach, journal after, and say plainly what is pending.

use crate::clock;
use crate::node::Node;
use crate::node::cluster::Cluster;
use crate::node::files::write_durably;
use crate::office::{LocalDesk, chain, desk_failure};
use crate::output::Failure;
use jiff::Timestamp;
use segue_domain::fallback::Fallback;
use segue_domain::ids::IncidentId;
use segue_domain::{Actor, Event, Right, Role, Side, Transition};
use segue_journal::{CommandId, DeskError, Request, StreamId};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long a press waits for the journal before it answers "journalling pending".
pub const JOURNAL_WAIT: Duration = Duration::from_secs(2);
/// Presses that may wait for a journal that does not answer.
const PENDING_MAX: usize = 1_000;
/// How often a pending press is offered to the journal again.
const RETRY: Duration = Duration::from_secs(1);

/// A press of the home button, whichever door it came through.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Press {
    /// `all`, a site or a chunk.
    pub scope: String,
    /// Why, in a few words.
    pub reason: String,
    /// Who.
    pub person: String,
    /// Of which party.
    pub side: Side,
    /// With which roles.
    pub roles: Vec<Role>,
    /// Recognises a retry.
    pub command_id: String,
    /// When it was pressed.
    pub at: Timestamp,
}

/// What a press did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pressed {
    /// The incident; absent while journalling is pending or when nothing was ever out.
    pub incident: Option<String>,
    /// As asked.
    pub scope: String,
    /// Nodes that hold the scope home now.
    pub nodes_home: u32,
    /// Nodes asked.
    pub nodes_total: u32,
    /// Whether the journal has it.
    pub journalled: bool,
    /// From the press to the latch, in milliseconds.
    pub latency_ms: u64,
    /// Whether a person in-house has answered a call since.
    pub verified: bool,
    /// Whether every call of the scope was home before.
    pub already_home: bool,
    /// What the person must know besides: latch not on disk, journalling pending.
    pub warnings: Vec<String>,
}

/// Counts a press while it lasts, also when whoever asked goes away.
struct UnderWay<'a>(&'a AtomicUsize);

impl<'a> UnderWay<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Brings calls home on this node and sees to it that the journal learns of it.
pub struct HomeDoor {
    node: Arc<Node>,
    desk: Arc<LocalDesk>,
    stream: StreamId,
    pending: Mutex<VecDeque<Press>>,
    /// Presses that wait for the journal's answer right now.
    under_way: AtomicUsize,
    pending_file: PathBuf,
    wake: Arc<Notify>,
    cluster: OnceLock<Arc<Cluster>>,
}

impl HomeDoor {
    /// The door of a node; presses that a crash left pending are taken up again.
    pub fn new(
        node: Arc<Node>,
        desk: Arc<LocalDesk>,
        stream: StreamId,
        pending_file: PathBuf,
        wake: Arc<Notify>,
    ) -> Self {
        let left = fs::read(&pending_file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self {
            node,
            desk,
            stream,
            pending: Mutex::new(left.unwrap_or_default()),
            under_way: AtomicUsize::new(0),
            pending_file,
            wake,
            cluster: OnceLock::new(),
        }
    }

    /// From now on every press is told to the other nodes, and theirs are offered to the journal too.
    pub fn join(self: &Arc<Self>, cluster: &Arc<Cluster>) {
        let _ = self.cluster.set(Arc::clone(cluster));
        let door = Arc::downgrade(self);
        cluster.keep_with(move |press| {
            if let Some(door) = door.upgrade() {
                door.keep(press);
            }
        });
    }

    /// Presses the journal does not know yet, as a crash left them.
    pub fn open_presses(&self) -> Vec<Press> {
        self.lock().iter().cloned().collect()
    }

    /// Latches what still waits for the journal, on the table that is in force now.
    pub fn latch_pending(&self) {
        for press in self.open_presses() {
            self.node.bring_home(&press.scope);
        }
    }

    /// Brings the scope home. Refused only when the person may not or the scope does not exist.
    pub async fn press(&self, press: Press) -> Result<Pressed, Failure> {
        let started = clock::monotonic();
        if let Err(refusal) = press.actor().require(Right::BringHome) {
            // Recorded like every refused attempt; the answer does not depend on it.
            let _ = tokio::time::timeout(JOURNAL_WAIT, self.record(&press)).await;
            return Err(refusal.into());
        }
        let under_way = UnderWay::begin(&self.under_way);
        let pressed = self.latch_and_record(press, started).await;
        drop(under_way);
        self.settle().await;
        pressed
    }

    async fn latch_and_record(&self, press: Press, started: Instant) -> Result<Pressed, Failure> {
        let report = self.node.bring_home(&press.scope);
        let latency_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut warnings: Vec<_> = report
            .not_durable
            .iter()
            .map(|why| format!("calls are home, but the latch is not on disk: {why}"))
            .collect();
        let told = async {
            match self.cluster.get() {
                Some(cluster) => Some(cluster.press(&press).await),
                None => None,
            }
        };
        // Every node at once, the journal beside them: neither waits for the other.
        let recorded = tokio::time::timeout(JOURNAL_WAIT, self.record(&press));
        let (told, recorded) = tokio::join!(told, recorded);
        let (incident, journalled) = match recorded {
            Ok(Ok(incident)) => (incident, true),
            Ok(Err(error)) if is_final(&error) => {
                // A reused id is another press's, which may still have to be held.
                if let (DeskError::Refused(_), Some(cluster)) = (&error, self.cluster.get()) {
                    cluster.drop_press(&press.command_id);
                }
                return Err(desk_failure(error));
            }
            Ok(Err(error)) => {
                warnings.push(format!("journalling pending: {}", chain(&error)));
                (None, false)
            }
            Err(_) => {
                warnings.push("journalling pending: the journal did not answer within 2 s".into());
                (None, false)
            }
        };
        if !journalled {
            self.keep(press.clone());
        }
        self.wake.notify_one();
        let (nodes_home, nodes_total) =
            self.reached(told, journalled, &report.holding, &mut warnings);
        let verified = self.verified(incident.as_deref()).await;
        let (scope, already_home) = (press.scope, !report.changed && journalled);
        Ok(Pressed {
            incident,
            scope,
            nodes_home,
            nodes_total,
            journalled,
            latency_ms,
            verified,
            already_home,
            warnings,
        })
    }

    /// How many nodes hold the press, of how many; what those will do that did not answer. `holding` goes on where it is not heard.
    fn reached(
        &self,
        told: Option<(u64, bool)>,
        journalled: bool,
        holding: &[String],
        warnings: &mut Vec<String>,
    ) -> (u32, u32) {
        let (Some(cluster), Some((pressed_ms, is_durable))) = (self.cluster.get(), told) else {
            return (1, 1);
        };
        let reach = cluster.reach(pressed_ms, journalled);
        if !is_durable {
            warnings
                .push("calls are home, but the latch is not on disk here: free disk space".into());
        }
        if !reach.missing.is_empty() {
            let names: Vec<_> = reach.missing.iter().map(String::as_str).collect();
            let names = names.join(", ");
            warnings.push(if reach.complete {
                format!("not reached: {names}. Within the fence time (5 s, unless set otherwise) they send nothing out{}", but(holding))
            } else {
                format!("not reached: {names}, nor has a majority of nodes and journal the press yet: they may go on sending out. Press there too; it is repeated until they hear it")
            });
        }
        let count = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
        let home = reach.home.len();
        (count(home), count(home + reach.missing.len()))
    }

    /// Once the journal knows every press, what was held as a precaution may go out when it is agreed.
    async fn settle(&self) {
        let elsewhere = self.cluster.get().is_some_and(|cluster| cluster.has_open());
        let open = elsewhere || self.pending() > 0 || self.under_way.load(Ordering::SeqCst) > 0;
        if open || !self.node.latch().has_precautions() {
            return;
        }
        // A state that cannot be read settles nothing; the retries come here again.
        if let Ok(state) = self.desk.state(&self.stream).await
            && self.pending() == 0
            && self.under_way.load(Ordering::SeqCst) == 0
        {
            self.node.settle(&state);
        }
    }

    /// Presses the journal does not know yet.
    pub fn pending(&self) -> usize {
        self.lock().len()
    }

    /// Offers pending presses to the journal until it takes them. Ends with the process.
    pub async fn journal_pending(&self) {
        loop {
            tokio::time::sleep(RETRY).await;
            let Some(press) = self.lock().front().cloned() else {
                self.settle().await;
                continue;
            };
            match self.record(&press).await {
                Ok(_) => {
                    self.lock().pop_front();
                    self.write_pending();
                    self.wake.notify_one();
                }
                Err(error) if !is_final(&error) => {}
                Err(error) => {
                    tracing::error!(
                        error = chain(&error),
                        "a pending fallback was refused by the journal's state"
                    );
                    self.lock().pop_front();
                    self.write_pending();
                    if let Some(cluster) = self.cluster.get() {
                        cluster.drop_press(&press.command_id);
                    }
                }
            }
        }
    }

    async fn record(&self, press: &Press) -> Result<Option<String>, DeskError> {
        let command_id =
            CommandId::new(press.command_id.clone()).map_err(|e| DeskError::Append(e.into()))?;
        let command = Fallback::of(press.scope.clone(), press.reason.clone()).into();
        let request = Request {
            stream: self.stream.clone(),
            command_id,
            actor: press.actor(),
            command,
            now: press.at,
        };
        let answer = self.desk.execute(&request).await?;
        let opened = answer.events.iter().find_map(|event| match event {
            Event::FellBack(e) => Some(e.incident.to_string()),
            _ => None,
        });
        Ok(opened.or_else(|| open_incident(&answer.state, &press.scope)))
    }

    async fn verified(&self, incident: Option<&str>) -> bool {
        let Some(incident) = incident else {
            return false;
        };
        let state = self.desk.state(&self.stream).await;
        state.is_ok_and(|t| {
            t.incidents
                .get(&IncidentId::from(incident))
                .is_some_and(|i| i.verified.is_some())
        })
    }

    fn keep(&self, press: Press) {
        {
            let mut pending = self.lock();
            let known = pending.iter().any(|p| p.command_id == press.command_id);
            if !known && pending.len() < PENDING_MAX {
                pending.push_back(press);
            }
        }
        self.write_pending();
    }

    /// So that a crash does not lose a press that was acknowledged. The latch itself is already on disk.
    fn write_pending(&self) {
        let bytes = serde_json::to_vec(&*self.lock()).unwrap_or_default();
        if let Err(error) = write_durably(&self.pending_file, &bytes) {
            tracing::error!(
                error = format!("{error:#}"),
                "pending fallbacks are only in memory; free disk space"
            );
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Press>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Press {
    /// A press by somebody whom a door let in.
    pub fn by(actor: &Actor, scope: &str, reason: &str, command_id: String, at: Timestamp) -> Self {
        Self {
            scope: scope.to_owned(),
            reason: reason.to_owned(),
            person: actor.person.to_string(),
            side: actor.side,
            roles: actor.roles.iter().copied().collect(),
            command_id,
            at,
        }
    }

    /// The person behind the press.
    pub fn actor(&self) -> Actor {
        Actor::new(&self.person, self.side, &self.roles)
    }
}

/// Whether offering the same press again could never be recorded; anything else is worth another try.
fn is_final(error: &DeskError) -> bool {
    matches!(
        error,
        DeskError::Refused(_) | DeskError::CommandIdReused { .. }
    )
}

/// What a node that was not reached goes on sending out past the fence time: its own table decides, which may be older than this one's.
fn but(holding: &[String]) -> String {
    let named = if holding.is_empty() {
        String::new()
    } else {
        format!(" (here {})", holding.join(", "))
    };
    format!(
        " but the last agreed share of chunks that hold by their own tables{named}: press there too"
    )
}

/// The newest incident of a chunk of the scope that is still home.
fn open_incident(t: &Transition, scope: &str) -> Option<String> {
    let scope = segue_domain::fallback::Scope::read(t, scope).ok()?;
    t.chunks
        .iter()
        .filter(|(id, chunk)| scope.covers(id, chunk))
        .filter_map(|(_, chunk)| match &chunk.state {
            segue_domain::chunks::ChunkState::Returned { incident } => t.incidents.get(incident),
            _ => None,
        })
        .max_by_key(|incident| incident.opened.at)
        .map(|incident| incident.opened.incident.to_string())
}
