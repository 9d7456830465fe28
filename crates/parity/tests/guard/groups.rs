//! Each group of callers has a verdict of its own: harm to one holds and pages, and by chance hardly ever does.

use super::{ABANDONED, DAY_US, after, again, bytes, days, signed};
use segue_parity::guard::record::{Arm, Call};
use segue_parity::guard::{Action, Verdict, at_signing, group_comparisons, is_harmed};

/// One caller in `one_in` speaks Spanish; of those sent out so many in a hundred hang up.
fn season(one_in: u64, spanish_percent: u64) -> Vec<Call> {
    days(60, |key, call| {
        let spanish = (key / 2).is_multiple_of(one_in);
        call.place.segments[1] = Some(u16::from(spanish));
        // The digits of a number that nobody arranged.
        let dice = (key / 2 / one_in).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        if call.place.arm == Arm::Outsourced && spanish && dice % 100 < spanish_percent {
            call.outcome = ABANDONED;
        }
    })
}

#[test]
fn harm_to_one_group_holds_and_pages_and_brings_nobody_home() {
    // One in eight, of whom a third hang up: one in twenty-four of all, within the target of everybody.
    let (_, assessment) = after(&season(8, 33), 61 * DAY_US);
    assert_ne!(assessment.metrics[0].verdict, Verdict::Fail);
    assert_eq!(
        assessment.action,
        Action::HoldForGroup,
        "{:?}",
        assessment.reasons
    );
    let said = &assessment.reasons[0];
    assert!(
        said.starts_with("Callers spanish: abandonment worse than anybody was promised"),
        "{said}"
    );
    let harmed = assessment
        .inputs
        .groups
        .iter()
        .filter(|g| is_harmed(&signed(), g));
    assert_eq!(harmed.map(|g| g.segment).collect::<Vec<_>>(), [Some(1)]);
    assert_eq!(bytes(&again(&assessment)), bytes(&assessment));
}

#[test]
fn small_groups_are_judged_together() {
    // One in forty: too few to stand alone.
    let (_, assessment) = after(&season(40, 60), 61 * DAY_US);
    let harmed = assessment
        .inputs
        .groups
        .iter()
        .filter(|g| is_harmed(&signed(), g));
    assert_eq!(harmed.map(|g| g.segment).collect::<Vec<_>>(), [None]);
    assert!(
        assessment.reasons[0].starts_with("Callers groups below one in twenty calls"),
        "{:?}",
        assessment.reasons
    );
}

/// A centre at the limit itself, its callers in two groups alike, each call by itself: the chance to be held for by chance is printed, and kept.
#[test]
fn a_centre_at_the_limit_is_hardly_ever_held_for_a_group() {
    let mut held = 0;
    for seed in 0..100_u64 {
        let calls = days(30, |key, call| {
            let dice = (key + 1)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .wrapping_add(seed.wrapping_mul(0xd1b5_4a32_d192_ed03));
            let dice = (dice ^ (dice >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33;
            call.place.segments[1] = Some(u16::from(dice.is_multiple_of(8)));
            if (dice / 8) % 100 < 7 {
                call.outcome = ABANDONED;
            }
        });
        let (guard, assessment) = after(&calls, 31 * DAY_US);
        assert_eq!(group_comparisons(guard.rules()), 3);
        let groups = &assessment.inputs.groups;
        held += i32::from(groups.iter().any(|group| is_harmed(guard.rules(), group)));
    }
    assert!(held <= 5, "{held} of 100");
}

#[test]
fn the_chance_is_printed_when_rules_are_signed() {
    let says = at_signing(&signed());
    assert!(
        says.iter()
            .any(|says| says.starts_with("Groups of callers: 3 comparisons share 5 %")),
        "{says:?}"
    );
}
