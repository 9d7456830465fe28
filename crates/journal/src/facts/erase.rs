//! Erasure of call facts: of one caller by their hash, or of what is older than an instant.

use super::store::{Facts, FactsError, Pruned, hash_text};
use jiff::Timestamp;
use segue_domain::caller::CallerHash;
use sqlx::Row;

/// The statements, prepared in a test on every database.
pub(super) mod sql {
    pub(crate) const CLAIM: &str = include_str!("../../sql/acd_calls.claim.sql");
    pub(crate) const DECISIONS: &str = include_str!("../../sql/decisions.erase.sql");
    pub(crate) const ACD_EVENTS: &str = include_str!("../../sql/acd_events.erase.sql");
    pub(crate) const ACD_CALLS: &str = include_str!("../../sql/acd_calls.erase.sql");
    pub(crate) const OPEN_CASES: &str = include_str!("../../sql/open_cases.erase.sql");
    pub(crate) const OLD: &str = include_str!("../../sql/facts.old.sql");

    #[cfg(test)]
    pub(crate) const ALL: [&str; 6] = [CLAIM, DECISIONS, ACD_EVENTS, ACD_CALLS, OPEN_CASES, OLD];
}

/// Rows of each kind that one transaction deletes: none holds the database long.
const STEP_ROWS: u32 = 10_000;

impl Pruned {
    /// Rows of all kinds.
    pub fn rows(self) -> u64 {
        self.decisions + self.acd_events + self.acd_calls + self.open_cases
    }

    fn and(self, other: Self) -> Self {
        Self {
            decisions: self.decisions + other.decisions,
            acd_events: self.acd_events + other.acd_events,
            acd_calls: self.acd_calls + other.acd_calls,
            open_cases: self.open_cases + other.open_cases,
        }
    }
}

impl Facts {
    /// Deletes whatever is of one caller, all or nothing: what was decided of their calls, what the centres told of the same calls, their
    /// cases. A call that only one of router and centre knows by its caller goes on both.
    pub async fn erase_caller(&self, caller: CallerHash) -> Result<Pruned, FactsError> {
        let failed = self
            .database
            .unavailable("erase a caller's call facts from");
        let hash = hash_text(Some(&caller));
        let mut tx = self.database.write().await.map_err(&failed)?;
        let mut deleted = [0; 5];
        // The centres' calls last but one: by them the others are found.
        let statements = [
            sql::CLAIM,
            sql::DECISIONS,
            sql::ACD_EVENTS,
            sql::ACD_CALLS,
            sql::OPEN_CASES,
        ];
        for (statement, deleted) in statements.into_iter().zip(&mut deleted) {
            let query = sqlx::query(statement).bind(hash.as_deref());
            let done = query.execute(&mut *tx).await.map_err(&failed)?;
            *deleted = done.rows_affected();
        }
        tx.commit().await.map_err(&failed)?;
        let [_, decisions, acd_events, acd_calls, open_cases] = deleted;
        Ok(Pruned {
            decisions,
            acd_events,
            acd_calls,
            open_cases,
        })
    }

    /// How much is older than an instant.
    pub async fn count_before(&self, before: Timestamp) -> Result<Pruned, FactsError> {
        let failed = self.database.unavailable("count old call facts in");
        let pool = self.database.reading("count old call facts in").await?;
        let query = sqlx::query(sql::OLD).bind(before.as_microsecond());
        let row = query.fetch_one(pool).await.map_err(&failed)?;
        let count = |column: usize| {
            let rows: i64 = row.try_get(column).map_err(&failed)?;
            Ok::<_, FactsError>(u64::try_from(rows).unwrap_or(0))
        };
        Ok(Pruned {
            decisions: count(0)?,
            acd_events: count(1)?,
            acd_calls: count(2)?,
            open_cases: count(3)?,
        })
    }

    /// Deletes what is older than an instant, step by step until nothing is left. Cut off, it is asked for again.
    pub async fn erase_before(&self, before: Timestamp) -> Result<Pruned, FactsError> {
        let mut all = Pruned::default();
        loop {
            let step = self.delete_before(before, STEP_ROWS).await?;
            if step.rows() == 0 {
                return Ok(all);
            }
            all = all.and(step);
        }
    }
}
