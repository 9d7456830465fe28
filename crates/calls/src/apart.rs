//! Whose calls an import takes, where the callers of some lines are kept apart (42 CFR Part 2).

use crate::row::RowFault;
use segue_domain::ids::LineId;
use segue_domain::lines::apart_line;
use std::collections::BTreeMap;

/// The lines whose callers are kept apart, by every number that reaches them, and the one that is imported.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    apart: BTreeMap<String, LineId>,
    own: Option<LineId>,
}

impl Lines {
    /// Of those lines `own` alone, or none of them.
    pub fn new(apart: &BTreeMap<String, LineId>, own: Option<LineId>) -> Self {
        Self {
            apart: apart.clone(),
            own,
        }
    }

    /// What tells one choice of lines from another; nothing where all lines are taken.
    pub(crate) fn mark(&self) -> String {
        let lines = self
            .apart
            .iter()
            .map(|(number, line)| format!("{number}={line};"));
        let own = self.own.iter().map(|line| format!("own={line}"));
        lines.chain(own).collect()
    }

    /// Whether a call that reached this number is taken. One whose line the export does not tell is of the line asked for.
    pub(crate) fn check(&self, dnis: Option<&str>) -> Result<(), RowFault> {
        let Some(dnis) = dnis else {
            return Ok(());
        };
        let line = apart_line(&self.apart, dnis);
        match (&self.own, line) {
            (None, None) => Ok(()),
            (None, Some(line)) => Err(RowFault::KeptApart {
                line: line.to_string(),
            }),
            (Some(own), line) if line == Some(own) => Ok(()),
            (Some(own), _) => Err(RowFault::OtherLine {
                line: own.to_string(),
            }),
        }
    }
}
