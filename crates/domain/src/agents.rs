//! The outsourcer's agents on this work, by number: what each may take, in which languages, with which credential.

use crate::Decided;
use crate::event::Event;
use crate::ids::{AgentId, CallTypeId, is_usable};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What somebody is qualified as; only a registered nurse assesses (§2.1).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// Takes messages, makes appointments; gathers, never assesses.
    Unlicensed,
    /// Licensed practical or vocational nurse: gathers, never assesses.
    PracticalNurse,
    /// Registered nurse: assesses and advises.
    RegisteredNurse,
    /// Nurse practitioner or physician assistant.
    AdvancedPractice,
}

/// One agent on the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RosteredAgent {
    /// The outsourcer's number for the person.
    pub agent: AgentId,
    /// Call types the agent is rostered for.
    pub call_types: BTreeSet<CallTypeId>,
    /// Languages, as the two parties write them: `English`, `Spanish`.
    #[serde(default)]
    pub languages: BTreeSet<String>,
    /// Qualification.
    pub credential: Credential,
}

/// Puts agents on the roster, or changes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RosterAgents {
    /// The agents; one already on the roster is replaced.
    pub agents: Vec<RosteredAgent>,
}

/// Takes an agent off the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct UnrosterAgent {
    /// The agent.
    pub agent: AgentId,
}

/// Agents are on the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentsRostered {
    /// As they stand now.
    pub agents: Vec<RosteredAgent>,
    /// When.
    pub at: Timestamp,
}

/// An agent left the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentUnrostered {
    /// The agent.
    pub agent: AgentId,
    /// When.
    pub at: Timestamp,
}

/// The roster, in state.
pub type Roster = BTreeMap<AgentId, RosteredAgent>;

/// The agents rostered for a call type.
pub fn rostered_for<'t>(
    t: &'t Transition,
    call_type: &'t CallTypeId,
) -> impl Iterator<Item = &'t RosteredAgent> + 't {
    t.agents
        .values()
        .filter(move |a| a.call_types.contains(call_type))
}

/// The first few of a list of agents, and how many more there are.
pub(crate) fn name_some(agents: &[impl ToString]) -> String {
    const NAMED: usize = 5;
    let mut names: Vec<_> = agents.iter().take(NAMED).map(ToString::to_string).collect();
    if let Some(more) = agents.len().checked_sub(NAMED).filter(|n| *n > 0) {
        names.push(format!("and {more} more"));
    }
    names.join(", ")
}

pub(crate) fn roster(t: &Transition, c: &RosterAgents, now: Timestamp) -> Decided {
    text::list("agents", &c.agents)?;
    for agent in &c.agents {
        if !is_usable(agent.agent.as_str()) {
            return Err(bad(format!("`{}` as an agent number", agent.agent)));
        }
        for call_type in &agent.call_types {
            if t.rung(call_type).is_none() {
                return Err(Refusal::new(Code::Unknown)
                    .missing(format!("call type `{call_type}` of agent {}", agent.agent))
                    .how("name a call type of the transition"));
            }
        }
        for language in &agent.languages {
            text::title("a language", language)?;
        }
    }
    let changed = |a: &&RosteredAgent| t.agents.get(&a.agent) != Some(a);
    let agents: Vec<_> = c.agents.iter().filter(changed).cloned().collect();
    if agents.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::AgentsRostered(AgentsRostered {
        agents,
        at: now,
    })])
}

#[expect(clippy::unnecessary_wraps, reason = "every decision has this shape")]
pub(crate) fn unroster(t: &Transition, c: &UnrosterAgent, now: Timestamp) -> Decided {
    if !t.agents.contains_key(&c.agent) {
        return Ok(Vec::new());
    }
    let agent = c.agent.clone();
    Ok(vec![Event::AgentUnrostered(AgentUnrostered {
        agent,
        at: now,
    })])
}

pub(crate) fn apply_rostered(t: &mut Transition, e: &AgentsRostered) {
    for agent in &e.agents {
        t.agents.insert(agent.agent.clone(), agent.clone());
    }
}
