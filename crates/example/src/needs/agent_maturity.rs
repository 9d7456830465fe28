//! What the agents have done so far: fifty and more calls of the easier type before the harder one; nurses hired for
//! consult are released by supervised calls.

use crate::cast::of;
use crate::way::{Move, Scene};
use segue_domain::agent_maturity::{AgentWork, RecordAgentWork, Stage, stage};
use segue_domain::agents::rostered_for;
use segue_domain::chunks::Chunk;
use segue_domain::ids::{AgentId, CallTypeId};
use segue_domain::{Role, Side};

/// The type whose calls lead to another: by which, supervised calls and calls alone.
const LEADS_TO: &[(&str, &str, u32, u32)] = &[
    ("APPT", "MSG", 10, 60),
    ("CONSULT", "CONSULT", 12, 0),
    ("TRIAGE", "CONSULT", 12, 60),
];

/// The agents of the chunk's call type have come far enough.
pub(crate) fn grown(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let call_type = chunk.planned.call_type.as_str();
    let (_, by, supervised, alone) = LEADS_TO.iter().find(|(to, ..)| *to == call_type)?;
    let by = CallTypeId::from(*by);
    scene.t.rung(&by)?;
    let far = if *alone > 0 {
        Stage::FullSpeed
    } else {
        Stage::Released
    };
    let behind = |agent: &&AgentId| stage(scene.t, agent, &by) < far;
    let agents = rostered_for(scene.t, &chunk.planned.call_type).map(|a| &a.agent);
    let work = agents.filter(behind).map(|agent| AgentWork {
        agent: agent.clone(),
        call_type: by.clone(),
        supervised_calls: *supervised,
        released_calls: *alone,
        qa_reviews: 8,
        qa_percent: 93,
    });
    let work: Vec<_> = work.collect();
    let outsourcer = of(Side::Outsourcer, Role::Implementation);
    (!work.is_empty()).then(|| Move::say(outsourcer, RecordAgentWork { work }))
}
