//! The baseline: the KPIs of a call history in one pass over the store, by type, hour, weekday, line or segment.
//!
//! Files are read on as many threads as there are cores, and the groups' counts added up: integers, so the answer is the same on any
//! number. Memory is one batch a thread, plus per group a few counters and its wait histogram ([`segue_parity::waits::Waits`]: exact
//! P90 unless a group has more than 100,000 different sub-second waits, and then said so).

use crate::columns::local_of_us;
use crate::error::CallsError;
use crate::read::{batches, damaged};
use crate::record::{Outcome, handle_ms};
use crate::seal::Seal;
use crate::store::CallStore;
use arrow_array::cast::AsArray;
use arrow_array::types::{Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, BooleanArray, Int64Array, RecordBatch, StringArray};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use segue_parity::kpi::ServiceLevelFormula;
use segue_parity::tally::{Tally, Thresholds};
use serde::Serialize;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The most groups of one baseline.
pub const GROUPS_MAX: usize = 1_000;
/// The key of calls without a value to group by: the unclassified residue.
pub const UNCLASSIFIED: &str = "unclassified";

/// What to group calls by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// All calls in one row.
    All,
    /// The call type.
    Type,
    /// The hour of the offered time, local.
    Hour,
    /// The weekday of the offered time, local.
    Weekday,
    /// The line reached.
    Line,
    /// The group of callers.
    Segment,
}

impl FromStr for By {
    type Err = CallsError;

    fn from_str(text: &str) -> Result<Self, CallsError> {
        Ok(match text {
            "all" => Self::All,
            "type" => Self::Type,
            "hour" => Self::Hour,
            "weekday" => Self::Weekday,
            "line" => Self::Line,
            "segment" => Self::Segment,
            other => {
                return Err(CallsError::Parameter(format!(
                    "--by \"{other}\" is not known; use type, hour, weekday, line, segment or all"
                )));
            }
        })
    }
}

/// One end of the time asked for, half-open: the calls at `from` are in, those at `to` are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// On the wall clock of the centre, wherever it is.
    Local(DateTime),
    /// One instant.
    Instant(Timestamp),
}

impl FromStr for Bound {
    type Err = CallsError;

    fn from_str(text: &str) -> Result<Self, CallsError> {
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Ok(Self::Instant(instant));
        }
        let midnight = || {
            text.parse::<Date>()
                .map(|date| date.to_datetime(jiff::civil::Time::midnight()))
        };
        text.parse::<DateTime>().or_else(|_| midnight()).map(Self::Local).map_err(|_| {
            CallsError::Parameter(format!(
                "\"{text}\" is no time; write 2026-03-01, 2026-03-01T08:00 (local) or 2026-03-01T13:00:00Z"
            ))
        })
    }
}

/// What to compute.
#[derive(Debug, Clone)]
pub struct BaselineRequest {
    /// The grouping.
    pub by: By,
    /// The service-level formula.
    pub formula: ServiceLevelFormula,
    /// The limits T and S.
    pub thresholds: Thresholds,
    /// The first offered time that counts.
    pub from: Option<Bound>,
    /// The first offered time that counts no more.
    pub to: Option<Bound>,
    /// One source only.
    pub source: Option<String>,
}

/// The table.
#[derive(Debug, Clone, Serialize)]
pub struct Baseline {
    /// One row per group, in the group's natural order.
    pub rows: Vec<BaselineRow>,
}

/// One group's KPIs, each ratio with its integers.
#[derive(Debug, Clone, Serialize)]
pub struct BaselineRow {
    /// The group.
    pub key: String,
    /// A + B.
    pub offered: u64,
    /// A.
    pub answered: u64,
    /// B.
    pub abandoned: u64,
    /// s.
    pub short_abandoned: u64,
    /// a.
    pub answered_within: u64,
    /// b.
    pub abandoned_within: u64,
    /// The service level, 0–1; nothing where nobody was offered.
    pub service_level: Option<f64>,
    /// Its numerator.
    pub service_level_numerator: u64,
    /// Its denominator.
    pub service_level_denominator: u64,
    /// Which formula.
    pub formula: ServiceLevelFormula,
    /// ASA.
    pub asa_s: Option<f64>,
    /// The wait 90 % of answered calls did not exceed.
    pub p90_wait_s: Option<f64>,
    /// False where that wait is rounded up (see the module).
    pub p90_exact: bool,
    /// The longest wait of any offered call.
    pub longest_wait_s: Option<f64>,
    /// AHT.
    pub aht_s: Option<f64>,
    /// (B − s) / (offered − s), 0–1.
    pub abandonment: Option<f64>,
    /// Its numerator.
    pub abandonment_numerator: u64,
    /// Its denominator.
    pub abandonment_denominator: u64,
    /// Calls of the group that were never offered.
    pub excluded: u64,
    /// Why not, and which offered calls lack a duration.
    pub excluded_by: Excluded,
}

/// What the KPIs leave out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Ended in the IVR.
    pub ivr_only: u64,
    /// Virtual calls.
    pub phantom: u64,
    /// Internal calls.
    pub internal: u64,
    /// Left the queue another way.
    pub dequeued: u64,
    /// Connected by a carrier or a PBX, by a person or not.
    pub connected: u64,
    /// Busy or failed attempts that a carrier saw.
    pub blocked: u64,
    /// Test calls.
    pub test: u64,
    /// Offered, but the wait is unknown: in no wait figure. Not in the sum `excluded`.
    pub wait_unknown: u64,
    /// Answered, but the handling is unknown: not in AHT. Not in the sum `excluded`.
    pub handle_unknown: u64,
}

struct Group {
    tally: Tally,
    excluded: Excluded,
}

/// Computes the baseline of a store.
pub fn baseline(calls: &CallStore, request: &BaselineRequest) -> Result<Baseline, CallsError> {
    let parts = calls.parts(request.source.as_deref(), days(request))?;
    let mut groups = read_parts(&parts, &calls.seal, request)?;
    if request.by == By::All && groups.is_empty() {
        groups.insert(Key::Text("all".into()), Group::new(request.thresholds));
    }
    Ok(Baseline {
        rows: groups
            .iter()
            .map(|(key, group)| group.row(key, request.formula))
            .collect(),
    })
}

/// Counts the files' calls by group.
fn read_parts(
    parts: &[PathBuf],
    seal: &Seal,
    request: &BaselineRequest,
) -> Result<BTreeMap<Key, Group>, CallsError> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<BTreeMap<Key, Group>, CallsError> {
        let mut groups = BTreeMap::new();
        while let Some(path) = parts.get(next.fetch_add(1, Ordering::Relaxed)) {
            read_part((path, seal), request, &mut groups)?;
        }
        Ok(groups)
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let found = thread::scope(|scope| {
        let others = 1..threads.min(parts.len());
        let others: Vec<_> = others.map(|_| scope.spawn(work)).collect();
        let mut found = vec![work()];
        found.extend(others.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        }));
        found
    });
    let mut all: BTreeMap<Key, Group> = BTreeMap::new();
    for groups in found {
        for (key, group) in groups? {
            match all.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(group);
                }
                Entry::Occupied(mut place) => place.get_mut().merge(&group),
            }
        }
    }
    if all.len() > GROUPS_MAX {
        return Err(CallsError::TooManyGroups {
            groups_max: GROUPS_MAX,
        });
    }
    Ok(all)
}

/// The local days that can hold calls of the time asked for; an instant may be on the day before or after.
fn days(request: &BaselineRequest) -> std::ops::RangeInclusive<Date> {
    let day = |bound: Bound, slack: i64| match bound {
        Bound::Local(local) => local.date(),
        Bound::Instant(at) => {
            let date = at.to_zoned(jiff::tz::TimeZone::UTC).date();
            date.saturating_add(jiff::Span::new().days(slack))
        }
    };
    request.from.map_or(Date::MIN, |bound| day(bound, -1))
        ..=request.to.map_or(Date::MAX, |bound| day(bound, 1))
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Hour(i8),
    Weekday(i8),
    Text(String),
}

const WEEKDAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

fn read_part(
    (path, seal): (&Path, &Seal),
    request: &BaselineRequest,
    groups: &mut BTreeMap<Key, Group>,
) -> Result<(), CallsError> {
    let group = match request.by {
        By::All | By::Hour | By::Weekday => None,
        By::Type => Some("call_type"),
        By::Line => Some("dnis"),
        By::Segment => Some("segment"),
    };
    let mut wanted = vec![
        "offered_local",
        "outcome",
        "wait_ms",
        "talk_ms",
        "hold_ms",
        "acw_ms",
        "is_test",
        "queued_at",
        "arrived_at",
    ];
    wanted.extend(group);
    for batch in batches(path, &wanted, seal)? {
        let batch = batch?;
        let columns =
            Batch::of(&batch, group).ok_or_else(|| damaged(path, "a column is missing".into()))?;
        for row in 0..batch.num_rows() {
            columns.count(row, request, groups)?;
        }
    }
    Ok(())
}

/// The columns of one batch the KPIs read.
struct Batch<'a> {
    offered_local: &'a [i64],
    arrived_at: &'a [i64],
    queued_at: &'a arrow_array::TimestampMicrosecondArray,
    outcome: &'a StringArray,
    wait: &'a Int64Array,
    talk: &'a Int64Array,
    hold: &'a Int64Array,
    acw: &'a Int64Array,
    is_test: &'a BooleanArray,
    group: Option<&'a StringArray>,
}

impl<'a> Batch<'a> {
    fn of(batch: &'a RecordBatch, group: Option<&str>) -> Option<Self> {
        let us = |name| {
            batch
                .column_by_name(name)?
                .as_primitive_opt::<TimestampMicrosecondType>()
        };
        let number = |name| batch.column_by_name(name)?.as_primitive_opt::<Int64Type>();
        let text = |name| batch.column_by_name(name)?.as_string_opt::<i32>();
        Some(Self {
            offered_local: us("offered_local")?.values(),
            arrived_at: us("arrived_at")?.values(),
            queued_at: us("queued_at")?,
            outcome: text("outcome")?,
            wait: number("wait_ms")?,
            talk: number("talk_ms")?,
            hold: number("hold_ms")?,
            acw: number("acw_ms")?,
            is_test: batch.column_by_name("is_test")?.as_boolean_opt()?,
            group: match group {
                Some(name) => Some(text(name)?),
                None => None,
            },
        })
    }

    fn count(
        &self,
        row: usize,
        request: &BaselineRequest,
        groups: &mut BTreeMap<Key, Group>,
    ) -> Result<(), CallsError> {
        if !self.in_time(row, request) {
            return Ok(());
        }
        let key = self.key(row, request.by);
        if groups.len() >= GROUPS_MAX && !groups.contains_key(&key) {
            return Err(CallsError::TooManyGroups {
                groups_max: GROUPS_MAX,
            });
        }
        let group = groups
            .entry(key)
            .or_insert_with(|| Group::new(request.thresholds));
        if self.is_test.value(row) {
            group.excluded.test += 1;
            return Ok(());
        }
        let number = |column: &Int64Array| {
            column
                .is_valid(row)
                .then(|| u64::try_from(column.value(row)).unwrap_or(0))
        };
        let wait_ms = number(self.wait);
        match Outcome::from_name(self.outcome.value(row)) {
            Some(Outcome::Answered) => {
                let handled = handle_ms(number(self.talk), number(self.hold), number(self.acw));
                group.tally.answered(wait_ms, handled);
            }
            Some(Outcome::Abandoned) => group.tally.abandoned(wait_ms),
            Some(Outcome::IvrOnly) => group.excluded.ivr_only += 1,
            Some(Outcome::Phantom) => group.excluded.phantom += 1,
            Some(Outcome::Internal) => group.excluded.internal += 1,
            Some(Outcome::Connected) => group.excluded.connected += 1,
            Some(Outcome::Blocked) => group.excluded.blocked += 1,
            Some(Outcome::Dequeued) | None => group.excluded.dequeued += 1,
        }
        Ok(())
    }

    fn in_time(&self, row: usize, request: &BaselineRequest) -> bool {
        let reached = |bound: Bound| match bound {
            Bound::Local(local) => self.offered_local[row] >= crate::columns::local_us(local),
            Bound::Instant(at) => {
                let queued = self
                    .queued_at
                    .is_valid(row)
                    .then(|| self.queued_at.value(row));
                queued.unwrap_or(self.arrived_at[row]) >= at.as_microsecond()
            }
        };
        request.from.is_none_or(reached) && !request.to.is_some_and(reached)
    }

    fn key(&self, row: usize, by: By) -> Key {
        let local = || local_of_us(self.offered_local[row]);
        match by {
            By::All => Key::Text("all".into()),
            By::Hour => Key::Hour(local().map_or(0, DateTime::hour)),
            By::Weekday => {
                Key::Weekday(local().map_or(0, |at| at.weekday().to_monday_zero_offset()))
            }
            By::Type | By::Line | By::Segment => {
                let text = self.group.filter(|group| group.is_valid(row));
                Key::Text(
                    text.map_or(UNCLASSIFIED, |group| group.value(row))
                        .to_owned(),
                )
            }
        }
    }
}

impl Group {
    fn new(thresholds: Thresholds) -> Self {
        Self {
            tally: Tally::new(thresholds),
            excluded: Excluded::default(),
        }
    }

    fn merge(&mut self, other: &Self) {
        let (own, more) = (&mut self.excluded, other.excluded);
        own.ivr_only += more.ivr_only;
        own.phantom += more.phantom;
        own.internal += more.internal;
        own.dequeued += more.dequeued;
        own.connected += more.connected;
        own.blocked += more.blocked;
        own.test += more.test;
        self.tally.merge(&other.tally);
    }

    fn row(&self, key: &Key, formula: ServiceLevelFormula) -> BaselineRow {
        let (tally, counts) = (&self.tally, self.tally.counts());
        let level = formula.ratio(counts);
        let abandonment = counts.abandonment();
        let by = Excluded {
            wait_unknown: tally.wait_unknown(),
            handle_unknown: tally.handle_unknown(),
            ..self.excluded
        };
        BaselineRow {
            key: match key {
                Key::Text(text) => text.clone(),
                Key::Hour(hour) => format!("{hour:02}"),
                Key::Weekday(day) => {
                    let name = usize::try_from(*day).ok().and_then(|day| WEEKDAYS.get(day));
                    (*name.unwrap_or(&UNCLASSIFIED)).to_owned()
                }
            },
            offered: counts.offered(),
            answered: counts.answered,
            abandoned: counts.abandoned,
            short_abandoned: counts.short_abandoned,
            answered_within: counts.answered_within,
            abandoned_within: counts.abandoned_within,
            service_level: level.value(),
            service_level_numerator: level.numerator,
            service_level_denominator: level.denominator,
            formula,
            asa_s: tally.asa_s(),
            p90_wait_s: tally.p90_wait_s(),
            p90_exact: tally.p90_is_exact(),
            longest_wait_s: tally.longest_wait_s(),
            aht_s: tally.aht_s(),
            abandonment: abandonment.value(),
            abandonment_numerator: abandonment.numerator,
            abandonment_denominator: abandonment.denominator,
            excluded: by.ivr_only
                + by.phantom
                + by.internal
                + by.dequeued
                + by.connected
                + by.blocked
                + by.test,
            excluded_by: by,
        }
    }
}
