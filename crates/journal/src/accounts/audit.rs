//! Who looked at which record of a call or a person, and who changed who may come in.
//!
//! A side table of its own: the journal holds what was decided. The same look again within one second is one line; lines
//! are kept for six years.

use super::sql;
use super::store::{column, instant, side_of};
use super::{AccountError, Accounts};
use jiff::Timestamp;
use segue_domain::Side;
use serde::Serialize;
use std::fmt;

/// Most lines one listing shows.
const LINES_MAX: i64 = 10_000;
/// Longest name of a record, in characters; the rest is cut.
const ABOUT_CHARS_MAX: usize = 200;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Read where one call went.
    ReadCall,
    /// Read a board that few may see: about people, or about the client's money.
    ReadPeople,
    /// Added an account.
    AccountAdded,
    /// Removed an account.
    AccountRemoved,
    /// Changed what a person may do.
    RolesChanged,
    /// Replaced a password.
    PasswordChanged,
    /// Enrolled a second factor.
    SecondFactorEnrolled,
    /// Took a second factor away.
    SecondFactorReset,
    /// Ended sessions.
    SessionsEnded,
    /// Made a token.
    TokenMade,
    /// Took a token back.
    TokenRevoked,
    /// Tied an account to somebody on the in-house roster, or untied it.
    RosterTied,
    /// Tied an account to somebody at a provider of single sign-on, or untied it.
    SignOnTied,
    /// Published call records to another place.
    RecordsPublished,
    /// Fetched call records from where they were published.
    RecordsFetched,
}

impl Act {
    /// Every act, for reading what is stored.
    pub const ALL: [Self; 15] = [
        Self::ReadCall,
        Self::ReadPeople,
        Self::AccountAdded,
        Self::AccountRemoved,
        Self::RolesChanged,
        Self::PasswordChanged,
        Self::SecondFactorEnrolled,
        Self::SecondFactorReset,
        Self::SessionsEnded,
        Self::TokenMade,
        Self::TokenRevoked,
        Self::RosterTied,
        Self::SignOnTied,
        Self::RecordsPublished,
        Self::RecordsFetched,
    ];

    /// As stored and listed: `read call`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadCall => "read call",
            Self::ReadPeople => "read people",
            Self::AccountAdded => "account added",
            Self::AccountRemoved => "account removed",
            Self::RolesChanged => "roles changed",
            Self::PasswordChanged => "password changed",
            Self::SecondFactorEnrolled => "second factor enrolled",
            Self::SecondFactorReset => "second factor reset",
            Self::SessionsEnded => "sessions ended",
            Self::TokenMade => "token made",
            Self::TokenRevoked => "token revoked",
            Self::RosterTied => "roster tied",
            Self::SignOnTied => "single sign-on tied",
            Self::RecordsPublished => "records published",
            Self::RecordsFetched => "records fetched",
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Audited {
    /// When, to the second.
    pub at: Timestamp,
    /// The account that did it; `the host` for whoever has the data directory and named nobody.
    pub who: String,
    /// Of which party.
    pub side: Side,
    /// What.
    pub act: Act,
    /// The record: a call, a board, an account.
    pub about: String,
}

/// Which lines to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// From this instant on.
    pub since: Option<Timestamp>,
    /// Only what this account did.
    pub who: String,
    /// Only what was done to this record.
    pub about: String,
}

impl Accounts {
    /// Writes down one act.
    pub async fn note(
        &self,
        (who, side): (&str, Side),
        act: Act,
        about: &str,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        let about: String = about
            .chars()
            .map(|c| if c == '\0' { ' ' } else { c })
            .take(ABOUT_CHARS_MAX)
            .collect();
        sqlx::query(sql::AUDIT_INSERT)
            .bind(now.as_second() * 1_000_000)
            .bind(who)
            .bind(act.as_str())
            .bind(about)
            .bind(side.to_string())
            .execute(self.database.writing("write the audit of").await?)
            .await
            .map_err(self.database.unavailable("write the audit of"))?;
        Ok(())
    }

    /// What was done, newest first.
    pub async fn audit(&self, filter: &AuditFilter) -> Result<Vec<Audited>, AccountError> {
        let rows = sqlx::query(sql::AUDIT_LIST)
            .bind(filter.since.map_or(0, Timestamp::as_microsecond))
            .bind(&filter.who)
            .bind(&filter.about)
            .bind(LINES_MAX)
            .fetch_all(self.database.reading("list the audit of").await?)
            .await
            .map_err(self.database.unavailable("list the audit of"))?;
        let lines = rows.iter().map(|row| {
            let stored: String = column(row, "act")?;
            let act = Act::ALL.into_iter().find(|act| act.as_str() == stored);
            Ok(Audited {
                at: instant(row, "at_us")?,
                who: column(row, "who")?,
                side: side_of(row)?,
                act: act.ok_or(AccountError::Corrupt { field: "act" })?,
                about: column(row, "about")?,
            })
        });
        lines.collect()
    }
}
