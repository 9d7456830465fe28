//! What can go wrong with call records, each act with its own words and a next step.

use std::path::PathBuf;
use thiserror::Error;

/// A failing act of the calls room. The row faults of an import are no errors: they are quarantined.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CallsError {
    /// A file the caller named cannot be opened or read.
    #[error("cannot read {path}: {source}; check the name and that you may read it")]
    ReadInput {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file is not text in the mapping's encoding.
    #[error(
        "{path} is not a text export ({why}); export it as delimited text, or set file.encoding in the mapping"
    )]
    NotText {
        /// The file.
        path: PathBuf,
        /// What gave it away.
        why: &'static str,
    },
    /// A file without any line.
    #[error("{path} holds no rows; export it again")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A mapping that cannot be used.
    #[error("mapping {mapping}: {what}")]
    Mapping {
        /// The mapping file.
        mapping: String,
        /// What is wrong and what to write instead.
        what: String,
    },
    /// The file lacks a column the mapping names.
    #[error(
        "{path} has no column \"{column}\", which mapping {mapping} needs; it has {found}: choose another mapping, or name the right column in it"
    )]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The mapping's name.
        mapping: String,
        /// The column.
        column: String,
        /// The columns there are.
        found: String,
    },
    /// A file is not what it was when an import of it was cut off.
    #[error(
        "{path} has changed since an import of it was cut off; nothing of that import is kept: run it again to import the file as it is now"
    )]
    InputChanged {
        /// The file.
        path: PathBuf,
    },
    /// A file of the store is sealed, and not with the key at hand.
    #[error(
        "{path} is sealed and does not open with this data directory's key; lay the client's keys/caller.key there, or name the data directory it is of (with the right key the file is damaged: restore it from a backup)"
    )]
    Sealed {
        /// The file.
        path: PathBuf,
    },
    /// Not one row could be read.
    #[error(
        "none of the {rows} rows read from {path} fits mapping {mapping} (most often: {reason}); nothing was imported: check the mapping against the file"
    )]
    NothingFits {
        /// The file.
        path: PathBuf,
        /// The mapping's name.
        mapping: String,
        /// Rows looked at.
        rows: u64,
        /// The most frequent fault.
        reason: String,
    },
    /// A JSON file or an event log without a record in the place the mapping names.
    #[error(
        "{path} holds no records where mapping {mapping} looks for them; choose another mapping (`segue calls sniff FILE` proposes one)"
    )]
    NoRecords {
        /// The file.
        path: PathBuf,
        /// The mapping's name.
        mapping: String,
    },
    /// A source name that cannot be a partition.
    #[error("\"{name}\" cannot name a source; use 1 to 64 of a–z, 0–9, - and _")]
    SourceName {
        /// The name given.
        name: String,
    },
    /// A parameter that makes no sense.
    #[error("{0}")]
    Parameter(String),
    /// The store's folder or one of its files.
    #[error(
        "cannot {act} {path}: {source}; check the disk and the rights of the data folder, then try again"
    )]
    Store {
        /// What was tried.
        act: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Somebody else is importing.
    #[error(
        "another import into {path} is running, or its records are being published or fetched; wait for it to end, then try again"
    )]
    Busy {
        /// The store.
        path: PathBuf,
    },
    /// Where records are published to does not do what is asked of it, or somebody else was faster.
    #[error("{url}: {what}")]
    Published {
        /// The place.
        url: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// A file of the store that does not read as what it must be.
    #[error("{path} in the call store is damaged ({why}); restore the data folder from its backup")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
    /// The reconciliation failed: a fault of ours, found before anything was written.
    #[error(
        "the {read} rows read are not all accounted for; nothing was imported: please report this"
    )]
    DoesNotAddUp {
        /// Rows read.
        read: u64,
    },
    /// More groups than a table can show.
    #[error(
        "more than {groups_max} different values to group by; choose another --by, or a mapping with a dictionary"
    )]
    TooManyGroups {
        /// The bound.
        groups_max: usize,
    },
    /// A replay holds its calls in memory.
    #[error("more than {calls_max} calls to replay; import fewer weeks or fewer lines")]
    TooManyCalls {
        /// The bound.
        calls_max: usize,
    },
}

impl CallsError {
    /// Whether the person can mend it by other input (exit 2); otherwise it is the disk or another process (exit 4).
    pub const fn is_bad_input(&self) -> bool {
        !matches!(
            self,
            Self::Store { .. } | Self::Busy { .. } | Self::Damaged { .. } | Self::Published { .. }
        )
    }
}

/// Turns a system error into [`CallsError::Store`].
pub(crate) fn store(
    act: &'static str,
    path: &std::path::Path,
) -> impl FnOnce(std::io::Error) -> CallsError {
    let path = path.to_owned();
    move |source| CallsError::Store { act, path, source }
}
