//! The node's state: table, latch, episodes, lease. Shared by the SIP threads, the pages and the tail.

use crate::clock;
use crate::node::files::NodeFiles;
use crate::node::standing::held_when_cut_off;
use arc_swap::ArcSwap;
use segue_domain::Transition;
use segue_domain::caller::CallerKey;
use segue_domain::ids::ChunkId;
use segue_domain::lines::EMERGENCY_NUMBERS;
use segue_nodes::Window;
use segue_routing::{Decision, Episodes, HomeLatch, NumberEntry, RouteTable, Standing};
use segue_sip::{Hop, Transport};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A table with its hash and its targets' addresses, swapped in as one.
#[derive(Debug, Default)]
pub struct Installed {
    /// The table.
    pub table: RouteTable,
    /// Its hash.
    pub hash: String,
    /// URI → where it is reached and the URI as text to send. Never 911, 988 or 112.
    pub addresses: HashMap<String, (Hop, Arc<str>)>,
    /// Where the outsourcer's trunks send from; calls from there never go out.
    pub outsourcer_ips: HashSet<IpAddr>,
}

/// One routing node.
#[derive(Debug)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// The client's key for caller hashes.
    pub key: CallerKey,
    installed: ArcSwap<Installed>,
    latch: ArcSwap<HomeLatch>,
    latching: Mutex<()>,
    /// Whether the latch in force is the one on disk.
    latch_on_disk: AtomicBool,
    files: NodeFiles,
    episodes: Mutex<Episodes>,
    started: Instant,
    /// Milliseconds after `started` until which the journal's word is fresh.
    lease_until_ms: AtomicU64,
    /// From when until when the other nodes let this one send out; always, for a node without peers.
    fence_ms: [AtomicU64; 2],
}

/// What a latch did.
#[derive(Debug)]
pub struct LatchReport {
    /// Whether any of them was out before.
    pub changed: bool,
    /// Why the latch is not on disk, if it is not: calls are home all the same.
    pub not_durable: Option<String>,
    /// Chunks of the scope whose last agreed share a node goes on sending out that is cut off and does not hear of it.
    pub holding: Vec<String>,
}

impl Node {
    /// A node with what its files remember. The lease starts expired until the journal is read.
    pub fn open(name: &str, key: CallerKey, files: NodeFiles) -> Self {
        // Damaged: nobody knows what was brought home, so everything is. Calls must not wait for the mending.
        let read = files.read_latch();
        let latch_on_disk = AtomicBool::new(read.is_ok());
        let latch = read.unwrap_or_else(|error| {
            tracing::error!(
                error = format!("{error:#}"),
                "the latch cannot be read: every call goes home"
            );
            HomeLatch::everything()
        });
        let table = files.read_table().unwrap_or_default();
        Self {
            name: name.to_owned(),
            key,
            installed: ArcSwap::from_pointee(Installed::new(table)),
            latch: ArcSwap::from_pointee(latch),
            latching: Mutex::default(),
            latch_on_disk,
            files,
            episodes: Mutex::default(),
            started: clock::monotonic(),
            lease_until_ms: AtomicU64::new(0),
            fence_ms: [AtomicU64::new(0), AtomicU64::new(u64::MAX)],
        }
    }

    /// The table in force.
    pub fn installed(&self) -> Arc<Installed> {
        self.installed.load_full()
    }

    /// The latch in force.
    pub fn latch(&self) -> Arc<HomeLatch> {
        self.latch.load_full()
    }

    /// Puts a table in force for every call from now on; its bytes are on disk first.
    pub fn install(&self, table: RouteTable) -> anyhow::Result<()> {
        let installed = Installed::new(table);
        let stored = self.files.write_table(&installed.hash, &installed.table);
        self.installed.store(Arc::new(installed));
        stored
    }

    /// Latches the scope home: in force at once for every new call, then durable.
    pub fn bring_home(&self, scope: &str) -> LatchReport {
        let _one_at_a_time = lock(&self.latching);
        let installed = self.installed();
        let covered = installed.table.covered(scope);
        let mut latch = HomeLatch::clone(&self.latch());
        let latched = latch.latch(&installed.table, |chunk| covered.contains(chunk));
        let not_durable = self.keep_latch_if(latched.changed, latch);
        LatchReport {
            changed: latched.was_out,
            not_durable,
            holding: held_when_cut_off(&installed.table, scope),
        }
    }

    /// Holds the open presses of all nodes, and nothing of presses that are closed; whether it is on disk.
    pub fn hold_presses(&self, open: BTreeMap<String, String>) -> bool {
        let _one_at_a_time = lock(&self.latching);
        let mut latch = HomeLatch::clone(&self.latch());
        let changed = latch.hold_presses(open);
        self.keep_latch_if(changed, latch).is_none()
    }

    /// Takes over the epochs of a peer's table; whether they are on disk.
    pub fn raise(&self, epochs: &BTreeMap<ChunkId, u64>) -> bool {
        let _one_at_a_time = lock(&self.latching);
        let installed = self.installed();
        let mut latch = HomeLatch::clone(&self.latch());
        let changed = latch.raise(epochs, &installed.table);
        self.keep_latch_if(changed, latch).is_none()
    }

    /// From when until when this node may send out, as far as the other nodes are concerned.
    pub fn set_window(&self, window: Window) {
        let [from, until] = &self.fence_ms;
        // Shut while both change.
        until.store(0, Ordering::SeqCst);
        from.store(window.from_ms, Ordering::SeqCst);
        until.store(window.until_ms, Ordering::SeqCst);
    }

    fn is_fenced(&self) -> bool {
        let [from_ms, until_ms] = &self.fence_ms;
        let window = Window {
            until_ms: until_ms.load(Ordering::SeqCst),
            from_ms: from_ms.load(Ordering::SeqCst),
        };
        !window.is_open(self.running_ms())
    }

    /// Lets go of what was held as a precaution; to be called only while no press waits for the journal.
    pub fn settle(&self, journal: &Transition) {
        let _one_at_a_time = lock(&self.latching);
        let mut latch = HomeLatch::clone(&self.latch());
        if latch.settle(|id| journal.chunk(id).map(|chunk| chunk.epoch))
            && let Some(error) = self.keep_latch(latch)
        {
            tracing::error!(error, "a settled latch is only in memory; free disk space");
        }
    }

    /// Keeps a latch that changed, and one that did not but is in memory only: "held" is never said of what no disk has.
    fn keep_latch_if(&self, changed: bool, latch: HomeLatch) -> Option<String> {
        let is_kept = !changed && self.latch_on_disk.load(Ordering::SeqCst);
        (!is_kept).then(|| self.keep_latch(latch)).flatten()
    }

    /// In force at once, then on disk; why not, if it is not.
    fn keep_latch(&self, latch: HomeLatch) -> Option<String> {
        let latch = Arc::new(latch);
        self.latch.store(Arc::clone(&latch));
        let kept = self.files.write_latch(&latch);
        self.latch_on_disk.store(kept.is_ok(), Ordering::SeqCst);
        kept.err().map(|e| format!("{e:#}"))
    }

    /// Milliseconds the lease is good for; 0 when it has run out.
    pub fn lease_ms_left(&self) -> u64 {
        self.lease_until_ms
            .load(Ordering::Relaxed)
            .saturating_sub(self.running_ms())
    }

    /// The journal was read: the agreed table is good for another lease.
    pub fn renew_lease(&self) {
        let lease_ms = u64::from(self.installed().table.authority_lease_s) * 1000;
        self.lease_until_ms
            .store(self.running_ms() + lease_ms, Ordering::Relaxed);
    }

    /// Runs the pure choice with what this node knows, and remembers the caller's side.
    pub fn choose<'t>(
        &self,
        installed: &'t Installed,
        call: &segue_routing::Call<'_>,
        now_us: i64,
    ) -> Decision<'t> {
        let latch = self.latch.load();
        let standing = Standing {
            latch: &latch,
            lease_good: self.lease_ms_left() > 0 && !self.is_fenced(),
        };
        let mut episodes = lock(&self.episodes);
        let decision = segue_routing::choose(
            &installed.table,
            &standing,
            &episodes,
            call,
            &self.key,
            now_us,
        );
        if let (true, Some(chunk), Some(caller)) = (
            decision.reason.makes_episode(),
            decision.chunk,
            decision.caller,
        ) {
            episodes.note(chunk, caller, decision.arm, decision.pi_bp, now_us);
        }
        decision
    }

    /// The episodes, for restoring them after a restart and for sweeping.
    pub fn episodes(&self) -> MutexGuard<'_, Episodes> {
        lock(&self.episodes)
    }

    /// This node's monotonic clock: milliseconds since it was opened.
    pub fn running_ms(&self) -> u64 {
        u64::try_from(
            clock::monotonic()
                .duration_since(self.started)
                .as_millis()
                .max(1),
        )
        .unwrap_or(u64::MAX)
    }
}

impl Installed {
    /// Resolves every target once, so that no call ever waits for a name.
    pub fn new(table: RouteTable) -> Self {
        let uris = table.numbers.values().flat_map(|n| {
            [&n.in_house, &n.outsourced]
                .into_iter()
                .chain(&n.last_resort)
        });
        let addresses: HashMap<_, _> = uris
            .filter(|uri| !is_emergency(uri))
            .filter_map(|uri| Some((uri.clone(), (resolve(uri)?, Arc::from(uri.as_str())))))
            .collect();
        let ips = |uri: fn(&NumberEntry) -> &String| -> HashSet<IpAddr> {
            let hops = table.numbers.values().filter_map(|n| addresses.get(uri(n)));
            hops.map(|(hop, _): &(Hop, Arc<str>)| hop.addr.ip())
                .collect()
        };
        // A host both sides share (a demo on one machine) cannot identify the outsourcer.
        let outsourcer_ips = &ips(|n| &n.outsourced) - &ips(|n| &n.in_house);
        Self {
            hash: table.hash(),
            table,
            addresses,
            outsourcer_ips,
        }
    }

    /// Whether an address is a target of this table.
    pub fn is_target(&self, addr: SocketAddr) -> bool {
        self.addresses.values().any(|(known, _)| known.addr == addr)
    }
}

/// 911, 988 and 112 are never targets (`domain.md` §7.11), whatever a table says.
fn is_emergency(uri: &str) -> bool {
    let user = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    let user = user.split_once('@').map_or("", |(user, _)| user);
    EMERGENCY_NUMBERS.contains(&user.trim_start_matches('+'))
}

/// Where a SIP URI is reached: TLS for `sips:`, else its `transport` parameter, else UDP.
pub fn resolve(uri: &str) -> Option<Hop> {
    let lower = uri.to_ascii_lowercase();
    let named = lower.split_once("transport=").map(|(_, rest)| rest);
    let named = named.and_then(|rest| rest.split([';', '?']).next());
    let transport = match named {
        _ if lower.starts_with("sips:") => Transport::Tls,
        Some(name) => Transport::of(name.as_bytes())?,
        None => Transport::Udp,
    };
    Some(Hop::new(transport, resolve_address(uri, transport)?))
}

/// The address; 5060, or 5061 over TLS, unless the URI names a port.
fn resolve_address(uri: &str, transport: Transport) -> Option<SocketAddr> {
    let rest = uri.split_once('@').map_or_else(
        || uri.trim_start_matches("sips:").trim_start_matches("sip:"),
        |(_, rest)| rest,
    );
    let host_port = rest.split([';', '?']).next()?;
    let has_port = host_port
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok())
        && !host_port.ends_with(']');
    let text = if has_port {
        host_port.to_owned()
    } else {
        let port = if transport == Transport::Tls {
            5_061
        } else {
            5_060
        };
        format!("{host_port}:{port}")
    };
    text.to_socket_addrs().ok()?.next()
}

/// A poisoned lock means a panic elsewhere; the state behind it is still whole, and calls go on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often loops of the node look up.
pub const TICK: Duration = Duration::from_millis(100);

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use segue_domain::chunks::CutOffAction;
    use segue_routing::{Arm, Call, ChunkEntry, Reason};

    /// One number, all of it out.
    pub(crate) fn all_out(epoch: u64) -> RouteTable {
        let chunk = ChunkEntry {
            chunk: "MAIN/MSG".into(),
            site: "MAIN".into(),
            share_bp: 10_000,
            epoch,
            door_open: true,
            open_us: None,
            cut_off_action: CutOffAction::Home,
        };
        let number = NumberEntry {
            line: "L1".into(),
            in_house: "sip:7001@127.0.0.2".into(),
            outsourced: "sip:7001@127.0.0.3".into(),
            last_resort: vec!["sip:oncall@127.0.0.4".into()],
            chunks: vec![chunk],
        };
        RouteTable {
            version: epoch,
            valid_until_us: i64::MAX,
            authority_lease_s: 900,
            numbers: [("7001".to_owned(), number)].into(),
            ..RouteTable::default()
        }
    }

    /// A node over a directory; the journal was just read.
    fn node(directory: &std::path::Path) -> Node {
        for folder in ["node", "tables"] {
            std::fs::create_dir_all(directory.join(folder)).unwrap();
        }
        let node = Node::open("A", CallerKey::new(&[7; 32]), NodeFiles::new(directory));
        node.install(all_out(0)).unwrap();
        node.renew_lease();
        node
    }

    fn decide(node: &Node) -> (Arm, Reason) {
        let call = Call {
            dialled: "7001",
            caller: Some("+16095550110"),
            call_id: "x",
            source_host: "127.0.0.9",
            already_routed: false,
        };
        let installed = node.installed();
        let decision = node.choose(&installed, &call, 0);
        (decision.arm, decision.reason)
    }

    #[test]
    fn a_press_counts_from_the_next_call_on_and_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let first = node(directory.path());
        assert_eq!(decide(&first).0, Arm::Outsourced);
        let report = first.bring_home("all");
        assert!(report.changed && report.not_durable.is_none());
        assert_eq!(decide(&first), (Arm::InHouse, Reason::HomeLatch));
        assert!(!first.bring_home("MAIN").changed, "already home");
        drop(first);
        assert_eq!(
            decide(&node(directory.path())),
            (Arm::InHouse, Reason::HomeLatch)
        );
    }

    #[test]
    fn a_press_that_no_disk_took_is_not_said_to_be_kept_when_it_is_asked_again() {
        let directory = tempfile::tempdir().unwrap();
        let node = node(directory.path());
        std::fs::remove_dir_all(directory.path().join("node")).unwrap();
        assert!(node.bring_home("all").not_durable.is_some());
        let open = [("p".to_owned(), "all".to_owned())].into();
        assert!(!node.hold_presses(open) && !node.raise(&BTreeMap::new()));
        assert!(node.bring_home("all").not_durable.is_some(), "asked again");
        std::fs::create_dir(directory.path().join("node")).unwrap();
        assert!(node.bring_home("all").not_durable.is_none());
        assert!(node.raise(&BTreeMap::new()), "kept at last");
    }

    #[test]
    fn targets_are_reached_as_their_uris_say_and_emergency_numbers_never() {
        for (uri, hop) in [
            ("sip:7001@127.0.0.2", "udp 127.0.0.2:5060"),
            (
                "sip:7001@127.0.0.2:5070;transport=TCP",
                "tcp 127.0.0.2:5070",
            ),
            ("sips:7001@127.0.0.2", "tls 127.0.0.2:5061"),
            ("sip:7001@[::1];transport=tls", "tls [::1]:5061"),
        ] {
            assert_eq!(resolve(uri).unwrap().to_string(), hop, "{uri}");
        }
        assert_eq!(resolve("sip:7001@127.0.0.2;transport=sctp"), None);
        let mut table = all_out(0);
        table.numbers.get_mut("7001").unwrap().last_resort = vec![
            "sip:911@127.0.0.4".into(),
            "sip:+112@127.0.0.4".into(),
            "sip:oncall@127.0.0.4".into(),
        ];
        let installed = Installed::new(table);
        assert_eq!(installed.addresses.len(), 3);
        assert_eq!(
            installed.outsourcer_ips,
            HashSet::from([[127, 0, 0, 3].into()])
        );
    }

    #[test]
    fn a_damaged_latch_sends_every_call_home() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("node")).unwrap();
        std::fs::write(directory.path().join("node/latch.json"), b"{").unwrap();
        assert_eq!(
            decide(&node(directory.path())),
            (Arm::InHouse, Reason::HomeLatch)
        );
    }

    #[test]
    fn a_press_names_the_chunks_that_nodes_out_of_reach_go_on_sending_out() {
        let directory = tempfile::tempdir().unwrap();
        let node = node(directory.path());
        assert!(node.bring_home("all").holding.is_empty());
        let mut table = all_out(1);
        for number in table.numbers.values_mut() {
            number.chunks[0].cut_off_action = CutOffAction::HoldLastAgreedAndPage;
        }
        let held = table.numbers["7001"].chunks[0].chunk.to_string();
        node.install(table).unwrap();
        assert!(node.bring_home("elsewhere").holding.is_empty());
        assert_eq!(node.bring_home("all").holding, [held]);
    }

    #[test]
    fn before_the_journal_was_read_a_chunk_takes_its_cut_off_action() {
        let directory = tempfile::tempdir().unwrap();
        drop(node(directory.path()));
        let restarted = Node::open(
            "A",
            CallerKey::new(&[7; 32]),
            NodeFiles::new(directory.path()),
        );
        assert_eq!(decide(&restarted), (Arm::InHouse, Reason::CutOff));
    }
}
