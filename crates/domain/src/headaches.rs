//! The headache index: what went badly per 1,000 calls, weighted; each chunk closes with its own (A11).

use crate::acceptance::OutcomeRecord;
use crate::boards::{Board, Kind};
use crate::ids::ChunkId;
use crate::issues::Severity;
use crate::proof::ratio;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How much each kind of trouble weighs, as both signed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Weights {
    /// An issue of severity 1.
    pub sev1: u32,
    /// An issue of severity 2.
    pub sev2: u32,
    /// An issue of severity 3.
    pub sev3: u32,
    /// An issue of severity 4.
    pub sev4: u32,
    /// A fallback.
    pub fallback: u32,
    /// A complaint.
    pub complaint: u32,
    /// Ten unplanned minutes outside the service level.
    pub ten_minutes_outside: u32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            sev1: 8,
            sev2: 4,
            sev3: 2,
            sev4: 1,
            fallback: 8,
            complaint: 1,
            ten_minutes_outside: 1,
        }
    }
}

impl Weights {
    fn of(&self, severity: Severity) -> u32 {
        match severity {
            Severity::Sev1 => self.sev1,
            Severity::Sev2 => self.sev2,
            Severity::Sev3 => self.sev3,
            Severity::Sev4 => self.sev4,
        }
    }
}

/// What went badly over some calls.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(default)]
pub struct Headaches {
    /// The calls it is counted over; 0 in an outcome record means the calls offered.
    pub calls: u64,
    /// Incidents, already weighted; 0 in an outcome record: Segue counts its own issues and fallbacks.
    pub incidents_weighted: u32,
    /// Complaints.
    pub complaints: u32,
    /// Unplanned minutes outside the service level.
    pub minutes_outside: u32,
}

impl Headaches {
    /// Weighted trouble per 1,000 calls; `None` over no calls.
    pub fn index(&self, weights: &Weights) -> Option<f64> {
        let sum = u64::from(self.incidents_weighted) * 10
            + u64::from(self.complaints) * u64::from(weights.complaint) * 10
            + u64::from(self.minutes_outside) * u64::from(weights.ten_minutes_outside);
        (self.calls > 0).then(|| ratio(sum, self.calls) * 100.0)
    }
}

/// An outcome's headaches, with the issues and fallbacks of the chunk that are on record.
pub fn of_chunk(t: &Transition, chunk: &ChunkId, outcome: &OutcomeRecord) -> Headaches {
    Headaches {
        calls: outcome.offered,
        incidents_weighted: incidents(t, chunk, |_| true),
        ..outcome.headaches
    }
}

/// The issues and fallbacks of a chunk within a time, weighted.
pub(crate) fn incidents(
    t: &Transition,
    chunk: &ChunkId,
    within: impl Fn(Timestamp) -> bool,
) -> u32 {
    let weights = &t.terms.headaches;
    let issues = t.issues.all().map(|i| &i.reported);
    let issues = issues.filter(|i| i.chunk.as_ref() == Some(chunk) && within(i.at));
    let issues: u32 = issues.map(|i| weights.of(i.severity)).sum();
    let fell = t.incidents.values().filter(|i| {
        let mut chunks = i.opened.chunks.iter();
        within(i.opened.at) && chunks.any(|returned| returned.chunk == *chunk)
    });
    let fallbacks = u32::try_from(fell.count()).unwrap_or(u32::MAX);
    issues.saturating_add(fallbacks.saturating_mul(weights.fallback))
}

pub(crate) const BOARD: Kind = Kind {
    name: "headaches",
    says: "Trouble per 1,000 calls of each chunk, against the in-house centre before the move",
    may_see: None,
    draw: |t, _, _| draw(t),
};

fn draw(t: &Transition) -> Board {
    let columns = [
        "chunk",
        "incidents",
        "complaints",
        "minutes outside",
        "per 1,000 calls",
        "in-house",
    ];
    let mut board = Board::new("Headaches", &columns);
    let weights = &t.terms.headaches;
    let index = |h: &Headaches| {
        h.index(weights)
            .map_or_else(|| "–".to_owned(), |i| format!("{i:.1}"))
    };
    for (id, acceptance) in &t.acceptances {
        let outcome = &acceptance.proposed.outcome;
        let own = of_chunk(t, id, outcome);
        board.row([
            id.to_string(),
            own.incidents_weighted.to_string(),
            own.complaints.to_string(),
            own.minutes_outside.to_string(),
            index(&own),
            index(&outcome.headaches_in_house),
        ]);
    }
    board
}
