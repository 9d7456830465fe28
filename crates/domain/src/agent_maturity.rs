//! Let them walk before they run (A19): an agent is supervised, then released, then at full speed, type by type; and
//! takes a harder type only after enough calls of an easier one.
//!
//! Two ways lead to the first call of a type. Up the ladder: at full speed on a type of the next easier rung in scope.
//! Hired for it: a registered nurse, who would never take messages, is released for consult or triage by supervised
//! calls of that type, such as the test campaign's. The easiest rung in scope asks for nothing: somebody has to begin.

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::agents::{Credential, RosteredAgent, name_some, rostered_for};
use crate::boards::{Board, Kind};
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::{AgentId, CallTypeId};
use crate::ladder::Rung;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How far an agent is on a call type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Somebody listens to every call.
    Supervised,
    /// On their own, at reduced load.
    Released,
    /// As any other agent.
    FullSpeed,
}

impl Stage {
    /// The stage in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Supervised => "supervised",
            Self::Released => "released",
            Self::FullSpeed => "full speed",
        }
    }
}

/// What one agent has done on one call type so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AgentWork {
    /// The agent.
    pub agent: AgentId,
    /// The call type.
    pub call_type: CallTypeId,
    /// Calls with somebody listening, test calls included.
    pub supervised_calls: u32,
    /// Calls on their own.
    pub released_calls: u32,
    /// Calls reviewed for quality.
    pub qa_reviews: u32,
    /// Average quality score of those, 0–100.
    pub qa_percent: u8,
}

/// Reports what agents have done so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordAgentWork {
    /// Totals so far, by agent and call type; they replace those reported before.
    pub work: Vec<AgentWork>,
}

/// Agents' totals are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentWorkRecorded {
    /// Totals so far.
    pub work: Vec<AgentWork>,
    /// When.
    pub at: Timestamp,
}

/// Totals, in state.
pub type WorkDone = BTreeMap<AgentId, BTreeMap<CallTypeId, AgentWork>>;

pub(crate) const BOARD: Kind = Kind {
    name: "maturity",
    says: "Agents by stage on each call type: supervised, released, full speed",
    may_see: None,
    draw: |t, reader, _| draw(t, reader),
};

fn work<'t>(t: &'t Transition, agent: &AgentId, call_type: &CallTypeId) -> Option<&'t AgentWork> {
    t.agent_work.get(agent)?.get(call_type)
}

/// How far an agent is on a call type.
pub fn stage(t: &Transition, agent: &AgentId, call_type: &CallTypeId) -> Stage {
    let terms = &t.terms.testing;
    let good = work(t, agent, call_type)
        .filter(|w| w.qa_reviews > 0 && w.qa_percent >= terms.qa_percent_min);
    match good {
        Some(w) if w.released_calls >= terms.released_calls_min => Stage::FullSpeed,
        Some(w) if w.supervised_calls >= terms.supervised_calls_min => Stage::Released,
        _ => Stage::Supervised,
    }
}

/// The load to plan an agent with on a call type, in percent of that of an agent at full speed.
pub fn load_percent(t: &Transition, agent: &AgentId, call_type: &CallTypeId) -> u8 {
    match stage(t, agent, call_type) {
        Stage::FullSpeed => 100,
        Stage::Supervised | Stage::Released => t.terms.testing.reduced_load_percent,
    }
}

/// The call types in scope on the next easier rung.
fn easier<'t>(t: &'t Transition, call_type: &CallTypeId) -> BTreeSet<&'t CallTypeId> {
    let in_scope: BTreeSet<_> = t.chunks.values().map(|c| &c.planned.call_type).collect();
    let below = |k: &&CallTypeId| t.rung(k) < t.rung(call_type);
    let next = in_scope
        .iter()
        .copied()
        .filter(below)
        .filter_map(|k| t.rung(k))
        .max();
    in_scope
        .into_iter()
        .filter(below)
        .filter(|k| t.rung(k) == next)
        .collect()
}

/// What an agent lacks for a call type, or nothing when the agent may begin with it.
pub(crate) fn lacks(
    t: &Transition,
    agent: &RosteredAgent,
    call_type: &CallTypeId,
) -> Option<String> {
    let easier = easier(t, call_type);
    let id = &agent.agent;
    let climbed = easier.iter().any(|k| stage(t, id, k) == Stage::FullSpeed);
    if easier.is_empty() || climbed || stage(t, id, call_type) == Stage::FullSpeed {
        return None;
    }
    let terms = &t.terms.testing;
    let nurse = agent.credential >= Credential::RegisteredNurse;
    if nurse && t.rung(call_type) >= Some(Rung::Consult) {
        let supervised = work(t, id, call_type).map_or(0, |w| w.supervised_calls);
        return (stage(t, id, call_type) == Stage::Supervised).then(|| {
            let need = terms.supervised_calls_min;
            format!("{supervised} of {need} supervised {call_type} calls")
        });
    }
    let done = easier.iter().filter_map(|k| work(t, id, k));
    let best = done.max_by_key(|w| w.released_calls);
    let (need, qa_min) = (terms.released_calls_min, terms.qa_percent_min);
    Some(match (best, easier.first()) {
        (Some(w), _) if w.released_calls >= need => {
            format!("QA below {qa_min} % on {}", w.call_type)
        }
        (Some(w), _) => format!(
            "{} of {need} released {} calls",
            w.released_calls, w.call_type
        ),
        (None, Some(k)) => format!("0 of {need} released {k} calls"),
        (None, None) => "an easier type".into(),
    })
}

/// Rostered agents who are to run before they walk.
pub(crate) fn findings(t: &Transition, chunk: &Chunk, _: Timestamp) -> Vec<Finding> {
    let call_type = &chunk.planned.call_type;
    let agents: Vec<_> = rostered_for(t, call_type).collect();
    let lacking = |a: &&RosteredAgent| Some(format!("{} ({})", a.agent, lacks(t, a, call_type)?));
    let lacking: Vec<_> = agents.iter().filter_map(lacking).collect();
    if lacking.is_empty() {
        return Vec::new();
    }
    vec![GateLeg::Agents.finds(format!(
        "{}/{} agents are far enough for {call_type}; not yet {}",
        agents.len() - lacking.len(),
        agents.len(),
        name_some(&lacking)
    ))]
}

pub(crate) fn record(t: &Transition, c: &RecordAgentWork, now: Timestamp) -> Decided {
    text::list("totals", &c.work)?;
    for w in &c.work {
        if !t.agents.contains_key(&w.agent) || t.rung(&w.call_type).is_none() {
            return Err(Refusal::new(Code::Unknown)
                .missing(format!(
                    "agent `{}` and call type `{}`",
                    w.agent, w.call_type
                ))
                .how("name an agent of the roster and a call type of the transition"));
        }
        let calls = w.supervised_calls.saturating_add(w.released_calls);
        if w.qa_percent > 100 || w.qa_reviews > calls {
            return Err(bad(format!(
                "a score of 0–100 % over at most {calls} calls of {}",
                w.agent
            )));
        }
    }
    let changed = |w: &&AgentWork| work(t, &w.agent, &w.call_type) != Some(w);
    let work: Vec<_> = c.work.iter().filter(changed).cloned().collect();
    if work.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::AgentWorkRecorded(AgentWorkRecorded {
        work,
        at: now,
    })])
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &AgentWorkRecorded) {
    for work in &e.work {
        let by_type = t.agent_work.entry(work.agent.clone()).or_default();
        by_type.insert(work.call_type.clone(), work.clone());
    }
}

/// The outsourcer sees its agents; the client sees how many (§4.3).
fn draw(t: &Transition, reader: &Actor) -> Board {
    let mut board = Board::new("Agents by stage", &["call type", "stage", "agents", "load"]);
    for call_type in t.call_types.iter().map(|k| &k.id) {
        for stage_wanted in [Stage::Supervised, Stage::Released, Stage::FullSpeed] {
            let agents = rostered_for(t, call_type).map(|a| &a.agent);
            let here: Vec<_> = agents
                .filter(|a| stage(t, a, call_type) == stage_wanted)
                .collect();
            let Some(first) = here.first() else { continue };
            let load = load_percent(t, first, call_type);
            let shown = match reader.side {
                Side::Outsourcer => here
                    .iter()
                    .map(|a| a.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
                Side::Client => here.len().to_string(),
            };
            board.row([
                call_type.to_string(),
                stage_wanted.words().to_owned(),
                shown,
                format!("{load} %"),
            ]);
        }
    }
    let terms = &t.terms.testing;
    board.note(format!(
        "Released after {} supervised calls, full speed and the next type after {} released calls, each with QA of at least {} %.",
        terms.supervised_calls_min, terms.released_calls_min, terms.qa_percent_min
    ));
    board
}
