//! The cells of one row as texts and times, without a copy where none is needed.

use crate::lines::Fields;
use crate::mapping::ColumnTest;
use crate::plan::{TextPlan, TimePlan};
use crate::row::RowFault;
use crate::times::Written;
use crate::value;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Texts that stand for nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Nothings {
    texts: BTreeSet<String>,
    longest: usize,
}

impl Nothings {
    pub(crate) fn new(texts: &[String]) -> Self {
        Self {
            texts: texts.iter().cloned().collect(),
            longest: texts.iter().map(String::len).max().unwrap_or(0),
        }
    }

    /// Most cells are longer than any of them: those are not compared.
    pub(crate) fn has(&self, text: &str) -> bool {
        text.len() <= self.longest && self.texts.contains(text)
    }
}

/// One row's cells.
pub(crate) struct Cells<'a> {
    pub(crate) row: &'a [u8],
    pub(crate) fields: &'a Fields,
    /// What stands for nothing in every column.
    pub(crate) empty: &'a Nothings,
}

impl<'a> Cells<'a> {
    /// A cell that holds something; `empty` is what stands for nothing in this column.
    pub(crate) fn get(&self, index: usize, empty: &Nothings) -> Option<&'a str> {
        let text = self.fields.get(self.row, index)?;
        let nothing = text.is_empty() || self.empty.has(text) || empty.has(text);
        (!nothing).then_some(text)
    }

    /// Whether a column holds something under a rule.
    pub(crate) fn holds(&self, (column, rule): &(usize, ColumnTest)) -> bool {
        let text = self.fields.get(self.row, *column).unwrap_or_default();
        !(text.is_empty() || self.empty.has(text) || rule.empty.iter().any(|none| none == text))
    }
}

/// A text as the row has it, from one column or several joined.
pub(crate) fn raw_text<'a>(
    plan: &TextPlan,
    cells: &Cells<'a>,
) -> Result<Option<Cow<'a, str>>, RowFault> {
    let cell = |column: usize| {
        // A part of an id that is missing makes another id; elsewhere the whole is unknown.
        let Some(text) = cells.get(column, &plan.empty) else {
            return Ok(None);
        };
        if value::is_formula(text) {
            return Err(RowFault::Formula {
                column: plan.name.clone(),
            });
        }
        Ok(Some(text))
    };
    if let [column] = plan.columns.as_slice() {
        return Ok(cell(*column)?.map(Cow::Borrowed));
    }
    let mut joined = String::new();
    for (position, column) in plan.columns.iter().enumerate() {
        let Some(text) = cell(*column)? else {
            return Ok(None);
        };
        if position > 0 {
            joined.push_str(&plan.join);
        }
        joined.push_str(text);
    }
    Ok(Some(Cow::Owned(joined)))
}

/// A time and the text that it was read from.
pub(crate) fn read_time<'a>(
    plan: &TimePlan,
    cells: &Cells<'a>,
) -> Result<Option<(Written, Cow<'a, str>)>, RowFault> {
    for columns in &plan.alternatives {
        let text = if let [column] = columns.as_slice() {
            cells.get(*column, &plan.empty).map(Cow::Borrowed)
        } else {
            let parts: Option<Vec<&str>> = columns
                .iter()
                .map(|column| cells.get(*column, &plan.empty))
                .collect();
            parts.map(|parts| Cow::Owned(parts.join(" ")))
        };
        let Some(text) = text else { continue };
        let written = plan.formats.iter().find_map(|format| format.read(&text));
        return match written {
            Some(written) => Ok(Some((written, text))),
            None => Err(RowFault::Time {
                column: plan.name.clone(),
            }),
        };
    }
    Ok(None)
}
