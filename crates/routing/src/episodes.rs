//! What ties a caller to a side: an episode of 72 hours, so that a raise moves nobody who called lately (A17), and an open case,
//! so that who waits for a promised callback reaches the people who promised it (`telephony.md`: overrides for open cases).

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

/// A case that is open at one side, for the calls of one number Segue decides on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCase {
    /// The caller.
    pub caller: CallerHash,
    /// The number as Segue sees it dialled.
    pub dialled: String,
    /// The side that has the case.
    pub arm: Arm,
    /// First instant at which it ties nobody any more, UTC µs.
    pub until_us: i64,
}

/// The open cases in force, by number and caller. Built apart, so that no call waits for the building.
#[derive(Debug, Default)]
pub struct OpenCases(HashMap<String, HashMap<CallerHash, (Arm, i64)>>);

/// The episodes and open cases in force on this node.
#[derive(Debug, Default)]
pub struct Episodes {
    cases: OpenCases,
    by_chunk: HashMap<ChunkId, HashMap<CallerHash, Episode>>,
    callers: usize,
    forgotten: u64,
}

impl FromIterator<OpenCase> for OpenCases {
    /// At most [`CALLERS_MAX`] of them. Where both sides have a case of the same caller's, the in-house one counts: home is the
    /// side that is always allowed.
    fn from_iter<I: IntoIterator<Item = OpenCase>>(cases: I) -> Self {
        let mut all = Self::default();
        for case in cases.into_iter().take(CALLERS_MAX) {
            let of_number = all.0.entry(case.dialled).or_default();
            let new = (case.arm, case.until_us);
            let known = of_number.entry(case.caller).or_insert(new);
            if known.0 == case.arm {
                known.1 = known.1.max(case.until_us);
            } else if case.arm == Arm::InHouse {
                *known = new;
            }
        }
        all
    }
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

    /// The side that has an open case of the caller's, while it is open.
    pub fn open_case(&self, dialled: &str, caller: &CallerHash, now_us: i64) -> Option<Arm> {
        let (arm, until_us) = self.cases.0.get(dialled)?.get(caller)?;
        (now_us < *until_us).then_some(*arm)
    }

    /// Replaces all open cases; gives those of before, to be let go of where no call waits.
    pub fn set_open_cases(&mut self, cases: OpenCases) -> OpenCases {
        std::mem::replace(&mut self.cases, cases)
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
