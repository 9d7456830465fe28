//! The home latch: set at once on every node a fallback reaches, cleared only by a later agreement (design: home latches first).

use crate::table::{ChunkEntry, RouteTable};
use segue_domain::ids::ChunkId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Chunk → the epoch that must be reached by a signed agreement before its calls may go out again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeLatch {
    epochs: BTreeMap<ChunkId, u64>,
    /// Holds everything whose door is open, whatever was agreed: the latch on disk could not be read.
    #[serde(default)]
    everything: bool,
}

impl HomeLatch {
    /// Every chunk home until a person mends the file behind it.
    pub fn everything() -> Self {
        Self {
            everything: true,
            ..Self::default()
        }
    }

    /// Whether the chunk is held home whatever its table says.
    pub fn holds(&self, entry: &ChunkEntry) -> bool {
        if self.everything && entry.door_open {
            return true;
        }
        // Agreed under the latched epoch means: agreed after the fallback that raised it.
        self.epochs
            .get(&entry.chunk)
            .is_some_and(|latched| *latched > entry.epoch)
    }

    /// Latches every covered chunk whose calls the table lets out; true when anything changed.
    pub fn latch(&mut self, table: &RouteTable, covers: impl Fn(&ChunkId) -> bool) -> bool {
        let mut changed = false;
        for (id, entry) in table.chunks() {
            if covers(id) && entry.door_open && entry.share_bp > 0 && !self.holds(entry) {
                self.epochs.insert(id.clone(), entry.epoch + 1);
                changed = true;
            }
        }
        changed
    }

    /// Takes over a latch from a peer or from disk: the higher epoch wins, so merging never opens a door.
    pub fn merge(&mut self, other: &Self) {
        self.everything |= other.everything;
        for (id, epoch) in &other.epochs {
            let own = self.epochs.entry(id.clone()).or_default();
            *own = (*own).max(*epoch);
        }
    }

    /// The chunks held home against this table.
    pub fn held<'t>(&'t self, table: &'t RouteTable) -> impl Iterator<Item = &'t ChunkId> {
        table
            .chunks()
            .into_iter()
            .filter(|(_, entry)| entry.share_bp > 0 && self.holds(entry))
            .map(|(id, _)| id)
    }

    /// The highest epoch latched.
    pub fn epoch(&self) -> u64 {
        self.epochs.values().copied().max().unwrap_or(0)
    }
}
