//! What holds for any calls and any intervals.

use jiff::ToSpan;
use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use segue_rehearsal::calls::{Ending, Recorded, over_days};
use segue_rehearsal::floors::{AgreedFloors, Floors, Interval, Verdict, Verdicts};

/// Monday 4 January 2027, 00:00 in New York, and an hour.
const MONDAY_US: i64 = 1_799_038_800_000_000;
const HOUR_US: i64 = 3_600_000_000;

fn call(at_us: i64) -> Recorded {
    Recorded {
        at_us,
        route: 0,
        segment: 0,
        caller: None,
        wait_us: 0,
        ending: Some(Ending::Answered),
        handle_us: None,
    }
}

proptest! {
    /// Over daylight saving too, but for the day that loses or gains an hour.
    #[test]
    fn a_call_keeps_its_weekday_and_its_local_hour(
        hours in prop::collection::btree_set(0_i64..14 * 24, 1..40),
        begins in 0_i32..60,
        days in 1_i32..60,
    ) {
        let zone = TimeZone::get("America/New_York").unwrap();
        let recorded: Vec<_> = hours.iter().map(|h| call(MONDAY_US + h * HOUR_US)).collect();
        let from = date(2027, 2, 1) + begins.days();
        let to = from + days.days();
        let played = over_days(&recorded, &zone, from, to).unwrap();
        prop_assert!(played.is_sorted_by_key(|c| c.at_us));
        let local = |c: &Recorded| {
            let at = jiff::Timestamp::from_microsecond(c.at_us).unwrap();
            at.to_zoned(zone.clone())
        };
        let place = |at: &jiff::Zoned| (at.weekday().to_monday_zero_offset(), at.hour());
        let known: Vec<_> = recorded.iter().map(|c| place(&local(c))).collect();
        for at in played.iter().map(local) {
            let changes = at.date() == date(2027, 3, 14) || at.date() == date(2027, 3, 15);
            prop_assert!(changes || known.contains(&place(&at)), "{at}");
            prop_assert!(from <= at.date() && at.date() <= to);
        }
    }

    /// More harm never turns a broken floor into a whole one.
    #[test]
    fn a_floor_that_breaks_breaks_with_one_hang_up_more(
        offered in 0_u32..60, within in 0_u32..60, abandoned in 0_u32..60, wait_s in 0_u32..1_200,
    ) {
        let interval = Interval {
            offered,
            answered_within: within.min(offered),
            abandoned: abandoned.min(offered - within.min(offered)),
            longest_wait_s: wait_s,
        };
        let judge = |interval| {
            let mut floors = AgreedFloors::new(Floors::default());
            floors.assess(Some(interval));
            floors.assess(Some(interval))
        };
        let worse = Interval { offered: offered + 1, abandoned: interval.abandoned + 1, ..interval };
        if matches!(judge(interval), Verdict::Fail(_)) {
            prop_assert!(matches!(judge(worse), Verdict::Fail(_)), "{interval:?}");
        }
        if wait_s > 600 {
            prop_assert!(matches!(judge(interval), Verdict::Fail(_)), "{interval:?}");
        }
        if interval.answered_within == offered && wait_s <= 600 {
            prop_assert_eq!(judge(interval), Verdict::Pass);
        }
    }
}
