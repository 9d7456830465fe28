//! Test calls before real ones: who placed them, which cell they cover, what they prove (A22–A26).

use crate::Decided;
use crate::actor::{Actor, Right, Side};
use crate::chunks::Chunk;
use crate::compliance;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::ChunkId;
use crate::lines::bad;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Records the outcome of one test call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordTestCall {
    /// The chunk it tests.
    pub chunk: ChunkId,
    /// The cell of the coverage matrix: `triage × night × Spanish`.
    pub cell: String,
    /// Whether the caller got what the scenario promises.
    pub passed: bool,
    /// Where the evidence is.
    #[serde(default)]
    pub evidence: String,
}

/// A test call took place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestCallRecorded {
    /// The chunk.
    pub chunk: ChunkId,
    /// The cell.
    pub cell: String,
    /// The outcome.
    pub passed: bool,
    /// Who placed it; only the client's calls count (A24).
    pub placed_by: Side,
    /// Where the evidence is.
    pub evidence: String,
    /// When.
    pub at: Timestamp,
}

pub(crate) fn record(t: &Transition, c: &RecordTestCall, actor: &Actor, now: Timestamp) -> Decided {
    actor.require(Right::PlaceTestCalls)?;
    let chunk = t.require_chunk(&c.chunk)?;
    if !chunk.planned.coverage.contains(&c.cell) {
        return Err(bad(format!(
            "a cell of the coverage of {} instead of `{}`",
            c.chunk, c.cell
        )));
    }
    for line in chunk.planned.lines.iter().filter_map(|id| t.line(id)) {
        if line.part2 {
            compliance::require_phi_allowed(t, Some(&line.id), now)?;
        }
    }
    Ok(vec![Event::TestCallRecorded(TestCallRecorded {
        chunk: c.chunk.clone(),
        cell: c.cell.clone(),
        passed: c.passed,
        placed_by: actor.side,
        evidence: c.evidence.clone(),
        at: now,
    })])
}

/// What the coverage still asks for (A22).
pub(crate) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    missing_cells(t, &chunk.planned.id, now)
        .into_iter()
        .map(|cell| GateLeg::Processes.finds(format!("test cell {cell}")))
        .collect()
}

/// Cells of the chunk whose last call by the client's staff is missing, failed or too old.
pub fn missing_cells(t: &Transition, chunk: &ChunkId, now: Timestamp) -> Vec<String> {
    let Some(planned) = t.chunk(chunk).map(|c| &c.planned) else {
        return Vec::new();
    };
    let valid_s = i64::from(t.terms.evidence_valid_days) * 86_400;
    let green = |cell: &String| {
        t.test_calls
            .iter()
            .rev()
            .find(|call| {
                call.chunk == *chunk && call.cell == *cell && call.placed_by == Side::Client
            })
            .is_some_and(|call| call.passed && now.duration_since(call.at).as_secs() <= valid_s)
    };
    planned
        .coverage
        .iter()
        .filter(|cell| !green(cell))
        .cloned()
        .collect()
}
