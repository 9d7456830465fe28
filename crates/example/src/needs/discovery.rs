//! What Riverside and CareBridge find out together: flows walked, numbers listed, reports reproduced, callers heard.

use crate::cast::of;
use crate::way::{Move, Scene};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use segue_domain::discovery::call_types::{DescribeCallType, TypeProfile};
use segue_domain::discovery::experience::{
    Attendee, ExperienceStatement, RecordWorkshop, StateExperience, Voice, Workshop,
};
use segue_domain::discovery::flows::{CallFlow, RecordCallFlow, WalkCallFlow};
use segue_domain::discovery::numbers::{NumberFacts, RecordNumber};
use segue_domain::discovery::reports::{
    Classification, ClassifyCalls, LogRows, ReconcileReport, Reconciliation, UnmappedCode,
};
use segue_domain::ladder::{CallType, Rung};
use segue_domain::lines::Line;
use segue_domain::{Actor, Role, Side};
use std::collections::BTreeSet;

/// What a caller should experience, how it is measured, what it should reach.
const STATEMENTS: [(&str, &str, &str); 3] = [
    (
        "a nurse who knows my hospital answers my question",
        "survey: were your questions answered",
        "at least 90 %",
    ),
    (
        "nobody asks me twice for what I said before",
        "reviewed calls without a repeated question",
        "at least 95 %",
    ),
    (
        "in Spanish it goes as fast as in English",
        "time to an interpreter",
        "at most 60 s",
    ),
];

fn team() -> Actor {
    of(Side::Client, Role::Implementation)
}

/// Some days ago, wherever the story stands.
fn days_ago(scene: &Scene<'_>, days: i64) -> Date {
    let today = scene.now.to_zoned(TimeZone::UTC).date();
    today.saturating_sub(days.days())
}

/// The call flow of every number, walked by both.
pub(crate) fn flows(scene: &Scene<'_>) -> Option<Move> {
    let flows = &scene.t.discovery.records.flows;
    scene.t.lines.iter().find_map(|line| {
        let Some(flow) = flows.get(&line.id) else {
            return Some(Move::say(
                team(),
                RecordCallFlow {
                    flow: flow_of(line),
                },
            ));
        };
        let unwalked = Side::BOTH
            .into_iter()
            .find(|side| !flow.walked.contains_key(side))?;
        let walk = WalkCallFlow {
            line: line.id.clone(),
            evidence: "three calls by day, two by night, minutes 2".into(),
        };
        Some(Move::say(of(unwalked, Role::Implementation), walk))
    })
}

fn flow_of(line: &Line) -> CallFlow {
    let options = line.routes.iter().map(|route| {
        let types: Vec<_> = route.call_types.iter().map(ToString::to_string).collect();
        format!("option {}: queue of {}", route.dialled, types.join(", "))
    });
    let greeting = "greeting in English and Spanish, announcement of recording";
    CallFlow {
        line: line.id.clone(),
        steps: [greeting.to_owned()].into_iter().chain(options).collect(),
        hours: "messages and triage day and night; appointments Mon-Fri 07:00-19:00".into(),
        overflow: "after 120 s a callback is offered; after 300 s the duty manager is paged".into(),
        escalation: "agent to nurse, warm, within 30 s; nurse to doctor on call".into(),
        scripts: vec!["script binder 4".into()],
    }
}

/// The inventory of every number, tested.
pub(crate) fn numbers(scene: &Scene<'_>) -> Option<Move> {
    let known = &scene.t.discovery.records.numbers;
    let line = scene
        .t
        .lines
        .iter()
        .find(|line| !known.contains_key(&line.id))?;
    let toll_free = line.number.starts_with("+1800");
    let text = |text: &str| text.to_owned();
    let facts = NumberFacts {
        line: line.id.clone(),
        purpose: text("patients call about anything"),
        printed_where: text("discharge sheets, magnets, web page"),
        carrier: text("Garden State Telephone"),
        resp_org: text(if toll_free {
            "Garden State RespOrg"
        } else {
            "the carrier"
        }),
        pin_procedure: text("sealed envelope in the duty manager's safe"),
        support_phone: text("+18005550199"),
        current_target: line.routes.first().map(|r| r.in_house.clone())?,
        paths_max: 46,
        hours: text("always open; holidays as Sundays"),
        ivr_tree: text("telephony binder, page 3"),
        recording_announcement: text("announced to every caller"),
        languages: [text("English"), text("Spanish")].into(),
        tty: true,
        equipment: [].into(),
        authorised: [text("director of access"), text("telephony engineer")].into(),
    };
    let last_tested_on = Some(days_ago(scene, 14));
    Some(Move::say(
        team(),
        RecordNumber {
            facts,
            last_tested_on,
        },
    ))
}

/// The vendor's report against the raw log, with the figures of the domain handbook (§6, scenario 5).
pub(crate) fn reports(scene: &Scene<'_>) -> Option<Move> {
    if !scene.t.discovery.records.reports.is_empty() {
        return None;
    }
    let reconciliation = Reconciliation {
        report: "vendor report, calls in four weeks".into(),
        reported: 79_800,
        reproduced: 79_643,
        rows: Some(LogRows {
            read: 84_112,
            duplicate: 4_205,
            test: 191,
            quarantined: 73,
        }),
        explanation: None,
        reference: "import report 1".into(),
    };
    Some(Move::say(team(), ReconcileReport { reconciliation }))
}

/// Every centre's calls have a type, but for a small residue.
pub(crate) fn classified(scene: &Scene<'_>) -> Option<Move> {
    let classified = &scene.t.discovery.records.classified;
    let open = |line: &&Line| !classified.contains_key(&line.site);
    let line = scene.t.lines.iter().find(open)?;
    let codes = [("wrap 88", 310), ("wrap 90", 94)];
    let classification = Classification {
        site: line.site.clone(),
        calls: 58_200,
        unclassified: 404,
        unclassified_clinical: 0,
        top_codes: codes
            .map(|(code, calls)| UnmappedCode {
                code: code.into(),
                calls,
            })
            .into(),
        reference: "mapping dictionary 3".into(),
    };
    Some(Move::say(team(), ClassifyCalls { classification }))
}

/// Who may answer each call type, when, and what tells its calls apart.
pub(crate) fn call_types(scene: &Scene<'_>) -> Option<Move> {
    let known = &scene.t.discovery.records.call_types;
    let mut kinds = scene.t.call_types.iter();
    let kind = kinds.find(|kind| !known.contains_key(&kind.id))?;
    let profile = profile_of(kind, &scene.t.lines);
    Some(Move::say(team(), DescribeCallType { profile }))
}

fn profile_of(kind: &CallType, lines: &[Line]) -> TypeProfile {
    let (skill, hours) = match kind.needs {
        Rung::Message => ("operator", "day and night"),
        Rung::Appointment => ("scheduler", "Mon-Fri 07:00-19:00"),
        Rung::Consult => ("operator with warm transfer", "day and night"),
        Rung::Triage => (
            "registered nurse licensed where the caller is",
            "day and night",
        ),
    };
    let routes = lines.iter().flat_map(|line| &line.routes);
    let options: BTreeSet<_> = routes
        .filter(|route| route.call_types.contains(&kind.id))
        .map(|route| format!("option {}", route.dialled))
        .collect();
    let options: Vec<_> = options.into_iter().collect();
    TypeProfile {
        call_type: kind.id.clone(),
        skills: [skill.to_owned()].into(),
        hours: hours.into(),
        told_apart_by: if options.is_empty() {
            "wrap code".into()
        } else {
            options.join(", ")
        },
    }
}

/// A workshop with everybody who knows what callers should experience, and three statements.
pub(crate) fn experience(scene: &Scene<'_>) -> Option<Move> {
    let records = &scene.t.discovery.records;
    if records.workshops.is_empty() {
        let attendees = [
            (Voice::ClientClinical, "nurse manager, triage"),
            (Voice::ClientOperational, "call-centre manager"),
            (Voice::Patient, "patient and family council"),
            (Voice::Outsourcer, "implementation manager"),
            (Voice::AccountManager, "account manager"),
        ];
        let workshop = Workshop {
            held_on: days_ago(scene, 18),
            attendees: attendees
                .map(|(voice, position)| Attendee {
                    voice,
                    position: position.into(),
                })
                .into(),
            minutes: "minutes of the workshop".into(),
        };
        return Some(Move::say(team(), RecordWorkshop { workshop }));
    }
    let open = STATEMENTS
        .iter()
        .find(|(text, ..)| !records.statements.contains_key(*text));
    let (text, measure, target) = open?;
    let statement = ExperienceStatement {
        text: (*text).into(),
        measure: (*measure).into(),
        target: (*target).into(),
    };
    Some(Move::say(team(), StateExperience { statement }))
}
