//! Decisions that were made and could not be stored: how many, and when, so that no count of calls passes for whole.

use super::store::{Facts, FactsError, sql};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

const QUARTER_US: i64 = 15 * 60 * 1_000_000;
/// Quarters of an hour that a writer remembers until it can write them down: a week.
const QUARTERS_MAX: usize = 7 * 96;

/// What one writer could not store and has not written down yet.
#[derive(Debug, Default)]
pub(super) struct Missing(Mutex<BTreeMap<i64, u64>>);

impl Missing {
    /// A decision of this instant was not stored.
    pub(super) fn note(&self, at: Timestamp) {
        let quarter = at.as_microsecond().div_euclid(QUARTER_US);
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *noted.entry(quarter).or_default() += 1;
        if noted.len() > QUARTERS_MAX {
            noted.pop_first();
        }
    }

    /// Writes them down where there are any; what cannot be written is kept for the next time.
    pub(super) async fn write_down(&self, facts: &Facts) {
        let noted = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if noted.is_empty() {
            return;
        }
        if let Err(error) = facts.add_missing(&noted).await {
            tracing::warn!(%error, "which call facts are missing was not written down; tried again with the next ones");
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (quarter, decisions) in noted {
                *kept.entry(quarter).or_default() += decisions;
            }
        }
    }
}

impl Facts {
    /// How many decisions are known to be missing from `from` (of the quarter of an hour it lies in) to before `until`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn missing(&self, from: Timestamp, until: Timestamp) -> Result<u64, FactsError> {
        let begin = from.as_microsecond().div_euclid(QUARTER_US) * QUARTER_US;
        let decisions: i64 = sqlx::query_scalar(sql::MISSING_BETWEEN)
            .bind(begin)
            .bind(until.as_microsecond())
            .fetch_one(self.database.reading("count call facts in").await?)
            .await
            .map_err(self.database.unavailable("count call facts in"))?;
        Ok(u64::try_from(decisions).unwrap_or(0))
    }

    async fn add_missing(&self, noted: &BTreeMap<i64, u64>) -> Result<(), FactsError> {
        let failed = self.database.unavailable("store call facts in");
        let mut tx = self.database.write().await.map_err(&failed)?;
        for (quarter, decisions) in noted {
            sqlx::query(sql::MISSING_ADD)
                .bind(quarter * QUARTER_US)
                .bind(i64::try_from(*decisions).unwrap_or(i64::MAX))
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
        }
        tx.commit().await.map_err(&failed)?;
        Ok(())
    }
}
