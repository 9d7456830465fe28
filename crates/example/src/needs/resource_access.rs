//! Riverside's systems: what each call type needs, and every agent proving it on a test call.

use crate::cast::of;
use crate::way::{Move, Scene};
use segue_domain::agents::rostered_for;
use segue_domain::chunks::Chunk;
use segue_domain::ids::{AgentId, CallTypeId};
use segue_domain::resource_access::{
    AccessLevel, AccessPlace, AccessProof, AccessStep, DeclareResources, Needed, RecordAccess,
    Standing, TypeNeeds,
};
use segue_domain::{Role, Side};

const NEEDS: &[(&str, &[(&str, AccessLevel)])] = &[
    (
        "MSG",
        &[
            ("on-call-schedule", AccessLevel::Read),
            ("paging", AccessLevel::Write),
        ],
    ),
    ("APPT", &[("EHR-scheduling", AccessLevel::Write)]),
    (
        "CONSULT",
        &[
            ("provider-directory", AccessLevel::Read),
            ("on-call-schedule", AccessLevel::Read),
        ],
    ),
    (
        "TRIAGE",
        &[
            ("EHR-triage-notes", AccessLevel::Write),
            ("protocol-software", AccessLevel::Read),
        ],
    ),
];

/// The client says what its call types need; a type that is not Riverside's own needs nothing.
pub(crate) fn declared(scene: &Scene<'_>) -> Option<Move> {
    let kinds = scene.t.call_types.iter().map(|kind| &kind.id);
    let open = kinds.filter(|kind| !scene.t.access.needs.contains_key(*kind));
    let types: Vec<_> = open.map(needs_of).collect();
    let client = of(Side::Client, Role::Implementation);
    (!types.is_empty()).then(|| Move::say(client, DeclareResources { types }))
}

fn needs_of(call_type: &CallTypeId) -> TypeNeeds {
    let known = NEEDS.iter().find(|(id, _)| *id == call_type.as_str());
    let needs = known.into_iter().flat_map(|(_, needs)| *needs);
    TypeNeeds {
        call_type: call_type.clone(),
        needs: needs
            .map(|(resource, level)| Needed {
                resource: (*resource).into(),
                level: *level,
            })
            .collect(),
    }
}

/// Every agent of the chunk's call type does it on a test call, and again before the proof is too old.
pub(crate) fn proved(scene: &Scene<'_>, chunk: &Chunk) -> Option<Move> {
    let needs = scene.t.access.needs.get(&chunk.planned.call_type)?;
    let days = scene.t.terms.testing.access_valid_days;
    let mut proofs = Vec::new();
    for agent in rostered_for(scene.t, &chunk.planned.call_type).map(|a| &a.agent) {
        for needed in needs {
            let holds = |s: &Standing| is_proof(&s.step) && scene.is_fresh(s.at, days);
            if !standing(scene, agent, needed).is_some_and(holds) {
                proofs.push(proof(agent, needed));
            }
        }
    }
    let client = of(Side::Client, Role::TestCaller);
    (!proofs.is_empty()).then(|| Move::say(client, RecordAccess { proofs }))
}

fn standing<'t>(scene: &Scene<'t>, agent: &AgentId, needed: &Needed) -> Option<&'t Standing> {
    let by_resource = scene.t.access.standing.get(agent)?;
    by_resource.get(&needed.resource)?.get(&needed.level)
}

fn is_proof(step: &AccessStep) -> bool {
    let AccessStep::Done {
        worked,
        own_id,
        least_privilege,
        place,
        ..
    } = step
    else {
        return false;
    };
    *worked && *own_id && *least_privilege && *place != AccessPlace::TestSystem
}

fn proof(agent: &AgentId, needed: &Needed) -> AccessProof {
    AccessProof {
        agent: agent.clone(),
        resource: needed.resource.clone(),
        level: needed.level,
        step: AccessStep::Done {
            worked: true,
            own_id: true,
            least_privilege: true,
            place: AccessPlace::DummyPatient,
            evidence: format!("test call of {agent}"),
        },
    }
}
