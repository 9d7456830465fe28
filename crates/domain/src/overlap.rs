//! Whether sets of windows ever hold the same instant, and whether they leave one out: the tests behind chunks that are
//! disjoint and cover the scope (A13).

use crate::refusal::Refusal;
use crate::windows::ShiftWindow;
use jiff::{Span, Timestamp, Zoned};

/// Weeks looked at: a year with both DST changes and some more.
const WEEKS: i64 = 60;
/// Days before that in which a window still open may have begun.
const BEFORE_DAYS: i64 = 8;

/// From the first instant inside to the first outside.
type Interval = (Timestamp, Timestamp);

/// The first instant from `from` on that lies in both sets; an empty set means "always".
///
/// # Errors
/// `WINDOW_INVALID` when a window cannot be read.
pub fn first_common(
    a: &[ShiftWindow],
    b: &[ShiftWindow],
    from: &Zoned,
) -> Result<Option<Timestamp>, Refusal> {
    let (a, b) = (intervals(a, from)?, intervals(b, from)?);
    let (mut i, mut j) = (0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        let start = x.0.max(y.0);
        if start < x.1.min(y.1) {
            return Ok(Some(start));
        }
        if x.1 <= y.1 { i += 1 } else { j += 1 }
    }
    Ok(None)
}

/// The first instant from `from` on that lies in none of the sets.
///
/// # Errors
/// `WINDOW_INVALID` when a window cannot be read.
pub fn first_gap(sets: &[&[ShiftWindow]], from: &Zoned) -> Result<Option<Timestamp>, Refusal> {
    let mut all = Vec::new();
    for set in sets {
        all.extend(intervals(set, from)?);
    }
    all.sort_unstable();
    let (mut covered, end) = horizon(from);
    for (start, until) in all {
        if start > covered {
            break;
        }
        covered = covered.max(until);
    }
    Ok((covered < end).then_some(covered))
}

fn horizon(from: &Zoned) -> Interval {
    let to = from.saturating_add(Span::new().weeks(WEEKS));
    (from.timestamp(), to.timestamp())
}

fn intervals(windows: &[ShiftWindow], from: &Zoned) -> Result<Vec<Interval>, Refusal> {
    let (start, end) = horizon(from);
    if windows.is_empty() {
        return Ok(vec![(start, end)]);
    }
    let days = |days: i64| Span::new().days(days);
    let first = from.date().saturating_sub(days(BEFORE_DAYS));
    let last = from.date().saturating_add(days(WEEKS * 7 + 1));
    let mut all = Vec::new();
    for window in windows {
        let within = |o: crate::windows::Occurrence| (o.start.max(start), o.end.min(end));
        let found = window.parse()?.occurrences(first, last);
        all.extend(found.into_iter().map(within).filter(|(s, e)| s < e));
    }
    all.sort_unstable();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn w(text: &str, zone: &str) -> Vec<ShiftWindow> {
        vec![ShiftWindow::new(text, zone)]
    }

    #[test]
    fn windows_overlap_by_instant_not_by_text() {
        let ny = "America/New_York";
        let from: Zoned = "2027-01-04T00:00[America/New_York]".parse().unwrap();
        let days = w("Mon-Fri 07:00-19:00", ny);
        assert_eq!(
            first_common(&days, &w("Mon-Fri 19:00-07:00", ny), &from).unwrap(),
            None
        );
        assert!(
            first_common(&days, &w("Mon-Fri 18:59-20:00", ny), &from)
                .unwrap()
                .is_some()
        );
        // Noon in Phoenix is 14:00 in New York in winter.
        assert!(
            first_common(&days, &w("Mon 12:00-13:00", "America/Phoenix"), &from)
                .unwrap()
                .is_some()
        );
        assert!(first_common(&[], &days, &from).unwrap().is_some());
    }

    #[test]
    fn the_first_hour_that_nobody_owns_is_found() {
        let ny = "America/New_York";
        let from: Zoned = "2027-01-04T00:00[America/New_York]".parse().unwrap();
        let week = w("Mon-Fri 07:00-19:00", ny);
        let nights = w("Mon-Thu 19:00-07:00, Fri 19:00-Mon 07:00", ny);
        assert_eq!(first_gap(&[&week, &nights], &from).unwrap(), None);
        let late = w("Mon-Thu 19:00-07:00, Fri 19:30-Mon 07:00", ny);
        let gap = first_gap(&[&week, &late], &from).unwrap().unwrap();
        assert_eq!(gap.to_string(), "2027-01-09T00:00:00Z", "Friday, 19:00");
        assert!(first_gap(&[], &from).unwrap().is_some());
    }
}
