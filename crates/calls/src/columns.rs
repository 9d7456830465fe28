//! The columns of the call store: canonical records as Arrow batches.
//!
//! `source` and `day` (the local day of the offered time) are partitions, in the path and not in the files.

use crate::spill::Stored;
use arrow_array::builder::{
    BooleanBuilder, FixedSizeBinaryBuilder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::ArrowError;
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// The store's schema; names are stable, new columns are added at the end.
pub fn schema() -> SchemaRef {
    let utc = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    let always = |name: &str, kind: DataType| Field::new(name, kind, false);
    Arc::new(Schema::new(vec![
        always("source_call_id", DataType::Utf8),
        text("leg_id"),
        text("root_id"),
        text("channel"),
        text("dnis"),
        Field::new("caller_hash", DataType::FixedSizeBinary(32), true),
        text("caller_state"),
        text("call_type"),
        text("language"),
        text("segment"),
        always("arrived_at", utc()),
        Field::new("queued_at", utc(), true),
        Field::new("answered_at", utc(), true),
        Field::new("ended_at", utc(), true),
        always(
            "offered_local",
            DataType::Timestamp(TimeUnit::Microsecond, None),
        ),
        always("arrived_original", DataType::Utf8),
        always("zone", DataType::Utf8),
        always("time_confidence", DataType::Utf8),
        always("outcome", DataType::Utf8),
        text("end_reason"),
        text("agent_id"),
        text("site"),
        number("wait_ms"),
        number("talk_ms"),
        number("hold_ms"),
        number("acw_ms"),
        text("transfer_to"),
        always("is_test", DataType::Boolean),
    ]))
}

/// A local time as the store holds it: microseconds of its own calendar since 1970-01-01 00:00.
pub(crate) fn local_us(local: DateTime) -> i64 {
    TimeZone::UTC
        .to_timestamp(local)
        .map_or(0, Timestamp::as_microsecond)
}

/// The local time of the store's microseconds.
pub(crate) fn local_of_us(us: i64) -> Option<DateTime> {
    Timestamp::from_microsecond(us)
        .ok()
        .map(|at| TimeZone::UTC.to_datetime(at))
}

/// Collects records into one batch.
pub(crate) struct Columns {
    zone: String,
    rows: usize,
    texts: Vec<StringBuilder>,
    always: Vec<StringBuilder>,
    times: Vec<TimestampMicrosecondBuilder>,
    numbers: Vec<Int64Builder>,
    caller: FixedSizeBinaryBuilder,
    is_test: BooleanBuilder,
}

const TEXTS: usize = 12;
const ALWAYS: usize = 5;
const TIMES: usize = 5;
const NUMBERS: usize = 4;

impl Columns {
    /// An empty batch of records from an export in `zone`.
    pub(crate) fn new(zone: &str) -> Self {
        fn some<T: Default>(count: usize) -> Vec<T> {
            (0..count).map(|_| T::default()).collect()
        }
        Self {
            zone: zone.to_owned(),
            rows: 0,
            texts: some(TEXTS),
            always: some(ALWAYS),
            times: some(TIMES),
            numbers: some(NUMBERS),
            caller: FixedSizeBinaryBuilder::new(32),
            is_test: BooleanBuilder::new(),
        }
    }

    /// Records held.
    pub(crate) const fn rows(&self) -> usize {
        self.rows
    }

    /// Adds a record.
    pub(crate) fn push(&mut self, record: &Stored<'_>) -> Result<(), ArrowError> {
        for (builder, text) in self.texts.iter_mut().zip(record.texts) {
            builder.append_option(text);
        }
        let always: [&str; ALWAYS] = [
            record.source_call_id,
            record.arrived_original,
            &self.zone,
            record.time_confidence.name(),
            record.outcome.name(),
        ];
        for (builder, text) in self.always.iter_mut().zip(always) {
            builder.append_value(text);
        }
        for (builder, at) in self.times.iter_mut().zip(record.times_us) {
            builder.append_option(at);
        }
        for (builder, number) in self.numbers.iter_mut().zip(record.durations_ms) {
            builder.append_option(number);
        }
        match record.caller {
            Some(caller) => self.caller.append_value(caller)?,
            None => self.caller.append_null(),
        }
        self.is_test.append_value(record.is_test);
        self.rows += 1;
        Ok(())
    }

    /// The batch; the collector is empty again.
    pub(crate) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        let mut texts = self
            .texts
            .iter_mut()
            .map(|builder| Arc::new(builder.finish()) as ArrayRef);
        let mut always = self
            .always
            .iter_mut()
            .map(|b| Arc::new(b.finish()) as ArrayRef);
        let mut numbers = self
            .numbers
            .iter_mut()
            .map(|b| Arc::new(b.finish()) as ArrayRef);
        let mut times = self.times.iter_mut().enumerate().map(|(i, builder)| {
            let array = builder.finish();
            // The last is the wall clock, which has no zone.
            let array = if i + 1 < TIMES {
                array.with_timezone("UTC")
            } else {
                array
            };
            Arc::new(array) as ArrayRef
        });
        let mut all: Vec<ArrayRef> = Vec::with_capacity(28);
        all.extend(always.by_ref().take(1));
        all.extend(texts.by_ref().take(4));
        all.push(Arc::new(self.caller.finish()));
        all.extend(texts.by_ref().take(4));
        all.extend(times.by_ref());
        all.extend(always);
        all.extend(texts.by_ref().take(3));
        all.extend(numbers.by_ref());
        all.extend(texts);
        all.push(Arc::new(self.is_test.finish()));
        RecordBatch::try_new(schema(), all)
    }
}
