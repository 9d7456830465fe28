//! The mapping file: how one vendor's export becomes canonical records, as data (`mappings/generic.toml` explains
//! every key).

use crate::apart::Lines;
use crate::error::CallsError;
use crate::json_path::JsonPath;
use crate::lines::Layout;
use encoding_rs::Encoding;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

mod fields;
pub(crate) mod shipped;

pub use fields::*;
pub use shipped::SHIPPED;

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

/// What an export is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileForm {
    /// Lines of fields with a delimiter between them.
    #[default]
    Delimited,
    /// One JSON object a line; columns are paths in it.
    JsonLines,
    /// JSON objects, concatenated or in an array, over any number of lines; columns are paths in them.
    Json,
    /// Asterisk's `queue_log`: events, from which one row for each stay in a queue is made.
    QueueLog,
}

/// The layout of a file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FileLayout {
    /// What the file is made of.
    pub form: FileForm,
    /// The key under which a JSON page holds its records; empty where they stand at the top.
    pub records: String,
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
            form: FileForm::Delimited,
            records: String::new(),
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
    /// Whose calls it takes.
    pub lines: Lines,
}

impl CheckedMapping {
    /// A mapping file, or a shipped mapping by its name.
    pub fn find(name: &str) -> Result<Self, CallsError> {
        let (text, origin) = shipped::text(name, &SHIPPED)?;
        Self::parse(&text, &origin)
    }

    /// The same mapping for a centre in another zone; an import under it is another import.
    pub fn in_zone(mut self, zone: &str) -> Result<Self, CallsError> {
        self.zone = TimeZone::get(zone).map_err(|_| {
            CallsError::Parameter(format!(
                "--zone \"{zone}\" is no IANA time zone; write it like \"America/New_York\""
            ))
        })?;
        if self.mapping.time.zone != zone {
            zone.clone_into(&mut self.mapping.time.zone);
            self.hash = hex::encode(Sha256::digest(format!("{}\0{zone}", self.hash)));
        }
        Ok(self)
    }

    /// The same mapping for these lines' calls; an import under it is another import.
    #[must_use]
    pub fn of_lines(mut self, lines: Lines) -> Self {
        let mark = lines.mark();
        if !mark.is_empty() {
            self.hash = hex::encode(Sha256::digest(format!("{}\0{mark}", self.hash)));
        }
        self.lines = lines;
        self
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
            lines: Lines::default(),
        })
    }
}

impl Mapping {
    /// Every column the mapping names, each once, in the order it is first named.
    pub(crate) fn fields_and_rules(&self) -> Vec<String> {
        let outcome = self.outcome.iter().flat_map(|rule| {
            let tests = rule.queued_if.iter().chain(&rule.answered_if);
            std::iter::once(&rule.column).chain(tests.map(|test| &test.column))
        });
        let mut seen = BTreeSet::new();
        let all = self.fields.columns();
        all.into_iter()
            .chain(outcome)
            .chain(&self.test.column)
            .filter(|column| seen.insert((*column).clone()))
            .cloned()
            .collect()
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
    let is_table = file.form == FileForm::Delimited;
    if is_table && file.header != file.columns.is_empty() {
        return Err(
            "set either file.header = true, or file.header = false with file.columns".into(),
        );
    }
    Ok(Layout {
        delimiter: if file.form == FileForm::QueueLog {
            b'|'
        } else {
            delimiter
        },
        quoted: file.quoted && is_table,
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
    if matches!(mapping.file.form, FileForm::Json | FileForm::JsonLines) {
        for path in mapping.fields_and_rules() {
            JsonPath::parse(&path)?;
        }
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
