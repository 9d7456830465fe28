//! Counting days: working days, weekends and Mondays between two dates, without walking the calendar.

use jiff::civil::Date;

/// A Monday to count from.
const MONDAY: Date = jiff::civil::date(1970, 1, 5);

/// Days since Monday, 5 January 1970.
pub fn number(date: Date) -> i64 {
    date.duration_since(MONDAY).as_hours() / 24
}

/// That many days later; the end of the calendar where there is none.
pub fn after(date: Date, days: i64) -> Date {
    let span = jiff::Span::new().try_days(days);
    let later = span.and_then(|span| date.checked_add(span));
    later.unwrap_or(if days < 0 { Date::MIN } else { Date::MAX })
}

/// Mondays to Fridays before a day number.
fn working_before(n: i64) -> i64 {
    n.div_euclid(7) * 5 + n.rem_euclid(7).min(5)
}

fn count(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(0)
}

/// Mondays to Fridays in `[from, to)`; none when `to` is before `from`.
pub fn working(from: Date, to: Date) -> u32 {
    count(working_before(number(to)) - working_before(number(from)))
}

/// The first date with that many working days in `[from, date)`.
pub fn after_working(from: Date, days: u32) -> Date {
    if days == 0 {
        return from;
    }
    let last = working_before(number(from)) + i64::from(days) - 1;
    after(MONDAY, last.div_euclid(5) * 7 + last.rem_euclid(5) + 1)
}

/// Whole weekends, Saturday and Sunday, in `[from, to)`.
pub fn weekends(from: Date, to: Date) -> u32 {
    let saturdays_before = |n: i64| (n + 1).div_euclid(7);
    count(saturdays_before(number(to) - 1) - saturdays_before(number(from)))
}

/// Mondays in `[from, to)`.
pub fn mondays(from: Date, to: Date) -> u32 {
    let before = |n: i64| (n + 6).div_euclid(7);
    count(before(number(to)) - before(number(from)))
}

/// The Monday of a date's week.
pub fn monday_of(date: Date) -> Date {
    after(date, -number(date).rem_euclid(7))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{Weekday, date};

    proptest::proptest! {
        /// The short ways count what a walk over the calendar counts.
        #[test]
        fn counting_is_walking(start in -400i64..400, days in 0i64..40) {
            let from = after(date(2027, 3, 1), start);
            let to = after(from, days);
            let walk: Vec<_> = (0..days).map(|n| after(from, n)).collect();
            let count = |test: &dyn Fn(&Date) -> bool| u32::try_from(walk.iter().filter(|d| test(d)).count()).unwrap();
            let weekend = |d: &Date| matches!(d.weekday(), Weekday::Saturday | Weekday::Sunday);
            proptest::prop_assert_eq!(working(from, to), count(&|d| !weekend(d)));
            proptest::prop_assert_eq!(mondays(from, to), count(&|d| d.weekday() == Weekday::Monday));
            proptest::prop_assert_eq!(
                weekends(from, to),
                count(&|d| d.weekday() == Weekday::Saturday && after(*d, 1) < to)
            );
            proptest::prop_assert_eq!(monday_of(from).weekday(), Weekday::Monday);
            let wanted = u32::try_from(days).unwrap();
            let reached = after_working(from, wanted);
            proptest::prop_assert_eq!(working(from, reached), wanted);
            proptest::prop_assert!(wanted == 0 || working(from, after(reached, -1)) < wanted);
        }
    }

    #[test]
    fn no_date_is_too_far() {
        assert_eq!(after(Date::MAX, 1), Date::MAX);
        assert_eq!(after(Date::MIN, -1), Date::MIN);
        assert_eq!(after_working(date(2027, 1, 4), u32::MAX), Date::MAX);
        assert_eq!(working(date(2027, 1, 5), date(2027, 1, 4)), 0);
        assert!(working(Date::MIN, Date::MAX) > 2_000_000);
    }
}
