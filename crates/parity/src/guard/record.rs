//! What the guard is told: calls, readings, counterfactual blocks and beats of feeds, in any order.
//!
//! The joined call facts become these records (`crates/calls` joins, the guard's loop translates); the rehearsal makes
//! them itself. Each finished call is told once: the store behind the feed is idempotent.

use serde::{Deserialize, Serialize};

/// Which centre a caller was assigned to. Everything is analysed by assigned arm, whoever answered in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    /// The client's own centre.
    InHouse,
    /// The outsourcer's centre.
    Outsourced,
}

impl Arm {
    /// Both, in-house first.
    pub const BOTH: [Self; 2] = [Self::InHouse, Self::Outsourced];

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::InHouse => 0,
            Self::Outsourced => 1,
        }
    }
}

/// A stratum of the signed rules (call type × hour × weekday), by its place in [`crate::rules::Rules::strata`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StratumId(pub u16);

/// A metric of the signed rules, by its place in [`crate::rules::Rules::metrics`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MetricId(pub u16);

/// A feed of the signed rules, by its place in [`crate::rules::Rules::feeds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FeedId(pub u16);

/// Population segments of one call, one of each kind (when, language, age …), by their places in the rules.
pub type Segments = [Option<u16>; 3];

/// Where one call or reading belongs; π is what was in force when it was assigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// When the call was offered (UTC, microseconds): everything counts at this time.
    pub at_us: i64,
    /// The arm the split assigned.
    pub arm: Arm,
    /// π: the chance, in basis points, with which the split in force sent this call out (1–9999 under a split; 0 and
    /// 10000 carry no comparison and count for target and floors only).
    pub pi_bp: u16,
    /// The caller's keyed hash, shortened; absent for anonymous callers, who are judged call by call.
    pub caller: Option<u64>,
    /// Its stratum.
    pub stratum: StratumId,
    /// The population segments it is in, for "who did worse".
    #[serde(default)]
    pub segments: Segments,
}

/// How the caller fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// With a person after this wait; a SIP 200 is not that.
    Answered {
        /// Milliseconds in the human queue.
        wait_ms: u32,
    },
    /// The caller left after this wait.
    Abandoned {
        /// Milliseconds in the human queue.
        wait_ms: u32,
    },
    /// Still in the queue: counts for floors only, and is told again when it is over.
    Waiting {
        /// Milliseconds so far.
        wait_ms: u32,
    },
    /// Sent, and no record of any system explains what became of it: the worst case.
    Unserved,
}

/// One call, as both centres' records and the router's decision tell it together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// A stable id of the call, for a stable order of equal times.
    pub key: u64,
    /// Where it belongs.
    pub place: Place,
    /// How the caller fared.
    pub outcome: Outcome,
    /// Who answered, where known: overflow between the arms shows here.
    pub answered_by: Option<Arm>,
    /// Talk + hold + after-call work in milliseconds, where known.
    pub handle_ms: Option<u32>,
    /// Whether it was passed on, where known.
    pub transferred: Option<bool>,
    /// The triage outcome level, by its place in the rules' list of dispositions.
    pub disposition: Option<u8>,
}

/// One value of one metric: a review, a satisfaction answer, a follow-up, or a row of a file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// A stable id, for a stable order of equal times.
    pub key: u64,
    /// Where the call it is about belongs.
    pub place: Place,
    /// Which metric.
    pub metric: MetricId,
    /// Rates: 1 bad, 0 good. Scores: 0–1, higher is better. Handle time: seconds.
    pub value: f64,
}

/// "Had we not moved": the simulator's answer for one block of a load-driven metric, or for three hours of a longer one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Counterfactual {
    /// Which metric.
    pub metric: MetricId,
    /// Any instant of the block, or of the three hours (UTC, microseconds).
    pub at_us: i64,
    /// Share of bad calls, 0–1, that the frozen in-house staffing would have had with all calls of the block.
    pub bad_share: f64,
}

/// A feed's heartbeat: tells "no calls" from "no feed".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// Which feed.
    pub feed: FeedId,
    /// Of which centre.
    pub arm: Arm,
    /// Everything offered before this instant (UTC, microseconds) has been told.
    pub complete_until_us: i64,
}

/// One thing told to the guard.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "record")]
pub enum Record {
    /// A call.
    Call(Call),
    /// A value of one metric.
    Reading(Reading),
    /// A block of the counterfactual.
    Counterfactual(Counterfactual),
    /// A heartbeat of a feed.
    Beat(Beat),
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Observed {
    /// It is part of the evidence now, or will be once its interval is mature.
    Counted,
    /// Its interval had been judged: counted as late and shown, in no verdict.
    Late,
    /// It names a metric, stratum or feed that the rules do not have, or a value that cannot be.
    Refused,
}
