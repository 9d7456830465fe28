//! SIGKILL at any moment: no acknowledged fact is lost, the latch holds, calls flow again.

use crate::support::cli::{Said, spawn};
use crate::support::clock::wait_for;
use crate::support::serve::Serving;
use crate::support::sipp::{self, Load, callers};
use crate::support::stage::Stage;
use crate::support::world::{CHUNK, DIALLED, World};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

const CELL: &str = "message × day × English";
/// Commands that run beside the kills.
const APPENDS: u64 = 40;

/// One test call's record, by its own command id.
fn append(id: &str) -> [&str; 12] {
    [
        "--json",
        "--command-id",
        id,
        "do",
        "record-test-call",
        "--chunk",
        CHUNK,
        "--cell",
        CELL,
        "--passed",
        "true",
        "--evidence=kill",
    ]
}

/// Appends by many processes, every third of them killed at a moment of its own; ids that were acknowledged.
fn appends(world: &World, round: &str) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for n in 0..APPENDS {
        let id = format!("{round}-{n}");
        let mut child = spawn(&world.data(), Some(&world.client), &append(&id));
        if n % 3 == 0 {
            // Anywhere between its start and its end, in steps of its own: the moment is the test.
            std::thread::sleep(Duration::from_millis(2 * n));
            child.kill().expect("killed");
        }
        let said: Said = child.wait_with_output().expect("ended").into();
        if said.code == 0 {
            said.json();
            acknowledged.push(id);
        } else {
            assert_eq!(
                (n % 3, said.code),
                (0, -1),
                "only the killed ones may fail: {said:?}"
            );
        }
    }
    acknowledged
}

/// The journal holds every acknowledged command, each once, and verifies.
fn sound(world: &World, acknowledged: &[String], export: &str) {
    let verified = world.ask(None, &["journal", "verify"]).done();
    assert_eq!(
        (&verified["ok"], &verified["first_bad"]),
        (&true.into(), &Value::Null),
        "{verified}"
    );
    let facts = world.facts(export);
    let ids: Vec<_> = facts
        .iter()
        .filter(|f| f["kind"] == "test_call_recorded")
        .filter_map(|f| f["command_id"].as_str())
        .collect();
    let distinct: BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "a command was recorded twice");
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|id| !ids.contains(&id.as_str()))
        .collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}

#[test]
fn sigkill_during_traffic_and_appends_loses_nothing() {
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
    let (sip, http) = (serving.sip, serving.http);

    let regulars = callers(555, 300);
    Load::each(&regulars, DIALLED, 200).place(sip);
    let out: BTreeSet<_> = outsourced
        .calls()
        .into_values()
        .map(|call| call.caller)
        .collect();
    let home: BTreeSet<_> = in_house
        .calls()
        .into_values()
        .map(|call| call.caller)
        .collect();
    assert!(
        out.len() > 100 && home.len() > 100,
        "{} out, {} home",
        out.len(),
        home.len()
    );

    // In the middle of calls and of appends.
    let mut calling = Load::each(&callers(556, 3_000), DIALLED, 200).start(sip);
    wait_for("traffic", || (in_house.count() >= 200).then_some(()));
    let acknowledged = std::thread::scope(|scope| {
        let appending = scope.spawn(|| appends(&world, "first"));
        let seen = in_house.count();
        wait_for("traffic during appends", || {
            (in_house.count() >= seen + 100).then_some(())
        });
        serving.kill();
        appending.join().expect("no panic")
    });
    calling.end();
    assert!(acknowledged.len() > 20, "{acknowledged:?}");
    sound(&world, &acknowledged, "first.jsonl");

    // The same addresses again; calls flow and callers keep their sides.
    let before = world.standing();
    let serving = Serving::start_at(&world.data(), sip, http);
    assert_eq!(world.standing(), before);
    in_house.forget();
    outsourced.forget();
    Load::each(&regulars, DIALLED, 200).place(sip);
    let out_again: BTreeSet<_> = outsourced
        .calls()
        .into_values()
        .map(|call| call.caller)
        .collect();
    assert_eq!(out_again, out);

    // The latch survives a kill right after its acknowledgement, and so does its fact.
    let pressed = world.client(&["fallback", "--scope", "all", "--reason", "trunk is down"]);
    serving.kill();
    assert_eq!(pressed["nodes_home"], 1, "{pressed}");
    let returned = world.standing();
    let serving = Serving::start_at(&world.data(), sip, http);
    in_house.forget();
    outsourced.forget();
    Load::each(&regulars, DIALLED, 200).place(sip);
    assert_eq!((in_house.count(), outsourced.count()), (300, 0));
    assert_eq!(world.standing(), returned);
    assert_eq!(world.line()["state"], "returned");
    sound(&world, &acknowledged, "second.jsonl");
    assert_eq!(serving.stop(), 0);
}
