//! Every rostered agent proves access by doing it (A27, scenario 11).

use super::{APPT, MSG, board, red};
use crate::fixture::{manager, nurse};
use crate::support::Story;
use segue_domain::resource_access::{
    AccessLevel, AccessPlace, AccessProof, AccessStep, DeclareResources, Needed, RecordAccess,
    TypeNeeds,
};
use segue_domain::{Code, Side};

fn done() -> AccessStep {
    AccessStep::Done {
        worked: true,
        own_id: true,
        least_privilege: true,
        place: AccessPlace::Production,
        evidence: "test call 12".into(),
    }
}

fn proof(level: AccessLevel, step: AccessStep) -> RecordAccess {
    let proof = AccessProof {
        agent: "A-09".into(),
        resource: "EHR-scheduling".into(),
        level,
        step,
    };
    RecordAccess {
        proofs: vec![proof],
    }
}

/// Messages and appointments are proved but for A-09's right to write into the schedule.
fn one_lacks() -> Story {
    let mut story = Story::agreed();
    story.proves(MSG);
    story.proves(APPT);
    let standing = story.t.access.standing.get_mut(&"A-09".into()).unwrap();
    standing.remove(&"EHR-scheduling".into());
    story
}

fn access(story: &Story, chunk: &str) -> Vec<String> {
    let found = red(story, chunk);
    found
        .into_iter()
        .filter(|r| r.contains("agents have"))
        .collect()
}

#[test]
fn a27_one_of_fourteen_without_write_keeps_appointment_red_and_message_green() {
    let mut story = one_lacks();
    story.does(&nurse(), proof(AccessLevel::Read, done()));
    let text = "agents: 13/14 agents have EHR-scheduling write; missing A-09 (read only)";
    assert_eq!(access(&story, APPT), [text]);
    assert_eq!(red(&story, MSG), [""; 0]);
    let shown = board(&story, "access", &nurse()).join("\n");
    assert!(
        shown.contains("APPT | EHR-scheduling | write | A-09 | read only | "),
        "{shown}"
    );
    story.does(&nurse(), proof(AccessLevel::Write, done()));
    assert_eq!(access(&story, APPT), [""; 0]);
}

#[test]
fn a27_only_an_own_id_with_least_rights_in_the_real_system_proves_anything() {
    use AccessPlace::{DummyPatient, Production, TestSystem};
    let step = |worked, own_id, least_privilege, place| AccessStep::Done {
        worked,
        own_id,
        least_privilege,
        place,
        evidence: "test call 12".into(),
    };
    let ticket = || "INC 4411".to_owned();
    for (step, why) in [
        (AccessStep::Requested { ticket: ticket() }, "requested"),
        (
            AccessStep::Granted { ticket: ticket() },
            "granted, not tried",
        ),
        (step(false, true, true, Production), "did not work"),
        (step(true, false, true, Production), "shared login"),
        (
            step(true, true, false, Production),
            "more rights than needed",
        ),
        (step(true, true, true, TestSystem), "test system only"),
    ] {
        let mut story = one_lacks();
        story.does(&nurse(), proof(AccessLevel::Write, step));
        let found = access(&story, APPT).join("");
        assert!(
            found.contains(&format!("missing A-09 ({why})")),
            "{why}: {found}"
        );
    }
    for place in [Production, DummyPatient] {
        let mut story = one_lacks();
        story.does(
            &nurse(),
            proof(AccessLevel::Write, step(true, true, true, place)),
        );
        assert_eq!(access(&story, APPT), [""; 0]);
    }
}

#[test]
fn a27_a_proof_holds_for_fourteen_days() {
    let mut story = one_lacks();
    story.does(&nurse(), proof(AccessLevel::Write, done()));
    story.hours_pass(14 * 24);
    assert_eq!(access(&story, APPT), [""; 0]);
    story.minutes_pass(1);
    let found = access(&story, APPT).join("");
    assert!(
        found.contains("0/14 agents have EHR-scheduling write"),
        "{found}"
    );
    assert!(
        found.contains("A-01 (expired)") && found.contains("and 9 more"),
        "{found}"
    );
    let shown = board(&story, "access", &nurse()).join("\n");
    assert!(shown.contains("A-09 | expired | 2027-"), "{shown}");
}

#[test]
fn a27_who_may_write_may_read() {
    let mut story = one_lacks();
    let needs = TypeNeeds {
        call_type: "APPT".into(),
        needs: [Needed {
            resource: "EHR-scheduling".into(),
            level: AccessLevel::Read,
        }]
        .into(),
    };
    let types = vec![needs];
    story.does(&manager(Side::Client), DeclareResources { types });
    story.does(&nurse(), proof(AccessLevel::Write, done()));
    assert_eq!(access(&story, APPT), [""; 0]);
}

#[test]
fn a27_what_agents_need_is_declared_by_the_client_and_proved_on_its_calls() {
    let story = Story::agreed();
    let none = DeclareResources { types: Vec::new() };
    story
        .when(&manager(Side::Outsourcer), none)
        .refuses(Code::NotAuthorised, "a person of the client");
    let story = one_lacks();
    let outsourcer = manager(Side::Outsourcer);
    story
        .when(&outsourcer, proof(AccessLevel::Write, done()))
        .refuses(Code::NotAuthorised, "person of the client");
    let asked = AccessStep::Requested {
        ticket: "INC 4411".into(),
    };
    story
        .when(&outsourcer, proof(AccessLevel::Write, asked))
        .records(&["access_recorded"]);
    let mut other = proof(AccessLevel::Read, done());
    other.proofs[0].resource = "fax".into();
    story
        .when(&nurse(), other)
        .refuses(Code::Unknown, "resource `fax`");
}
