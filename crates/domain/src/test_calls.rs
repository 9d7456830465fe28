//! Test calls before real ones: who placed them, which cell they cover, what they prove (A22–A26).

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::chunks::Chunk;
use crate::compliance;
use crate::event::Event;
use crate::gates::{Finding, GateLeg, is_fresh};
use crate::ids::{AgentId, CallTypeId, ChunkId, PersonId, ScenarioId};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use crate::{clean_calls, test_campaign, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Records the outcome of one test call; whoever records it placed it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
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
    /// The script card that was played.
    #[serde(default)]
    pub scenario: Option<ScenarioId>,
    /// The agent who answered, by the outsourcer's number.
    #[serde(default)]
    pub agent: Option<AgentId>,
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
    /// The person who placed it; unknown in facts recorded before this was asked.
    #[serde(default)]
    pub caller: Option<PersonId>,
    /// The script card that was played.
    #[serde(default)]
    pub scenario: Option<ScenarioId>,
    /// The agent who answered.
    #[serde(default)]
    pub agent: Option<AgentId>,
}

pub(crate) const COVERAGE: Kind = Kind {
    name: "coverage",
    says: "The test cells of each chunk: which are green, which are missing, and what the calls prove",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

pub(crate) fn record(t: &Transition, c: &RecordTestCall, actor: &Actor, now: Timestamp) -> Decided {
    let chunk = t.require_chunk(&c.chunk)?;
    require_cell(t, &c.chunk, &c.cell)?;
    if !c.evidence.is_empty() {
        text::title("where the evidence is", &c.evidence)?;
    }
    if let Some(scenario) = &c.scenario {
        test_campaign::require_card(t, &c.chunk, scenario)?;
    }
    if let Some(agent) = c.agent.as_ref().filter(|a| !t.agents.contains_key(*a)) {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("agent `{agent}` on the outsourcer's roster"))
            .who("the outsourcer")
            .how(
                "leave the agent out, or let the outsourcer roster them (`segue do roster-agents`)",
            ));
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
        caller: Some(actor.person.clone()),
        scenario: c.scenario.clone(),
        agent: c.agent.clone(),
    })])
}

/// A cell of the chunk's coverage, or the refusal that says it is none.
pub(crate) fn require_cell(t: &Transition, chunk: &ChunkId, cell: &str) -> Result<(), Refusal> {
    let known = test_campaign::cells(t, t.require_chunk(chunk)?);
    if known.contains(cell) {
        return Ok(());
    }
    Err(bad(format!(
        "a cell of the coverage of {chunk} instead of `{cell}`"
    )))
}

/// Whether a call says something about the outsourcer: placed by the client's staff, by a fair card or none.
fn counts(t: &Transition, call: &TestCallRecorded) -> bool {
    let card = call.scenario.as_ref();
    let fair = card.is_none_or(|id| t.test_scenarios.get(id).is_none_or(|card| card.is_fair(t)));
    call.placed_by == Side::Client && fair
}

/// The calls that count now for a call type, newest first.
pub(crate) fn counted<'t>(
    t: &'t Transition,
    call_type: &'t CallTypeId,
    now: Timestamp,
) -> impl Iterator<Item = &'t TestCallRecorded> + 't {
    let of_type = |call: &&TestCallRecorded| {
        let chunk = t.chunk(&call.chunk);
        chunk.is_some_and(|c| c.planned.call_type == *call_type)
    };
    let fresh = move |call: &&TestCallRecorded| is_fresh(call.at, t.terms.evidence_valid_days, now);
    let calls = t.test_calls.iter().rev();
    calls
        .filter(fresh)
        .filter(of_type)
        .filter(|call| counts(t, call))
}

/// What the coverage still asks for (A22).
pub(crate) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    if test_campaign::cells(t, chunk).is_empty() {
        let none = "no test cell is planned (`segue do open-test-campaign`)";
        return vec![GateLeg::Processes.finds(none)];
    }
    missing_cells(t, &chunk.planned.id, now)
        .into_iter()
        .map(|cell| GateLeg::Processes.finds(format!("test cell {cell}")))
        .collect()
}

/// Cells of the chunk whose last call that counts is missing, failed or too old.
pub fn missing_cells(t: &Transition, chunk: &ChunkId, now: Timestamp) -> Vec<String> {
    let Some(chunk) = t.chunk(chunk) else {
        return Vec::new();
    };
    let mut cells = Vec::from_iter(test_campaign::cells(t, chunk));
    cells.retain(|cell| last_call(t, chunk, cell, now).is_none_or(|call| !call.passed));
    cells
}

fn last_call<'t>(
    t: &'t Transition,
    chunk: &'t Chunk,
    cell: &str,
    now: Timestamp,
) -> Option<&'t TestCallRecorded> {
    let id = &chunk.planned.id;
    counted(t, &chunk.planned.call_type, now).find(|call| call.chunk == *id && call.cell == cell)
}

/// What the calls of a chunk prove about its true failure rate, in words.
pub fn proof_words(t: &Transition, chunk: &Chunk, now: Timestamp) -> String {
    let calls = counted(t, &chunk.planned.call_type, now);
    let of_chunk = calls.filter(|call| call.chunk == chunk.planned.id);
    let (count, failed) = of_chunk.fold((0, 0), |(count, failed): (u32, u32), call| {
        (count + 1, failed + u32::from(!call.passed))
    });
    clean_calls::words(count, failed)
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let mut board = Board::new("Test coverage", &["chunk", "cell", "lamp", "last call"]);
    for (id, chunk) in &t.chunks {
        let cells = test_campaign::cells(t, chunk);
        let missing = missing_cells(t, id, now);
        for cell in &cells {
            let last = last_call(t, chunk, cell, now);
            let said = match last {
                None => "none that counts".to_owned(),
                Some(call) if call.passed => format!("passed {}", text::minute(call.at)),
                Some(call) => format!("did not pass {}", text::minute(call.at)),
            };
            let green = !missing.contains(cell);
            let lamp = if green { "green" } else { "red" };
            board.row([id.to_string(), cell.clone(), lamp.to_owned(), said]);
        }
        let green = cells.len() - missing.len();
        // Rounded down: 100 % means every cell.
        let percent = (green * 100).checked_div(cells.len()).unwrap_or(0);
        let missing = match missing.as_slice() {
            [] => String::new(),
            cells => format!("; missing: {}", cells.join(", ")),
        };
        board.note(format!(
            "{id}: {green} of {} cells green, {percent} %; {}{missing}",
            cells.len(),
            proof_words(t, chunk, now)
        ));
    }
    board
}
