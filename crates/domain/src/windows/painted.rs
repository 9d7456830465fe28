//! A week painted in cells of a quarter of an hour, and the words for it: what the grid on the page and a window's text
//! have in common (A17).

use super::{DAY_MIN, WEEK_MIN, WeeklyWindow};
use std::fmt::Write as _;

/// Length of a cell, in minutes.
pub const CELL_MIN: u32 = 15;
/// Cells of a week, from Monday 00:00 on the wall clock.
pub const CELLS: usize = 672;
const CELLS_OF_HOUR: usize = 4;
/// The weekdays as windows write them, Monday first.
pub const DAY_NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Which quarters of an hour of the local week are inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaintedWeek {
    cells: Vec<bool>,
}

/// A run of painted cells, in minutes of the week.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Run {
    start_min: u32,
    length_min: u32,
}

impl WeeklyWindow {
    /// Whether it begins and ends where cells do.
    pub fn is_in_cells(&self) -> bool {
        let whole = |minutes: u32| minutes.is_multiple_of(CELL_MIN);
        let mut spans = self.spans.iter();
        spans.all(|span| whole(span.start_min) && whole(span.length_min))
    }
}

impl PaintedWeek {
    /// Every cell.
    pub fn whole() -> Self {
        Self {
            cells: vec![true; CELLS],
        }
    }

    /// The cells that lie in one of the windows from their first minute to their last.
    pub fn of(windows: &[WeeklyWindow]) -> Self {
        let inside = |cell: u32| {
            let minute = cell * CELL_MIN;
            let spans = windows.iter().flat_map(|w| &w.spans);
            spans.into_iter().any(|span| {
                let after_start = (minute + WEEK_MIN - span.start_min) % WEEK_MIN;
                after_start + CELL_MIN <= span.length_min
            })
        };
        Self {
            cells: (0..).take(CELLS).map(inside).collect(),
        }
    }

    /// From cells as a browser sends them: four cells in each hexadecimal digit, the first in the highest bit.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits: Vec<u32> = text
            .chars()
            .map(|c| c.to_digit(16))
            .collect::<Option<_>>()?;
        let bits = |digit: u32| [8, 4, 2, 1].map(|bit| digit & bit != 0);
        Self::from_cells(digits.into_iter().flat_map(bits).collect())
    }

    /// From cells, Monday 00:00 first; nothing where they are no week.
    pub fn from_cells(cells: Vec<bool>) -> Option<Self> {
        (cells.len() == CELLS).then_some(Self { cells })
    }

    /// The cells, Monday 00:00 first.
    pub fn cells(&self) -> &[bool] {
        &self.cells
    }

    /// Painted quarters of each of the week's 168 hours, 0–4.
    pub fn quarters(&self) -> impl Iterator<Item = u8> + '_ {
        let hours = self.cells.chunks(CELLS_OF_HOUR);
        hours.map(|hour| hour.iter().map(|painted| u8::from(*painted)).sum())
    }

    /// The shortest text of a window for these cells; empty where none is painted.
    pub fn text(&self) -> String {
        if self.cells.iter().all(|painted| *painted) {
            return "always".to_owned();
        }
        let mut left = self.runs();
        let mut text = String::new();
        while let Some(first) = left.first().copied() {
            let days = alike(&left, first);
            left.retain(|run| !days.iter().any(|day| *run == on(first, *day)));
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(&words(first, &days));
        }
        text
    }

    /// Painted cells that touch, across the end of the week too, by their first minute.
    fn runs(&self) -> Vec<Run> {
        let painted = |cell: usize| self.cells.get(cell % CELLS).is_some_and(|p| *p);
        let starts = (0..CELLS).filter(|cell| painted(*cell) && !painted(cell + CELLS - 1));
        let run = |start: usize| {
            let length = (start..start + CELLS)
                .take_while(|cell| painted(*cell))
                .count();
            Some(Run {
                start_min: u32::try_from(start).ok()? * CELL_MIN,
                length_min: u32::try_from(length).ok()? * CELL_MIN,
            })
        };
        starts.filter_map(run).collect()
    }
}

/// The run at the same time of another day.
fn on(run: Run, day: u32) -> Run {
    Run {
        start_min: day * DAY_MIN + run.start_min % DAY_MIN,
        ..run
    }
}

/// The days after one another, from the run's own on, that have the same run: one word for all of them. A run of more
/// than a day stands alone.
fn alike(runs: &[Run], first: Run) -> Vec<u32> {
    let day = first.start_min / DAY_MIN;
    if first.length_min > DAY_MIN {
        return vec![day];
    }
    (day..7)
        .take_while(|day| runs.contains(&on(first, *day)))
        .collect()
}

/// `Mon-Fri 19:00-07:00`.
fn words(run: Run, days: &[u32]) -> String {
    let name = |day: u32| {
        let index = usize::try_from(day % 7).unwrap_or(0);
        DAY_NAMES.get(index).copied().unwrap_or("Mon")
    };
    let (first, last) = (days.first().copied(), days.last().copied());
    let mut text = match (first, last) {
        (Some(0), Some(6)) => "daily".to_owned(),
        (Some(first), Some(last)) if first != last => format!("{}-{}", name(first), name(last)),
        _ => name(run.start_min / DAY_MIN).to_owned(),
    };
    let end_min = run.start_min + run.length_min;
    let _ = write!(text, " {}-", time(run.start_min % DAY_MIN));
    if run.length_min > DAY_MIN {
        let _ = write!(text, "{} ", name(end_min / DAY_MIN));
    }
    let ends_at_midnight = end_min.is_multiple_of(DAY_MIN) && run.length_min <= DAY_MIN;
    text.push_str(&time(if ends_at_midnight {
        DAY_MIN
    } else {
        end_min % DAY_MIN
    }));
    text
}

fn time(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::ShiftWindow;
    use proptest::prelude::*;

    fn painted(text: &str) -> PaintedWeek {
        PaintedWeek::of(&[ShiftWindow::new(text, "America/New_York").parse().unwrap()])
    }

    #[test]
    fn a_grid_is_said_as_people_write_it() {
        for text in [
            "always",
            "daily 08:00-17:00",
            "daily 22:00-08:00",
            "Mon-Fri 19:00-07:00",
            "Sat 22:00-Mon 06:15",
            "Sat 08:00-08:00",
            "Mon-Fri 18:00-24:00",
            "Tue 09:45-10:00",
        ] {
            assert_eq!(painted(text).text(), text);
        }
        assert_eq!(painted("Sat-Sun 00:00-24:00").text(), "Sat 00:00-Mon 00:00");
        assert_eq!(
            painted("Mon 00:00-08:00, Sun 20:00-24:00").text(),
            "Sun 20:00-08:00",
            "touching across the end of the week is one shift"
        );
    }

    #[test]
    fn a_cell_counts_only_as_a_whole() {
        assert_eq!(painted("Mon 08:05-09:00").text(), "Mon 08:15-09:00");
        assert_eq!(painted("Mon 08:00-09:30").quarters().sum::<u8>(), 6);
    }

    #[test]
    fn what_is_no_week_of_cells_is_none() {
        for bad in ["", "ff", &"g".repeat(168), &"f".repeat(169)] {
            assert_eq!(PaintedWeek::from_hex(bad), None, "{bad}");
        }
        assert_eq!(
            PaintedWeek::from_hex(&"f".repeat(168)),
            Some(PaintedWeek::whole())
        );
        let none = PaintedWeek::from_hex(&"0".repeat(168)).unwrap();
        assert_eq!(none.text(), "");
    }

    proptest! {
        /// Whatever is painted with up to twenty strokes is said in words that paint the same.
        #[test]
        fn words_and_cells_are_the_same(strokes in prop::collection::vec((0usize..CELLS, 1usize..200), 1..20)) {
            let mut cells = vec![false; CELLS];
            for (start, length) in strokes {
                (start..start + length).for_each(|cell| cells[cell % CELLS] = true);
            }
            let week = PaintedWeek { cells };
            prop_assert_eq!(painted(&week.text()), week);
        }
    }
}
