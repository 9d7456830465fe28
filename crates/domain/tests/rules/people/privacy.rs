//! Nothing of this concern holds a human's name or number, and the outsourcer sees no pseudonym (§4.3, §7.15).

use super::{history, ours};
use crate::fixture::duty;
use crate::support::Story;
use segue_domain::people::roster::RosterStaff;
use segue_domain::{Code, Role, Side, boards};
use serde_json::Value;
use std::collections::BTreeSet;

/// Every text field of the events of this concern, and what keeps a name or number out of it.
#[rustfmt::skip] // a table
const TEXTS: &[(&str, &str)] = &[
    // Names of things, checked by `is_usable` or by being known.
    ("site", "id"), ("shift", "id"), ("shifts", "id"), ("line", "id"), ("commitment", "id"),
    ("knowledge", "id"), ("agents", "id"), ("jurisdictions", "id"), ("jurisdiction", "id"),
    // Pseudonyms of capitals and digits.
    ("staff", "pseudonym"),
    // Account names, as everywhere.
    ("person", "account"), ("signatory", "account"),
    // Values of an enumeration.
    ("type", "enum"), ("rung", "enum"), ("skill", "enum"), ("credential", "enum"), ("path", "enum"),
    ("support", "enum"), ("by", "enum"), ("side", "enum"), ("keeper", "enum"), ("cut", "enum"),
    ("release", "enum"), ("audience", "enum"), ("contribution", "enum"), ("because", "enum"),
    ("post", "enum"), ("recipients", "enum"), ("learning", "enum"), ("authority", "enum"),
    ("afterwards", "enum"), ("table", "enum"),
    // Days, instants, windows.
    ("at", "time"), ("on", "time"), ("from", "time"), ("served_on", "time"), ("due", "time"),
    ("licence_until", "time"), ("not_before", "time"), ("effective_from", "time"),
    ("checked_on", "time"), ("window", "time"), ("zone", "time"),
    ("worst_interval", "time"),
    // Made by machines.
    ("hash", "hex"), ("signed_hash", "hex"), ("public_key", "hex"), ("signature", "hex"),
    ("inputs", "hex"),
    ("says", "computed"),
    // Written by people about things: bounded, and refused with a long number in it (`text.rs`).
    ("source", "text"), ("reference", "text"), ("promise", "text"), ("evidence", "text"),
];

fn text_fields(value: &Value, key: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::String(_) => drop(found.insert(key.to_owned())),
        Value::Array(all) => all.iter().for_each(|v| text_fields(v, key, found)),
        Value::Object(map) => map.iter().for_each(|(k, v)| text_fields(v, k, found)),
        _ => {}
    }
}

/// Every kind of fact of this concern.
#[rustfmt::skip] // a table
const OURS: &[&str] = &[
    "legal_table_confirmed", "notice_table_adopted", "agents_shared", "workforce_recorded",
    "shifts_defined", "staff_rostered", "staff_resigned", "paths_offered", "paths_decided",
    "fallback_minimums_proposed", "fallback_minimums_signed", "fallback_shifts_accepted",
    "fallback_shift_withdrawn", "reachability_recorded", "readiness_recorded", "notices_served", "separation_planned",
    "retention_decided", "separation_confirmed", "separation_carried_out", "disconnection_planned",
    "disconnection_carried_out", "staff_released", "audience_told", "thanks_given",
    "mood_pulse_taken", "mood_pulse_suppressed", "project_manager_appointed", "key_person_changed",
    "key_post_handed_over", "commitment_proposed", "commitment_confirmed", "commitment_kept",
];

#[test]
fn no_field_of_an_event_could_hold_a_name_or_a_number() {
    let (mut found, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for event in &history().facts {
        if OURS.contains(&event.name()) {
            kinds.insert(event.name());
            text_fields(&serde_json::to_value(event).unwrap(), "", &mut found);
        }
    }
    assert_eq!(kinds.len(), OURS.len(), "of {OURS:?} only {kinds:?}");
    assert!(found.len() > 40, "{found:?}");
    for field in &found {
        let known = TEXTS.iter().any(|(name, _)| name == field);
        assert!(known, "what keeps a name or number out of `{field}`?");
    }
}

#[test]
fn a_pseudonym_is_no_name_and_no_number() {
    let story = Story::agreed();
    let member = story.t.people.staff.values().next().unwrap();
    for wrong in ["Jane-Doe", "JANE", "6095550110", "609-555-0110", "RN 7", ""] {
        let mut member = member.clone();
        member.staff = wrong.into();
        let staff = vec![member];
        story
            .when(&ours(), RosterStaff { staff })
            .refuses(Code::BadFact, "a pseudonym of capitals, digits");
    }
}

#[test]
fn no_board_shows_the_outsourcer_a_pseudonym() {
    let story = history();
    let staff: Vec<_> = story.t.people.staff.keys().collect();
    assert!(staff.len() > 20);
    let mut seen = 0;
    for role in Role::ALL {
        let reader = segue_example::of(Side::Outsourcer, role);
        for kind in boards::KINDS {
            let Ok(board) = boards::draw(&story.t, kind.name, &reader, story.now) else {
                continue;
            };
            seen += 1;
            let text = format!("{board:?}");
            let shown: Vec<_> = staff
                .iter()
                .filter(|id| text.contains(id.as_str()))
                .collect();
            assert!(shown.is_empty(), "{} shows {role:?} {shown:?}", kind.name);
        }
    }
    assert!(seen > 0);
    for closed in ["people", "notices"] {
        let reader = duty(Side::Outsourcer);
        let refused = boards::draw(&story.t, closed, &reader, story.now).unwrap_err();
        assert_eq!(refused.code, Code::NotAuthorised);
    }
}
