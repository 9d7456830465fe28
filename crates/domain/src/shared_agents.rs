//! Agents whom the outsourcer shares with other clients count only by a contracted concurrent minimum (§7.17).

use crate::Decided;
use crate::agents::rostered_for;
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::{AgentId, CallTypeId};
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Says which rostered agents also work for other clients; the others are this client's alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ShareAgents {
    /// The agents.
    pub agents: BTreeSet<AgentId>,
}

/// Which agents also work for other clients is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentsShared {
    /// The agents.
    pub agents: BTreeSet<AgentId>,
    /// When.
    pub at: Timestamp,
}

/// How many agents of a call type can be counted on: the client's own, and of the shared ones no more than the contract
/// keeps free at any time.
pub fn counted_for(t: &Transition, call_type: &CallTypeId) -> usize {
    let shared = rostered_for(t, call_type).filter(|a| t.shared_agents.contains(&a.agent));
    let shared = shared.count();
    let contracted = t.terms.people.concurrent_minimums.get(call_type);
    let contracted = contracted.map_or(0, |n| usize::try_from(*n).unwrap_or(usize::MAX));
    rostered_for(t, call_type).count() - shared + shared.min(contracted)
}

/// Agents on paper whom nobody can count on keep the gate red.
pub(crate) fn findings(t: &Transition, chunk: &Chunk, _: Timestamp) -> Vec<Finding> {
    let call_type = &chunk.planned.call_type;
    let rostered = rostered_for(t, call_type).count();
    if rostered == 0 || counted_for(t, call_type) > 0 {
        return Vec::new();
    }
    vec![GateLeg::Agents.finds(format!(
        "0 of {rostered} agents count for {call_type}: all are shared with other clients, and no concurrent minimum is contracted"
    ))]
}

pub(crate) fn share(t: &Transition, c: &ShareAgents, now: Timestamp) -> Decided {
    let agents: Vec<_> = c.agents.iter().collect();
    text::list("agents", &agents)?;
    if let Some(unknown) = agents.iter().find(|a| !t.agents.contains_key(**a)) {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("agent `{unknown}` on the roster"))
            .who("the outsourcer")
            .how("put the agent on the roster first (`segue do roster-agents`)"));
    }
    if t.shared_agents == c.agents {
        return Ok(Vec::new());
    }
    Ok(vec![Event::AgentsShared(AgentsShared {
        agents: c.agents.clone(),
        at: now,
    })])
}

pub(crate) fn apply_shared(t: &mut Transition, e: &AgentsShared) {
    t.shared_agents.clone_from(&e.agents);
}
