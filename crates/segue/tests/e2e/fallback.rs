//! The home key in the middle of traffic: after its acknowledgement no call goes out, and none fails.

use crate::support::clock::{now_us, wait_for};
use crate::support::sipp::{self, Load, callers};
use crate::support::stage::Stage;
use crate::support::world::{CHUNK, DIALLED};
use serde_json::{Value, json};

#[test]
fn every_call_after_the_acknowledgement_goes_home() {
    if !sipp::available() {
        return;
    }
    let Stage {
        in_house,
        outsourced,
        world,
        serving,
        last: _last,
    } = Stage::live(&[50]);

    let calls = 1_200;
    let calling = Load::each(&callers(555, calls), DIALLED, 100).start(serving.sip);
    wait_for("calls on both sides", || {
        (outsourced.count() >= 100 && in_house.count() >= 100).then_some(())
    });
    let pressed = world.outsourcer(&["fallback", "--scope", "all", "--reason", "trunk is down"]);
    let acknowledged_us = now_us();
    let out_then = outsourced.count();
    is_home(&pressed);
    assert_eq!(world.line()["state"], "returned");

    calling.all_well();
    let seen: Vec<_> = outsourced
        .calls()
        .into_values()
        .chain(in_house.calls().into_values())
        .collect();
    assert_eq!(seen.len(), calls);
    assert!(
        seen.iter().all(|call| call.sent_us > 0),
        "every INVITE says when it was sent"
    );
    let late: Vec<_> = outsourced
        .calls()
        .into_values()
        .filter(|call| call.sent_us > acknowledged_us)
        .collect();
    assert!(
        late.is_empty(),
        "went out after the acknowledgement: {late:?}"
    );
    let after = in_house
        .calls()
        .into_values()
        .filter(|call| call.sent_us > acknowledged_us)
        .count();
    assert!(
        after >= 100,
        "only {after} calls came after the acknowledgement; {out_then} were out then"
    );

    // Pressed again, by the other party: the same incident, nothing new.
    let again = world.client(&["fallback", "--scope", CHUNK, "--reason", "still down"]);
    assert_eq!(
        (&again["incident"], &again["already_home"]),
        (&pressed["incident"], &true.into()),
        "{again}"
    );
    let fell_back = world
        .facts("export.jsonl")
        .into_iter()
        .filter(|line| line["kind"] == "fell_back")
        .count();
    assert_eq!(fell_back, 1);
    assert_eq!(world.status()["nodes"][0]["id"], "A");
    assert_eq!(serving.stop(), 0);
}

/// The answer of `segue fallback` has the keys people script against.
fn is_home(pressed: &Value) {
    for (key, value) in [
        ("scope", json!("all")),
        ("nodes_home", json!(1)),
        ("nodes_total", json!(1)),
        ("journalled", json!(true)),
    ] {
        assert_eq!(pressed[key], value, "{key} in {pressed}");
    }
    assert!(
        pressed["incident"].is_string() && pressed["latency_ms"].is_u64(),
        "{pressed}"
    );
    assert!(pressed["verified"].is_boolean(), "{pressed}");
}
