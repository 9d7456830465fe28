//! A mapping against one file's header: every column found once, before the first row is read.

use crate::apart::Lines;
use crate::cells::Nothings;
use crate::error::CallsError;
use crate::mapping::{
    CallerField, CallerKind, CheckedMapping, ColumnTest, DurationField, Ending, LostCaller,
    MissingHangup, TextField, TimeField,
};
use crate::times::Format;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use segue_domain::caller::{CallerHash, CallerKey, e164};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

pub(crate) struct TextPlan {
    pub(crate) columns: Vec<usize>,
    pub(crate) join: String,
    pub(crate) value: Option<String>,
    pub(crate) empty: Nothings,
    pub(crate) dictionary: Option<BTreeMap<String, String>>,
    pub(crate) others: Option<String>,
    pub(crate) name: String,
}

pub(crate) struct TimePlan {
    pub(crate) alternatives: Vec<Vec<usize>>,
    pub(crate) formats: Vec<Format>,
    pub(crate) empty: Nothings,
    pub(crate) name: String,
    /// The date comes from the arrival's column: a time far before the arrival is after midnight.
    pub(crate) shares_date: bool,
}

pub(crate) struct DurationPlan {
    /// The column, then those to try when it is empty.
    pub(crate) columns: Vec<usize>,
    pub(crate) plan: DurationField,
    pub(crate) known_if: Option<(usize, ColumnTest)>,
}

pub(crate) struct OutcomePlan {
    pub(crate) column: usize,
    pub(crate) name: String,
    pub(crate) meanings: BTreeMap<String, Ending>,
    pub(crate) others: Option<Ending>,
    pub(crate) queued_if: Option<(usize, ColumnTest)>,
    pub(crate) answered_if: Option<(usize, ColumnTest)>,
}

/// The optional texts, in the order of the record.
#[derive(Default)]
pub(crate) struct Texts {
    pub(crate) leg_id: Option<TextPlan>,
    pub(crate) root_id: Option<TextPlan>,
    pub(crate) channel: Option<TextPlan>,
    pub(crate) dnis: Option<TextPlan>,
    pub(crate) caller_state: Option<TextPlan>,
    pub(crate) call_type: Option<TextPlan>,
    pub(crate) language: Option<TextPlan>,
    pub(crate) segment: Option<TextPlan>,
    pub(crate) end_reason: Option<TextPlan>,
    pub(crate) agent_id: Option<TextPlan>,
    pub(crate) site: Option<TextPlan>,
    pub(crate) transfer_to: Option<TextPlan>,
}

/// Reads the rows of one file under one mapping.
pub(crate) struct RowReader {
    pub(crate) columns: usize,
    pub(crate) empty: Nothings,
    pub(crate) zone: TimeZone,
    pub(crate) id: TextPlan,
    pub(crate) texts: Texts,
    pub(crate) caller: Option<(usize, CallerField)>,
    pub(crate) arrived: TimePlan,
    pub(crate) queued: Option<TimePlan>,
    pub(crate) answered: Option<TimePlan>,
    pub(crate) ended: Option<TimePlan>,
    pub(crate) updated: Option<TimePlan>,
    pub(crate) wait: Option<DurationPlan>,
    pub(crate) talk: Option<DurationPlan>,
    pub(crate) hold: Option<DurationPlan>,
    pub(crate) acw: Option<DurationPlan>,
    pub(crate) outcome: Option<OutcomePlan>,
    pub(crate) test_callers: BTreeSet<CallerHash>,
    pub(crate) test_column: Option<(usize, BTreeSet<String>)>,
    pub(crate) missing_hangup: MissingHangup,
    pub(crate) lost_caller: LostCaller,
    pub(crate) duration_ms_max: u64,
    pub(crate) tolerance: SignedDuration,
    pub(crate) key: CallerKey,
    pub(crate) lines: Lines,
}

pub(crate) fn hash_id(key: &CallerKey, id: &str) -> CallerHash {
    key.hash(&format!("id:{id}"))
}

/// Turns a mapping and a header into a reader.
pub(crate) struct Plans<'a> {
    pub(crate) checked: &'a CheckedMapping,
    pub(crate) header: &'a [String],
    pub(crate) path: &'a Path,
}

impl Plans<'_> {
    pub(crate) fn reader(&self, key: &CallerKey) -> Result<RowReader, CallsError> {
        let mapping = &self.checked.mapping;
        let fields = &mapping.fields;
        let time = |field: &Option<TimeField>| field.as_ref().map(|f| self.time(f)).transpose();
        let duration =
            |field: &Option<DurationField>| field.as_ref().map(|f| self.duration(f)).transpose();
        let caller = match &fields.caller {
            Some(field) => Some((self.column(&field.column)?, field.clone())),
            None => None,
        };
        let outcome = match &mapping.outcome {
            Some(rule) => Some(OutcomePlan {
                column: self.column(&rule.column)?,
                name: rule.column.clone(),
                meanings: rule.meanings.clone(),
                others: rule.others,
                queued_if: self.test(rule.queued_if.as_ref())?,
                answered_if: self.test(rule.answered_if.as_ref())?,
            }),
            None => None,
        };
        let is_id = fields
            .caller
            .as_ref()
            .is_some_and(|field| field.kind == CallerKind::Id);
        let test_callers = mapping.test.callers.iter().map(|caller| {
            if is_id {
                return Ok(hash_id(key, caller));
            }
            e164(caller).map(|number| key.hash(&number)).ok_or_else(|| {
                self.wrong(format!(
                    "test.callers holds \"{caller}\", which is no telephone number"
                ))
            })
        });
        let test_column = match &mapping.test.column {
            Some(column) => Some((
                self.column(column)?,
                mapping.test.values.iter().cloned().collect(),
            )),
            None => None,
        };
        Ok(RowReader {
            columns: self.header.len(),
            empty: Nothings::new(&mapping.file.empty),
            zone: self.checked.zone.clone(),
            id: self.text(&fields.source_call_id)?,
            texts: self.texts()?,
            caller,
            arrived: self.time(&fields.arrived_at)?,
            queued: time(&fields.queued_at)?,
            answered: time(&fields.answered_at)?,
            ended: time(&fields.ended_at)?,
            updated: time(&fields.updated_at)?,
            wait: duration(&fields.wait)?,
            talk: duration(&fields.talk)?,
            hold: duration(&fields.hold)?,
            acw: duration(&fields.acw)?,
            outcome,
            test_callers: test_callers.collect::<Result<_, _>>()?,
            test_column,
            missing_hangup: mapping.policy.missing_hangup,
            lost_caller: mapping.policy.lost_caller,
            duration_ms_max: u64::from(mapping.policy.duration_h_max) * 3_600_000,
            tolerance: SignedDuration::from_secs(i64::from(mapping.policy.clock_tolerance_s)),
            key: key.clone(),
            lines: self.checked.lines.clone(),
        })
    }

    fn texts(&self) -> Result<Texts, CallsError> {
        let fields = &self.checked.mapping.fields;
        let text = |field: &Option<TextField>| field.as_ref().map(|f| self.text(f)).transpose();
        Ok(Texts {
            leg_id: text(&fields.leg_id)?,
            root_id: text(&fields.root_id)?,
            channel: text(&fields.channel)?,
            dnis: text(&fields.dnis)?,
            caller_state: text(&fields.caller_state)?,
            call_type: text(&fields.call_type)?,
            language: text(&fields.language)?,
            segment: text(&fields.segment)?,
            end_reason: text(&fields.end_reason)?,
            agent_id: text(&fields.agent_id)?,
            site: text(&fields.site)?,
            transfer_to: text(&fields.transfer_to)?,
        })
    }

    fn text(&self, field: &TextField) -> Result<TextPlan, CallsError> {
        let names: Vec<&String> = field.column.iter().chain(&field.columns).collect();
        Ok(TextPlan {
            columns: names
                .iter()
                .map(|name| self.column(name))
                .collect::<Result<_, _>>()?,
            join: field.join.clone(),
            value: field.value.clone(),
            empty: Nothings::new(&field.empty),
            dictionary: (!field.dictionary.is_empty()).then(|| field.dictionary.clone()),
            others: field.others.clone(),
            name: names
                .iter()
                .map(|name| name.as_str())
                .collect::<Vec<_>>()
                .join("+"),
        })
    }

    fn time(&self, field: &TimeField) -> Result<TimePlan, CallsError> {
        let first: Vec<String> = field.column.iter().chain(&field.columns).cloned().collect();
        let arrived = &self.checked.mapping.fields.arrived_at;
        let formats = if field.formats.is_empty() {
            &arrived.formats
        } else {
            &field.formats
        };
        let alternatives = std::iter::once(&first).chain(&field.or).map(|names| {
            names
                .iter()
                .map(|name| self.column(name))
                .collect::<Result<Vec<_>, _>>()
        });
        Ok(TimePlan {
            alternatives: alternatives.collect::<Result<_, _>>()?,
            formats: formats
                .iter()
                .map(|format| Format::parse(format).map_err(|what| self.wrong(what)))
                .collect::<Result<_, _>>()?,
            empty: Nothings::new(&field.empty),
            shares_date: first.len() > 1 && first.first() == arrived.columns.first(),
            name: first.join("+"),
        })
    }

    fn duration(&self, field: &DurationField) -> Result<DurationPlan, CallsError> {
        Ok(DurationPlan {
            columns: std::iter::once(&field.column)
                .chain(&field.or)
                .map(|name| self.column(name))
                .collect::<Result<_, _>>()?,
            known_if: self.test(field.known_if.as_ref())?,
            plan: field.clone(),
        })
    }

    fn test(&self, test: Option<&ColumnTest>) -> Result<Option<(usize, ColumnTest)>, CallsError> {
        test.map(|test| Ok((self.column(&test.column)?, test.clone())))
            .transpose()
    }

    fn column(&self, name: &str) -> Result<usize, CallsError> {
        let exact = self.header.iter().position(|found| found == name);
        let alike = || {
            self.header
                .iter()
                .position(|found| found.eq_ignore_ascii_case(name))
        };
        exact
            .or_else(alike)
            .ok_or_else(|| CallsError::MissingColumn {
                path: self.path.to_owned(),
                mapping: self.checked.mapping.name.clone(),
                column: name.to_owned(),
                found: describe(self.header),
            })
    }

    fn wrong(&self, what: String) -> CallsError {
        CallsError::Mapping {
            mapping: self.checked.mapping.name.clone(),
            what,
        }
    }
}

/// The header for an error message; cells that look like numbers are not shown, the file may have no header.
fn describe(header: &[String]) -> String {
    let shown: Vec<String> = header
        .iter()
        .take(20)
        .map(|name| {
            let digits = name.chars().filter(char::is_ascii_digit).count();
            if digits >= 5 {
                "…".to_owned()
            } else {
                name.chars().take(30).collect()
            }
        })
        .collect();
    let more = header.len().saturating_sub(20);
    let rest = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{rest}", shown.join(", "))
}
