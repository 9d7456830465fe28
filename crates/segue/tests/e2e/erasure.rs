//! Erasure and retention through the real binary: who may order it, what stands in the journal, what is left.

use crate::support::clock::{now, wait_for};
use crate::support::serve::Serving;
use crate::support::world::World;
use jiff::{SignedDuration, Timestamp};
use segue_example::{Example, Goal};
use segue_journal::facts::{Decision, Facts};
use serde_json::json;

const LOG: &str = "\
call_id,dialled,caller,language,agent,disposition,hold_s,wrap_s,queue,arrived,queued,answered,ended
C1,7001,+16095550101,en,agent-01,handled,0,5,MSG,2027-03-01 09:00:00,2027-03-01 09:00:05,2027-03-01 09:00:20,2027-03-01 09:02:00
";

/// What a caller's calls are kept under.
fn hash(world: &World, number: &str) -> String {
    let said = world.ask(None, &["key", "telephone", number]).done();
    said["caller_hash"].as_str().expect("a hash").to_owned()
}

/// A routing decision about this caller, as a node stores it.
fn decision(call: &str, caller: &str, at: Timestamp) -> Decision {
    Decision {
        call_id: call.to_owned(),
        at,
        node: "A".to_owned(),
        table_hash: "ab".repeat(32),
        line: "RVS-Main-TFN".to_owned(),
        chunk: None,
        rule: "window".to_owned(),
        bucket: None,
        pi_bp: 10_000,
        arm: "in_house".to_owned(),
        reason: "nothing is live".to_owned(),
        targets: Vec::new(),
        caller: Some(caller.parse().expect("a hash")),
        dialled: "8005550142".to_owned(),
        is_test: false,
    }
}

fn store(world: &World, decisions: &[Decision]) {
    let place = world.data().join("facts.db");
    let store = async {
        let facts = Facts::open(&place).await.expect("call facts");
        facts.store_decisions(decisions).await.expect("stored");
        facts.close().await;
    };
    tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(store);
}

/// Who acts, whether they may, the order with its actor, and only then the erasure; the same for a caller of whom nothing is here.
#[test]
fn an_erasure_is_ordered_by_somebody_who_may() {
    let world = World::new();
    world.walk(&Example::riverside(), &Goal::Discovering { open: 0 });
    let log = world.path("log.csv").display().to_string();
    std::fs::write(&log, LOG).expect("written");
    let import = [
        "calls",
        "import",
        &log,
        "--mapping",
        "generic",
        "--source",
        "acd",
    ];
    assert_eq!(world.ask(None, &import).done()["accepted"], 1);
    let [caller, stranger] = ["+16095550101", "+16095550102"].map(|number| hash(&world, number));
    let erase = |token: Option<&str>, whose: &str| {
        let asked = [
            "calls",
            "erase",
            "--hash",
            whose,
            "--reason",
            "request of March",
        ];
        world.ask(token, &asked)
    };
    let officer = world.person("rvs-privacy", "client", &["compliance"], None);
    for whose in [&caller, &stranger] {
        let nobody = erase(None, whose);
        assert_eq!(nobody.code, 2, "{nobody:?}");
        assert!(nobody.err.contains("say who acts"), "{nobody:?}");
        for token in [&world.client, &world.outsourcer] {
            let refused = erase(Some(token), whose);
            assert_eq!(refused.code, 3, "{refused:?}");
            assert_eq!(refused.json()["refusal"]["code"], "NOT_AUTHORISED");
        }
    }
    store(&world, &[decision("call-1", &stranger, now())]);
    assert_eq!(erase(Some(&officer), &caller).done()["records"], 1);
    let facts_alone = erase(Some(&officer), &stranger).done();
    assert_eq!(
        (&facts_alone["records"], &facts_alone["call_facts"]),
        (&json!(0), &json!(1))
    );
    let explained = world.ask(None, &["explain", "call-1"]);
    assert_ne!(explained.code, 0, "{explained:?}");
    assert_eq!(erase(Some(&officer), &stranger).done()["records"], 0);
    assert_eq!(erase(Some(&officer), &caller).done()["records"], 0);
    let facts = world.facts("erasures.jsonl").into_iter();
    let orders: Vec<String> = facts
        .map(|fact| fact.to_string())
        .filter(|fact| fact.contains("erasure_ordered"))
        .collect();
    assert_eq!(orders.len(), 4, "{orders:?}");
    for order in orders {
        assert!(order.contains("rvs-privacy"), "{order}");
        for whose in [&caller, &stranger] {
            assert!(!order.contains(whose.as_str()), "{order}");
        }
    }
}

/// What is older than the client keeps it is deleted by the service itself, and nothing else is.
#[test]
fn call_facts_past_their_days_go_by_themselves() {
    let world = World::new();
    world.walk(&Example::riverside(), &Goal::Created);
    let caller = hash(&world, "+16095550101");
    let days_ago = |days: i64| now() - SignedDuration::from_hours(24 * days);
    let decisions = [("old", 41), ("young", 39)];
    store(
        &world,
        &decisions.map(|(call, days)| decision(call, &caller, days_ago(days))),
    );
    let explained = |call: &str| world.ask(None, &["explain", call]).code == 0;
    let kept = Serving::start(&world.data());
    assert!(explained("old"), "kept while nobody says how long");
    assert_eq!(kept.stop(), 0);
    let serving = Serving::start_with(&world.data(), &["--keep-call-facts-days", "40"]);
    wait_for("the old decision is gone", || {
        (!explained("old")).then_some(())
    });
    assert!(explained("young"));
    assert_eq!(serving.stop(), 0);
    let short = world.ask(None, &["serve", "--keep-call-facts-days", "3"]);
    assert_eq!(short.code, 2, "evidence needs more: {short:?}");
}
