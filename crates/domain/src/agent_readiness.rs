//! Whether enough of the rostered agents are ready for a call type: trained, with access, far enough (§4.2).

use crate::agents::{RosteredAgent, rostered_for};
use crate::boards::{Board, Kind};
use crate::chunks::{Chunk, PlannedChunk};
use crate::gates::{Finding, GateLeg};
use crate::ids::CallTypeId;
use crate::transition::Transition;
use crate::{agent_maturity, licences, resource_access};
use jiff::Timestamp;

pub(crate) const BOARD: Kind = Kind {
    name: "agents",
    says: "Each rostered agent: trained, access proved, far enough",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

/// Whether there are as many rostered agents as agreed, and one at least; each concern says what its agents lack.
pub(crate) fn findings(t: &Transition, chunk: &Chunk, _: Timestamp) -> Vec<Finding> {
    let call_type = &chunk.planned.call_type;
    let need = t.terms.testing.agents_min.get(call_type).copied();
    let need = need.unwrap_or(1).max(1);
    let have = rostered_for(t, call_type).count();
    if u32::try_from(have).is_ok_and(|have| have < need) {
        let text =
            format!("{have} of {need} agents rostered for {call_type} (`segue do roster-agents`)");
        return vec![GateLeg::Agents.finds(text)];
    }
    Vec::new()
}

/// Agents on the roster who may take the type's calls now: trained, with access, far enough, and licensed in a state of the
/// callers where nurses advise.
pub(crate) fn ready(t: &Transition, chunk: &PlannedChunk, now: Timestamp) -> u32 {
    let call_type = &chunk.call_type;
    let is_ready = |agent: &&RosteredAgent| {
        lamps(t, agent, call_type, now)
            .iter()
            .all(|(green, _)| *green)
            && licences::may_take(t, agent, chunk, now)
    };
    let ready = rostered_for(t, call_type).filter(is_ready).count();
    u32::try_from(ready).unwrap_or(u32::MAX)
}

/// The three lamps of an agent: trained, access, far enough.
fn lamps(
    t: &Transition,
    agent: &RosteredAgent,
    call_type: &CallTypeId,
    now: Timestamp,
) -> [(bool, String); 3] {
    let trained = t.training.verified.contains(&agent.agent);
    let access = resource_access::is_proved(t, &agent.agent, call_type, now);
    let lacks = agent_maturity::lacks(t, agent, call_type);
    let words = |so: bool, no: &str| (so, if so { "yes" } else { no }.to_owned());
    [
        words(trained, "not verified"),
        words(access, "not proved"),
        match lacks {
            None => {
                let stage = agent_maturity::stage(t, &agent.agent, call_type);
                (true, stage.words().to_owned())
            }
            Some(lacks) => (false, lacks),
        },
    ]
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let columns = ["call type", "agent", "trained", "access", "stage", "ready"];
    let mut board = Board::new("Agents' readiness", &columns);
    for call_type in t.call_types.iter().map(|k| &k.id) {
        let (mut ready, mut all) = (0, 0);
        for agent in rostered_for(t, call_type) {
            let lamps = lamps(t, agent, call_type, now);
            let is_ready = lamps.iter().all(|(green, _)| *green);
            let [(_, trained), (_, access), (_, stage)] = lamps;
            (ready, all) = (ready + usize::from(is_ready), all + 1);
            board.row([
                call_type.to_string(),
                agent.agent.to_string(),
                trained,
                access,
                stage,
                if is_ready { "yes" } else { "no" }.into(),
            ]);
        }
        board.note(format!("{call_type}: {ready}/{all} rostered agents ready."));
    }
    board
}
