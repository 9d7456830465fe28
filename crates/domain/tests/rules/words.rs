//! What each kind is called where people read it: boards, refusals and reports say these words and no others.

use crate::support::{Story, changed};
use segue_domain::Side;
use segue_domain::compliance::incidents::SecurityIncidentKind as Security;
use segue_domain::compliance::records::Evidence;
use segue_domain::contingency::library::Advice;
use segue_domain::contingency::open_work::{Acuity, WorkKind};
use segue_domain::discovery::experience::Voice;
use segue_domain::licences::compact::CompactStatus;
use segue_domain::parity::AccessBlock;
use segue_domain::people::disconnections::Cut;
use segue_domain::people::key_persons::KeyPost;
use segue_domain::people::paths::StaffPath;
use segue_domain::people::recognition::Contribution;
use segue_domain::resource_probes::ProbeCheck;
use segue_domain::route_orders::{RouteCheckKind, RouteMechanism};
use segue_domain::schedule::constraints::Practice;
use segue_domain::schedule::items::{Activity, Lane};
use segue_domain::schedule::limits::{Day, Limit};
use segue_domain::waivers::Waivable;
use serde_json::{Value, json};

/// The kind that a command or fact would carry, as it is written there.
fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

#[test]
fn what_comes_home_is_named() {
    let kinds = [
        WorkKind::PromisedCallback,
        WorkKind::UndeliveredMessage,
        WorkKind::UnacknowledgedPage,
        WorkKind::StrandedCaller,
    ];
    assert_eq!(
        kinds.map(WorkKind::words),
        [
            "promised callback",
            "undelivered message",
            "un-acknowledged page",
            "stranded caller"
        ]
    );
    let acuities = [Acuity::Emergent, Acuity::Urgent, Acuity::Routine];
    assert_eq!(
        acuities.map(Acuity::words),
        ["emergent", "urgent", "routine"]
    );
    let advice = [
        Advice::Fallback,
        Advice::LowerShare,
        Advice::Hold,
        Advice::CallIn,
        Advice::FindOut,
    ];
    assert_eq!(
        advice.map(Advice::words),
        [
            "bring the calls home",
            "lower the share",
            "take no further step",
            "call people in",
            "find out more"
        ]
    );
}

#[test]
fn routes_are_named_and_proved_by_their_own_checks() {
    use RouteCheckKind::{Arrivals, ReadBack, TestCall};
    let mechanisms = RouteMechanism::ALL.map(|m| (m.words(), m.proofs()));
    assert_eq!(
        mechanisms,
        [
            ("toll-free CPR", &[TestCall, Arrivals][..]),
            ("Amazon Connect", &[ReadBack, TestCall]),
            ("*72 call forwarding", &[TestCall]),
            ("PBX routing", &[TestCall, Arrivals]),
            ("Segue's SIP trunk", &[ReadBack, TestCall]),
        ]
    );
    assert_eq!(
        [ReadBack, Arrivals, TestCall].map(RouteCheckKind::words),
        ["read back", "arrivals", "test calls"]
    );
    let check = |value: Value| read::<ProbeCheck>(value).words();
    for (value, words) in [
        (
            json!({"check": "dns", "host": "a.example"}),
            "DNS a.example",
        ),
        (
            json!({"check": "tls", "host": "a.example", "port": 443}),
            "TLS a.example:443",
        ),
        (
            json!({"check": "http", "url": "https://a.example", "status": 200}),
            "HTTP 200 https://a.example",
        ),
        (
            json!({"check": "fhir_metadata", "url": "https://a.example/m"}),
            "FHIR https://a.example/m",
        ),
        (
            json!({"check": "sip_register", "registrar": "sip:a.example"}),
            "register sip:a.example",
        ),
    ] {
        assert_eq!(check(value), words);
    }
}

#[test]
fn people_and_their_paths_are_named() {
    assert_eq!(
        [Cut::Port, Cut::Trunk].map(Cut::words),
        ["port", "disconnection of the trunk"]
    );
    assert_eq!(
        [KeyPost::ClinicalLead, KeyPost::ProjectManager].map(KeyPost::words),
        ["clinical lead", "project manager"]
    );
    let paths = [
        StaffPath::Reassign,
        StaffPath::JoinOutsourcer,
        StaffPath::ProjectManager,
        StaffPath::Trainer,
        StaffPath::Retire,
        StaffPath::Separate,
    ];
    assert_eq!(
        paths.map(StaffPath::words),
        [
            "reassignment",
            "joining the outsourcer",
            "implementation project manager",
            "trainer",
            "retirement",
            "separation"
        ]
    );
    let contributions = [
        Contribution::Knowledge,
        Contribution::TestCalls,
        Contribution::FallbackReadiness,
        Contribution::Training,
        Contribution::Service,
    ];
    assert_eq!(
        contributions.map(Contribution::words),
        [
            "knowledge written down",
            "test calls placed",
            "ready when calls come home",
            "training given",
            "years of service"
        ]
    );
    let voices = [
        Voice::ClientClinical,
        Voice::ClientOperational,
        Voice::Patient,
        Voice::Outsourcer,
        Voice::AccountManager,
    ];
    assert_eq!(
        voices.map(Voice::words),
        [
            "the client's clinical voice",
            "the client's operational voice",
            "a patient's voice",
            "the outsourcer's voice",
            "the account manager"
        ]
    );
}

#[test]
fn the_evidence_of_law_is_named() {
    for (proves, words) in [
        (
            json!({"kind": "qsoa"}),
            "qualified service organisation agreement (Part 2)",
        ),
        (
            json!({"kind": "accreditation", "by": "ncqa", "module": "clinical"}),
            "NCQA accreditation, clinical module",
        ),
        (
            json!({"kind": "delegation_oversight"}),
            "delegation oversight",
        ),
        (
            json!({"kind": "automated_calls"}),
            "consent to automated calls",
        ),
        (
            json!({"kind": "transfer_center_review"}),
            "counsel's review of transfer-centre lines",
        ),
        (
            json!({"kind": "subcontractor", "function": "telephony", "other_company": true, "offshore": true}),
            "telephony: another company, offshore",
        ),
        (
            json!({"kind": "subcontractor", "function": "telephony", "other_company": false, "offshore": false}),
            "telephony: own staff",
        ),
    ] {
        assert_eq!(read::<Evidence>(proves).words(), words);
    }
    assert_eq!(
        [
            Security::AccessAnomaly,
            Security::SecurityIncident,
            Security::Breach
        ]
        .map(Security::words),
        ["access anomaly", "security incident", "breach"]
    );
    let standing = [
        CompactStatus::Active,
        CompactStatus::EnactedAwaiting,
        CompactStatus::Partial,
        CompactStatus::NotMember,
    ];
    assert_eq!(
        standing.map(CompactStatus::words),
        [
            "an active member of the compact",
            "a member whose licences do not count yet",
            "a member in part only",
            "no member of the compact"
        ]
    );
}

#[test]
fn what_is_waived_and_how_long_a_block_is_are_named() {
    let waived = [
        Waivable::MassCutover,
        Waivable::LadderInversion,
        Waivable::Rush,
        Waivable::ChangeFreeze,
        Waivable::OptimisationOverlap,
    ];
    assert_eq!(
        waived.map(Waivable::stamp),
        [
            "MASS CUTOVER",
            "LADDER INVERSION",
            "BELOW FLOOR",
            "CHANGE IN FREEZE",
            "OPTIMISATION DURING MOVE"
        ]
    );
    let blocks = [
        AccessBlock::OneHour,
        AccessBlock::ThreeHours,
        AccessBlock::SixHours,
        AccessBlock::WholeDay,
    ];
    assert_eq!(
        blocks.map(AccessBlock::words),
        ["an hour", "three hours", "six hours", "a whole day"]
    );
}

#[test]
fn the_ways_of_working_and_the_limits_of_the_schedule_are_named() {
    for (practice, words) in [
        (Practice::ShiftPattern, "shift pattern"),
        (Practice::MinimumInterval, "minimum interval"),
        (Practice::ScriptingTool, "scripting tool"),
        (Practice::TrainingCohort, "training cohort"),
        (Practice::GoLiveWeekday, "go-live weekday"),
        (Practice::ChangeFreeze, "change freeze"),
        (Practice::VolumeNotice, "notice of volume"),
        (Practice::Hiring, "hiring"),
        (Practice::LabourAgreement, "labour agreement"),
        (Practice::SystemUpgrade, "system upgrade"),
        (Practice::Season, "season"),
        (Practice::Lease, "lease"),
        (Practice::Other, "other"),
    ] {
        assert_eq!(practice.to_string(), words);
    }
    let working_days = 12;
    let training = Limit::TrainingDays { working_days };
    assert_eq!(training.to_string(), "training of at least 12 working days");
    let soak = Limit::SoakDays { days: 9 };
    assert_eq!(soak.to_string(), "soak of at least 9 days");
}

#[test]
fn every_weekday_has_its_name_and_every_activity_its_lane() {
    let monday = jiff::civil::date(2027, 1, 4);
    let names = (0..7).map(|n| {
        let date = monday.checked_add(jiff::Span::new().days(n)).unwrap();
        Day::of(date).to_string()
    });
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday"
        ]
    );
    for (activity, lane, name) in [
        (Activity::Training, Lane::People, "people"),
        (Activity::Licensing, Lane::People, "people"),
        (Activity::AccessProvisioning, Lane::People, "people"),
        (Activity::Testing, Lane::Tests, "tests"),
        (Activity::Drill, Lane::Tests, "tests"),
        (Activity::Porting, Lane::Routing, "routing"),
        (Activity::CarrierOrder, Lane::Routing, "routing"),
        (Activity::StaffNotice, Lane::Hr, "HR"),
        (Activity::Announcement, Lane::Comms, "comms"),
    ] {
        assert_eq!((activity.lane(), lane.to_string().as_str()), (lane, name));
    }
}

/// A journal is read by people: each fact says in a sentence of its own what happened.
#[test]
fn every_fact_says_what_happened() {
    let story = crate::golden::spine();
    let says: std::collections::BTreeMap<_, _> =
        story.facts.iter().map(|f| (f.name(), f.says())).collect();
    let sentences: std::collections::BTreeSet<_> = says.values().collect();
    assert_eq!(sentences.len(), says.len(), "{says:?}");
    assert!(says.values().all(|s| s.len() > 10), "{says:?}");
}

/// The words of a kind on a board, once the command said it with that kind.
fn shown(story: &Story, command: &str, place: &str, kind: &str, board: &str) -> String {
    let (mut story, actor, said) = story.before(command);
    story.does(&actor, changed(&said, place, &json!(kind)));
    story.board(board, Side::Client)
}

#[test]
fn preparations_and_thanks_are_named_on_their_boards() {
    let story = crate::state_machine::history();
    for kind in [
        "access",
        "contract",
        "licence",
        "training",
        "equipment",
        "other",
    ] {
        let board = shown(&story, "add_preparation", "/kind", kind, "preparation");
        assert!(board.contains(&format!("PREP-1 | {kind} | ")), "{board}");
    }
    let story = crate::testing::history();
    for kind in ["kindness", "catch", "save"] {
        let board = shown(&story, "give_kudos", "/kind", kind, "kudos");
        assert!(board.contains(&format!("{kind}, ")), "{board}");
    }
}

#[test]
fn traits_and_adaptations_are_named_on_their_boards() {
    let story = Story::discovered();
    for (kind, words) in [
        ("information_depth", "information depth"),
        ("language", "language"),
        ("pace", "pace"),
        ("formality", "formality"),
        ("health_literacy", "health literacy"),
        ("family", "family"),
        ("reassurance", "reassurance"),
        ("physicians", "physicians"),
    ] {
        let board = shown(&story, "record_trait", "/kind", kind, "adaptations");
        assert!(board.contains(&format!(" | {words}, ")), "{board}");
        assert!(
            board.contains(" | none | – | – | – | adaptation"),
            "{board}"
        );
    }
    for (kind, words) in [
        ("staffing", "staffing"),
        ("aht_allowance", "handle-time allowance"),
        ("reference_tools", "reference tools"),
        ("script", "script"),
        ("training", "training"),
        ("kpi", "measure"),
    ] {
        let board = shown(&story, "record_adaptation", "/kind", kind, "adaptations");
        assert!(board.contains(&format!(" | {words}: ")), "{board}");
    }
}
