//! Trials placed as calls, against SIPp: a line that is busy, a message for the one on call, the last resort.

use crate::support::centre::{Centre, closed_port};
use crate::support::far_end::FarEnd;
use crate::support::serve::Serving;
use crate::support::sipp::{Load, available, callers};
use crate::support::world::{CHUNK, DIALLED, Targets, World};
use serde_json::{Value, json};
use std::thread;

const LINE: &str = "RVS-Main-TFN";

/// The bodies of the facts of a kind, oldest first.
fn facts(world: &World, export: &str, kind: &str) -> Vec<Value> {
    let facts = world.facts(export).into_iter();
    let own = facts.filter(|fact| fact["kind"] == kind);
    let body = |fact: Value| fact["body"].as_str().expect("a body").to_owned();
    own.map(|fact| serde_json::from_str(&body(fact)).expect("JSON"))
        .collect()
}

/// A share goes out to a line on which everybody is busy.
fn busy_outsourcer(share_percent: u8) -> (Centre, FarEnd, World) {
    let (in_house, busy) = (Centre::at([127, 0, 0, 2]), FarEnd::busy([127, 0, 0, 3]));
    let world = World::live(
        Targets {
            in_house: in_house.addr,
            outsourced: busy.addr,
            last_resort: closed_port([127, 0, 0, 4]),
        },
        &[share_percent],
    );
    (in_house, busy, world)
}

#[test]
fn a_busy_outsourcer_costs_no_caller_their_call() {
    if !available() {
        return;
    }
    let (in_house, _busy, world) = busy_outsourcer(50);
    let serving = Serving::start(&world.data());
    // Callers first: whoever is to go out hears somebody all the same.
    Load::each(&callers(581, 20), DIALLED, 20).place(serving.sip);
    assert_eq!(in_house.whole(), 20);

    let via = serving.sip.to_string();
    let own = [
        "trial",
        "path",
        LINE,
        DIALLED,
        "--via",
        &via,
        "--line-busy",
        "--record",
        "--command-id",
        "busy-1",
    ];
    let checked = world.client(&own);
    let busy_overflow = |checks: &Value| {
        let checks = checks.as_array().expect("checks").clone();
        let found = checks.into_iter().find(|c| c["kind"] == "busy_overflow");
        found.map(|c| c["outcome"].clone())
    };
    assert_eq!(
        busy_overflow(&checked["checks"]),
        Some(json!("passed")),
        "{checked}"
    );
    let recorded = facts(&world, "once.jsonl", "telephony_checked");
    let last = recorded.last().expect("recorded");
    assert_eq!(busy_overflow(&last["checks"]), Some(json!("passed")));
    assert_eq!(last["reference"], checked["reference"]);

    // A retry under the same id is answered from the journal: nobody is called, nothing is recorded twice.
    let placed = in_house.count();
    let again = world.client(&own);
    assert_eq!(
        (&again["repeated"], in_house.count()),
        (&json!(true), placed),
        "{again}"
    );
    let after = facts(&world, "twice.jsonl", "telephony_checked");
    assert_eq!(after.len(), recorded.len());
    let other = [
        "trial",
        "share",
        CHUNK,
        "--via",
        &via,
        "--command-id",
        "busy-1",
    ];
    let reused = world.ask(Some(&world.client), &other);
    assert_eq!(
        reused.code, 2,
        "the id belongs to another command: {reused:?}"
    );
    assert_eq!(serving.stop(), 0);
}

#[test]
fn a_node_can_be_told_that_busy_is_the_callers_answer() {
    if !available() {
        return;
    }
    let (in_house, _busy, world) = busy_outsourcer(100);
    let serving = Serving::start_with(&world.data(), &["--stop-at", "486"]);
    let via = serving.sip.to_string();
    let said = world.ask(
        None,
        &["trial", "path", LINE, DIALLED, "--via", &via, "--line-busy"],
    );
    assert_eq!(said.code, 5, "{said:?}");
    // The one call that was routed before is the only one that came in-house.
    assert_eq!(in_house.count(), 1);
    assert_eq!(serving.stop(), 0);
}

#[test]
fn a_message_left_at_the_outsourcers_reaches_the_telephone_on_call() {
    if !available() {
        return;
    }
    let agent = FarEnd::takes_a_message([127, 0, 0, 3]);
    let world = World::live(
        Targets {
            outsourced: agent.addr,
            ..Targets::nobody()
        },
        &[20],
    );
    let on_call = closed_port([127, 0, 0, 5]);
    let at = on_call.to_string();
    let own = ["trial", "delivery", LINE, DIALLED, "--on-call", &at];
    let delivered = thread::scope(|threads| {
        let asked = threads.spawn(|| {
            let more = ["--within-min", "1", "--record"];
            world.client(&[&own[..], &more].concat())
        });
        agent.succeeds();
        FarEnd::calls([127, 0, 0, 3], "7990", on_call).succeeds();
        asked.join().expect("no panic")
    });
    let seen = &delivered["delivery"];
    assert_eq!(
        (&seen["outcome"], &seen["agent_heard"]),
        (&json!("delivered"), &json!(true)),
        "{delivered}"
    );
    assert!(seen["delivered_after_ms"].is_u64(), "{seen}");
    assert_eq!(seen["calls"][0]["dialled"], "7990", "{seen}");
    let checked = facts(&world, "checked.jsonl", "telephony_checked");
    let last = checked.last().expect("recorded");
    assert_eq!(
        last["checks"],
        json!([{ "kind": "on_call_delivery", "outcome": "passed", "measured": null }])
    );
    assert!(
        world
            .data()
            .join(last["reference"].as_str().expect("a reference"))
            .exists()
    );

    // Nobody is at the outsourcer's: no message, and no delivery.
    let said = world.ask(None, &own);
    assert_eq!(said.code, 5, "{said:?}");
    assert_eq!(said.json()["delivery"]["outcome"], "agent_not_reached");
}

/// A line that is answered, and gives back what it is told: our own voice is nobody who helps a caller.
#[test]
fn an_echo_is_no_last_resort() {
    if !available() {
        return;
    }
    let echo = FarEnd::echo([127, 0, 0, 4]);
    let world = World::live(
        Targets {
            last_resort: echo.addr,
            ..Targets::nobody()
        },
        &[20],
    );
    let own = ["trial", "last-resort", LINE, "--seconds", "3", "--record"];
    let said = world.ask(Some(&world.client), &own);
    assert_eq!(said.code, 5, "{said:?}");
    let called = said.json();
    assert_eq!(
        (&called["answered"], &called["targets"][0]["fault"]),
        (&json!(false), &json!("it answered and nobody was heard")),
        "{called}"
    );
}

#[test]
fn the_last_resort_is_called_and_the_gate_knows() {
    if !available() {
        return;
    }
    let telephone = FarEnd::telephone([127, 0, 0, 4]);
    let world = World::live(
        Targets {
            last_resort: telephone.addr,
            ..Targets::nobody()
        },
        &[20],
    );
    let own = [
        "trial",
        "last-resort",
        LINE,
        "--seconds",
        "2",
        "--ring-s",
        "5",
        "--record",
    ];
    let called = world.client(&[&own[..], &["--command-id", "weekly-1"]].concat());
    assert_eq!(
        (&called["answered"], &called["targets"][0]["ok"]),
        (&json!(true), &json!(true)),
        "{called}"
    );
    let recorded = facts(&world, "called.jsonl", "last_resort_called");
    let last = recorded.last().expect("recorded");
    assert_eq!(
        (&last["lines"], &last["answered"], &last["reference"]),
        (&json!([LINE]), &json!(true), &called["reference"])
    );

    // The telephone is gone. A retry is still about the call before; a new call says so, and the gate is red.
    drop(telephone);
    let again = world.client(&[&own[..], &["--command-id", "weekly-1"]].concat());
    assert_eq!(again["repeated"], true, "{again}");
    let said = world.ask(Some(&world.client), &own);
    assert_eq!(said.code, 5, "{said:?}");
    let silent = said.json();
    assert_eq!(
        (&silent["answered"], &silent["targets"][0]["fault"]),
        (&json!(false), &json!("nobody answered")),
        "{silent}"
    );
    let gates = world.client(&["show", "gates"]).to_string();
    let red = format!("last resort of {LINE} did not answer");
    assert!(gates.contains(&red), "{gates}");
    let nowhere = world.ask(None, &["trial", "last-resort", "nowhere"]);
    assert_eq!(nowhere.code, 2, "{nowhere:?}");
    assert!(nowhere.err.contains(LINE), "{nowhere:?}");
}
