//! Erasure of call records: of one caller by their hash, or of days past retention. The files are written anew without them.
//!
//! What stays is that the calls were seen: their fingerprints, so that the same export imported again does not bring them back.

use crate::error::{CallsError, store};
use crate::parts::rewrite_without;
use crate::read::{batches, damaged};
use crate::store::{CallStore, ErasureEntry, PartEntry};
use arrow::array::{Array, AsArray, RecordBatch};
use jiff::Timestamp;
use jiff::civil::Date;
use segue_domain::caller::CallerHash;
use serde::Serialize;
use std::fs;
use std::path::Path;

/// What is erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Every record of one caller.
    Caller(CallerHash),
    /// Every record of local days before this one.
    Before(Date),
}

/// What there was to erase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// Records.
    pub records: u64,
    /// Files that held any.
    pub files: u64,
}

/// How many records there are of what is to be erased.
///
/// # Errors
/// A file of the store cannot be read.
pub fn count(calls: &CallStore, what: What) -> Result<Erased, CallsError> {
    let mut found = Erased::default();
    for part in parts(calls)? {
        let records = match what {
            What::Before(day) if part.day < day => part.rows,
            What::Before(_) => 0,
            What::Caller(caller) => count_of(&calls.root().join(&part.path), caller)?,
        };
        found.records += records;
        found.files += u64::from(records > 0);
    }
    Ok(found)
}

/// Erases, whole or not at all: until the new manifest is written every record is there, then none of them.
///
/// # Errors
/// An import runs, or the disk fails; nothing is erased then.
pub fn erase(calls: &CallStore, what: What, at: Timestamp) -> Result<Erased, CallsError> {
    let _lock = calls.lock_import()?;
    let mut staging = calls.fresh_staging()?;
    let mut erased = Erased::default();
    let mut gone = Vec::new();
    for part in parts(calls)? {
        let path = calls.root().join(&part.path);
        let left = match what {
            What::Before(day) if part.day < day => Some(0),
            What::Before(_) => None,
            What::Caller(caller) => {
                let new = staging.file(part.path.clone());
                let dropped = |batch: &RecordBatch| of_caller(batch, caller);
                let left = rewrite_without(&path, &new, &["caller_hash"], dropped)?;
                if left == Some(0) {
                    // Nothing is left: the file goes, no empty one takes its place.
                    fs::remove_file(&new).map_err(store("sweep", &new))?;
                }
                if left.is_none_or(|rows| rows == 0) {
                    staging.forget_last();
                }
                left
            }
        };
        let Some(left) = left else { continue };
        erased.records += part.rows - left;
        erased.files += 1;
        if left == 0 {
            gone.push(part.path);
        } else {
            staging.shrink(part.path, left);
        }
    }
    if erased.files == 0 {
        staging.sweep();
        return Ok(erased);
    }
    let entry = ErasureEntry {
        at,
        before: match what {
            What::Before(day) => Some(day),
            What::Caller(_) => None,
        },
        records: erased.records,
    };
    calls.commit_erasure(staging, gone, entry)?;
    Ok(erased)
}

fn parts(calls: &CallStore) -> Result<Vec<PartEntry>, CallsError> {
    let imports = calls.manifest()?.imports.into_iter();
    Ok(imports.flat_map(|import| import.parts).collect())
}

fn count_of(path: &Path, caller: CallerHash) -> Result<u64, CallsError> {
    let mut records = 0;
    for batch in batches(path, &["caller_hash"])? {
        let dropped = of_caller(&batch?, caller);
        let dropped = dropped.ok_or_else(|| damaged(path, "a column is missing".into()))?;
        records += dropped.iter().map(|is| u64::from(*is)).sum::<u64>();
    }
    Ok(records)
}

/// Which rows are the caller's; nothing where the column is missing.
fn of_caller(batch: &RecordBatch, caller: CallerHash) -> Option<Vec<bool>> {
    let hashes = batch
        .column_by_name("caller_hash")?
        .as_fixed_size_binary_opt()?;
    let is = |row: usize| hashes.is_valid(row) && hashes.value(row) == caller.0;
    Some((0..batch.num_rows()).map(is).collect())
}
