//! A dead trunk costs a caller nothing, a silent one three seconds: every call is answered in-house.

use crate::support::centre::{Centre, bind, closed_port};
use crate::support::chance::{median, p99};
use crate::support::clock::wait_for;
use crate::support::serve::Serving;
use crate::support::sipp::{self, Load, callers};
use crate::support::world::{DIALLED, HOME_DIALLED, Targets, World};

/// From the caller's INVITE to the in-house centre's, in milliseconds, of every call to a number.
fn delays_ms(centre: &Centre, dialled: &str) -> Vec<i64> {
    let calls = centre
        .calls()
        .into_values()
        .filter(|call| call.dialled == dialled);
    calls
        .map(|call| (call.arrived_us - call.sent_us) / 1_000)
        .collect()
}

#[test]
fn a_closed_port_is_seen_at_once_and_silence_after_three_seconds() {
    if !sipp::available() {
        return;
    }
    let (in_house, last) = (Centre::at([127, 0, 0, 2]), Centre::at([127, 0, 0, 4]));
    let trunk = closed_port([127, 0, 0, 3]);
    let world = World::live(
        Targets {
            in_house: in_house.addr,
            outsourced: trunk,
            last_resort: last.addr,
        },
        &[100],
    );
    let serving = Serving::start(&world.data());

    // Calls of the chunk and calls that never leave, one after the other in the same run.
    let (out, home) = (callers(555, 300), callers(556, 300));
    let direct = Load::each(&home, HOME_DIALLED, 50).start(serving.sip);
    Load::each(&out, DIALLED, 50).place(serving.sip);
    direct.all_well();
    assert_eq!((in_house.count(), last.count()), (600, 0));
    let (refused, direct) = (
        delays_ms(&in_house, DIALLED),
        delays_ms(&in_house, HOME_DIALLED),
    );
    assert_eq!((refused.len(), direct.len()), (300, 300));
    let added = p99(&refused) - median(&direct);
    println!(
        "closed port: p99 {} ms, direct: median {} ms, p99 {} ms",
        p99(&refused),
        median(&direct),
        p99(&direct)
    );
    assert!(added < 50, "a closed port added {added} ms");
    told(&world, &in_house, "unreachable", 0..50);

    // The same trunk, now taking calls and saying nothing.
    in_house.forget();
    let silent = bind(trunk);
    let calls = callers(557, 60);
    Load::each(&calls, DIALLED, 20).place(serving.sip);
    let waits = delays_ms(&in_house, DIALLED);
    assert_eq!((waits.len(), last.count()), (calls.len(), 0));
    let off: Vec<_> = waits
        .iter()
        .filter(|ms| !(2_800..=3_200).contains(*ms))
        .collect();
    assert!(off.is_empty(), "not within 3 s ± 0.2: {off:?}");
    told(&world, &in_house, "silent", 2_800..3_200);
    drop(silent);
    assert_eq!(serving.stop(), 0);
}

/// The record of a call names what the trunk did and that in-house answered.
fn told(world: &World, in_house: &Centre, did: &str, within_ms: std::ops::Range<u64>) {
    let call = in_house
        .calls()
        .into_values()
        .find(|call| call.dialled == DIALLED)
        .expect("a call");
    let told = wait_for("the outcome is written down", || {
        let told = world.ask(None, &["explain", &call.segue_call]).done();
        (told["targets"][1]["outcome"] == "answered").then_some(told)
    });
    assert_eq!(
        (&told["arm"], &told["targets"][0]["outcome"]),
        (&"outsourced".into(), &did.into()),
        "{told}"
    );
    let ms = told["targets"][0]["ms"].as_u64().expect("milliseconds");
    assert!(within_ms.contains(&ms), "{told}");
}
