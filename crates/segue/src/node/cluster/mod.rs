//! The edge of the nodes' protocol: words over UDP between nodes that share the client's key, answered only when what they
//! say is on disk. What they mean is decided in `segue-nodes`.

mod places;

use crate::clock;
use crate::data_dir::random_bytes;
use crate::home::Press;
use crate::node::state::Node;
use crate::output::Failure;
use hmac::{Hmac, KeyInit as _, Mac as _};
use places::Places;
use segue_journal::{CommandId, Desk, Journal};
use segue_nodes::{Apart, Open, Peer, Reach, Room, Settings, Standing, Word};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::Notify;

/// How often every peer is asked.
const ASK: Duration = Duration::from_millis(500);
/// How often a press is repeated until everybody answered or the wait is over.
const PRESS_AGAIN: Duration = Duration::from_millis(100);
/// The tick of the clock that words carry.
const MILLISECOND: Duration = Duration::from_millis(1);
/// How long a press waits for the other nodes.
const PRESS_WAIT: Duration = Duration::from_secs(1);
/// Longest datagram.
const PACKET_BYTES_MAX: usize = 60_000;
/// Bytes of the code that proves who sent it.
const CODE_BYTES: usize = 32;

/// Who the nodes are and how they reach each other.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// Where words arrive (UDP).
    pub listen: SocketAddr,
    /// Name and `HOST:PORT` of every other node.
    pub peers: BTreeMap<String, String>,
    /// What they share.
    pub key: [u8; 32],
    /// How long a word is good for, in milliseconds.
    pub fence_ms: u64,
    /// How long a node that was cut off must be well before it sends out, in milliseconds.
    pub healthy_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct Packet {
    /// The asking process: an answer to an earlier life of it is no answer.
    session: u64,
    is_answer: bool,
    word: Word<Press>,
}

/// How long what lasts among the nodes.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long a word is good for, in milliseconds.
    pub fence_ms: u64,
    /// How long a node that was cut off must be well before it sends out, in milliseconds.
    pub healthy_ms: u64,
}

/// The others as they described themselves last.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Each with whether it was heard within the fence time.
    pub peers: BTreeMap<String, (Peer, bool)>,
    /// What any node that is heard sees apart.
    pub apart: Apart,
    /// Whether every node is heard.
    pub heard_all: bool,
    /// Presses that this node passes on.
    pub presses: usize,
    /// How long this node may send out as far as the others are concerned, in milliseconds.
    pub sends_ms_left: u64,
    /// Work for the whole transition that this node does.
    pub jobs: BTreeSet<String>,
}

type Keep = Box<dyn Fn(Press) + Send + Sync>;

/// This node among the others.
pub struct Cluster {
    node: Arc<Node>,
    room: Mutex<Room<Press>>,
    socket: UdpSocket,
    places: Arc<Places>,
    key: [u8; 32],
    session: u64,
    heard: Notify,
    /// Work for the whole transition that this node does, and until when that it did it counts.
    jobs: Mutex<BTreeMap<String, u64>>,
    timing: Timing,
    /// Writes down a press of another node, to offer it to the journal too.
    keep: OnceLock<Keep>,
}

impl Cluster {
    /// Opens the socket. Until a majority is heard nothing goes out but what is signed to hold.
    pub async fn open(
        options: &ClusterOptions,
        node: Arc<Node>,
        pending: Vec<Press>,
    ) -> Result<Arc<Self>, Failure> {
        let socket = UdpSocket::bind(options.listen).await.map_err(|e| {
            Failure::Unavailable(format!(
                "cannot listen for other nodes on udp {} ({e}); choose another port with --nodes-listen",
                options.listen
            ))
        })?;
        let settings = Settings {
            peers: options.peers.keys().cloned().collect(),
            fence_ms: options.fence_ms,
            healthy_ms: options.healthy_ms,
            ..Settings::alone(&node.name)
        };
        let timing = Timing {
            fence_ms: settings.fence_ms,
            healthy_ms: settings.healthy_ms,
        };
        let open = pending.into_iter().map(|press| opened(&press)).collect();
        let cluster = Self {
            room: Mutex::new(Room::new(settings, open)),
            node,
            socket,
            places: Arc::new(Places::new(options.peers.values())),
            key: options.key,
            session: u64::from_le_bytes(random_bytes::<8>()?),
            heard: Notify::new(),
            jobs: Mutex::default(),
            timing,
            keep: OnceLock::new(),
        };
        cluster.hold(&cluster.lock());
        Ok(Arc::new(cluster))
    }

    /// Where presses of other nodes are written down before they are acknowledged.
    pub fn keep_with(&self, keep: impl Fn(Press) + Send + Sync + 'static) {
        let _ = self.keep.set(Box::new(keep));
    }

    /// Asks and answers until the process ends.
    pub async fn run(self: Arc<Self>) {
        let _resolving = AbortOnDrop(tokio::spawn(Arc::clone(&self.places).keep_resolved()));
        let mut buffer = vec![0; PACKET_BYTES_MAX + CODE_BYTES];
        let mut next_ask = tokio::time::interval(ASK);
        loop {
            tokio::select! {
                _ = next_ask.tick() => self.ask().await,
                received = self.socket.recv_from(&mut buffer) => {
                    // An error is a peer's closed port: it is asked again.
                    if let Ok((length, from)) = received
                        && let Some(packet) = self.opened(&buffer[..length])
                    {
                        self.receive(packet, from).await;
                    }
                }
            }
        }
    }

    /// Takes over what a press of this node's means, tells everybody, and says how far it got.
    pub async fn press(&self, press: &Press) -> (u64, bool) {
        let is_held = {
            let mut room = self.lock();
            let (id, open) = opened(press);
            room.press(&id, open);
            self.hold(&room)
        };
        // The first millisecond that began after the press was in the room: a word asked in an earlier one may lack it, and
        // its answer proves nothing.
        let pressed_ms = self.node.running_ms() + 1;
        let everybody = async {
            loop {
                let heard = self.heard.notified();
                if self.reach(pressed_ms, false).missing.is_empty() {
                    return;
                }
                let _ = tokio::time::timeout(PRESS_AGAIN, heard).await;
            }
        };
        let repeat = async {
            tokio::time::sleep(MILLISECOND).await;
            loop {
                self.ask().await;
                tokio::time::sleep(PRESS_AGAIN).await;
            }
        };
        tokio::select! {
            () = everybody => {}
            () = repeat => {}
            () = tokio::time::sleep(PRESS_WAIT) => {}
        }
        (pressed_ms, is_held)
    }

    /// Who holds what was pressed at an instant of this node's clock.
    pub fn reach(&self, pressed_ms: u64, journalled: bool) -> Reach {
        self.lock().reach(pressed_ms, journalled)
    }

    /// Whether presses of any node wait for the journal.
    pub fn has_open(&self) -> bool {
        !self.lock().open().is_empty()
    }

    /// A press that the journal refused for good.
    pub fn drop_press(&self, id: &str) {
        let mut room = self.lock();
        room.drop_press(id);
        self.hold(&room);
    }

    /// The other nodes as they described themselves last, and what differs among all.
    pub fn seen(&self) -> Seen {
        let (now_ms, jobs) = (self.node.running_ms(), self.jobs());
        let room = self.lock();
        let peers = room.peers().iter();
        let peers =
            peers.map(|(name, peer)| (name.clone(), (peer.clone(), room.is_fresh(peer, now_ms))));
        let (apart, heard_all) = room.apart_anywhere(now_ms);
        Seen {
            peers: peers.collect(),
            apart,
            heard_all,
            presses: room.open().len(),
            sends_ms_left: room.window().ms_left(now_ms),
            jobs,
        }
    }

    /// How long what lasts among the nodes.
    pub fn timing(&self) -> Timing {
        self.timing
    }

    /// Whether another node does this work for the whole transition.
    pub fn stands_by(&self, job: &str) -> bool {
        self.lock().stands_by(job, self.node.running_ms())
    }

    /// This node did a piece of the work, which counts for `valid`: after that others take over.
    pub fn did(&self, job: &str, valid: Duration) {
        let valid_ms = u64::try_from(valid.as_millis()).unwrap_or(u64::MAX);
        let until_ms = self.node.running_ms().saturating_add(valid_ms);
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.insert(job.to_owned(), until_ms);
    }

    fn jobs(&self) -> BTreeSet<String> {
        let now_ms = self.node.running_ms();
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.retain(|_, until_ms| now_ms < *until_ms);
        jobs.keys().cloned().collect()
    }

    /// The journal was read from `begun_ms` on, and the table has its facts up to `version`.
    pub async fn journal_read<J: Journal>(&self, desk: &Desk<J>, begun_ms: u64, version: u64) {
        let open: Vec<_> = self.lock().open().keys().cloned().collect();
        for id in open {
            let Ok(command) = CommandId::new(id.clone()) else {
                continue;
            };
            if let Ok(Some(known)) = desk.journal().find_command(&command).await {
                self.lock().recorded(&id, known.version.0);
            }
        }
        let lease_ms = u64::from(self.node.installed().table.authority_lease_s) * 1_000;
        let mut room = self.lock();
        room.close_recorded(version);
        self.hold(&room);
        room.hear_journal(begun_ms, lease_ms, self.node.running_ms());
        self.node.set_window(room.window());
    }

    async fn ask(&self) {
        let now_ms = self.node.running_ms();
        let word = self.word(now_ms);
        let Some(bytes) = self.sealed(false, self.session, word) else {
            return;
        };
        for address in self.places.addresses() {
            // A node that is not there is asked again in a moment.
            let _ = self.socket.send_to(&bytes, address).await;
        }
    }

    async fn receive(&self, packet: Packet, from: SocketAddr) {
        let word = &packet.word;
        let is_known = self.lock().peers().contains_key(&word.from);
        if !is_known || !self.take_over(word) {
            return;
        }
        if !packet.is_answer {
            let answer = self.word(word.asked_ms);
            if let Some(bytes) = self.sealed(true, packet.session, answer) {
                let _ = self.socket.send_to(&bytes, from).await;
            }
        } else if packet.session == self.session {
            let mut room = self.lock();
            room.hear(word, clock::now().as_microsecond(), self.node.running_ms());
            self.node.set_window(room.window());
            drop(room);
            self.heard.notify_waiters();
        }
    }

    /// What a word says is in force and on disk when this returns true; nothing is answered otherwise.
    fn take_over(&self, word: &Word<Press>) -> bool {
        let mut room = self.lock();
        let new = room.listen(word);
        if let Some(keep) = self.keep.get() {
            for id in &new {
                if let Some(open) = word.presses.get(id) {
                    keep(open.press.clone());
                }
            }
        }
        let raised = self.node.raise(&word.epochs);
        let held = self.hold(&room);
        raised && held
    }

    /// The latch holds exactly the open presses; whether it is on disk.
    fn hold(&self, room: &Room<Press>) -> bool {
        self.node.hold_presses(room.holds())
    }

    fn word(&self, asked_ms: u64) -> Word<Press> {
        let (installed, latch) = (self.node.installed(), self.node.latch());
        let standing = Standing {
            wall_us: clock::now().as_microsecond(),
            is_home: latch.held(&installed.table).next().is_some(),
            lease_ms_left: self.node.lease_ms_left(),
            latch_epoch: latch.epoch(),
            jobs: self.jobs(),
        };
        let now_ms = self.node.running_ms();
        let mut room = self.lock();
        room.compare_tables(&installed.table, &installed.hash, now_ms);
        room.word(
            &installed.table,
            &installed.hash,
            now_ms,
            asked_ms,
            standing,
        )
    }

    /// A word as it travels, with the code that proves who sent it.
    fn sealed(&self, is_answer: bool, session: u64, word: Word<Press>) -> Option<Vec<u8>> {
        let packet = Packet {
            session,
            is_answer,
            word,
        };
        let mut bytes = serde_json::to_vec(&packet).ok()?;
        if bytes.len() > PACKET_BYTES_MAX {
            tracing::error!("too many presses wait for the journal to tell other nodes of all");
            return None;
        }
        let code = self.code(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&code);
        Some(bytes)
    }

    fn opened(&self, bytes: &[u8]) -> Option<Packet> {
        let (body, code) = bytes.split_at_checked(bytes.len().checked_sub(CODE_BYTES)?)?;
        self.code(body).verify_slice(code).ok()?;
        serde_json::from_slice(body).ok()
    }

    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    fn code(&self, body: &[u8]) -> Hmac<Sha256> {
        let mut code = Hmac::<Sha256>::new_from_slice(&self.key).expect("any length");
        code.update(body);
        code
    }

    /// Every kept state is whole, so a panic elsewhere leaves nothing to repair.
    fn lock(&self) -> MutexGuard<'_, Room<Press>> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a task with whoever began it.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn opened(press: &Press) -> (String, Open<Press>) {
    let open = Open {
        scope: press.scope.clone(),
        press: press.clone(),
    };
    (press.command_id.clone(), open)
}

#[cfg(feature = "bench")]
#[cfg(test)]
mod bench;
#[cfg(test)]
mod tests;
