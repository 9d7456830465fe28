//! The agents leg where nurses advise: everybody on the roster is licensed, and every state of the callers is covered.

use super::{eligible, licences_of};
use crate::agents::{Credential, RosteredAgent, rostered_for};
use crate::chunks::{Chunk, PlannedChunk};
use crate::gates::{Finding, GateLeg};
use crate::ids::StateCode;
use crate::ladder::Rung;
use crate::legal_tables::{self, LegalTable};
use crate::transition::Transition;
use jiff::Timestamp;

pub(crate) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let planned = &chunk.planned;
    if t.rung(&planned.call_type) < Some(Rung::Consult) {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(banner) = legal_tables::banner(t, LegalTable::Compact) {
        found.push(GateLeg::Compliance.finds(banner));
    }
    let Some(callers) = t.compliance.callers.get(&planned.site) else {
        let text = format!("the states of the callers of {}, with shares", planned.site);
        found.push(GateLeg::Agents.finds(text));
        return found;
    };
    let share_min_bp = t.terms.licences.state_share_min_bp;
    let states: Vec<_> = callers.states_of(share_min_bp).collect();
    let rostered: Vec<_> = rostered_for(t, &planned.call_type).collect();
    for agent in &rostered {
        let id = &agent.agent;
        if agent.credential < Credential::RegisteredNurse {
            found.push(GateLeg::Agents.finds(format!(
                "{id} is no registered nurse and is rostered for {}",
                planned.call_type
            )));
        } else if !states.iter().any(|state| may(t, agent, state, now)) {
            found.push(GateLeg::Agents.finds(format!(
                "{id} has no licence that counts in a state of the callers"
            )));
        }
    }
    for state in states {
        if !rostered.iter().any(|agent| may(t, agent, state, now)) {
            found.push(GateLeg::Agents.finds(format!(
                "a nurse for {} who may advise patients in {state}",
                planned.call_type
            )));
        }
    }
    found
}

/// Whether the agent may take the chunk's calls in some state of its callers; below consult nobody needs a licence.
pub(crate) fn may_take(
    t: &Transition,
    agent: &RosteredAgent,
    planned: &PlannedChunk,
    now: Timestamp,
) -> bool {
    let callers = || t.compliance.callers.get(&planned.site);
    let share_min_bp = t.terms.licences.state_share_min_bp;
    t.rung(&planned.call_type) < Some(Rung::Consult)
        || callers().is_some_and(|callers| {
            let mut states = callers.states_of(share_min_bp);
            states.any(|state| may(t, agent, state, now))
        })
}

/// Whether the agent may advise a patient in that state.
pub(super) fn may(t: &Transition, agent: &RosteredAgent, state: &StateCode, at: Timestamp) -> bool {
    let licences = licences_of(t, &agent.agent);
    agent.credential >= Credential::RegisteredNurse
        && eligible(&t.licences.compact, licences, state, at, &t.terms.licences).eligible
}
