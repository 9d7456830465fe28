//! The offered calls of a store, one by one: for a replay, without anything that tells who called.

use crate::error::{CallsError, store};
use crate::record::{Outcome, handle_ms};
use crate::store::CallStore;
use arrow::array::{Array, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use jiff::civil::Date;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::fs::File;
use std::path::Path;

/// The columns read.
const COLUMNS: [&str; 11] = [
    "caller_hash",
    "call_type",
    "segment",
    "arrived_at",
    "queued_at",
    "outcome",
    "wait_ms",
    "talk_ms",
    "hold_ms",
    "acw_ms",
    "is_test",
];

/// One call that reached a human queue and left it answered or abandoned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedCall {
    /// When it joined the queue (else: arrived), UTC µs.
    pub offered_us: i64,
    /// The call type; nothing is the unclassified residue.
    pub call_type: Option<String>,
    /// The group of callers.
    pub segment: Option<String>,
    /// The caller's keyed hash.
    pub caller: Option<[u8; 32]>,
    /// Whether a person answered; otherwise the caller hung up.
    pub answered: bool,
    /// Time in the queue, ms; unknown counts as none.
    pub wait_ms: u64,
    /// Talk, hold and after-call work, ms, where known.
    pub handle_ms: Option<u64>,
}

/// Every offered call that is no test call, in order of time.
///
/// # Errors
/// [`CallsError`] where the store cannot be read, or holds more than `calls_max` calls.
pub fn offered(calls: &CallStore, calls_max: usize) -> Result<Vec<OfferedCall>, CallsError> {
    let mut all = Vec::new();
    for path in calls.parts(None, Date::MIN..=Date::MAX)? {
        read_part(&path, calls_max, &mut all)?;
    }
    all.sort_by_key(|call| call.offered_us);
    Ok(all)
}

fn read_part(path: &Path, calls_max: usize, all: &mut Vec<OfferedCall>) -> Result<(), CallsError> {
    let damaged = |why: String| CallsError::Damaged {
        path: path.to_owned(),
        why,
    };
    let file = File::open(path).map_err(store("read", path))?;
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| damaged(e.to_string()))?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), COLUMNS);
    let reader = builder
        .with_projection(mask)
        .build()
        .map_err(|e| damaged(e.to_string()))?;
    for batch in reader {
        let batch = batch.map_err(|e| damaged(e.to_string()))?;
        read_batch(&batch, all).ok_or_else(|| damaged("a column is missing".into()))?;
        if all.len() > calls_max {
            return Err(CallsError::TooManyCalls { calls_max });
        }
    }
    Ok(())
}

fn read_batch(batch: &RecordBatch, all: &mut Vec<OfferedCall>) -> Option<()> {
    let text = |name| batch.column_by_name(name)?.as_string_opt::<i32>();
    let number = |name| batch.column_by_name(name)?.as_primitive_opt::<Int64Type>();
    let time = |name| {
        batch
            .column_by_name(name)?
            .as_primitive_opt::<TimestampMicrosecondType>()
    };
    let (call_type, segment, outcome) = (text("call_type")?, text("segment")?, text("outcome")?);
    let (queued, arrived) = (time("queued_at")?, time("arrived_at")?);
    let [wait, talk, hold, acw] = [
        number("wait_ms")?,
        number("talk_ms")?,
        number("hold_ms")?,
        number("acw_ms")?,
    ];
    let caller = batch
        .column_by_name("caller_hash")?
        .as_fixed_size_binary_opt()?;
    let is_test = batch.column_by_name("is_test")?.as_boolean_opt()?;
    for row in 0..batch.num_rows() {
        let answered = match Outcome::from_name(outcome.value(row)) {
            Some(Outcome::Answered) => true,
            Some(Outcome::Abandoned) => false,
            _ => continue,
        };
        if is_test.value(row) {
            continue;
        }
        let of = |column: &Int64Array| {
            let value = column.is_valid(row).then(|| column.value(row))?;
            u64::try_from(value).ok()
        };
        let word = |column: &arrow::array::StringArray| {
            column.is_valid(row).then(|| column.value(row).to_owned())
        };
        all.push(OfferedCall {
            offered_us: if queued.is_valid(row) {
                queued.value(row)
            } else {
                arrived.value(row)
            },
            call_type: word(call_type),
            segment: word(segment),
            caller: caller
                .is_valid(row)
                .then(|| caller.value(row).try_into().ok())
                .flatten(),
            answered,
            wait_ms: of(wait).unwrap_or(0),
            handle_ms: answered
                .then(|| handle_ms(of(talk), of(hold), of(acw)))
                .flatten(),
        });
    }
    Some(())
}
