//! What a person may sign now: what the page lists, and what keeps it from listing what a rule would refuse.
//!
//! A candidate counts when nothing but the signature itself is missing: `decide` is asked with an empty one.

use crate::actor::Actor;
use crate::chunks::Chunk;
use crate::command::Command;
use crate::fields;
use crate::ids::ChunkId;
use crate::refusal::Code;
use crate::signature::{Agreement, SignatureInput, hash_to_sign};
use crate::transition::Transition;
use crate::{contingency, culture, decide, routing_changes};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Something that waits for this person's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToSign {
    /// The command: `sign_plan`.
    pub command: &'static str,
    /// Its fields without the signature: `{"version": 3}`.
    pub fields: Map<String, Value>,
    /// What it is about, in words: `plan, version 3`.
    pub about: String,
    /// The hash that is signed.
    pub hash: String,
}

/// Everything this person may sign now, in the order of the trade. A waiver is not among it: it asks for a reason.
pub fn to_sign(t: &Transition, actor: &Actor, now: Timestamp) -> Vec<ToSign> {
    let party = t.parties.of(actor.side);
    let own = party.signatories.iter().find(|s| s.person == actor.person);
    let is_clinical = own.is_some_and(|s| s.clinical_lead);
    let open = |candidate: Candidate| {
        if candidate.standing.by(actor.side, is_clinical).is_some() {
            return None;
        }
        let fields = candidate.fields.as_object()?.clone();
        let hash = hash_to_sign(t, candidate.command, &fields)?;
        let unsigned = SignatureInput {
            signatory: actor.person.clone(),
            signed_hash: hash.clone(),
            signature: String::new(),
        };
        let mut object = fields.clone();
        object.extend(unsigned.into_fields());
        let command: Command = fields::command(candidate.command, object).ok()?;
        let refusal = decide(t, &command, actor, now).err()?;
        (refusal.code == Code::SignatureInvalid).then_some(ToSign {
            command: candidate.command,
            fields,
            about: candidate.about,
            hash,
        })
    };
    candidates(t, now).into_iter().filter_map(open).collect()
}

struct Candidate {
    command: &'static str,
    fields: Value,
    about: String,
    /// The signatures that count now.
    standing: Agreement,
}

fn of(
    command: &'static str,
    fields: Value,
    about: String,
    standing: Option<&Agreement>,
) -> Candidate {
    Candidate {
        command,
        fields,
        about,
        standing: standing.cloned().unwrap_or_default(),
    }
}

fn candidates(t: &Transition, now: Timestamp) -> Vec<Candidate> {
    let discovery = Some(&t.discovery.agreement);
    let mut all = vec![of(
        "sign_discovery",
        json!({}),
        "discovery".to_owned(),
        discovery,
    )];
    for kind in culture::CultureKind::ALL {
        let versions = t.culture.profiles.get(&kind);
        let version = versions.map_or(0, Vec::len);
        let about = format!("{}, version {version}", kind.words());
        let fields = json!({ "culture": kind, "version": version });
        let newest = versions.and_then(|versions| versions.last());
        let standing = newest.map(|version| &version.agreement);
        all.push(of("sign_culture_profile", fields, about, standing));
    }
    if let Some(newest) = t.schedule.newest() {
        let version = newest.proposed.version;
        let about = format!("plan, version {version}");
        let fields = json!({ "version": version });
        all.push(of("sign_plan", fields, about, Some(&newest.agreement)));
    }
    for kind in contingency::library::TriggerKind::ALL {
        let fields = json!({ "kind": kind });
        let about = format!("automatic trigger {}", kind.words());
        let set = t.contingency.triggers.get(&kind);
        let standing = set.map(|set| &set.agreement);
        all.push(of("sign_trigger", fields, about, standing));
    }
    let minimums = "the fewest people at home".to_owned();
    let standing = Some(&t.people.minimums.agreement);
    all.push(of("sign_fallback_minimums", json!({}), minimums, standing));
    for (key, frozen) in t.counterfactuals.staffings() {
        let fields = json!({ "site": key.site, "call_type": key.call_type });
        let about = format!("frozen staffing of {key}");
        all.push(of(
            "sign_frozen_staffing",
            fields,
            about,
            Some(&frozen.agreement),
        ));
    }
    for (id, chunk) in &t.chunks {
        all.extend(of_chunk(t, id, chunk));
    }
    for (id, step) in &t.steps {
        let about = format!("step {id} of {}", step.proposed.chunk);
        let fresh = routing_changes::approvals(t, step, now);
        all.push(of(
            "approve_step",
            json!({ "step": id }),
            about,
            Some(&fresh),
        ));
    }
    all
}

fn of_chunk(t: &Transition, id: &ChunkId, chunk: &Chunk) -> [Candidate; 5] {
    let plan = t.contingency.plans.get(id).map(|plan| &plan.agreement);
    let gate = t.gates.get(id).map(|gate| &gate.agreement);
    let pause = chunk.paused.as_ref().map(|pause| &pause.agreement);
    let acceptance = t.acceptances.get(id).map(|a| &a.agreement);
    let closure = t.acceptances.get(id).map(|a| &a.closure);
    [
        ("sign_contingency_plan", "contingency plan", plan),
        ("sign_gate", "gate", gate),
        ("sign_resume", "going on after the pause", pause),
        ("sign_acceptance", "acceptance", acceptance),
        ("sign_closure", "closing the door", closure),
    ]
    .map(|(command, about, standing)| {
        let (fields, about) = (json!({ "chunk": id }), format!("{about} of {id}"));
        of(command, fields, about, standing)
    })
}
