//! What the loop is told, by either centre and by the router, late and out of order included.

use crate::segments::Who;
use jiff::Timestamp;
use segue_domain::ids::ChunkId;
use segue_parity::guard::record::Arm;
use serde::{Deserialize, Serialize};

/// Segue's own id of a call: the 32 hexadecimal digits of `X-Segue-Call`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CallKey(u128);

impl From<CallKey> for String {
    fn from(key: CallKey) -> Self {
        format!("{:032x}", key.0)
    }
}

impl TryFrom<String> for CallKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::read(&text).ok_or("no call id of 32 hexadecimal digits")
    }
}

impl CallKey {
    /// The id as it is written; nothing where it is none.
    pub fn read(text: &str) -> Option<Self> {
        let plain = text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        plain
            .then(|| u128::from_str_radix(text, 16).ok().map(Self))
            .flatten()
    }

    /// Shortened, for a stable order.
    pub(crate) fn short(self) -> u64 {
        let (high, low) = (self.0 >> 64, self.0 & u128::from(u64::MAX));
        u64::try_from(high ^ low).unwrap_or(u64::MAX)
    }
}

/// A routing decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routed {
    /// The call.
    pub call: CallKey,
    /// When it was decided.
    pub at: Timestamp,
    /// The chunk it belongs to.
    pub chunk: ChunkId,
    /// The arm the split assigned.
    pub arm: Arm,
    /// π of going out, in basis points.
    pub pi_bp: u16,
    /// The caller's keyed hash, shortened; nothing for anonymous ones.
    pub caller: Option<u64>,
}

/// A call as a centre's system has recorded it so far. Told again, it adds to what was told before, in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The call.
    pub call: CallKey,
    /// Whose centre recorded it.
    pub by: Arm,
    /// It began to wait, or reached the centre.
    pub waiting_since: Timestamp,
    /// A person answered.
    pub answered_at: Option<Timestamp>,
    /// The caller left before that.
    pub abandoned_at: Option<Timestamp>,
    /// It is over.
    pub ended_at: Option<Timestamp>,
    /// The groups its caller is in, where the centre tells them.
    #[serde(default)]
    pub who: Who,
}

impl Recorded {
    /// Both of what was told of one call; where they differ, `other` is right.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            answered_at: other.answered_at.or(self.answered_at),
            abandoned_at: other.abandoned_at.or(self.abandoned_at),
            ended_at: other.ended_at.or(self.ended_at),
            who: self.who.and(other.who),
            ..other
        }
    }
}

/// A centre's feed spoke, with or without calls: silence is not "no calls".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fed {
    /// Whose feed.
    pub by: Arm,
    /// Everything offered before this instant has been told.
    pub complete_until: Timestamp,
}

/// One thing told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A decision.
    Routed(Routed),
    /// A record.
    Recorded(Recorded),
    /// A feed's heartbeat.
    Fed(Fed),
}
