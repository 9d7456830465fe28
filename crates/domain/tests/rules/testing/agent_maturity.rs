//! Let them walk before they run (A19).

use super::{APPT, MSG, TRIAGE, board, red};
use crate::fixture::manager;
use crate::support::Story;
use segue_domain::agent_maturity::{AgentWork, RecordAgentWork, Stage, load_percent, stage};
use segue_domain::agents::{Credential, RosterAgents, RosteredAgent};
use segue_domain::{Code, Side};
use std::collections::BTreeSet;

fn rostered(agent: &str, call_type: &str, credential: Credential) -> RosterAgents {
    let agent = RosteredAgent {
        agent: agent.into(),
        call_types: ["MSG".into(), call_type.into()].into(),
        languages: BTreeSet::new(),
        credential,
    };
    RosterAgents {
        agents: vec![agent],
    }
}

fn work(call_type: &str, supervised: u32, released: u32, qa_percent: u8) -> RecordAgentWork {
    let work = AgentWork {
        agent: "X-01".into(),
        call_type: call_type.into(),
        supervised_calls: supervised,
        released_calls: released,
        qa_reviews: 5,
        qa_percent,
    };
    RecordAgentWork { work: vec![work] }
}

fn with(call_type: &str, credential: Credential) -> Story {
    let mut story = Story::agreed();
    story.does(
        &manager(Side::Outsourcer),
        rostered("X-01", call_type, credential),
    );
    story
}

fn lacks(story: &Story, chunk: &str) -> Option<String> {
    let about_x = |r: &String| r.contains("far enough") && r.contains("X-01");
    red(story, chunk).into_iter().find(about_x)
}

#[test]
fn a19_twenty_message_calls_do_not_make_an_agent_ready_for_appointment() {
    let outsourcer = manager(Side::Outsourcer);
    for (released, qa, missing) in [
        (0, 95, Some("X-01 (0 of 50 released MSG calls)")),
        (20, 95, Some("X-01 (20 of 50 released MSG calls)")),
        (49, 95, Some("X-01 (49 of 50 released MSG calls)")),
        (50, 89, Some("X-01 (QA below 90 % on MSG)")),
        (50, 90, None),
    ] {
        let mut story = with("APPT", Credential::Unlicensed);
        story.does(&outsourcer, work("MSG", 10, released, qa));
        let found = lacks(&story, APPT);
        match missing {
            None => assert_eq!(found, None),
            Some(text) => assert!(found.unwrap().contains(text), "{text}"),
        }
    }
}

#[test]
fn a19_the_easiest_rung_asks_for_nothing() {
    let story = with("APPT", Credential::Unlicensed);
    assert_eq!(lacks(&story, MSG), None);
    // In a move of triage alone, triage is the easiest.
    let mut plan = crate::fixture::plan();
    plan.chunks.retain(|c| c.id.as_str() == TRIAGE);
    let mut story = Story::discovered().agree(plan);
    story.does(
        &manager(Side::Outsourcer),
        rostered("X-01", "TRIAGE", Credential::RegisteredNurse),
    );
    assert_eq!(lacks(&story, TRIAGE), None);
}

#[test]
fn a19_a_nurse_hired_for_triage_is_released_by_supervised_calls() {
    let outsourcer = manager(Side::Outsourcer);
    let mut nurse = with("TRIAGE", Credential::RegisteredNurse);
    let text = lacks(&nurse, TRIAGE).unwrap();
    assert!(
        text.contains("X-01 (0 of 10 supervised TRIAGE calls)"),
        "{text}"
    );
    nurse.does(&outsourcer, work("TRIAGE", 10, 0, 94));
    assert_eq!(lacks(&nurse, TRIAGE), None);
    // Nobody else is.
    let mut other = with("TRIAGE", Credential::Unlicensed);
    other.does(&outsourcer, work("TRIAGE", 10, 0, 94));
    assert!(
        lacks(&other, TRIAGE)
            .unwrap()
            .contains("0 of 50 released CONSULT calls")
    );
    // And nobody is for appointments: those who make them take messages first.
    let mut nurse = with("APPT", Credential::RegisteredNurse);
    nurse.does(&outsourcer, work("APPT", 10, 0, 94));
    assert!(lacks(&nurse, APPT).is_some());
}

#[test]
fn a19_stages_and_the_load_of_the_first_calls() {
    let mut story = with("APPT", Credential::Unlicensed);
    let outsourcer = manager(Side::Outsourcer);
    let (agent, msg) = ("X-01".into(), "MSG".into());
    for (supervised, released, qa, expected, load) in [
        (9, 0, 99, Stage::Supervised, 60),
        (10, 0, 89, Stage::Supervised, 60),
        (10, 0, 90, Stage::Released, 60),
        (10, 49, 90, Stage::Released, 60),
        (10, 50, 90, Stage::FullSpeed, 100),
        (10, 50, 80, Stage::Supervised, 60),
    ] {
        story.does(&outsourcer, work("MSG", supervised, released, qa));
        assert_eq!(stage(&story.t, &agent, &msg), expected);
        assert_eq!(load_percent(&story.t, &agent, &msg), load);
    }
}

/// §4.3: the client sees how many, the outsourcer who.
#[test]
fn the_client_sees_stages_without_agents() {
    let story = with("APPT", Credential::Unlicensed);
    let own = board(&story, "maturity", &manager(Side::Outsourcer)).join("\n");
    assert!(own.contains("MSG | supervised | X-01 | 60 %"), "{own}");
    let client = board(&story, "maturity", &manager(Side::Client)).join("\n");
    assert!(client.contains("MSG | supervised | 1 | 60 %"), "{client}");
    assert!(!client.contains("X-01"), "{client}");
}

#[test]
fn totals_are_reported_by_the_outsourcer_and_add_up() {
    let story = with("APPT", Credential::Unlicensed);
    story
        .when(&manager(Side::Client), work("MSG", 10, 0, 90))
        .refuses(Code::NotAuthorised, "person of the outsourcer");
    let outsourcer = manager(Side::Outsourcer);
    story
        .when(&outsourcer, work("MSG", 2, 2, 90))
        .refuses(Code::BadFact, "at most 4 calls");
    story
        .when(&outsourcer, work("FAX", 9, 2, 90))
        .refuses(Code::Unknown, "FAX");
}

#[test]
fn nobody_rostered_or_fewer_than_agreed_keeps_the_gate_red() {
    let mut story = Story::agreed();
    let found = red(&story, MSG).join("; ");
    assert!(found.contains("0 of 1 agents rostered for MSG"), "{found}");
    story.t.terms.testing.agents_min.insert("MSG".into(), 15);
    story.proves(MSG);
    assert_eq!(
        red(&story, MSG),
        ["agents: 14 of 15 agents rostered for MSG (`segue do roster-agents`)"]
    );
}
