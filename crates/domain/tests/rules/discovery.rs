//! Discovery's records (A16, B15): flows walked, numbers listed, reports reproduced, residue, workshop, statements.

use crate::fixture::{self, director, manager, nurse};
use crate::support::{Story, propose_plan, signed_by};
use jiff::civil::date;
use segue_domain::discovery::call_types::{DescribeCallType, TypeProfile};
use segue_domain::discovery::experience::{
    Attendee, ExperienceStatement, RecordWorkshop, StateExperience, Voice, Workshop,
};
use segue_domain::discovery::flows::{CallFlow, RecordCallFlow, WalkCallFlow};
use segue_domain::discovery::numbers::{Equipment, NumberFacts, RecordNumber};
use segue_domain::discovery::reports::{
    Classification, ClassifyCalls, LogRows, ReconcileReport, Reconciliation, UnmappedCode,
};
use segue_domain::discovery::{OpenDiscovery, SignDiscovery, findings};
use segue_domain::{Actor, Code, Side, boards};

const TFN: &str = "RVS-Main-TFN";

fn client() -> Actor {
    manager(Side::Client)
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    Story::discovering()
}

/// Opened, with nothing found out.
fn opened() -> Story {
    let mut story = Story::managed();
    story.does(&client(), OpenDiscovery { items: Vec::new() });
    story
}

fn sign(story: &Story) -> SignDiscovery {
    SignDiscovery {
        signature: signed_by(Side::Client, &story.t.discovery.hash(&story.t.id)),
    }
}

fn still_missing(story: &Story, what: &str) -> Option<String> {
    findings(&story.t)
        .into_iter()
        .find(|text| text.contains(what))
}

#[track_caller]
fn blocks_sign_off(story: &Story, what: &str) {
    story
        .when(&director(Side::Client), sign(story))
        .refuses(Code::DiscoveryOpen, what);
}

fn report(reported: u64, reproduced: u64, explanation: Option<&str>) -> ReconcileReport {
    ReconcileReport {
        reconciliation: Reconciliation {
            report: "calls in a month".into(),
            reported,
            reproduced,
            rows: None,
            explanation: explanation.map(Into::into),
            reference: "working 7".into(),
        },
    }
}

fn residue(calls: u64, unclassified: u64, clinical: u64) -> ClassifyCalls {
    let code = |code: &str, calls| UnmappedCode {
        code: code.into(),
        calls,
    };
    ClassifyCalls {
        classification: Classification {
            site: "RVS-Main".into(),
            calls,
            unclassified,
            unclassified_clinical: clinical,
            top_codes: vec![code("wrap 88", 3_100), code("wrap 90", 1_900)],
            reference: "dictionary 3".into(),
        },
    }
}

fn number(story: &Story) -> NumberFacts {
    story.t.discovery.records.numbers[&TFN.into()].clone()
}

fn untested(facts: NumberFacts) -> RecordNumber {
    RecordNumber {
        facts,
        last_tested_on: None,
    }
}

#[test]
fn b15_every_number_has_a_flow_that_both_walked() {
    let mut story = opened();
    blocks_sign_off(&story, "call flow of RVS-Main-TFN (+18005550142)");
    let flow = CallFlow {
        line: TFN.into(),
        steps: vec!["greeting".into(), "option 1: messages".into()],
        hours: "always".into(),
        overflow: "callback after 120 s".into(),
        escalation: "nurse within 30 s".into(),
        scripts: Vec::new(),
    };
    story.does(&client(), RecordCallFlow { flow: flow.clone() });
    let walk = WalkCallFlow {
        line: TFN.into(),
        evidence: "five calls".into(),
    };
    story.does(&client(), walk.clone());
    assert!(still_missing(&story, "RVS-Main-TFN (+18005550142) walked by CareBridge").is_some());
    assert!(still_missing(&story, "walked by Riverside").is_none());
    story.does(&manager(Side::Outsourcer), walk);
    assert!(still_missing(&story, "call flow of RVS-Main-TFN").is_none());
    // A flow that turned out otherwise is walked again.
    let corrected = CallFlow {
        overflow: "voicemail".into(),
        ..flow
    };
    story.does(&client(), RecordCallFlow { flow: corrected });
    assert!(still_missing(&story, "walked by Riverside").is_some());
}

#[test]
fn b15_a_gap_of_eleven_percent_is_explained_before_sign_off() {
    let mut story = Story::discovering();
    story.does(&client(), report(12_400, 11_020, None));
    blocks_sign_off(&story, "gap of −11.13 % explained in `calls in a month`");
    let why = Some("the vendor counts transferred calls twice");
    story.does(&client(), report(12_400, 11_020, why));
    assert_eq!(still_missing(&story, "gap of"), None);
}

/// Scenario 5: read 84,112 = duplicate 4,205 + test 191 + quarantined 73 + accepted 79,643.
#[test]
fn b15_every_row_of_the_log_is_accounted_for_and_a_small_gap_needs_no_words() {
    let mut story = Story::discovering();
    let mut vendor = report(79_800, 79_643, None);
    let rows = LogRows {
        read: 84_112,
        duplicate: 4_205,
        test: 191,
        quarantined: 73,
    };
    vendor.reconciliation.rows = Some(rows.clone());
    story.does(&client(), vendor.clone());
    assert_eq!(still_missing(&story, "gap of"), None);
    vendor.reconciliation.rows = Some(LogRows {
        quarantined: 12,
        ..rows
    });
    story
        .when(&client(), vendor)
        .refuses(Code::BadFact, "84112 rows accounted for, not 84051");
    // Exactly one percent is within one percent; one call more is not.
    story.does(&client(), report(10_000, 9_900, None));
    assert_eq!(still_missing(&story, "gap of"), None);
    story.does(&client(), report(10_000, 9_899, None));
    assert!(still_missing(&story, "gap of −1.01 %").is_some());
}

#[test]
fn a16_five_percent_without_a_type_block_sign_off_and_name_the_codes() {
    let mut story = Story::discovering();
    story.does(&client(), residue(100_000, 5_000, 0));
    blocks_sign_off(&story, "5.00 % of the calls of RVS-Main");
    blocks_sign_off(&story, "wrap 88 (3100), wrap 90 (1900)");
    story.does(&client(), residue(100_000, 2_000, 0));
    assert_eq!(still_missing(&story, "call types of"), None);
    story.does(&client(), residue(100_000, 1, 1));
    blocks_sign_off(&story, "1 of them in clinical queues");
}

#[test]
fn b15_a_workshop_hears_clinicians_the_call_centre_and_a_patient() {
    let mut story = opened();
    blocks_sign_off(&story, "a patient's voice");
    let attend = |voice, position: &str| Attendee {
        voice,
        position: position.into(),
    };
    let mut workshop = Workshop {
        held_on: date(2026, 12, 17),
        attendees: vec![
            attend(Voice::ClientClinical, "nurse manager"),
            attend(Voice::ClientOperational, "call-centre manager"),
        ],
        minutes: "minutes 1".into(),
    };
    story.does(
        &client(),
        RecordWorkshop {
            workshop: workshop.clone(),
        },
    );
    let open = still_missing(&story, "an experience workshop");
    assert_eq!(
        open.as_deref(),
        Some("an experience workshop with a patient's voice")
    );
    workshop
        .attendees
        .push(attend(Voice::Patient, "family council"));
    story.does(
        &client(),
        RecordWorkshop {
            workshop: workshop.clone(),
        },
    );
    assert_eq!(still_missing(&story, "an experience workshop"), None);
    workshop.held_on = date(2027, 3, 1);
    story
        .when(&client(), RecordWorkshop { workshop })
        .refuses(Code::BadFact, "a day that is past");
}

#[test]
fn b15_three_statements_each_with_its_measure() {
    let mut story = opened();
    let statement = |text: &str, measure: &str| StateExperience {
        statement: ExperienceStatement {
            text: text.into(),
            measure: measure.into(),
            target: "90 %".into(),
        },
    };
    for n in 1..=2 {
        story.does(
            &client(),
            statement(&format!("my question {n} is answered"), "survey"),
        );
    }
    blocks_sign_off(&story, "3 experience statements with measures; there are 2");
    story
        .when(&client(), statement("I feel heard", " "))
        .refuses(Code::BadFact, "how it is measured");
    story.does(&client(), statement("I feel heard", "survey"));
    assert_eq!(still_missing(&story, "there are"), None);
}

#[test]
fn the_number_inventory_is_complete_tested_and_keeps_no_pin() {
    let mut story = opened();
    blocks_sign_off(&story, "inventory of number RVS-Main-TFN");
    let facts = number(&Story::discovering());
    story.does(&client(), untested(facts.clone()));
    blocks_sign_off(&story, "a test of number RVS-Main-TFN");
    for (what, wrong) in [
        (
            "without the PIN itself",
            NumberFacts {
                pin_procedure: "call them, PIN 48213".into(),
                ..facts.clone()
            },
        ),
        (
            "as a telephone number",
            NumberFacts {
                support_phone: "ask the desk".into(),
                ..facts.clone()
            },
        ),
        (
            "one position that may order a change",
            NumberFacts {
                authorised: [].into(),
                ..facts.clone()
            },
        ),
    ] {
        story
            .when(&client(), untested(wrong))
            .refuses(Code::BadFact, what);
    }
}

/// §4.4: fax, pager, elevator and alarm numbers do not move.
#[test]
fn a_number_with_an_alarm_on_it_is_in_no_plan() {
    let mut story = Story::discovering();
    let facts = NumberFacts {
        equipment: [Equipment::Alarm].into(),
        ..number(&story)
    };
    story.does(&client(), untested(facts));
    story.walks(&segue_example::Goal::Discovered);
    story
        .when(&client(), propose_plan(fixture::plan()))
        .refuses(
            Code::NumberStays,
            "a number without an alarm for chunk RVS-Main/MSG",
        );
}

#[test]
fn what_was_found_out_is_part_of_what_both_sign_but_a_later_test_is_not() {
    let mut story = Story::discovered();
    let facts = number(&story);
    let later = RecordNumber {
        facts: facts.clone(),
        last_tested_on: Some(date(2027, 1, 3)),
    };
    story.does(&client(), later);
    assert!(story.t.discovery.is_complete());
    let before = story.t.discovery.hash(&story.t.id);
    let moved = NumberFacts {
        carrier: "another carrier".into(),
        ..facts
    };
    story.does(&client(), untested(moved));
    assert!(!story.t.discovery.is_complete());
    assert_ne!(before, story.t.discovery.hash(&story.t.id));
}

#[test]
fn only_those_who_prepare_the_move_write_its_records() {
    Story::discovering()
        .when(&nurse(), report(1, 1, None))
        .refuses(Code::NotAuthorised, "prepare the move");
}

#[test]
fn the_boards_show_items_gaps_flows_and_numbers() {
    let story = Story::discovering();
    let draw = |name: &str| boards::draw(&story.t, name, &client(), story.now).unwrap();
    let discovery = draw("discovery");
    assert_eq!(discovery.rows.len(), 11);
    assert!(
        discovery
            .notes
            .iter()
            .any(|n| n.contains("79643 (−0.20 %)")),
        "{discovery:?}"
    );
    assert!(discovery.notes.contains(&"11 of 11 items open.".to_owned()));
    assert_eq!(draw("flows").rows[0][6], "Riverside Health, CareBridge");
    assert_eq!(draw("numbers").rows[0][12], "2026-12-21");
    let empty = opened();
    let bare = boards::draw(&empty.t, "flows", &client(), empty.now).unwrap();
    assert_eq!(bare.rows[1][6], "not written down");
}

fn described(call_type: &str, skills: &[&str]) -> DescribeCallType {
    DescribeCallType {
        profile: TypeProfile {
            call_type: call_type.into(),
            skills: skills.iter().map(|skill| (*skill).to_owned()).collect(),
            hours: "day and night".into(),
            told_apart_by: "menu 4 of the toll-free line".into(),
        },
    }
}

#[test]
fn a16_every_call_type_has_skills_hours_and_systems_before_sign_off() {
    let mut story = opened();
    blocks_sign_off(&story, "skills and hours of call type TRIAGE");
    blocks_sign_off(&story, "systems of call type TRIAGE");
    story
        .when(&client(), described("TRIAGE", &[]))
        .refuses(Code::BadFact, "who may answer");
    story
        .when(&client(), described("REFILLS", &["pharmacist"]))
        .refuses(Code::Unknown, "call type `REFILLS`");
    let triage = described("TRIAGE", &["registered nurse", "Spanish"]);
    story.does(&client(), triage.clone());
    story.when(&client(), triage).changes_nothing();
    assert_eq!(still_missing(&story, "hours of call type TRIAGE"), None);
    assert!(still_missing(&story, "systems of call type TRIAGE").is_some());
    let board = boards::draw(&story.t, "call-types", &client(), story.now).unwrap();
    let row = board
        .rows
        .iter()
        .find(|row| row[0] == "Telephone triage")
        .unwrap();
    assert_eq!(
        row[2..5],
        ["Spanish, registered nurse", "–", "day and night"]
    );
}

#[test]
fn a16_a_type_that_is_described_anew_is_signed_anew() {
    let mut story = Story::discovered();
    assert!(story.t.discovery.is_complete());
    story.does(&client(), described("TRIAGE", &["doctor"]));
    assert!(!story.t.discovery.is_complete());
    assert_eq!(story.t.discovery.open_items(), [""; 0]);
}
