//! The accounts' file: adding, listing, removing, and letting people in.

use super::secret::{Secrets, check_password, check_pin};
use super::throttle::Charge;
use super::token::{self, TokenScope};
use super::{Account, AccountError, Door, Entry, EntryError, NewAccount};
use crate::database::{Database, OpenError, Place, Schema, Unavailable};
use jiff::Timestamp;
use segue_domain::{Role, Side};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;

const SCHEMA: Schema = Schema {
    name: "accounts",
    sqlite: &[(1, include_str!("../../migrations/sqlite/0001_accounts.sql"))],
    postgres: &[(
        1,
        include_str!("../../migrations/postgres/0001_accounts.sql"),
    )],
};
/// Most accounts one list shows.
const ACCOUNTS_MAX: i64 = 10_000;
/// Most rows of failed attempts kept; the oldest go first.
const ATTEMPT_ROWS_MAX: i64 = 100_000;
/// Failed attempts are forgotten after a day, in seconds.
const ATTEMPTS_KEPT_S: i64 = 86_400;
/// Most places a person is remembered to have come in from.
const ARRIVALS_MAX: i64 = 50;

/// Every statement of the accounts; a test prepares each on every database.
pub(super) mod sql {
    pub(crate) const USERS_INSERT: &str = include_str!("../../sql/users.insert.sql");
    pub(crate) const USERS_FIND: &str = include_str!("../../sql/users.find.sql");
    pub(crate) const USERS_LIST: &str = include_str!("../../sql/users.list.sql");
    pub(crate) const USERS_DELETE: &str = include_str!("../../sql/users.delete.sql");
    pub(crate) const USERS_SET_PASSWORD: &str = include_str!("../../sql/users.set_password.sql");
    pub(crate) const USERS_SET_PIN: &str = include_str!("../../sql/users.set_pin.sql");
    pub(crate) const TOKENS_INSERT: &str = include_str!("../../sql/tokens.insert.sql");
    pub(crate) const TOKENS_FIND: &str = include_str!("../../sql/tokens.find.sql");
    pub(crate) const TOKENS_DELETE: &str = include_str!("../../sql/tokens.delete.sql");
    pub(crate) const ATTEMPTS_FIND: &str = include_str!("../../sql/attempts.find.sql");
    pub(crate) const ATTEMPTS_FAIL: &str = include_str!("../../sql/attempts.fail.sql");
    pub(crate) const ATTEMPTS_CLEAR: &str = include_str!("../../sql/attempts.clear.sql");
    pub(crate) const ATTEMPTS_REFUND: &str = include_str!("../../sql/attempts.refund.sql");
    pub(crate) const ATTEMPTS_PRUNE: &str = include_str!("../../sql/attempts.prune.sql");
    pub(crate) const ATTEMPTS_SHED: &str = include_str!("../../sql/attempts.shed.sql");
    pub(crate) const ARRIVALS_UPSERT: &str = include_str!("../../sql/arrivals.upsert.sql");
    pub(crate) const ARRIVALS_FIND: &str = include_str!("../../sql/arrivals.find.sql");
    pub(crate) const ARRIVALS_SHED: &str = include_str!("../../sql/arrivals.shed.sql");

    #[cfg(test)]
    pub(crate) const ALL: [&str; 18] = [
        USERS_INSERT,
        USERS_FIND,
        USERS_LIST,
        USERS_DELETE,
        USERS_SET_PASSWORD,
        USERS_SET_PIN,
        TOKENS_INSERT,
        TOKENS_FIND,
        TOKENS_DELETE,
        ATTEMPTS_FIND,
        ATTEMPTS_FAIL,
        ATTEMPTS_CLEAR,
        ATTEMPTS_REFUND,
        ATTEMPTS_PRUNE,
        ATTEMPTS_SHED,
        ARRIVALS_UPSERT,
        ARRIVALS_FIND,
        ARRIVALS_SHED,
    ];
}

/// The accounts of both parties in one file or on a server.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub(crate) database: Database,
    pub(super) secrets: Secrets,
}

impl Accounts {
    /// Opens or creates them in a file or on a server.
    pub async fn open(place: impl Into<Place>) -> Result<Self, OpenError> {
        Ok(Self::over(Database::open(place.into(), SCHEMA).await?).await?)
    }

    /// The same, opened by the first who needs them: pages are served also while they cannot be.
    pub async fn lazy(place: impl Into<Place>) -> Result<Self, Unavailable> {
        Self::over(Database::lazy(place.into(), SCHEMA)).await
    }

    async fn over(database: Database) -> Result<Self, Unavailable> {
        let secrets = Secrets::new().await.map_err(|_| {
            database.unavailable("prepare the secrets of")(sqlx::Error::WorkerCrashed)
        })?;
        Ok(Self { database, secrets })
    }

    /// Finishes what is under way and closes the database.
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// Adds an account.
    pub async fn add(&self, new: &NewAccount, now: Timestamp) -> Result<Account, AccountError> {
        if !segue_domain::ids::is_usable(&new.name) {
            return Err(AccountError::BadName {
                name: new.name.clone(),
            });
        }
        check_password(&new.password)?;
        new.pin.as_deref().map_or(Ok(()), check_pin)?;
        if new
            .public_key
            .as_deref()
            .is_some_and(|key| !segue_domain::signature::is_public_key(key))
        {
            return Err(AccountError::BadKey {
                name: new.name.clone(),
            });
        }
        let password_hash = self.secrets.hash(&new.password).await?;
        let pin_hash = match &new.pin {
            Some(pin) => Some(self.secrets.hash(pin).await?),
            None => None,
        };
        let roles = serde_json::to_string(&new.roles)
            .map_err(|_| AccountError::Corrupt { field: "roles" })?;
        let done = sqlx::query(sql::USERS_INSERT)
            .bind(&new.name)
            .bind(new.side.to_string())
            .bind(roles)
            .bind(new.public_key.as_deref())
            .bind(password_hash)
            .bind(pin_hash)
            .bind(now.as_microsecond())
            .execute(self.database.writing("add an account to").await?)
            .await
            .map_err(self.database.unavailable("add an account to"))?;
        if done.rows_affected() == 0 {
            return Err(AccountError::Exists {
                name: new.name.clone(),
            });
        }
        self.get(&new.name).await
    }

    /// One account.
    pub async fn get(&self, name: &str) -> Result<Account, AccountError> {
        let row = self.row(name).await?;
        let unknown = || AccountError::Unknown {
            name: name.to_owned(),
        };
        row.as_ref()
            .map(account_of)
            .transpose()?
            .ok_or_else(unknown)
    }

    /// All accounts, by name.
    pub async fn list(&self) -> Result<Vec<Account>, AccountError> {
        let rows = sqlx::query(sql::USERS_LIST)
            .bind(ACCOUNTS_MAX)
            .fetch_all(self.database.reading("list the accounts of").await?)
            .await
            .map_err(self.database.unavailable("list the accounts of"))?;
        rows.iter().map(account_of).collect()
    }

    /// Removes an account with its tokens, at once: nobody comes in with it any more.
    pub async fn remove(&self, name: &str) -> Result<(), AccountError> {
        self.change(name, sqlx::query(sql::USERS_DELETE).bind(name))
            .await
    }

    /// Replaces the password.
    pub async fn set_password(&self, name: &str, password: &str) -> Result<(), AccountError> {
        check_password(password)?;
        let hash = self.secrets.hash(password).await?;
        self.change(
            name,
            sqlx::query(sql::USERS_SET_PASSWORD).bind(name).bind(hash),
        )
        .await
    }

    /// Sets, replaces or (with `None`) takes away the duty PIN.
    pub async fn set_pin(&self, name: &str, pin: Option<&str>) -> Result<(), AccountError> {
        let hash = match pin {
            Some(pin) => {
                check_pin(pin)?;
                Some(self.secrets.hash(pin).await?)
            }
            None => None,
        };
        self.change(name, sqlx::query(sql::USERS_SET_PIN).bind(name).bind(hash))
            .await
    }

    /// Lets a person in by password. `source` is where they come from, such as the client's address.
    pub async fn enter(
        &self,
        name: &str,
        password: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<Entry, EntryError> {
        self.enter_by(Door::Password, name, password, source, now)
            .await
    }

    /// Lets a person in by duty PIN, to bring calls home.
    pub async fn enter_with_pin(
        &self,
        name: &str,
        pin: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<Entry, EntryError> {
        self.enter_by(Door::Pin, name, pin, source, now).await
    }

    /// Makes a token for an account. It is shown this once; its hash is kept.
    pub async fn add_token(
        &self,
        name: &str,
        label: &str,
        scope: TokenScope,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<String, AccountError> {
        self.get(name).await?;
        let (token, hash) = token::fresh()?;
        sqlx::query(sql::TOKENS_INSERT)
            .bind(hash)
            .bind(name)
            .bind(label)
            .bind(scope.as_str())
            .bind(now.as_microsecond())
            .bind(expires_at.map(Timestamp::as_microsecond))
            .execute(self.database.writing("add a token to").await?)
            .await
            .map_err(self.database.unavailable("add a token to"))?;
        Ok(token)
    }

    /// Takes back every token of an account with this label.
    pub async fn remove_tokens(&self, name: &str, label: &str) -> Result<(), AccountError> {
        self.change(name, sqlx::query(sql::TOKENS_DELETE).bind(name).bind(label))
            .await
    }

    /// Lets a machine in by token.
    pub async fn enter_with_token(&self, token: &str, now: Timestamp) -> Result<Entry, EntryError> {
        let readers = self.database.reading("look up a token in").await;
        let row = sqlx::query(sql::TOKENS_FIND)
            .bind(token::hash(token))
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
        let scope: String = column(&row, "scope")?;
        let scope = TokenScope::stored(&scope).ok_or(AccountError::Corrupt { field: "scope" })?;
        let account = named_account(column(&row, "user_name")?, &row)?;
        Ok(Entry {
            account,
            door: Door::Token(scope),
        })
    }

    /// Forgets failed attempts that no longer count; call it now and then.
    pub async fn prune(&self, now: Timestamp) -> Result<(), AccountError> {
        let failed = self.database.unavailable("delete old attempts from");
        let mut tx = self.database.write().await.map_err(&failed)?;
        let before = now.as_microsecond() - ATTEMPTS_KEPT_S * 1_000_000;
        for (statement, bound) in [
            (sql::ATTEMPTS_PRUNE, before),
            (sql::ATTEMPTS_SHED, ATTEMPT_ROWS_MAX),
        ] {
            sqlx::query(statement)
                .bind(bound)
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
        }
        tx.commit().await.map_err(&failed)?;
        Ok(())
    }

    async fn enter_by(
        &self,
        door: Door,
        name: &str,
        secret: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<Entry, EntryError> {
        let charges = self.charge(door, name, source, now).await?;
        let row = self.row(name).await?;
        let field = if door == Door::Pin {
            "pin_hash"
        } else {
            "password_hash"
        };
        let hash: Option<String> = match &row {
            Some(row) => column(row, field)?,
            None => None,
        };
        let fits = self.secrets.fits(secret, hash.as_deref()).await?;
        let Some(row) = row.filter(|_| fits) else {
            return Err(EntryError::Wrong);
        };
        let account = account_of(&row)?;
        self.arrived(&charges, name, source, now).await?;
        Ok(Entry { account, door })
    }

    /// Charges the attempt before anything is looked at.
    async fn charge(
        &self,
        door: Door,
        name: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<Vec<Charge>, EntryError> {
        let failed = self.database.unavailable("count an attempt in");
        let failed = |error| AccountError::from(failed(error));
        // A name no account can have is charged as one name, so that nobody fills the table with them.
        let name = if segue_domain::ids::is_usable(name) {
            name
        } else {
            "?"
        };
        let mut tx = self.database.write().await.map_err(&failed)?;
        let before: Option<i64> = sqlx::query_scalar(sql::ARRIVALS_FIND)
            .bind(name)
            .bind(source)
            .fetch_optional(&mut *tx)
            .await
            .map_err(&failed)?;
        let secret = if door == Door::Pin { "pin" } else { "password" };
        let charges = Charge::of(secret, name, source, before.is_some());
        let taken = Charge::take(&charges, &mut tx, now)
            .await
            .map_err(&failed)?;
        tx.commit().await.map_err(&failed)?;
        taken.map(|()| charges)
    }

    async fn arrived(
        &self,
        charges: &[Charge],
        name: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        let failed = self.database.unavailable("note an arrival in");
        let mut tx = self.database.write().await.map_err(&failed)?;
        Charge::refund(charges, &mut tx).await.map_err(&failed)?;
        sqlx::query(sql::ARRIVALS_UPSERT)
            .bind(name)
            .bind(source)
            .bind(now.as_microsecond())
            .execute(&mut *tx)
            .await
            .map_err(&failed)?;
        sqlx::query(sql::ARRIVALS_SHED)
            .bind(name)
            .bind(ARRIVALS_MAX)
            .execute(&mut *tx)
            .await
            .map_err(&failed)?;
        tx.commit().await.map_err(&failed)?;
        Ok(())
    }

    async fn row(&self, name: &str) -> Result<Option<AnyRow>, AccountError> {
        // Not asked for what no account can be called: a server's text does not even hold every character.
        if !segue_domain::ids::is_usable(name) {
            return Ok(None);
        }
        let row = sqlx::query(sql::USERS_FIND)
            .bind(name)
            .fetch_optional(self.database.reading("look up an account in").await?);
        Ok(row
            .await
            .map_err(self.database.unavailable("look up an account in"))?)
    }

    async fn change(
        &self,
        name: &str,
        query: sqlx::query::Query<'_, sqlx::Any, sqlx::any::AnyArguments>,
    ) -> Result<(), AccountError> {
        let done = query
            .execute(self.database.writing("change an account in").await?)
            .await
            .map_err(self.database.unavailable("change an account in"))?;
        if done.rows_affected() == 0 {
            return Err(AccountError::Unknown {
                name: name.to_owned(),
            });
        }
        Ok(())
    }
}

pub(super) fn column<'r, T>(row: &'r AnyRow, field: &'static str) -> Result<T, AccountError>
where
    T: sqlx::Decode<'r, sqlx::Any> + sqlx::Type<sqlx::Any>,
{
    row.try_get(field)
        .map_err(|_| AccountError::Corrupt { field })
}

pub(super) fn account_of(row: &AnyRow) -> Result<Account, AccountError> {
    named_account(column(row, "name")?, row)
}

fn named_account(name: String, row: &AnyRow) -> Result<Account, AccountError> {
    let (side, roles): (String, String) = (column(row, "side")?, column(row, "roles")?);
    let side = Side::BOTH
        .into_iter()
        .find(|known| known.to_string() == side);
    let roles: BTreeSet<Role> =
        serde_json::from_str(&roles).map_err(|_| AccountError::Corrupt { field: "roles" })?;
    let created_at = Timestamp::from_microsecond(column(row, "created_us")?);
    Ok(Account {
        name,
        side: side.ok_or(AccountError::Corrupt { field: "side" })?,
        roles,
        public_key: column(row, "public_key")?,
        has_pin: column::<Option<String>>(row, "pin_hash")?.is_some(),
        created_at: created_at.map_err(|_| AccountError::Corrupt {
            field: "created_us",
        })?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn accounts() -> (tempfile::TempDir, Accounts) {
        let directory = tempfile::tempdir().unwrap();
        let accounts = Accounts::open(&directory.path().join("accounts.db"))
            .await
            .unwrap();
        (directory, accounts)
    }

    #[tokio::test]
    async fn every_statement_of_the_accounts_prepares() {
        let (_directory, accounts) = accounts().await;
        let mut connection = accounts
            .database
            .writing("prepare on")
            .await
            .unwrap()
            .acquire()
            .await
            .unwrap();
        for statement in sql::ALL {
            use sqlx::{Executor, SqlSafeStr};
            let prepared = (&mut *connection).prepare(statement.into_sql_str()).await;
            assert!(prepared.is_ok(), "{statement}: {:?}", prepared.err());
        }
    }

    #[tokio::test]
    async fn an_unknown_name_costs_one_hash_like_a_known_one_and_is_answered_alike() {
        let (_directory, accounts) = accounts().await;
        let now = "2026-11-22T05:00:00Z".parse().unwrap();
        let new = NewAccount {
            name: "dana".to_owned(),
            side: Side::Client,
            roles: [Role::Duty].into(),
            password: "correct horse".to_owned(),
            pin: None,
            public_key: None,
        };
        accounts.add(&new, now).await.unwrap();
        let before = accounts.secrets.checked();
        let attempts = [
            ("dana", false),
            ("nobody", false),
            ("dana", true),
            ("nobody", true),
            ("\u{0}", false),
        ];
        for ((name, pin), checked) in attempts.into_iter().zip(before + 1..) {
            let answer = if pin {
                accounts
                    .enter_with_pin(name, "12345678", "10.0.0.1", now)
                    .await
            } else {
                accounts.enter(name, "wrong secret", "10.0.0.1", now).await
            };
            assert!(
                matches!(answer, Err(EntryError::Wrong)),
                "{name}: {answer:?}"
            );
            assert_eq!(accounts.secrets.checked(), checked, "{name}");
        }
    }
}
