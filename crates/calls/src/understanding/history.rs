//! The store's calls in order of time, day by day: who reads them so can see a caller call again.
//!
//! Memory is one day's calls of the sources asked for, some eighty bytes each, and the names in them.

use crate::call_columns::{CallColumns, text};
use crate::error::CallsError;
use crate::read::{batches, damaged};
use crate::record::Outcome;
use crate::store::CallStore;
use arrow_array::{Array, RecordBatch, StringArray};
use jiff::civil::Date;
use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Different lines, types, languages and the like that are told apart; the rest is [`Names::OTHER`].
const NAMES_MAX: usize = 50_000;

const COLUMNS: [&str; 18] = [
    "source_call_id",
    "root_id",
    "dnis",
    "caller_hash",
    "caller_state",
    "call_type",
    "language",
    "segment",
    "arrived_at",
    "queued_at",
    "offered_local",
    "outcome",
    "wait_ms",
    "talk_ms",
    "hold_ms",
    "acw_ms",
    "transfer_to",
    "is_test",
];

/// A text by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name(u32);

/// The texts by number.
pub(super) struct Names {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Names {
    /// No value.
    pub(super) const NONE: Name = Name(0);
    /// One of too many.
    const OTHER: Name = Name(1);

    pub(super) fn new() -> Self {
        Self {
            numbers: HashMap::new(),
            texts: vec![String::new(), "other".into()],
        }
    }

    pub(super) fn of(&mut self, text: &str) -> Name {
        if let Some(number) = self.numbers.get(text) {
            return Name(*number);
        }
        if self.texts.len() >= NAMES_MAX {
            return Self::OTHER;
        }
        let number = u32::try_from(self.texts.len()).unwrap_or(1);
        self.texts.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        Name(number)
    }

    pub(super) fn text(&self, name: Name) -> &str {
        usize::try_from(name.0)
            .ok()
            .and_then(|number| self.texts.get(number))
            .map_or("", String::as_str)
    }
}

/// One call of the history; test calls are left out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// When it joined the queue (else: arrived), UTC µs.
    pub(super) at_us: i64,
    /// The weekday of the offered time, Monday 0.
    pub(super) weekday: usize,
    /// Its hour on the wall clock.
    pub(super) hour: usize,
    /// The first half of the caller's keyed hash.
    pub(super) caller: Option<[u8; 16]>,
    /// The contact: legs of one chain on one day have the same number, which no other contact has.
    pub(super) root: u64,
    pub(super) line: Name,
    /// The call type.
    pub(super) kind: Name,
    pub(super) state: Name,
    pub(super) language: Name,
    pub(super) segment: Name,
    pub(super) transfer_to: Name,
    pub(super) outcome: Outcome,
    pub(super) wait_ms: Option<u64>,
    pub(super) handle_ms: Option<u64>,
}

/// Hands each day's calls, in order of time, to `each`.
pub(super) fn by_day(
    calls: &CallStore,
    source: Option<&str>,
    days: &RangeInclusive<Date>,
    names: &mut Names,
    mut each: impl FnMut(Date, &[Call], &mut Names),
) -> Result<(), CallsError> {
    let mut parts: BTreeMap<Date, Vec<PathBuf>> = BTreeMap::new();
    let manifest = calls.manifest()?;
    let imports = manifest.imports.iter();
    for part in imports
        .filter(|import| source.is_none_or(|name| name == import.source))
        .flat_map(|import| &import.parts)
        .filter(|part| days.contains(&part.day))
    {
        let path = calls.root().join(&part.path);
        parts.entry(part.day).or_default().push(path);
    }
    let mut first_root = 0;
    for (day, paths) in parts {
        let mut found = Vec::new();
        let mut roots = Roots {
            first: first_root,
            numbers: HashMap::new(),
        };
        for path in paths {
            for batch in batches(&path, &COLUMNS, &calls.seal)? {
                let batch = batch?;
                let columns = Columns::of(&batch)
                    .ok_or_else(|| damaged(&path, "a column is missing".into()))?;
                found.extend(
                    (0..batch.num_rows()).filter_map(|row| columns.call(row, names, &mut roots)),
                );
            }
        }
        first_root = roots.next();
        found.sort_by_key(|call: &Call| (call.at_us, call.root));
        each(day, &found, names);
    }
    Ok(())
}

/// The contacts of a day by number.
struct Roots {
    first: u64,
    numbers: HashMap<String, u64>,
}

impl Roots {
    fn next(&self) -> u64 {
        self.first + u64::try_from(self.numbers.len()).unwrap_or(0)
    }

    fn of(&mut self, chain: &str) -> u64 {
        let next = self.next();
        *self.numbers.entry(chain.to_owned()).or_insert(next)
    }
}

struct Columns<'a> {
    calls: CallColumns<'a>,
    id: &'a StringArray,
    root: &'a StringArray,
    /// Line, state, type, language, segment, transfer target.
    texts: [&'a StringArray; 6],
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        let text = |name| text(batch, name);
        Some(Self {
            calls: CallColumns::of(batch)?,
            id: text("source_call_id")?,
            root: text("root_id")?,
            texts: [
                text("dnis")?,
                text("caller_state")?,
                text("call_type")?,
                text("language")?,
                text("segment")?,
                text("transfer_to")?,
            ],
        })
    }

    fn call(&self, row: usize, names: &mut Names, roots: &mut Roots) -> Option<Call> {
        if self.calls.is_test(row) {
            return None;
        }
        let outcome = self.calls.outcome(row)?;
        let local = self.calls.local(row)?;
        let mut name = |column: &StringArray| {
            if column.is_valid(row) {
                names.of(column.value(row))
            } else {
                Names::NONE
            }
        };
        let [line, state, kind, language, segment, transfer_to] = self.texts.map(&mut name);
        let chain = if self.root.is_valid(row) {
            self.root.value(row)
        } else {
            self.id.value(row)
        };
        Some(Call {
            at_us: self.calls.at_us(row),
            weekday: usize::try_from(local.weekday().to_monday_zero_offset()).ok()?,
            hour: usize::try_from(local.hour()).ok()?,
            caller: self
                .calls
                .caller(row)
                .and_then(|hash| hash.get(..16)?.try_into().ok()),
            root: roots.of(chain),
            line,
            kind,
            state,
            language,
            segment,
            transfer_to,
            outcome,
            wait_ms: self.calls.wait_ms(row),
            handle_ms: self
                .calls
                .handle_ms(row)
                .filter(|_| outcome == Outcome::Answered),
        })
    }
}
