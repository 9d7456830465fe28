//! The offered calls of the store one by one, for whoever learns from them: forecasts, patience, handle times, replays.

use crate::columns::local_of_us;
use crate::error::CallsError;
use crate::read::{batches, damaged};
use crate::record::{Outcome, handle_ms};
use crate::store::CallStore;
use arrow::array::{
    Array, AsArray, BooleanArray, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// The columns that are read.
const COLUMNS: [&str; 13] = [
    "caller_hash",
    "segment",
    "dnis",
    "call_type",
    "arrived_at",
    "queued_at",
    "offered_local",
    "outcome",
    "wait_ms",
    "talk_ms",
    "hold_ms",
    "acw_ms",
    "is_test",
];

/// A call that reached the human queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferedCall<'a> {
    /// When it joined the queue; when it arrived, where the export does not say.
    pub at: Timestamp,
    /// The same on the centre's wall clock.
    pub local: DateTime,
    /// The number or line reached.
    pub dnis: Option<&'a str>,
    /// The call type; nothing is the unclassified residue.
    pub call_type: Option<&'a str>,
    /// The group of callers.
    pub segment: Option<&'a str>,
    /// The caller's keyed hash.
    pub caller: Option<[u8; 32]>,
    /// Whether a person answered; else the caller left.
    pub answered: bool,
    /// Time in the queue.
    pub wait_ms: Option<u64>,
    /// Talk, hold and after-call work of an answered call.
    pub handle_ms: Option<u64>,
}

/// Hands every offered call of the local days to `each`, test calls left out, file by file: not in order of time. Memory is one
/// batch. Gives the number of calls.
///
/// # Errors
/// A file of the store cannot be read or is damaged.
pub fn offered(
    calls: &CallStore,
    source: Option<&str>,
    days: std::ops::RangeInclusive<Date>,
    mut each: impl FnMut(&OfferedCall<'_>),
) -> Result<u64, CallsError> {
    let mut count = 0;
    for path in calls.parts(source, days)? {
        for batch in batches(&path, &COLUMNS)? {
            let batch = batch?;
            let columns =
                Columns::of(&batch).ok_or_else(|| damaged(&path, "a column is missing".into()))?;
            for call in (0..batch.num_rows()).filter_map(|row| columns.call(row)) {
                each(&call);
                count += 1;
            }
        }
    }
    Ok(count)
}

/// An offered call that is kept: for a replay, without anything that tells who called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptCall {
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

/// Every offered call of every source, in order of time.
///
/// # Errors
/// As [`offered`]; and where the store holds more than `calls_max` calls.
pub fn in_order(calls: &CallStore, calls_max: usize) -> Result<Vec<KeptCall>, CallsError> {
    let mut all = Vec::new();
    let count = offered(calls, None, Date::MIN..=Date::MAX, |call| {
        if all.len() < calls_max {
            all.push(KeptCall {
                offered_us: call.at.as_microsecond(),
                call_type: call.call_type.map(ToOwned::to_owned),
                segment: call.segment.map(ToOwned::to_owned),
                caller: call.caller,
                answered: call.answered,
                wait_ms: call.wait_ms.unwrap_or(0),
                handle_ms: call.handle_ms,
            });
        }
    })?;
    if usize::try_from(count).is_ok_and(|count| count > calls_max) {
        return Err(CallsError::TooManyCalls { calls_max });
    }
    all.sort_by_key(|call| call.offered_us);
    Ok(all)
}

struct Columns<'a> {
    caller: &'a FixedSizeBinaryArray,
    segment: &'a StringArray,
    dnis: &'a StringArray,
    call_type: &'a StringArray,
    arrived_at: &'a [i64],
    queued_at: &'a arrow::array::TimestampMicrosecondArray,
    offered_local: &'a [i64],
    outcome: &'a StringArray,
    /// Wait, talk, hold, after-call work.
    durations: [&'a Int64Array; 4],
    is_test: &'a BooleanArray,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        let column = |name| batch.column_by_name(name);
        let us = |name| column(name)?.as_primitive_opt::<TimestampMicrosecondType>();
        let number = |name| column(name)?.as_primitive_opt::<Int64Type>();
        let text = |name| column(name)?.as_string_opt::<i32>();
        Some(Self {
            caller: column("caller_hash")?.as_fixed_size_binary_opt()?,
            segment: text("segment")?,
            dnis: text("dnis")?,
            call_type: text("call_type")?,
            arrived_at: us("arrived_at")?.values(),
            queued_at: us("queued_at")?,
            offered_local: us("offered_local")?.values(),
            outcome: text("outcome")?,
            durations: [
                number("wait_ms")?,
                number("talk_ms")?,
                number("hold_ms")?,
                number("acw_ms")?,
            ],
            is_test: column("is_test")?.as_boolean_opt()?,
        })
    }

    fn call(&self, row: usize) -> Option<OfferedCall<'a>> {
        let answered = match Outcome::from_name(self.outcome.value(row))? {
            Outcome::Answered => true,
            Outcome::Abandoned => false,
            Outcome::IvrOnly
            | Outcome::Phantom
            | Outcome::Internal
            | Outcome::Dequeued
            | Outcome::Connected
            | Outcome::Blocked => return None,
        };
        if self.is_test.value(row) {
            return None;
        }
        let queued = self
            .queued_at
            .is_valid(row)
            .then(|| self.queued_at.value(row));
        let text = |column: &'a StringArray| column.is_valid(row).then(|| column.value(row));
        let [wait_ms, talk, hold, acw] = self.durations.map(|column| {
            let value = column.is_valid(row).then(|| column.value(row));
            value.and_then(|ms| u64::try_from(ms).ok())
        });
        Some(OfferedCall {
            at: Timestamp::from_microsecond(queued.unwrap_or(self.arrived_at[row])).ok()?,
            local: local_of_us(self.offered_local[row])?,
            dnis: text(self.dnis),
            call_type: text(self.call_type),
            segment: text(self.segment),
            caller: self
                .caller
                .is_valid(row)
                .then(|| self.caller.value(row).try_into().ok())
                .flatten(),
            answered,
            wait_ms,
            handle_ms: handle_ms(talk, hold, acw).filter(|_| answered),
        })
    }
}
