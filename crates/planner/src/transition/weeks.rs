//! Dates as weeks of a model and back. Rounded so that whatever day of its week a step is dated on, the date keeps the limit.

use super::STEP_DAYS;
use crate::model::WEEKS_MAX;
use jiff::civil::Date;
use segue_domain::schedule::days;

/// Weeks counted from a Monday.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weeks {
    /// Of week 0.
    pub(super) monday: Date,
}

impl Weeks {
    /// The week of a date; below 0 before the first Monday.
    pub(super) fn number(self, date: Date) -> i64 {
        (days::number(date) - days::number(self.monday)).div_euclid(7)
    }

    /// The week of a date as a plan has it: what is over is in week 0, what is beyond any plan in the last week of the longest.
    pub(super) fn of(self, date: Date) -> u32 {
        within(self.number(date))
    }

    /// The first week all of whose days are on or after a date.
    pub(super) fn begins(self, date: Date) -> u32 {
        within(self.number(days::after(date, 6)))
    }

    /// The last week all of whose step days are on or before a date.
    pub(super) fn ends(self, date: Date) -> u32 {
        within(self.number(days::after(date, -STEP_DAYS)))
    }

    /// The weeks that have a step day from one date to another; none where all of them are over, or beyond any plan.
    pub(super) fn closed(self, first: Date, last: Date) -> Option<(u32, u32)> {
        let beyond = i64::from(WEEKS_MAX);
        // A week whose last step day is before the first date stays open.
        let first = self.number(days::after(first, 6 - STEP_DAYS)).max(0);
        let last = self.number(last).min(beyond - 1);
        (first <= last).then(|| (within(first), within(last)))
    }
}

fn within(week: i64) -> u32 {
    u32::try_from(week.max(0))
        .unwrap_or(u32::MAX)
        .min(WEEKS_MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    /// Weeks from Monday, 4 January 2027.
    const WEEKS: Weeks = Weeks {
        monday: date(2027, 1, 4),
    };

    proptest! {
        /// Beside a walk over the calendar: every step day of the week named keeps the limit, and one of the next does not.
        #[test]
        fn rounding_keeps_the_limit_and_no_more(offset in 0_i64..700, length in 0_i64..40) {
            let (first, last) = (days::after(WEEKS.monday, offset), days::after(WEEKS.monday, offset + length));
            let step_days = |week: i64| (0..=STEP_DAYS).map(move |day| days::after(WEEKS.monday, week * 7 + day));
            let begins = i64::from(WEEKS.begins(first));
            prop_assert!(step_days(begins).all(|d| d >= first));
            prop_assert!(begins == 0 || !step_days(begins - 1).all(|d| d >= first));
            let ends = WEEKS.number(days::after(last, -STEP_DAYS));
            prop_assert!(step_days(ends).all(|d| d <= last));
            prop_assert!(!step_days(ends + 1).all(|d| d <= last));
            let hit: Vec<u32> = (0..=120).filter(|w| step_days(*w).any(|d| first <= d && d <= last)).map(|w| u32::try_from(w).unwrap()).collect();
            let closed: Vec<u32> = WEEKS.closed(first, last).map_or(Vec::new(), |(a, b)| (a..=b).collect());
            prop_assert_eq!(closed, hit);
        }
    }

    #[test]
    fn what_is_over_closes_no_week() {
        assert_eq!(WEEKS.closed(date(2026, 12, 20), date(2027, 1, 3)), None);
        let into = WEEKS.closed(date(2026, 12, 20), date(2027, 1, 4));
        assert_eq!(into, Some((0, 0)));
        // Friday to Sunday: no step day.
        assert_eq!(WEEKS.closed(date(2027, 1, 8), date(2027, 1, 10)), None);
        assert_eq!(WEEKS.number(date(2027, 1, 3)), -1);
        assert_eq!(WEEKS.of(date(2020, 1, 1)), 0);
        assert_eq!(WEEKS.of(date(2999, 1, 1)), WEEKS_MAX - 1);
        assert_eq!(WEEKS.closed(date(2999, 1, 1), date(2999, 2, 1)), None);
    }
}
