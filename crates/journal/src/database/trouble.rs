//! One clear sentence for each way a database can fail, whichever it is.

use super::place::Place;
use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use std::fmt;

/// A database that could not do its part. Nothing of the attempted act is visible afterwards, save that a write whose
/// confirmation was lost may stand: repeat it with the same command id.
#[derive(Debug, thiserror::Error)]
#[error("cannot {act} `{place}`: {trouble}")]
pub struct Unavailable {
    /// What was attempted.
    pub act: &'static str,
    /// The file or server.
    pub place: String,
    /// Why, as far as a person can act on it.
    pub trouble: Trouble,
    #[source]
    source: sqlx::Error,
}

/// Why a database is unavailable, each with the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No room left (or the set limit of pages is reached).
    Full,
    /// The file or its file system is read-only.
    ReadOnly,
    /// The file or database cannot be opened or created.
    CannotOpen,
    /// Someone else held the lock, or all connections were taken, for too long.
    Busy,
    /// The file is damaged or no such database.
    Damaged,
    /// Reading or writing the disk failed.
    Disk,
    /// The server does not answer.
    Unreachable,
    /// The server does not let us in.
    Refused,
    /// Anything else the driver reports; the source says more.
    Other,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the disk is full; free some space and try again",
            Self::ReadOnly => {
                "it is read-only; make the file and its directory writable and try again"
            }
            Self::CannotOpen => {
                "it cannot be opened; check that the directory exists and is writable"
            }
            Self::Busy => "another writer held it too long; try again in a moment",
            Self::Damaged => {
                "the file is damaged or not a database; restore it from the last backup"
            }
            Self::Disk => "the disk reports an error; check the disk, then try again",
            Self::Unreachable => {
                "the server does not answer; check that it runs and that the network reaches it"
            }
            Self::Refused => {
                "the server does not let this user in; check name, password and rights in the URL"
            }
            Self::Other => "the database reports an error; see the log for its words",
        })
    }
}

impl Unavailable {
    pub(crate) fn new(act: &'static str, place: &Place, source: sqlx::Error) -> Self {
        Self {
            act,
            place: place.to_string(),
            trouble: trouble(place, &source),
            source,
        }
    }

    pub(crate) fn because(self, trouble: Trouble) -> Self {
        Self { trouble, ..self }
    }
}

fn trouble(place: &Place, error: &sqlx::Error) -> Trouble {
    match (place, error) {
        (Place::File { .. }, sqlx::Error::Database(error)) => sqlite_trouble(error.as_ref()),
        (Place::File { .. }, sqlx::Error::PoolTimedOut) => Trouble::Busy,
        (Place::File { .. }, sqlx::Error::Io(_)) => Trouble::Disk,
        (Place::Server { .. }, sqlx::Error::Database(error)) => postgres_trouble(error.as_ref()),
        // A server that went away in the midst of an answer looks like a breach of its protocol.
        (
            Place::Server { .. },
            sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::Protocol(_),
        ) => Trouble::Unreachable,
        (Place::Server { .. }, sqlx::Error::Configuration(_)) => Trouble::Refused,
        _ => Trouble::Other,
    }
}

/// The primary result code is the low byte of the extended one (<https://www.sqlite.org/rescode.html>).
fn sqlite_trouble(error: &dyn DatabaseError) -> Trouble {
    let code = error
        .code()
        .and_then(|code| code.parse::<u32>().ok())
        .map(|code| code & 0xff);
    match code {
        Some(5 | 6) => Trouble::Busy,
        Some(8) => Trouble::ReadOnly,
        Some(10) => Trouble::Disk,
        Some(11 | 26) => Trouble::Damaged,
        Some(13) => Trouble::Full,
        Some(14) => Trouble::CannotOpen,
        _ => Trouble::Other,
    }
}

/// By SQLSTATE (<https://www.postgresql.org/docs/15/errcodes-appendix.html>).
fn postgres_trouble(error: &dyn DatabaseError) -> Trouble {
    let code = error.code().unwrap_or_default();
    match code.as_ref() {
        "53100" => Trouble::Full,
        "25006" => Trouble::ReadOnly,
        "3D000" => Trouble::CannotOpen,
        "53300" | "55P03" | "57014" | "40P01" | "25P03" => Trouble::Busy,
        "58030" => Trouble::Disk,
        "42501" => Trouble::Refused,
        _ if code.starts_with("57P") || code.starts_with("08") => Trouble::Unreachable,
        _ if code.starts_with("28") => Trouble::Refused,
        _ if code.starts_with("XX00") => Trouble::Damaged,
        _ => Trouble::Other,
    }
}

/// A database that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or server itself.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// It was made by another, usually newer, Segue.
    #[error(
        "`{place}` has tables this Segue does not know; use the Segue that wrote it or a newer one"
    )]
    Migration {
        /// The file or server.
        place: String,
        /// What the migrator found.
        #[source]
        source: Box<MigrateError>,
    },
}
