//! Fallback readiness: looked at, recorded shift by shift, and kept up by the running service from then on.

use crate::support::clock::wait_for;
use crate::support::serve::Serving;
use crate::support::world::World;
use segue_example::{Example, Goal};
use serde_json::Value;

/// Recorded readinesses, oldest first.
fn recorded(world: &World, export: &str) -> Vec<Value> {
    let mut facts = world.facts(export);
    facts.retain(|fact| fact["kind"] == "readiness_recorded");
    facts
}

#[test]
fn what_was_recorded_once_is_kept_up() {
    let world = World::new();
    world.walk(&Example::riverside(), &Goal::Agreed);
    let looked = world.ask(None, &["door"]).done();
    assert_eq!(looked["recorded_shifts"], 0);
    assert!(recorded(&world, "looked.jsonl").is_empty());
    let first = world.client(&["--command-id", "D-1", "door", "--record"]);
    let shifts = first["recorded_shifts"].as_u64().expect("a count");
    assert!(shifts > 1, "{first}");
    // Once more: what it was computed from is kept already.
    let again = world.client(&["door", "--record"]);
    assert_eq!(again["recorded_shifts"], shifts);
    assert!(
        world
            .data()
            .join("door")
            .read_dir()
            .expect("a folder")
            .count()
            > 0
    );
    let status = world.status();
    let least = |figure: &Value| figure.as_f64().expect("a readiness");
    assert!(least(&status["door"]["r_now"]) <= least(&looked["door"]["r_now"]) + 1e-4);

    let serving = Serving::start(&world.data());
    let before = recorded(&world, "before.jsonl").len();
    let hr = world.person("rvs-hr", "client", &["human-resources"], None);
    let leaves = [
        "do",
        "withdraw-fallback-shift",
        "--staff",
        "RN-N1",
        "--shift",
        "nights",
    ];
    world.ask(Some(&hr), &leaves).done();
    let mut n = 0;
    let kept_up = wait_for("a readiness recorded by the service", || {
        n += 1;
        let all = recorded(&world, &format!("after-{n}.jsonl"));
        (all.len() > before).then(|| all[before..].to_vec())
    });
    let nights = kept_up
        .iter()
        .find(|fact| fact["body"]["shift"] == "nights");
    let nights = nights.unwrap_or_else(|| panic!("{kept_up:?}"));
    assert_eq!(nights["actor"], "client:segue");
    // One nurse fewer is never readier.
    let triage_nights = |fact: &&Value| {
        fact["body"]["shift"] == "nights" && fact["body"]["rung"] == nights["body"]["rung"]
    };
    let was = recorded(&world, "was.jsonl")
        .into_iter()
        .filter(|fact| fact["actor"] != "client:segue")
        .find(|fact| triage_nights(&fact));
    let bp = |fact: &Value| {
        fact["body"]["within_24h_bp"]
            .as_u64()
            .expect("basis points")
    };
    assert!(bp(nights) < bp(&was.expect("recorded by hand")), "{nights}");
    drop(serving);
}
