//! Writing and deleting call facts, in whole transactions.

use super::{AcdEvent, AcdEventKind, Decision};
use crate::database::{Database, OpenError, Place, Schema, Unavailable};
use jiff::{SignedDuration, Timestamp};
use segue_domain::caller::CallerHash;
use sqlx::AnyConnection;

const SCHEMA: Schema = Schema {
    name: "facts",
    sqlite: &[
        (1, include_str!("../../migrations/sqlite/0001_facts.sql")),
        (
            2,
            include_str!("../../migrations/sqlite/0002_cases_and_tests.sql"),
        ),
        (
            3,
            include_str!("../../migrations/sqlite/0003_callers_groups.sql"),
        ),
        (4, include_str!("../../migrations/sqlite/0004_missing.sql")),
    ],
    postgres: &[
        (1, include_str!("../../migrations/postgres/0001_facts.sql")),
        (
            2,
            include_str!("../../migrations/postgres/0002_cases_and_tests.sql"),
        ),
        (
            3,
            include_str!("../../migrations/postgres/0003_callers_groups.sql"),
        ),
        (
            4,
            include_str!("../../migrations/postgres/0004_missing.sql"),
        ),
    ],
};

/// Every statement of the call facts; a test prepares each on every database.
pub(super) mod sql {
    pub(crate) const DECISIONS_UPSERT: &str = include_str!("../../sql/decisions.upsert.sql");
    pub(crate) const DECISIONS_FIND: &str = include_str!("../../sql/decisions.find.sql");
    pub(crate) const DECISIONS_LAST_TEST: &str = include_str!("../../sql/decisions.last_test.sql");
    pub(crate) const DECISIONS_SINCE: &str = include_str!("../../sql/decisions.since.sql");
    pub(crate) const DECISIONS_COUNTS: &str = include_str!("../../sql/decisions.counts.sql");
    pub(crate) const DECISIONS_CALLERS: &str = include_str!("../../sql/decisions.callers.sql");
    pub(crate) const DECISIONS_PRUNE: &str = include_str!("../../sql/decisions.prune.sql");
    pub(crate) const ACD_EVENTS_INSERT: &str = include_str!("../../sql/acd_events.insert.sql");
    pub(crate) const ACD_EVENTS_PRUNE: &str = include_str!("../../sql/acd_events.prune.sql");
    pub(crate) const ACD_CALLS_UPSERT: &str = include_str!("../../sql/acd_calls.upsert.sql");
    pub(crate) const ACD_CALLS_FIND: &str = include_str!("../../sql/acd_calls.find.sql");
    pub(crate) const ACD_CALLS_OF_CALL: &str = include_str!("../../sql/acd_calls.of_call.sql");
    pub(crate) const ACD_CALLS_SINCE: &str = include_str!("../../sql/acd_calls.since.sql");
    pub(crate) const ACD_CALLS_PRUNE: &str = include_str!("../../sql/acd_calls.prune.sql");
    pub(crate) const ACD_CALLS_SIDES: &str = include_str!("../../sql/acd_calls.sides.sql");
    pub(crate) const DECISIONS_WAS_AT: &str = include_str!("../../sql/decisions.was_at.sql");
    pub(crate) const OPEN_CASES_UPSERT: &str = include_str!("../../sql/open_cases.upsert.sql");
    pub(crate) const OPEN_CASES_OPEN: &str = include_str!("../../sql/open_cases.open.sql");
    pub(crate) const OPEN_CASES_PRUNE: &str = include_str!("../../sql/open_cases.prune.sql");

    pub(crate) const MISSING_ADD: &str = include_str!("../../sql/missing.add.sql");
    pub(crate) const MISSING_BETWEEN: &str = include_str!("../../sql/missing.between.sql");
    pub(crate) const MISSING_PRUNE: &str = include_str!("../../sql/missing.prune.sql");

    #[cfg(test)]
    pub(crate) const ALL: [&str; 22] = [
        DECISIONS_UPSERT,
        DECISIONS_FIND,
        DECISIONS_LAST_TEST,
        DECISIONS_SINCE,
        DECISIONS_COUNTS,
        DECISIONS_CALLERS,
        DECISIONS_PRUNE,
        ACD_EVENTS_INSERT,
        ACD_EVENTS_PRUNE,
        ACD_CALLS_UPSERT,
        ACD_CALLS_FIND,
        ACD_CALLS_OF_CALL,
        ACD_CALLS_SINCE,
        ACD_CALLS_PRUNE,
        ACD_CALLS_SIDES,
        DECISIONS_WAS_AT,
        OPEN_CASES_UPSERT,
        OPEN_CASES_OPEN,
        OPEN_CASES_PRUNE,
        MISSING_ADD,
        MISSING_BETWEEN,
        MISSING_PRUNE,
    ];
}

/// Call facts that could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// The database could not do it.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A row that Segue never writes.
    #[error(
        "the call facts hold a `{field}` that Segue never writes; restore the file from the last backup"
    )]
    Corrupt {
        /// The column.
        field: &'static str,
    },
}

/// How many messages of a feed were new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stored {
    /// Not seen before.
    pub accepted: u64,
    /// Seen before; nothing changed.
    pub duplicates: u64,
}

/// How many rows were too old to keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Routing decisions.
    pub decisions: u64,
    /// Messages of feeds.
    pub acd_events: u64,
    /// Calls gathered from them.
    pub acd_calls: u64,
    /// Cases, open or closed.
    pub open_cases: u64,
}

/// The call facts in one file or on a server.
#[derive(Debug, Clone)]
pub struct Facts {
    pub(crate) database: Database,
}

impl Facts {
    /// Opens or creates them in a file or on a server.
    pub async fn open(place: impl Into<Place>) -> Result<Self, OpenError> {
        Ok(Self {
            database: Database::open(place.into(), SCHEMA).await?,
        })
    }

    /// The same, opened by the first who needs them: calls are routed also while they cannot be.
    pub fn lazy(place: impl Into<Place>) -> Self {
        Self {
            database: Database::lazy(place.into(), SCHEMA),
        }
    }

    /// Finishes what is under way and closes the database.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// Stores decisions durably: all or none. A decision stored before keeps its reasons and takes the newer targets.
    pub async fn store_decisions(&self, decisions: &[Decision]) -> Result<(), FactsError> {
        self.store(decisions.iter(), [].iter()).await.map(drop)
    }

    /// Stores messages of a centre's feed durably: all or none, so that the sender may repeat them without harm.
    pub async fn store_acd_events(&self, events: &[AcdEvent]) -> Result<Stored, FactsError> {
        self.store([].iter(), events.iter()).await
    }

    pub(super) async fn store<'a>(
        &self,
        decisions: impl Iterator<Item = &'a Decision>,
        events: impl Iterator<Item = &'a AcdEvent>,
    ) -> Result<Stored, FactsError> {
        let failed = self.database.unavailable("store call facts in");
        let mut tx = self.database.write().await.map_err(&failed)?;
        for decision in decisions {
            upsert_decision(&mut tx, decision).await.map_err(&failed)?;
        }
        let mut stored = Stored::default();
        for event in events {
            if insert_acd_event(&mut tx, event).await.map_err(&failed)? {
                upsert_acd_call(&mut tx, event).await.map_err(&failed)?;
                stored.accepted += 1;
            } else {
                stored.duplicates += 1;
            }
        }
        tx.commit().await.map_err(&failed)?;
        Ok(stored)
    }

    /// Deletes what is older than `keep_days`, at most `rows_max` rows of each kind, so that no call to it takes long.
    pub async fn prune(
        &self,
        now: Timestamp,
        keep_days: u32,
        rows_max: u32,
    ) -> Result<Pruned, FactsError> {
        let keep = SignedDuration::from_hours(24 * i64::from(keep_days));
        let before = now.checked_sub(keep).unwrap_or(Timestamp::MIN);
        self.delete_before(before, rows_max).await
    }

    /// Deletes what is older, at most `rows_max` rows of each kind.
    pub(super) async fn delete_before(
        &self,
        before: Timestamp,
        rows_max: u32,
    ) -> Result<Pruned, FactsError> {
        let before = before.as_microsecond();
        let failed = self.database.unavailable("delete old call facts from");
        let mut tx = self.database.write().await.map_err(&failed)?;
        let mut deleted = [0; 5];
        let statements = [
            sql::DECISIONS_PRUNE,
            sql::ACD_EVENTS_PRUNE,
            sql::ACD_CALLS_PRUNE,
            sql::OPEN_CASES_PRUNE,
            sql::MISSING_PRUNE,
        ];
        for (statement, deleted) in statements.into_iter().zip(&mut deleted) {
            let query = sqlx::query(statement)
                .bind(before)
                .bind(i64::from(rows_max));
            *deleted = query
                .execute(&mut *tx)
                .await
                .map_err(&failed)?
                .rows_affected();
        }
        tx.commit().await.map_err(&failed)?;
        let [decisions, acd_events, acd_calls, open_cases, _] = deleted;
        Ok(Pruned {
            decisions,
            acd_events,
            acd_calls,
            open_cases,
        })
    }
}

pub(super) fn hash_text(caller: Option<&CallerHash>) -> Option<String> {
    caller.map(ToString::to_string)
}

/// What strangers sent, without the one character that a server's text cannot hold: one such call must not cost a batch.
pub(super) fn text(given: &str) -> String {
    given.replace('\0', "")
}

async fn upsert_decision(
    connection: &mut AnyConnection,
    decision: &Decision,
) -> Result<(), sqlx::Error> {
    let targets = serde_json::to_string(&decision.targets)
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(sql::DECISIONS_UPSERT)
        .bind(&decision.call_id)
        .bind(decision.at.as_microsecond())
        .bind(&decision.node)
        .bind(&decision.table_hash)
        .bind(&decision.line)
        .bind(decision.chunk.as_deref())
        .bind(&decision.rule)
        .bind(decision.bucket.map(i64::from))
        .bind(i64::from(decision.pi_bp.min(10_000)))
        .bind(&decision.arm)
        .bind(&decision.reason)
        .bind(targets)
        .bind(hash_text(decision.caller.as_ref()))
        .bind(text(&decision.dialled))
        .bind(i64::from(decision.is_test))
        .execute(connection)
        .await
        .map(drop)
}

/// Whether the message is new.
async fn insert_acd_event(
    connection: &mut AnyConnection,
    event: &AcdEvent,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(sql::ACD_EVENTS_INSERT)
        .bind(&event.source)
        .bind(text(&event.source_call_id))
        .bind(event.kind.as_str())
        .bind(event.at.as_microsecond())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

async fn upsert_acd_call(
    connection: &mut AnyConnection,
    event: &AcdEvent,
) -> Result<(), sqlx::Error> {
    let at = event.at.as_microsecond();
    let when = |kind| (event.kind == kind).then_some(at);
    sqlx::query(sql::ACD_CALLS_UPSERT)
        .bind(&event.source)
        .bind(text(&event.source_call_id))
        .bind(event.call_id.as_deref().map(text))
        .bind(hash_text(event.caller.as_ref()))
        .bind(event.dialled.as_deref().map(text))
        .bind(when(AcdEventKind::Offered))
        .bind(when(AcdEventKind::Queued))
        .bind(when(AcdEventKind::Answered))
        .bind(when(AcdEventKind::Abandoned))
        .bind(when(AcdEventKind::Ended))
        .bind(at)
        .bind(event.language.as_deref().map(text))
        .bind(event.age_band.as_deref().map(text))
        .execute(connection)
        .await
        .map(drop)
}

/// Every statement is one that the call facts' tables understand.
#[cfg(test)]
pub(super) async fn prepares(statements: &[&'static str]) {
    use sqlx::{Executor, SqlSafeStr};
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("facts.db");
    let facts = Facts::open(&file).await.unwrap();
    let writing = facts.database.writing("prepare on").await.unwrap();
    let mut connection = writing.acquire().await.unwrap();
    for statement in statements {
        let prepared = (&mut *connection).prepare(statement.into_sql_str()).await;
        assert!(prepared.is_ok(), "{statement}: {:?}", prepared.err());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_statement_of_the_call_facts_prepares() {
        prepares(&sql::ALL).await;
        prepares(&super::super::erase::sql::ALL).await;
    }
}
