//! The route table: immutable, its bytes stored by hash, windows already expanded to UTC.

use segue_domain::canonical;
use segue_domain::chunks::CutOffAction;
use segue_domain::ids::{ChunkId, LineId, SiteId, TransitionId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything a node needs to route calls of one transition for the next two weeks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RouteTable {
    /// The transition it was compiled from.
    pub transition: TransitionId,
    /// How many facts of the transition it contains.
    pub version: u64,
    /// The salt of the split: one per transition.
    pub line_group: String,
    /// Windows are expanded up to here (UTC µs); later, every window counts as closed.
    pub valid_until_us: i64,
    /// Which time zone data expanded the windows.
    pub tzdata: String,
    /// By the number Segue sees in the Request-URI.
    pub numbers: BTreeMap<String, NumberEntry>,
    /// Numbers of lines whose callers are kept apart: hash and die are drawn with the line's own key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub apart: BTreeMap<String, LineId>,
    /// Numbers that always bypass the split.
    pub escalation_numbers: BTreeSet<String>,
    /// Hosts of the outsourcer: calls from there never go out again.
    pub outsourcer_hosts: BTreeSet<String>,
    /// Seconds the table stays valid when the journal itself is gone.
    pub authority_lease_s: u32,
}

/// One number's targets and chunks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumberEntry {
    /// The line it belongs to.
    pub line: LineId,
    /// SIP URI of the in-house queue.
    pub in_house: String,
    /// SIP URI of the outsourcer's queue.
    pub outsourced: String,
    /// SIP URIs tried last.
    pub last_resort: Vec<String>,
    /// Chunks that own this number's calls at some time; disjoint in time.
    pub chunks: Vec<ChunkEntry>,
}

/// One chunk's share and windows on one number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChunkEntry {
    /// The chunk.
    pub chunk: ChunkId,
    /// The centre it belongs to.
    pub site: SiteId,
    /// Basis points of callers who go out; 0 when nothing is agreed.
    pub share_bp: u16,
    /// The epoch the share was agreed under; a latch with a higher one holds the chunk home.
    pub epoch: u64,
    /// Whether a fallback may still bring it home; not any more once the chunk is closed (`domain.md` §7.7).
    pub door_open: bool,
    /// Half-open UTC µs intervals in order; absent means always open.
    pub open_us: Option<Vec<(i64, i64)>>,
    /// What a cut-off node does.
    pub cut_off_action: CutOffAction,
}

impl RouteTable {
    /// The hash its bytes are stored under.
    pub fn hash(&self) -> String {
        canonical::hash("route-table", self)
    }

    /// The bytes stored under the hash.
    pub fn bytes(&self) -> Vec<u8> {
        canonical::json(self).into_bytes()
    }

    /// The chunks a fallback of this scope (`all`, a site or a chunk) covers.
    pub fn covered(&self, scope: &str) -> BTreeSet<ChunkId> {
        self.numbers
            .values()
            .flat_map(|n| &n.chunks)
            .filter(|chunk| chunk.is_covered(scope))
            .map(|c| c.chunk.clone())
            .collect()
    }

    /// The epoch each chunk was agreed under, as peers may hear it.
    pub fn epochs(&self) -> BTreeMap<ChunkId, u64> {
        let chunks = self.chunks().into_iter();
        chunks
            .map(|(id, entry)| (id.clone(), entry.epoch))
            .collect()
    }

    /// Where calls for a number that nobody knows go: an in-house queue, then a last resort.
    pub fn home_of_unknown(&self) -> impl Iterator<Item = &str> {
        let first = self.numbers.values().next();
        first
            .into_iter()
            .flat_map(|n| std::iter::once(&n.in_house).chain(&n.last_resort))
            .map(String::as_str)
    }

    /// Every chunk with its share, each once.
    pub fn chunks(&self) -> BTreeMap<&ChunkId, &ChunkEntry> {
        self.numbers
            .values()
            .flat_map(|n| &n.chunks)
            .map(|c| (&c.chunk, c))
            .collect()
    }
}

impl ChunkEntry {
    /// Whether a fallback of this scope (`all`, a site or a chunk) covers it.
    pub fn is_covered(&self, scope: &str) -> bool {
        let all = scope.eq_ignore_ascii_case("all");
        all || self.chunk.as_str() == scope || self.site.as_str() == scope
    }

    /// Whether the chunk owns calls at the instant.
    pub fn is_open(&self, now_us: i64) -> bool {
        let Some(open) = &self.open_us else {
            return true;
        };
        let after = open.partition_point(|(start, _)| *start <= now_us);
        after > 0 && now_us < open[after - 1].1
    }
}
