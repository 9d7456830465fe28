//! One pass over a period report: every figure accepted, empty, or quarantined with its line and reason.

use super::mapping::PeriodMapping;
use super::row::Plan;
use crate::error::CallsError;
use crate::lines::{Fields, RawRow, RowShape, Rows};
use segue_parity::report::Series;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

/// Quarantined figures listed; all are counted.
const LISTED_MAX: usize = 10_000;

/// What a period report held for one metric.
#[derive(Debug)]
pub struct PeriodReading {
    /// The metric by area and period.
    pub series: Series,
    /// Names people use, by area code.
    pub names: BTreeMap<String, String>,
    /// Figures read.
    pub read: u64,
    /// Those that are in the series with calls.
    pub accepted: u64,
    /// Those without any calls: a gap, not a rate.
    pub empty: u64,
    /// Those set aside.
    pub quarantined: u64,
    /// The first of them, with line and reason.
    pub rows: Vec<QuarantinedFigure>,
}

/// A figure set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuarantinedFigure {
    /// The line it starts on, counted from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

impl PeriodReading {
    /// The code of an area named by code or by the name people use.
    pub fn code<'a>(&'a self, asked: &'a str) -> &'a str {
        if self.series.areas().any(|area| area == asked) {
            return asked;
        }
        let mut named = self
            .names
            .iter()
            .filter(|(_, name)| name.eq_ignore_ascii_case(asked.trim()));
        match (named.next(), named.next()) {
            (Some((code, _)), None) => code,
            _ => asked,
        }
    }

    /// The name people use for an area.
    pub fn name<'a>(&'a self, code: &'a str) -> &'a str {
        self.names.get(code).map_or(code, String::as_str)
    }

    fn set_aside(&mut self, line: u64, reason: String) {
        self.read += 1;
        self.quarantined += 1;
        if self.rows.len() < LISTED_MAX {
            self.rows.push(QuarantinedFigure { line, reason });
        }
    }
}

/// Reads one metric of a period report.
///
/// # Errors
/// A file that cannot be read, lacks a column, or holds no figure that fits.
pub fn read_periods(
    input: impl Read,
    path: &Path,
    mapping: &PeriodMapping,
    metric: &str,
) -> Result<PeriodReading, CallsError> {
    let layout = mapping.layout()?;
    let metric = mapping.metric(metric)?;
    let cannot = |source: io::Error| CallsError::ReadInput {
        path: path.to_owned(),
        source,
    };
    let mut rows = Rows::new(input, layout).map_err(cannot)?;
    let mut fields = Fields::new(layout);
    let mut row = RawRow::default();
    let header = header(mapping, &mut rows, &mut fields, path)?;
    let plan = Plan::new(mapping, metric, &header, path)?;
    let areas = plan.areas()?;
    let mut reading = PeriodReading {
        series: Series::default(),
        names: BTreeMap::new(),
        read: 0,
        accepted: 0,
        empty: 0,
        quarantined: 0,
        rows: Vec::new(),
    };
    while rows.next_row(&mut row).map_err(cannot)? {
        if let Some(fault) = shape(&row, &mut fields, header.len()) {
            reading.set_aside(row.line, fault);
            continue;
        }
        for area in &areas {
            let figure = match plan.figure(area, &fields, &row.bytes) {
                Ok(figure) => figure,
                Err(reason) => {
                    reading.set_aside(row.line, reason);
                    continue;
                }
            };
            let value = figure.value;
            if let Err(fault) = reading.series.add(&figure.area, &figure.period, value) {
                reading.set_aside(row.line, fault.to_string());
                continue;
            }
            reading.read += 1;
            if value.denominator == 0 {
                reading.empty += 1;
            } else {
                reading.accepted += 1;
            }
            if let Some(name) = figure.name.filter(|name| !name.is_empty()) {
                reading.names.insert(figure.area, name);
            }
        }
    }
    if reading.accepted == 0 {
        let reason = reading.rows.first().map(|row| row.reason.clone());
        return Err(CallsError::NothingFits {
            path: path.to_owned(),
            mapping: mapping.name.clone(),
            rows: reading.read,
            reason: reason.unwrap_or_else(|| "no calls".into()),
        });
    }
    Ok(reading)
}

fn header<R: Read>(
    mapping: &PeriodMapping,
    rows: &mut Rows<R>,
    fields: &mut Fields,
    path: &Path,
) -> Result<Vec<String>, CallsError> {
    if !mapping.file.header {
        return Ok(mapping.file.columns.clone());
    }
    let mut row = RawRow::default();
    let read = rows
        .next_row(&mut row)
        .map_err(|source| CallsError::ReadInput {
            path: path.to_owned(),
            source,
        })?;
    if !read {
        return Err(CallsError::Empty {
            path: path.to_owned(),
        });
    }
    fields.split(&row.bytes);
    Ok((0..fields.len())
        .map(|index| fields.get(&row.bytes, index).unwrap_or_default().to_owned())
        .collect())
}

/// Why a row cannot be split into the header's columns; splits it where it can.
fn shape(row: &RawRow, fields: &mut Fields, columns: usize) -> Option<String> {
    match row.fault {
        Some(RowShape::TooLong) => return Some("the row is too long to be one".into()),
        // Lines have no other fault: a report is no JSON and no event log.
        Some(_) => return Some("a quote opens and does not close".into()),
        None => {}
    }
    fields.split(&row.bytes);
    (fields.len() != columns).then(|| format!("has {} fields, the header {columns}", fields.len()))
}
