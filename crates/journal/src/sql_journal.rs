//! The journal on `SQLite` or PostgreSQL: on disk before every acknowledgement, one writer at a time and a few readers.

use crate::chain::chain_hash;
use crate::database::{Database, OpenError, Place, Schema};
use crate::event::{
    Body, ChainHash, CommandId, Position, READ_EVENTS_MAX, Recorded, StreamHead, StreamId, Version,
    instant_text,
};
use crate::journal::{
    Append, AppendError, CommandRecord, Corrupt, Journal, Outcome, ReadError, STREAMS_MAX,
};
use jiff::{Timestamp, TimestampRound, Unit};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};
use std::sync::Arc;
use tokio::sync::watch;

mod listening;

use listening::Listening;

const SCHEMA: Schema = Schema {
    name: "journal",
    sqlite: &[(1, include_str!("../migrations/sqlite/0001_journal.sql"))],
    postgres: &[(1, include_str!("../migrations/postgres/0001_journal.sql"))],
};

/// Every statement of the journal; a test prepares each on every database.
pub(crate) mod sql {
    pub(crate) const EVENTS_INSERT: &str = include_str!("../sql/events.insert.sql");
    pub(crate) const EVENTS_READ: &str = include_str!("../sql/events.read.sql");
    pub(crate) const EVENTS_READ_STREAM: &str = include_str!("../sql/events.read_stream.sql");
    pub(crate) const EVENTS_STREAM_HEAD: &str = include_str!("../sql/events.stream_head.sql");
    pub(crate) const EVENTS_STREAMS: &str = include_str!("../sql/events.streams.sql");
    pub(crate) const HEAD_TAKE: &str = include_str!("../sql/head.take.sql");
    pub(crate) const HEAD_READ: &str = include_str!("../sql/head.read.sql");
    pub(crate) const COMMANDS_INSERT: &str = include_str!("../sql/commands.insert.sql");
    pub(crate) const COMMANDS_FIND: &str = include_str!("../sql/commands.find.sql");
}

/// A journal in one file, or in a server that several nodes share.
#[derive(Debug, Clone)]
pub struct SqlJournal {
    pub(crate) database: Database,
    newest: watch::Sender<Position>,
    _listening: Option<Arc<Listening>>,
}

impl SqlJournal {
    /// Opens or creates the journal in a file or on a server.
    pub async fn open(place: impl Into<Place>) -> Result<Self, OpenError> {
        let journal = Self::over(Database::open(place.into(), SCHEMA).await?);
        journal.head().await.map_err(|error| match error {
            ReadError::Unavailable(error) => error,
            ReadError::Corrupt(_) => {
                journal.database.unavailable("read the head of")(sqlx::Error::RowNotFound)
            }
        })?;
        Ok(journal)
    }

    /// The same, opened by the first who needs it; until it can be opened, whatever is asked of it is unavailable. For a
    /// node that must route on its last table while the journal is gone. Must be called inside a tokio runtime.
    pub fn lazy(place: impl Into<Place>) -> Self {
        Self::over(Database::lazy(place.into(), SCHEMA))
    }

    fn over(database: Database) -> Self {
        let newest = watch::Sender::new(Position(0));
        let listening = match &database.place {
            Place::File { .. } => None,
            Place::Server { url } => Some(Arc::new(Listening::start(url, newest.clone()))),
        };
        Self {
            database,
            newest,
            _listening: listening,
        }
    }

    /// Finishes what is under way and closes the file.
    pub async fn close(&self) {
        self.database.close().await;
    }

    fn saw(&self, position: Position) {
        saw(&self.newest, position);
    }

    async fn page(
        &self,
        page: sqlx::query::Query<'_, sqlx::Any, sqlx::any::AnyArguments>,
    ) -> Result<Vec<Recorded>, ReadError> {
        let asked = async { page.fetch_all(self.database.readers().await?).await };
        let rows = self
            .database
            .timed(asked)
            .await
            .map_err(self.database.unavailable("read the journal"))?;
        rows.iter()
            .map(|row| recorded(row).map_err(ReadError::from))
            .collect()
    }

    async fn append_all(&self, request: &Append) -> Result<Outcome, AppendError> {
        let failed = self.database.unavailable("append to the journal");
        let mut tx = self.database.write().await.map_err(&failed)?;
        if let Some(known) = find_command(&mut tx, &request.command_id)
            .await
            .map_err(&failed)?
        {
            tx.cancel().await.map_err(&failed)?;
            let (position, version) = (known.position, known.version);
            return if known.stream == request.stream {
                Ok(Outcome::AlreadyRecorded { position, version })
            } else {
                let id = request.command_id.clone();
                Err(AppendError::CommandIdReused {
                    id,
                    stream: known.stream,
                })
            };
        }
        let (actual, hash) = stream_head(&mut tx, &request.stream)
            .await
            .map_err(&failed)?;
        if actual != request.expected_version {
            tx.cancel().await.map_err(&failed)?;
            return Err(AppendError::VersionConflict {
                stream: request.stream.clone(),
                expected: request.expected_version,
                actual,
            });
        }
        let last = take_positions(&mut tx, request.events.len())
            .await
            .map_err(&failed)?;
        let events = link(request, actual, hash, last);
        for event in &events {
            insert_event(&mut tx, event).await.map_err(&failed)?;
        }
        let version = Version(actual.0 + events.len() as u64);
        sqlx::query(sql::COMMANDS_INSERT)
            .bind(request.command_id.as_str())
            .bind(request.stream.as_str())
            .bind(to_sql(last.0 + 1 - events.len() as u64))
            .bind(to_sql(last.0))
            .bind(to_sql(version.0))
            .execute(&mut *tx)
            .await
            .map_err(&failed)?;
        if self.database.place.is_server() {
            // Sent by the server when the transaction commits, to every node that listens.
            let notify = format!("notify {}, '{}'", listening::CHANNEL, last.0);
            sqlx::raw_sql(AssertSqlSafe(notify))
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
        }
        tx.commit().await.map_err(&failed)?;
        self.saw(last);
        Ok(Outcome::Recorded {
            position: last,
            version,
        })
    }
}

impl Journal for SqlJournal {
    async fn append(&self, request: &Append) -> Result<Outcome, AppendError> {
        request.check()?;
        let gone = || self.database.unavailable("append to the journal")(sqlx::Error::PoolTimedOut);
        let appended = self
            .database
            .timed(async { Ok(self.append_all(request).await) });
        appended.await.map_err(|_| gone())?
    }

    async fn read(&self, after: Position, limit: u32) -> Result<Vec<Recorded>, ReadError> {
        let page = sqlx::query(sql::EVENTS_READ)
            .bind(to_sql(after.0))
            .bind(i64::from(limit.min(READ_EVENTS_MAX)));
        self.page(page).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: u32,
    ) -> Result<Vec<Recorded>, ReadError> {
        let page = sqlx::query(sql::EVENTS_READ_STREAM)
            .bind(stream.as_str())
            .bind(to_sql(after.0))
            .bind(i64::from(limit.min(READ_EVENTS_MAX)));
        self.page(page).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        let asked = async {
            sqlx::query_scalar(sql::HEAD_READ)
                .fetch_one(self.database.readers().await?)
                .await
        };
        let position: i64 = self
            .database
            .timed(asked)
            .await
            .map_err(self.database.unavailable("read the head of"))?;
        let position = Position(from_sql(position));
        self.saw(position);
        Ok(position)
    }

    async fn streams(&self) -> Result<Vec<StreamHead>, ReadError> {
        let asked = async {
            sqlx::query(sql::EVENTS_STREAMS)
                .bind(i64::from(STREAMS_MAX))
                .fetch_all(self.database.readers().await?)
                .await
        };
        let rows = self
            .database
            .timed(asked)
            .await
            .map_err(self.database.unavailable("list the streams of"))?;
        rows.iter()
            .map(|row| head_of(row).map_err(ReadError::from))
            .collect()
    }

    async fn find_command(&self, id: &CommandId) -> Result<Option<CommandRecord>, ReadError> {
        let asked = async {
            let mut connection = self.database.readers().await?.acquire().await?;
            find_command(&mut connection, id).await
        };
        let found = self.database.timed(asked).await;
        Ok(found.map_err(self.database.unavailable("look up a command in"))?)
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.newest.subscribe()
    }
}

fn saw(newest: &watch::Sender<Position>, position: Position) {
    newest.send_if_modified(|newest| {
        let newer = position > *newest;
        *newest = position.max(*newest);
        newer
    });
}

/// Positions and versions stay far below 2^63; a value out of range sorts after everything.
fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Check constraints keep these columns positive.
fn from_sql(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

async fn find_command(
    connection: &mut AnyConnection,
    id: &CommandId,
) -> Result<Option<CommandRecord>, sqlx::Error> {
    let row: Option<(String, i64, i64, i64)> = sqlx::query_as(sql::COMMANDS_FIND)
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(|(stream, first_position, position, version)| {
        let stream = StreamId::new(stream).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(CommandRecord {
            stream,
            first_position: Position(from_sql(first_position)),
            position: Position(from_sql(position)),
            version: Version(from_sql(version)),
        })
    })
    .transpose()
}

async fn stream_head(
    connection: &mut AnyConnection,
    stream: &StreamId,
) -> Result<(Version, ChainHash), sqlx::Error> {
    let row: Option<(i64, Vec<u8>)> = sqlx::query_as(sql::EVENTS_STREAM_HEAD)
        .bind(stream.as_str())
        .fetch_optional(connection)
        .await?;
    let Some((version, hash)) = row else {
        return Ok((Version(0), ChainHash::GENESIS));
    };
    let hash = hash
        .try_into()
        .map_err(|_| sqlx::Error::Decode("a hash has 32 bytes".into()))?;
    Ok((Version(from_sql(version)), ChainHash(hash)))
}

async fn take_positions(
    connection: &mut AnyConnection,
    count: usize,
) -> Result<Position, sqlx::Error> {
    let position: i64 = sqlx::query_scalar(sql::HEAD_TAKE)
        .bind(to_sql(count as u64))
        .fetch_one(connection)
        .await?;
    Ok(Position(from_sql(position)))
}

/// Gives the new facts their places and links them to the stream's newest one.
fn link(request: &Append, version: Version, hash: ChainHash, last: Position) -> Vec<Recorded> {
    let first = last.0 + 1 - request.events.len() as u64;
    let round = TimestampRound::new()
        .smallest(Unit::Microsecond)
        .mode(jiff::RoundMode::Floor);
    let recorded_at = request
        .recorded_at
        .round(round)
        .unwrap_or(request.recorded_at);
    let mut previous_hash = hash;
    let numbered = (first..).zip(version.0 + 1..).zip(&request.events);
    numbered
        .map(|((position, version), event)| {
            let mut event = Recorded {
                position: Position(position),
                stream: request.stream.clone(),
                version: Version(version),
                kind: event.kind.clone(),
                schema: event.schema,
                body: event.body.clone(),
                actor: request.actor.clone(),
                cause: request.cause.clone(),
                command_id: request.command_id.clone(),
                recorded_at,
                previous_hash,
                hash: ChainHash::GENESIS,
            };
            event.hash = chain_hash(&event);
            previous_hash = event.hash;
            event
        })
        .collect()
}

async fn insert_event(connection: &mut AnyConnection, event: &Recorded) -> Result<(), sqlx::Error> {
    sqlx::query(sql::EVENTS_INSERT)
        .bind(to_sql(event.position.0))
        .bind(event.stream.as_str())
        .bind(to_sql(event.version.0))
        .bind(&event.kind)
        .bind(i64::from(event.schema))
        .bind(event.body.as_str())
        .bind(&event.actor)
        .bind(&event.cause)
        .bind(event.command_id.as_str())
        .bind(instant_text(event.recorded_at))
        .bind(event.previous_hash.0.to_vec())
        .bind(event.hash.0.to_vec())
        .execute(connection)
        .await
        .map(drop)
}

fn recorded(row: &AnyRow) -> Result<Recorded, Corrupt> {
    let position = Position(from_sql(row.try_get("position").unwrap_or(0)));
    let bad = |field: &'static str| move |_| Corrupt { position, field };
    let text = |field: &'static str| row.try_get::<String, _>(field).map_err(bad(field));
    let number = |field: &'static str| row.try_get::<i64, _>(field).map_err(bad(field));
    let written_at = text("recorded_at")?;
    let recorded_at: Timestamp = written_at.parse().map_err(|_| Corrupt {
        position,
        field: "recorded_at",
    })?;
    if instant_text(recorded_at) != written_at {
        return Err(Corrupt {
            position,
            field: "recorded_at",
        });
    }
    let name = |field: &'static str| move |_| Corrupt { position, field };
    Ok(Recorded {
        position,
        stream: StreamId::new(text("stream")?).map_err(name("stream"))?,
        version: Version(from_sql(number("version")?)),
        kind: text("kind")?,
        schema: u32::try_from(number("schema")?).map_err(|_| Corrupt {
            position,
            field: "schema",
        })?,
        body: Body::stored(text("body")?),
        actor: text("actor")?,
        cause: text("cause")?,
        command_id: CommandId::new(text("command_id")?).map_err(name("command_id"))?,
        recorded_at,
        previous_hash: hash_of(row, position, "previous_hash")?,
        hash: hash_of(row, position, "hash")?,
    })
}

fn hash_of(row: &AnyRow, position: Position, field: &'static str) -> Result<ChainHash, Corrupt> {
    let bytes: Vec<u8> = row
        .try_get(field)
        .map_err(|_| Corrupt { position, field })?;
    bytes
        .try_into()
        .map(ChainHash)
        .map_err(|_| Corrupt { position, field })
}

fn head_of(row: &AnyRow) -> Result<StreamHead, Corrupt> {
    let position = Position(from_sql(row.try_get("position").unwrap_or(0)));
    let stream: String = row.try_get("stream").map_err(|_| Corrupt {
        position,
        field: "stream",
    })?;
    let version = row.try_get("version").map_err(|_| Corrupt {
        position,
        field: "version",
    })?;
    Ok(StreamHead {
        stream: StreamId::new(stream).map_err(|_| Corrupt {
            position,
            field: "stream",
        })?,
        version: Version(from_sql(version)),
        position,
        hash: hash_of(row, position, "hash")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_statement_of_the_journal_prepares() {
        let directory = tempfile::tempdir().unwrap();
        let journal = SqlJournal::open(&directory.path().join("journal.db"))
            .await
            .unwrap();
        let mut connection = journal
            .database
            .writing("prepare on")
            .await
            .unwrap()
            .acquire()
            .await
            .unwrap();
        for statement in [
            sql::EVENTS_INSERT,
            sql::EVENTS_READ,
            sql::EVENTS_READ_STREAM,
            sql::EVENTS_STREAM_HEAD,
            sql::EVENTS_STREAMS,
            sql::HEAD_TAKE,
            sql::HEAD_READ,
            sql::COMMANDS_INSERT,
            sql::COMMANDS_FIND,
        ] {
            use sqlx::{Executor, SqlSafeStr};
            let prepared = (&mut *connection).prepare(statement.into_sql_str()).await;
            assert!(prepared.is_ok(), "{statement}: {:?}", prepared.err());
        }
    }
}
