//! The accounts' file: adding, listing, removing, and letting people in.

use super::seal::Seal;
use super::secret::{Secrets, check_password, check_pin};
use super::sql;
use super::throttle::{Charge, place};
use super::{Account, AccountError, Door, Entry, EntryError, NewAccount, is_reserved};
use crate::database::{Database, OpenError, Place, Schema, Unavailable};
use jiff::Timestamp;
use segue_domain::{Role, Side};
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;

const SCHEMA: Schema = Schema {
    name: "accounts",
    sqlite: &[
        (1, include_str!("../../migrations/sqlite/0001_accounts.sql")),
        (2, include_str!("../../migrations/sqlite/0002_accounts.sql")),
        (3, include_str!("../../migrations/sqlite/0003_accounts.sql")),
    ],
    postgres: &[
        (
            1,
            include_str!("../../migrations/postgres/0001_accounts.sql"),
        ),
        (
            2,
            include_str!("../../migrations/postgres/0002_accounts.sql"),
        ),
        (
            3,
            include_str!("../../migrations/postgres/0003_accounts.sql"),
        ),
    ],
};
/// Most accounts one list shows.
const ACCOUNTS_MAX: i64 = 10_000;
/// Most rows of failed attempts kept; the oldest go first.
const ATTEMPT_ROWS_MAX: i64 = 100_000;
/// Most rounds of deleting those beyond, each of a thousand rows: more than come in between two looks.
const SHED_ROUNDS_MAX: usize = 100;
/// Failed attempts are forgotten after a day, in seconds.
const ATTEMPTS_KEPT_S: i64 = 86_400;
/// How long it is kept who looked at what, in seconds: six years (45 CFR 164.316(b)(2)).
const AUDIT_KEPT_S: i64 = 6 * 366 * 86_400;
/// Most places a person is remembered to have come in from.
const ARRIVALS_MAX: i64 = 50;

/// The accounts of both parties in one file or on a server.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub(crate) database: Database,
    pub(super) secrets: Secrets,
    /// What the secrets of second factors are sealed with.
    pub(super) seal: Option<Seal>,
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
        Ok(Self {
            database,
            secrets,
            seal: None,
        })
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
        if is_reserved(&new.name) {
            return Err(AccountError::ReservedName {
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
        let roles = roles_text(&new.roles)?;
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

    /// Replaces the password. Whoever came in with the old one comes in anew.
    pub async fn set_password(
        &self,
        name: &str,
        password: &str,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        check_password(password)?;
        let hash = self.secrets.hash(password).await?;
        let query = sqlx::query(sql::USERS_SET_PASSWORD).bind(name).bind(hash);
        self.change(name, query.bind(now.as_microsecond())).await
    }

    /// Replaces what a person is to the transition; it counts from their next act on.
    pub async fn set_roles(&self, name: &str, roles: &BTreeSet<Role>) -> Result<(), AccountError> {
        let roles = roles_text(roles)?;
        self.change(
            name,
            sqlx::query(sql::USERS_SET_ROLES).bind(name).bind(roles),
        )
        .await
    }

    /// Ties an account of the client to a pseudonym of its roster, or (with `None`) unties it: its person sees their own path.
    ///
    /// # Errors
    /// `NotOnTheRoster` for an account of the outsourcer or a pseudonym that another account has.
    pub async fn set_staff(&self, name: &str, staff: Option<&str>) -> Result<(), AccountError> {
        let account = self.get(name).await?;
        if let Some(staff) = staff {
            let taken = self.list().await?;
            let taken = taken
                .iter()
                .any(|other| other.name != name && other.staff.as_deref() == Some(staff));
            if taken || account.side != Side::Client {
                return Err(AccountError::NotOnTheRoster {
                    name: name.to_owned(),
                });
            }
        }
        self.change(
            name,
            sqlx::query(sql::USERS_SET_STAFF).bind(name).bind(staff),
        )
        .await
    }

    /// Ends every session of a person: whoever came in until now comes in anew.
    pub async fn end_entries(&self, name: &str, now: Timestamp) -> Result<(), AccountError> {
        let query = sqlx::query(sql::USERS_END_ENTRIES).bind(name);
        self.change(name, query.bind(now.as_microsecond())).await
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

    /// Lets a person in by password: half way, where a second factor is still to come ([`Accounts::enter_second`]).
    /// `source` is where they come from, such as the client's address.
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

    /// Forgets failed attempts that no longer count; call it now and then.
    pub async fn prune(&self, now: Timestamp) -> Result<(), AccountError> {
        let failed = self.database.unavailable("delete old attempts from");
        let mut tx = self.database.write().await.map_err(&failed)?;
        let before = now.as_microsecond() - ATTEMPTS_KEPT_S * 1_000_000;
        for (statement, bound) in [
            (sql::ATTEMPTS_PRUNE, before),
            (
                sql::AUDIT_PRUNE,
                now.as_microsecond() - AUDIT_KEPT_S * 1_000_000,
            ),
        ] {
            sqlx::query(statement)
                .bind(bound)
                .execute(&mut *tx)
                .await
                .map_err(&failed)?;
        }
        tx.commit().await.map_err(&failed)?;
        for _ in 0..SHED_ROUNDS_MAX {
            let shed = sqlx::query(sql::ATTEMPTS_SHED)
                .bind(ATTEMPT_ROWS_MAX)
                .execute(self.database.writing("delete old attempts from").await?)
                .await
                .map_err(&failed)?;
            if shed.rows_affected() == 0 {
                break;
            }
        }
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
        let secret_kind = if door == Door::Pin { "pin" } else { "password" };
        let charges = self.charge(secret_kind, name, source, now).await?;
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
        if door == Door::Password && account.has_second_factor {
            // Nobody has come in yet: whoever has the password alone guesses codes as slowly from one place as from many.
            self.refunded(&charges).await?;
            return Ok(Entry::of(account, Door::HalfWay));
        }
        self.arrived(&charges, name, source, now).await?;
        Ok(Entry::of(account, door))
    }

    /// Charges the attempt before anything is looked at.
    pub(super) async fn charge(
        &self,
        secret: &str,
        name: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<Vec<Charge>, EntryError> {
        let failed = self.database.unavailable("count an attempt in");
        let failed = |error| AccountError::from(failed(error));
        let source = &place(source);
        // A name no account can have is charged as one name, so that nobody fills the table with them.
        let name = if segue_domain::ids::is_usable(name) {
            name
        } else {
            "?"
        };
        let mut tx = self.database.write().await.map_err(&failed)?;
        let before: Option<i64> = sqlx::query_scalar(sql::ARRIVALS_FIND)
            .bind(name)
            .bind(source.as_str())
            .fetch_optional(&mut *tx)
            .await
            .map_err(&failed)?;
        let charges = Charge::of(secret, name, source, before.is_some());
        let taken = Charge::take(&charges, &mut tx, now)
            .await
            .map_err(&failed)?;
        tx.commit().await.map_err(&failed)?;
        taken.map(|()| charges)
    }

    async fn refunded(&self, charges: &[Charge]) -> Result<(), AccountError> {
        let failed = self.database.unavailable("refund an attempt in");
        let mut tx = self.database.write().await.map_err(&failed)?;
        Charge::refund(charges, &mut tx).await.map_err(&failed)?;
        Ok(tx.commit().await.map_err(&failed)?)
    }

    pub(super) async fn arrived(
        &self,
        charges: &[Charge],
        name: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        let failed = self.database.unavailable("note an arrival in");
        let source = place(source);
        let mut tx = self.database.write().await.map_err(&failed)?;
        Charge::refund(charges, &mut tx).await.map_err(&failed)?;
        sqlx::query(sql::ARRIVALS_UPSERT)
            .bind(name)
            .bind(source.as_str())
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

    pub(super) async fn row(&self, name: &str) -> Result<Option<AnyRow>, AccountError> {
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

    pub(super) async fn change(
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

pub(super) fn named_account(name: String, row: &AnyRow) -> Result<Account, AccountError> {
    let roles: String = column(row, "roles")?;
    let roles: BTreeSet<Role> =
        serde_json::from_str(&roles).map_err(|_| AccountError::Corrupt { field: "roles" })?;
    Ok(Account {
        name,
        side: side_of(row)?,
        roles,
        public_key: column(row, "public_key")?,
        has_pin: column::<Option<String>>(row, "pin_hash")?.is_some(),
        has_second_factor: column::<Option<i64>>(row, "totp_since_us")?.is_some(),
        has_single_sign_on: column::<Option<String>>(row, "sso_subject")?.is_some(),
        valid_from: instant(row, "valid_us")?,
        staff: column(row, "staff")?,
        created_at: instant(row, "created_us")?,
    })
}

pub(super) fn side_of(row: &AnyRow) -> Result<Side, AccountError> {
    let side: String = column(row, "side")?;
    let known = Side::BOTH
        .into_iter()
        .find(|known| known.to_string() == side);
    known.ok_or(AccountError::Corrupt { field: "side" })
}

pub(super) fn instant(row: &AnyRow, field: &'static str) -> Result<Timestamp, AccountError> {
    Timestamp::from_microsecond(column(row, field)?).map_err(|_| AccountError::Corrupt { field })
}

fn roles_text(roles: &BTreeSet<Role>) -> Result<String, AccountError> {
    serde_json::to_string(roles).map_err(|_| AccountError::Corrupt { field: "roles" })
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
