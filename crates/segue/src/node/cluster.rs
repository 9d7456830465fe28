//! The edge of the nodes' protocol: words over UDP between nodes that share the client's key, answered only when what they
//! say is on disk. What they mean is decided in `segue-nodes`.

use crate::clock;
use crate::data_dir::random_bytes;
use crate::home::Press;
use crate::node::state::Node;
use crate::output::Failure;
use hmac::{Hmac, KeyInit as _, Mac as _};
use segue_journal::{CommandId, Desk, Journal};
use segue_nodes::{Open, Reach, Room, Settings, Word};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::net::{UdpSocket, lookup_host};
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

type Keep = Box<dyn Fn(Press) + Send + Sync>;

/// This node among the others.
pub struct Cluster {
    node: Arc<Node>,
    room: Mutex<Room<Press>>,
    socket: UdpSocket,
    peers: BTreeMap<String, String>,
    key: [u8; 32],
    session: u64,
    heard: Notify,
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
        let open = pending.into_iter().map(|press| opened(&press)).collect();
        let cluster = Self {
            room: Mutex::new(Room::new(settings, open)),
            node,
            socket,
            peers: options.peers.clone(),
            key: options.key,
            session: u64::from_le_bytes(random_bytes::<8>()?),
            heard: Notify::new(),
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

    /// The other nodes as they described themselves last, and those whose clocks differ.
    pub fn peers(&self) -> (BTreeMap<String, segue_nodes::Peer>, Vec<String>) {
        let room = self.lock();
        let skewed = room.skewed().map(str::to_owned).collect();
        (room.peers().clone(), skewed)
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
        for place in self.peers.values() {
            self.send(place, false, self.session, &word).await;
        }
    }

    async fn receive(&self, packet: Packet, from: SocketAddr) {
        let word = &packet.word;
        if !self.peers.contains_key(&word.from) || !self.take_over(word) {
            return;
        }
        if !packet.is_answer {
            let answer = self.word(word.asked_ms);
            self.send(&from.to_string(), true, packet.session, &answer)
                .await;
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
        let is_home = latch.held(&installed.table).next().is_some();
        let (now_ms, wall_us) = (self.node.running_ms(), clock::now().as_microsecond());
        let room = self.lock();
        let mut word = room.word(&installed.table, &installed.hash, now_ms, asked_ms, wall_us);
        word.is_home = is_home;
        word
    }

    async fn send(&self, place: &str, is_answer: bool, session: u64, word: &Word<Press>) {
        let packet = Packet {
            session,
            is_answer,
            word: word.clone(),
        };
        let Ok(mut bytes) = serde_json::to_vec(&packet) else {
            return;
        };
        if bytes.len() > PACKET_BYTES_MAX {
            tracing::error!("too many presses wait for the journal to tell other nodes of all");
            return;
        }
        let code = self.code(&bytes).finalize().into_bytes();
        bytes.extend_from_slice(&code);
        // A node that is not there is asked again in a moment.
        if let Ok(mut found) = lookup_host(place).await
            && let Some(address) = found.next()
        {
            let _ = self.socket.send_to(&bytes, address).await;
        }
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

fn opened(press: &Press) -> (String, Open<Press>) {
    let open = Open {
        scope: press.scope.clone(),
        press: press.clone(),
    };
    (press.command_id.clone(), open)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::files::NodeFiles;
    use segue_domain::caller::CallerKey;
    use segue_domain::{Role, Side};
    use tempfile::TempDir;

    /// Two nodes on loopback, at an address that only this process has: each knows the other's port before it is there.
    async fn pair() -> [(Arc<Cluster>, TempDir); 2] {
        let [_, high, mid, low] = std::process::id().to_be_bytes();
        let places =
            [7_946, 7_947].map(|port| SocketAddr::from(([127, 0x64 ^ high, mid, low], port)));
        let one = async |own: usize, other: usize| {
            let directory = tempfile::tempdir().unwrap();
            std::fs::create_dir_all(directory.path().join("node")).unwrap();
            let names = ["A", "B"];
            let files = NodeFiles::new(directory.path());
            let node = Node::open(names[own], CallerKey::new(&[7; 32]), files);
            let options = ClusterOptions {
                listen: places[own],
                peers: [(names[other].to_owned(), places[other].to_string())].into(),
                key: [9; 32],
                fence_ms: 5_000,
                healthy_ms: 0,
            };
            let cluster = Cluster::open(&options, Arc::new(node), Vec::new()).await;
            let cluster = cluster.unwrap_or_else(|_| panic!("{} opens", places[own]));
            tokio::spawn(Arc::clone(&cluster).run());
            (cluster, directory)
        };
        [one(0, 1).await, one(1, 0).await]
    }

    fn press(id: &str) -> Press {
        Press {
            scope: "all".to_owned(),
            reason: String::new(),
            person: "duty".to_owned(),
            side: Side::Client,
            roles: vec![Role::Duty],
            command_id: id.to_owned(),
            at: clock::now(),
        }
    }

    /// Whatever else is asked meanwhile: a node that is told to hold a press has it.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn who_is_said_to_hold_a_press_holds_it() {
        let [(a, _a_files), (b, _b_files)] = pair().await;
        let asking = Arc::clone(&a);
        let noise = tokio::spawn(async move {
            loop {
                asking.ask().await;
                tokio::task::yield_now().await;
            }
        });
        for n in 0..100 {
            let id = format!("press-{n}");
            let (pressed_ms, is_held) = a.press(&press(&id)).await;
            let reach = a.reach(pressed_ms, false);
            assert!(is_held && reach.complete, "{id}: {reach:?}");
            assert!(b.lock().open().contains_key(&id), "{id} is not with B");
            a.drop_press(&id);
            b.drop_press(&id);
        }
        noise.abort();
        assert!(!a.has_open() && !b.has_open());
    }
}
