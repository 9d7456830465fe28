//! Call flows: what happens from the dialled number to the resolution, walked by both parties (B15).

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::event::Event;
use crate::ids::LineId;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use crate::{lines, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the calls of one public number go today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CallFlow {
    /// The number.
    pub line: LineId,
    /// From the dialled number to the resolution, in order.
    pub steps: Vec<String>,
    /// Opening hours and what a caller meets outside them.
    pub hours: String,
    /// What happens when nobody is free.
    pub overflow: String,
    /// How a call reaches a nurse or a doctor at once.
    pub escalation: String,
    /// Where the scripts are that agents read from.
    #[serde(default)]
    pub scripts: Vec<String>,
}

/// Records the call flow of one number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordCallFlow {
    /// The flow.
    #[serde(flatten)]
    pub flow: CallFlow,
}

/// Says for one party that somebody walked a call flow and found it so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WalkCallFlow {
    /// The number.
    pub line: LineId,
    /// Where the evidence is: calls placed, calls listened to.
    pub evidence: String,
}

/// The call flow of a number is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFlowRecorded {
    /// The flow.
    #[serde(flatten)]
    pub flow: CallFlow,
    /// When.
    pub at: Timestamp,
}

/// One party walked a call flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFlowWalked {
    /// The number.
    pub line: LineId,
    /// The party.
    pub by: Side,
    /// Where the evidence is.
    pub evidence: String,
    /// When.
    pub at: Timestamp,
}

/// A call flow in state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WalkedFlow {
    /// As written down.
    pub flow: CallFlow,
    /// Each party's evidence that it is so.
    pub walked: BTreeMap<Side, String>,
}

pub(crate) const BOARD: Kind = Kind {
    name: "flows",
    says: "What happens to a call of each number today, and who walked it",
    may_see: None,
    draw: |t, _, _| draw(t),
};

/// Every number has a flow that both walked.
pub(crate) fn findings(t: &Transition) -> Vec<String> {
    let mut missing = Vec::new();
    for line in &t.lines {
        let number = format!("call flow of {} ({})", line.id, line.number);
        let Some(flow) = t.discovery.records.flows.get(&line.id) else {
            missing.push(number);
            continue;
        };
        let unwalked = Side::BOTH
            .into_iter()
            .filter(|s| !flow.walked.contains_key(s));
        missing.extend(unwalked.map(|side| format!("{number} walked by {}", t.parties.name(side))));
    }
    missing
}

pub(crate) fn record(t: &Transition, c: &RecordCallFlow, now: Timestamp) -> Decided {
    let flow = &c.flow;
    super::require_line(t, &flow.line)?;
    if flow.steps.is_empty() {
        return Err(lines::bad("at least one step of the call flow".into()));
    }
    text::titles("a step of the call flow", &flow.steps)?;
    text::titles("where a script is", &flow.scripts)?;
    text::free("hours", &flow.hours)?;
    text::free("overflow", &flow.overflow)?;
    text::free("escalation", &flow.escalation)?;
    let known = t.discovery.records.flows.get(&flow.line);
    if known.is_some_and(|known| known.flow == *flow) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::CallFlowRecorded(CallFlowRecorded {
        flow: flow.clone(),
        at: now,
    })])
}

pub(crate) fn walk(t: &Transition, c: &WalkCallFlow, actor: &Actor, now: Timestamp) -> Decided {
    let Some(flow) = t.discovery.records.flows.get(&c.line) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("call flow of {}", c.line))
            .how("write it down first (`segue do record-call-flow`)"));
    };
    text::title("where the evidence of the walk is", &c.evidence)?;
    if flow.walked.get(&actor.side) == Some(&c.evidence) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::CallFlowWalked(CallFlowWalked {
        line: c.line.clone(),
        by: actor.side,
        evidence: c.evidence.clone(),
        at: now,
    })])
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &CallFlowRecorded) {
    // Another flow is one that nobody walked yet.
    let flow = WalkedFlow {
        flow: e.flow.clone(),
        walked: BTreeMap::new(),
    };
    let flows = &mut t.discovery.records.flows;
    flows.insert(e.flow.line.clone(), flow);
    t.discovery.changed();
}

pub(crate) fn apply_walked(t: &mut Transition, e: &CallFlowWalked) {
    if let Some(flow) = t.discovery.records.flows.get_mut(&e.line) {
        flow.walked.insert(e.by, e.evidence.clone());
        t.discovery.changed();
    }
}

fn draw(t: &Transition) -> Board {
    let columns = [
        "line",
        "number",
        "steps",
        "hours",
        "overflow",
        "escalation",
        "walked by",
    ];
    let mut board = Board::new("Call flows", &columns);
    for line in &t.lines {
        let (id, number) = (line.id.to_string(), line.number.clone());
        let Some(WalkedFlow { flow, walked }) = t.discovery.records.flows.get(&line.id) else {
            let none = || String::from("–");
            board.row([
                id,
                number,
                none(),
                none(),
                none(),
                none(),
                "not written down".into(),
            ]);
            continue;
        };
        let by: Vec<_> = walked.keys().map(|side| t.parties.name(*side)).collect();
        board.row([
            id,
            number,
            flow.steps.join(" → "),
            flow.hours.clone(),
            flow.overflow.clone(),
            flow.escalation.clone(),
            if by.is_empty() {
                "nobody".into()
            } else {
                by.join(", ")
            },
        ]);
    }
    board
}
