//! Nurses' licences (§2.4, scenarios 14 and 15): what counts is where the patient is, and the day it is there.

use crate::fixture::{director, manager, nurse};
use crate::support::Story;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use segue_domain::agents::{Credential, RosterAgents, RosteredAgent, UnrosterAgent};
use segue_domain::legal_tables::{ConfirmLegalTable, LegalTable};
use segue_domain::licences::compact::{AdoptCompactTable, CompactRow, CompactStatus, shipped};
use segue_domain::licences::route::{EscalateCall, Question};
use segue_domain::licences::{
    AgentLicence, Licence, LicenceKind, LicenceStatus, LicenceTerms, RecordLicences,
    ResidenceChange, Routing, eligible, route_eligible,
};
use segue_domain::{Actor, Code, Refusal, Role, Side, gates};

const TRIAGE: &str = "RVS-Main/TRIAGE";
const NEW_YORK: &str = "America/New_York";

fn licence(state: &str, kind: LicenceKind) -> Licence {
    Licence {
        state: state.into(),
        kind,
        expires: None,
        zone: NEW_YORK.into(),
        status: LicenceStatus::Active,
        moved: None,
    }
}

fn single(state: &str) -> Licence {
    licence(state, LicenceKind::Single)
}

fn multistate(state: &str) -> Licence {
    licence(state, LicenceKind::Multistate)
}

fn local(text: &str) -> Timestamp {
    let local: jiff::civil::DateTime = text.parse().unwrap();
    local.in_tz(NEW_YORK).unwrap().timestamp()
}

/// Whether the licences reach a patient in the state at noon of a day.
fn reaches(rows: &[CompactRow], licences: &[Licence], state: &str, on: Date) -> bool {
    let noon = on.at(12, 0, 0, 0).in_tz(NEW_YORK).unwrap().timestamp();
    eligible(
        rows,
        licences,
        &state.into(),
        noon,
        &LicenceTerms::default(),
    )
    .eligible
}

/// The shipped table with Massachusetts active from a day.
fn with_massachusetts(from: Date) -> Vec<CompactRow> {
    let mut rows = shipped().unwrap();
    let row = rows
        .iter_mut()
        .find(|row| row.state.as_str() == "MA")
        .unwrap();
    row.provenance.effective_to = Some(from);
    let mut active = row.clone();
    active.status = CompactStatus::Active;
    active.provenance.effective_from = from;
    active.provenance.effective_to = None;
    rows.push(active);
    rows
}

fn officer() -> Actor {
    segue_example::of(Side::Client, Role::Compliance)
}

fn record(agent: &str, licence: Licence) -> RecordLicences {
    let licence = Licence {
        expires: licence.expires.or(Some(date(2028, 12, 31))),
        ..licence
    };
    let licences = vec![AgentLicence {
        agent: agent.into(),
        licence,
    }];
    RecordLicences { licences }
}

fn roster(agent: &str, credential: Credential) -> RosterAgents {
    let agents = vec![RosteredAgent {
        agent: agent.into(),
        call_types: ["TRIAGE".into()].into(),
        languages: ["English".to_owned()].into(),
        credential,
    }];
    RosterAgents { agents }
}

fn escalate(state: &str) -> EscalateCall {
    EscalateCall {
        call_type: "TRIAGE".into(),
        patient_state: state.to_owned(),
    }
}

/// Who may take a triage call.
fn ask(story: &Story, patient_state: Option<&str>) -> Result<Routing, Refusal> {
    let question = Question {
        call_type: None,
        patient_state,
        among: &[],
    };
    route_eligible(&story.t, &question, story.now)
}

fn board(story: &Story) -> String {
    story.lines("licences", &director(Side::Client)).join("\n")
}

fn red(story: &Story) -> String {
    gates::red(&story.t, &TRIAGE.into(), story.now).join("\n")
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = Story::agreed();
    story.does(&nurse(), escalate("California"));
    // The way to the plan recorded licences and adopted the table.
    story
}

#[test]
fn the_shipped_table_holds_forty_active_members_with_their_source() {
    let rows = shipped().unwrap();
    let count = |status| rows.iter().filter(|row| row.status == status).count();
    assert_eq!(count(CompactStatus::Active), 40);
    assert_eq!(count(CompactStatus::NotMember), 10);
    assert_eq!(count(CompactStatus::EnactedAwaiting), 2);
    assert_eq!(count(CompactStatus::Partial), 1);
    for row in &rows {
        assert!(
            row.provenance
                .source
                .contains("verify at ncsbn.org before go-live")
        );
    }
}

#[test]
fn a_licence_reaches_its_state_or_every_active_member() {
    let rows = shipped().unwrap();
    let on = date(2027, 1, 15);
    for (licences, state, reached) in [
        (vec![single("NJ")], "NJ", true),
        (vec![single("NJ")], "CA", false),
        (vec![single("NJ"), single("CA")], "CA", true),
        (vec![multistate("PA")], "PA", true),
        (vec![multistate("PA")], "NJ", true),
        (vec![multistate("PA")], "NY", false),
        (vec![multistate("PA")], "MA", false),
        (vec![multistate("PA")], "GU", false),
        // A licence of a state that is no member is no multistate licence, whatever it says.
        (vec![multistate("NY")], "NJ", false),
        (vec![], "NJ", false),
    ] {
        assert_eq!(
            reaches(&rows, &licences, state, on),
            reached,
            "{licences:?} {state}"
        );
    }
    assert!(
        !reaches(&rows, &[multistate("PA")], "NJ", date(2025, 12, 31)),
        "before any row"
    );
    let suspended = Licence {
        status: LicenceStatus::Suspended,
        ..single("NJ")
    };
    assert!(!reaches(&rows, &[suspended], "NJ", on));
}

#[test]
fn scenario_14_massachusetts_flips_on_its_day() {
    let rows = with_massachusetts(date(2027, 3, 1));
    let nurse = [multistate("PA")];
    assert!(!reaches(&rows, &nurse, "MA", date(2027, 2, 28)));
    assert!(reaches(&rows, &nurse, "MA", date(2027, 3, 1)));
    let lives_there = [multistate("MA")];
    assert!(!reaches(&rows, &lives_there, "NJ", date(2027, 2, 28)));
    assert!(reaches(&rows, &lives_there, "NJ", date(2027, 3, 1)));
}

#[test]
fn scenario_15_a_licence_counts_until_its_last_day_is_over_where_it_was_issued() {
    let rows = shipped().unwrap();
    let nurse = [Licence {
        expires: Some(date(2027, 1, 31)),
        ..single("NJ")
    }];
    let terms = LicenceTerms::default();
    let at = |time| eligible(&rows, &nurse, &"NJ".into(), local(time), &terms);
    assert!(at("2027-01-31T23:50:00").eligible);
    assert!(at("2027-01-31T23:59:59").eligible);
    let over = at("2027-02-01T00:00:00");
    assert!(!over.eligible);
    assert_eq!(
        over.reason,
        "the single-state licence of NJ expired at the end of 2027-01-31"
    );
    assert_eq!(over.table_checked_on, Some(date(2026, 7, 2)));
}

#[test]
fn a_multistate_licence_counts_sixty_days_after_the_nurse_moved() {
    let rows = shipped().unwrap();
    let nurse = [Licence {
        moved: Some(ResidenceChange {
            to: "TX".into(),
            on: date(2027, 1, 1),
        }),
        ..multistate("PA")
    }];
    assert!(reaches(&rows, &nurse, "NJ", date(2027, 3, 2)));
    assert!(!reaches(&rows, &nurse, "NJ", date(2027, 3, 3)));
}

#[test]
fn an_area_code_is_no_location() {
    let story = Story::agreed();
    let ask = |state| ask(&story, state);
    for state in [None, Some("609"), Some("somewhere")] {
        let refusal = ask(state).unwrap_err();
        assert_eq!(refusal.code, Code::PatientLocation);
        assert!(
            refusal
                .how
                .contains("ask the caller where the patient is now")
        );
    }
    assert_eq!(ask(Some("new jersey")).unwrap().eligible.len(), 2);
    story
        .when(&nurse(), escalate("609"))
        .refuses(Code::PatientLocation, "two letters");
    let message = Question {
        call_type: Some(&"MSG".into()),
        patient_state: None,
        among: &[],
    };
    let message = route_eligible(&story.t, &message, story.now).unwrap();
    assert!(
        message.not_eligible.is_empty(),
        "a message needs no licence"
    );
}

#[test]
fn where_no_nurse_may_advise_the_physician_on_call_calls_back() {
    let mut story = Story::agreed();
    let nobody = ask(&story, Some("CA")).unwrap();
    assert!(nobody.eligible.is_empty());
    assert_eq!(nobody.not_eligible.len(), 2);
    let by = nobody.physician_callback_by.unwrap();
    assert_eq!(by.duration_since(story.now).as_mins(), 15);
    assert!(nobody.reason.contains("911 or 988 are always permitted"));
    assert_eq!(nobody.banner, None, "the table is confirmed");
    story.does(&nurse(), escalate("California"));
    assert!(board(&story).contains("TRIAGE of a patient in CA"));
    story.does(&manager(Side::Outsourcer), record("N-22", single("CA")));
    let one = ask(&story, Some("CA")).unwrap();
    assert_eq!(one.eligible[0].agent.as_str(), "N-22");
    assert_eq!(one.physician_callback_by, None);
    let busy = Question {
        call_type: None,
        patient_state: Some("CA"),
        among: &["N-21".into()],
    };
    let busy = route_eligible(&story.t, &busy, story.now).unwrap();
    assert!(
        busy.eligible.is_empty(),
        "the only nurse for CA is not free"
    );
}

#[test]
fn rows_adopted_anew_carry_the_banner_until_compliance_confirms() {
    let mut story = Story::agreed();
    let rows = with_massachusetts(date(2027, 3, 1));
    story.does(&officer(), AdoptCompactTable { rows });
    let banner = "verify with counsel: compact membership not confirmed";
    let answer = ask(&story, Some("NJ")).unwrap();
    assert!(answer.banner.unwrap().contains(banner));
    assert!(red(&story).contains(banner) && board(&story).contains(banner));
    let confirm = ConfirmLegalTable {
        table: LegalTable::Compact,
        hash: story.t.legal_tables[&LegalTable::Compact].hash.clone(),
    };
    story.does(&officer(), confirm);
    assert!(!red(&story).contains(banner));
}

#[test]
fn the_agents_leg_asks_for_a_nurse_in_every_state_of_the_callers() {
    let mut story = Story::agreed();
    let carebridge = manager(Side::Outsourcer);
    assert!(!red(&story).contains("agents: a nurse for TRIAGE"));
    for nurse in ["N-21", "N-22"] {
        let suspended = Licence {
            status: LicenceStatus::Suspended,
            ..single("NY")
        };
        story.does(&carebridge, record(nurse, suspended));
    }
    assert!(red(&story).contains("agents: a nurse for TRIAGE who may advise patients in NY"));
    assert!(!red(&story).contains("patients in NJ"));
    story.does(&carebridge, roster("N-23", Credential::RegisteredNurse));
    assert!(
        red(&story).contains("agents: N-23 has no licence that counts in a state of the callers")
    );
    story.does(&carebridge, record("N-23", single("NY")));
    assert!(
        !red(&story).contains("patients in NY") && !red(&story).contains("N-23 has no licence")
    );
    story.does(&carebridge, roster("A-09", Credential::PracticalNurse));
    assert!(red(&story).contains("A-09 is no registered nurse and is rostered for TRIAGE"));
    story.does(
        &carebridge,
        UnrosterAgent {
            agent: "A-09".into(),
        },
    );
    assert!(!red(&story).contains("A-09"));
}

#[test]
fn the_board_warns_fourteen_days_before_a_licence_ends() {
    let mut story = Story::agreed();
    let ends = |last| Licence {
        expires: Some(last),
        ..single("NY")
    };
    for nurse in ["N-21", "N-22"] {
        story.does(
            &manager(Side::Outsourcer),
            record(nurse, ends(date(2027, 1, 31))),
        );
    }
    assert!(board(&story).contains("N-21 | NY | single-state | 2027-01-31 | 27 days left"));
    story.now = local("2027-01-17T09:00:00");
    let shown = board(&story);
    assert!(
        shown.contains("N-21 | NY | single-state | 2027-01-31 | WARNING: 14 days left"),
        "{shown}"
    );
    story.now = local("2027-01-18T09:00:00");
    let shown = board(&story);
    assert!(
        shown.contains("WARNING: TRIAGE in NY: 2 nurses may advise now, 0 in 14 days."),
        "{shown}"
    );
}

#[test]
fn only_the_outsourcer_records_licences_and_each_has_a_last_day() {
    let story = Story::created();
    story
        .when(&manager(Side::Client), record("N-1", single("NJ")))
        .refuses(Code::NotAuthorised, "person of the outsourcer");
    let carebridge = manager(Side::Outsourcer);
    story
        .when(&carebridge, record("N-1", single("Jersey")))
        .refuses(Code::BadFact, "two letters");
    let mut open = record("N-1", single("NJ"));
    open.licences[0].licence.expires = None;
    story
        .when(&carebridge, open)
        .refuses(Code::BadFact, "the last day of the NJ licence of N-1");
}
