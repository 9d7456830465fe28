//! Fallback readiness: looked at, recorded shift by shift, and kept up by the running service from then on.

use crate::support::clock::wait_for;
use crate::support::serve::Serving;
use crate::support::world::World;
use segue_example::{Example, Goal};
use serde_json::{Value, json};

/// Recorded readinesses, oldest first, each with who recorded it.
fn recorded(world: &World, export: &str) -> Vec<(Value, Value)> {
    let facts = world.facts(export).into_iter();
    let facts = facts.filter(|fact| fact["kind"] == "readiness_recorded");
    let body = |fact: &Value| fact["body"].as_str().map(serde_json::from_str::<Value>);
    facts
        .map(|fact| {
            let body = body(&fact).expect("a body").expect("JSON");
            (fact["actor"].clone(), body)
        })
        .collect()
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
    // Three nurses answer no busiest hour; forty do.
    let nurse = |n: u32| {
        json!({
            "staff": format!("RN-X{n}"), "site": "RVS-Main", "skill": "triage", "credential": "registered_nurse",
            "licence_until": "2099-12-31", "shifts": ["nights"], "fte_percent": 100,
        })
    };
    let staff: Vec<_> = (0..40).map(nurse).collect();
    let file = world.write("staff.json", &json!({ "staff": staff }));
    let rostered = ["do", "roster-staff", "--file", &file];
    world.ask(Some(&hr), &rostered).done();
    let mut n = 0;
    let kept_up = wait_for("a readiness recorded by the service", || {
        n += 1;
        let all = recorded(&world, &format!("after-{n}.jsonl"));
        (all.len() > before).then(|| all[before..].to_vec())
    });
    let nights = kept_up.iter().find(|(_, body)| body["shift"] == "nights");
    let (actor, nights) = nights.unwrap_or_else(|| panic!("{kept_up:?}"));
    assert_eq!(actor, "client:segue");
    let bp = nights["now_bp"].as_u64().expect("basis points");
    assert!(bp > 9_000, "{nights}");
    drop(serving);
}
