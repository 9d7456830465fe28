//! The test campaign: which cells are called, who of the client's staff calls, and who has which calls this week
//! (A22, A24).

use crate::Decided;
use crate::actor::Actor;
use crate::boards::{Board, Kind};
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::{CallTypeId, ChunkId, LineId, PersonId, ScenarioId, is_usable};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::test_calls;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// One of the client's staff who places test calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TestCaller {
    /// Account name.
    pub person: PersonId,
    /// The team whose coverage the calls add to: `Night shift`.
    pub team: String,
    /// The call types this person answers today.
    #[serde(default)]
    pub works_today: BTreeSet<CallTypeId>,
}

/// Names the client's test callers, or changes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NameTestCallers {
    /// The people; one already named is replaced.
    pub callers: Vec<TestCaller>,
}

/// A trial call that somebody is asked to place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Assignment {
    /// Who.
    pub person: PersonId,
    /// The chunk tested.
    pub chunk: ChunkId,
    /// The cell of its coverage.
    pub cell: String,
    /// The script card to play.
    #[serde(default)]
    pub scenario: Option<ScenarioId>,
    /// By which local date.
    #[schemars(with = "String")]
    pub due_on: Date,
}

/// Hands out trial calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AssignTestCalls {
    /// The calls.
    pub calls: Vec<Assignment>,
}

/// Widens the coverage of a chunk beyond what the plan asks: every card in every shift and language on every line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OpenTestCampaign {
    /// The chunk.
    pub chunk: ChunkId,
    /// Script cards of its call type.
    pub scenarios: BTreeSet<ScenarioId>,
    /// Shifts: `day`, `night`.
    pub shifts: BTreeSet<String>,
    /// Languages.
    pub languages: BTreeSet<String>,
    /// Paths: lines of the chunk.
    pub lines: BTreeSet<LineId>,
}

/// Test callers are named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestCallersNamed {
    /// As they stand now.
    pub callers: Vec<TestCaller>,
    /// When.
    pub at: Timestamp,
}

/// Trial calls were handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestCallsAssigned {
    /// The calls.
    pub calls: Vec<Assignment>,
    /// When.
    pub at: Timestamp,
}

/// A chunk's coverage is wider than its plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestCampaignOpened {
    /// The chunk.
    pub chunk: ChunkId,
    /// The cells that came with it.
    pub cells: BTreeSet<String>,
    /// When.
    pub at: Timestamp,
}

/// The campaign, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Campaign {
    /// The client's callers.
    pub callers: BTreeMap<PersonId, TestCaller>,
    /// Calls handed out, each with the time it was.
    pub assigned: Vec<(Assignment, Timestamp)>,
    /// Cells beyond the plan, by chunk.
    pub cells: BTreeMap<ChunkId, BTreeSet<String>>,
}

pub(crate) const MY_CALLS: Kind = Kind {
    name: "my-test-calls",
    says: "The trial calls you are asked to place, with the number to dial and the card to play",
    may_see: None,
    draw: draw_mine,
};

/// Every cell of a chunk's coverage: those of the signed plan, and those the campaign added.
pub fn cells(t: &Transition, chunk: &Chunk) -> BTreeSet<String> {
    let added = t.test_campaign.cells.get(&chunk.planned.id);
    let planned = chunk.planned.coverage.iter();
    planned
        .chain(added.into_iter().flatten())
        .cloned()
        .collect()
}

/// Who must still call (A24): different people of the client, one of whom does that work today.
pub(crate) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let call_type = &chunk.planned.call_type;
    let works_today = |person: &PersonId| {
        let caller = t.test_campaign.callers.get(person);
        caller.is_some_and(|c| c.works_today.contains(call_type))
    };
    let need = t.terms.testing.callers_min;
    let (mut callers, mut does_it_today) = (BTreeSet::new(), false);
    let mut enough = need == 0;
    for person in test_calls::counted(t, call_type, now).filter_map(|call| call.caller.as_ref()) {
        if callers.insert(person) {
            does_it_today |= works_today(person);
            enough = u32::try_from(callers.len()).is_ok_and(|have| have >= need);
            // A campaign holds thousands of calls, and the newest usually answer.
            if enough && does_it_today {
                break;
            }
        }
    }
    let mut found = Vec::new();
    if !enough {
        found.push(GateLeg::Processes.finds(format!(
            "{call_type} tested by {} of {need} different people of the client",
            callers.len()
        )));
    }
    if !does_it_today {
        found.push(GateLeg::Processes.finds(format!(
            "a test call by somebody who does {call_type} today (`segue do name-test-callers`)"
        )));
    }
    found
}

pub(crate) fn name_callers(t: &Transition, c: &NameTestCallers, now: Timestamp) -> Decided {
    text::list("test callers", &c.callers)?;
    for caller in &c.callers {
        if !is_usable(caller.person.as_str()) {
            return Err(bad(format!("`{}` as an account name", caller.person)));
        }
        text::title("the team of a test caller", &caller.team)?;
        for call_type in &caller.works_today {
            if t.rung(call_type).is_none() {
                return Err(unknown(format!("call type `{call_type}`")));
            }
        }
    }
    let changed = |c: &&TestCaller| t.test_campaign.callers.get(&c.person) != Some(c);
    let callers: Vec<_> = c.callers.iter().filter(changed).cloned().collect();
    if callers.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::TestCallersNamed(TestCallersNamed {
        callers,
        at: now,
    })])
}

pub(crate) fn assign(t: &Transition, c: &AssignTestCalls, now: Timestamp) -> Decided {
    text::list("trial calls", &c.calls)?;
    if c.calls.is_empty() {
        return Err(bad("at least one trial call".into()));
    }
    for call in &c.calls {
        if !t.test_campaign.callers.contains_key(&call.person) {
            return Err(unknown(format!(
                "test caller `{}` (`segue do name-test-callers`)",
                call.person
            )));
        }
        test_calls::require_cell(t, &call.chunk, &call.cell)?;
        if let Some(scenario) = &call.scenario {
            require_card(t, &call.chunk, scenario)?;
        }
    }
    Ok(vec![Event::TestCallsAssigned(TestCallsAssigned {
        calls: c.calls.clone(),
        at: now,
    })])
}

pub(crate) fn open(t: &Transition, c: &OpenTestCampaign, now: Timestamp) -> Decided {
    let chunk = t.require_chunk(&c.chunk)?;
    for scenario in &c.scenarios {
        require_card(t, &c.chunk, scenario)?;
    }
    for line in &c.lines {
        if !chunk.planned.lines.contains(line) {
            return Err(unknown(format!("line `{line}` of {}", c.chunk)));
        }
    }
    for word in c.shifts.iter().chain(&c.languages) {
        text::title("a shift or language", word)?;
    }
    let lists = [
        c.scenarios.len(),
        c.shifts.len(),
        c.languages.len(),
        c.lines.len(),
    ];
    let count = lists.into_iter().try_fold(1, usize::checked_mul);
    if count.is_none_or(|n| n == 0 || n > text::LIST_MAX) {
        return Err(bad(format!(
            "1–{} cells: at least one card, shift, language and line",
            text::LIST_MAX
        )));
    }
    let old = t.test_campaign.cells.get(&c.chunk);
    let mut cells = product(c, &chunk.planned.call_type);
    cells.retain(|cell| old.is_none_or(|old| !old.contains(cell)));
    if cells.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::TestCampaignOpened(TestCampaignOpened {
        chunk: c.chunk.clone(),
        cells,
        at: now,
    })])
}

/// `TRIAGE × T-07 × night × Spanish × RVS-Main-TFN` for everything that can be combined.
fn product(c: &OpenTestCampaign, call_type: &CallTypeId) -> BTreeSet<String> {
    let mut cells = BTreeSet::new();
    for scenario in &c.scenarios {
        for shift in &c.shifts {
            for language in &c.languages {
                for line in &c.lines {
                    let cell = format!("{call_type} × {scenario} × {shift} × {language} × {line}");
                    cells.insert(cell);
                }
            }
        }
    }
    cells
}

/// A script card of the chunk's call type.
pub(crate) fn require_card(
    t: &Transition,
    chunk: &ChunkId,
    scenario: &ScenarioId,
) -> Result<(), Refusal> {
    let call_type = &t.require_chunk(chunk)?.planned.call_type;
    let card = t.test_scenarios.get(scenario);
    if card.is_some_and(|card| card.call_type == *call_type) {
        return Ok(());
    }
    Err(unknown(format!(
        "script card `{scenario}` for {call_type} (`segue do write-test-scenarios`)"
    )))
}

fn unknown(missing: String) -> Refusal {
    Refusal::new(Code::Unknown)
        .missing(missing)
        .who("the client's manager")
        .how("name what exists; `segue show coverage` and `segue show scenarios` list it")
}

pub(crate) fn apply_named(t: &mut Transition, e: &TestCallersNamed) {
    for caller in &e.callers {
        let place = t.test_campaign.callers.entry(caller.person.clone());
        place.insert_entry(caller.clone());
    }
}

pub(crate) fn apply_assigned(t: &mut Transition, e: &TestCallsAssigned) {
    let calls = e.calls.iter().map(|call| (call.clone(), e.at));
    t.test_campaign.assigned.extend(calls);
}

pub(crate) fn apply_opened(t: &mut Transition, e: &TestCampaignOpened) {
    let cells = t.test_campaign.cells.entry(e.chunk.clone()).or_default();
    cells.extend(e.cells.iter().cloned());
}

/// Whether the person has placed the call since it was handed out, whatever came of it.
pub(crate) fn is_placed(t: &Transition, assignment: &Assignment, since: Timestamp) -> bool {
    t.test_calls.iter().rev().any(|call| {
        call.at > since
            && call.caller.as_ref() == Some(&assignment.person)
            && call.chunk == assignment.chunk
            && call.cell == assignment.cell
    })
}

/// The outsourcer's number for test calls while the chunk's public numbers ring at home, else those.
fn to_dial(t: &Transition, chunk: &ChunkId) -> String {
    let Some(chunk) = t.chunk(chunk) else {
        return String::new();
    };
    if let Some(number) = t.test_numbers.lines.get(&chunk.planned.id)
        && !chunk.is_out()
    {
        return number.clone();
    }
    let lines = chunk.planned.lines.iter().filter_map(|id| t.line(id));
    let numbers: Vec<_> = lines.map(|line| line.number.as_str()).collect();
    numbers.join(" or ")
}

fn draw_mine(t: &Transition, reader: &Actor, _: Timestamp) -> Board {
    let columns = ["due", "chunk", "cell", "dial", "card", "you want", "placed"];
    let mut board = Board::new("My test calls", &columns);
    let mine = t.test_campaign.assigned.iter();
    let mut mine: Vec<_> = mine.filter(|(a, _)| a.person == reader.person).collect();
    mine.sort_by_key(|(a, _)| a.due_on);
    let mut open = 0;
    for (call, since) in mine {
        let placed = is_placed(t, call, *since);
        open += usize::from(!placed);
        let card = call.scenario.as_ref();
        let wants = card.and_then(|id| t.test_scenarios.get(id));
        board.row([
            call.due_on.to_string(),
            call.chunk.to_string(),
            call.cell.clone(),
            to_dial(t, &call.chunk),
            card.map(ToString::to_string).unwrap_or_default(),
            wants.map(|card| card.intent.clone()).unwrap_or_default(),
            if placed { "yes" } else { "not yet" }.into(),
        ]);
    }
    board.note(format!(
        "{open} of {} calls are still to be placed; report each with `segue do record-test-call`.",
        board.rows.len()
    ));
    board
}
