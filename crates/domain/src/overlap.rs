//! Whether two sets of windows ever hold the same instant: the test behind disjoint chunks (A13).

use crate::refusal::Refusal;
use crate::windows::ShiftWindow;
use jiff::civil::Date;
use jiff::{Span, Timestamp};

/// Weeks looked at: a year with both DST changes and some more.
const WEEKS: i64 = 60;

/// The first instant from `from` on that lies in both sets; an empty set means "always".
///
/// # Errors
/// `WINDOW_INVALID` when a window cannot be read.
pub fn first_common(
    a: &[ShiftWindow],
    b: &[ShiftWindow],
    from: Date,
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

fn intervals(windows: &[ShiftWindow], from: Date) -> Result<Vec<(Timestamp, Timestamp)>, Refusal> {
    if windows.is_empty() {
        return Ok(vec![(Timestamp::MIN, Timestamp::MAX)]);
    }
    let to = from.checked_add(Span::new().weeks(WEEKS)).unwrap_or(from);
    let mut all = Vec::new();
    for window in windows {
        all.extend(
            window
                .parse()?
                .occurrences(from, to)
                .into_iter()
                .map(|o| (o.start, o.end)),
        );
    }
    all.sort_unstable();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn w(text: &str, zone: &str) -> Vec<ShiftWindow> {
        vec![ShiftWindow {
            window: text.into(),
            zone: zone.into(),
        }]
    }

    #[test]
    fn windows_overlap_by_instant_not_by_text() {
        let from = date(2027, 1, 4);
        let ny = "America/New_York";
        let days = w("Mon-Fri 07:00-19:00", ny);
        assert_eq!(
            first_common(&days, &w("Mon-Fri 19:00-07:00", ny), from).unwrap(),
            None
        );
        assert!(
            first_common(&days, &w("Mon-Fri 18:59-20:00", ny), from)
                .unwrap()
                .is_some()
        );
        // Noon in Phoenix is 14:00 in New York in winter.
        assert!(
            first_common(&days, &w("Mon 12:00-13:00", "America/Phoenix"), from)
                .unwrap()
                .is_some()
        );
        assert!(first_common(&[], &days, from).unwrap().is_some());
    }
}
