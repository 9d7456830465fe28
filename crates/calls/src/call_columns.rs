//! The columns that whoever reads calls back from the store needs, row by row.

use crate::columns::local_of_us;
use crate::record::{Outcome, handle_ms};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, BooleanArray, FixedSizeBinaryArray, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use jiff::civil::DateTime;

/// One batch's calls: when, who, how they ended, how long they took.
pub(crate) struct CallColumns<'a> {
    caller: &'a FixedSizeBinaryArray,
    arrived_at: &'a [i64],
    queued_at: &'a TimestampMicrosecondArray,
    offered_local: &'a [i64],
    outcome: &'a StringArray,
    /// Wait, talk, hold, after-call work.
    durations: [&'a Int64Array; 4],
    is_test: &'a BooleanArray,
}

/// A column of text; nothing where there is none of that name.
pub(crate) fn text<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a StringArray> {
    batch.column_by_name(name)?.as_string_opt()
}

impl<'a> CallColumns<'a> {
    /// The batch's columns; nothing where one is missing.
    pub(crate) fn of(batch: &'a RecordBatch) -> Option<Self> {
        let column = |name| batch.column_by_name(name);
        let us = |name| column(name)?.as_primitive_opt::<TimestampMicrosecondType>();
        let number = |name| column(name)?.as_primitive_opt::<Int64Type>();
        Some(Self {
            caller: column("caller_hash")?.as_fixed_size_binary_opt()?,
            arrived_at: us("arrived_at")?.values(),
            queued_at: us("queued_at")?,
            offered_local: us("offered_local")?.values(),
            outcome: text(batch, "outcome")?,
            durations: [
                number("wait_ms")?,
                number("talk_ms")?,
                number("hold_ms")?,
                number("acw_ms")?,
            ],
            is_test: column("is_test")?.as_boolean_opt()?,
        })
    }

    pub(crate) fn is_test(&self, row: usize) -> bool {
        self.is_test.value(row)
    }

    pub(crate) fn outcome(&self, row: usize) -> Option<Outcome> {
        Outcome::from_name(self.outcome.value(row))
    }

    /// When it joined the queue, else when it arrived, UTC µs.
    pub(crate) fn at_us(&self, row: usize) -> i64 {
        if self.queued_at.is_valid(row) {
            self.queued_at.value(row)
        } else {
            self.arrived_at[row]
        }
    }

    /// The offered time on the centre's wall clock.
    pub(crate) fn local(&self, row: usize) -> Option<DateTime> {
        local_of_us(self.offered_local[row])
    }

    pub(crate) fn caller(&self, row: usize) -> Option<[u8; 32]> {
        let hash = self.caller.is_valid(row).then(|| self.caller.value(row));
        hash?.try_into().ok()
    }

    pub(crate) fn wait_ms(&self, row: usize) -> Option<u64> {
        self.duration(0, row)
    }

    /// Talk, hold and after-call work.
    pub(crate) fn handle_ms(&self, row: usize) -> Option<u64> {
        handle_ms(
            self.duration(1, row),
            self.duration(2, row),
            self.duration(3, row),
        )
    }

    fn duration(&self, which: usize, row: usize) -> Option<u64> {
        let column = self.durations[which];
        let ms = column.is_valid(row).then(|| column.value(row))?;
        u64::try_from(ms).ok()
    }
}
