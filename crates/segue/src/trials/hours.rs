//! Whether an hour can prove a share at all, in words.

use jiff::{Timestamp, ToSpan as _};
use segue_domain::windows::{ShiftWindow, is_open};

/// Days looked ahead for the next opening: a week, and holidays in it.
const DAYS_AHEAD: i64 = 15;

/// Why nothing can be proved now, and when it can, where the windows are closed; nothing where they are open.
pub fn closed(windows: &[ShiftWindow], now: Timestamp) -> Option<String> {
    if is_open(windows, now) {
        return None;
    }
    let hours: Vec<_> = windows
        .iter()
        .map(|w| format!("{} {}", w.window, w.zone))
        .collect();
    let next = windows.iter().filter_map(|window| opens(window, now)).min();
    let then = match next {
        Some(next) => format!("place the calls again from {next} on"),
        None => format!(
            "they do not open within {DAYS_AHEAD} days: look at them with segue windows preview"
        ),
    };
    Some(format!(
        "Outside the hours of the share ({}) every call belongs in-house: calls placed now can show that the hours are not kept, and cannot \
         prove the share; {then}.",
        hours.join("; ")
    ))
}

fn opens(window: &ShiftWindow, now: Timestamp) -> Option<Timestamp> {
    let from = now.in_tz(&window.zone).ok()?.date();
    let to = from.checked_add(DAYS_AHEAD.days()).ok()?;
    let all = window.parse().ok()?.occurrences(from, to);
    all.into_iter().map(|o| o.start).find(|start| *start > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_hours_say_when_they_open() {
        let windows = [
            ShiftWindow::new("Sat 08:00-12:00", "America/New_York"),
            ShiftWindow::new("Fri 20:00-22:00", "America/New_York"),
        ];
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(closed(&windows, at("2027-03-06T14:00:00Z")), None);
        assert_eq!(closed(&[], at("2027-03-06T20:00:00Z")), None);
        let said = closed(&windows, at("2027-03-06T20:00:00Z")).unwrap();
        // Friday of the next week, before the clocks change.
        assert!(said.contains("from 2027-03-13T01:00:00Z on"), "{said}");
        assert!(said.contains("Sat 08:00-12:00 America/New_York"), "{said}");
    }
}
