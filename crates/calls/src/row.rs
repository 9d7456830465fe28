//! One row of an export to one canonical record, or the reason why not.
//!
//! Reasons name the column and never quote a cell: a shifted row may hold a caller's number anywhere.

use crate::cells::{Cells, Nothings, raw_text, read_time};
use crate::error::CallsError;
use crate::lines::{Fields, RowShape};
use crate::mapping::{ByTimes, CallerKind, CheckedMapping, Ending, LostCaller, MissingHangup};
use crate::plan::{DurationPlan, Plans, RowReader, TextPlan, TimePlan, hash_id};
use crate::record::{CallRecord, Outcome, TimeConfidence};
use crate::times::{self, Written};
use crate::value;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, ToSpan};
use segue_domain::caller::{CallerHash, CallerKey, e164};
use std::borrow::Cow;
use std::path::Path;
use thiserror::Error;

/// Why a row is quarantined.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Error)]
pub(crate) enum RowFault {
    #[error("the row is longer than 256 KiB")]
    TooLong,
    #[error("a quote opens and does not close")]
    QuoteOpen,
    #[error("the last record is cut short")]
    CutShort,
    #[error("the row is no JSON object")]
    NotJson,
    #[error("the line is no event of a queue log")]
    NotAnEvent,
    #[error("the row holds bytes that are not valid text in the file's encoding")]
    NotText,
    #[error("the last line is cut short: {found} of {expected} columns")]
    Truncated { found: usize, expected: usize },
    #[error("the row has {found} columns, the header {expected}")]
    Columns { found: usize, expected: usize },
    #[error("{column} is empty")]
    Empty { column: String },
    #[error("{column} is not a time in the mapping's formats")]
    Time { column: String },
    #[error("{column} is not a duration in the mapping's unit")]
    Duration { column: String },
    #[error(
        "the call is of line {line}, whose callers are kept apart: import it with --line {line}"
    )]
    KeptApart { line: String },
    #[error("the call is of another line than {line}")]
    OtherLine { line: String },
    #[error("negative wait")]
    NegativeWait,
    #[error("{column} is negative")]
    NegativeDuration { column: String },
    #[error("{what} lies before the arrival by more than the mapping's tolerance")]
    OutOfOrder { what: &'static str },
    #[error("the call ends before it is answered")]
    EndsBeforeAnswer,
    #[error("the call lasts longer than the mapping allows: a stuck channel")]
    StuckChannel,
    #[error("missing hang-up: the call has no known end")]
    MissingHangup,
    #[error("{column} holds an ending that the mapping's outcome dictionary does not name")]
    UnknownOutcome { column: String },
    #[error(
        "{column} holds a number in scientific notation: digits are lost; export the column as text"
    )]
    Scientific { column: String },
    #[error("{column} holds a spreadsheet formula")]
    Formula { column: String },
    #[error("{column} repeats the caller's number, which is kept only as a keyed hash")]
    RepeatsNumber { column: String },
}

/// The record and what its reading noticed.
pub(crate) struct Read {
    pub(crate) record: CallRecord,
    /// When the source last changed it, µs; 0 where it does not say.
    pub(crate) version: i64,
    /// The call type's text is not in the dictionary.
    pub(crate) unmapped_type: Option<String>,
}

/// The row's times, resolved.
struct Times {
    arrived: Timestamp,
    confidence: TimeConfidence,
    original: String,
    queued: Option<Timestamp>,
    answered: Option<Timestamp>,
    ended: Option<Timestamp>,
}

impl RowReader {
    /// Finds the mapping's columns in a file's header.
    pub(crate) fn new(
        checked: &CheckedMapping,
        header: &[String],
        key: &CallerKey,
        path: &Path,
    ) -> Result<Self, CallsError> {
        Plans {
            checked,
            header,
            path,
        }
        .reader(key)
    }

    /// Reads one row already split into `fields`.
    pub(crate) fn read(
        &self,
        row: &[u8],
        fields: &Fields,
        terminated: bool,
        shape: Option<RowShape>,
    ) -> Result<Read, RowFault> {
        self.check_shape(row, fields, terminated, shape)?;
        let cells = Cells {
            row,
            fields,
            empty: &self.empty,
        };
        let source_call_id = self
            .text(&self.id, &cells)?
            .ok_or_else(|| RowFault::Empty {
                column: self.id.name.clone(),
            })?;
        let dnis = self.dialled(&cells)?;
        let (caller, number) = self.caller(&cells)?;
        let mut times = self.times(&cells)?;
        let outcome = self.outcome(&cells, &times)?;
        if outcome == Outcome::IvrOnly {
            times.queued = None;
        }
        let durations = self.durations(&cells, &times, outcome)?;
        let (call_type, unmapped_type) = self.call_type(&cells)?;
        let text = |plan: &Option<TextPlan>| match plan {
            Some(plan) => self.text(plan, &cells),
            None => Ok(None),
        };
        let is_test = caller.is_some_and(|caller| self.test_callers.contains(&caller))
            || self.test_column.as_ref().is_some_and(|(column, values)| {
                fields
                    .get(row, *column)
                    .is_some_and(|text| values.contains(text))
            });
        let offered = times.queued.unwrap_or(times.arrived);
        let record = CallRecord {
            source_call_id,
            leg_id: text(&self.texts.leg_id)?,
            root_id: text(&self.texts.root_id)?,
            channel: text(&self.texts.channel)?,
            dnis,
            caller,
            caller_state: text(&self.texts.caller_state)?,
            call_type,
            language: text(&self.texts.language)?,
            segment: text(&self.texts.segment)?,
            arrived_at: times.arrived,
            queued_at: times.queued,
            answered_at: times.answered,
            ended_at: times.ended,
            offered_local: self.zone.to_datetime(offered),
            arrived_original: times.original,
            time_confidence: times.confidence,
            outcome,
            end_reason: text(&self.texts.end_reason)?,
            agent_id: text(&self.texts.agent_id)?,
            site: text(&self.texts.site)?,
            wait_ms: durations.wait,
            talk_ms: durations.talk,
            hold_ms: durations.hold,
            acw_ms: durations.acw,
            transfer_to: text(&self.texts.transfer_to)?,
            is_test,
        };
        if let Some(tail) = number.as_deref().and_then(value::Tail::of) {
            self.no_number(&record, tail)?;
        }
        Ok(Read {
            version: self.version(&cells)?,
            record,
            unmapped_type,
        })
    }

    /// The number or line reached, where its calls are taken.
    fn dialled(&self, cells: &Cells<'_>) -> Result<Option<String>, RowFault> {
        let dnis = match &self.texts.dnis {
            Some(plan) => self.text(plan, cells)?,
            None => None,
        };
        self.lines.check(dnis.as_deref())?;
        Ok(dnis)
    }

    fn check_shape(
        &self,
        row: &[u8],
        fields: &Fields,
        terminated: bool,
        shape: Option<RowShape>,
    ) -> Result<(), RowFault> {
        match shape {
            Some(RowShape::TooLong) => return Err(RowFault::TooLong),
            Some(RowShape::QuoteOpen) => return Err(RowFault::QuoteOpen),
            Some(RowShape::CutShort) => return Err(RowFault::CutShort),
            Some(RowShape::NotJson) => return Err(RowFault::NotJson),
            Some(RowShape::NotAnEvent) => return Err(RowFault::NotAnEvent),
            None => {}
        }
        let (found, expected) = (fields.len(), self.columns);
        let trailing_empty = (expected..found).all(|i| fields.get(row, i) == Some(""));
        if found < expected && !terminated {
            return Err(RowFault::Truncated { found, expected });
        }
        if found < expected || !trailing_empty {
            return Err(RowFault::Columns { found, expected });
        }
        // A replacement character is what a decoder leaves where the bytes were no text.
        let text = std::str::from_utf8(row)
            .ok()
            .filter(|text| !text.contains('\u{FFFD}') && !text.contains('\0'));
        text.map(|_| ()).ok_or(RowFault::NotText)
    }

    #[expect(clippy::unused_self, reason = "reads beside its sisters")]
    fn text(&self, plan: &TextPlan, cells: &Cells<'_>) -> Result<Option<String>, RowFault> {
        if plan.value.is_some() {
            return Ok(plan.value.clone());
        }
        let Some(text) = raw_text(plan, cells)? else {
            return Ok(None);
        };
        Ok(match &plan.dictionary {
            Some(dictionary) => {
                let meaning = dictionary.get(text.as_ref());
                meaning.or(plan.others.as_ref()).cloned()
            }
            None => Some(text.into_owned()),
        })
    }

    fn call_type(&self, cells: &Cells<'_>) -> Result<(Option<String>, Option<String>), RowFault> {
        let Some(plan) = &self.texts.call_type else {
            return Ok((None, None));
        };
        match self.text(plan, cells)? {
            Some(call_type) => Ok((Some(call_type), None)),
            None => Ok((None, raw_text(plan, cells)?.map(Cow::into_owned))),
        }
    }

    /// The caller's hash, and the number itself for as long as the row is being read.
    fn caller(&self, cells: &Cells<'_>) -> Result<(Option<CallerHash>, Option<String>), RowFault> {
        let Some((column, field)) = &self.caller else {
            return Ok((None, None));
        };
        let text = cells.fields.get(cells.row, *column).unwrap_or_default();
        if text.is_empty() || self.empty.has(text) || field.empty.iter().any(|none| none == text) {
            return Ok((None, None));
        }
        if value::is_scientific(text) {
            if self.lost_caller == LostCaller::AcceptUnknown {
                return Ok((None, None));
            }
            return Err(RowFault::Scientific {
                column: field.column.clone(),
            });
        }
        if value::is_formula(text) {
            return Err(RowFault::Formula {
                column: field.column.clone(),
            });
        }
        Ok(match field.kind {
            CallerKind::Phone => {
                let number = e164(text);
                (
                    number.as_deref().map(|number| self.key.hash(number)),
                    number,
                )
            }
            CallerKind::Id => (Some(hash_id(&self.key, text)), Some(text.to_owned())),
        })
    }

    /// No stored text may carry the number: only the dialled line, which is the client's own, is exempt.
    fn no_number(&self, record: &CallRecord, number: value::Tail) -> Result<(), RowFault> {
        let optional = [
            (&record.leg_id, &self.texts.leg_id),
            (&record.root_id, &self.texts.root_id),
            (&record.channel, &self.texts.channel),
            (&record.caller_state, &self.texts.caller_state),
            (&record.call_type, &self.texts.call_type),
            (&record.language, &self.texts.language),
            (&record.segment, &self.texts.segment),
            (&record.end_reason, &self.texts.end_reason),
            (&record.agent_id, &self.texts.agent_id),
            (&record.site, &self.texts.site),
            (&record.transfer_to, &self.texts.transfer_to),
        ];
        let optional = optional
            .into_iter()
            .filter_map(|(text, plan)| Some((text.as_deref()?, plan.as_ref()?.name.as_str())));
        for (text, column) in
            std::iter::once((record.source_call_id.as_str(), self.id.name.as_str())).chain(optional)
        {
            if number.is_in(text) {
                return Err(RowFault::RepeatsNumber {
                    column: column.to_owned(),
                });
            }
        }
        Ok(())
    }

    fn version(&self, cells: &Cells<'_>) -> Result<i64, RowFault> {
        let Some(plan) = &self.updated else {
            return Ok(0);
        };
        let written = read_time(plan, cells)?;
        let instant = written.and_then(|(at, _)| times::resolve(at, &self.zone, None));
        Ok(instant.map_or(0, |(at, _)| at.as_microsecond()))
    }

    fn times(&self, cells: &Cells<'_>) -> Result<Times, RowFault> {
        let (arrived_written, original) =
            read_time(&self.arrived, cells)?.ok_or_else(|| RowFault::Empty {
                column: self.arrived.name.clone(),
            })?;
        let unreadable = |plan: &TimePlan| RowFault::Time {
            column: plan.name.clone(),
        };
        let (mut arrived, confidence) = times::resolve(arrived_written, &self.zone, None)
            .ok_or_else(|| unreadable(&self.arrived))?;
        let mut later: [Option<Timestamp>; 3] = [None; 3];
        let mut first_exact = None;
        for (slot, plan) in later
            .iter_mut()
            .zip([&self.queued, &self.answered, &self.ended])
        {
            let Some(plan) = plan else { continue };
            let Some((written, _)) = read_time(plan, cells)? else {
                continue;
            };
            let written = if plan.shares_date {
                after_midnight(written, arrived_written)
            } else {
                written
            };
            let (instant, found) = times::resolve(written, &self.zone, Some(arrived))
                .ok_or_else(|| unreadable(plan))?;
            *slot = Some(instant);
            if found == TimeConfidence::Exact {
                first_exact = first_exact.or(Some(instant));
            }
        }
        // In the repeated hour the earlier instant was taken; an hour's gap to the next sure time says it was the later.
        if let (TimeConfidence::RepeatedHour, Some(exact)) = (confidence, first_exact)
            && let Some(second) = times::second_of_fold(arrived_written, &self.zone)
            && second <= exact
            && exact.duration_since(arrived) >= SignedDuration::from_hours(1)
        {
            let shift = second.duration_since(arrived);
            for instant in later
                .iter_mut()
                .flatten()
                .filter(|instant| **instant < second)
            {
                *instant = instant.checked_add(shift).unwrap_or(*instant);
            }
            arrived = second;
        }
        let [queued, answered, ended] = later;
        self.check_order(
            arrived,
            &[
                ("the queue time", queued),
                ("the answer", answered),
                ("the end", ended),
            ],
        )?;
        Ok(Times {
            arrived,
            confidence,
            original: original.into_owned(),
            queued,
            answered,
            ended,
        })
    }

    fn check_order(
        &self,
        arrived: Timestamp,
        later: &[(&'static str, Option<Timestamp>)],
    ) -> Result<(), RowFault> {
        for (what, instant) in later {
            let Some(instant) = instant else { continue };
            let after = instant.duration_since(arrived);
            if after < -self.tolerance {
                return Err(RowFault::OutOfOrder { what });
            }
            if after.as_millis() > i128::from(self.duration_ms_max) {
                return Err(RowFault::StuckChannel);
            }
        }
        Ok(())
    }

    fn outcome(&self, cells: &Cells<'_>, times: &Times) -> Result<Outcome, RowFault> {
        let Some(plan) = &self.outcome else {
            return Ok(self.by_times(times));
        };
        let text = cells.fields.get(cells.row, plan.column).unwrap_or_default();
        let ending = plan.meanings.get(text).copied().or(plan.others);
        let outcome = match ending {
            Some(Ending::Known(outcome)) => outcome,
            Some(Ending::Told(ByTimes::ByTimes)) => self.by_times(times),
            None => {
                return Err(RowFault::UnknownOutcome {
                    column: plan.name.clone(),
                });
            }
        };
        let holds = |test: &Option<_>| test.as_ref().is_none_or(|test| cells.holds(test));
        Ok(match outcome {
            Outcome::Abandoned if !holds(&plan.queued_if) => Outcome::IvrOnly,
            Outcome::Answered if !holds(&plan.answered_if) => Outcome::IvrOnly,
            other => other,
        })
    }

    /// What the times say of the ending.
    const fn by_times(&self, times: &Times) -> Outcome {
        match (times.answered, times.queued, &self.queued) {
            (Some(_), ..) => Outcome::Answered,
            (None, None, Some(_)) => Outcome::IvrOnly,
            _ => Outcome::Abandoned,
        }
    }

    fn durations(
        &self,
        cells: &Cells<'_>,
        times: &Times,
        outcome: Outcome,
    ) -> Result<Durations, RowFault> {
        let wait = match &self.wait {
            Some(plan) => self.duration(plan, cells).map_err(|fault| match fault {
                RowFault::NegativeDuration { .. } => RowFault::NegativeWait,
                other => other,
            })?,
            None => between(
                Some(times.queued.unwrap_or(times.arrived)),
                if outcome == Outcome::Answered {
                    times.answered
                } else {
                    times.ended
                },
            )
            .map_err(|()| RowFault::NegativeWait)?,
        };
        let optional = |plan: &Option<DurationPlan>| match plan {
            Some(plan) => self.duration(plan, cells),
            None => Ok(None),
        };
        let (hold, acw) = (optional(&self.hold)?, optional(&self.acw)?);
        let talk = match &self.talk {
            Some(plan) => self.duration(plan, cells)?,
            None => between(times.answered, times.ended)
                .map_err(|()| RowFault::EndsBeforeAnswer)?
                .map(|held| held.saturating_sub(hold.unwrap_or(0))),
        };
        let ends_are_known = self.talk.is_some() || self.ended.is_some();
        let missing = match outcome {
            Outcome::Answered => talk.is_none() && ends_are_known,
            Outcome::Abandoned => wait.is_none(),
            _ => false,
        };
        if missing && self.missing_hangup == MissingHangup::Quarantine {
            return Err(RowFault::MissingHangup);
        }
        let offered = outcome.is_offered();
        Ok(Durations {
            wait: wait.filter(|_| offered),
            talk: talk.filter(|_| outcome == Outcome::Answered),
            hold: hold.filter(|_| outcome == Outcome::Answered),
            acw: acw.filter(|_| outcome == Outcome::Answered),
        })
    }

    fn duration(&self, plan: &DurationPlan, cells: &Cells<'_>) -> Result<Option<u64>, RowFault> {
        if plan
            .known_if
            .as_ref()
            .is_some_and(|test| !cells.holds(test))
        {
            return Ok(None);
        }
        let column = || plan.plan.column.clone();
        let mut texts = plan.columns.iter();
        let Some(text) = texts.find_map(|column| cells.get(*column, &Nothings::default())) else {
            return Ok(None);
        };
        let ms = value::duration_ms(text, plan.plan.unit)
            .ok_or_else(|| RowFault::Duration { column: column() })?;
        let ms = u64::try_from(ms).map_err(|_| RowFault::NegativeDuration { column: column() })?;
        if ms > self.duration_ms_max {
            return Err(RowFault::StuckChannel);
        }
        Ok(Some(ms))
    }
}

struct Durations {
    wait: Option<u64>,
    talk: Option<u64>,
    hold: Option<u64>,
    acw: Option<u64>,
}

fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<Option<u64>, ()> {
    let (Some(from), Some(to)) = (from, to) else {
        return Ok(None);
    };
    u64::try_from(to.duration_since(from).as_millis())
        .map(Some)
        .map_err(|_| ())
}

/// A time without its own date that lies far before the arrival belongs to the next day.
fn after_midnight(written: Written, arrived: Written) -> Written {
    let far: SignedDuration = SignedDuration::from_hours(12);
    match (written, arrived) {
        (Written::Local(local), Written::Local(arrived)) if arrived.duration_since(local) > far => {
            let next: Option<DateTime> = local.checked_add(1.day()).ok();
            Written::Local(next.unwrap_or(local))
        }
        _ => written,
    }
}
