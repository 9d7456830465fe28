//! Evidence of law and contract (A1, §2.1, §2.4): the agreement before any patient data, what a gate asks for, clocks.

use crate::fixture::{self, director, manager, nurse};
use crate::support::{Story, test_call};
use jiff::civil::date;
use jiff::{SignedDuration, ToSpan};
use segue_domain::baseline::{BaselineFigures, BaselineKey, RecordBaseline};
use segue_domain::compliance::callers::{DescribeCallers, LanguageShare, StateShare};
use segue_domain::compliance::erasure::{Erased, OrderErasure};
use segue_domain::compliance::exit::{CompleteExitItem, ExitItem};
use segue_domain::compliance::incidents::{
    Notice, RecordIncidentNotice, ReportSecurityIncident, SecurityIncidentKind,
};
use segue_domain::compliance::records::{
    Evidence, EvidenceRecord, FileComplianceRecords, Subcontracted,
};
use segue_domain::discovery::{CompleteDiscoveryItem, OpenDiscovery};
use segue_domain::{Actor, Code, Event, Role, Side, gates};
use segue_example::Goal;

const MSG: &str = "RVS-Main/MSG";
const TRIAGE: &str = "RVS-Main/TRIAGE";

fn officer(side: Side) -> Actor {
    segue_example::of(side, Role::Compliance)
}

fn record(name: &str, proves: Evidence) -> EvidenceRecord {
    EvidenceRecord {
        record: name.into(),
        proves,
        from: date(2027, 1, 1),
        expires: Some(date(2029, 12, 31)),
        reference: "binder 1".into(),
    }
}

fn file(record: EvidenceRecord) -> FileComplianceRecords {
    FileComplianceRecords {
        records: vec![record],
    }
}

fn baseline() -> RecordBaseline {
    RecordBaseline {
        key: BaselineKey {
            site: "RVS-Main".into(),
            call_type: "MSG".into(),
            segment: None,
        },
        figures: BaselineFigures {
            weeks: 13,
            weekly_contacts: 6_900,
            offered: 89_700,
            answered_within: 73_554,
            abandoned: 2_691,
            aht_s: 90,
            busiest_hour_calls: 120,
            peak_concurrent: 6,
        },
        reference: "report 3".into(),
    }
}

fn board(story: &Story, name: &str) -> String {
    story.lines(name, &director(Side::Client)).join("\n")
}

fn red(story: &Story, chunk: &str) -> String {
    gates::red(&story.t, &chunk.into(), story.now).join("\n")
}

fn breach(story: &Story) -> ReportSecurityIncident {
    ReportSecurityIncident {
        kind: SecurityIncidentKind::Breach,
        at_party: Side::Outsourcer,
        discovered_at: story.now,
        reference: "security log, case 12".into(),
    }
}

fn told(notice: Notice) -> RecordIncidentNotice {
    RecordIncidentNotice {
        incident: "SEC-1".into(),
        notice,
        reference: "letter 4".into(),
    }
}

impl Story {
    /// The agreement that lets patient data in.
    pub(crate) fn files_baa(&mut self) {
        self.does(&officer(Side::Client), file(record("BAA-1", Evidence::Baa)));
    }
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = Story::discovered();
    let report = breach(&story);
    story.does(&officer(Side::Outsourcer), report);
    story.does(&officer(Side::Outsourcer), told(Notice::ToClient));
    let exit = CompleteExitItem {
        item: ExitItem::KeysDestroyed,
        reference: "certificate 1".into(),
    };
    story.does(&officer(Side::Client), exit);
    story.does(&officer(Side::Client), erasure());
    story
}

fn erasure() -> OrderErasure {
    OrderErasure {
        erased: Erased::OneCaller,
        records: None,
        reason: "request of 3 March".into(),
    }
}

#[test]
fn an_erasure_is_the_clients_to_order_and_says_not_whose_records_they_are() {
    let mut story = Story::discovered();
    story
        .when(&officer(Side::Outsourcer), erasure())
        .refuses(Code::NotAuthorised, "");
    story
        .when(&manager(Side::Client), erasure())
        .refuses(Code::NotAuthorised, "");
    let counted = OrderErasure {
        records: Some(3),
        ..erasure()
    };
    story
        .when(&officer(Side::Client), counted)
        .refuses(Code::BadFact, "no count of one caller's records");
    let retention = |records| OrderErasure {
        erased: Erased::DaysBefore {
            day: jiff::civil::date(2019, 3, 1),
        },
        records,
        reason: "retention of seven years".into(),
    };
    story
        .when(&officer(Side::Client), retention(Some(0)))
        .refuses(Code::BadFact, "at least one record");
    story.does(&officer(Side::Client), erasure());
    story.does(&officer(Side::Client), retention(Some(4)));
    let shown = board(&story, "compliance");
    for says in [
        "Erasure of one caller's records ordered on ",
        ": request of 3 March.",
        "Erasure of records of days before 2019-03-01 ordered on ",
    ] {
        assert!(shown.contains(says), "{says}: {shown}");
    }
    let hidden = OrderErasure {
        reason: "asked by 609-555-0110".into(),
        ..erasure()
    };
    story
        .when(&officer(Side::Client), hidden)
        .refuses(Code::CallerData, "");
}

#[test]
fn a1_no_patient_data_before_a_business_associate_agreement_is_in_force() {
    let mut story = Story::managed();
    story.does(&manager(Side::Client), OpenDiscovery { items: Vec::new() });
    let import = CompleteDiscoveryItem {
        item: "call records imported and reconciled".into(),
        evidence: "import 3".into(),
    };
    story
        .when(&manager(Side::Client), import.clone())
        .refuses(Code::NoBaa, "a business associate agreement in force");
    story
        .when(&manager(Side::Client), baseline())
        .refuses(Code::NoBaa, "a business associate agreement in force");
    assert!(board(&story, "compliance").contains("No patient data"));

    // Signed for later is not in force yet; expired is not any more.
    let mut later = record("BAA-1", Evidence::Baa);
    later.from = date(2027, 2, 1);
    story.does(&officer(Side::Client), file(later.clone()));
    story
        .when(&manager(Side::Client), import.clone())
        .refuses(Code::NoBaa, "in force");
    later.from = date(2026, 1, 1);
    later.expires = Some(date(2027, 1, 3));
    story.does(&officer(Side::Client), file(later.clone()));
    story
        .when(&manager(Side::Client), import.clone())
        .refuses(Code::NoBaa, "expired 2027-01-03");
    // Its last day counts whole.
    later.expires = Some(date(2027, 1, 4));
    story.does(&officer(Side::Client), file(later));
    story
        .when(&manager(Side::Client), import)
        .records(&["discovery_item_completed"]);
    story
        .when(&manager(Side::Client), baseline())
        .records(&["baseline_recorded"]);
}

#[test]
fn lines_with_substance_use_records_need_their_own_agreement_and_are_no_test_data() {
    let mut story = Story::new();
    story.example.create.lines[0].part2 = true;
    story.walks(&Goal::Created);
    story.files_baa();
    story
        .when(&manager(Side::Client), baseline())
        .refuses(Code::Part2Evidence, "RVS-Main-TFN");
    story.walks(&Goal::Agreed);
    let mut qsoa = record("QSOA-1", Evidence::Qsoa);
    qsoa.expires = Some(date(2027, 1, 31));
    story.does(&officer(Side::Client), file(qsoa));
    assert!(!red(&story, MSG).contains("qualified service"));
    story.hours_pass(31 * 24);
    assert!(red(&story, MSG).contains("compliance: a qualified service organisation agreement"));
    story
        .when(&nurse(), test_call(MSG, "message × day × English", true))
        .refuses(Code::Part2Evidence, "never test data");
}

#[test]
fn each_requirement_alone_keeps_the_compliance_leg_red() {
    let mut story = Story::agreed();
    assert!(!red(&story, TRIAGE).contains("accreditation"));
    for (name, says) in [
        ("BAA-1", "a business associate agreement in force"),
        ("CONTRACT-1", "the contract, in force"),
        ("KEY-1", "custody of the caller-hash key"),
        ("RELAY-1", "a relay (TTY) call"),
        ("LICENCE-NJ", "a business licence of the outsourcer"),
        ("SUB-interpreter", "who does interpreter for the outsourcer"),
        ("URAC-1", "URAC accreditation, clinical module"),
        ("RECORDING-1", "recording announcement heard on both routes"),
        ("NOTICES-1", "notices of language help in 15 languages"),
        (
            "INTERPRETER-ES",
            "an interpreter for Spanish reached in 60 s",
        ),
        (
            "REVIEWER-1",
            "a named reviewer of the translations into Spanish",
        ),
        (
            "CALLER-ID-RVS-Main-TFN",
            "the right to show the number of RVS-Main-TFN",
        ),
    ] {
        let filed = story.t.compliance.records[&name.into()].clone();
        let mut ended = filed.record.clone();
        let yesterday = story.t.today(story.now) - 1.day();
        (ended.from, ended.expires) = (yesterday, Some(yesterday));
        assert!(!red(&story, TRIAGE).contains(says), "{name}");
        story.does(&officer(filed.by), file(ended));
        assert!(red(&story, TRIAGE).contains(says), "{name}");
        story.does(&officer(filed.by), file(filed.record));
        assert!(!red(&story, TRIAGE).contains(says), "{name}");
    }
}

#[test]
fn an_accreditation_covers_what_staff_do_until_the_plan_ends() {
    use segue_domain::compliance::records::{Accreditor, Module};
    let mut story = Story::agreed();
    let urac = |module| {
        let by = Accreditor::Urac;
        record("URAC-1", Evidence::Accreditation { by, module })
    };
    let carebridge = officer(Side::Outsourcer);
    story.does(&carebridge, file(urac(Module::NonClinical)));
    assert!(!red(&story, MSG).contains("URAC"));
    assert!(red(&story, TRIAGE).contains("URAC accreditation, clinical module"));
    let mut short = urac(Module::Clinical);
    short.expires = Some(date(2027, 5, 1));
    story.does(&carebridge, file(short));
    assert!(red(&story, MSG).contains("until the plan ends"));
    assert!(red(&story, MSG).contains("it expires 2027-05-01"));
}

#[test]
fn a_language_of_five_percent_needs_an_interpreter_who_is_there_in_time() {
    let mut story = Story::agreed();
    let mut slow = story.t.compliance.records[&"INTERPRETER-ES".into()]
        .record
        .clone();
    slow.proves = Evidence::InterpreterPath {
        language: "Spanish".into(),
        seconds: 61,
    };
    story.does(&officer(Side::Outsourcer), file(slow));
    assert!(red(&story, MSG).contains("an interpreter for Spanish"));
    let language = |language: &str, share_bp| LanguageShare {
        language: language.into(),
        share_bp,
    };
    let mut callers = DescribeCallers {
        site: "RVS-Main".into(),
        states: vec![StateShare {
            state: "NJ".into(),
            share_bp: 10_000,
        }],
        languages: vec![language("English", 9_501), language("Spanish", 499)],
        reference: "report 6".into(),
    };
    story.does(&manager(Side::Client), callers.clone());
    assert!(!red(&story, MSG).contains("an interpreter for Spanish"));
    callers.languages = vec![language("English", 9_500), language("Spanish", 501)];
    story
        .when(&manager(Side::Client), callers)
        .refuses(Code::BadFact, "10000 basis points");
}

#[test]
fn a_line_that_touches_transfers_needs_counsels_review() {
    let mut story = Story::new();
    story.example.create.lines[0].transfer_center = true;
    story.walks(&Goal::Agreed);
    assert!(red(&story, MSG).contains("counsel's review of RVS-Main-TFN"));
    let review = record("EMTALA-1", Evidence::TransferCenterReview);
    story.does(&officer(Side::Client), file(review));
    assert!(!red(&story, MSG).contains("counsel's review"));
}

#[test]
fn records_belong_to_the_party_that_filed_them() {
    let story = Story::discovered();
    story
        .when(
            &manager(Side::Client),
            file(record("X-1", Evidence::Contract)),
        )
        .refuses(Code::NotAuthorised, "keep the evidence of law and contract");
    story
        .when(
            &officer(Side::Outsourcer),
            file(record("BAA-1", Evidence::Contract)),
        )
        .refuses(Code::NotAuthorised, "replace BAA-1");
    story
        .when(
            &officer(Side::Outsourcer),
            file(record("KEY-9", Evidence::KeyCustody)),
        )
        .refuses(Code::NotAuthorised, "keep the caller-hash key");
    let shown = board(&story, "compliance");
    assert!(
        shown.contains("BAA-1 | business associate agreement | client"),
        "{shown}"
    );
    assert!(shown.contains("days left"), "{shown}");
}

#[test]
fn the_exit_checklist_opens_when_the_agreement_ends() {
    let mut story = Story::discovered();
    assert!(!board(&story, "compliance").contains("Exit"));
    story.hours_pass(4 * 365 * 24);
    let shown = board(&story, "compliance");
    assert!(
        shown.contains("Exit: patient data returned or destroyed is OPEN"),
        "{shown}"
    );
    assert!(shown.contains("EXPIRED"), "{shown}");
    let done = CompleteExitItem {
        item: ExitItem::ReturnOrDestroy,
        reference: "certificate 1".into(),
    };
    story.does(&officer(Side::Outsourcer), done.clone());
    story.when(&officer(Side::Client), done).changes_nothing();
    assert!(board(&story, "compliance").contains("returned or destroyed, certificate 1"));
}

#[test]
fn a_breach_starts_two_clocks_from_its_discovery() {
    let mut story = Story::created();
    let report = breach(&story);
    story.hours_pass(2);
    let nobody_waits = officer(Side::Outsourcer);
    let events = story.does(&nobody_waits, report.clone());
    assert!(matches!(
        events.as_slice(),
        [Event::SecurityIncidentReported(_)]
    ));
    story.when(&nobody_waits, report).changes_nothing();
    let shown = board(&story, "security-incidents");
    assert!(
        shown.contains("outsourcer tells the client | 2027-01-05T14:00:00Z | 22 h left"),
        "{shown}"
    );
    assert!(
        shown.contains("client tells those concerned | 2027-03-05T14:00:00Z"),
        "{shown}"
    );
    story.hours_pass(25);
    assert!(board(&story, "security-incidents").contains("OVERDUE by 3 h"));
    story
        .when(&officer(Side::Client), told(Notice::ToClient))
        .refuses(Code::NotAuthorised, "outsourcer");
    story.does(&officer(Side::Outsourcer), told(Notice::ToClient));
    assert!(board(&story, "security-incidents").contains("told 3 h late"));
    story.does(&officer(Side::Client), told(Notice::ToThoseConcerned));
    assert!(board(&story, "security-incidents").contains("told in time"));
}

#[test]
fn an_access_anomaly_starts_no_clock_and_points_at_the_security_log() {
    let mut story = Story::created();
    let anomaly = ReportSecurityIncident {
        kind: SecurityIncidentKind::AccessAnomaly,
        ..breach(&story)
    };
    story.does(&fixture::duty(Side::Client), anomaly.clone());
    assert!(board(&story, "security-incidents").contains("access anomaly"));
    assert!(board(&story, "security-incidents").contains("nobody"));
    let tomorrow = ReportSecurityIncident {
        discovered_at: story.now + SignedDuration::from_hours(24),
        ..anomaly
    };
    story
        .when(&fixture::duty(Side::Client), tomorrow)
        .refuses(Code::BadFact, "not in the future");
}

#[test]
fn every_function_of_the_terms_is_asked_for() {
    let mut story = Story::new();
    story.example.create.terms.compliance.subcontracted = [Subcontracted::Telephony].into();
    story.walks(&Goal::Agreed);
    assert!(!red(&story, MSG).contains("for the outsourcer"));
}
