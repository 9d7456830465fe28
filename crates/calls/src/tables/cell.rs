//! One field of a row.

use crate::value;
use jiff::civil::Date;
use jiff::fmt::strtime;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where a field stands and how it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cell {
    /// The column…
    pub(super) column: Option<String>,
    /// …or a constant.
    pub(super) value: Option<String>,
    /// What it is.
    #[serde(default)]
    kind: Kind,
    /// Export text → the command's text; a text it does not hold is taken as it stands.
    #[serde(default)]
    dictionary: BTreeMap<String, String>,
    /// What stands between the parts of a list.
    #[serde(default = "semicolon")]
    separator: String,
    /// Patterns of a date.
    #[serde(default = "date_formats")]
    formats: Vec<String>,
    /// May be empty, and the column may be missing.
    #[serde(default)]
    pub(super) optional: bool,
}

/// What a cell is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// A text.
    #[default]
    Text,
    /// A whole number.
    Integer,
    /// Yes or no.
    Boolean,
    /// Texts.
    List,
    /// A day.
    Date,
}

fn semicolon() -> String {
    ";".into()
}

fn date_formats() -> Vec<String> {
    vec!["%Y-%m-%d".into(), "%m/%d/%Y".into()]
}

impl Cell {
    pub(super) fn check(&self, field: &str) -> Result<(), String> {
        if self.column.is_some() == self.value.is_some() {
            return Err(format!(
                "fields.{field} needs exactly one of column or value"
            ));
        }
        if self.kind == Kind::List && self.separator.is_empty() {
            return Err(format!("fields.{field}.separator is empty"));
        }
        Ok(())
    }

    /// The field's value; nothing where it may be and is empty. Reasons name the field and never quote the cell.
    pub(super) fn read(&self, field: &str, text: &str) -> Result<Option<Value>, String> {
        if text.is_empty() {
            return if self.optional {
                Ok(None)
            } else {
                Err(format!("{field} is empty"))
            };
        }
        if value::is_formula(text) {
            return Err(format!("{field} holds a spreadsheet formula"));
        }
        let said = |part: &str| -> String {
            let part = part.trim();
            self.dictionary
                .get(part)
                .map_or(part, String::as_str)
                .to_owned()
        };
        let value = match self.kind {
            Kind::Text => Value::String(said(text)),
            Kind::Integer => said(text)
                .parse::<u64>()
                .map(Value::from)
                .map_err(|_| format!("{field} is no whole number"))?,
            Kind::Boolean => match said(text).to_ascii_lowercase().as_str() {
                "true" | "yes" | "y" | "1" => Value::Bool(true),
                "false" | "no" | "n" | "0" => Value::Bool(false),
                _ => return Err(format!("{field} is neither yes nor no")),
            },
            Kind::List => {
                let parts = text.split(self.separator.as_str()).map(said);
                Value::Array(
                    parts
                        .filter(|part| !part.is_empty())
                        .map(Value::String)
                        .collect(),
                )
            }
            Kind::Date => {
                let text = said(text);
                let date = self.formats.iter().find_map(|format| {
                    let broken = strtime::parse(format, &text).ok()?;
                    broken.to_date().ok()
                });
                let date: Date =
                    date.ok_or_else(|| format!("{field} is no date in its formats"))?;
                Value::String(date.to_string())
            }
        };
        Ok(Some(value))
    }
}
