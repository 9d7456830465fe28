//! One node's part: whom it heard when, which presses are open, and how long it may send out.

use crate::window::Window;
use crate::word::{Apart, Open, Word};
use segue_routing::RouteTable;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How long a peer may run another table before that is more than news on its way, in milliseconds.
const NEWS_MS: u64 = 10_000;
/// Presses one node passes on at a time.
const OPEN_MAX: usize = 1_000;
/// Ids of presses the journal has, remembered so that a late word does not open them again.
const DONE_MAX: usize = 10_000;

/// How nodes treat each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// This node's name.
    pub name: String,
    /// The others' names.
    pub peers: BTreeSet<String>,
    /// How long a word of a voter is good for, in milliseconds.
    pub fence_ms: u64,
    /// How long a node that was cut off must be well before it sends out, in milliseconds.
    pub healthy_ms: u64,
    /// Clocks that differ by more are an alarm, in milliseconds.
    pub skew_ms_max: u64,
}

impl Settings {
    /// The defaults of a node without peers.
    pub fn alone(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            peers: BTreeSet::new(),
            fence_ms: 5_000,
            healthy_ms: 300_000,
            skew_ms_max: 2_000,
        }
    }
}

/// What is known of another node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// When its newest word was asked for; none before the first.
    pub heard_ms: Option<u64>,
    /// Hash of the table it runs.
    pub table_hash: String,
    /// Facts in that table.
    pub version: u64,
    /// How far its wall clock is from ours at least, in milliseconds.
    pub skew_ms: u64,
    /// Whether it holds any chunk home.
    pub is_home: bool,
    /// How long it may send out, as it said.
    pub sends_ms_left: u64,
    /// How long its table stays valid without the journal, as it said.
    pub lease_ms_left: u64,
    /// The highest epoch that its latch holds.
    pub latch_epoch: u64,
    /// Presses that it knows and the journal may not.
    pub presses: usize,
    /// What it sees apart itself.
    pub apart: Apart,
    /// Work for the whole transition that it does.
    pub jobs: BTreeSet<String>,
    /// Since when it has run another table than this node.
    differs_since_ms: Option<u64>,
    /// Whether its table is another one than at the last comparison.
    has_moved: bool,
}

/// What a node says of itself beside what its room knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its wall clock, in µs since 1970.
    pub wall_us: i64,
    /// Whether it holds any chunk home against its table.
    pub is_home: bool,
    /// How long its table stays valid without the journal, in milliseconds.
    pub lease_ms_left: u64,
    /// The highest epoch that its latch holds.
    pub latch_epoch: u64,
    /// Work for the whole transition that it does.
    pub jobs: BTreeSet<String>,
}

/// How far a press has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Nodes that hold it on disk, this one among them.
    pub home: BTreeSet<String>,
    /// Nodes that have not answered.
    pub missing: BTreeSet<String>,
    /// Whether a majority of the voters holds it: after the fence time no node sends out what it covers.
    pub complete: bool,
}

/// One node's part of the protocol. `P` is what the journal must be told of a press.
#[derive(Clone, Debug)]
pub struct Room<P> {
    settings: Settings,
    peers: BTreeMap<String, Peer>,
    journal_ms: Option<u64>,
    lease_ms: u64,
    window: Window,
    open: BTreeMap<String, Open<P>>,
    /// Version of the transition's facts that holds the press; the press stays open until our table has it.
    recorded: BTreeMap<String, u64>,
    done: VecDeque<String>,
}

impl<P: Clone> Room<P> {
    /// A node that has heard nobody yet; `open` are the presses its disk remembers.
    pub fn new(settings: Settings, open: BTreeMap<String, Open<P>>) -> Self {
        let peers = settings.peers.iter().cloned();
        Self {
            peers: peers.map(|name| (name, Peer::default())).collect(),
            settings,
            journal_ms: None,
            lease_ms: 0,
            window: Window::default(),
            open,
            recorded: BTreeMap::new(),
            done: VecDeque::new(),
        }
    }

    /// From when until when this node may send out.
    pub fn window(&self) -> Window {
        self.window
    }

    /// The other nodes.
    pub fn peers(&self) -> &BTreeMap<String, Peer> {
        &self.peers
    }

    /// Command id and scope of every open press, as the latch holds them.
    pub fn holds(&self) -> BTreeMap<String, String> {
        let scopes = self.open.iter();
        scopes
            .map(|(id, open)| (id.clone(), open.scope.clone()))
            .collect()
    }

    /// Presses the journal may not know yet.
    pub fn open(&self) -> &BTreeMap<String, Open<P>> {
        &self.open
    }

    /// What this node says, as a question asked now or as the answer to one.
    pub fn word(
        &self,
        table: &RouteTable,
        table_hash: &str,
        now_ms: u64,
        asked_ms: u64,
        standing: Standing,
    ) -> Word<P> {
        Word {
            from: self.settings.name.clone(),
            asked_ms,
            epochs: table.epochs(),
            presses: self.open.clone(),
            table_hash: table_hash.to_owned(),
            version: table.version,
            wall_us: standing.wall_us,
            is_home: standing.is_home,
            sends_ms_left: self.window.ms_left(now_ms),
            lease_ms_left: standing.lease_ms_left,
            latch_epoch: standing.latch_epoch,
            apart: self.apart(now_ms),
            jobs: standing.jobs,
        }
    }

    /// Whether a peer was heard within the fence time.
    pub fn is_fresh(&self, peer: &Peer, now_ms: u64) -> bool {
        let fresh = |heard: u64| now_ms.saturating_sub(heard) <= self.settings.fence_ms;
        peer.heard_ms.is_some_and(fresh)
    }

    fn fresh(&self, now_ms: u64) -> impl Iterator<Item = (&String, &Peer)> {
        let peers = self.peers.iter();
        peers.filter(move |(_, peer)| self.is_fresh(peer, now_ms))
    }

    /// Compares the peers' tables with this node's own. A peer that is behind and moves on has news on its way; another table
    /// made of the same facts is another table.
    pub fn compare_tables(&mut self, own: &RouteTable, own_hash: &str, now_ms: u64) {
        for peer in self.peers.values_mut() {
            let same = peer.heard_ms.is_none() || peer.table_hash == own_hash;
            let moves_on = std::mem::take(&mut peer.has_moved) && peer.version != own.version;
            let since = peer.differs_since_ms.filter(|_| !moves_on);
            peer.differs_since_ms = (!same).then_some(since.unwrap_or(now_ms));
        }
    }

    /// What this node sees apart among those it hears.
    pub fn apart(&self, now_ms: u64) -> Apart {
        let mut apart = Apart::default();
        for (name, peer) in self.fresh(now_ms) {
            if peer.skew_ms > self.settings.skew_ms_max {
                apart.clocks.insert(name.clone());
            }
            let since = peer.differs_since_ms;
            if since.is_some_and(|since| now_ms.saturating_sub(since) > NEWS_MS) {
                apart.tables.insert(name.clone());
            }
        }
        apart
    }

    /// What any node that is heard sees apart, and whether every node is heard: only who hears all may say that all is well.
    pub fn apart_anywhere(&self, now_ms: u64) -> (Apart, bool) {
        let mut apart = self.apart(now_ms);
        let mut heard = 0;
        for (_, peer) in self.fresh(now_ms) {
            apart.add(&peer.apart);
            heard += 1;
        }
        (apart, heard == self.peers.len())
    }

    /// Whether a node before this one, by name, does the work: then this one stands by. Where that node is not heard any more
    /// or stops, this one does it; that two do it for a moment is harmless.
    pub fn stands_by(&self, job: &str, now_ms: u64) -> bool {
        let mut fresh = self.fresh(now_ms);
        fresh.any(|(name, peer)| *name < self.settings.name && peer.jobs.contains(job))
    }

    /// Opens a press of this node's. False when it is known already.
    pub fn press(&mut self, id: &str, press: Open<P>) -> bool {
        let known = self.open.contains_key(id) || self.done.iter().any(|done| done == id);
        if known || self.open.len() >= OPEN_MAX {
            return false;
        }
        self.open.insert(id.to_owned(), press);
        true
    }

    /// Takes over the presses of a word and gives back the ids that were new. Before the word is answered, the node must
    /// hold its epochs and these presses on disk: an answer says that it does.
    pub fn listen(&mut self, word: &Word<P>) -> Vec<String> {
        let mut new = Vec::new();
        for (id, press) in &word.presses {
            if self.press(id, press.clone()) {
                new.push(id.clone());
            }
        }
        new
    }

    /// An answer came, and what it says is held: its node is heard as of the moment it was asked.
    pub fn hear(&mut self, word: &Word<P>, asked_wall_us: i64, now_ms: u64) {
        if word.asked_ms > now_ms {
            return;
        }
        let Some(peer) = self.peers.get_mut(&word.from) else {
            return;
        };
        if peer.heard_ms.is_some_and(|heard| heard >= word.asked_ms) {
            return;
        }
        let took_ms = now_ms - word.asked_ms;
        // Somewhere between question and answer it looked at its clock: what the way took proves nothing.
        let apart_ms = word.wall_us.abs_diff(asked_wall_us) / 1_000;
        *peer = Peer {
            heard_ms: Some(word.asked_ms),
            table_hash: word.table_hash.clone(),
            version: word.version,
            skew_ms: apart_ms.saturating_sub(took_ms),
            is_home: word.is_home,
            sends_ms_left: word.sends_ms_left,
            lease_ms_left: word.lease_ms_left,
            latch_epoch: word.latch_epoch,
            presses: word.presses.len(),
            apart: word.apart.clone(),
            jobs: word.jobs.clone(),
            differs_since_ms: peer.differs_since_ms,
            has_moved: peer.has_moved || peer.table_hash != word.table_hash,
        };
        self.renew(now_ms);
    }

    /// The journal was read, and what it says is in force; `begun_ms` is when the reading began.
    pub fn hear_journal(&mut self, begun_ms: u64, lease_ms: u64, now_ms: u64) {
        self.journal_ms = self.journal_ms.max(Some(begun_ms));
        self.lease_ms = lease_ms;
        self.renew(now_ms);
    }

    /// The journal holds a press since a version of the transition's facts.
    pub fn recorded(&mut self, id: &str, version: u64) {
        if self.open.contains_key(id) {
            self.recorded.insert(id.to_owned(), version);
        }
    }

    /// A table came into force: presses it contains need not be passed on any more.
    pub fn close_recorded(&mut self, table_version: u64) {
        let contained: Vec<_> = self
            .recorded
            .iter()
            .filter(|(_, version)| **version <= table_version)
            .map(|(id, _)| id.clone())
            .collect();
        for id in contained {
            self.drop_press(&id);
        }
    }

    /// A press that the journal will never take: a rule refused it.
    pub fn drop_press(&mut self, id: &str) {
        self.open.remove(id);
        self.recorded.remove(id);
        self.done.push_back(id.to_owned());
        if self.done.len() > DONE_MAX {
            self.done.pop_front();
        }
    }

    /// How far a press has got that was latched here and put into every word since `pressed_ms`.
    pub fn reach(&self, pressed_ms: u64, journalled: bool) -> Reach {
        let answered = |peer: &Peer| peer.heard_ms.is_some_and(|heard| heard >= pressed_ms);
        let (mut home, mut missing) = (BTreeSet::new(), BTreeSet::new());
        home.insert(self.settings.name.clone());
        for (name, peer) in &self.peers {
            let side = if answered(peer) {
                &mut home
            } else {
                &mut missing
            };
            side.insert(name.clone());
        }
        let votes = home.len() + usize::from(journalled);
        Reach {
            home,
            missing,
            complete: votes >= self.majority(),
        }
    }

    /// Votes that make a majority of the nodes and the journal.
    fn majority(&self) -> usize {
        let voters = self.peers.len() + 2;
        voters / 2 + 1
    }

    fn renew(&mut self, now_ms: u64) {
        let leased = self
            .journal_ms
            .map_or(0, |heard| heard.saturating_add(self.lease_ms));
        let until_ms = leased.min(self.fenced_ms());
        self.window = self
            .window
            .renewed(now_ms, until_ms, self.settings.healthy_ms);
    }

    /// Until when a majority's words are fresh. A single node has nobody to fence it.
    fn fenced_ms(&self) -> u64 {
        if self.peers.is_empty() {
            return u64::MAX;
        }
        let peers = self.peers.values().filter_map(|peer| peer.heard_ms);
        let mut heard: Vec<_> = peers.chain(self.journal_ms).collect();
        heard.sort_unstable_by(|a, b| b.cmp(a));
        // Its own vote is always fresh, so one less is needed of the others.
        let oldest_needed = heard.get(self.majority() - 2);
        oldest_needed.map_or(0, |heard| heard.saturating_add(self.settings.fence_ms))
    }
}

#[cfg(test)]
mod tests;
