//! Kept tables on disk: one file of JSON lines a table, replaced as a whole under the store's import lock.

use crate::error::{CallsError, store};
use crate::store::CallStore;
use crate::tables::Table;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};

/// Rows of one kept table, beyond which older exports belong elsewhere.
const KEPT_MAX: usize = 2_000_000;

/// A row of a kept table.
pub trait Row: Serialize + DeserializeOwned + PartialEq {
    /// Its table.
    const TABLE: Table;

    /// What tells it from other rows; a later row of the same key takes its place.
    fn key(&self) -> String;

    /// When what it tells of was over: retention counts from then.
    fn over_at(&self) -> Timestamp;

    /// What is wrong with it, if anything.
    fn fault(&self) -> Option<&'static str>;
}

/// What became of rows that were to be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// New, or other than before.
    pub accepted: u64,
    /// As before.
    pub duplicates: u64,
    /// Rows that are none of this table, by line.
    pub quarantined: Vec<(u64, String)>,
}

/// Keeps the rows of a table.
///
/// # Errors
/// Another import runs, there are more than two million rows, or the disk fails.
pub fn keep(
    calls: &CallStore,
    table: Table,
    rows: Vec<(u64, Map<String, Value>)>,
) -> Result<Kept, CallsError> {
    match table {
        Table::Callbacks => keep_as::<super::Callback>(calls, rows),
        Table::Dispositions => keep_as::<super::Disposition>(calls, rows),
        Table::Oncall => keep_as::<super::OnCall>(calls, rows),
        Table::AgentState => keep_as::<super::AgentState>(calls, rows),
        other => Err(CallsError::Parameter(format!(
            "rows of {} are facts of the transition, not kept",
            other.name()
        ))),
    }
}

fn keep_as<R: Row>(
    calls: &CallStore,
    rows: Vec<(u64, Map<String, Value>)>,
) -> Result<Kept, CallsError> {
    let _lock = calls.lock_import()?;
    let known = self::rows::<R>(calls)?;
    let mut all: BTreeMap<String, R> = known.into_iter().map(|row| (row.key(), row)).collect();
    let mut kept = Kept::default();
    for (line, fields) in rows {
        // Its own words would quote the cell.
        let Ok(row) = serde_json::from_value::<R>(Value::Object(fields)) else {
            let what = format!(
                "the row is none of {}: a time is no RFC 3339 instant, or a word is none of the table's",
                R::TABLE.name()
            );
            kept.quarantined.push((line, what));
            continue;
        };
        if let Some(fault) = row.fault() {
            kept.quarantined.push((line, fault.to_owned()));
        } else if all.get(&row.key()) == Some(&row) {
            kept.duplicates += 1;
        } else {
            kept.accepted += 1;
            all.insert(row.key(), row);
        }
    }
    if all.len() > KEPT_MAX {
        return Err(CallsError::Parameter(format!(
            "{} would have more than {KEPT_MAX} rows; import a shorter time",
            R::TABLE.name()
        )));
    }
    if kept.accepted > 0 {
        write::<R>(calls, &all)?;
    }
    Ok(kept)
}

/// The rows of a kept table, by key.
///
/// # Errors
/// The file cannot be read or holds what is no row.
pub fn rows<R: Row>(calls: &CallStore) -> Result<Vec<R>, CallsError> {
    let path = calls.table_path(R::TABLE.name());
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(store("read", &path)(source)),
    };
    let lines = BufReader::new(file).lines();
    lines
        .map(|line| {
            let line = line.map_err(store("read", &path))?;
            serde_json::from_str(&line).map_err(|error| CallsError::Damaged {
                path: path.clone(),
                why: error.to_string(),
            })
        })
        .collect()
}

/// Rows of all kept tables that were over before a day begins (UTC).
///
/// # Errors
/// A table cannot be read.
pub(crate) fn count_before(calls: &CallStore, day: Date) -> Result<u64, CallsError> {
    Ok(past::<super::Callback>(calls, day)?.0
        + past::<super::Disposition>(calls, day)?.0
        + past::<super::OnCall>(calls, day)?.0
        + past::<super::AgentState>(calls, day)?.0)
}

/// Erases them, table by table; the caller holds the import lock.
///
/// # Errors
/// The disk fails; a table is then as it was or without them.
pub(crate) fn erase_before(calls: &CallStore, day: Date) -> Result<u64, CallsError> {
    Ok(drop_past::<super::Callback>(calls, day)?
        + drop_past::<super::Disposition>(calls, day)?
        + drop_past::<super::OnCall>(calls, day)?
        + drop_past::<super::AgentState>(calls, day)?)
}

fn drop_past<R: Row>(calls: &CallStore, day: Date) -> Result<u64, CallsError> {
    let (gone, left) = past::<R>(calls, day)?;
    if gone > 0 {
        write::<R>(calls, &left)?;
    }
    Ok(gone)
}

/// How many rows were over before the day, and the others.
fn past<R: Row>(calls: &CallStore, day: Date) -> Result<(u64, BTreeMap<String, R>), CallsError> {
    let all = rows::<R>(calls)?;
    let before = all.len();
    let left: BTreeMap<String, R> = all
        .into_iter()
        .filter(|row| row.over_at().to_zoned(TimeZone::UTC).date() >= day)
        .map(|row| (row.key(), row))
        .collect();
    let gone = u64::try_from(before - left.len()).unwrap_or(u64::MAX);
    Ok((gone, left))
}

fn write<R: Row>(calls: &CallStore, all: &BTreeMap<String, R>) -> Result<(), CallsError> {
    let path = calls.table_path(R::TABLE.name());
    let next = path.with_extension("next");
    if let Some(folder) = path.parent() {
        crate::store::private_folder(folder)?;
    }
    let mut file = BufWriter::new(File::create(&next).map_err(store("write", &next))?);
    for row in all.values() {
        serde_json::to_writer(&mut file, row)
            .map_err(std::io::Error::from)
            .and_then(|()| file.write_all(b"\n"))
            .map_err(store("write", &next))?;
    }
    let file = file
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)
        .map_err(store("write", &next))?;
    file.sync_all().map_err(store("write", &next))?;
    fs::rename(&next, &path).map_err(store("replace", &path))
}

/// A text that names something: not empty, not long.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().count() <= 200
}

/// Words that name something, in which no telephone number hides.
pub(super) fn is_words(text: &str) -> bool {
    is_name(text) && text.bytes().filter(u8::is_ascii_digit).count() < 7
}
