//! Records sorted by day on their way to the store, in bounded memory: what does not fit goes to one scratch file.
//!
//! The scratch file holds canonical records (callers already hashed), lives in the import's staging folder and is
//! swept with it.

use crate::error::{CallsError, store};
use crate::intake::reopen;
use crate::record::{CallRecord, Outcome, TimeConfidence};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Encoded records held in memory before they are spilled, in bytes.
pub(crate) const DAYS_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A scratch file up to where it ended once.
pub(crate) struct Written {
    path: PathBuf,
    file: Option<File>,
    pub(crate) end: u64,
}

impl Written {
    /// Puts it on disk.
    pub(crate) fn sync(&self) -> Result<(), CallsError> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        file.sync_data().map_err(store("write", &self.path))
    }
}

/// An append-only scratch file of blocks.
pub(crate) struct Scratch {
    path: PathBuf,
    file: Option<File>,
    end: u64,
}

impl Scratch {
    /// A scratch file that is made when first needed.
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self {
            path,
            file: None,
            end: 0,
        }
    }

    /// A scratch file as it was when it ended at `end`.
    pub(crate) fn resume(path: PathBuf, end: u64) -> Result<Self, CallsError> {
        let file = match end {
            0 => None,
            _ => Some(reopen(&path, end)?),
        };
        Ok(Self { path, file, end })
    }

    /// What of it is written, for who puts it on disk while more is appended.
    pub(crate) fn written(&self) -> Result<Written, CallsError> {
        let file = self.file.as_ref().map(File::try_clone).transpose();
        Ok(Written {
            file: file.map_err(store("write", &self.path))?,
            path: self.path.clone(),
            end: self.end,
        })
    }

    /// Appends a block; returns where it starts.
    pub(crate) fn append(&mut self, block: &[u8]) -> Result<u64, CallsError> {
        if self.file.is_none() {
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(true);
            self.file = Some(
                options
                    .open(&self.path)
                    .map_err(store("create", &self.path))?,
            );
        }
        let Some(file) = &mut self.file else {
            return Ok(self.end);
        };
        file.seek(SeekFrom::Start(self.end))
            .map_err(store("write", &self.path))?;
        file.write_all(block).map_err(store("write", &self.path))?;
        let start = self.end;
        self.end += u64::try_from(block.len()).unwrap_or(0);
        Ok(start)
    }

    /// Reads a block back.
    pub(crate) fn read(&self, start: u64, length: usize) -> Result<Vec<u8>, CallsError> {
        let mut block = vec![0; length];
        let Some(file) = self.file.as_ref() else {
            return Ok(Vec::new());
        };
        // At its place, not through the file's cursor: several threads read at once.
        file.read_exact_at(&mut block, start)
            .map_err(store("read", &self.path))?;
        Ok(block)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

#[derive(Default)]
struct Day {
    bytes: Vec<u8>,
    blocks: Vec<(u64, usize)>,
}

/// Where the blocks of each day start, and how long they are.
pub(crate) type DayBlocks = BTreeMap<Date, Vec<(u64, usize)>>;

/// Records by local day.
pub(crate) struct Days {
    scratch: Scratch,
    by_day: BTreeMap<Date, Day>,
    held_bytes: usize,
    held_bytes_max: usize,
}

impl Days {
    /// Nothing held yet; at most `held_bytes_max` will be.
    pub(crate) fn new(scratch: PathBuf, held_bytes_max: usize) -> Self {
        Self {
            scratch: Scratch::new(scratch),
            by_day: BTreeMap::new(),
            held_bytes: 0,
            held_bytes_max,
        }
    }

    /// Adds an encoded record of a day under its ordinal.
    pub(crate) fn push(
        &mut self,
        ordinal: u64,
        day: Date,
        record: &[u8],
    ) -> Result<(), CallsError> {
        let day = self.by_day.entry(day).or_default();
        day.bytes.extend_from_slice(&ordinal.to_le_bytes());
        day.bytes.extend_from_slice(record);
        self.held_bytes += 8 + record.len();
        if self.held_bytes > self.held_bytes_max {
            self.spill()?;
        }
        Ok(())
    }

    /// Writes everything to the scratch file; says where each day's blocks are.
    pub(crate) fn save(&mut self) -> Result<(DayBlocks, Written), CallsError> {
        self.spill()?;
        let blocks = self.by_day.iter();
        let blocks = blocks
            .map(|(day, held)| (*day, held.blocks.clone()))
            .collect();
        Ok((blocks, self.scratch.written()?))
    }

    /// The days as they were saved.
    pub(crate) fn resume(&mut self, blocks: &DayBlocks, end: u64) -> Result<(), CallsError> {
        self.scratch = Scratch::resume(self.scratch.path().to_owned(), end)?;
        let day = |blocks: &Vec<(u64, usize)>| Day {
            bytes: Vec::new(),
            blocks: blocks.clone(),
        };
        self.by_day = blocks.iter().map(|(date, b)| (*date, day(b))).collect();
        Ok(())
    }

    fn spill(&mut self) -> Result<(), CallsError> {
        for day in self.by_day.values_mut().filter(|day| !day.bytes.is_empty()) {
            let start = self.scratch.append(&day.bytes)?;
            day.blocks.push((start, day.bytes.len()));
            day.bytes = Vec::new();
        }
        self.held_bytes = 0;
        Ok(())
    }

    /// The days, in order.
    pub(crate) fn days(&self) -> Vec<Date> {
        self.by_day.keys().copied().collect()
    }

    /// Hands each record of a day, in the order they came, to `each`.
    pub(crate) fn read(
        &self,
        day: Date,
        mut each: impl FnMut(u64, &Stored<'_>) -> Result<(), CallsError>,
    ) -> Result<(), CallsError> {
        let Some(held) = self.by_day.get(&day) else {
            return Ok(());
        };
        for (start, length) in &held.blocks {
            self.decode_all(&self.scratch.read(*start, *length)?, &mut each)?;
        }
        self.decode_all(&held.bytes, &mut each)
    }

    fn decode_all(
        &self,
        mut block: &[u8],
        each: &mut impl FnMut(u64, &Stored<'_>) -> Result<(), CallsError>,
    ) -> Result<(), CallsError> {
        while !block.is_empty() {
            let (ordinal, record) = decode(&mut block).ok_or_else(|| CallsError::Damaged {
                path: self.scratch.path().to_owned(),
                why: "a scratch record cannot be read back".into(),
            })?;
            each(ordinal, &record)?;
        }
        Ok(())
    }
}

fn put_text(out: &mut Vec<u8>, text: Option<&str>) {
    // The length plus one, so that nothing and the empty text differ.
    let length = text.map_or(0, |text| {
        u32::try_from(text.len()).unwrap_or(u32::MAX - 1) + 1
    });
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(text.unwrap_or_default().as_bytes());
}

fn put_number(out: &mut Vec<u8>, number: Option<i64>) {
    out.extend_from_slice(&number.unwrap_or(i64::MIN).to_le_bytes());
}

/// The optional texts of a record, as many as [`Stored::texts`].
const TEXTS: usize = 12;

/// A record as it lies in memory or in the scratch file, its texts not copied.
pub(crate) struct Stored<'a> {
    pub(crate) source_call_id: &'a str,
    pub(crate) arrived_original: &'a str,
    /// In the order of the store's columns.
    pub(crate) texts: [Option<&'a str>; TEXTS],
    pub(crate) caller: Option<&'a [u8]>,
    /// Arrived, queued, answered, ended: UTC µs; the offered time: µs of the wall clock.
    pub(crate) times_us: [Option<i64>; 5],
    /// Wait, talk, hold, wrap.
    pub(crate) durations_ms: [Option<i64>; 4],
    pub(crate) time_confidence: TimeConfidence,
    pub(crate) outcome: Outcome,
    pub(crate) is_test: bool,
}

/// Appends a record.
pub(crate) fn encode(record: &CallRecord, out: &mut Vec<u8>) {
    let flags = [
        u8::try_from(record.outcome as usize).unwrap_or(0),
        u8::try_from(record.time_confidence as usize).unwrap_or(0),
        u8::from(record.is_test),
        u8::from(record.caller.is_some()),
    ];
    out.extend_from_slice(&flags);
    if let Some(caller) = record.caller {
        out.extend_from_slice(&caller.0);
    }
    for at in [
        Some(record.arrived_at),
        record.queued_at,
        record.answered_at,
        record.ended_at,
    ] {
        put_number(out, at.map(Timestamp::as_microsecond));
    }
    put_number(out, Some(crate::columns::local_us(record.offered_local)));
    for number in [
        record.wait_ms,
        record.talk_ms,
        record.hold_ms,
        record.acw_ms,
    ] {
        put_number(out, number.and_then(|number| i64::try_from(number).ok()));
    }
    put_text(out, Some(&record.source_call_id));
    put_text(out, Some(&record.arrived_original));
    let texts: [&Option<String>; TEXTS] = [
        &record.leg_id,
        &record.root_id,
        &record.channel,
        &record.dnis,
        &record.caller_state,
        &record.call_type,
        &record.language,
        &record.segment,
        &record.end_reason,
        &record.agent_id,
        &record.site,
        &record.transfer_to,
    ];
    for text in texts {
        put_text(out, text.as_deref());
    }
}

fn take<'a>(block: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = block.split_at_checked(length)?;
    *block = rest;
    Some(taken)
}

fn take_u64(block: &mut &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(take(block, 8)?.try_into().ok()?))
}

#[expect(
    clippy::option_option,
    reason = "unreadable, and readable but absent, are two things"
)]
fn take_number(block: &mut &[u8]) -> Option<Option<i64>> {
    let number = i64::from_le_bytes(take(block, 8)?.try_into().ok()?);
    Some((number != i64::MIN).then_some(number))
}

#[expect(
    clippy::option_option,
    reason = "unreadable, and readable but absent, are two things"
)]
fn take_text<'a>(block: &mut &'a [u8]) -> Option<Option<&'a str>> {
    let length = u32::from_le_bytes(take(block, 4)?.try_into().ok()?);
    let Some(length) = length.checked_sub(1) else {
        return Some(None);
    };
    let bytes = take(block, usize::try_from(length).ok()?)?;
    Some(Some(std::str::from_utf8(bytes).ok()?))
}

fn decode<'a>(block: &mut &'a [u8]) -> Option<(u64, Stored<'a>)> {
    let ordinal = take_u64(block)?;
    let &[outcome, confidence, is_test, has_caller] = take(block, 4)? else {
        return None;
    };
    let caller = match has_caller {
        0 => None,
        _ => Some(take(block, 32)?),
    };
    let (mut times_us, mut durations_ms, mut texts) = ([None; 5], [None; 4], [None; TEXTS]);
    for at in times_us.iter_mut().chain(&mut durations_ms) {
        *at = take_number(block)?;
    }
    let (source_call_id, arrived_original) = (take_text(block)??, take_text(block)??);
    for text in &mut texts {
        *text = take_text(block)?;
    }
    let record = Stored {
        source_call_id,
        arrived_original,
        texts,
        caller,
        times_us,
        durations_ms,
        time_confidence: *TimeConfidence::ALL.get(usize::from(confidence))?,
        outcome: *Outcome::ALL.get(usize::from(outcome))?,
        is_test: is_test != 0,
    };
    Some((ordinal, record))
}
