//! Windows as people write them: when they are open, and what is no window.

use jiff::Timestamp;
use segue_domain::Code;
use segue_domain::windows::{HolidayHours, Holidays, ShiftWindow, is_open};

const ZONE: &str = "America/New_York";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn any_window_that_is_open_will_do_and_none_means_always() {
    let nights = ShiftWindow::new("Mon-Fri 19:00-07:00", ZONE);
    let saturday = ShiftWindow::new("Sat 08:00-12:00", ZONE);
    let unread = ShiftWindow::new("now and then", ZONE);
    // Monday, 4 January 2027: 19:00 in New York is midnight UTC.
    let evening = at("2027-01-05T00:00:00Z");
    let before = at("2027-01-04T23:59:59Z");
    assert!(is_open(&[], before));
    assert!(is_open(std::slice::from_ref(&nights), evening));
    assert!(!is_open(std::slice::from_ref(&nights), before));
    assert!(is_open(&[saturday.clone(), nights.clone()], evening));
    assert!(is_open(&[unread.clone(), nights], evening));
    assert!(!is_open(&[saturday, unread.clone()], evening));
    assert!(!is_open(&[unread], evening));
}

#[test]
fn a_window_from_an_hour_to_the_same_hour_a_week_later_is_always_open() {
    let week = ShiftWindow::new("Mon 08:00-Mon 08:00", ZONE)
        .parse()
        .unwrap();
    for moment in [
        "2027-01-04T12:59:59Z",
        "2027-01-04T13:00:00Z",
        "2027-01-09T03:00:00Z",
    ] {
        assert!(week.contains(at(moment)), "{moment}");
    }
    assert_eq!(week.zone().iana_name(), Some(ZONE));
}

#[test]
fn a_window_has_at_most_two_hundred_holidays() {
    let first = jiff::civil::date(2027, 1, 1);
    let with = |days: i32| {
        let dates = (0..days).map(|n| first.saturating_add(jiff::Span::new().days(n)));
        let holidays = Holidays {
            hours: HolidayHours::Closed,
            dates: dates.collect(),
        };
        let window = ShiftWindow {
            holidays,
            ..ShiftWindow::new("daily 08:00-17:00", ZONE)
        };
        window.parse()
    };
    assert!(with(200).is_ok());
    let refused = with(201).unwrap_err();
    assert_eq!(refused.code, Code::WindowInvalid);
    assert!(
        refused
            .to_string()
            .contains("at most 200 holidays in one window"),
        "{refused}"
    );
}
