//! `segue calls sniff FILE`: which mapping reads a file, found by trying, with the reasons; where none does, a draft of one.
//!
//! Only the file's first quarter of a mebibyte is looked at. No cell of a caller's ends up in an answer.

mod propose;

use crate::error::CallsError;
use crate::input::Input;
use crate::lines::RawRow;
use crate::mapping::{CheckedMapping, SHIPPED};
use crate::periods::{PeriodMapping, SHIPPED_PERIODS, read_periods};
use crate::plan::RowReader;
use crate::row::RowFault;
use segue_domain::caller::CallerKey;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes of the file that are looked at.
const HEAD_BYTES: u64 = 256 * 1024;
/// Rows tried under each mapping.
const ROWS_MAX: u64 = 500;

/// What a file seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One row, record or event per call: `segue calls import`.
    Records,
    /// Counts by period: `segue parity report`.
    Periods,
    /// Neither.
    Unknown,
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Sniffed {
    /// The shipped mapping that reads the file; nothing where none does.
    pub mapping: Option<String>,
    /// What the file seems to be.
    pub kind: Kind,
    /// Why, in sentences, the most telling first.
    pub reasons: Vec<String>,
    /// Rows tried under that mapping, or under the draft.
    pub rows: u64,
    /// Of those, readable.
    pub readable: u64,
    /// Where no shipped mapping fits: a mapping's text to begin from.
    pub proposal: Option<String>,
}

/// One mapping tried on the head of a file.
struct Trial {
    name: String,
    zone: String,
    columns: usize,
    rows: u64,
    readable: u64,
    faults: BTreeMap<String, u64>,
}

/// Looks at a file.
///
/// # Errors
/// The file cannot be read or is empty.
pub fn sniff(path: &Path) -> Result<Sniffed, CallsError> {
    let (head, whole) = head(path)?;
    let trials = SHIPPED.iter().filter_map(|(name, text)| {
        let mapping = CheckedMapping::parse(text, name).ok()?;
        trial(&mapping, &head, whole, path)
    });
    let best = trials
        .filter(|trial| trial.readable * 2 >= trial.rows)
        .max_by_key(|trial| (trial.readable * 1_000 / trial.rows.max(1), trial.columns));
    if let Some(best) = best {
        return Ok(best.found());
    }
    if let Some(found) = periods(&head, path) {
        return Ok(found);
    }
    Ok(propose::propose(&head, whole, path))
}

/// The first bytes of a file, up to its last whole line, and whether that is all of it.
fn head(path: &Path) -> Result<(Vec<u8>, bool), CallsError> {
    let unreadable = |source| CallsError::ReadInput {
        path: path.to_owned(),
        source,
    };
    let mut head = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    file.take(HEAD_BYTES)
        .read_to_end(&mut head)
        .map_err(unreadable)?;
    if head.is_empty() {
        return Err(CallsError::Empty {
            path: path.to_owned(),
        });
    }
    Ok((head, length <= HEAD_BYTES))
}

/// Tries a mapping; nothing where the file lacks a column it names, or holds no rows for it.
fn trial(mapping: &CheckedMapping, head: &[u8], whole: bool, path: &Path) -> Option<Trial> {
    // What is read is counted and dropped: no key of the client's is needed.
    let key = CallerKey::new(&[0; 32]);
    let mut input = Input::open(head, mapping, path).ok()?;
    let reader = RowReader::new(mapping, &input.header, &key, path).ok()?;
    let mut row = RawRow::default();
    let mut trial = Trial {
        name: mapping.mapping.name.clone(),
        zone: mapping.mapping.time.zone.clone(),
        columns: mapping.mapping.fields_and_rules().len(),
        rows: 0,
        readable: 0,
        faults: BTreeMap::new(),
    };
    while trial.rows < ROWS_MAX && input.next_row(&mut row).ok()? {
        let cut = !whole && !row.terminated;
        input.fields.split(&row.bytes);
        let fault = row.fault.or(input.fields.fault());
        match reader.read(&row.bytes, &input.fields, row.terminated, fault) {
            // The head ends in the middle of a row; that is not the file's fault.
            Err(_) if cut => continue,
            Ok(_) => trial.readable += 1,
            Err(fault) => *trial.faults.entry(RowFault::to_string(&fault)).or_default() += 1,
        }
        trial.rows += 1;
    }
    (trial.readable > 0).then_some(trial)
}

impl Trial {
    fn found(self) -> Sniffed {
        let mut reasons = vec![
            format!(
                "{} of the first {} rows can be read with the mapping {}.",
                self.readable, self.rows, self.name
            ),
            format!(
                "The {} columns or paths it names are in the file.",
                self.columns
            ),
        ];
        reasons.extend(self.fault_words());
        reasons.push(format!(
            "It takes the centre's clock for {}; import with --zone where that is not so.",
            self.zone
        ));
        Sniffed {
            mapping: Some(self.name),
            kind: Kind::Records,
            reasons,
            rows: self.rows,
            readable: self.readable,
            proposal: None,
        }
    }

    fn fault_words(&self) -> Option<String> {
        let (reason, rows) = self.faults.iter().max_by_key(|(_, rows)| **rows)?;
        Some(format!(
            "The others would be set aside, most often because {reason} ({rows})."
        ))
    }
}

/// A shipped mapping of period reports that reads the file.
fn periods(head: &[u8], path: &Path) -> Option<Sniffed> {
    let readings = SHIPPED_PERIODS.iter().filter_map(|(name, text)| {
        let mapping = PeriodMapping::parse(text, name).ok()?;
        let metric = mapping.metrics.first()?.name.clone();
        let reading = read_periods(head, path, &mapping, &metric).ok()?;
        (reading.accepted > 0 && reading.accepted * 2 >= reading.read)
            .then_some((*name, metric, reading))
    });
    let (name, metric, reading) =
        readings.max_by_key(|(_, _, reading)| reading.accepted * 1_000 / reading.read.max(1))?;
    Some(Sniffed {
        mapping: Some(name.to_owned()),
        kind: Kind::Periods,
        reasons: vec![
            format!(
                "{} of the first {} figures ({metric}) can be read with the mapping {name} of period reports.",
                reading.accepted, reading.read
            ),
            "It holds counts by period, no calls: `segue parity report` reads it, and what was counted cannot be cut anew."
                .into(),
        ],
        rows: reading.read,
        readable: reading.accepted,
        proposal: None,
    })
}
