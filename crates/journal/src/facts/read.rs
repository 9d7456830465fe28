//! Questions about call facts: one call, what is new, counts, callers seen lately. Every answer is bounded.

mod live;

pub use live::{AnsweredCall, ArmMatch, ChunkCount, OpenCalls, P90Wait, RecordTotals};

use super::store::{Facts, FactsError, hash_text, sql};
use super::{AcdCall, Decision};
use jiff::Timestamp;
use segue_domain::caller::CallerHash;
use serde::Serialize;
use sqlx::Row;
use sqlx::any::AnyRow;

/// Most rows one answer holds.
const ROWS_MAX: u32 = 10_000;

/// Where the last page ended: its newest instant, and the ids that tell rows of one instant apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    at_us: i64,
    source: String,
    id: String,
}

impl Cursor {
    /// From an instant on, that instant included.
    pub fn from(at: Timestamp) -> Self {
        Self {
            at_us: at.as_microsecond(),
            ..Self::default()
        }
    }

    /// Just after a decision.
    pub fn after(decision: &Decision) -> Self {
        let at_us = decision.at.as_microsecond();
        Self {
            at_us,
            source: String::new(),
            id: decision.call_id.clone(),
        }
    }

    /// Just after a call of a feed.
    pub fn after_call(call: &AcdCall) -> Self {
        let at_us = call.newest_at.as_microsecond();
        Self {
            at_us,
            source: call.source.clone(),
            id: call.source_call_id.clone(),
        }
    }
}

/// Decided calls of one line that took one arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArmCount {
    /// The line.
    pub line: String,
    /// The arm.
    pub arm: String,
    /// How many calls.
    pub calls: u64,
}

/// A caller's newest call on a line: what keeps the caller on the same side for an episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallerSeen {
    /// The line.
    pub line: String,
    /// The caller.
    pub caller: CallerHash,
    /// When.
    pub at: Timestamp,
    /// The arm of that call.
    pub arm: String,
}

/// Decided calls of one line and arm, joined with the ACDs by Segue's own call id. What is not matched is shown, not dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SideFacts {
    /// The line.
    pub line: String,
    /// The arm.
    pub arm: String,
    /// Calls the router decided.
    pub decided: u64,
    /// Of these, known to an ACD.
    pub matched: u64,
    /// Of these, answered by a person.
    pub answered: u64,
    /// Of these, left before a person answered.
    pub abandoned: u64,
    /// Sum of the waits of the answered, in milliseconds.
    pub answered_wait_ms: u64,
}

impl Facts {
    /// One decision, by Segue's call id.
    pub async fn decision(&self, call_id: &str) -> Result<Option<Decision>, FactsError> {
        let row = sqlx::query(sql::DECISIONS_FIND)
            .bind(call_id)
            .fetch_optional(self.database.reading("read call facts from").await?)
            .await
            .map_err(self.database.unavailable("read call facts from"))?;
        row.as_ref().map(decision_of).transpose()
    }

    /// The last test call of a caller's to a number since then.
    pub async fn last_test(
        &self,
        caller: &CallerHash,
        dialled: &str,
        since: Timestamp,
    ) -> Result<Option<Decision>, FactsError> {
        let row = sqlx::query(sql::DECISIONS_LAST_TEST)
            .bind(hash_text(Some(caller)))
            .bind(since.as_microsecond())
            .bind(dialled)
            .fetch_optional(self.database.reading("read call facts from").await?)
            .await
            .map_err(self.database.unavailable("read call facts from"))?;
        row.as_ref().map(decision_of).transpose()
    }

    /// Decisions after a cursor, oldest first.
    pub async fn decisions_since(
        &self,
        after: &Cursor,
        limit: u32,
    ) -> Result<Vec<Decision>, FactsError> {
        let rows = sqlx::query(sql::DECISIONS_SINCE)
            .bind(after.at_us)
            .bind(&after.id)
            .bind(i64::from(limit.min(ROWS_MAX)))
            .fetch_all(self.database.reading("read call facts from").await?)
            .await
            .map_err(self.database.unavailable("read call facts from"))?;
        rows.iter().map(decision_of).collect()
    }

    /// Decided calls per line and arm in [from, to).
    pub async fn counts(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<ArmCount>, FactsError> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(sql::DECISIONS_COUNTS)
            .bind(from.as_microsecond())
            .bind(to.as_microsecond())
            .fetch_all(self.database.reading("count call facts in").await?)
            .await
            .map_err(self.database.unavailable("count call facts in"))?;
        let count = |(line, arm, calls)| ArmCount {
            line,
            arm,
            calls: unsigned(calls),
        };
        Ok(rows.into_iter().map(count).collect())
    }

    /// Decided calls per line and arm in [from, to), with what the ACDs say of them.
    pub async fn sides(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<SideFacts>, FactsError> {
        let rows: Vec<(String, String, i64, i64, i64, i64, i64)> =
            sqlx::query_as(sql::ACD_CALLS_SIDES)
                .bind(from.as_microsecond())
                .bind(to.as_microsecond())
                .fetch_all(self.database.reading("count call facts in").await?)
                .await
                .map_err(self.database.unavailable("count call facts in"))?;
        let side = |(line, arm, decided, matched, answered, abandoned, wait_us)| SideFacts {
            line,
            arm,
            decided: unsigned(decided),
            matched: unsigned(matched),
            answered: unsigned(answered),
            abandoned: unsigned(abandoned),
            answered_wait_ms: unsigned(wait_us) / 1_000,
        };
        Ok(rows.into_iter().map(side).collect())
    }

    /// Callers seen since an instant with the arm of their newest call, in order of line and caller; pass the last one to go on.
    pub async fn callers_since(
        &self,
        since: Timestamp,
        after: Option<&CallerSeen>,
        limit: u32,
    ) -> Result<Vec<CallerSeen>, FactsError> {
        let rows: Vec<(String, String, i64, String)> = sqlx::query_as(sql::DECISIONS_CALLERS)
            .bind(since.as_microsecond())
            .bind(after.map_or("", |seen| seen.line.as_str()))
            .bind(after.map_or_else(String::new, |seen| seen.caller.to_string()))
            .bind(i64::from(limit.min(ROWS_MAX)))
            .fetch_all(self.database.reading("read call facts from").await?)
            .await
            .map_err(self.database.unavailable("read call facts from"))?;
        let seen = |(line, caller, at_us, arm): (String, String, i64, String)| {
            let caller = caller.parse().map_err(|_| FactsError::Corrupt {
                field: "caller_hash",
            })?;
            Ok(CallerSeen {
                line,
                caller,
                at: instant(at_us, "at_us")?,
                arm,
            })
        };
        rows.into_iter().map(seen).collect()
    }

    /// One call of a feed.
    pub async fn acd_call(
        &self,
        source: &str,
        source_call_id: &str,
    ) -> Result<Option<AcdCall>, FactsError> {
        let row = sqlx::query(sql::ACD_CALLS_FIND)
            .bind(source)
            .bind(source_call_id)
            .fetch_optional(self.database.reading("read call facts from").await?)
            .await
            .map_err(self.database.unavailable("read call facts from"))?;
        row.as_ref().map(acd_call_of).transpose()
    }

    /// What the centres say of a call of Segue's.
    pub async fn acd_calls_of(&self, call_id: &str) -> Result<Vec<AcdCall>, FactsError> {
        let rows = sqlx::query(sql::ACD_CALLS_OF_CALL)
            .bind(call_id)
            .bind(i64::from(ROWS_MAX))
            .fetch_all(self.database.reading("read call facts from").await?)
            .await
            .map_err(self.database.unavailable("read call facts from"))?;
        rows.iter().map(acd_call_of).collect()
    }

    /// Calls of all feeds with news after a cursor, by the instant of their newest event.
    pub async fn acd_calls_since(
        &self,
        after: &Cursor,
        limit: u32,
    ) -> Result<Vec<AcdCall>, FactsError> {
        let rows = sqlx::query(sql::ACD_CALLS_SINCE)
            .bind(after.at_us)
            .bind(&after.source)
            .bind(&after.id)
            .bind(i64::from(limit.min(ROWS_MAX)))
            .fetch_all(self.database.reading("read call facts from").await?)
            .await
            .map_err(self.database.unavailable("read call facts from"))?;
        rows.iter().map(acd_call_of).collect()
    }
}

/// Counts and sums of the database are never negative; a clock that ran backwards may make a wait so.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

fn instant(at_us: i64, field: &'static str) -> Result<Timestamp, FactsError> {
    Timestamp::from_microsecond(at_us).map_err(|_| FactsError::Corrupt { field })
}

fn column<'r, T>(row: &'r AnyRow, field: &'static str) -> Result<T, FactsError>
where
    T: sqlx::Decode<'r, sqlx::Any> + sqlx::Type<sqlx::Any>,
{
    row.try_get(field)
        .map_err(|_| FactsError::Corrupt { field })
}

fn caller_of(row: &AnyRow) -> Result<Option<CallerHash>, FactsError> {
    let text: Option<String> = column(row, "caller_hash")?;
    text.map(|text| {
        text.parse().map_err(|_| FactsError::Corrupt {
            field: "caller_hash",
        })
    })
    .transpose()
}

fn decision_of(row: &AnyRow) -> Result<Decision, FactsError> {
    let targets: String = column(row, "targets")?;
    let small =
        |number: i64, field| u16::try_from(number).map_err(|_| FactsError::Corrupt { field });
    Ok(Decision {
        call_id: column(row, "call_id")?,
        at: instant(column(row, "at_us")?, "at_us")?,
        node: column(row, "node")?,
        table_hash: column(row, "table_hash")?,
        line: column(row, "line")?,
        chunk: column(row, "chunk")?,
        rule: column(row, "rule")?,
        bucket: column::<Option<i64>>(row, "bucket")?
            .map(|bucket| small(bucket, "bucket"))
            .transpose()?,
        pi_bp: small(column(row, "pi_bp")?, "pi_bp")?,
        arm: column(row, "arm")?,
        reason: column(row, "reason")?,
        targets: serde_json::from_str(&targets)
            .map_err(|_| FactsError::Corrupt { field: "targets" })?,
        caller: caller_of(row)?,
        dialled: column(row, "dialled")?,
        is_test: column::<i64>(row, "is_test")? != 0,
    })
}

fn acd_call_of(row: &AnyRow) -> Result<AcdCall, FactsError> {
    let when = |field| {
        column::<Option<i64>>(row, field)?
            .map(|at_us| instant(at_us, field))
            .transpose()
    };
    Ok(AcdCall {
        source: column(row, "source")?,
        source_call_id: column(row, "source_call_id")?,
        call_id: column(row, "call_id")?,
        caller: caller_of(row)?,
        dialled: column(row, "dialled")?,
        offered_at: when("offered_us")?,
        queued_at: when("queued_us")?,
        answered_at: when("answered_us")?,
        abandoned_at: when("abandoned_us")?,
        ended_at: when("ended_us")?,
        newest_at: instant(column(row, "newest_us")?, "newest_us")?,
        language: column(row, "language")?,
        age_band: column(row, "age_band")?,
    })
}
