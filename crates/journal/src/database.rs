//! Opening a database file, and one clear sentence for each way it can fail.

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{SqlSafeStr, Sqlite, SqliteConnection, error::DatabaseError};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long one statement waits for another process's write lock.
const BUSY_MS_MAX: u64 = 5_000;
/// How long a caller waits for its turn at a connection.
const TURN_MS_MAX: u64 = 10_000;
/// Connections that only read.
const READ_CONNECTIONS_MAX: u32 = 4;

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
    /// The file cannot be opened or created.
    CannotOpen,
    /// Someone else held the lock, or all connections were taken, for too long.
    Busy,
    /// The file is damaged or no such database.
    Damaged,
    /// Reading or writing the disk failed.
    Disk,
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
            Self::Other => "the database reports an error; see the log for its words",
        })
    }
}

impl Unavailable {
    pub(crate) fn new(act: &'static str, place: &Path, source: sqlx::Error) -> Self {
        Self {
            act,
            place: place.display().to_string(),
            trouble: trouble(&source),
            source,
        }
    }
}

fn trouble(error: &sqlx::Error) -> Trouble {
    match error {
        sqlx::Error::Database(error) => sqlite_trouble(error.as_ref()),
        sqlx::Error::PoolTimedOut => Trouble::Busy,
        sqlx::Error::Io(_) => Trouble::Disk,
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

/// A database file that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file itself.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The file was made by another, usually newer, Segue.
    #[error(
        "`{place}` has tables this Segue does not know; use the Segue that wrote it or a newer one"
    )]
    Migration {
        /// The file.
        place: String,
        /// What the migrator found.
        #[source]
        source: MigrateError,
    },
}

/// A database file with one connection that writes and a few that read.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub(crate) path: PathBuf,
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
}

impl Database {
    /// Opens or creates the file and brings its tables up to date. `pages_max` bounds the file's growth (4 KiB pages).
    pub(crate) async fn open(
        path: &Path,
        migrations: &[(i64, &'static str, &'static str)],
        pages_max: Option<u32>,
    ) -> Result<Self, OpenError> {
        create_private(path)
            .map_err(|error| Unavailable::new("open", path, sqlx::Error::Io(error)))
            .map_err(|error| Unavailable {
                trouble: Trouble::CannotOpen,
                ..error
            })?;
        let mut options = options(path);
        if let Some(pages) = pages_max {
            options = options.pragma("max_page_count", pages.to_string());
        }
        let writer = pool(1)
            .connect_with(options)
            .await
            .map_err(|error| Unavailable::new("open", path, error))?;
        migrate(&writer, path, migrations).await?;
        let readers = pool(READ_CONNECTIONS_MAX)
            .connect_with(self::options(path).read_only(true))
            .await
            .map_err(|error| Unavailable::new("open", path, error))?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            readers,
        })
    }

    /// Waits for the writer and begins a transaction.
    pub(crate) async fn write(&self) -> Result<WriteTurn, sqlx::Error> {
        let mut turn = WriteTurn {
            connection: self.writer.acquire().await?,
            open: true,
        };
        sqlx::query("begin immediate").execute(&mut *turn).await?;
        Ok(turn)
    }

    /// Finishes what is under way and closes the file.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    pub(crate) fn unavailable(&self, act: &'static str) -> impl Fn(sqlx::Error) -> Unavailable {
        move |error| Unavailable::new(act, &self.path, error)
    }
}

/// The one writer's connection inside a transaction. Dropped half-way it is closed, which undoes everything.
///
/// `SQLite` itself ends a transaction when the disk is full or fails; a driver that goes on counting it would refuse every
/// later write. So a connection that saw an error, or whose caller went away, is not used again.
pub(crate) struct WriteTurn {
    connection: PoolConnection<Sqlite>,
    open: bool,
}

impl WriteTurn {
    /// Makes everything written in this turn durable.
    pub(crate) async fn commit(self) -> Result<(), sqlx::Error> {
        self.end("commit").await
    }

    /// Undoes everything written in this turn; the connection stays good.
    pub(crate) async fn cancel(self) -> Result<(), sqlx::Error> {
        self.end("rollback").await
    }

    async fn end(mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        sqlx::query(statement)
            .execute(&mut *self.connection)
            .await?;
        self.open = false;
        Ok(())
    }
}

impl Drop for WriteTurn {
    fn drop(&mut self) {
        if self.open {
            self.connection.close_on_drop();
        }
    }
}

impl std::ops::Deref for WriteTurn {
    type Target = SqliteConnection;
    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl std::ops::DerefMut for WriteTurn {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

/// Created readable by its owner alone; `SQLite` gives its side files the same permissions.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_millis(BUSY_MS_MAX))
        .foreign_keys(true)
        // What is deleted (accounts, old call facts) is overwritten, not just unlinked.
        .pragma("secure_delete", "on")
}

fn pool(connections_max: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(connections_max)
        .acquire_timeout(Duration::from_millis(TURN_MS_MAX))
        .idle_timeout(None)
        .max_lifetime(None)
}

async fn migrate(
    writer: &SqlitePool,
    path: &Path,
    migrations: &[(i64, &'static str, &'static str)],
) -> Result<(), OpenError> {
    let migrations = migrations
        .iter()
        .map(|&(version, name, sql)| {
            Migration::new(
                version,
                name.into(),
                MigrationType::Simple,
                sql.into_sql_str(),
                false,
            )
        })
        .collect();
    match Migrator::with_migrations(migrations).run(writer).await {
        Ok(()) => Ok(()),
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => {
            Err(Unavailable::new("create the tables in", path, error).into())
        }
        Err(source) => Err(OpenError::Migration {
            place: path.display().to_string(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_acknowledgement_waits_for_the_disk_and_readers_cannot_write() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("any.db");
        let database = Database::open(&path, &[], None).await.unwrap();
        let pragma = async |pool: &SqlitePool, statement| -> String {
            let row = sqlx::query_scalar::<_, String>(statement)
                .fetch_one(pool)
                .await;
            row.unwrap()
        };
        let mode = pragma(
            &database.writer,
            "select journal_mode from pragma_journal_mode",
        )
        .await;
        assert_eq!(mode, "wal");
        let statement = "select cast(synchronous as text) from pragma_synchronous";
        assert_eq!(pragma(&database.writer, statement).await, "2", "2 is FULL");
        let statement = "select cast(foreign_keys as text) from pragma_foreign_keys";
        assert_eq!(pragma(&database.writer, statement).await, "1");
        let written = sqlx::query("create table t (a)")
            .execute(&database.readers)
            .await;
        let error = Unavailable::new("write", &path, written.unwrap_err());
        assert_eq!(error.trouble, Trouble::ReadOnly);
        assert!(
            error.to_string().contains("it is read-only; make the file"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_files_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("any.db");
        let database = Database::open(&path, &[], None).await.unwrap();
        sqlx::query("create table t (a)")
            .execute(&database.writer)
            .await
            .unwrap();
        for name in ["any.db", "any.db-wal", "any.db-shm"] {
            let file = std::fs::metadata(directory.path().join(name)).unwrap();
            assert_eq!(file.permissions().mode() & 0o777, 0o600, "{name}");
        }
    }
}
