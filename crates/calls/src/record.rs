//! The canonical call record (`domain.md` §3.1, without the vendor's raw row, which is never kept).

use jiff::Timestamp;
use jiff::civil::DateTime;
use segue_domain::caller::CallerHash;
use serde::{Deserialize, Serialize};

/// One call, or one leg of one, as a centre's own system recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// The id the vendor's system gave; with the source's name it identifies the call for deduplication.
    pub source_call_id: String,
    /// The leg, where one call has several rows.
    pub leg_id: Option<String>,
    /// The first call of a chain of transfers.
    pub root_id: Option<String>,
    /// `voice`, `callback`, …
    pub channel: Option<String>,
    /// The number or line the caller reached.
    pub dnis: Option<String>,
    /// The caller, as a keyed hash; nothing for anonymous callers.
    pub caller: Option<CallerHash>,
    /// The caller's state or area, where the export has one.
    pub caller_state: Option<String>,
    /// The call type; nothing is the unclassified residue (A16).
    pub call_type: Option<String>,
    /// The language of the call.
    pub language: Option<String>,
    /// A group of callers to look at apart.
    pub segment: Option<String>,
    /// When the call reached the centre.
    pub arrived_at: Timestamp,
    /// When it joined the human queue; nothing if it never did.
    pub queued_at: Option<Timestamp>,
    /// When a person answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended; nothing where the hang-up is missing.
    pub ended_at: Option<Timestamp>,
    /// The offered time (queued, else arrived) on the centre's wall clock: intervals go by it.
    pub offered_local: DateTime,
    /// The arrival exactly as the file has it.
    pub arrived_original: String,
    /// How far the arrival can be trusted.
    pub time_confidence: TimeConfidence,
    /// How the call ended, in the trade's terms.
    pub outcome: Outcome,
    /// How the vendor's system named the end.
    pub end_reason: Option<String>,
    /// Who answered.
    pub agent_id: Option<String>,
    /// The site that answered.
    pub site: Option<String>,
    /// Time in the human queue, milliseconds.
    pub wait_ms: Option<u64>,
    /// Talk time, milliseconds; unknown is nothing, never zero.
    pub talk_ms: Option<u64>,
    /// Hold time, milliseconds.
    pub hold_ms: Option<u64>,
    /// After-call work, milliseconds.
    pub acw_ms: Option<u64>,
    /// Where the call was transferred.
    pub transfer_to: Option<String>,
    /// A test call: kept apart, in no KPI.
    pub is_test: bool,
}

impl CallRecord {
    /// Talk + hold + after-call work, or nothing while the talk time is unknown.
    pub fn handle_ms(&self) -> Option<u64> {
        handle_ms(self.talk_ms, self.hold_ms, self.acw_ms)
    }
}

/// Talk + hold + after-call work; hold and after-call work count as zero where the export has none.
pub(crate) fn handle_ms(talk: Option<u64>, hold: Option<u64>, acw: Option<u64>) -> Option<u64> {
    Some(
        talk?
            .saturating_add(hold.unwrap_or(0))
            .saturating_add(acw.unwrap_or(0)),
    )
}

/// How a call ended, in the terms the KPIs are defined on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Offered and answered by a person.
    Answered,
    /// Offered, and the caller left the human queue.
    Abandoned,
    /// Ended in the IVR: never offered.
    IvrOnly,
    /// The system's own virtual call: never offered.
    Phantom,
    /// Between the centre's own people: never offered.
    Internal,
    /// Took another way out of the queue (overflow, callback promise, voicemail): neither answered nor abandoned.
    Dequeued,
    /// A carrier or a PBX connected the call to something; whether a person answered is not in such a record: never offered.
    Connected,
    /// A carrier's attempt that found the line busy or failed: never offered, counted for blockage.
    Blocked,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 8] = [
        Self::Answered,
        Self::Abandoned,
        Self::IvrOnly,
        Self::Phantom,
        Self::Internal,
        Self::Dequeued,
        Self::Connected,
        Self::Blocked,
    ];

    /// The name in mappings, in the store and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Abandoned => "abandoned",
            Self::IvrOnly => "ivr_only",
            Self::Phantom => "phantom",
            Self::Internal => "internal",
            Self::Dequeued => "dequeued",
            Self::Connected => "connected",
            Self::Blocked => "blocked",
        }
    }

    /// The outcome of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Whether the call reached the human queue and left it answered or abandoned.
    pub const fn is_offered(self) -> bool {
        matches!(self, Self::Answered | Self::Abandoned)
    }
}

/// How far a time taken from a local clock can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeConfidence {
    /// One instant fits.
    Exact,
    /// The hour the clocks repeat in autumn: two instants fit, the earlier that keeps the order was taken.
    RepeatedHour,
    /// The hour the clocks skip in spring: no instant fits, the time after the gap was taken.
    SkippedHour,
}

impl TimeConfidence {
    /// Every degree.
    pub const ALL: [Self; 3] = [Self::Exact, Self::RepeatedHour, Self::SkippedHour];

    /// The name in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::RepeatedHour => "repeated_hour",
            Self::SkippedHour => "skipped_hour",
        }
    }
}
