//! What a person may sign now: what the page lists, and what keeps it from listing what a rule would refuse.
//!
//! A candidate counts when nothing but the signature itself is missing: `decide` is asked with an empty one.

use crate::actor::Actor;
use crate::command::Command;
use crate::fields;
use crate::refusal::Code;
use crate::signature::{SignatureInput, hash_to_sign};
use crate::transition::Transition;
use crate::{contingency, culture, decide};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

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
    let mut signed = BTreeSet::new();
    if let Ok(state) = serde_json::to_value(t) {
        collect_signed(&state, actor.person.as_str(), &mut signed);
    }
    let open = |candidate: Candidate| {
        let fields = candidate.fields.as_object()?.clone();
        let hash = hash_to_sign(t, candidate.command, &fields)?;
        if signed.contains(&hash) {
            return None;
        }
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
    candidates(t).into_iter().filter_map(open).collect()
}

/// The hashes that stand signed by this person: what was voided is in no state any more.
fn collect_signed(value: &Value, person: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let (Some(by), Some(hash)) = (map.get("signatory"), map.get("signed_hash"))
                && by.as_str() == Some(person)
            {
                found.extend(hash.as_str().map(str::to_owned));
            }
            map.values()
                .for_each(|value| collect_signed(value, person, found));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|value| collect_signed(value, person, found)),
        _ => {}
    }
}

struct Candidate {
    command: &'static str,
    fields: Value,
    about: String,
}

fn candidates(t: &Transition) -> Vec<Candidate> {
    let of = |command, fields, about| Candidate {
        command,
        fields,
        about,
    };
    let mut all = vec![of("sign_discovery", json!({}), "discovery".to_owned())];
    for kind in culture::CultureKind::ALL {
        let version = t.culture.profiles.get(&kind).map_or(0, Vec::len);
        let about = format!("{}, version {version}", kind.words());
        let fields = json!({ "culture": kind, "version": version });
        all.push(of("sign_culture_profile", fields, about));
    }
    if let Some(version) = t.schedule.newest() {
        let version = version.proposed.version;
        let about = format!("plan, version {version}");
        all.push(of("sign_plan", json!({ "version": version }), about));
    }
    for kind in contingency::library::TriggerKind::ALL {
        let fields = json!({ "kind": kind });
        all.push(of(
            "sign_trigger",
            fields,
            format!("automatic trigger {}", kind.words()),
        ));
    }
    let minimums = "the fewest people at home".to_owned();
    all.push(of("sign_fallback_minimums", json!({}), minimums));
    for chunk in t.chunks.keys() {
        for (command, about) in [
            ("sign_contingency_plan", "contingency plan"),
            ("sign_gate", "gate"),
            ("sign_resume", "going on after the pause"),
            ("sign_acceptance", "acceptance"),
            ("sign_closure", "closing the door"),
        ] {
            all.push(of(
                command,
                json!({ "chunk": chunk }),
                format!("{about} of {chunk}"),
            ));
        }
    }
    for (id, step) in &t.steps {
        let about = format!("step {id} of {}", step.proposed.chunk);
        all.push(of("approve_step", json!({ "step": id }), about));
    }
    all
}
