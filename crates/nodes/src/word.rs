//! A node's word: what it knows of epochs, presses and its table. Question and answer have the same shape.

use segue_domain::ids::ChunkId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A press of the home button that the journal may not know yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open<P> {
    /// `all`, a site or a chunk.
    pub scope: String,
    /// Whatever the journal must be told; nodes pass it on unread.
    pub press: P,
}

/// What is not the same on all nodes, by the names of those that differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apart {
    /// Clocks that differ by more than is allowed.
    pub clocks: BTreeSet<String>,
    /// Tables that have differed for longer than news takes.
    pub tables: BTreeSet<String>,
}

impl Apart {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.clocks.is_empty() && self.tables.is_empty()
    }

    /// Takes over what another saw.
    pub fn add(&mut self, other: &Self) {
        self.clocks.extend(other.clocks.iter().cloned());
        self.tables.extend(other.tables.iter().cloned());
    }
}

/// What one node says to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word<P> {
    /// Who says it.
    pub from: String,
    /// When it was asked for, on the asker's monotonic clock; an answer gives it back.
    pub asked_ms: u64,
    /// The epoch of each chunk in its table: what is agreed under a lower one is void.
    pub epochs: BTreeMap<ChunkId, u64>,
    /// Presses the journal may not know yet, by command id.
    pub presses: BTreeMap<String, Open<P>>,
    /// Hash of the table it runs.
    pub table_hash: String,
    /// Facts of the transition in that table.
    pub version: u64,
    /// Its wall clock, in µs since 1970; only to notice clocks that differ.
    pub wall_us: i64,
    /// Whether it holds any chunk home against its table.
    #[serde(default)]
    pub is_home: bool,
    /// Until when it may send out, in milliseconds from now; 0 when it may not.
    pub sends_ms_left: u64,
    /// How long its table stays valid without the journal, in milliseconds from now.
    #[serde(default)]
    pub lease_ms_left: u64,
    /// The highest epoch that its latch holds.
    #[serde(default)]
    pub latch_epoch: u64,
    /// What it sees apart itself.
    #[serde(default)]
    pub apart: Apart,
    /// Work for the whole transition that it does: others stand by.
    #[serde(default)]
    pub jobs: BTreeSet<String>,
}
