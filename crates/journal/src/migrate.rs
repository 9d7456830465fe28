//! Moves a transition's stores to another database, fact by fact, and proves that nothing was lost or changed on the way.
//!
//! Chains keep their hashes: the position is a cursor of one database and is copied with the rest, so that what was noted
//! of the old journal is found in the new one.

use crate::accounts::Accounts;
use crate::database::{Database, Unavailable};
use crate::facts::Facts;
use crate::journal::{Journal, ReadError};
use crate::sql_journal::SqlJournal;
use crate::verify::{FirstBad, Report, verify};
use serde::Serialize;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row as _};
use std::collections::BTreeMap;

/// Rows read at once.
const PAGE_ROWS: i64 = 1_000;

/// Everything of one transition.
#[derive(Debug, Clone)]
pub struct Stores {
    /// Facts.
    pub journal: SqlJournal,
    /// Routing decisions and what the centres say of calls.
    pub facts: Facts,
    /// People.
    pub accounts: Accounts,
}

/// What was moved.
#[derive(Debug, Clone, Serialize)]
pub struct Migrated {
    /// Facts of the journal, each checked against its chain on both sides.
    pub events: u64,
    /// Their newest position.
    pub position: u64,
    /// Rows of each table, the same on both sides.
    pub rows: BTreeMap<&'static str, u64>,
}

/// A move that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// What is there already must not be mixed with what comes.
    #[error("the new database already has rows in `{table}`; name an empty one")]
    NotEmpty {
        /// The table.
        table: &'static str,
    },
    /// A damaged journal is mended or understood first.
    #[error("the old journal does not verify: {0}; restore it from a backup first")]
    Damaged(FirstBad),
    /// The copy is another one than the original.
    #[error(
        "the copy differs in `{what}`; empty the new database and try again, the old one is unchanged"
    )]
    Differs {
        /// The table, or the chain.
        what: &'static str,
    },
    /// A database could not do its part.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A journal did not answer.
    #[error(transparent)]
    Read(#[from] ReadError),
}

#[derive(Clone, Copy)]
enum Kind {
    Int,
    Text,
    Bytes,
}

/// One table: its columns, the first `key` of which order it and tell its rows apart.
struct Table {
    name: &'static str,
    columns: &'static [(&'static str, Kind)],
    key: usize,
}

use Kind::{Bytes, Int, Text};

const JOURNAL: &[Table] = &[
    Table {
        name: "events",
        columns: &[
            ("position", Int),
            ("stream", Text),
            ("version", Int),
            ("kind", Text),
            ("schema", Int),
            ("body", Text),
            ("actor", Text),
            ("cause", Text),
            ("command_id", Text),
            ("recorded_at", Text),
            ("previous_hash", Bytes),
            ("hash", Bytes),
        ],
        key: 1,
    },
    Table {
        name: "commands",
        columns: &[
            ("id", Text),
            ("stream", Text),
            ("first_position", Int),
            ("position", Int),
            ("version", Int),
        ],
        key: 1,
    },
];

const FACTS: &[Table] = &[
    Table {
        name: "decisions",
        columns: &[
            ("call_id", Text),
            ("at_us", Int),
            ("node", Text),
            ("table_hash", Text),
            ("line", Text),
            ("chunk", Text),
            ("rule", Text),
            ("bucket", Int),
            ("pi_bp", Int),
            ("arm", Text),
            ("reason", Text),
            ("targets", Text),
            ("caller_hash", Text),
            ("dialled", Text),
            ("is_test", Int),
        ],
        key: 1,
    },
    Table {
        name: "acd_events",
        columns: &[
            ("source", Text),
            ("source_call_id", Text),
            ("kind", Text),
            ("at_us", Int),
        ],
        key: 4,
    },
    Table {
        name: "acd_calls",
        columns: &[
            ("source", Text),
            ("source_call_id", Text),
            ("call_id", Text),
            ("caller_hash", Text),
            ("dialled", Text),
            ("offered_us", Int),
            ("queued_us", Int),
            ("answered_us", Int),
            ("abandoned_us", Int),
            ("ended_us", Int),
            ("newest_us", Int),
            ("language", Text),
            ("age_band", Text),
        ],
        key: 2,
    },
    Table {
        name: "open_cases",
        columns: &[
            ("source", Text),
            ("case_id", Text),
            ("caller_hash", Text),
            ("dialled", Text),
            ("until_us", Int),
            ("closed_us", Int),
            ("newest_us", Int),
        ],
        key: 2,
    },
];

/// Failed attempts stay behind: everybody begins anew.
const ACCOUNTS: &[Table] = &[
    Table {
        name: "users",
        columns: &[
            ("name", Text),
            ("side", Text),
            ("roles", Text),
            ("public_key", Text),
            ("password_hash", Text),
            ("pin_hash", Text),
            ("created_us", Int),
            ("totp_secret", Text),
            ("totp_since_us", Int),
            ("totp_step", Int),
            ("valid_us", Int),
            ("staff", Text),
            ("sso_issuer", Text),
            ("sso_subject", Text),
        ],
        key: 1,
    },
    Table {
        name: "recovery_codes",
        columns: &[("user_name", Text), ("hash", Text)],
        key: 2,
    },
    Table {
        name: "tokens",
        columns: &[
            ("hash", Text),
            ("user_name", Text),
            ("label", Text),
            ("scope", Text),
            ("created_us", Int),
            ("expires_us", Int),
            ("site", Text),
            ("used_us", Int),
        ],
        key: 1,
    },
    Table {
        name: "audit",
        columns: &[
            ("at_us", Int),
            ("who", Text),
            ("act", Text),
            ("about", Text),
            ("side", Text),
        ],
        key: 4,
    },
    Table {
        name: "arrivals",
        columns: &[("user_name", Text), ("source", Text), ("last_us", Int)],
        key: 2,
    },
];

/// Copies everything into empty stores and checks the copy. Nobody may write to the old ones meanwhile.
pub async fn migrate(from: &Stores, to: &Stores) -> Result<Migrated, MigrateError> {
    let before = checked(&from.journal).await?;
    let mut rows = BTreeMap::new();
    let pairs = [
        (&from.journal.database, &to.journal.database, JOURNAL),
        (&from.facts.database, &to.facts.database, FACTS),
        (&from.accounts.database, &to.accounts.database, ACCOUNTS),
    ];
    for (_, to, tables) in pairs {
        for table in tables {
            if count(to, table).await? > 0 {
                return Err(MigrateError::NotEmpty { table: table.name });
            }
        }
    }
    for (from, to, tables) in pairs {
        copy_store(from, to, tables).await?;
        for table in tables {
            let copied = count(to, table).await?;
            if copied != count(from, table).await? {
                return Err(MigrateError::Differs { what: table.name });
            }
            rows.insert(table.name, copied);
        }
    }
    let after = checked(&to.journal).await?;
    if after != before || to.journal.head().await? != before.position {
        return Err(MigrateError::Differs { what: "chain" });
    }
    Ok(Migrated {
        events: before.events,
        position: before.position.0,
        rows,
    })
}

async fn checked(journal: &SqlJournal) -> Result<Report, MigrateError> {
    let report = verify(journal, &[]).await?;
    match report.first_bad {
        Some(bad) => Err(MigrateError::Damaged(bad)),
        None => Ok(report),
    }
}

async fn count(database: &Database, table: &Table) -> Result<u64, Unavailable> {
    let act = "count the rows of";
    let statement = format!("select count(*) from {}", table.name);
    let rows: i64 = sqlx::query_scalar(AssertSqlSafe(statement))
        .fetch_one(database.reading(act).await?)
        .await
        .map_err(database.unavailable(act))?;
    Ok(u64::try_from(rows).unwrap_or(0))
}

/// All tables of one store in one transaction: a copy that breaks off leaves nothing behind.
async fn copy_store(from: &Database, to: &Database, tables: &[Table]) -> Result<(), Unavailable> {
    let failed = to.unavailable("copy rows to");
    let mut turn = to.write().await.map_err(&failed)?;
    for table in tables {
        let mut last: Option<AnyRow> = None;
        loop {
            let page = page(from, table, last.as_ref()).await?;
            for row in &page {
                let insert = insert_of(table);
                let values = bound(sqlx::query(AssertSqlSafe(insert)), table.columns, row);
                let values = values.map_err(from.unavailable("read rows of"))?;
                values.execute(&mut *turn).await.map_err(&failed)?;
            }
            let Some(newest) = page.into_iter().next_back() else {
                break;
            };
            last = Some(newest);
        }
        if table.name == "events" {
            let head = "update journal_head set position = (select coalesce(max(position), 0) from events)";
            sqlx::query(head)
                .execute(&mut *turn)
                .await
                .map_err(&failed)?;
        }
    }
    turn.commit().await.map_err(&failed)
}

async fn page(
    database: &Database,
    table: &Table,
    after: Option<&AnyRow>,
) -> Result<Vec<AnyRow>, Unavailable> {
    let act = "read rows of";
    let key: Vec<_> = names(&table.columns[..table.key]);
    let (columns, key_list) = (names(table.columns).join(", "), key.join(", "));
    let beyond = after.map_or_else(String::new, |_| {
        format!("where ({key_list}) > ({})", places(table.key))
    });
    let statement = format!(
        "select {columns} from {} {beyond} order by {key_list} limit {PAGE_ROWS}",
        table.name
    );
    let mut query = sqlx::query(AssertSqlSafe(statement));
    if let Some(after) = after {
        let bound = bound(query, &table.columns[..table.key], after);
        query = bound.map_err(database.unavailable(act))?;
    }
    query
        .fetch_all(database.reading(act).await?)
        .await
        .map_err(database.unavailable(act))
}

fn insert_of(table: &Table) -> String {
    let columns = names(table.columns).join(", ");
    format!(
        "insert into {} ({columns}) values ({})",
        table.name,
        places(table.columns.len())
    )
}

fn names(columns: &[(&'static str, Kind)]) -> Vec<&'static str> {
    columns.iter().map(|(name, _)| *name).collect()
}

/// `$1, $2, …`
fn places(count: usize) -> String {
    let places: Vec<_> = (1..=count).map(|n| format!("${n}")).collect();
    places.join(", ")
}

/// The row's values in the order of the columns.
fn bound<'q>(
    mut query: Query<'q, Any, AnyArguments>,
    columns: &[(&'static str, Kind)],
    row: &AnyRow,
) -> Result<Query<'q, Any, AnyArguments>, sqlx::Error> {
    for (name, kind) in columns {
        query = match kind {
            Int => query.bind(row.try_get::<Option<i64>, _>(*name)?),
            Text => query.bind(row.try_get::<Option<String>, _>(*name)?),
            Bytes => query.bind(row.try_get::<Option<Vec<u8>>, _>(*name)?),
        };
    }
    Ok(query)
}
