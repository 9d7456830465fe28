//! The main path: created, discovered, agreed, tested, live, raised, fallen back, out again, accepted, closed.

use crate::fixture::{self, director, duty, manager};
use crate::support::{Story, fallback, lower};
use segue_domain::fallback::{VerifyReturn, WriteIncidentNote};
use segue_domain::{Code, Phase, Side};

const MSG: &str = "RVS-Main/MSG";

#[test]
fn each_phase_opens_the_next() {
    assert_eq!(Story::new().t.phase(), Phase::None);
    assert_eq!(Story::managed().t.phase(), Phase::Contracted);
    assert_eq!(Story::discovering().t.phase(), Phase::Discovering);
    let mut story = Story::discovered();
    assert_eq!(story.t.phase(), Phase::Discovered);
    story.proposes(Side::Client, fixture::plan());
    assert_eq!(story.t.phase(), Phase::Planning);
    story.signs_plan(Side::Outsourcer, 1);
    assert_eq!(story.t.phase(), Phase::Planning);
    story.signs_plan(Side::Client, 1);
    assert_eq!(story.t.phase(), Phase::Planning);
    story.lead_signs_plan(1);
    assert_eq!(story.t.phase(), Phase::Moving);
}

#[test]
fn every_chunk_of_both_centres_reaches_the_closed_door() {
    let mut story = Story::agreed();
    let chunks: Vec<String> = fixture::plan()
        .chunks
        .iter()
        .map(|c| c.id.to_string())
        .collect();
    for chunk in &chunks {
        story.finishes(chunk);
        story.stands(chunk, "held", 100);
    }
    assert_eq!(story.t.phase(), Phase::Holding);
    for chunk in &chunks {
        story.closes(chunk);
        story.stands(chunk, "closed", 100);
    }
    assert_eq!(story.t.phase(), Phase::Closed);
}

#[test]
fn a_fallback_brings_home_and_the_way_out_starts_at_the_gate() {
    let mut story = Story::agreed();
    story.goes_live(MSG, 50);
    story.does(&duty(Side::Outsourcer), fallback("RVS-Main"));
    story.stands(MSG, "returned", 0);
    let incident = story.t.incidents.keys().next().unwrap().clone();
    let by = manager(Side::Client);
    let evidence = "test call 12, answered by a person".into();
    let verify = VerifyReturn {
        incident: incident.clone(),
        evidence,
    };
    story.does(&by, verify);
    let note = WriteIncidentNote {
        incident,
        reference: "binder 4".into(),
        telephony_only: true,
    };
    story.does(&by, note);
    story.hours_pass(1);
    story
        .when(&director(Side::Client), story.sign_gate(Side::Client, MSG))
        .refuses(Code::CoolDown, "2 h");
    story.hours_pass(1);
    story.readies(MSG);
    story.raises(MSG, 20);
    story.stands(MSG, "live", 20);
}

#[test]
fn one_person_of_either_party_lowers_and_never_raises() {
    for side in Side::BOTH {
        let mut story = Story::agreed();
        story.goes_live(MSG, 50);
        story.does(&duty(side), lower(MSG, 5));
        story.stands(MSG, "live", 5);
        story
            .when(&duty(side), lower(MSG, 6))
            .refuses(Code::ScheduleNotAgreed, "");
        story.when(&duty(side), lower(MSG, 5)).changes_nothing();
        story.does(&duty(side), lower(MSG, 0));
        assert!(!story.chunk(MSG).is_out());
    }
}

#[test]
fn a_fallback_relocks_the_harder_rungs() {
    let mut story = Story::agreed();
    story.finishes(MSG);
    story.goes_live("RVS-Main/APPT", 20);
    story.does(&duty(Side::Client), fallback(MSG));
    story.stands("RVS-Main/APPT", "live", 20);
    story.waits_for("RVS-Main/APPT", 50);
    story.proves("RVS-Main/APPT");
    story
        .when(
            &manager(Side::Client),
            crate::support::propose_step("RVS-Main/APPT", 50),
        )
        .refuses(Code::LadderLocked, MSG);
}

#[test]
fn crossed_signatures_are_shown_as_such_with_the_one_date_that_differs() {
    let mut story = Story::discovered();
    story.proposes(Side::Client, fixture::plan());
    let mut later = fixture::plan();
    later.chunks[5].steps[2].from = later.chunks[5].steps[2].from.tomorrow().unwrap();
    story.proposes(Side::Outsourcer, later);
    story.signs_plan(Side::Client, 1);
    story.signs_plan(Side::Outsourcer, 2);
    assert!(
        story
            .t
            .schedule
            .standing()
            .starts_with("two signatures, no agreement")
    );
    let versions = &story.t.schedule.versions;
    assert_eq!(
        versions[0].diff(&versions[1]),
        ["RVS-North/APPT step 3: 100 % from 2027-09-13 → 100 % from 2027-09-14"]
    );
}

#[test]
fn the_schedule_says_how_far_the_signatures_are() {
    let mut story = Story::discovered();
    let stands = |story: &Story| story.t.schedule.standing();
    assert_eq!(stands(&story), "nothing proposed");
    story.proposes(Side::Client, fixture::plan());
    assert_eq!(stands(&story), "proposed, signed by nobody");
    story.signs_plan(Side::Client, 1);
    assert_eq!(stands(&story), "version 1 signed by the client only");
    story.signs_plan(Side::Outsourcer, 1);
    assert_eq!(
        stands(&story),
        "version 1 signed by both parties; the clinical lead's signature is missing"
    );
    story.lead_signs_plan(1);
    assert_eq!(stands(&story), "version 1 agreed by both");
}

/// A date has come at midnight: the demo, which dates every step today, starts at any hour.
#[test]
fn the_examples_people_take_a_step_at_any_hour_of_its_date() {
    let mut story = Story::agreed();
    story.now = "2027-03-01T05:30:00Z".parse().unwrap();
    story.goes_live(MSG, 20);
    story.stands(MSG, "live", 20);
    let hour = story.now.to_string();
    assert!(
        hour.starts_with("2027-03-01T05:"),
        "half past midnight in New York, not {hour}"
    );
}
