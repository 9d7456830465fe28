//! What a window does on holidays (A17).
//!
//! The dates stand in the window itself, so that both parties sign them with the plan: a holiday that opens a window sends
//! calls out, and no one side may do that.

use super::{DAY_MIN, WEEK_MIN, WeekSpan};
use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Most holidays of one window.
pub(super) const DATES_MAX: usize = 200;
/// Sunday's first minute in a week that begins on Monday.
const SUNDAY_MIN: u32 = 6 * DAY_MIN;

/// The hours of a holiday, from its first midnight to its second.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum HolidayHours {
    /// As on any day of that name.
    #[default]
    Unchanged,
    /// Not open at all.
    Closed,
    /// As on a Sunday.
    AsSunday,
}

/// Which days are holidays of a window, and what it does then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Holidays {
    /// Its hours on them.
    pub hours: HolidayHours,
    /// The local dates.
    #[schemars(with = "BTreeSet<String>")]
    pub dates: BTreeSet<Date>,
}

impl Holidays {
    /// Whether no day is another than its weekday.
    pub fn is_empty(&self) -> bool {
        self.dates.is_empty()
    }

    fn change(&self, date: Date) -> bool {
        self.hours != HolidayHours::Unchanged && self.dates.contains(&date)
    }

    /// What of a span that starts on `date` lies on no holiday: start and length in minutes from that date's midnight.
    pub(super) fn keep(&self, date: Date, start_min: u32, length_min: u32) -> Vec<(u32, u32)> {
        let end_min = start_min + length_min;
        let mut kept: Vec<(u32, u32)> = Vec::new();
        for day in start_min / DAY_MIN..end_min.div_ceil(DAY_MIN) {
            let of_day = date.checked_add(Span::new().days(day));
            if of_day.is_ok_and(|of_day| self.change(of_day)) {
                continue;
            }
            let from = start_min.max(day * DAY_MIN);
            let to = end_min.min((day + 1) * DAY_MIN);
            match kept.last_mut() {
                Some((start, length)) if *start + *length == from => *length += to - from,
                _ => kept.push((from, to - from)),
            }
        }
        kept
    }

    /// The hours that a date has instead of its weekday's.
    pub(super) fn instead(&self, date: Date, week: &[WeekSpan]) -> Vec<(u32, u32)> {
        if self.hours != HolidayHours::AsSunday || !self.change(date) {
            return Vec::new();
        }
        let mut hours = Vec::new();
        for span in week {
            // A span that begins late in the week may reach the Sunday of the next.
            for sunday in [SUNDAY_MIN, SUNDAY_MIN + WEEK_MIN] {
                let from = span.start_min.max(sunday);
                let to = (span.start_min + span.length_min).min(sunday + DAY_MIN);
                if from < to {
                    hours.push((from - sunday, to - from));
                }
            }
        }
        hours
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::ShiftWindow;
    use jiff::civil::date;

    const NY: &str = "America/New_York";

    /// Independence Day 2027 is kept on Monday, 5 July.
    fn kept(text: &str, hours: HolidayHours) -> Vec<String> {
        let window = ShiftWindow {
            holidays: Holidays {
                hours,
                dates: [date(2027, 7, 5)].into(),
            },
            ..ShiftWindow::new(text, NY)
        };
        let found = window.parse().unwrap();
        let found = found.occurrences(date(2027, 7, 4), date(2027, 7, 6));
        let local = |at: jiff::Timestamp| at.in_tz(NY).unwrap().strftime("%a %H:%M").to_string();
        found
            .into_iter()
            .map(|o| format!("{}-{}", local(o.start), local(o.end)))
            .collect()
    }

    #[test]
    fn a17_a_holiday_is_closed_or_like_a_sunday_or_like_any_day() {
        let night = "daily 19:00-07:00";
        let as_always = [
            "Sun 19:00-Mon 07:00",
            "Mon 19:00-Tue 07:00",
            "Tue 19:00-Wed 07:00",
        ];
        assert_eq!(kept(night, HolidayHours::Unchanged), as_always);
        assert_eq!(
            kept(night, HolidayHours::Closed),
            [
                "Sun 19:00-Mon 00:00",
                "Tue 00:00-Tue 07:00",
                "Tue 19:00-Wed 07:00"
            ]
        );
        let weekend = "Mon-Fri 19:00-07:00, Sat-Sun 07:00-07:00";
        assert_eq!(
            kept(weekend, HolidayHours::AsSunday)[..3],
            [
                "Sun 07:00-Mon 00:00",
                "Mon 00:00-Mon 07:00",
                "Mon 07:00-Tue 00:00"
            ]
        );
        assert!(kept("Mon 09:00-17:00", HolidayHours::AsSunday).is_empty());
    }

    proptest::proptest! {
        /// Windows that divide the week divide a week with a holiday too, whatever the rule they share.
        #[test]
        fn a_holiday_leaves_no_call_without_owner_and_none_with_two(
            split in 1u32..1440, minute in 0i64..(5 * 24 * 60), closed in proptest::bool::ANY,
        ) {
            let hours = if closed { HolidayHours::Closed } else { HolidayHours::AsSunday };
            let at = |m: u32| format!("{:02}:{:02}", m / 60, m % 60);
            let window = |text: String| {
                let dates = [date(2027, 7, 5)].into();
                ShiftWindow { holidays: Holidays { hours, dates }, ..ShiftWindow::new(&text, NY) }.parse().unwrap()
            };
            let days = window(format!("Mon-Fri 00:00-{}", at(split)));
            let rest = window(format!("Mon-Fri {}-24:00, Sat-Sun 00:00-24:00", at(split)));
            let from: jiff::Timestamp = "2027-07-03T04:00:00Z".parse().unwrap();
            let t = from + jiff::SignedDuration::from_mins(minute);
            let holiday = t.in_tz(NY).unwrap().date() == date(2027, 7, 5);
            let owners = u8::from(days.contains(t)) + u8::from(rest.contains(t));
            proptest::prop_assert_eq!(owners, u8::from(!(closed && holiday)), "{}", t);
        }
    }
}
