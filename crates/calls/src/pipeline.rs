//! The rows of one file read on several threads, in bounded memory: one thread finds the rows, the others read them, and the
//! caller gets the results in the file's order. What comes out is the same whatever the number of threads.

use crate::dedup::Fingerprints;
use crate::error::CallsError;
use crate::input::Input;
use crate::intake::Hashing;
use crate::lines::{Fields, RawRow, RowShape};
use crate::plan::RowReader;
use crate::record::TimeConfidence;
use crate::row::{Read, RowFault};
use crate::spill;
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Rows handed over at once.
const BATCH_ROWS: usize = 2_000;
/// Their bytes, beyond which a batch is handed over with fewer.
const BATCH_BYTES: usize = 1024 * 1024;
/// Batches that wait before and behind each thread.
const QUEUED: usize = 2;

/// Rows as they stand in the file, one after another.
#[derive(Default)]
struct Found {
    bytes: Vec<u8>,
    rows: Vec<Place>,
    /// Bytes of the file read so far.
    file_bytes: u64,
    /// Over all rows so far.
    digest: [u8; 32],
}

/// One row of the file.
struct Place {
    /// Where it ends in the batch's bytes.
    end: usize,
    line: u64,
    terminated: bool,
    fault: Option<RowShape>,
}

/// Rows as read, in the file's order.
#[derive(Default)]
pub(crate) struct Batch {
    /// All of them, readable or not.
    pub(crate) rows: u64,
    /// The readable ones.
    pub(crate) kept: Vec<Kept>,
    /// Their records, encoded one after another.
    pub(crate) records: Vec<u8>,
    /// Line and reason of the others.
    pub(crate) faults: Vec<(u64, RowFault)>,
    /// Call types that the dictionary does not name.
    pub(crate) unmapped: Vec<String>,
    /// Bytes of the file read so far.
    pub(crate) file_bytes: u64,
    /// SHA-256 over the file's rows so far.
    pub(crate) digest: [u8; 32],
}

/// Rows that an earlier run has read.
#[derive(Clone)]
pub(crate) struct Skip {
    /// So many of the file's first.
    pub(crate) rows: u64,
    /// SHA-256 over them, hexadecimal.
    pub(crate) digest: String,
}

/// What the import needs of a readable row beside its record.
pub(crate) struct Kept {
    /// Where its record ends.
    pub(crate) end: usize,
    /// The local day it belongs to.
    pub(crate) day: Date,
    /// The fingerprint of its id.
    pub(crate) id: u128,
    /// The fingerprint of its text.
    pub(crate) content: u64,
    /// When its source last changed it, µs.
    pub(crate) version: i64,
    /// A test call.
    pub(crate) is_test: bool,
    /// The caller is known.
    pub(crate) has_caller: bool,
    /// Its local time stands for one instant.
    pub(crate) is_exact: bool,
}

/// Who reads rows.
#[derive(Clone, Copy)]
pub(crate) struct Readers<'a> {
    pub(crate) rows: &'a RowReader,
    pub(crate) prints: &'a Fingerprints,
    /// Threads that read rows, beside the one that finds them.
    pub(crate) threads: usize,
}

/// Hands every batch of a file to `each`, in order; gives the input back for what it counted.
pub(crate) fn read_rows<'a>(
    input: Input<'a, Hashing>,
    skip: Option<Skip>,
    readers: Readers<'_>,
    each: impl FnMut(Batch) -> Result<(), CallsError>,
) -> Result<Input<'a, Hashing>, CallsError> {
    thread::scope(|scope| {
        let (mut to_readers, mut from_readers) = (Vec::new(), Vec::new());
        for _ in 0..readers.threads.max(1) {
            let (give, take) = sync_channel::<Found>(QUEUED);
            let (hand_on, result) = sync_channel::<Batch>(QUEUED);
            let mut fields = input.fields.clone();
            scope.spawn(move || {
                for found in take {
                    // Nobody waits for it any more: an error ended the import.
                    if hand_on
                        .send(read_batch(&found, &mut fields, readers))
                        .is_err()
                    {
                        return;
                    }
                }
            });
            to_readers.push(give);
            from_readers.push(result);
        }
        let finder = scope.spawn(move || find(input, skip.as_ref(), &to_readers));
        let taken = take_all(from_readers, each);
        let found = finder
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        taken?;
        found
    })
}

/// Takes the batches in the order in which they were given out: in turn from each thread.
#[expect(
    clippy::needless_pass_by_value,
    reason = "dropped at the end, so that no thread waits for a taker who is gone"
)]
fn take_all(
    from_readers: Vec<Receiver<Batch>>,
    mut each: impl FnMut(Batch) -> Result<(), CallsError>,
) -> Result<(), CallsError> {
    for reader in from_readers.iter().cycle() {
        let Ok(batch) = reader.recv() else { break };
        each(batch)?;
    }
    Ok(())
}

/// Finds the rows and gives them out in turn.
fn find<'a>(
    mut input: Input<'a, Hashing>,
    skip: Option<&Skip>,
    to_readers: &[SyncSender<Found>],
) -> Result<Input<'a, Hashing>, CallsError> {
    let mut row = RawRow::default();
    let mut digest = Sha256::new();
    if let Some(skip) = skip {
        pass(&mut input, &mut row, &mut digest, skip)?;
    }
    let mut more = true;
    for reader in to_readers.iter().cycle() {
        let mut found = Found::default();
        while more && found.rows.len() < BATCH_ROWS && found.bytes.len() < BATCH_BYTES {
            more = input.next_row(&mut row)?;
            if more {
                digest.update(&row.bytes);
                digest.update(b"\n");
                found.bytes.extend_from_slice(&row.bytes);
                found.rows.push(Place {
                    end: found.bytes.len(),
                    line: row.line,
                    terminated: row.terminated,
                    fault: row.fault,
                });
            }
        }
        found.file_bytes = input.inner().bytes;
        found.digest = digest.clone().finalize().into();
        if found.rows.is_empty() || reader.send(found).is_err() {
            break;
        }
    }
    Ok(input)
}

/// Passes by the rows that an earlier run has read, if they are what they were.
fn pass(
    input: &mut Input<'_, Hashing>,
    row: &mut RawRow,
    digest: &mut Sha256,
    skip: &Skip,
) -> Result<(), CallsError> {
    let mut rows = 0;
    while rows < skip.rows && input.next_row(row)? {
        digest.update(&row.bytes);
        digest.update(b"\n");
        rows += 1;
    }
    if rows == skip.rows && hex::encode(digest.clone().finalize()) == skip.digest {
        return Ok(());
    }
    Err(CallsError::InputChanged {
        path: input.path().to_owned(),
    })
}

fn read_batch(found: &Found, fields: &mut Fields, readers: Readers<'_>) -> Batch {
    let mut batch = Batch {
        file_bytes: found.file_bytes,
        digest: found.digest,
        ..Batch::default()
    };
    let mut start = 0;
    for place in &found.rows {
        let row = &found.bytes[start..place.end];
        start = place.end;
        batch.rows += 1;
        fields.split(row);
        let fault = place.fault.or(fields.fault());
        match readers.rows.read(row, fields, place.terminated, fault) {
            Ok(read) => batch.keep(row, read, readers.prints),
            Err(fault) => batch.faults.push((place.line, fault)),
        }
    }
    batch
}

impl Batch {
    fn keep(&mut self, row: &[u8], read: Read, prints: &Fingerprints) {
        let record = &read.record;
        spill::encode(record, &mut self.records);
        self.kept.push(Kept {
            end: self.records.len(),
            day: record.offered_local.date(),
            id: prints.id(&record.source_call_id, record.leg_id.as_deref()),
            content: prints.content(row),
            version: read.version,
            is_test: record.is_test,
            has_caller: record.caller.is_some(),
            is_exact: record.time_confidence == TimeConfidence::Exact,
        });
        self.unmapped.extend(read.unmapped_type);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::CheckedMapping;
    use segue_domain::caller::CallerKey;
    use std::fmt::Write as _;

    /// Whoever takes the batches gives up at the third of many: every thread ends, and the error is theirs.
    #[test]
    fn a_taker_who_fails_ends_every_thread() {
        let mut text = "call_id,dialled,caller,language,agent,disposition,hold_s,wrap_s,queue,arrived,queued,answered,ended\n".to_owned();
        for call in 0..60_000 {
            let _ = writeln!(
                text,
                "C{call},7001,,en,a,handled,0,5,MSG,2027-03-01 09:00:00,,,"
            );
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.csv");
        std::fs::write(&path, text).unwrap();
        let mapping = CheckedMapping::find("generic").unwrap();
        let key = CallerKey::new(&[42; 32]);
        let prints = Fingerprints::new(&key);
        for threads in [1, 5] {
            let file = std::fs::File::open(&path).unwrap();
            let input = Input::open(Hashing::new(file), &mapping, &path).unwrap();
            let rows = RowReader::new(&mapping, &input.header, &key, &path).unwrap();
            let readers = Readers {
                rows: &rows,
                prints: &prints,
                threads,
            };
            let (mut batches, mut rows_taken) = (0, 0);
            let result = read_rows(input, None, readers, |batch| {
                batches += 1;
                rows_taken += batch.kept.len();
                if batches == 3 {
                    return Err(CallsError::Parameter("no more".into()));
                }
                Ok(())
            });
            let error = result.err().unwrap();
            assert_eq!(
                error.to_string(),
                CallsError::Parameter("no more".into()).to_string()
            );
            assert_eq!(
                (batches, rows_taken),
                (3, 3 * BATCH_ROWS),
                "{threads} threads"
            );
        }
    }
}
