//! A metric of many areas over many periods, with gaps: what period reports hold.

use super::BeforeAfter;
use crate::kpi::Ratio;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use thiserror::Error;

/// Areas and periods a series may have: a report holds all of it in memory.
const AREAS_MAX: usize = 2_000;
const PERIODS_MAX: usize = 20_000;

/// What keeps a series from answering.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CannotReport {
    /// An area that is not in the file.
    #[error("there is no area \"{area}\"; the report has {known}")]
    UnknownArea {
        /// As asked.
        area: String,
        /// Some that there are.
        known: String,
    },
    /// A date with no period before or after it.
    #[error(
        "{from} leaves {before} whole cycles of {cycle} periods before it and {after} after it in this report ({first} to {last}); at least {need} before and 1 after are needed"
    )]
    NoWindow {
        /// As asked.
        from: String,
        /// Whole cycles before.
        before: usize,
        /// Whole cycles after.
        after: usize,
        /// Whole cycles needed before.
        need: usize,
        /// Periods of a cycle.
        cycle: usize,
        /// The first period.
        first: String,
        /// The last.
        last: String,
    },
    /// The area itself has gaps.
    #[error(
        "{area} has calls in only {periods} of the {of} periods around the date; nothing can be said of it"
    )]
    TooManyGaps {
        /// The area.
        area: String,
        /// Periods with calls.
        periods: u64,
        /// Periods of both windows.
        of: u64,
    },
    /// No area to compare with.
    #[error(
        "no other area has enough periods to compare with; a before and an after alone cannot be told from the season"
    )]
    NoControls,
    /// More than a report holds.
    #[error("more than {AREAS_MAX} areas or {PERIODS_MAX} periods; cut the report first")]
    TooLarge,
    /// The same cell twice.
    #[error("{area} has two figures for {period}; correct the report")]
    Twice {
        /// The area.
        area: String,
        /// The period.
        period: String,
    },
}

/// A metric by area and period; a period without calls is a gap, never a rate.
#[derive(Debug, Clone, Default)]
pub struct Series {
    areas: BTreeMap<String, BTreeMap<String, Ratio>>,
    periods: BTreeSet<String>,
}

/// The windows before and after a date, as places among the periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Windows {
    pub(super) before: Range<usize>,
    pub(super) after: Range<usize>,
}

impl Series {
    /// Takes one figure in; of two for the same cell the first stays. Periods sort by their label, so dates are written year first.
    ///
    /// # Errors
    /// [`CannotReport::Twice`] and [`CannotReport::TooLarge`].
    pub fn add(&mut self, area: &str, period: &str, figure: Ratio) -> Result<(), CannotReport> {
        let row = self.areas.entry(area.to_owned()).or_default();
        if row.contains_key(period) {
            return Err(CannotReport::Twice {
                area: area.to_owned(),
                period: period.to_owned(),
            });
        }
        row.insert(period.to_owned(), figure);
        self.periods.insert(period.to_owned());
        if self.areas.len() > AREAS_MAX || self.periods.len() > PERIODS_MAX {
            return Err(CannotReport::TooLarge);
        }
        Ok(())
    }

    /// The areas, in order.
    pub fn areas(&self) -> impl Iterator<Item = &str> {
        self.areas.keys().map(String::as_str)
    }

    /// The periods in which anybody has calls, in order.
    pub fn periods(&self) -> Vec<&str> {
        let filled = |period: &&String| {
            let calls = |row: &BTreeMap<String, Ratio>| {
                row.get(*period)
                    .is_some_and(|figure| figure.denominator > 0)
            };
            self.areas.values().any(calls)
        };
        self.periods
            .iter()
            .filter(filled)
            .map(String::as_str)
            .collect()
    }

    /// One figure as it was taken in.
    pub fn figure(&self, area: &str, period: &str) -> Option<Ratio> {
        self.areas.get(area)?.get(period).copied()
    }

    /// Every area's figures at these periods; no calls is no figure.
    pub(super) fn table(&self, periods: &[&str]) -> Vec<(String, Vec<Option<Ratio>>)> {
        let cells = |row: &BTreeMap<String, Ratio>| {
            let at = |period: &&str| row.get(*period).copied().filter(|f| f.denominator > 0);
            periods.iter().map(at).collect()
        };
        self.areas
            .iter()
            .map(|(area, row)| (area.clone(), cells(row)))
            .collect()
    }
}

/// The sum of a window's figures and how many there are.
pub(super) fn pooled(cells: &[Option<Ratio>]) -> (Ratio, u64) {
    let empty = Ratio {
        numerator: 0,
        denominator: 0,
    };
    cells.iter().flatten().fold((empty, 0), |(sum, n), figure| {
        let sum = Ratio {
            numerator: sum.numerator + figure.numerator,
            denominator: sum.denominator + figure.denominator,
        };
        (sum, n + 1)
    })
}

/// The rate of an area in both windows, and how many periods have figures.
pub(super) fn rates(cells: &[Option<Ratio>], windows: &Windows) -> (BeforeAfter, u64) {
    let (before, n) = pooled(cells.get(windows.before.clone()).unwrap_or_default());
    let (after, m) = pooled(cells.get(windows.after.clone()).unwrap_or_default());
    (BeforeAfter { before, after }, n + m)
}
