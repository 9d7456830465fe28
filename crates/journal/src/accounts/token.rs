//! Tokens for machines: 256 random bits shown once, kept as a hash, bound to a person, a scope and, where wanted, one site.

use super::sql;
use super::store::{column, instant, named_account, side_of};
use super::{AccountError, Accounts, Door, Entry, EntryError, TOKEN_BEGINS};
use jiff::Timestamp;
use segue_domain::Side;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The label of what `segue login` keeps: a person's session on the command line, ended with every other session of theirs.
pub const LOGIN_LABEL: &str = "login";
/// The label of a token nobody labelled.
pub const MACHINE_LABEL: &str = "machine";
/// Most tokens one listing shows.
const TOKENS_MAX: i64 = 10_000;
/// When a token was last used is written at most so often, in seconds.
const USED_S: i64 = 60;

/// What a token may do, whatever the roles of its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// Read.
    Read,
    /// Send call events and records.
    Ingest,
    /// Ask where a call goes.
    Route,
    /// Bring calls home.
    Home,
    /// Everything the person's roles allow.
    Act,
}

impl TokenScope {
    /// Every scope, for help texts.
    pub const ALL: [Self; 5] = [Self::Read, Self::Ingest, Self::Route, Self::Home, Self::Act];

    /// As written: `read`, `ingest`, `route`, `home`, `act`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Ingest => "ingest",
            Self::Route => "route",
            Self::Home => "home",
            Self::Act => "act",
        }
    }

    fn stored(text: &str) -> Result<Self, AccountError> {
        let known = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        known.ok_or(AccountError::Corrupt { field: "scope" })
    }
}

/// A token to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// The account it acts for.
    pub name: String,
    /// What it is for, to take it back later.
    pub label: String,
    /// What it may do.
    pub scope: TokenScope,
    /// The one site it is for; none means every site.
    pub site: Option<String>,
    /// From when on it opens nothing; none means never.
    pub expires_at: Option<Timestamp>,
}

impl NewToken {
    /// For every site, and until it is taken back.
    pub fn of(name: &str, label: &str, scope: TokenScope) -> Self {
        Self {
            name: name.to_owned(),
            label: label.to_owned(),
            scope,
            site: None,
            expires_at: None,
        }
    }
}

/// A token as listed: everything but itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Token {
    /// The account it acts for.
    pub name: String,
    /// The account's party.
    pub side: Side,
    /// What it is for.
    pub label: String,
    /// What it may do.
    pub scope: TokenScope,
    /// The one site it is for.
    pub site: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it opens nothing.
    pub expires_at: Option<Timestamp>,
    /// When it last opened a door, to the minute.
    pub used_at: Option<Timestamp>,
}

impl Accounts {
    /// Makes a token for an account. It is shown this once; its hash is kept.
    pub async fn add_token(&self, new: &NewToken, now: Timestamp) -> Result<String, AccountError> {
        self.get(&new.name).await?;
        if new.site.is_some() && !matches!(new.scope, TokenScope::Ingest | TokenScope::Route) {
            return Err(AccountError::NotOfOneSite {
                scope: new.scope.as_str(),
            });
        }
        let (token, hash) = fresh()?;
        sqlx::query(sql::TOKENS_INSERT)
            .bind(hash)
            .bind(&new.name)
            .bind(&new.label)
            .bind(new.scope.as_str())
            .bind(new.site.as_deref())
            .bind(now.as_microsecond())
            .bind(new.expires_at.map(Timestamp::as_microsecond))
            .execute(self.database.writing("add a token to").await?)
            .await
            .map_err(self.database.unavailable("add a token to"))?;
        Ok(token)
    }

    /// All tokens, by account and label.
    pub async fn tokens(&self) -> Result<Vec<Token>, AccountError> {
        let rows = sqlx::query(sql::TOKENS_LIST)
            .bind(TOKENS_MAX)
            .fetch_all(self.database.reading("list the tokens of").await?)
            .await
            .map_err(self.database.unavailable("list the tokens of"))?;
        let tokens = rows.iter().map(|row| {
            let scope: String = column(row, "scope")?;
            let at = |field| {
                let set: Option<i64> = column(row, field)?;
                set.map(|_| instant(row, field)).transpose()
            };
            Ok(Token {
                name: column(row, "user_name")?,
                side: side_of(row)?,
                label: column(row, "label")?,
                scope: TokenScope::stored(&scope)?,
                site: column(row, "site")?,
                created_at: instant(row, "created_us")?,
                expires_at: at("expires_us")?,
                used_at: at("used_us")?,
            })
        });
        tokens.collect()
    }

    /// Takes back every token of an account with this label, at once.
    pub async fn remove_tokens(&self, name: &str, label: &str) -> Result<(), AccountError> {
        let query = sqlx::query(sql::TOKENS_DELETE).bind(name).bind(label);
        match self.change(name, query).await {
            Err(AccountError::Unknown { .. }) => {
                self.get(name).await?;
                Err(AccountError::UnknownToken {
                    name: name.to_owned(),
                    label: label.to_owned(),
                })
            }
            done => done,
        }
    }

    /// Lets a machine in by token.
    pub async fn enter_with_token(&self, token: &str, now: Timestamp) -> Result<Entry, EntryError> {
        let hash = hash(token);
        let readers = self.database.reading("look up a token in").await;
        let row = sqlx::query(sql::TOKENS_FIND)
            .bind(&hash)
            .fetch_optional(readers.map_err(AccountError::from)?)
            .await
            .map_err(self.database.unavailable("look up a token in"))
            .map_err(AccountError::from)?;
        let Some(row) = row else {
            return Err(EntryError::Wrong);
        };
        let expires_us: Option<i64> = column(&row, "expires_us")?;
        if expires_us.is_some_and(|expires_us| expires_us <= now.as_microsecond()) {
            return Err(EntryError::Wrong);
        }
        let is_session = column::<String>(&row, "label")? == LOGIN_LABEL;
        let scope: String = column(&row, "scope")?;
        let entry = Entry {
            account: named_account(column(&row, "user_name")?, &row)?,
            door: Door::Token(TokenScope::stored(&scope)?),
            site: column(&row, "site")?,
        };
        if is_session && !entry.account.admits_since(instant(&row, "made_us")?) {
            return Err(EntryError::Wrong);
        }
        let used_us: Option<i64> = column(&row, "used_us")?;
        let before_us = now.as_microsecond() - USED_S * 1_000_000;
        if used_us.is_none_or(|used_us| used_us < before_us) {
            self.note_use(&hash, now, before_us).await;
        }
        Ok(entry)
    }

    /// A token that cannot be written down as used is let in all the same: what it brings counts more.
    async fn note_use(&self, hash: &str, now: Timestamp, before_us: i64) {
        let Ok(writer) = self.database.writing("note the use of a token in").await else {
            return;
        };
        let noted = sqlx::query(sql::TOKENS_USED)
            .bind(hash)
            .bind(now.as_microsecond())
            .bind(before_us)
            .execute(writer)
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the use of a token was not written down");
        }
    }
}

/// A fresh token, and the hash that is kept of it.
fn fresh() -> Result<(String, String), AccountError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| AccountError::Hashing)?;
    let token = format!("{TOKEN_BEGINS}{}", hex::encode(bytes));
    let hash = hash(&token);
    Ok((token, hash))
}

/// A fast hash is enough: there is nothing to guess in 256 random bits.
fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
