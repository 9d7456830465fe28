//! Erasure through the real binary: who may order it, what stands in the journal, what is left.

use crate::support::world::World;
use segue_example::{Example, Goal};

const LOG: &str = "\
call_id,dialled,caller,language,agent,disposition,hold_s,wrap_s,queue,arrived,queued,answered,ended
C1,7001,+16095550101,en,agent-01,handled,0,5,MSG,2027-03-01 09:00:00,2027-03-01 09:00:05,2027-03-01 09:00:20,2027-03-01 09:02:00
";

/// What a caller's calls are kept under.
fn hash(world: &World, number: &str) -> String {
    let said = world.ask(None, &["key", "telephone", number]).done();
    said["caller_hash"].as_str().expect("a hash").to_owned()
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
    assert_eq!(erase(Some(&officer), &caller).done()["records"], 1);
    assert_eq!(erase(Some(&officer), &stranger).done()["records"], 0);
    assert_eq!(erase(Some(&officer), &caller).done()["records"], 0);
    let facts = world.facts("erasures.jsonl").into_iter();
    let orders: Vec<String> = facts
        .map(|fact| fact.to_string())
        .filter(|fact| fact.contains("erasure_ordered"))
        .collect();
    assert_eq!(orders.len(), 3, "{orders:?}");
    for order in orders {
        assert!(order.contains("rvs-privacy"), "{order}");
        for whose in [&caller, &stranger] {
            assert!(!order.contains(whose.as_str()), "{order}");
        }
    }
}
