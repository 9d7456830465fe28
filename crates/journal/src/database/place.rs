//! Where a database is, and how a connection to it begins.

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AssertSqlSafe, Executor as _};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a caller waits for its turn at a file's connection.
const FILE_TURN_MS_MAX: u64 = 10_000;
/// How long a caller waits for a connection to a server, so that a dead one is said soon.
const SERVER_TURN_MS_MAX: u64 = 3_000;

/// A file of `SQLite`'s, or a database of a PostgreSQL server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// One file.
    File {
        /// Where it is.
        path: PathBuf,
        /// Most 4 KiB pages it may grow to; more are refused as a full disk.
        pages_max: Option<u32>,
    },
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; `?host=/var/run/postgresql` for a local socket.
    Server {
        /// The URL, with its password.
        url: String,
    },
}

impl Place {
    /// A server's database, if the text is the URL of one.
    pub fn server(url: &str) -> Option<Self> {
        let is_server = ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.starts_with(scheme));
        is_server.then(|| Self::Server {
            url: url.to_owned(),
        })
    }

    pub(crate) fn is_server(&self) -> bool {
        matches!(self, Self::Server { .. })
    }

    /// Makes sure a file exists, readable by its owner alone; `SQLite` gives its side files the same permissions.
    pub(super) fn prepare(&self) -> std::io::Result<()> {
        let Self::File { path, .. } = self else {
            return Ok(());
        };
        let mut options = std::fs::OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map(drop)
    }

    pub(super) fn options(&self, read_only: bool) -> Result<AnyConnectOptions, sqlx::Error> {
        match self {
            Self::File { path, .. } => {
                let mode = if read_only { "ro" } else { "rw" };
                format!("sqlite://{}?mode={mode}", percent_encoded(path)).parse()
            }
            Self::Server { url } => url.parse(),
        }
    }

    /// A pool whose every connection begins with what this database needs. `schema` keeps stores of one server apart.
    pub(super) fn pool(
        &self,
        connections_max: u32,
        read_only: bool,
        schema: &'static str,
    ) -> AnyPoolOptions {
        let begin = self.begins(read_only, schema);
        let turn_ms = if self.is_server() {
            SERVER_TURN_MS_MAX
        } else {
            FILE_TURN_MS_MAX
        };
        AnyPoolOptions::new()
            .min_connections(1)
            .max_connections(connections_max)
            .acquire_timeout(Duration::from_millis(turn_ms))
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(move |connection, _| {
                let begin = begin.clone();
                Box::pin(async move {
                    connection
                        .execute(sqlx::raw_sql(AssertSqlSafe(begin)))
                        .await
                        .map(drop)
                })
            })
    }
}

impl Place {
    /// What every connection begins with.
    pub(super) fn begins(&self, read_only: bool, schema: &str) -> String {
        match self {
            Self::File { pages_max, .. } => file_begins(*pages_max, read_only),
            Self::Server { .. } => server_begins(schema, read_only),
        }
    }
}

/// What is deleted (accounts, old call facts) is overwritten, not just unlinked.
fn file_begins(pages_max: Option<u32>, read_only: bool) -> String {
    if read_only {
        return "pragma query_only = on;".to_owned();
    }
    let limit = pages_max.map_or_else(String::new, |pages| {
        format!("pragma max_page_count = {pages};")
    });
    format!(
        "pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on; {limit}"
    )
}

/// Waits are bounded on the server too: a writer that was frozen in the midst of its turn loses it.
/// An acknowledgement means the disk has it, whatever the server's own default.
fn server_begins(schema: &str, read_only: bool) -> String {
    let bounds = format!(
        "set search_path to segue_{schema}; set lock_timeout = '5s'; set statement_timeout = '10s';
         set idle_in_transaction_session_timeout = '5s';"
    );
    if read_only {
        return format!("{bounds} set default_transaction_read_only = on;");
    }
    format!(
        "do $$ begin
           if to_regnamespace('segue_{schema}') is null then
             perform pg_advisory_xact_lock(hashtext('segue_{schema}'));
             create schema if not exists segue_{schema};
           end if;
           if current_setting('synchronous_commit') = 'off' then
             perform set_config('synchronous_commit', 'on', false);
           end if;
         end $$;
         {bounds}"
    )
}

/// A path as part of a URL.
fn percent_encoded(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte);
    let encode = |byte: u8| {
        if plain(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    path.as_os_str()
        .as_encoded_bytes()
        .iter()
        .map(|byte| encode(*byte))
        .collect()
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self::File {
            path: path.to_owned(),
            pages_max: None,
        }
    }
}

impl From<&PathBuf> for Place {
    fn from(path: &PathBuf) -> Self {
        path.as_path().into()
    }
}

impl From<&Self> for Place {
    fn from(place: &Self) -> Self {
        place.clone()
    }
}

impl fmt::Display for Place {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = match self {
            Self::File { path, .. } => return path.display().fmt(f),
            Self::Server { url } => url.split('?').next().unwrap_or_default(),
        };
        let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
        match rest.rsplit_once('@') {
            Some((who, place)) => {
                let name = who.split(':').next().unwrap_or_default();
                write!(f, "{scheme}://{name}@{place}")
            }
            None => write!(f, "{scheme}://{rest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_without_its_password() {
        for (url, named) in [
            (
                "postgres://segue:secret@db/segue?sslmode=require",
                "postgres://segue@db/segue",
            ),
            ("postgres://db:5433/segue", "postgres://db:5433/segue"),
            (
                "postgres:///segue?host=/run&password=secret",
                "postgres:///segue",
            ),
        ] {
            assert_eq!(Place::server(url).unwrap().to_string(), named);
        }
        assert_eq!(Place::server("/var/lib/segue"), None);
        assert_eq!(percent_encoded(Path::new("/a b?/c%")), "/a%20b%3F/c%25");
    }
}
