//! Groups of callers that records can tell apart, for "who did worse": by when they called. Language and age are in no record.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

/// The groups, by their place in the rules.
const NAMES: [&str; 3] = [
    "weekdays by day (8 to 18)",
    "weekday evenings and nights",
    "weekends",
];
const DAY_HOURS: std::ops::Range<i8> = 8..18;

/// Their names for the rules.
pub(crate) fn names() -> Vec<String> {
    NAMES.map(str::to_owned).to_vec()
}

/// The group of a call at this instant (UTC, microseconds), by the clock of its centre.
pub(crate) fn of(at_us: i64, zone: &TimeZone) -> Option<u16> {
    let at = Timestamp::from_microsecond(at_us).ok()?;
    let local = zone.to_datetime(at);
    Some(match local.weekday() {
        Weekday::Saturday | Weekday::Sunday => 2,
        _ if DAY_HOURS.contains(&local.hour()) => 0,
        _ => 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_that_of_the_centre() {
        let zone = TimeZone::get("America/New_York").unwrap();
        for (at, group) in [
            ("2026-11-06T12:59:59Z", 1),
            ("2026-11-06T13:00:00Z", 0),
            ("2026-11-06T23:00:00Z", 1),
            ("2026-11-07T04:59:59Z", 1),
            ("2026-11-07T05:00:00Z", 2),
        ] {
            let at: Timestamp = at.parse().unwrap();
            assert_eq!(of(at.as_microsecond(), &zone), Some(group), "{at}");
        }
    }
}
