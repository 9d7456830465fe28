//! Erasure of call records: of one caller by their hash, or of days past retention. The files are written anew without them.
//!
//! What stays is that the calls were seen, and that they were erased: fingerprints of their ids, so that no export brings them back,
//! neither as they were nor as a later version.

use crate::dedup::{Fingerprints, write_ids};
use crate::error::{CallsError, store};
use crate::operations;
use crate::parts::{ids_of, rewrite_without};
use crate::read::{batches, damaged};
use crate::seal::Seal;
use crate::store::{CallStore, ErasureEntry, ImportLock, PartEntry, Staging};
use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use jiff::Timestamp;
use jiff::civil::Date;
use segue_domain::caller::{CallerHash, CallerKey};
use serde::Serialize;
use std::collections::BTreeMap;
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
    /// Rows of kept tables; none of one caller, for they name nobody.
    pub table_rows: u64,
}

/// An erasure about to be carried out. No import runs while it is held, so what was found is what is erased.
#[derive(Debug)]
pub struct Erasing<'c> {
    calls: &'c CallStore,
    prints: Fingerprints,
    what: What,
    found: Erased,
    _lock: ImportLock,
}

/// Looks for what is to be erased. Nothing is changed yet: whoever orders it does so on what is found.
///
/// # Errors
/// An import runs, or a file of the store cannot be read.
pub fn begin<'c>(
    calls: &'c CallStore,
    key: &CallerKey,
    what: What,
) -> Result<Erasing<'c>, CallsError> {
    let lock = calls.lock_import()?;
    let mut found = Erased::default();
    for (_, part) in parts(calls)? {
        let records = match what {
            What::Before(day) if part.day < day => part.rows,
            What::Before(_) => 0,
            What::Caller(caller) => {
                let path = calls.root().join(&part.path);
                count_of(&path, caller, &calls.seal)?
            }
        };
        found.records += records;
        found.files += u64::from(records > 0);
    }
    if let What::Before(day) = what {
        found.table_rows = operations::count_before(calls, day)?;
    }
    Ok(Erasing {
        calls,
        prints: Fingerprints::new(key),
        what,
        found,
        _lock: lock,
    })
}

impl Erasing<'_> {
    /// What there is to erase in the store.
    pub fn found(&self) -> Erased {
        self.found
    }

    /// Erases the records, whole or not at all: until the new manifest is written every one is there, then none of them. Rows of kept
    /// tables go before. Whatever is found, the rows that an import has read which was cut off go too: it begins anew when it is
    /// asked for again.
    ///
    /// # Errors
    /// The disk fails; no record is erased then.
    pub fn carry_out(self, at: Timestamp) -> Result<Erased, CallsError> {
        let mut staging = self.calls.fresh_staging()?;
        let mut erased = Erased::default();
        if let What::Before(day) = self.what {
            erased.table_rows = operations::erase_before(self.calls, day)?;
        }
        let mut gone = Vec::new();
        let mut ids: BTreeMap<String, Vec<u128>> = BTreeMap::new();
        for (source, part) in parts(self.calls)? {
            let Some(left) = self.left(&part, &mut staging)? else {
                continue;
            };
            let path = self.calls.root().join(&part.path);
            ids.entry(source).or_default().extend(self.ids(&path)?);
            erased.records += part.rows - left;
            erased.files += 1;
            if left == 0 {
                gone.push(part.path);
            } else {
                staging.shrink(part.path, left);
            }
        }
        if erased.files == 0 && erased.table_rows == 0 {
            staging.sweep();
            return Ok(erased);
        }
        let entry = ErasureEntry {
            at,
            before: match self.what {
                What::Before(day) => Some(day),
                What::Caller(_) => None,
            },
            records: erased.records,
            imports: 0,
        };
        let places = self.keep_ids(ids, &mut staging)?;
        self.calls.commit_erasure(staging, gone, places, entry)?;
        Ok(erased)
    }

    /// The ids of a file's records that go.
    fn ids(&self, path: &Path) -> Result<Vec<u128>, CallsError> {
        let mut ids = Vec::new();
        for batch in batches(
            path,
            &["caller_hash", "source_call_id", "leg_id"],
            &self.calls.seal,
        )? {
            let batch = batch?;
            let goes = match self.what {
                What::Before(_) => Some(vec![true; batch.num_rows()]),
                What::Caller(caller) => of_caller(&batch, caller),
            };
            let all = ids_of(&batch, |id, leg| self.prints.id(id, leg));
            let (Some(goes), Some(all)) = (goes, all) else {
                return Err(damaged(path, "a column is missing".into()));
            };
            let both = all.into_iter().zip(goes);
            ids.extend(both.filter_map(|(id, goes)| goes.then_some(id)));
        }
        Ok(ids)
    }

    /// Each source's erased ids so far and these, in a new file; where each is.
    fn keep_ids(
        &self,
        ids: BTreeMap<String, Vec<u128>>,
        staging: &mut Staging,
    ) -> Result<BTreeMap<String, String>, CallsError> {
        let manifest = self.calls.manifest()?;
        let number = manifest.erasures.len() + 1;
        let mut places = BTreeMap::new();
        for (source, ids) in ids {
            let known = manifest.erased.get(&source);
            let known = known.map(|place| self.calls.root().join(place));
            let place = format!("_segue/erased/{source}-{number:06}.keys");
            write_ids(known.as_deref(), ids, &staging.file(place.clone()))?;
            places.insert(source, place);
        }
        Ok(places)
    }

    /// The records of a file that stay, written anew; nothing where all of them do.
    fn left(&self, part: &PartEntry, staging: &mut Staging) -> Result<Option<u64>, CallsError> {
        let caller = match self.what {
            What::Before(day) => return Ok((part.day < day).then_some(0)),
            What::Caller(caller) => caller,
        };
        let path = self.calls.root().join(&part.path);
        let new = staging.file(part.path.clone());
        let dropped = |batch: &RecordBatch| of_caller(batch, caller);
        let left = rewrite_without(&path, &new, &["caller_hash"], &self.calls.seal, dropped)?;
        if left == Some(0) {
            // Nothing is left: the file goes, no empty one takes its place.
            fs::remove_file(&new).map_err(store("sweep", &new))?;
        }
        if left.is_none_or(|rows| rows == 0) {
            staging.forget_last();
        }
        Ok(left)
    }
}

/// The files with their sources.
fn parts(calls: &CallStore) -> Result<Vec<(String, PartEntry)>, CallsError> {
    let imports = calls.manifest()?.imports.into_iter();
    let of = |import: crate::store::ImportEntry| {
        let parts = import.parts.into_iter();
        parts.map(move |part| (import.source.clone(), part))
    };
    Ok(imports.flat_map(of).collect())
}

fn count_of(path: &Path, caller: CallerHash, seal: &Seal) -> Result<u64, CallsError> {
    let mut records = 0;
    for batch in batches(path, &["caller_hash"], seal)? {
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
