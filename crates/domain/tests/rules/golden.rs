//! Events written once always parse: one file per kind in `tests/events/v1`, never edited.
//!
//! A new kind gets a new file (`SEGUE_GOLDEN=write cargo nextest run -p segue-domain golden`); a changed meaning gets a
//! new kind. `SHA256SUMS` shows an edit.

use crate::fixture::{self, director, duty, manager, nurse};
use crate::support::{Story, fallback, propose_plan};
use segue_domain::event::CommandRefused;
use segue_domain::fallback::{VerifyReturn, WriteIncidentNote};
use segue_domain::{Code, Event, Side};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;

const MSG: &str = "RVS-Main/MSG";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/events/v1")
}

/// Histories that hold every kind of fact between them; each concern adds its own.
#[rustfmt::skip] // one line per concern
pub(crate) const HISTORIES: &[fn() -> Story] = &[
    spine,
    crate::baseline::history,
    crate::counterfactual::history,
    crate::discovery::history,
    crate::suggestions::history,
    crate::culture::history,
    crate::waivers::history,
    crate::state_machine::history,
    crate::contingency::history,
    crate::schedule::history,
    crate::triggers::history,
    crate::nodes::history,
    crate::way_home::history,
    crate::people::history,
    crate::knowledge::history,
    crate::compliance::history,
    crate::licences::history,
    crate::testing::history,
    crate::testing::resource_probes::history,
    crate::route_orders::history,
    crate::account_manager::history,
    crate::issues::history,
    crate::capacity::history,
    crate::quality::history,
    crate::partnership::history,
    crate::keys::history,
];

/// From the first fact to the closed door, with a fallback on the way.
pub(crate) fn spine() -> Story {
    let mut plan = fixture::plan();
    plan.chunks.truncate(1);
    let mut story = Story::discovered().agree(plan);
    story.goes_live(MSG, 20);
    story.does(&duty(Side::Client), fallback("all"));
    let by = manager(Side::Client);
    let verify = VerifyReturn {
        incident: "INC-1".into(),
        evidence: "test call 12, answered by a person".into(),
    };
    story.does(&by, verify);
    let note = WriteIncidentNote {
        incident: "INC-1".into(),
        reference: "binder 4".into(),
        telephony_only: true,
    };
    story.does(&by, note);
    story.hours_pass(2);
    story.finishes(MSG);
    story.closes(MSG);
    let refused = story
        .when(&nurse(), propose_plan(fixture::plan()))
        .refuses(Code::NotAuthorised, "");
    story.record(&[Event::CommandRefused(CommandRefused {
        command: "propose_plan".into(),
        code: refused.code,
        person: nurse().person,
        at: story.now,
    })]);
    story
}

/// The first of each kind.
fn one_of_each() -> BTreeMap<&'static str, Event> {
    let mut found = BTreeMap::new();
    for history in HISTORIES {
        for fact in history().facts {
            found.entry(fact.name()).or_insert(fact);
        }
    }
    found
}

#[test]
fn the_histories_hold_every_kind() {
    let found = one_of_each();
    let missing: Vec<_> = Event::NAMES
        .iter()
        .filter(|name| !found.contains_key(*name))
        .collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
}

#[test]
fn every_recorded_kind_still_parses_and_loses_nothing() {
    if std::env::var("SEGUE_GOLDEN").is_ok_and(|v| v == "write") {
        write_missing();
    }
    for name in Event::NAMES {
        let path = folder().join(format!("{name}.json"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|e| panic!("{}: {e}; see the head of this file", path.display()));
        let event: Event = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(event.name(), *name);
        let recorded: Value = serde_json::from_str(&text).unwrap();
        assert_within(name, &recorded, &serde_json::to_value(&event).unwrap());
    }
}

/// Everything that was recorded is still there; what is new beside it is a default.
fn assert_within(path: &str, old: &Value, new: &Value) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                let path = format!("{path}.{key}");
                let kept = new.get(key).unwrap_or_else(|| panic!("{path} is lost"));
                assert_within(&path, value, kept);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            assert_eq!(old.len(), new.len(), "{path}");
            for (n, (old, new)) in old.iter().zip(new).enumerate() {
                assert_within(&format!("{path}[{n}]"), old, new);
            }
        }
        _ => assert_eq!(old, new, "{path}"),
    }
}

#[test]
fn recorded_files_are_never_edited() {
    let sums = std::fs::read_to_string(folder().join("SHA256SUMS")).unwrap();
    let sums: BTreeMap<&str, &str> = sums
        .lines()
        .filter_map(|line| line.split_once("  "))
        .map(|(sum, name)| (name, sum))
        .collect();
    for name in Event::NAMES {
        let name = format!("{name}.json");
        let bytes = std::fs::read(folder().join(&name)).unwrap();
        let sum = hex::encode(Sha256::digest(bytes));
        assert_eq!(
            sums.get(name.as_str()),
            Some(&sum.as_str()),
            "{name} was edited, or its sum is missing"
        );
    }
}

fn write_missing() {
    for (name, event) in one_of_each() {
        let path = folder().join(format!("{name}.json"));
        if !path.exists() {
            let text = serde_json::to_string_pretty(&event).unwrap();
            std::fs::write(path, text + "\n").unwrap();
        }
    }
    // The sums of older files stay as they are: an edit must show.
    let path = folder().join("SHA256SUMS");
    let mut sums = std::fs::read_to_string(&path).unwrap_or_default();
    for name in Event::NAMES {
        let name = format!("{name}.json");
        if !sums.contains(&format!("  {name}\n")) {
            let bytes = std::fs::read(folder().join(&name)).unwrap();
            sums.extend([
                hex::encode(Sha256::digest(bytes)).as_str(),
                "  ",
                &name,
                "\n",
            ]);
        }
    }
    std::fs::write(path, sums).unwrap();
}

/// The director's signature in the files is one that anybody can check again.
#[test]
fn recorded_signatures_still_verify() {
    let text = std::fs::read_to_string(folder().join("plan_signed.json")).unwrap();
    let event: Event = serde_json::from_str(&text).unwrap();
    let Event::PlanSigned(plan) = event else {
        panic!("{}", event.name())
    };
    let message = segue_domain::signature::message(&plan.signed.signed_hash).unwrap();
    let bytes: [u8; 64] = hex::decode(&plan.signed.signature)
        .unwrap()
        .try_into()
        .unwrap();
    let signature = ed25519_dalek::Signature::from_bytes(&bytes);
    let signatory = director(plan.signed.side).person;
    fixture::key(signatory.as_str())
        .verifying_key()
        .verify_strict(&message, &signature)
        .unwrap();
}
