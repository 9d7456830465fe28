//! The second factor: codes of six digits from the person's own device (RFC 6238), and recovery codes for when it is lost.
//!
//! A code is good once, whoever is quicker; codes of the step before and after are taken, for clocks that differ by up to
//! 30 s. Bringing calls home never asks for one.

use super::sql;
use super::store::{account_of, column};
use super::throttle::CODE;
use super::{Account, AccountError, Accounts, Door, Entry, EntryError};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use totp_rs::{Builder, Secret, Totp};

/// Recovery codes made at once.
const RECOVERY_CODES: usize = 10;
/// Random bytes of a recovery code: nothing to guess, so that a fast hash is enough.
const RECOVERY_BYTES: usize = 10;

/// What a person's device needs to know, shown while they enrol and never again.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The shared secret in base 32, to type.
    pub secret: String,
    /// The same as a link that authenticator programs open.
    pub link: String,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Enrolment").finish_non_exhaustive()
    }
}

impl Enrolment {
    fn of(name: &str, secret: String) -> Self {
        // A name has no character that a link would have to escape but `/`.
        let label = name.replace('/', "%2F");
        let link = format!("otpauth://totp/Segue:{label}?secret={secret}&issuer=Segue");
        Self { secret, link }
    }
}

impl Accounts {
    /// Begins an enrolment: the secret counts once a code made with it has come back. Beginning again makes a new one.
    pub async fn begin_second_factor(&self, name: &str) -> Result<Enrolment, AccountError> {
        let secret = Secret::from(random::<20>()?).to_base32();
        let sealed = self.sealed(name, &secret)?;
        let query = sqlx::query(sql::TOTP_BEGIN).bind(name).bind(sealed);
        match self.change(name, query).await {
            Ok(()) => Ok(Enrolment::of(name, secret)),
            Err(AccountError::Unknown { .. }) => {
                self.get(name).await?;
                Err(AccountError::HasSecondFactor {
                    name: name.to_owned(),
                })
            }
            Err(error) => Err(error),
        }
    }

    /// The enrolment that was begun and not yet confirmed, if any.
    pub async fn enrolment(&self, name: &str) -> Result<Option<Enrolment>, AccountError> {
        let Some(row) = self.row(name).await? else {
            return Ok(None);
        };
        let stored: Option<String> = column(&row, "totp_secret")?;
        let Some(stored) = stored.filter(|_| !has_second_factor(&row)) else {
            return Ok(None);
        };
        let secret = self.unsealed(name, &stored)?;
        Ok(Some(Enrolment::of(name, secret)))
    }

    /// Ends an enrolment with a code of the person's device; from now on the password alone opens nothing but the way home.
    /// The recovery codes are shown this once; their hashes are kept.
    pub async fn confirm_second_factor(
        &self,
        name: &str,
        code: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<Vec<String>, EntryError> {
        let charges = self.charge(CODE, name, source, now).await?;
        let not_enrolling = || AccountError::NotEnrolling {
            name: name.to_owned(),
        };
        let row = self.row(name).await?.filter(|row| !has_second_factor(row));
        let row = row.ok_or_else(not_enrolling)?;
        let stored: Option<String> = column(&row, "totp_secret")?;
        let stored = stored.ok_or_else(not_enrolling)?;
        let secret = self.unsealed(name, &stored)?;
        let step = step_of(&secret, code, now)?.ok_or(EntryError::Wrong)?;
        let codes = self.confirmed(name, &stored, step, now).await?;
        self.arrived(&charges, name, source, now).await?;
        Ok(codes)
    }

    async fn confirmed(
        &self,
        name: &str,
        stored: &str,
        step: i64,
        now: Timestamp,
    ) -> Result<Vec<String>, EntryError> {
        let codes = (0..RECOVERY_CODES)
            .map(|_| recovery_code())
            .collect::<Result<Vec<_>, _>>()?;
        let failed = self.database.unavailable("enrol a second factor in");
        let failed = |error| AccountError::from(failed(error));
        let mut tx = self.database.write().await.map_err(&failed)?;
        let done = sqlx::query(sql::TOTP_CONFIRM)
            .bind(name)
            .bind(now.as_microsecond())
            .bind(stored);
        if done
            .execute(&mut *tx)
            .await
            .map_err(&failed)?
            .rows_affected()
            == 0
        {
            return Err(AccountError::NotEnrolling {
                name: name.to_owned(),
            }
            .into());
        }
        let take = sqlx::query(sql::TOTP_TAKE)
            .bind(name)
            .bind(stored)
            .bind(step);
        take.execute(&mut *tx).await.map_err(&failed)?;
        let clear = sqlx::query(sql::RECOVERY_CLEAR).bind(name);
        clear.execute(&mut *tx).await.map_err(&failed)?;
        for code in &codes {
            let insert = sqlx::query(sql::RECOVERY_INSERT).bind(name);
            let insert = insert.bind(recovery_hash(name, code));
            insert.execute(&mut *tx).await.map_err(&failed)?;
        }
        tx.commit().await.map_err(&failed)?;
        Ok(codes)
    }

    /// The second step of coming in: a code of the device, or a recovery code, each good once.
    ///
    /// # Errors
    /// [`EntryError::Used`] for a code that was taken before, also when two come at the same moment.
    pub async fn enter_second(
        &self,
        name: &str,
        code: &str,
        source: &str,
        now: Timestamp,
    ) -> Result<Entry, EntryError> {
        let charges = self.charge(CODE, name, source, now).await?;
        let row = self.row(name).await?.filter(has_second_factor);
        let row = row.ok_or(EntryError::Wrong)?;
        let account = account_of(&row)?;
        let typed: String = code
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect();
        if typed.len() == 6 {
            self.take_code(&row, name, &typed, now).await?;
        } else {
            self.take_recovery_code(name, &typed).await?;
        }
        self.arrived(&charges, name, source, now).await?;
        Ok(Entry::of(account, Door::Password))
    }

    async fn take_code(
        &self,
        row: &AnyRow,
        name: &str,
        code: &str,
        now: Timestamp,
    ) -> Result<(), EntryError> {
        let stored: Option<String> = column(row, "totp_secret")?;
        let stored = stored.ok_or(EntryError::Wrong)?;
        let secret = self.unsealed(name, &stored)?;
        let step = step_of(&secret, code, now)?.ok_or(EntryError::Wrong)?;
        let query = sqlx::query(sql::TOTP_TAKE)
            .bind(name)
            .bind(&stored)
            .bind(step);
        match self.change(name, query).await {
            Err(AccountError::Unknown { .. }) => Err(EntryError::Used),
            done => Ok(done?),
        }
    }

    async fn take_recovery_code(&self, name: &str, code: &str) -> Result<(), EntryError> {
        let query = sqlx::query(sql::RECOVERY_TAKE).bind(name);
        let query = query.bind(recovery_hash(name, &code.to_ascii_lowercase()));
        match self.change(name, query).await {
            Err(AccountError::Unknown { .. }) => Err(EntryError::Wrong),
            done => Ok(done?),
        }
    }

    /// Recovery codes that are left.
    pub async fn recovery_codes(&self, name: &str) -> Result<u64, AccountError> {
        let left: i64 = sqlx::query_scalar(sql::RECOVERY_COUNT)
            .bind(name)
            .fetch_one(self.database.reading("count recovery codes in").await?)
            .await
            .map_err(self.database.unavailable("count recovery codes in"))?;
        Ok(u64::try_from(left).unwrap_or(0))
    }

    /// Takes the second factor away, with its recovery codes and every session: the device was lost, or is replaced.
    pub async fn reset_second_factor(
        &self,
        name: &str,
        now: Timestamp,
    ) -> Result<(), AccountError> {
        self.get(name).await?;
        let failed = self.database.unavailable("reset a second factor in");
        let mut tx = self.database.write().await.map_err(&failed)?;
        let clear = sqlx::query(sql::TOTP_CLEAR).bind(name);
        let clear = clear.bind(now.as_microsecond());
        clear.execute(&mut *tx).await.map_err(&failed)?;
        let codes = sqlx::query(sql::RECOVERY_CLEAR).bind(name);
        codes.execute(&mut *tx).await.map_err(&failed)?;
        Ok(tx.commit().await.map_err(&failed)?)
    }
}

impl Account {
    /// Whether somebody who came in then is still let in.
    pub fn admits_since(&self, entered_at: Timestamp) -> bool {
        entered_at >= self.valid_from && entered_at >= self.created_at
    }
}

fn has_second_factor(row: &AnyRow) -> bool {
    column::<Option<i64>>(row, "totp_since_us").is_ok_and(|since| since.is_some())
}

/// The step whose code this is, if any is near enough.
fn step_of(secret: &str, code: &str, now: Timestamp) -> Result<Option<i64>, AccountError> {
    let now_s = u64::try_from(now.as_second()).unwrap_or(0);
    let step = totp(secret)?.check(code, now_s);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

/// Six digits, 30 s, SHA-1: what every authenticator program can do.
fn totp(secret: &str) -> Result<Totp, AccountError> {
    let corrupt = || AccountError::Corrupt {
        field: "totp_secret",
    };
    let secret = Secret::try_from_base32(secret).map_err(|_| corrupt())?;
    let built = Builder::new().with_secret(secret).build();
    built.map_err(|_| corrupt())
}

fn random<const N: usize>() -> Result<[u8; N], AccountError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| AccountError::Hashing)?;
    Ok(bytes)
}

/// Sixteen letters and digits in four groups.
fn recovery_code() -> Result<String, AccountError> {
    let code = Secret::from(random::<RECOVERY_BYTES>()?).to_base32();
    let code = code.to_ascii_lowercase();
    let groups: Vec<_> = code
        .as_bytes()
        .chunks(4)
        .map(String::from_utf8_lossy)
        .collect();
    Ok(groups.join("-"))
}

fn recovery_hash(name: &str, code: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(b"segue-recovery\0");
    digest.update(name.as_bytes());
    digest.update([0]);
    digest.update(code.replace('-', ""));
    hex::encode(digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the 20-byte secret, SHA-1; six of its eight digits.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        let secret = Secret::from(*b"12345678901234567890").to_base32();
        for (at_s, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (20_000_000_000, "353130"),
        ] {
            let at = |s| Timestamp::from_second(s).unwrap();
            let step = at_s / 30;
            assert_eq!(step_of(&secret, code, at(at_s)).unwrap(), Some(step));
            // A device 30 s slow or fast is let in, and counts as the step its code is of.
            for skew_s in [-30, 30] {
                assert_eq!(
                    step_of(&secret, code, at(at_s + skew_s)).unwrap(),
                    Some(step)
                );
            }
            for skew_s in [-90, 90] {
                let late = step_of(&secret, code, at((at_s + skew_s).max(0))).unwrap();
                assert!(late.is_none() || at_s < 90, "{at_s} {skew_s}");
            }
        }
    }
}
