//! A place tries the way to the client's systems with a token that signs once (A27).

use super::{APPT, MSG, board, red};
use crate::fixture::{manager, nurse};
use crate::support::Story;
use ed25519_dalek::SigningKey;
use segue_domain::resource_probes::{
    AskProbe, ProbeCheck, ProbeOutcome, ProbeResult, ProbeTarget, ReportProbe, signed_report,
};
use segue_domain::{Actor, Code, Role, Side};

fn token() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

/// Whoever carries the report: the node itself.
fn carrier() -> Actor {
    Actor::new("segue", Side::Outsourcer, &[Role::Agent])
}

fn ask() -> AskProbe {
    let target = |check| ProbeTarget {
        resource: "EHR-scheduling".into(),
        check,
    };
    AskProbe {
        place: "CareBridge Manila".into(),
        public_key: hex::encode(token().verifying_key().to_bytes()),
        targets: vec![
            target(ProbeCheck::Dns {
                host: "ehr.riverside.example".into(),
            }),
            target(ProbeCheck::Http {
                url: "https://ehr.riverside.example/login".into(),
                status: 200,
            }),
        ],
        valid_hours: 24,
    }
}

fn found(outcome: ProbeOutcome, said: &str) -> ProbeResult {
    ProbeResult {
        outcome,
        took_ms: Some(31),
        said: said.into(),
    }
}

fn report(story: &Story, second: ProbeOutcome) -> ReportProbe {
    let results = vec![
        found(ProbeOutcome::Reached, "203.0.113.17"),
        found(second, "status 403, expected 200"),
    ];
    signed_report(&story.t.id, &"PR-1".into(), story.now, results, &token())
}

/// Everything proved, and a place asked.
pub(super) fn asked() -> Story {
    let mut story = Story::agreed();
    story.proves(MSG);
    story.proves(APPT);
    story.does(&manager(Side::Client), ask());
    story
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = asked();
    let report = report(&story, ProbeOutcome::Reached);
    story.does(&carrier(), report);
    story
}

fn gate(story: &Story, chunk: &str) -> Vec<String> {
    let found = red(story, chunk);
    found.into_iter().filter(|f| f.contains("PR-1")).collect()
}

#[test]
fn a27_a_place_that_does_not_reach_what_a_type_needs_keeps_its_gate_red() {
    let mut story = asked();
    let text = "technology: EHR-scheduling is not proved to be reached from CareBridge Manila (PR-1: not answered)";
    assert_eq!(gate(&story, APPT), [text]);
    assert_eq!(gate(&story, MSG), [""; 0], "messages need no schedule");
    let failed = report(&story, ProbeOutcome::Failed);
    story.does(&carrier(), failed);
    let shown = gate(&story, APPT).join("");
    assert!(
        shown.contains("HTTP 200 https://ehr.riverside.example/login: status 403"),
        "{shown}"
    );
    assert_eq!(gate(&history(), APPT), [""; 0]);
}

/// What a place does not reach stays so when the place is asked about something else.
#[test]
fn a27_a_failed_probe_is_not_forgotten_by_another_question() {
    let mut story = asked();
    let failed = report(&story, ProbeOutcome::Failed);
    story.does(&carrier(), failed);
    let other = story
        .t
        .access
        .needs
        .values()
        .flatten()
        .map(|need| need.resource.clone())
        .find(|resource| resource.as_str() != "EHR-scheduling")
        .unwrap();
    let mut elsewhere = ask();
    elsewhere.public_key =
        hex::encode(SigningKey::from_bytes(&[44; 32]).verifying_key().to_bytes());
    elsewhere.targets.truncate(1);
    elsewhere.targets[0].resource = other;
    story.does(&manager(Side::Client), elsewhere);
    assert!(gate(&story, APPT)[0].contains("PR-1: HTTP 200"));
    let shown = board(&story, "probes", &nurse()).join("\n");
    assert!(shown.contains("PR-1") && shown.contains("PR-2"), "{shown}");
}

#[test]
fn a27_a_probe_holds_as_long_as_an_agents_proof_and_is_shown_in_the_matrix() {
    let mut story = history();
    let matrix = board(&story, "access", &nurse()).join("\n");
    assert!(
        matrix.contains("APPT | EHR-scheduling | reach | from CareBridge Manila | reached | 20"),
        "{matrix}"
    );
    let own = board(&story, "probes", &nurse()).join("\n");
    assert!(
        own.contains("DNS ehr.riverside.example | 203.0.113.17 | 31"),
        "{own}"
    );
    story.hours_pass(14 * 24);
    assert_eq!(gate(&story, APPT), [""; 0]);
    story.hours_pass(1);
    assert!(gate(&story, APPT)[0].contains("older than 14 days"));
}

#[test]
fn a_token_signs_once_in_its_time_and_only_what_was_found() {
    let mut story = asked();
    let good = report(&story, ProbeOutcome::Failed);
    let changed = ReportProbe {
        results: report(&story, ProbeOutcome::Reached).results,
        ..good.clone()
    };
    story
        .when(&carrier(), changed)
        .refuses(Code::SignatureInvalid, "PR-1");
    let stranger = SigningKey::from_bytes(&[43; 32]);
    let results = good.results.clone();
    let forged = signed_report(&story.t.id, &"PR-1".into(), story.now, results, &stranger);
    story
        .when(&carrier(), forged)
        .refuses(Code::SignatureInvalid, "PR-1");
    let results = good.results.clone();
    let elsewhere = signed_report(
        &"OTHER".into(),
        &"PR-1".into(),
        story.now,
        results,
        &token(),
    );
    story
        .when(&carrier(), elsewhere)
        .refuses(Code::SignatureInvalid, "PR-1");
    let early = signed_report(
        &story.t.id,
        &"PR-1".into(),
        story.now - jiff::SignedDuration::from_hours(1),
        good.results.clone(),
        &token(),
    );
    story
        .when(&carrier(), early)
        .refuses(Code::BadFact, "clock");
    let short = signed_report(&story.t.id, &"PR-1".into(), story.now, Vec::new(), &token());
    story
        .when(&carrier(), short)
        .refuses(Code::BadFact, "2 results");
    let mut late = story.clone();
    late.hours_pass(25);
    let too_late = report(&late, ProbeOutcome::Reached);
    late.when(&carrier(), too_late)
        .refuses(Code::WrongState, "run out");
    story.does(&carrier(), good.clone());
    story.when(&carrier(), good).changes_nothing();
    let second = report(&story, ProbeOutcome::Reached);
    story
        .when(&carrier(), second)
        .refuses(Code::WrongState, "answers once");
}

#[test]
fn only_the_client_asks_and_only_about_what_it_declared() {
    let story = asked();
    let by = manager(Side::Client);
    story
        .when(&manager(Side::Outsourcer), ask())
        .refuses(Code::NotAuthorised, "");
    story.when(&by, ask()).changes_nothing();
    let other_key = hex::encode(SigningKey::from_bytes(&[44; 32]).verifying_key().to_bytes());
    for (change, code, names) in [
        (
            (|c: &mut AskProbe| c.targets[0].resource = "payroll".into()) as fn(&mut AskProbe),
            Code::Unknown,
            "payroll",
        ),
        (|c| c.targets.clear(), Code::BadFact, "targets"),
        (|c| c.valid_hours = 0, Code::BadFact, "valid_hours"),
        (|c| c.public_key = "00".into(), Code::BadFact, "public key"),
        (
            |c| {
                c.targets[0].check = ProbeCheck::Http {
                    url: "http://ehr.riverside.example".into(),
                    status: 200,
                };
            },
            Code::BadFact,
            "https://",
        ),
        (
            |c| {
                c.targets[0].check = ProbeCheck::SipRegister {
                    registrar: "pbx.example".into(),
                };
            },
            Code::BadFact,
            "sip:",
        ),
    ] {
        let mut asked = AskProbe {
            public_key: other_key.clone(),
            ..ask()
        };
        change(&mut asked);
        story.when(&by, asked).refuses(code, names);
    }
    let elsewhere = AskProbe {
        place: "Cebu".into(),
        ..ask()
    };
    story
        .when(&by, elsewhere)
        .refuses(Code::BadFact, "token of its own");
    story
        .when(&carrier(), report_of_nothing())
        .refuses(Code::Unknown, "PR-9");
}

fn report_of_nothing() -> ReportProbe {
    let at = "2027-01-04T14:00:00Z".parse().unwrap();
    signed_report(&"RVS".into(), &"PR-9".into(), at, Vec::new(), &token())
}
