//! The home key in the middle of traffic: after its acknowledgement no call goes out, and none fails.

use crate::support::centre::Centre;
use crate::support::clock::{now_us, wait_for};
use crate::support::serve::Serving;
use crate::support::sipp::{self, Load, callers};
use crate::support::world::{CHUNK, DIALLED, Targets, World};
use serde_json::json;

#[test]
fn every_call_after_the_acknowledgement_goes_home() {
    if !sipp::available() {
        return;
    }
    let (in_house, outsourced, last) = (
        Centre::at([127, 0, 0, 2]),
        Centre::at([127, 0, 0, 3]),
        Centre::at([127, 0, 0, 4]),
    );
    let targets = Targets {
        in_house: in_house.addr,
        outsourced: outsourced.addr,
        last_resort: last.addr,
    };
    let world = World::live(targets, &[50]);
    let serving = Serving::start(&world.data());

    let calls = 1_200;
    let calling = Load::each(&callers(555, calls), DIALLED, 100).start(serving.sip);
    wait_for("calls on both sides", || {
        (outsourced.count() >= 100 && in_house.count() >= 100).then_some(())
    });
    let pressed = world.outsourcer(&["fallback", "--scope", "all", "--reason", "trunk is down"]);
    let acknowledged_us = now_us();
    let out_then = outsourced.count();
    for (key, value) in [
        ("scope", json!("all")),
        ("nodes_home", json!(1)),
        ("nodes_total", json!(1)),
        ("journalled", json!(true)),
    ] {
        assert_eq!(pressed[key], value, "{key} in {pressed}");
    }
    assert!(
        pressed["latency_ms"].as_u64().is_some() && pressed["verified"].is_boolean(),
        "{pressed}"
    );
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
