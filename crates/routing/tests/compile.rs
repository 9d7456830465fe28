//! The compiled table: the same facts give the same bytes, whenever in the day they are compiled.
#![expect(clippy::unwrap_used, reason = "a failed fixture is a failed test")]

use jiff::{SignedDuration, Timestamp};
use segue_domain::{Transition, apply, decide};
use segue_example::{Example, Goal, MOVES_MAX, Move};
use segue_routing::compile;

/// The example with its plan agreed, windows and all.
fn agreed() -> (Transition, Timestamp) {
    let example = Example::riverside();
    let mut t = Transition::new("RVS".into());
    let mut now: Timestamp = "2026-12-01T15:00:00Z".parse().unwrap();
    for _ in 0..MOVES_MAX {
        match example.next(&t, &Goal::Agreed, now) {
            None => return (t, now),
            Some(Move::Wait(until)) => now = until,
            Some(Move::Say(said)) => {
                for event in decide(&t, &said.1, &said.0, now).unwrap() {
                    apply(&mut t, &event);
                }
            }
        }
    }
    panic!("the example does not agree")
}

#[test]
fn nodes_that_know_the_same_run_the_same_table_all_day() {
    let (t, now) = agreed();
    let morning: Timestamp = "2027-03-13T00:00:00Z".parse().unwrap();
    assert!(now < morning, "{now}");
    let table = compile(&t, morning);
    assert!(!table.numbers.is_empty());
    for later_s in [1, 3_599, 43_200, 86_399] {
        let at = morning + SignedDuration::from_secs(later_s);
        let other = compile(&t, at);
        assert_eq!(other.bytes(), table.bytes(), "{at}");
        assert_eq!(other.hash(), table.hash());
        let valid = Timestamp::from_microsecond(other.valid_until_us).unwrap();
        assert!(
            valid.duration_since(at) >= SignedDuration::from_hours(24 * 13),
            "{at}"
        );
    }
    let next_day = compile(&t, morning + SignedDuration::from_hours(24));
    assert_ne!(next_day.hash(), table.hash());
}
