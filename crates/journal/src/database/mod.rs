//! One way to two databases: a file of `SQLite`'s for one machine, a PostgreSQL server for several nodes.
//!
//! Statements are written once for both. Either way there is one writer at a time: on a file by its lock, on a server by an
//! advisory lock that ends with the transaction.

mod place;
mod trouble;

pub use place::Place;
pub use trouble::{OpenError, Trouble, Unavailable};

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::{
    Any, AnyConnection, AnyPool, AssertSqlSafe, Connection as _, Executor as _, SqlSafeStr,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// Connections that only read.
const READ_CONNECTIONS_MAX: u32 = 4;
/// How long a first connection may take: a server that is frozen takes it and never answers.
const PROBE_MS_MAX: u64 = 6_000;
/// How long one question may take before a silent server counts as gone.
const ANSWER_MS_MAX: u64 = 12_000;

/// The tables of one store, in the words of both databases.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema {
    /// The store's name; on a server its tables are in the schema `segue_NAME`.
    pub(crate) name: &'static str,
    /// Version and statements for a file.
    pub(crate) sqlite: &'static [(i64, &'static str)],
    /// Version and statements for a server.
    pub(crate) postgres: &'static [(i64, &'static str)],
}

/// A database with one connection that writes and a few that read; opened when it is first needed.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub(crate) place: Place,
    schema: Schema,
    pools: Arc<OnceCell<Pools>>,
}

#[derive(Debug)]
struct Pools {
    writer: AnyPool,
    readers: AnyPool,
}

impl Database {
    /// Opens or creates the database and brings its tables up to date.
    pub(crate) async fn open(place: Place, schema: Schema) -> Result<Self, OpenError> {
        let database = Self::lazy(place, schema);
        match database.pools().await {
            Ok(_) => Ok(database),
            Err(sqlx::Error::Migrate(source)) => match *source {
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                    Err(database.unavailable("create the tables in")(error).into())
                }
                source => Err(OpenError::Migration {
                    place: database.place.to_string(),
                    source: Box::new(source),
                }),
            },
            Err(error) => {
                let cannot = database.place.prepare().is_err();
                let error = database.unavailable("open")(error);
                Err(if cannot {
                    error.because(Trouble::CannotOpen).into()
                } else {
                    error.into()
                })
            }
        }
    }

    /// The same, opened by whoever needs it first: until it can be opened, every act on it is unavailable.
    pub(crate) fn lazy(place: Place, schema: Schema) -> Self {
        sqlx::any::install_default_drivers();
        Self {
            place,
            schema,
            pools: Arc::default(),
        }
    }

    async fn pools(&self) -> Result<&Pools, sqlx::Error> {
        let connect = async {
            self.place.prepare()?;
            let probed = tokio::time::timeout(Duration::from_millis(PROBE_MS_MAX), self.probe());
            probed.await.unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
            let pool = |connections, read_only| {
                let options = self.place.options(read_only)?;
                let pool = self.place.pool(connections, read_only, self.schema.name);
                Ok::<_, sqlx::Error>((pool, options))
            };
            let (writers, options) = pool(1, false)?;
            let writer = writers.connect_with(options).await?;
            let migrations = if self.place.is_server() {
                self.schema.postgres
            } else {
                self.schema.sqlite
            };
            migrate(&writer, self.schema.name, migrations).await?;
            let (readers, options) = pool(READ_CONNECTIONS_MAX, true)?;
            let readers = readers.connect_with(options).await?;
            Ok(Pools { writer, readers })
        };
        self.pools.get_or_try_init(|| connect).await
    }

    /// One connection by hand: a pool would try again and again, and forget what was wrong.
    async fn probe(&self) -> Result<(), sqlx::Error> {
        let options = self.place.options(false)?;
        let mut connection = AnyConnection::connect_with(&options).await?;
        let begin = AssertSqlSafe(self.place.begins(false, self.schema.name));
        connection.execute(sqlx::raw_sql(begin)).await?;
        connection.close().await
    }

    /// Connections that only read.
    pub(crate) async fn readers(&self) -> Result<&AnyPool, sqlx::Error> {
        Ok(&self.pools().await?.readers)
    }

    /// Connections that only read, for an act that is named if there are none.
    pub(crate) async fn reading(&self, act: &'static str) -> Result<&AnyPool, Unavailable> {
        self.readers().await.map_err(self.unavailable(act))
    }

    /// The one connection that writes, for an act that is named if there is none.
    pub(crate) async fn writing(&self, act: &'static str) -> Result<&AnyPool, Unavailable> {
        let pools = self.pools().await.map_err(self.unavailable(act))?;
        Ok(&pools.writer)
    }

    /// Waits for the writer and begins a transaction; until it ends nobody else writes to this store.
    pub(crate) async fn write(&self) -> Result<WriteTurn, sqlx::Error> {
        let mut turn = WriteTurn {
            connection: self.pools().await?.writer.acquire().await?,
            open: true,
        };
        let begin = if self.place.is_server() {
            "begin; do $$ begin perform pg_advisory_xact_lock(hashtext(current_schema()::text)); end $$"
        } else {
            "begin immediate"
        };
        sqlx::raw_sql(begin).execute(&mut *turn).await?;
        Ok(turn)
    }

    /// A server that neither answers nor hangs up is taken as gone after a while.
    pub(crate) async fn timed<T>(
        &self,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        tokio::time::timeout(Duration::from_millis(ANSWER_MS_MAX), work)
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// Finishes what is under way and closes the database.
    pub(crate) async fn close(&self) {
        if let Some(pools) = self.pools.get() {
            pools.readers.close().await;
            pools.writer.close().await;
        }
    }

    pub(crate) fn unavailable(&self, act: &'static str) -> impl Fn(sqlx::Error) -> Unavailable {
        move |error| Unavailable::new(act, &self.place, error)
    }
}

/// The one writer's connection inside a transaction. Dropped half-way it is closed, which undoes everything.
///
/// `SQLite` itself ends a transaction when the disk is full or fails; a driver that goes on counting it would refuse every
/// later write. So a connection that saw an error, or whose caller went away, is not used again.
pub(crate) struct WriteTurn {
    connection: PoolConnection<Any>,
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
        sqlx::raw_sql(statement)
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
    type Target = AnyConnection;
    fn deref(&self) -> &AnyConnection {
        &self.connection
    }
}

impl std::ops::DerefMut for WriteTurn {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.connection
    }
}

async fn migrate(
    writer: &AnyPool,
    name: &'static str,
    migrations: &[(i64, &'static str)],
) -> Result<(), MigrateError> {
    let migration = |&(version, sql): &(i64, &'static str)| {
        let kind = MigrationType::Simple;
        Migration::new(version, name.into(), kind, sql.into_sql_str(), false)
    };
    let migrations = migrations.iter().map(migration).collect();
    Migrator::with_migrations(migrations).run(writer).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: Schema = Schema {
        name: "empty",
        sqlite: &[],
        postgres: &[],
    };

    #[tokio::test]
    async fn every_acknowledgement_waits_for_the_disk_and_readers_cannot_write() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("any.db");
        let database = Database::open((&path).into(), EMPTY).await.unwrap();
        let pragma = async |pool: &AnyPool, statement| -> String {
            let row = sqlx::query_scalar::<_, String>(statement)
                .fetch_one(pool)
                .await;
            row.unwrap()
        };
        let mode = pragma(
            database.writing("ask").await.unwrap(),
            "select journal_mode from pragma_journal_mode",
        )
        .await;
        assert_eq!(mode, "wal");
        let statement = "select cast(synchronous as text) from pragma_synchronous";
        assert_eq!(
            pragma(database.writing("ask").await.unwrap(), statement).await,
            "2",
            "2 is FULL"
        );
        let statement = "select cast(foreign_keys as text) from pragma_foreign_keys";
        assert_eq!(
            pragma(database.writing("ask").await.unwrap(), statement).await,
            "1"
        );
        let written = sqlx::query("create table t (a)")
            .execute(database.reading("ask").await.unwrap())
            .await;
        let error = database.unavailable("write")(written.unwrap_err());
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
        let database = Database::open((&path).into(), EMPTY).await.unwrap();
        sqlx::query("create table t (a)")
            .execute(database.writing("ask").await.unwrap())
            .await
            .unwrap();
        for name in ["any.db", "any.db-wal", "any.db-shm"] {
            let file = std::fs::metadata(directory.path().join(name)).unwrap();
            assert_eq!(file.permissions().mode() & 0o777, 0o600, "{name}");
        }
    }
}
