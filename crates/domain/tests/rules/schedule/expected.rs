//! What each side may expect of a share and its hours (A17).

use jiff::civil::Weekday;
use proptest::prelude::*;
use segue_domain::Code;
use segue_domain::schedule::chunker::History;
use segue_domain::schedule::expected::expected;
use segue_domain::share::ShareInput;
use segue_domain::windows::ShiftWindow;
use segue_domain::windows::painted::PaintedWeek;

/// Four weeks in which each hour of the week had as many calls as its number.
fn history() -> History {
    History {
        site: "RVS-Main".into(),
        call_type: "MSG".into(),
        days: 28,
        first_weekday: Weekday::Monday,
        calls: (0..168).collect(),
    }
}

fn painted(window: &str) -> PaintedWeek {
    PaintedWeek::of(&[ShiftWindow::new(window, "America/New_York")
        .parse()
        .unwrap()])
}

#[test]
fn a17_each_side_sees_its_calls_per_hour() {
    let share = ShareInput::percent(20).parse().unwrap();
    let week = expected(&history(), &painted("Mon 08:00-09:30"), share).unwrap();
    let (eight, nine, ten) = (week.hours[8], week.hours[9], week.hours[10]);
    assert!(
        (eight.outsourced - 0.4).abs() < 1e-9,
        "20 % of 2 an hour: {eight:?}"
    );
    assert!(
        (nine.outsourced - 0.225).abs() < 1e-9,
        "half of the hour is inside: {nine:?}"
    );
    assert!(
        ten.outsourced.abs() < 1e-9,
        "outside, all stay in-house: {ten:?}"
    );
    assert!((ten.in_house - 2.5).abs() < 1e-9, "{ten:?}");
}

#[test]
fn a17_each_weekday_is_a_mean_of_its_own_days() {
    // Thirty days from a Saturday: five Saturdays and Sundays, four of the others, ten calls in every hour of each.
    let calls = |hour: usize| if hour / 24 >= 5 { 50 } else { 40 };
    let history = History {
        days: 30,
        first_weekday: Weekday::Saturday,
        calls: (0..168).map(calls).collect(),
        ..history()
    };
    let share = ShareInput::percent(20).parse().unwrap();
    let week = expected(&history, &PaintedWeek::whole(), share).unwrap();
    for (hour, sides) in week.hours.iter().enumerate() {
        assert!((sides.calls() - 10.0).abs() < 1e-9, "{hour}: {sides:?}");
    }
}

#[test]
fn a17_no_days_of_records_expect_nothing() {
    let empty = History {
        days: 0,
        ..history()
    };
    let short = History {
        calls: vec![1; 24],
        ..history()
    };
    let share = ShareInput::percent(20).parse().unwrap();
    for history in [empty, short] {
        let refused = expected(&history, &PaintedWeek::whole(), share).unwrap_err();
        assert_eq!(refused.code, Code::BadFact);
    }
}

proptest! {
    /// Both sides together are all calls, whatever is painted and shared; a larger share never sends fewer out.
    #[test]
    fn no_call_is_on_neither_side(percent in 0u8..=100, cells in "[0-9a-f]{168}") {
        let open = PaintedWeek::from_hex(&cells).unwrap();
        let at = |percent| expected(&history(), &open, ShareInput::percent(percent).parse().unwrap()).unwrap();
        let (week, all) = (at(percent), at(100));
        let calls: u32 = history().calls.iter().map(|n| u32::try_from(*n).unwrap()).sum();
        prop_assert!((week.week.calls() - f64::from(calls) / 4.0).abs() < 1e-6);
        prop_assert!(week.week.outsourced <= all.week.outsourced + 1e-9);
    }
}
