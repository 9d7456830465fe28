//! Cases open at one side, as the centres' feeds tell them: stored in whatever order the news come, read while they are open.

use super::store::{Facts, FactsError, Stored, hash_text, sql, text};
use jiff::Timestamp;
use segue_domain::caller::CallerHash;
use sqlx::Row;
use sqlx::any::AnyRow;

/// Most open cases of one side read at once; beyond it those that end last wait for others to end.
pub const OPEN_CASES_MAX: u32 = 50_000;

/// News of one case. The same news again change nothing; a case that was closed stays closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseNews {
    /// Which centre's feed; it begins with the side.
    pub source: String,
    /// The case's id in that feed.
    pub case_id: String,
    /// When it was said to happen, kept in microseconds.
    pub at: Timestamp,
    /// What happened.
    pub change: CaseChange,
}

/// What happened to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseChange {
    /// A callback was promised, or promised for later.
    Opened {
        /// The caller who waits.
        caller: CallerHash,
        /// The number as Segue saw it dialled.
        dialled: String,
        /// Until when it ties the caller to the side; the latest that was ever said counts.
        until: Timestamp,
    },
    /// It is done.
    Closed,
}

/// What is open for one caller on one number at one side: its longest case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCaseFact {
    /// The centre's feed, one of them where several have a case; it begins with the side.
    pub source: String,
    /// The caller.
    pub caller: CallerHash,
    /// The number dialled.
    pub dialled: String,
    /// Until when.
    pub until: Timestamp,
}

impl Facts {
    /// Stores news of cases durably: all or none, so that the sender may repeat them without harm.
    pub async fn store_case_news(&self, news: &[CaseNews]) -> Result<Stored, FactsError> {
        let failed = self.database.unavailable("store open cases in");
        let mut tx = self.database.write().await.map_err(&failed)?;
        let mut stored = Stored::default();
        for one in news {
            let at = one.at.as_microsecond();
            let (caller, dialled, until, closed) = match &one.change {
                CaseChange::Opened {
                    caller,
                    dialled,
                    until,
                } => (
                    hash_text(Some(caller)),
                    Some(text(dialled)),
                    Some(until.as_microsecond()),
                    None,
                ),
                CaseChange::Closed => (None, None, None, Some(at)),
            };
            let done = sqlx::query(sql::OPEN_CASES_UPSERT)
                .bind(&one.source)
                .bind(text(&one.case_id))
                .bind(caller)
                .bind(dialled)
                .bind(until)
                .bind(closed)
                .bind(at)
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
            if done.rows_affected() > 0 {
                stored.accepted += 1;
            } else {
                stored.duplicates += 1;
            }
        }
        tx.commit().await.map_err(&failed)?;
        Ok(stored)
    }

    /// Whether a call of the caller's to this number was sent to a side since then, by any rule but one.
    pub async fn was_sent(
        &self,
        caller: &CallerHash,
        dialled: &str,
        arm: &str,
        but_rule: &str,
        since: Timestamp,
    ) -> Result<bool, FactsError> {
        let act = "read call facts from";
        let seen: i64 = sqlx::query_scalar(sql::DECISIONS_WAS_AT)
            .bind(hash_text(Some(caller)))
            .bind(since.as_microsecond())
            .bind(arm)
            .bind(dialled)
            .bind(but_rule)
            .fetch_one(self.database.reading(act).await?)
            .await
            .map_err(self.database.unavailable(act))?;
        Ok(seen > 0)
    }

    /// The callers with a case open at an instant in the feeds that begin so, those that end first before the others; at most
    /// [`OPEN_CASES_MAX`] of one side, so that no feed crowds out the other side's.
    pub async fn open_cases(
        &self,
        now: Timestamp,
        feeds: &str,
    ) -> Result<Vec<OpenCaseFact>, FactsError> {
        let act = "read open cases from";
        let rows = sqlx::query(sql::OPEN_CASES_OPEN)
            .bind(now.as_microsecond())
            .bind(feeds)
            .bind(i64::from(OPEN_CASES_MAX))
            .fetch_all(self.database.reading(act).await?)
            .await
            .map_err(self.database.unavailable(act))?;
        rows.iter().map(open_case).collect()
    }
}

fn open_case(row: &AnyRow) -> Result<OpenCaseFact, FactsError> {
    let corrupt = |field| FactsError::Corrupt { field };
    let column = |field| row.try_get::<String, _>(field).map_err(|_| corrupt(field));
    let until_us: i64 = row.try_get("until_us").map_err(|_| corrupt("until_us"))?;
    Ok(OpenCaseFact {
        source: column("source")?,
        caller: column("caller_hash")?
            .parse()
            .map_err(|_| corrupt("caller_hash"))?,
        dialled: column("dialled")?,
        until: Timestamp::from_microsecond(until_us).map_err(|_| corrupt("until_us"))?,
    })
}
