//! The fields of a mapping: which columns (or paths of a JSON record) become which canonical field.

use crate::record::Outcome;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The canonical fields; only `source_call_id` and `arrived_at` must be there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldMap {
    /// The vendor's call id.
    pub source_call_id: TextField,
    /// Its leg.
    pub leg_id: Option<TextField>,
    /// Its first call.
    pub root_id: Option<TextField>,
    /// Its channel.
    pub channel: Option<TextField>,
    /// The line reached.
    pub dnis: Option<TextField>,
    /// The caller.
    pub caller: Option<CallerField>,
    /// The caller's state.
    pub caller_state: Option<TextField>,
    /// The call type.
    pub call_type: Option<TextField>,
    /// The language.
    pub language: Option<TextField>,
    /// The group of callers.
    pub segment: Option<TextField>,
    /// The arrival.
    pub arrived_at: TimeField,
    /// Joining the human queue.
    pub queued_at: Option<TimeField>,
    /// The answer.
    pub answered_at: Option<TimeField>,
    /// The end.
    pub ended_at: Option<TimeField>,
    /// When the source last changed the record: of several with one id the latest stays, whichever comes first.
    pub updated_at: Option<TimeField>,
    /// The wait; without it, from queue (or arrival) to answer or end.
    pub wait: Option<DurationField>,
    /// The talk time; without it, from answer to end less hold.
    pub talk: Option<DurationField>,
    /// The hold time.
    pub hold: Option<DurationField>,
    /// The after-call work.
    pub acw: Option<DurationField>,
    /// The vendor's name for the end.
    pub end_reason: Option<TextField>,
    /// The agent.
    pub agent_id: Option<TextField>,
    /// The site.
    pub site: Option<TextField>,
    /// The transfer target.
    pub transfer_to: Option<TextField>,
}

/// A text taken from columns, a constant, or a dictionary.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TextField {
    /// One column…
    pub column: Option<String>,
    /// …or several, joined.
    pub columns: Vec<String>,
    /// What stands between joined columns.
    pub join: String,
    /// A constant instead of columns.
    pub value: Option<String>,
    /// Further texts that mean "no value" here.
    pub empty: Vec<String>,
    /// Export text → canonical text; a text it does not hold is unclassified.
    pub dictionary: BTreeMap<String, String>,
    /// The canonical text of those the dictionary does not hold.
    pub others: Option<String>,
}

/// The caller's column; only its keyed hash is kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallerField {
    /// The column.
    pub column: String,
    /// A telephone number, or the centre's own customer id.
    #[serde(default)]
    pub kind: CallerKind,
    /// Texts of anonymous callers.
    #[serde(default)]
    pub empty: Vec<String>,
}

/// What stands in the caller's column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerKind {
    /// A telephone number, brought to E.164.
    #[default]
    Phone,
    /// An id that is no telephone number.
    Id,
}

/// A point in time, from one column or from date and time columns.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeField {
    /// One column…
    pub column: Option<String>,
    /// …or several, joined by a blank.
    pub columns: Vec<String>,
    /// Other column lists to try when one of these is empty.
    pub or: Vec<Vec<String>>,
    /// `%` patterns, `rfc3339`, `epoch_s` or `epoch_ms`; without it those of `arrived_at`.
    pub formats: Vec<String>,
    /// Further texts that mean "no time" here.
    pub empty: Vec<String>,
}

/// A duration in a column.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DurationField {
    /// The column.
    pub column: String,
    /// Its unit.
    #[serde(default)]
    pub unit: DurationUnit,
    /// Other columns to try when this one is empty.
    #[serde(default)]
    pub or: Vec<String>,
    /// A column that must hold a value for this duration to be known.
    pub known_if: Option<ColumnTest>,
}

/// How durations are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DurationUnit {
    /// Seconds, with or without a fraction.
    #[default]
    S,
    /// Milliseconds.
    Ms,
    /// Minutes, with or without a fraction.
    Min,
    /// `h:mm:ss`, `mm:ss`, with or without a fraction.
    Hms,
}

/// A column and the texts in it that count as "nothing there".
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnTest {
    /// The column.
    pub column: String,
    /// Texts that mean nothing is there.
    #[serde(default)]
    pub empty: Vec<String>,
}

/// What the export's endings mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeRule {
    /// The column.
    pub column: String,
    /// Export text → outcome.
    pub meanings: BTreeMap<String, Ending>,
    /// What the texts mean that the dictionary does not hold; without it their rows are quarantined.
    pub others: Option<Ending>,
    /// Without a value here an abandoned call never reached the human queue and becomes `ivr_only`.
    pub queued_if: Option<ColumnTest>,
    /// Without a value here an answered call reached no person and becomes `ivr_only`.
    pub answered_if: Option<ColumnTest>,
}

/// What one text of the export's endings means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Ending {
    /// This outcome.
    Known(Outcome),
    /// What the times say: answered with an answer time, abandoned with a queue time alone, else ended in the IVR.
    Told(ByTimes),
}

/// `by_times`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByTimes {
    /// The times say it.
    ByTimes,
}

/// Which calls are tests.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TestRule {
    /// The callers (numbers or ids) the client tests from.
    pub callers: Vec<String>,
    /// A column that marks tests…
    pub column: Option<String>,
    /// …and the texts that do.
    pub values: Vec<String>,
}

impl FieldMap {
    pub(super) fn texts(&self) -> Vec<(&'static str, &TextField)> {
        let mut all = vec![("source_call_id", &self.source_call_id)];
        let optional = [
            ("leg_id", &self.leg_id),
            ("root_id", &self.root_id),
            ("channel", &self.channel),
            ("dnis", &self.dnis),
            ("caller_state", &self.caller_state),
            ("call_type", &self.call_type),
            ("language", &self.language),
            ("segment", &self.segment),
            ("end_reason", &self.end_reason),
            ("agent_id", &self.agent_id),
            ("site", &self.site),
            ("transfer_to", &self.transfer_to),
        ];
        all.extend(
            optional
                .into_iter()
                .filter_map(|(name, field)| Some((name, field.as_ref()?))),
        );
        all
    }

    pub(super) fn times(&self) -> Vec<(&'static str, &TimeField)> {
        let mut all = vec![("arrived_at", &self.arrived_at)];
        let optional = [
            ("queued_at", &self.queued_at),
            ("answered_at", &self.answered_at),
            ("ended_at", &self.ended_at),
            ("updated_at", &self.updated_at),
        ];
        all.extend(
            optional
                .into_iter()
                .filter_map(|(name, field)| Some((name, field.as_ref()?))),
        );
        all
    }

    fn durations(&self) -> impl Iterator<Item = &DurationField> {
        [&self.wait, &self.talk, &self.hold, &self.acw]
            .into_iter()
            .flatten()
    }

    /// Every column the fields name, some more than once.
    pub(super) fn columns(&self) -> Vec<&String> {
        let texts = self.texts().into_iter();
        let texts = texts.flat_map(|(_, field)| field.column.iter().chain(&field.columns));
        let times = self.times().into_iter().flat_map(|(_, field)| {
            let alternatives = field.or.iter().flatten();
            field
                .column
                .iter()
                .chain(&field.columns)
                .chain(alternatives)
        });
        let durations = self.durations().flat_map(|field| {
            let known_if = field.known_if.iter().map(|test| &test.column);
            std::iter::once(&field.column)
                .chain(&field.or)
                .chain(known_if)
        });
        let caller = self.caller.iter().map(|field| &field.column);
        texts.chain(caller).chain(times).chain(durations).collect()
    }
}
