//! Questions of the live page: what happens now and what happened in the last minutes. Every answer is a bounded summary.
//!
//! Calls are told apart by the centre whose feed reported them: a source that starts with the given prefix is in-house.

use super::super::store::{Facts, FactsError};
use super::{ROWS_MAX, instant, unsigned};
use jiff::Timestamp;

mod sql {
    pub(crate) const CHUNKS: &str = include_str!("../../../sql/decisions.chunks.sql");
    pub(crate) const MATCHED: &str = include_str!("../../../sql/decisions.matched.sql");
    pub(crate) const OPEN: &str = include_str!("../../../sql/acd_calls.open.sql");
    pub(crate) const WAITS: &str = include_str!("../../../sql/acd_calls.waits.sql");
    pub(crate) const TOTALS: &str = include_str!("../../../sql/acd_calls.totals.sql");
    pub(crate) const FEEDS: &str = include_str!("../../../sql/acd_calls.feeds.sql");
    pub(crate) const ANSWERED_AFTER: &str =
        include_str!("../../../sql/acd_calls.answered_after.sql");

    #[cfg(test)]
    pub(crate) const ALL: [&str; 7] = [CHUNKS, MATCHED, OPEN, WAITS, TOTALS, FEEDS, ANSWERED_AFTER];
}

/// Chunk, whether in-house, talking, waiting, and since when the longest waits.
type OpenRow = (Option<String>, i64, i64, i64, Option<i64>);

/// Decided calls of one chunk that took one arm by one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkCount {
    /// The chunk, if the calls belong to one.
    pub chunk: Option<String>,
    /// The arm.
    pub arm: String,
    /// The rule that decided.
    pub rule: String,
    /// How many calls.
    pub calls: u64,
}

/// Decisions of one arm, and how many of them a centre has a record of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArmMatch {
    /// The arm.
    pub arm: String,
    /// Decisions.
    pub due: u64,
    /// Of these, with a record.
    pub matched: u64,
}

/// Calls of one chunk that one side has not finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCalls {
    /// The chunk, if the calls belong to one.
    pub chunk: Option<String>,
    /// Whether the in-house centre reported them.
    pub in_house: bool,
    /// With a person.
    pub talking: u64,
    /// Waiting for one.
    pub waiting: u64,
    /// Since when the longest waits.
    pub oldest_at: Option<Timestamp>,
}

/// The wait that 90 % of the answered of one chunk and side did not exceed (nearest rank).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct P90Wait {
    /// The chunk, if the calls belong to one.
    pub chunk: Option<String>,
    /// Whether the in-house centre reported them.
    pub in_house: bool,
    /// In milliseconds.
    pub wait_ms: u64,
}

/// What one side's records say of the calls decided in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordTotals {
    /// Whether the in-house centre reported them.
    pub in_house: bool,
    /// Records.
    pub offered: u64,
    /// Answered by a person.
    pub answered: u64,
    /// Left before a person answered.
    pub abandoned: u64,
    /// 90 % of the answered waited at most this long, in milliseconds.
    pub p90_wait_ms: Option<u64>,
    /// The longest wait of the answered and the abandoned, in milliseconds.
    pub longest_wait_ms: Option<u64>,
}

/// A call that a person answered in-house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredCall {
    /// Segue's id of the call.
    pub call_id: String,
    /// From waiting to the person, in milliseconds.
    pub wait_ms: u64,
}

type TotalsRow = (i64, i64, i64, i64, Option<i64>, Option<i64>);

impl Facts {
    /// Decided calls per chunk, arm and rule in [from, to).
    pub async fn chunk_counts(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<ChunkCount>, FactsError> {
        let rows: Vec<(Option<String>, String, String, i64)> = sqlx::query_as(sql::CHUNKS)
            .bind(from.as_microsecond())
            .bind(to.as_microsecond())
            .bind(i64::from(ROWS_MAX))
            .fetch_all(self.database.reading("count call facts in").await?)
            .await
            .map_err(self.database.unavailable("count call facts in"))?;
        let count = |(chunk, arm, rule, calls)| ChunkCount {
            chunk,
            arm,
            rule,
            calls: unsigned(calls),
        };
        Ok(rows.into_iter().map(count).collect())
    }

    /// Decisions per arm in [from, to), and how many of them any centre has a record of.
    pub async fn arm_matches(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<ArmMatch>, FactsError> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(sql::MATCHED)
            .bind(from.as_microsecond())
            .bind(to.as_microsecond())
            .fetch_all(self.database.reading("count call facts in").await?)
            .await
            .map_err(self.database.unavailable("count call facts in"))?;
        let arm = |(arm, due, matched)| ArmMatch {
            arm,
            due: unsigned(due),
            matched: unsigned(matched),
        };
        Ok(rows.into_iter().map(arm).collect())
    }

    /// Calls with news since an instant that are neither over nor abandoned, per chunk and side.
    pub async fn open_calls(
        &self,
        since: Timestamp,
        in_house_prefix: &str,
    ) -> Result<Vec<OpenCalls>, FactsError> {
        let rows: Vec<OpenRow> = sqlx::query_as(sql::OPEN)
            .bind(since.as_microsecond())
            .bind(in_house_prefix)
            .bind(i64::from(ROWS_MAX))
            .fetch_all(self.database.reading("count call facts in").await?)
            .await
            .map_err(self.database.unavailable("count call facts in"))?;
        let open = |(chunk, in_house, talking, waiting, oldest_us): OpenRow| {
            Ok(OpenCalls {
                chunk,
                in_house: in_house == 1,
                talking: unsigned(talking),
                waiting: unsigned(waiting),
                oldest_at: oldest_us.map(|us| instant(us, "queued_us")).transpose()?,
            })
        };
        rows.into_iter().map(open).collect()
    }

    /// The 90th percentile of the waits of calls answered in [from, to), per chunk and side.
    pub async fn p90_waits(
        &self,
        from: Timestamp,
        to: Timestamp,
        in_house_prefix: &str,
    ) -> Result<Vec<P90Wait>, FactsError> {
        let rows: Vec<(Option<String>, i64, i64)> = sqlx::query_as(sql::WAITS)
            .bind(from.as_microsecond())
            .bind(to.as_microsecond())
            .bind(in_house_prefix)
            .bind(i64::from(ROWS_MAX))
            .fetch_all(self.database.reading("read call facts from").await?)
            .await
            .map_err(self.database.unavailable("read call facts from"))?;
        let wait = |(chunk, in_house, wait_us)| P90Wait {
            chunk,
            in_house: in_house == 1,
            wait_ms: unsigned(wait_us) / 1_000,
        };
        Ok(rows.into_iter().map(wait).collect())
    }

    /// What each side's records say of the calls decided in [from, to).
    pub async fn record_totals(
        &self,
        from: Timestamp,
        to: Timestamp,
        in_house_prefix: &str,
    ) -> Result<Vec<RecordTotals>, FactsError> {
        let rows: Vec<TotalsRow> = sqlx::query_as(sql::TOTALS)
            .bind(from.as_microsecond())
            .bind(to.as_microsecond())
            .bind(in_house_prefix)
            .fetch_all(self.database.reading("count call facts in").await?)
            .await
            .map_err(self.database.unavailable("count call facts in"))?;
        let ms = |us: Option<i64>| us.map(|us| unsigned(us) / 1_000);
        let side = |(in_house, offered, answered, abandoned, p90_us, longest_us)| RecordTotals {
            in_house: in_house == 1,
            offered: unsigned(offered),
            answered: unsigned(answered),
            abandoned: unsigned(abandoned),
            p90_wait_ms: ms(p90_us),
            longest_wait_ms: ms(longest_us),
        };
        Ok(rows.into_iter().map(side).collect())
    }

    /// The newest event since an instant of the in-house feed and of all others.
    pub async fn newest_events(
        &self,
        since: Timestamp,
        in_house_prefix: &str,
    ) -> Result<(Option<Timestamp>, Option<Timestamp>), FactsError> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(sql::FEEDS)
            .bind(since.as_microsecond())
            .bind(in_house_prefix)
            .fetch_all(self.database.reading("read call facts from").await?)
            .await
            .map_err(self.database.unavailable("read call facts from"))?;
        let of = |side: i64| {
            let found = rows.iter().find(|(in_house, _)| *in_house == side);
            found.map(|(_, us)| instant(*us, "newest_us")).transpose()
        };
        Ok((of(1)?, of(0)?))
    }

    /// The first call of a chunk decided for in-house after an instant that a person there answered.
    pub async fn answered_in_house_after(
        &self,
        after: Timestamp,
        chunk: &str,
        in_house_prefix: &str,
    ) -> Result<Option<AnsweredCall>, FactsError> {
        let row: Option<(String, i64)> = sqlx::query_as(sql::ANSWERED_AFTER)
            .bind(after.as_microsecond())
            .bind(chunk)
            .bind(in_house_prefix)
            .fetch_optional(self.database.reading("read call facts from").await?)
            .await
            .map_err(self.database.unavailable("read call facts from"))?;
        let call = |(call_id, wait_us)| AnsweredCall {
            call_id,
            wait_ms: unsigned(wait_us) / 1_000,
        };
        Ok(row.map(call))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::store::prepares;

    #[tokio::test]
    async fn every_statement_of_the_live_page_prepares() {
        prepares(&sql::ALL).await;
    }
}
