//! 2,000 calls at 20 %: none fails, the split is what chance allows, and a caller keeps a side, also after a raise.

use crate::support::centre::{Centre, Seen};
use crate::support::chance::binomial_999;
use crate::support::clock::wait_for;
use crate::support::sipp::{self, Load, callers};
use crate::support::stage::Stage;
use crate::support::world::{DIALLED, World};
use std::collections::{BTreeMap, BTreeSet};

const CALLERS: usize = 1_000;

/// The side of every caller, and every call of theirs on that one side.
fn sides(in_house: &Centre, outsourced: &Centre) -> (BTreeSet<String>, BTreeSet<String>) {
    let of = |centre: &Centre| {
        centre
            .calls()
            .into_values()
            .map(|seen| seen.caller)
            .collect::<BTreeSet<_>>()
    };
    let (home, out) = (of(in_house), of(outsourced));
    let both: Vec<_> = home.intersection(&out).collect();
    assert!(
        both.is_empty(),
        "callers who were sent to both sides: {both:?}"
    );
    (home, out)
}

fn within(out: usize, share: f64) {
    let (least, most) = binomial_999(u32::try_from(CALLERS).expect("few"), share);
    let out = u32::try_from(out).expect("few");
    assert!(
        (least..=most).contains(&out),
        "{out} of {CALLERS} callers went out; {share} allows {least} to {most}"
    );
}

#[test]
fn two_thousand_calls_split_by_caller_and_a_raise_moves_nobody_who_called() {
    if !sipp::available() {
        return;
    }
    let Stage {
        in_house,
        outsourced,
        last,
        world,
        serving,
    } = Stage::live(&[20, 40]);
    let regulars = callers(555, CALLERS);

    Load::each(&regulars, DIALLED, 50)
        .then(&regulars, DIALLED)
        .place(serving.sip);
    assert_eq!(
        (in_house.count() + outsourced.count(), last.count()),
        (2 * CALLERS, 0)
    );
    let (home, out) = sides(&in_house, &outsourced);
    assert_eq!(home.len() + out.len(), CALLERS);
    within(out.len(), 0.2);
    wait_for("every call ended at its centre", || {
        (in_house.whole() + outsourced.whole() == 2 * CALLERS).then_some(())
    });
    explained(&world, &in_house, &outsourced, 0.2);

    in_house.forget();
    outsourced.forget();
    world.raise(40);
    let position = world.status()["position"].clone();
    wait_for("the node runs the new table", || {
        (world.status()["nodes"][0]["position"] == position).then_some(())
    });
    let strangers = callers(556, CALLERS);
    Load::each(&regulars, DIALLED, 200)
        .then(&strangers, DIALLED)
        .place(serving.sip);
    let (home_after, out_after) = sides(&in_house, &outsourced);
    assert!(
        home.is_subset(&home_after),
        "sent out by the raise: {:?}",
        home.difference(&home_after)
    );
    assert!(
        out.is_subset(&out_after),
        "brought home by the raise: {:?}",
        out.difference(&out_after)
    );
    within(out_after.difference(&out).count(), 0.4);
    // Somebody between the old and the new share was held by the episode, and the record says so.
    let regulars: BTreeSet<_> = home.iter().collect();
    let known = in_house
        .calls()
        .into_values()
        .filter(|seen| regulars.contains(&seen.caller));
    let held = known
        .take(60)
        .map(|seen| world.ask(None, &["explain", &seen.segue_call]).done());
    assert!(
        held.into_iter().any(|told| told["rule"] == "episode"),
        "of sixty regulars at least one was held in-house"
    );
    assert_eq!(serving.stop(), 0);
}

/// `segue explain` tells of a call of each side what happened to it.
fn explained(world: &World, in_house: &Centre, outsourced: &Centre, share: f64) {
    for (arm, centre) in [("in_house", in_house), ("outsourced", outsourced)] {
        let call: Seen = centre.calls().into_values().next().expect("a call");
        let told = wait_for("the outcome is written down", || {
            let told = world.ask(None, &["explain", &call.segue_call]).done();
            (told["targets"][0]["outcome"] == "answered").then_some(told)
        });
        let object: BTreeMap<String, serde_json::Value> =
            serde_json::from_value(told.clone()).expect("an object");
        for key in [
            "call",
            "node",
            "table_hash",
            "chunk",
            "rule",
            "bucket",
            "pi",
            "arm",
            "reason",
            "targets",
            "record",
        ] {
            assert!(object.contains_key(key), "{key} in {told}");
        }
        assert_eq!(
            (
                told["arm"].as_str(),
                told["rule"].as_str(),
                told["pi"].as_f64()
            ),
            (Some(arm), Some("share"), Some(share))
        );
        assert_eq!(told["call"], call.segue_call.as_str());
        let table = told["table_hash"].as_str().expect("a hash");
        assert!(
            world.data().join(format!("tables/{table}.json")).exists(),
            "the table it cites is kept"
        );
        assert!(
            !told.to_string().contains(&call.caller),
            "no caller's number in {told}"
        );
    }
}
