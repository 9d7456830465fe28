//! How far a long import is, kept in its staging folder: one that was killed goes on from there, and comes to the same bytes as one
//! that was not. Nothing of it is in the store before the import is whole.

use super::{ImportRequest, Importing};
use crate::dedup::{Blocks, Fingerprints};
use crate::error::{CallsError, store};
use crate::intake::{Bits, Quarantine, QuarantinePlace};
use crate::pipeline::Skip;
use crate::report::FileReport;
use crate::spill::DayBlocks;
use crate::store::{CallStore, FileEntry, Move, Staging};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

/// Rows between two checkpoints.
pub(super) const CHECKPOINT_ROWS: u64 = 1_000_000;

const CHECKPOINT: &str = "checkpoint.json";
const TESTS: &str = "checkpoint.bits";

/// Which import it is: another one does not go on from here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) id: String,
    pub(crate) source: String,
    pub(crate) mapping_hash: String,
    pub(crate) zone: String,
    /// The files with their lengths.
    pub(crate) files: Vec<(PathBuf, u64)>,
    /// A fingerprint under the caller key, hexadecimal.
    pub(crate) key: String,
}

/// What is counted over the rows of all files.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Notes {
    pub(crate) reasons: BTreeMap<String, u64>,
    pub(crate) unmapped: BTreeMap<String, u64>,
    pub(crate) unmapped_rows: u64,
    pub(crate) without_caller: u64,
    pub(crate) time_uncertain: u64,
    pub(crate) duplicates_exact: u64,
    pub(crate) duplicates_same_id: u64,
    pub(crate) updated: u64,
}

/// Everything an import knows after a number of rows of one of its files.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) of: Identity,
    /// The file being read, from 0.
    pub(crate) file: usize,
    /// SHA-256 over the rows read of it: a file that changed is noticed.
    pub(crate) digest: String,
    /// Readable rows of all files.
    pub(crate) ordinal: u64,
    pub(crate) starts: Vec<u64>,
    pub(crate) entries: Vec<FileEntry>,
    pub(crate) reports: Vec<FileReport>,
    /// Of the file being read.
    pub(crate) report: FileReport,
    pub(crate) quarantine: QuarantinePlace,
    pub(crate) notes: Notes,
    pub(crate) days: DayBlocks,
    pub(crate) days_end: u64,
    pub(crate) keys: Blocks,
    pub(crate) keys_end: u64,
    pub(crate) moves: Vec<Move>,
}

impl Checkpoint {
    /// Writes it in the place of the one before; the scratch files it speaks of are on disk already.
    fn write(&self, path: &Path, tests_path: &Path, tests: &[u8]) -> Result<(), CallsError> {
        // Bits only grow: a checkpoint with fewer rows reads the head of a newer file.
        replace(tests_path, tests)?;
        let text = serde_json::to_vec(self).map_err(|error| CallsError::Damaged {
            path: path.to_owned(),
            why: error.to_string(),
        })?;
        replace(path, &text)
    }

    /// The checkpoint that an import left which was cut off, with its bits; nothing where there is none, or that of another import.
    pub(crate) fn read(folder: &Path, of: &Identity) -> Option<(Self, Vec<u8>)> {
        let text = fs::read(folder.join(CHECKPOINT)).ok()?;
        let found: Self = serde_json::from_slice(&text).ok()?;
        let tests = fs::read(folder.join(TESTS)).ok()?;
        (found.of == *of).then_some((found, tests))
    }

    /// Removes from the folder what was written after the checkpoint; `scratch` are the names that stay beside the kept files.
    pub(crate) fn clear_rest(&self, folder: &Path, scratch: &[&str]) -> Result<(), CallsError> {
        let kept = |name: &str| {
            let moved = self.moves.iter().any(|step| step.is_from(name));
            moved || scratch.contains(&name) || [CHECKPOINT, TESTS].contains(&name)
        };
        for entry in fs::read_dir(folder).map_err(store("read", folder))? {
            let path = entry.map_err(store("read", folder))?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if !name.is_some_and(kept) {
                fs::remove_file(&path).map_err(store("sweep", &path))?;
            }
        }
        Ok(())
    }
}

/// A checkpoint on its way to the disk while more rows are read; never two at once. The last one's failure is nobody's loss where the
/// import comes to its end.
#[derive(Default)]
pub(super) struct Saving(Option<JoinHandle<Result<(), CallsError>>>);

impl Saving {
    /// Waits until it is there.
    fn wait(&mut self) -> Result<(), CallsError> {
        self.0.take().map_or(Ok(()), |saving| {
            saving
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

/// Nothing is written any more into a folder that is swept.
impl Drop for Saving {
    fn drop(&mut self) {
        if let Some(saving) = self.0.take() {
            let _ = saving.join();
        }
    }
}

/// Where an import goes on: in the middle of a file.
pub(super) struct Middle {
    pub(super) file: usize,
    pub(super) report: FileReport,
    pub(super) quarantine: QuarantinePlace,
    pub(super) skip: Skip,
}

/// The import that a request asks for, on the store as it is now.
pub(super) fn identity(
    id: &str,
    request: &ImportRequest<'_>,
    sizes: &[u64],
    prints: &Fingerprints,
) -> Identity {
    Identity {
        id: id.to_owned(),
        source: request.source.to_owned(),
        mapping_hash: request.mapping.hash.clone(),
        zone: request.mapping.mapping.time.zone.clone(),
        files: request
            .files
            .iter()
            .cloned()
            .zip(sizes.iter().copied())
            .collect(),
        key: format!("{:032x}", prints.id("checkpoint", None)),
    }
}

/// What an import that was cut off left: where it stood, and its bits of test callers.
pub(super) type Left = (Checkpoint, Vec<u8>);

/// The staging folder: as the same import left it when it was cut off, else empty.
pub(super) fn staging(
    calls: &CallStore,
    of: &Identity,
) -> Result<(Staging, Option<Left>), CallsError> {
    let folder = calls.staging_folder();
    let Some((left, tests)) = Checkpoint::read(&folder, of) else {
        return Ok((calls.fresh_staging()?, None));
    };
    left.clear_rest(&folder, &[KEYS, DAYS])?;
    Ok((calls.left_staging(left.moves.clone()), Some((left, tests))))
}

/// The scratch files of an import.
pub(super) const KEYS: &str = "keys.scratch";
/// The same.
pub(super) const DAYS: &str = "days.scratch";

impl Importing<'_> {
    /// Takes over what an import knew when it was cut off.
    pub(super) fn go_on(&mut self, left: Checkpoint, tests: &[u8]) -> Result<Middle, CallsError> {
        let damaged = || CallsError::Damaged {
            path: self.staging.scratch(TESTS),
            why: "it holds fewer rows than its checkpoint".into(),
        };
        self.is_test = Bits::of_bytes(tests, left.ordinal).ok_or_else(damaged)?;
        self.is_dropped = Bits::unset(left.ordinal);
        self.ordinal = left.ordinal;
        self.starts = left.starts;
        for entry in &left.entries {
            self.known.insert(entry.sha256.clone(), entry.read);
            self.known_sizes.push(entry.bytes);
        }
        self.entries = left.entries;
        self.resumed_rows = left.reports.iter().map(|report| report.read).sum();
        self.resumed_rows += left.report.read;
        self.reports = left.reports;
        self.notes = left.notes;
        self.days.resume(&left.days, left.days_end)?;
        self.keys.resume(&left.keys, left.keys_end)?;
        Ok(Middle {
            file: left.file,
            skip: Skip {
                rows: left.report.read,
                digest: left.digest,
            },
            report: left.report,
            quarantine: left.quarantine,
        })
    }

    /// Keeps on disk how far the import is, once the one before is there.
    pub(super) fn checkpoint(
        &mut self,
        file: usize,
        report: &FileReport,
        quarantine: &mut Quarantine,
        digest: [u8; 32],
    ) -> Result<(), CallsError> {
        self.saving.wait()?;
        let (days, days_written) = self.days.save()?;
        let (keys, keys_written) = self.keys.save()?;
        let checkpoint = Checkpoint {
            of: self.identity.clone(),
            file,
            digest: hex::encode(digest),
            ordinal: self.ordinal,
            starts: self.starts.clone(),
            entries: self.entries.clone(),
            reports: self.reports.clone(),
            report: report.clone(),
            quarantine: quarantine.save()?,
            notes: self.notes.clone(),
            days,
            days_end: days_written.end,
            keys,
            keys_end: keys_written.end,
            moves: self.staging.moves(),
        };
        let [path, tests_path] = [CHECKPOINT, TESTS].map(|name| self.staging.scratch(name));
        let tests = self.is_test.bytes();
        self.saving.0 = Some(thread::spawn(move || {
            days_written.sync()?;
            keys_written.sync()?;
            checkpoint.write(&path, &tests_path, &tests)
        }));
        Ok(())
    }
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), CallsError> {
    let next = path.with_extension("next");
    let mut file = File::create(&next).map_err(store("write", &next))?;
    file.write_all(bytes).map_err(store("write", &next))?;
    file.sync_all().map_err(store("write", &next))?;
    fs::rename(&next, path).map_err(store("replace", path))
}
