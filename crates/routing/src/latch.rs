//! The home latch: set at once on every node a fallback reaches, cleared only by a later agreement (design: home latches first).

use crate::table::{ChunkEntry, RouteTable};
use segue_domain::ids::ChunkId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Chunk → the epoch that must be reached by a signed agreement before its calls may go out again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeLatch {
    epochs: BTreeMap<ChunkId, u64>,
    /// Holds everything whose door is open, whatever was agreed: the latch on disk could not be read.
    #[serde(default)]
    everything: bool,
    /// Chunks with nothing out when they were latched: a step may be agreed before the journal hears of the press, so they
    /// are held until it has, see [`Self::settle`].
    #[serde(default)]
    precautions: BTreeSet<ChunkId>,
    /// Presses of any node that the table in force may not know yet: command id → scope.
    #[serde(default)]
    presses: BTreeMap<String, String>,
}

/// What latching did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latched {
    /// Calls of some chunk went out until now.
    pub was_out: bool,
    /// The latch is another one than before.
    pub changed: bool,
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
        let is_pressed = || self.presses.values().any(|scope| entry.is_covered(scope));
        if entry.door_open && (self.everything || is_pressed()) {
            return true;
        }
        // Agreed under the latched epoch means: agreed after the fallback that raised it.
        self.epochs
            .get(&entry.chunk)
            .is_some_and(|latched| *latched > entry.epoch)
    }

    /// Latches every covered chunk whose door is open: those that are out, and as a precaution those that may be about to
    /// go out.
    pub fn latch(&mut self, table: &RouteTable, covers: impl Fn(&ChunkId) -> bool) -> Latched {
        let mut done = Latched::default();
        for (id, entry) in table.chunks() {
            if !covers(id) || !entry.door_open || self.holds(entry) {
                continue;
            }
            self.epochs.insert(id.clone(), entry.epoch + 1);
            done.changed = true;
            if entry.share_bp > 0 {
                done.was_out = true;
            } else {
                self.precautions.insert(id.clone());
            }
        }
        done
    }

    /// Whether some chunk is held as a precaution.
    pub fn has_precautions(&self) -> bool {
        !self.precautions.is_empty()
    }

    /// Lets go of precautions once every press is in the journal: where the journal's epoch of a chunk was not raised, there
    /// was nothing to bring home, and whatever is agreed from now on is agreed after the press. True when anything changed.
    pub fn settle(&mut self, epoch_in_journal: impl Fn(&ChunkId) -> Option<u64>) -> bool {
        let precautions = std::mem::take(&mut self.precautions);
        for id in &precautions {
            let Some(epoch) = epoch_in_journal(id) else {
                continue;
            };
            if self.epochs.get(id).is_some_and(|latched| *latched > epoch) {
                self.epochs.remove(id);
            }
        }
        !precautions.is_empty()
    }

    /// Takes over a latch from a peer or from disk: the higher epoch wins, so merging never opens a door.
    pub fn merge(&mut self, other: &Self) {
        self.everything |= other.everything;
        self.precautions.extend(other.precautions.iter().cloned());
        self.presses.extend(other.presses.clone());
        for (id, epoch) in &other.epochs {
            let own = self.epochs.entry(id.clone()).or_default();
            *own = (*own).max(*epoch);
        }
    }

    /// Takes over the epochs of a peer's table: where one is beyond our table's, ours is out of date and the chunk is held
    /// until a newer one comes. True when anything changed.
    pub fn raise(&mut self, known: &BTreeMap<ChunkId, u64>, table: &RouteTable) -> bool {
        let chunks = table.chunks();
        let mut changed = false;
        for (id, epoch) in known {
            let agreed = chunks.get(id).map_or(0, |entry| entry.epoch);
            let latched = self.epochs.get(id).copied().unwrap_or(0);
            let is_precaution = self.precautions.contains(id);
            let is_news = *epoch > latched || (is_precaution && *epoch == latched);
            if *epoch > agreed && is_news {
                self.epochs.insert(id.clone(), *epoch);
                self.precautions.remove(id);
                changed = true;
            }
        }
        changed
    }

    /// Holds what these presses cover, by command id and scope, whatever table comes, and nothing of earlier ones any more:
    /// those are in the table by now. True when anything changed.
    pub fn hold_presses(&mut self, open: BTreeMap<String, String>) -> bool {
        let changed = self.presses != open;
        self.presses = open;
        changed
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
