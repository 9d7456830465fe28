//! Call facts: every routing decision and what the centres' ACDs say of the same calls, in a file of their own.
//!
//! Volume, not decisions: nothing here is needed to route, nothing here is in the journal, and old rows are deleted.
//! Callers are keyed hashes; a number never gets this far.

mod cases;
mod erase;
mod missing;
mod read;
mod store;
mod writer;

pub use cases::{CaseChange, CaseNews, OPEN_CASES_MAX, OpenCaseFact};
pub use read::{
    AnsweredCall, ArmCount, ArmMatch, CallerSeen, ChunkCount, Cursor, OpenCalls, P90Wait,
    RecordTotals, SideFacts,
};
pub use store::{Facts, FactsError, Pruned, Stored};
pub use writer::{FactsWriter, WriterCounts};

use jiff::Timestamp;
use segue_domain::caller::CallerHash;
use serde::{Deserialize, Serialize};

/// One target a call was offered to, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetOutcome {
    /// The target, as in the route table.
    pub uri: String,
    /// What became of it: `answered`, `refused 486`, `silent`, `cancelled` …
    pub outcome: String,
    /// From the attempt to its outcome, in milliseconds.
    pub ms: u64,
}

/// Where one call was sent and why: all that `segue explain` cites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Segue's own id of the call (`X-Segue-Call`).
    pub call_id: String,
    /// When it was decided, kept in microseconds.
    pub at: Timestamp,
    /// The node that decided.
    pub node: String,
    /// The route table in force, by hash.
    pub table_hash: String,
    /// The line that was dialled.
    pub line: String,
    /// The chunk the call belongs to, if any.
    pub chunk: Option<String>,
    /// The rule of the precedence that decided.
    pub rule: String,
    /// The caller's bucket, 0–9999, where one was drawn.
    pub bucket: Option<u16>,
    /// Probability of the arm taken, in basis points.
    pub pi_bp: u16,
    /// `home` or `out`.
    pub arm: String,
    /// Why, in words.
    pub reason: String,
    /// Targets tried so far; recorded again when the call is over.
    pub targets: Vec<TargetOutcome>,
    /// The caller, where known.
    pub caller: Option<CallerHash>,
    /// The number dialled, which is the line's and not a caller's.
    pub dialled: String,
    /// Whether Segue placed the call itself to try the path: it is nobody's outcome.
    #[serde(default)]
    pub is_test: bool,
}

/// What an ACD says happened to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AcdEventKind {
    /// The call reached the centre.
    Offered,
    /// The call began to wait for a person.
    Queued,
    /// A person answered. (A SIP 200 is not that.)
    Answered,
    /// The caller left before a person answered.
    Abandoned,
    /// The call is over.
    Ended,
}

impl AcdEventKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Queued => "queued",
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::Ended => "ended",
        }
    }
}

/// One message of a centre's event feed. The same message again changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcdEvent {
    /// Which centre's feed.
    pub source: String,
    /// The call's id in that feed.
    pub source_call_id: String,
    /// What happened.
    pub kind: AcdEventKind,
    /// When, by the centre's clock, kept in microseconds.
    pub at: Timestamp,
    /// `X-Segue-Call`, where the centre kept it.
    #[serde(default)]
    pub call_id: Option<String>,
    /// The caller, where known.
    #[serde(default)]
    pub caller: Option<CallerHash>,
    /// The number dialled.
    #[serde(default)]
    pub dialled: Option<String>,
    /// The language of the call, where the centre tells it.
    #[serde(default)]
    pub language: Option<String>,
    /// The patient's age, coarse, where the centre tells it.
    #[serde(default)]
    pub age_band: Option<String>,
}

/// One call as a centre's ACD saw it, gathered from its events in whatever order they came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AcdCall {
    /// Which centre's feed.
    pub source: String,
    /// The call's id in that feed.
    pub source_call_id: String,
    /// `X-Segue-Call`, where the centre kept it.
    pub call_id: Option<String>,
    /// The caller, where known.
    pub caller: Option<CallerHash>,
    /// The number dialled.
    pub dialled: Option<String>,
    /// Reached the centre.
    pub offered_at: Option<Timestamp>,
    /// Began to wait.
    pub queued_at: Option<Timestamp>,
    /// Answered by a person.
    pub answered_at: Option<Timestamp>,
    /// Left before that.
    pub abandoned_at: Option<Timestamp>,
    /// Over.
    pub ended_at: Option<Timestamp>,
    /// The newest of its events.
    pub newest_at: Timestamp,
    /// The language of the call, where the centre told it.
    pub language: Option<String>,
    /// The patient's age, coarse, where the centre told it.
    pub age_band: Option<String>,
}

impl AcdCall {
    /// From waiting (else reaching the centre) to a person or to hanging up, in milliseconds; `None` while it waits.
    pub fn wait_ms(&self) -> Option<u64> {
        let from = self.queued_at.or(self.offered_at)?;
        let to = self.answered_at.or(self.abandoned_at)?;
        u64::try_from(to.duration_since(from).as_millis()).ok()
    }

    /// `answered`, `abandoned`, `ended` (neither was said) or `waiting`.
    pub fn outcome(&self) -> &'static str {
        match (self.answered_at, self.abandoned_at, self.ended_at) {
            (Some(_), _, _) => "answered",
            (None, Some(_), _) => "abandoned",
            (None, None, Some(_)) => "ended",
            (None, None, None) => "waiting",
        }
    }
}
