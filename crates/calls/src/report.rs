//! What an import answers: the reconciliation, in total and file by file.

use crate::mapping::Policy;
use serde::{Deserialize, Serialize};

/// The reconciliation: read = accepted + duplicates + test + quarantined + erased.
#[derive(Debug, Clone, Serialize)]
pub struct ImportReport {
    /// Rows read, header and blank lines aside.
    pub read: u64,
    /// New calls in the store.
    pub accepted: u64,
    /// Rows that repeat a call of this or an earlier import.
    pub duplicates: u64,
    /// Test calls; kept apart, in no KPI.
    pub test: u64,
    /// Rows set aside, each listed with line and reason.
    pub quarantined: u64,
    /// Rows of calls that were erased before: they are not taken again.
    pub erased: u64,
    /// File by file.
    pub files: Vec<FileReport>,
    /// The source.
    pub source: String,
    /// The mapping.
    pub mapping: String,
    /// The mapping's policy in doubtful cases.
    pub policy: Policy,
    /// Of the duplicates: rows alike to the letter.
    pub duplicates_exact: u64,
    /// Of the duplicates: other rows under an id that was there (the later version stays, else the earlier row).
    pub duplicates_same_id: u64,
    /// Of the accepted and the tests: later versions, which took the place of calls of earlier imports.
    pub updated: u64,
    /// Rows that a run which was cut off had read already.
    pub resumed_rows: u64,
    /// Why rows were set aside, most frequent first.
    pub quarantine_reasons: Vec<ReasonCount>,
    /// Accepted rows without a usable caller.
    pub without_caller: u64,
    /// Rows whose local time falls in a repeated or skipped hour.
    pub time_uncertain: u64,
    /// Rows whose call type the dictionary does not name.
    pub unmapped_type: u64,
    /// Those call types, most frequent first, at most 100.
    pub unmapped_types: Vec<TypeCount>,
}

/// One file's part of the reconciliation.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FileReport {
    /// The file as given.
    pub file: String,
    /// Rows read.
    pub read: u64,
    /// New calls.
    pub accepted: u64,
    /// Repeated rows.
    pub duplicates: u64,
    /// Test calls.
    pub test: u64,
    /// Rows set aside.
    pub quarantined: u64,
    /// Rows of calls that were erased before.
    #[serde(default)]
    pub erased: u64,
    /// The same bytes were imported before under the same mapping: nothing was done.
    pub already_imported: bool,
}

/// How often a reason occurred.
#[derive(Debug, Clone, Serialize)]
pub struct ReasonCount {
    /// The reason.
    pub reason: String,
    /// Rows.
    pub rows: u64,
}

/// How often an unmapped call type occurred.
#[derive(Debug, Clone, Serialize)]
pub struct TypeCount {
    /// The export's text.
    pub text: String,
    /// Rows.
    pub rows: u64,
}

impl ImportReport {
    /// Whether every row read is accounted for, in total and in each file.
    pub fn adds_up(&self) -> bool {
        let total = self.accepted + self.duplicates + self.test + self.quarantined + self.erased;
        let each = self
            .files
            .iter()
            .all(|f| f.read == f.accepted + f.duplicates + f.test + f.quarantined + f.erased);
        let read: u64 = self.files.iter().map(|f| f.read).sum();
        total == self.read && each && read == self.read
    }
}
