//! The import: files in, canonical records out, every row read accounted for, all or nothing.

mod checkpoint;

use crate::dedup::{Earlier, Fingerprints, KEYS_MAX, Keys, Verdict};
use crate::error::CallsError;
use crate::input::{Input, sizes};
use crate::intake::{Bits, Hashing, Quarantine};
use crate::mapping::{CheckedMapping, FileForm};
use crate::parts::{ids_of, rewrite_without, write_day};
use crate::pipeline::{Batch, Readers, Skip, read_rows};
use crate::plan::RowReader;
pub use crate::report::{FileReport, ImportReport, ReasonCount, TypeCount};
use crate::row::RowFault;
use crate::seal::Seal;
use crate::spill::{DAYS_BYTES_MAX, Days};
use crate::store::{
    CallStore, FileEntry, ImportEntry, Manifest, PartEntry, QuarantinedRow, Staging,
    check_source_name,
};
use crate::threads;
use checkpoint::{CHECKPOINT_ROWS, DAYS, Identity, KEYS, Middle, Notes, Saving};
use jiff::Timestamp;
use jiff::civil::Date;
use segue_domain::caller::CallerKey;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Rows looked at before an import in which none fits is given up.
pub const MISFIT_ROWS_MAX: u64 = 10_000;
/// A file shorter than this may be quarantined whole.
const MISFIT_ROWS_MIN: u64 = 20;
/// Different unmapped call types remembered for the report.
const UNMAPPED_TYPES_MAX: usize = 100;

/// What to import.
#[derive(Debug, Clone, Copy)]
pub struct ImportRequest<'a> {
    /// The files; together they succeed or nothing changes.
    pub files: &'a [PathBuf],
    /// How to read them.
    pub mapping: &'a CheckedMapping,
    /// The system they come from: ids are unique within it.
    pub source: &'a str,
    /// The client's key for caller hashes.
    pub key: &'a CallerKey,
    /// Now, for the record of the import.
    pub imported_at: Timestamp,
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// The file, counted from 0.
    pub file: usize,
    /// Files in all.
    pub files: usize,
    /// Bytes read of all files.
    pub bytes: u64,
    /// Bytes of all files.
    pub bytes_total: u64,
    /// Rows read so far.
    pub rows: u64,
}

/// The stages of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Rows are read.
    Reading,
    /// Duplicates are found and records written.
    Writing,
}

/// Memory bounds of an import; tests make them small to force spilling.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Encoded records held before they are spilled, bytes.
    pub days_bytes_max: usize,
    /// Keys held before they are spilled.
    pub keys_max: usize,
    /// Rows after which the import keeps on disk how far it is.
    pub checkpoint_rows: u64,
    /// Threads that read rows and write days; the store's bytes are the same for any number.
    pub threads: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            days_bytes_max: DAYS_BYTES_MAX,
            keys_max: KEYS_MAX,
            checkpoint_rows: CHECKPOINT_ROWS,
            threads: threads::available(),
        }
    }
}

/// Imports files into the store: all of them, or nothing. One that was killed goes on where it was when it is asked for again.
///
/// `progress` is called every few thousand rows. Errors leave the store as it was.
pub fn import(
    calls: &CallStore,
    request: ImportRequest<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<ImportReport, CallsError> {
    import_within(calls, request, Bounds::default(), progress)
}

/// [`import`] under given memory bounds.
pub fn import_within(
    calls: &CallStore,
    request: ImportRequest<'_>,
    bounds: Bounds,
    progress: &mut dyn FnMut(Progress),
) -> Result<ImportReport, CallsError> {
    check_source_name(request.source)?;
    let sizes = sizes(request.files)?;
    let _lock = calls.lock_import()?;
    let prints = Fingerprints::new(request.key);
    let manifest = calls.manifest()?;
    let id = format!("{:06}", manifest.imports.len() + 1);
    let identity = checkpoint::identity(&id, &request, &sizes, &prints);
    let (mut staging, left) = checkpoint::staging(calls, &identity)?;
    let with = (request, bounds);
    let mut importing = Importing::new(calls, &manifest, identity, with, &mut staging, &sizes);
    let middle = left.map(|(left, tests)| importing.go_on(left, &tests));
    let result = middle
        .transpose()
        .and_then(|middle| importing.run(middle, progress));
    match result {
        Ok((report, Some(entry))) => {
            calls.commit(staging, entry)?;
            Ok(report)
        }
        Ok((report, None)) => {
            staging.sweep();
            Ok(report)
        }
        Err(error) => {
            staging.sweep();
            Err(error)
        }
    }
}

/// A file's report, its quarantine list and what of it is read already.
fn begin(
    path: &Path,
    place: String,
    middle: Option<Middle>,
) -> Result<(FileReport, Quarantine, Option<Skip>), CallsError> {
    let Some(middle) = middle else {
        let report = FileReport {
            file: path.display().to_string(),
            ..FileReport::default()
        };
        return Ok((report, Quarantine::new(place), None));
    };
    let quarantine = Quarantine::resume(place, &middle.quarantine)?;
    Ok((middle.report, quarantine, Some(middle.skip)))
}

struct Importing<'a> {
    request: ImportRequest<'a>,
    staging: &'a mut Staging,
    sizes: &'a [u64],
    id: String,
    identity: Identity,
    checkpoint_rows: u64,
    resumed_rows: u64,
    /// What of this source is already there: file hash → rows it had, under this very mapping.
    known: BTreeMap<String, u64>,
    known_sizes: Vec<u64>,
    earlier_keys: Vec<PathBuf>,
    /// Where the ids of the source's erased calls are.
    erased_ids: Option<PathBuf>,
    earlier_parts: Vec<PartEntry>,
    root: PathBuf,
    seal: Seal,
    threads: usize,
    prints: Fingerprints,
    keys: Keys,
    days: Days,
    /// One bit a readable row: set for a test call.
    is_test: Bits,
    /// One bit a readable row: set for what is not written, duplicates and erased calls.
    is_dropped: Bits,
    ordinal: u64,
    /// Where each file's ordinals begin.
    starts: Vec<u64>,
    entries: Vec<FileEntry>,
    reports: Vec<FileReport>,
    notes: Notes,
    bytes_done: u64,
    saving: Saving,
}

impl<'a> Importing<'a> {
    fn new(
        calls: &CallStore,
        manifest: &Manifest,
        identity: Identity,
        (request, bounds): (ImportRequest<'a>, Bounds),
        staging: &'a mut Staging,
        sizes: &'a [u64],
    ) -> Self {
        let ours: Vec<_> = manifest
            .imports
            .iter()
            .filter(|i| i.source == request.source)
            .collect();
        let before = manifest.erasures.last().map_or(0, |last| last.imports);
        let erased = manifest.erased.get(request.source);
        // A file from before an erasure is read again: which of its rows are erased, its bytes do not tell.
        let skipped = if erased.is_some() { before } else { 0 };
        let known: Vec<&FileEntry> = manifest
            .imports
            .iter()
            .skip(skipped)
            .filter(|import| import.source == request.source)
            .filter(|import| import.mapping_hash == request.mapping.hash)
            .flat_map(|import| &import.files)
            .collect();
        Self {
            id: identity.id.clone(),
            identity,
            checkpoint_rows: bounds.checkpoint_rows,
            resumed_rows: 0,
            known: known
                .iter()
                .map(|file| (file.sha256.clone(), file.read))
                .collect(),
            known_sizes: known.iter().map(|file| file.bytes).collect(),
            earlier_keys: ours
                .iter()
                .map(|import| calls.root().join(&import.keys))
                .collect(),
            erased_ids: erased.map(|place| calls.root().join(place)),
            earlier_parts: ours.iter().flat_map(|i| i.parts.clone()).collect(),
            root: calls.root().to_owned(),
            seal: calls.seal.clone(),
            threads: bounds.threads,
            prints: Fingerprints::new(request.key),
            keys: Keys::new(staging.scratch(KEYS), bounds.keys_max),
            days: Days::new(staging.scratch(DAYS), bounds.days_bytes_max),
            request,
            staging,
            sizes,
            is_test: Bits::default(),
            is_dropped: Bits::default(),
            ordinal: 0,
            starts: Vec::new(),
            entries: Vec::new(),
            reports: Vec::new(),
            notes: Notes::default(),
            bytes_done: 0,
            saving: Saving::default(),
        }
    }

    fn run(
        mut self,
        mut middle: Option<Middle>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(ImportReport, Option<ImportEntry>), CallsError> {
        let first = middle.as_ref().map_or(0, |middle| middle.file);
        self.bytes_done = self.sizes[..first].iter().sum();
        for file in first..self.request.files.len() {
            let middle = middle.take();
            if middle.is_none() {
                self.starts.push(self.ordinal);
            }
            if middle.is_some() || !self.seen_before(file)? {
                self.read_file(file, middle, progress)?;
            }
            self.bytes_done += self.sizes[file];
        }
        if self.entries.is_empty() {
            return Ok((self.report()?, None));
        }
        progress(self.progress(
            self.request.files.len().saturating_sub(1),
            Stage::Writing,
            0,
        ));
        let (keys, superseded) = self.decide()?;
        let parts = self.write_parts()?;
        self.supersede(&superseded)?;
        let erased = self.reports.iter().map(|report| report.erased).sum();
        let entry = ImportEntry {
            erased,
            id: self.id.clone(),
            source: self.request.source.to_owned(),
            mapping: self.request.mapping.mapping.name.clone(),
            mapping_hash: self.request.mapping.hash.clone(),
            imported_at: self.request.imported_at,
            files: std::mem::take(&mut self.entries),
            parts,
            keys,
        };
        Ok((self.report()?, Some(entry)))
    }

    /// The same bytes under the same mapping change nothing; only a file of a known length needs to be hashed for it.
    fn seen_before(&mut self, file: usize) -> Result<bool, CallsError> {
        if !self.known_sizes.contains(&self.sizes[file]) {
            return Ok(false);
        }
        let path = &self.request.files[file];
        let unreadable = |source| CallsError::ReadInput {
            path: path.clone(),
            source,
        };
        let mut input = Hashing::new(File::open(path).map_err(unreadable)?);
        io::copy(&mut input, &mut io::sink()).map_err(unreadable)?;
        let Some(rows) = self.known.get(&input.hex()) else {
            return Ok(false);
        };
        self.reports.push(FileReport {
            file: path.display().to_string(),
            read: *rows,
            duplicates: *rows,
            already_imported: true,
            ..FileReport::default()
        });
        Ok(true)
    }

    fn read_file(
        &mut self,
        file: usize,
        middle: Option<Middle>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), CallsError> {
        let path = &self.request.files[file];
        let unreadable = |source| CallsError::ReadInput {
            path: path.clone(),
            source,
        };
        let file_read = Hashing::new(File::open(path).map_err(unreadable)?);
        let rows = Input::open(file_read, self.request.mapping, path)?;
        let reader = RowReader::new(self.request.mapping, &rows.header, self.request.key, path)?;
        let place = format!("_segue/quarantine/{}-{file}.jsonl", self.id);
        let (mut report, mut quarantine, skip) = begin(path, place, middle)?;
        let mut checkpoint_at = report.read + self.checkpoint_rows;
        let prints = self.prints.clone();
        let readers = Readers {
            rows: &reader,
            prints: &prints,
            threads: self.threads,
        };
        let read = read_rows(rows, skip, readers, |batch| {
            report.read += batch.rows;
            for (line, fault) in &batch.faults {
                report.quarantined += 1;
                self.set_aside(&mut quarantine, &report, *line, fault)?;
            }
            if report.read >= MISFIT_ROWS_MAX && report.quarantined == report.read {
                return Err(self.nothing_fits(path, report.read));
            }
            progress(self.progress(file, Stage::Reading, batch.file_bytes));
            self.keep(&batch)?;
            if report.read < checkpoint_at {
                return Ok(());
            }
            checkpoint_at = report.read + self.checkpoint_rows;
            self.checkpoint(file, &report, &mut quarantine, batch.digest)
        })?;
        self.fits(path, &report)?;
        let input = read.inner();
        self.entries.push(FileEntry {
            path: report.file.clone(),
            bytes: input.bytes,
            sha256: input.hex(),
            read: report.read,
            quarantined: report.quarantined,
            quarantine: quarantine.finish()?,
        });
        // The same file twice in one command: the second time it is known.
        self.known.insert(input.hex(), report.read);
        self.known_sizes.push(input.bytes);
        self.reports.push(report);
        Ok(())
    }

    fn keep(&mut self, batch: &Batch) -> Result<(), CallsError> {
        let mut start = 0;
        for kept in &batch.kept {
            self.keys
                .push(kept.id, kept.content, kept.version, self.ordinal)?;
            let record = &batch.records[start..kept.end];
            start = kept.end;
            self.days.push(self.ordinal, kept.day, record)?;
            self.is_test.push(kept.is_test);
            self.is_dropped.push(false);
            self.ordinal += 1;
            self.notes.without_caller += u64::from(!kept.has_caller);
            self.notes.time_uncertain += u64::from(!kept.is_exact);
        }
        for text in &batch.unmapped {
            self.notes.unmapped_rows += 1;
            let known = self.notes.unmapped.contains_key(text);
            // A long or numeric text may be anything, a number among it: it is counted, not shown.
            let shown = text.len() <= 40 && text.chars().filter(char::is_ascii_digit).count() < 7;
            if shown && (known || self.notes.unmapped.len() < UNMAPPED_TYPES_MAX) {
                *self.notes.unmapped.entry(text.clone()).or_default() += 1;
            }
        }
        Ok(())
    }

    fn set_aside(
        &mut self,
        quarantine: &mut Quarantine,
        report: &FileReport,
        line: u64,
        fault: &RowFault,
    ) -> Result<(), CallsError> {
        let reason = fault.to_string();
        *self.notes.reasons.entry(reason.clone()).or_default() += 1;
        quarantine.push(
            self.staging,
            &QuarantinedRow {
                file: report.file.clone(),
                line,
                reason,
            },
        )
    }

    /// A file of which nothing can be used is no import: it is the wrong file or the wrong mapping.
    fn fits(&self, path: &Path, report: &FileReport) -> Result<(), CallsError> {
        let delimited = self.request.mapping.mapping.file.form == FileForm::Delimited;
        if report.read == 0 && !delimited {
            return Err(CallsError::NoRecords {
                path: path.to_owned(),
                mapping: self.request.mapping.mapping.name.clone(),
            });
        }
        let rows_min = if delimited { MISFIT_ROWS_MIN } else { 1 };
        if report.read >= rows_min && report.quarantined == report.read {
            return Err(self.nothing_fits(path, report.read));
        }
        Ok(())
    }

    fn nothing_fits(&self, path: &Path, rows: u64) -> CallsError {
        let most = self.notes.reasons.iter().max_by_key(|(_, count)| **count);
        CallsError::NothingFits {
            path: path.to_owned(),
            mapping: self.request.mapping.mapping.name.clone(),
            rows,
            reason: most.map_or_else(String::new, |(reason, _)| reason.clone()),
        }
    }

    /// Finds the duplicates and fills each file's counts; returns the key file's place and the earlier imports' calls of which
    /// this one has a later version.
    fn decide(&mut self) -> Result<(String, HashSet<u128>), CallsError> {
        let place = format!("_segue/keys/{}.keys", self.id);
        let out = self.staging.file(place.clone());
        let keys = std::mem::replace(&mut self.keys, Keys::new(PathBuf::new(), 0));
        let (dropped, notes) = (&mut self.is_dropped, &mut self.notes);
        let (starts, reports) = (&self.starts, &mut self.reports);
        let earlier = Earlier {
            keys: &self.earlier_keys,
            erased: self.erased_ids.as_deref(),
        };
        let superseded = keys.decide(earlier, &out, |ordinal, verdict| {
            match verdict {
                Verdict::New => return,
                Verdict::Exact => notes.duplicates_exact += 1,
                Verdict::SameId => notes.duplicates_same_id += 1,
                Verdict::Erased => {
                    let file = starts.partition_point(|start| *start <= ordinal);
                    if let Some(report) = reports.get_mut(file.saturating_sub(1)) {
                        report.erased += 1;
                    }
                }
            }
            dropped.set(ordinal);
        })?;
        self.starts.push(self.ordinal);
        for (report, bounds) in self.reports.iter_mut().zip(self.starts.windows(2)) {
            for ordinal in bounds[0]..bounds[1] {
                let place = match (self.is_dropped.get(ordinal), self.is_test.get(ordinal)) {
                    (true, _) => &mut report.duplicates,
                    (false, true) => &mut report.test,
                    (false, false) => &mut report.accepted,
                };
                *place += 1;
            }
            // Neither is written, and only one is a duplicate.
            report.duplicates = report.duplicates.saturating_sub(report.erased);
        }
        Ok((place, superseded))
    }

    /// Writes the earlier files anew that hold superseded calls, without them; with the commit they take the old ones' places.
    fn supersede(&mut self, superseded: &HashSet<u128>) -> Result<(), CallsError> {
        if superseded.is_empty() {
            return Ok(());
        }
        self.notes.updated = u64::try_from(superseded.len()).unwrap_or(u64::MAX);
        let prints = self.prints.clone();
        for part in &self.earlier_parts {
            let path = self.staging.file(part.path.clone());
            let old = self.root.join(&part.path);
            let is = |id: &str, leg: Option<&str>| superseded.contains(&prints.id(id, leg));
            let columns = ["source_call_id", "leg_id"];
            match rewrite_without(&old, &path, &columns, &self.seal, |batch| ids_of(batch, is))? {
                Some(rows) => self.staging.shrink(part.path.clone(), rows),
                None => self.staging.forget_last(),
            }
        }
        Ok(())
    }

    fn write_parts(&mut self) -> Result<Vec<PartEntry>, CallsError> {
        let days = self.days.days();
        let name = |day: &Date| format!("day-{day}.parquet");
        let zone = &self.request.mapping.mapping.time.zone;
        let seal = &self.seal;
        let rows = threads::each(self.threads, &days, |day| {
            let path = self.staging.scratch(&name(day));
            write_day(&self.days, *day, zone, &self.is_dropped, (&path, seal))
        })?;
        let mut parts = Vec::new();
        for (day, rows) in days.into_iter().zip(rows).filter(|(_, rows)| *rows > 0) {
            let path = format!(
                "source={}/day={day}/{}.parquet",
                self.request.source, self.id
            );
            self.staging.keep(&name(&day), path.clone());
            parts.push(PartEntry { path, day, rows });
        }
        Ok(parts)
    }

    fn progress(&self, file: usize, stage: Stage, bytes_of_file: u64) -> Progress {
        Progress {
            stage,
            file,
            files: self.request.files.len(),
            bytes: self.bytes_done + bytes_of_file,
            bytes_total: self.sizes.iter().sum(),
            rows: self.ordinal,
        }
    }

    fn report(self) -> Result<ImportReport, CallsError> {
        let sum = |field: fn(&FileReport) -> u64| self.reports.iter().map(field).sum();
        let most_first = |counts: BTreeMap<String, u64>| {
            let mut all: Vec<(String, u64)> = counts.into_iter().collect();
            all.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
            all
        };
        let report = ImportReport {
            read: sum(|f| f.read),
            accepted: sum(|f| f.accepted),
            duplicates: sum(|f| f.duplicates),
            test: sum(|f| f.test),
            quarantined: sum(|f| f.quarantined),
            erased: sum(|f| f.erased),
            source: self.request.source.to_owned(),
            mapping: self.request.mapping.mapping.name.clone(),
            policy: self.request.mapping.mapping.policy.clone(),
            duplicates_exact: self.notes.duplicates_exact,
            duplicates_same_id: self.notes.duplicates_same_id,
            updated: self.notes.updated,
            quarantine_reasons: most_first(self.notes.reasons)
                .into_iter()
                .map(|(reason, rows)| ReasonCount { reason, rows })
                .collect(),
            without_caller: self.notes.without_caller,
            time_uncertain: self.notes.time_uncertain,
            resumed_rows: self.resumed_rows,
            unmapped_type: self.notes.unmapped_rows,
            unmapped_types: most_first(self.notes.unmapped)
                .into_iter()
                .map(|(text, rows)| TypeCount { text, rows })
                .collect(),
            files: self.reports,
        };
        if report.adds_up() {
            return Ok(report);
        }
        Err(CallsError::DoesNotAddUp { read: report.read })
    }
}
