//! How one period report is laid out, as data (`mappings/periods/generic.toml` explains every key).

use crate::error::CallsError;
use crate::lines::Layout;
use crate::mapping::{FileLayout, layout, shipped};
use segue_parity::report::{ReportRules, Unit};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A period report's mapping, checked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeriodMapping {
    /// The name reports print.
    pub name: String,
    /// What the report is, for people.
    #[serde(default)]
    pub description: String,
    /// The file's layout.
    #[serde(default)]
    pub file: FileLayout,
    /// Where the period stands and how it is written.
    pub period: PeriodField,
    /// The areas: one entry with a column where each row is an area's, or one entry per area where a row holds several.
    pub areas: Vec<AreaField>,
    /// Sums that cannot exceed another count; a figure that breaks one is quarantined.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// What can be asked about.
    pub metrics: Vec<MetricRule>,
    /// The windows of a question.
    #[serde(default)]
    pub windows: ReportRules,
}

/// Where the period stands.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeriodField {
    /// The column.
    pub column: String,
    /// A `%` pattern.
    pub format: String,
    /// What one period is.
    pub every: Every,
}

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A calendar month.
    Month,
}

/// One area, or the column that names them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaField {
    /// A constant name…
    pub name: Option<String>,
    /// …or the column with the area's code.
    pub column: Option<String>,
    /// A column with the name people use, where it is another.
    pub name_column: Option<String>,
    /// Count → the columns whose sum it is.
    pub counts: BTreeMap<String, Vec<String>>,
    /// Mean duration → its column, written `HH:MM:SS`.
    #[serde(default)]
    pub means: BTreeMap<String, String>,
}

/// `sum(parts) ≤ at_most`, for every figure.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Counts that are parts.
    pub parts: Vec<String>,
    /// The count that holds them.
    pub at_most: String,
}

/// A metric that can be asked about: one count over another, or a mean duration weighted by a count.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricRule {
    /// Its name on the command line.
    pub name: String,
    /// What it measures, with its formula, for people.
    pub says: String,
    /// The count above the line…
    pub numerator: Option<String>,
    /// …or the mean duration.
    pub mean: Option<String>,
    /// The count below the line, or the weight of the mean.
    pub denominator: String,
    /// Which direction is good.
    pub better: Better,
}

/// Which direction is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither is better in itself: a mix.
    Neither,
}

impl MetricRule {
    /// Its unit.
    pub fn unit(&self) -> Unit {
        if self.mean.is_some() {
            Unit::Seconds
        } else {
            Unit::Share
        }
    }
}

/// The mappings of period reports that ship with Segue, by name.
pub static SHIPPED_PERIODS: [(&str, &str); 4] = [
    (
        "generic-periods",
        include_str!("../../../../mappings/periods/generic.toml"),
    ),
    (
        "nhs111-monthly",
        include_str!("../../../../mappings/periods/nhs111-monthly.toml"),
    ),
    (
        "nhs111-daily",
        include_str!("../../../../mappings/periods/nhs111-daily.toml"),
    ),
    (
        "emergency-centre",
        include_str!("../../../../mappings/periods/emergency-centre.toml"),
    ),
];

impl PeriodMapping {
    /// A mapping file, or a shipped mapping by its name.
    ///
    /// # Errors
    /// [`CallsError::ReadInput`] and [`CallsError::Mapping`].
    pub fn find(name: &str) -> Result<Self, CallsError> {
        let (text, origin) = shipped::text(name, &SHIPPED_PERIODS)?;
        Self::parse(&text, &origin)
    }

    /// Checks a mapping's text; `origin` names it in errors.
    ///
    /// # Errors
    /// [`CallsError::Mapping`] with what to write instead.
    pub fn parse(text: &str, origin: &str) -> Result<Self, CallsError> {
        let wrong = |what: String| CallsError::Mapping {
            mapping: origin.to_owned(),
            what,
        };
        let mapping: Self = toml::from_str(text).map_err(|error| {
            wrong(format!(
                "{}; see mappings/periods/generic.toml",
                error.to_string().trim()
            ))
        })?;
        mapping.check().map_err(wrong)?;
        layout(&mapping.file).map_err(wrong)?;
        Ok(mapping)
    }

    /// The file's layout.
    pub(super) fn layout(&self) -> Result<Layout, CallsError> {
        layout(&self.file).map_err(|what| CallsError::Mapping {
            mapping: self.name.clone(),
            what,
        })
    }

    /// A metric by its name.
    ///
    /// # Errors
    /// [`CallsError::Parameter`], naming those there are.
    pub fn metric(&self, name: &str) -> Result<&MetricRule, CallsError> {
        let found = self.metrics.iter().find(|metric| metric.name == name);
        found.ok_or_else(|| {
            let known: Vec<_> = self.metrics.iter().map(|m| m.name.as_str()).collect();
            CallsError::Parameter(format!(
                "mapping {} has no metric \"{name}\"; use one of {}",
                self.name,
                known.join(", ")
            ))
        })
    }

    fn check(&self) -> Result<(), String> {
        if self.areas.is_empty() || self.metrics.is_empty() {
            return Err("needs at least one [[areas]] and one [[metrics]]".into());
        }
        let common: Option<BTreeSet<&String>> = self
            .areas
            .iter()
            .map(|area| area.counts.keys().collect())
            .reduce(|a: BTreeSet<_>, b| a.intersection(&b).copied().collect());
        let counts = common.unwrap_or_default();
        let known = |name: &String| {
            counts
                .contains(name)
                .then_some(())
                .ok_or_else(|| format!("\"{name}\" is not among the counts of every area"))
        };
        for area in &self.areas {
            if area.name.is_some() == area.column.is_some() {
                return Err("each [[areas]] needs exactly one of name or column".into());
            }
        }
        for check in &self.checks {
            check.parts.iter().try_for_each(known)?;
            known(&check.at_most)?;
        }
        for metric in &self.metrics {
            known(&metric.denominator)?;
            match (&metric.numerator, &metric.mean) {
                (Some(numerator), None) => known(numerator)?,
                (None, Some(mean)) => {
                    if !self.areas.iter().all(|area| area.means.contains_key(mean)) {
                        return Err(format!("\"{mean}\" is not among the means of every area"));
                    }
                }
                _ => {
                    return Err(format!(
                        "metric {} needs exactly one of numerator or mean",
                        metric.name
                    ));
                }
            }
        }
        Ok(())
    }
}
