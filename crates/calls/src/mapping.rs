//! The mapping file: how one vendor's export becomes canonical records, as data (`mappings/generic.toml` explains
//! every key).

use crate::error::CallsError;
use crate::lines::Layout;
use crate::record::Outcome;
use encoding_rs::Encoding;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;

/// A mapping as its file says it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The name reports print.
    pub name: String,
    /// What the export is, for people.
    #[serde(default)]
    pub description: String,
    /// The file's layout.
    #[serde(default)]
    pub file: FileLayout,
    /// The clock of the export.
    pub time: Clock,
    /// Which columns become which fields.
    pub fields: FieldMap,
    /// What the export's endings mean; without it they follow from the times.
    pub outcome: Option<OutcomeRule>,
    /// Which calls are tests.
    #[serde(default)]
    pub test: TestRule,
    /// What to do where the export is silent or contradicts itself.
    #[serde(default)]
    pub policy: Policy,
}

/// The layout of a delimited file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileLayout {
    /// One character, or `tab`.
    pub delimiter: String,
    /// `auto`, or an encoding's web name (`utf-8`, `utf-16le`, `windows-1252`, …).
    pub encoding: String,
    /// Whether the first line names the columns.
    pub header: bool,
    /// The columns in order, where there is no header.
    pub columns: Vec<String>,
    /// Whether fields may stand in double quotes.
    pub quoted: bool,
    /// Texts that mean "no value".
    pub empty: Vec<String>,
}

impl Default for FileLayout {
    fn default() -> Self {
        Self {
            delimiter: ",".into(),
            encoding: "auto".into(),
            header: true,
            columns: Vec::new(),
            quoted: true,
            empty: Vec::new(),
        }
    }
}

/// The export's clock.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// The IANA zone of its local times.
    pub zone: String,
}

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
    pub meanings: BTreeMap<String, Outcome>,
    /// Without a value here an abandoned call never reached the human queue and becomes `ivr_only`.
    pub queued_if: Option<ColumnTest>,
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

/// What to do where an export is silent or contradicts itself.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// An answered call without a known end.
    pub missing_hangup: MissingHangup,
    /// A caller's number that a spreadsheet has cut to `8.00556E+09`.
    pub lost_caller: LostCaller,
    /// A call longer than this is a stuck channel and is quarantined.
    pub duration_h_max: u32,
    /// How much earlier than the arrival another time of the same call may be: clocks of one system disagree.
    pub clock_tolerance_s: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            missing_hangup: MissingHangup::Quarantine,
            lost_caller: LostCaller::Quarantine,
            duration_h_max: 24,
            clock_tolerance_s: 5,
        }
    }
}

/// What becomes of an answered call whose end is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingHangup {
    /// Set aside, listed.
    Quarantine,
    /// Accepted with an unknown duration: in the service level, not in AHT.
    AcceptUnknown,
}

/// What becomes of a call whose caller's number lost its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LostCaller {
    /// Set aside, listed: the export should be made again with the column as text.
    Quarantine,
    /// Accepted as an unknown caller.
    AcceptUnknown,
}

/// A mapping that has been checked, with its zone and the hash of its text.
#[derive(Debug, Clone)]
pub struct CheckedMapping {
    /// The mapping.
    pub mapping: Mapping,
    /// Its zone.
    pub zone: TimeZone,
    /// Its layout.
    pub layout: Layout,
    /// SHA-256 of its text, hexadecimal: an import is known by file and mapping.
    pub hash: String,
}

/// The mappings that ship with Segue, by name.
const SHIPPED: [(&str, &str); 2] = [
    ("generic", include_str!("../../../mappings/generic.toml")),
    ("technion", include_str!("../../../mappings/technion.toml")),
];

impl CheckedMapping {
    /// A mapping file, or a shipped mapping by its name.
    pub fn find(name: &str) -> Result<Self, CallsError> {
        let shipped = SHIPPED.iter().find(|(known, _)| *known == name);
        match shipped.filter(|_| !Path::new(name).exists()) {
            Some((known, text)) => Self::parse(text, known),
            None => Self::load(Path::new(name)),
        }
    }

    /// Reads and checks a mapping file.
    pub fn load(path: &Path) -> Result<Self, CallsError> {
        let text = std::fs::read_to_string(path).map_err(|source| CallsError::ReadInput {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Checks a mapping's text; `origin` names it in errors.
    pub fn parse(text: &str, origin: &str) -> Result<Self, CallsError> {
        let wrong = |what: String| CallsError::Mapping {
            mapping: origin.to_owned(),
            what,
        };
        let mapping: Mapping = toml::from_str(text).map_err(|error| {
            wrong(format!(
                "{}; see mappings/generic.toml",
                error.to_string().trim()
            ))
        })?;
        let zone = TimeZone::get(&mapping.time.zone).map_err(|_| {
            wrong(format!(
                "time.zone \"{}\" is no IANA time zone; write it like \"America/New_York\"",
                mapping.time.zone
            ))
        })?;
        let layout = layout(&mapping.file).map_err(wrong)?;
        check(&mapping).map_err(wrong)?;
        let hash = hex::encode(Sha256::digest(text.as_bytes()));
        Ok(Self {
            mapping,
            zone,
            layout,
            hash,
        })
    }
}

pub(crate) fn layout(file: &FileLayout) -> Result<Layout, String> {
    let delimiter = match file.delimiter.as_str() {
        "tab" => b'\t',
        one if one.len() == 1 && one.is_ascii() && !"\"\r\n".contains(one) => one.as_bytes()[0],
        other => {
            return Err(format!(
                "file.delimiter \"{}\" is not one ASCII character; write \",\", \";\", \"|\" or \"tab\"",
                other.escape_debug()
            ));
        }
    };
    let encoding = match file.encoding.as_str() {
        "auto" => None,
        label => Some(Encoding::for_label(label.as_bytes()).ok_or_else(|| {
            format!("file.encoding \"{label}\" is unknown; write \"auto\", \"utf-8\", \"utf-16le\" or \"windows-1252\"")
        })?),
    };
    if file.header != file.columns.is_empty() {
        return Err(
            "set either file.header = true, or file.header = false with file.columns".into(),
        );
    }
    Ok(Layout {
        delimiter,
        quoted: file.quoted,
        encoding,
    })
}

fn check(mapping: &Mapping) -> Result<(), String> {
    let fields = &mapping.fields;
    for (name, field) in fields.texts() {
        let sources = usize::from(field.column.is_some())
            + usize::from(!field.columns.is_empty())
            + usize::from(field.value.is_some());
        if sources != 1 {
            return Err(format!(
                "fields.{name} needs exactly one of column, columns or value"
            ));
        }
    }
    if fields.source_call_id.value.is_some() {
        return Err(
            "fields.source_call_id cannot be a constant; name the column with the call's id".into(),
        );
    }
    for (name, field) in fields.times() {
        if field.column.is_some() != field.columns.is_empty() {
            return Err(format!(
                "fields.{name} needs exactly one of column or columns"
            ));
        }
    }
    if fields.arrived_at.formats.is_empty() {
        return Err(
            "fields.arrived_at.formats is empty; write how its times look, such as [\"%Y-%m-%d %H:%M:%S\"]".into()
        );
    }
    if mapping.outcome.is_none() && fields.answered_at.is_none() {
        return Err(
            "without [outcome] the mapping needs fields.answered_at: an answer time tells answered from abandoned".into(),
        );
    }
    if mapping.test.column.is_some() == mapping.test.values.is_empty() {
        return Err("test.column and test.values go together".into());
    }
    Ok(())
}

impl FieldMap {
    fn texts(&self) -> Vec<(&'static str, &TextField)> {
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

    fn times(&self) -> Vec<(&'static str, &TimeField)> {
        let mut all = vec![("arrived_at", &self.arrived_at)];
        let optional = [
            ("queued_at", &self.queued_at),
            ("answered_at", &self.answered_at),
            ("ended_at", &self.ended_at),
        ];
        all.extend(
            optional
                .into_iter()
                .filter_map(|(name, field)| Some((name, field.as_ref()?))),
        );
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        name = "x"
        [time]
        zone = "America/New_York"
        [fields]
        source_call_id = { column = "id" }
        arrived_at = { column = "at", formats = ["%Y-%m-%d %H:%M:%S"] }
        answered_at = { column = "answered" }
    "#;

    fn refusal(text: &str) -> String {
        CheckedMapping::parse(text, "m.toml")
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_small_mapping_is_enough() {
        let checked = CheckedMapping::parse(GOOD, "m.toml").unwrap();
        assert_eq!(checked.layout.delimiter, b',');
        assert_eq!(
            checked.mapping.policy.missing_hangup,
            MissingHangup::Quarantine
        );
    }

    #[test]
    fn every_fault_is_named_with_what_to_write() {
        for (from, to, expected) in [
            ("America/New_York", "Eastern", "no IANA time zone"),
            (
                "column = \"at\",",
                "",
                "fields.arrived_at needs exactly one",
            ),
            (
                "answered_at = { column = \"answered\" }",
                "",
                "needs fields.answered_at",
            ),
            ("answered_at", "answred_at", "unknown field"),
            (
                "{ column = \"id\" }",
                "{ value = \"1\" }",
                "cannot be a constant",
            ),
            (
                "name = \"x\"",
                "name = \"x\"\nfile.delimiter = \"ab\"",
                "not one ASCII character",
            ),
            (
                "name = \"x\"",
                "name = \"x\"\nfile.encoding = \"klingon\"",
                "is unknown",
            ),
            (
                "name = \"x\"",
                "name = \"x\"\nfile.header = false",
                "file.columns",
            ),
        ] {
            let said = refusal(&GOOD.replace(from, to));
            assert!(
                said.starts_with("mapping m.toml: ") && said.contains(expected),
                "{said}"
            );
        }
    }
}
