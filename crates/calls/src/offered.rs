//! The offered calls of the store one by one, for whoever learns from them: forecasts, patience, handle times, replays.

use crate::call_columns::{CallColumns, text};
use crate::error::CallsError;
use crate::read::{batches, damaged};
use crate::record::Outcome;
use crate::store::CallStore;
use arrow_array::{Array, RecordBatch, StringArray};
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
        for batch in batches(&path, &COLUMNS, &calls.seal)? {
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

/// Every offered call of every source of these stores, in order of time.
///
/// # Errors
/// As [`offered`]; and where the stores hold more than `calls_max` calls.
pub fn in_order<'s>(
    stores: impl IntoIterator<Item = &'s CallStore>,
    calls_max: usize,
) -> Result<Vec<KeptCall>, CallsError> {
    let mut all = Vec::new();
    let mut count = 0;
    for calls in stores {
        count += offered(calls, None, Date::MIN..=Date::MAX, |call| {
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
    }
    if usize::try_from(count).is_ok_and(|count| count > calls_max) {
        return Err(CallsError::TooManyCalls { calls_max });
    }
    all.sort_by_key(|call| call.offered_us);
    Ok(all)
}

struct Columns<'a> {
    calls: CallColumns<'a>,
    segment: &'a StringArray,
    dnis: &'a StringArray,
    call_type: &'a StringArray,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        Some(Self {
            calls: CallColumns::of(batch)?,
            segment: text(batch, "segment")?,
            dnis: text(batch, "dnis")?,
            call_type: text(batch, "call_type")?,
        })
    }

    fn call(&self, row: usize) -> Option<OfferedCall<'a>> {
        let answered = match self.calls.outcome(row)? {
            Outcome::Answered => true,
            Outcome::Abandoned => false,
            Outcome::IvrOnly
            | Outcome::Phantom
            | Outcome::Internal
            | Outcome::Dequeued
            | Outcome::Connected
            | Outcome::Blocked => return None,
        };
        if self.calls.is_test(row) {
            return None;
        }
        let text = |column: &'a StringArray| column.is_valid(row).then(|| column.value(row));
        Some(OfferedCall {
            at: Timestamp::from_microsecond(self.calls.at_us(row)).ok()?,
            local: self.calls.local(row)?,
            dnis: text(self.dnis),
            call_type: text(self.call_type),
            segment: text(self.segment),
            caller: self.calls.caller(row),
            answered,
            wait_ms: self.calls.wait_ms(row),
            handle_ms: self.calls.handle_ms(row).filter(|_| answered),
        })
    }
}
