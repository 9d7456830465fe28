//! One area's figures in one row: found by column, checked against themselves.

use super::mapping::{AreaField, Every, MetricRule, PeriodMapping};
use crate::error::CallsError;
use crate::lines::Fields;
use crate::mapping::DurationUnit;
use crate::value::duration_ms;
use jiff::fmt::strtime;
use segue_parity::kpi::Ratio;
use std::collections::BTreeMap;
use std::path::Path;

/// A count above this is a misread column, not calls.
const COUNT_MAX: u64 = 1_000_000_000;

/// Where everything stands in this file.
pub(super) struct Plan<'a> {
    mapping: &'a PeriodMapping,
    metric: &'a MetricRule,
    header: &'a [String],
    path: &'a Path,
    period: usize,
    empty: &'a [String],
}

/// One area's columns.
pub(super) struct AreaPlan<'a> {
    field: &'a AreaField,
    code: Option<usize>,
    name: Option<usize>,
    counts: Vec<(&'a str, Vec<usize>)>,
    mean: Option<usize>,
}

/// One figure as read.
pub(super) struct Figure {
    pub(super) area: String,
    pub(super) name: Option<String>,
    pub(super) period: String,
    pub(super) value: Ratio,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        mapping: &'a PeriodMapping,
        metric: &'a MetricRule,
        header: &'a [String],
        path: &'a Path,
    ) -> Result<Self, CallsError> {
        let mut plan = Self {
            mapping,
            metric,
            header,
            path,
            period: 0,
            empty: &mapping.file.empty,
        };
        plan.period = plan.column(&mapping.period.column)?;
        Ok(plan)
    }

    fn column(&self, name: &str) -> Result<usize, CallsError> {
        let found = self.header.iter().position(|column| column == name);
        found.ok_or_else(|| CallsError::MissingColumn {
            path: self.path.to_owned(),
            mapping: self.mapping.name.clone(),
            column: name.to_owned(),
            found: self.header.join(", "),
        })
    }

    /// The columns of every area.
    pub(super) fn areas(&self) -> Result<Vec<AreaPlan<'a>>, CallsError> {
        let optional = |name: &Option<String>| name.as_ref().map(|n| self.column(n)).transpose();
        let area = |field: &'a AreaField| {
            let counts = field.counts.iter().map(|(count, columns)| {
                let columns: Result<Vec<_>, _> = columns.iter().map(|c| self.column(c)).collect();
                Ok((count.as_str(), columns?))
            });
            let mean = self.metric.mean.as_ref().and_then(|m| field.means.get(m));
            Ok(AreaPlan {
                field,
                code: optional(&field.column)?,
                name: optional(&field.name_column)?,
                counts: counts.collect::<Result<_, CallsError>>()?,
                mean: mean.map(|column| self.column(column)).transpose()?,
            })
        };
        self.mapping.areas.iter().map(area).collect()
    }

    /// One area's figure, or why it cannot be used.
    pub(super) fn figure(
        &self,
        area: &AreaPlan<'_>,
        fields: &Fields,
        row: &[u8],
    ) -> Result<Figure, String> {
        let text = |index: usize| {
            let text = fields.get(row, index).ok_or("is not there or no text")?;
            if self.empty.iter().any(|empty| empty == text) {
                return Ok("");
            }
            Ok::<_, &str>(text)
        };
        let named = |index: usize, why: &str| format!("column \"{}\" {why}", self.header[index]);
        let period = text(self.period).map_err(|why| named(self.period, why))?;
        let period = self.label(period).ok_or_else(|| {
            named(
                self.period,
                &format!("is \"{}\", no such date", short(period)),
            )
        })?;
        let code = match (&area.field.name, area.code) {
            (Some(name), _) => name.clone(),
            (None, Some(index)) => text(index).map_err(|why| named(index, why))?.to_owned(),
            (None, None) => String::new(),
        };
        if code.is_empty() {
            return Err("names no area".into());
        }
        let mut counts = BTreeMap::new();
        for (count, columns) in &area.counts {
            let mut sum = 0;
            for &index in columns {
                let cell = text(index).map_err(|why| named(index, why))?;
                sum += whole(cell)
                    .ok_or_else(|| named(index, &format!("is \"{}\", not a count", short(cell))))?;
            }
            counts.insert(*count, sum);
        }
        self.check(&counts)?;
        let of = |count: &String| counts.get(count.as_str()).copied().unwrap_or(0);
        let denominator = of(&self.metric.denominator);
        let numerator = match area.mean {
            None => self.metric.numerator.as_ref().map_or(0, of),
            Some(index) => {
                let cell = text(index).map_err(|why| named(index, why))?;
                let mean_ms = duration_ms(cell, DurationUnit::Hms)
                    .and_then(|ms| u64::try_from(ms).ok())
                    .ok_or_else(|| {
                        named(index, &format!("is \"{}\", not HH:MM:SS", short(cell)))
                    })?;
                mean_ms.saturating_mul(denominator) / 1_000
            }
        };
        Ok(Figure {
            area: code,
            name: area
                .name
                .and_then(|index| text(index).ok().map(str::to_owned)),
            period,
            value: Ratio {
                numerator,
                denominator,
            },
        })
    }

    /// The period's label: year first, so that labels sort as time does.
    fn label(&self, text: &str) -> Option<String> {
        let format = &self.mapping.period.format;
        match self.mapping.period.every {
            Every::Hour => {
                let at = strtime::parse(format, text).ok()?.to_datetime().ok()?;
                Some(at.strftime("%Y-%m-%dT%H:%M").to_string())
            }
            Every::Day => Some(
                strtime::parse(format, text)
                    .ok()?
                    .to_date()
                    .ok()?
                    .to_string(),
            ),
            Every::Month => {
                let first = strtime::parse(format!("{format} %d"), format!("{text} 01")).ok()?;
                Some(first.to_date().ok()?.to_string())
            }
        }
    }

    /// A figure may not contradict itself.
    fn check(&self, counts: &BTreeMap<&str, u64>) -> Result<(), String> {
        let of = |count: &String| counts.get(count.as_str()).copied().unwrap_or(0);
        for check in &self.mapping.checks {
            let sum: u64 = check.parts.iter().map(of).sum();
            let most = of(&check.at_most);
            if sum > most {
                return Err(format!(
                    "{} make {sum}, more than {most} {}",
                    check.parts.join(" and "),
                    check.at_most
                ));
            }
        }
        Ok(())
    }
}

fn whole(cell: &str) -> Option<u64> {
    let ms = duration_ms(cell, DurationUnit::Ms)?;
    let plain = cell.bytes().all(|b| b.is_ascii_digit() || b == b',');
    u64::try_from(ms)
        .ok()
        .filter(|&count| plain && !cell.is_empty() && count <= COUNT_MAX)
}

/// A cell as a reason may repeat it.
fn short(cell: &str) -> String {
    cell.chars().take(40).collect()
}
