//! Episodes: a caller keeps a side for 72 hours, so a raise moves nobody who called lately (A17).

use crate::choose::Arm;
use segue_domain::caller::CallerHash;
use segue_domain::ids::ChunkId;
use std::collections::HashMap;

/// How long a caller keeps a side after the last call.
pub const EPISODE_US: i64 = 72 * 3600 * 1_000_000;
/// Callers remembered at once; beyond it the oldest half is forgotten and counted.
pub const CALLERS_MAX: usize = 2_000_000;

/// Where a caller of a chunk was first assigned in the current episode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// The side.
    pub arm: Arm,
    /// The share in force at the first assignment, in basis points: the π of the whole episode.
    pub pi_bp: u16,
    /// The last call, UTC µs.
    pub seen_us: i64,
}

/// The episodes in force on this node.
#[derive(Debug, Default)]
pub struct Episodes {
    by_chunk: HashMap<ChunkId, HashMap<CallerHash, Episode>>,
    callers: usize,
    forgotten: u64,
}

impl Episodes {
    /// The caller's episode in a chunk, while it lasts.
    pub fn get(&self, chunk: &ChunkId, caller: &CallerHash, now_us: i64) -> Option<Episode> {
        let episode = self.by_chunk.get(chunk)?.get(caller)?;
        (now_us < episode.seen_us + EPISODE_US).then_some(*episode)
    }

    /// Notes a call: a new episode, or the same one seen again.
    pub fn note(&mut self, chunk: &ChunkId, caller: CallerHash, arm: Arm, pi_bp: u16, now_us: i64) {
        if self.callers >= CALLERS_MAX {
            self.forget_older_half(now_us);
        }
        if !self.by_chunk.contains_key(chunk) {
            self.by_chunk.insert(chunk.clone(), HashMap::new());
        }
        let Some(callers) = self.by_chunk.get_mut(chunk) else {
            return;
        };
        let fresh = Episode {
            arm,
            pi_bp,
            seen_us: now_us,
        };
        match callers.get_mut(&caller) {
            None => {
                callers.insert(caller, fresh);
                self.callers += 1;
            }
            Some(known) if known.arm == arm && now_us < known.seen_us + EPISODE_US => {
                known.seen_us = known.seen_us.max(now_us);
            }
            // Ended, or brought home in mid-episode: this call begins another one.
            Some(known) => *known = fresh,
        }
    }

    /// Callers remembered.
    pub fn len(&self) -> usize {
        self.callers
    }

    /// Whether nobody is remembered.
    pub fn is_empty(&self) -> bool {
        self.callers == 0
    }

    /// Callers forgotten because memory is bounded.
    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Drops ended episodes.
    pub fn sweep(&mut self, now_us: i64) {
        for callers in self.by_chunk.values_mut() {
            callers.retain(|_, episode| now_us < episode.seen_us + EPISODE_US);
        }
        self.callers = self.by_chunk.values().map(HashMap::len).sum();
    }

    fn forget_older_half(&mut self, now_us: i64) {
        self.sweep(now_us);
        if self.callers < CALLERS_MAX {
            return;
        }
        let mut seen: Vec<_> = self
            .by_chunk
            .values()
            .flat_map(HashMap::values)
            .map(|e| e.seen_us)
            .collect();
        let middle = seen.len() / 2;
        let (_, cut, _) = seen.select_nth_unstable(middle);
        let cut = *cut;
        let before = self.callers;
        for callers in self.by_chunk.values_mut() {
            callers.retain(|_, episode| episode.seen_us > cut);
        }
        self.callers = self.by_chunk.values().map(HashMap::len).sum();
        self.forgotten += u64::try_from(before - self.callers).unwrap_or(u64::MAX);
    }
}
