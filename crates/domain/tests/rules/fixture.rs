//! The example every test stands on: Riverside Health moves RVS-Main and RVS-North to CareBridge (`domain.md` §6).
//!
//! `examples/riverside/*.json` say the same; `the_example_files_say_what_the_builder_says` keeps them together.

use ed25519_dalek::SigningKey;
use jiff::civil::{Date, date};
use segue_domain::chunks::{PlannedChunk, PlannedStep};
use segue_domain::ladder::{CallType, Rung};
use segue_domain::lines::{ControlPoint, Line, LineRoute};
use segue_domain::parties::{CreateTransition, Party, Signatory, Site, Terms};
use segue_domain::schedule::Plan;
use segue_domain::share::ShareInput;
use segue_domain::{Actor, Role, Side};
use sha2::{Digest, Sha256};

pub(crate) const ZONE: &str = "America/New_York";

/// The key of an example signatory. Anybody can derive it: it protects nothing.
pub(crate) fn key(person: &str) -> SigningKey {
    let seed = Sha256::digest(format!("segue example key of {person}"));
    SigningKey::from_bytes(&seed.into())
}

pub(crate) fn director(side: Side) -> Actor {
    match side {
        Side::Client => Actor::new("rvs-director", side, &[Role::Signatory]),
        Side::Outsourcer => Actor::new("cb-director", side, &[Role::Signatory]),
    }
}

pub(crate) fn manager(side: Side) -> Actor {
    match side {
        Side::Client => Actor::new("rvs-manager", side, &[Role::Implementation]),
        Side::Outsourcer => Actor::new("cb-manager", side, &[Role::Implementation]),
    }
}

pub(crate) fn duty(side: Side) -> Actor {
    match side {
        Side::Client => Actor::new("rvs-duty", side, &[Role::Duty]),
        Side::Outsourcer => Actor::new("cb-duty", side, &[Role::Duty]),
    }
}

pub(crate) fn nurse() -> Actor {
    Actor::new("rvs-nurse", Side::Client, &[Role::TestCaller])
}

pub(crate) fn create() -> CreateTransition {
    CreateTransition {
        name: "Riverside Health to CareBridge".into(),
        example: true,
        parties: vec![
            party(
                Side::Client,
                "Riverside Health",
                "rvs-director",
                "director of access",
            ),
            party(
                Side::Outsourcer,
                "CareBridge",
                "cb-director",
                "director of implementation",
            ),
        ],
        sites: ["RVS-Main", "RVS-North"]
            .map(|id| Site {
                id: id.into(),
                zone: ZONE.into(),
            })
            .to_vec(),
        lines: vec![
            line(
                "RVS-Main-TFN",
                "+18005550142",
                "RVS-Main",
                "7900",
                &[
                    ("7001", "MSG"),
                    ("7002", "APPT"),
                    ("7003", "CONSULT"),
                    ("7004", "TRIAGE"),
                ],
            ),
            line(
                "RVS-North-DID",
                "+16095550110",
                "RVS-North",
                "7910",
                &[("7101", "MSG"), ("7102", "APPT")],
            ),
        ],
        call_types: vec![
            call_type("MSG", "Message", Rung::Message),
            call_type("APPT", "Appointment", Rung::Appointment),
            call_type("CONSULT", "Consult", Rung::Consult),
            call_type("TRIAGE", "Telephone triage", Rung::Triage),
        ],
        terms: Terms::default(),
    }
}

fn party(side: Side, name: &str, person: &str, title: &str) -> Party {
    Party {
        side,
        name: name.into(),
        signatories: vec![Signatory {
            person: person.into(),
            title: title.into(),
            public_key: hex::encode(key(person).verifying_key().as_bytes()),
        }],
    }
}

fn line(id: &str, number: &str, site: &str, nurse: &str, options: &[(&str, &str)]) -> Line {
    let route = |&(dialled, call_type): &(&str, &str)| LineRoute {
        dialled: dialled.into(),
        call_types: vec![call_type.into()],
        in_house: format!("sip:{dialled}@127.0.0.2:5060"),
        outsourced: format!("sip:{dialled}@127.0.0.3:5060"),
    };
    Line {
        id: id.into(),
        number: number.into(),
        site: site.into(),
        control_point: ControlPoint::AfterIvr,
        routes: options.iter().map(route).collect(),
        last_resort: vec!["sip:oncall@127.0.0.4:5060".into()],
        escalation_numbers: vec![nurse.into()],
    }
}

fn call_type(id: &str, name: &str, needs: Rung) -> CallType {
    CallType {
        id: id.into(),
        name: name.into(),
        needs,
        placed_on: None,
    }
}

/// Easy before hard, one centre after the other.
pub(crate) fn plan() -> Plan {
    let weeks = |first: Date, shares: &[u8]| -> Vec<(u8, Date)> {
        shares
            .iter()
            .enumerate()
            .map(|(n, share)| {
                (
                    *share,
                    first + jiff::Span::new().weeks(i64::try_from(n).unwrap()),
                )
            })
            .collect()
    };
    let usual = [20, 50, 100];
    let careful = [10, 20, 40, 60, 80, 100];
    Plan {
        chunks: vec![
            chunk("RVS-Main", "MSG", &weeks(date(2027, 3, 1), &usual)),
            chunk("RVS-Main", "APPT", &weeks(date(2027, 3, 29), &usual)),
            chunk("RVS-Main", "CONSULT", &weeks(date(2027, 4, 26), &usual)),
            chunk("RVS-Main", "TRIAGE", &weeks(date(2027, 5, 24), &careful)),
            chunk("RVS-North", "MSG", &weeks(date(2027, 8, 2), &usual)),
            chunk("RVS-North", "APPT", &weeks(date(2027, 8, 30), &usual)),
        ],
    }
}

fn chunk(site: &str, call_type: &str, steps: &[(u8, Date)]) -> PlannedChunk {
    let line = match site {
        "RVS-Main" => "RVS-Main-TFN",
        _ => "RVS-North-DID",
    };
    let kind = match call_type {
        "MSG" => "message",
        "APPT" => "appointment",
        "CONSULT" => "consult",
        _ => "triage",
    };
    PlannedChunk {
        id: format!("{site}/{call_type}").as_str().into(),
        site: site.into(),
        lines: vec![line.into()],
        call_type: call_type.into(),
        windows: Vec::new(),
        steps: steps
            .iter()
            .map(|(share, from)| PlannedStep {
                share_percent: ShareInput::percent(*share),
                from: *from,
            })
            .collect(),
        cut_off_action: segue_domain::chunks::CutOffAction::Home,
        coverage: ["day × English", "night × Spanish"]
            .map(|cell| format!("{kind} × {cell}"))
            .into(),
    }
}

fn example(name: &str) -> String {
    let path = format!(
        "{}/../../examples/riverside/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[test]
fn the_example_files_say_what_the_builder_says() {
    let created: CreateTransition = serde_json::from_str(&example("create.json")).unwrap();
    assert_eq!(created, create());
    let planned: segue_domain::schedule::ProposePlan =
        serde_json::from_str(&example("plan.json")).unwrap();
    assert_eq!(planned.plan, plan());
}
