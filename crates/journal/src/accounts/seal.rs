//! The secrets of second factors at rest: sealed with a key that lies beside the accounts and not in them (ChaCha20-Poly1305,
//! RFC 8439), so that a copy of the accounts alone makes no codes. Sealed for one account: no other account's opens it.

use super::sql;
use super::store::column;
use super::{AccountError, Accounts};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::fmt;
use std::sync::Arc;

/// What a sealed secret begins with; base 32, as secrets were once stored, has no lower case.
const SEALED: &str = "sealed1.";

/// Seals and opens.
#[derive(Clone)]
pub(super) struct Seal(Arc<LessSafeKey>);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    fn new(key: &[u8; 32]) -> Option<Self> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, key).ok()?;
        Some(Self(Arc::new(LessSafeKey::new(key))))
    }

    fn seal(&self, name: &str, secret: &str) -> Result<String, AccountError> {
        // Random nonces of 96 bits: a transition seals some thousand secrets, not 2^32.
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| AccountError::Hashing)?;
        let mut sealed = secret.as_bytes().to_vec();
        let by = Nonce::assume_unique_for_key(nonce);
        let done = self
            .0
            .seal_in_place_append_tag(by, Aad::from(name), &mut sealed);
        done.map_err(|_| AccountError::Hashing)?;
        Ok(format!(
            "{SEALED}{}.{}",
            hex::encode(nonce),
            hex::encode(sealed)
        ))
    }

    fn open(&self, name: &str, sealed: &str) -> Option<String> {
        let (nonce, sealed) = sealed.split_once('.')?;
        let nonce: [u8; NONCE_LEN] = hex::decode(nonce).ok()?.try_into().ok()?;
        let by = Nonce::assume_unique_for_key(nonce);
        let mut sealed = hex::decode(sealed).ok()?;
        let opened = self
            .0
            .open_in_place(by, Aad::from(name), &mut sealed)
            .ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }
}

impl Accounts {
    /// The same accounts with the key that secrets of second factors are sealed with. Without one they are neither read nor
    /// written; everything else works.
    #[must_use]
    pub fn sealed_with(self, key: &[u8; 32]) -> Self {
        let seal = Seal::new(key);
        Self { seal, ..self }
    }

    /// A secret as it is stored.
    pub(super) fn sealed(&self, name: &str, secret: &str) -> Result<String, AccountError> {
        let seal = self.seal.as_ref().ok_or(AccountError::NoSealKey)?;
        seal.seal(name, secret)
    }

    /// A stored secret as the device knows it. One that was stored before secrets were sealed is taken as it is.
    pub(super) fn unsealed(&self, name: &str, stored: &str) -> Result<String, AccountError> {
        let Some(sealed) = stored.strip_prefix(SEALED) else {
            return Ok(stored.to_owned());
        };
        let seal = self.seal.as_ref().ok_or(AccountError::NoSealKey)?;
        let opened = seal.open(name, sealed);
        opened.ok_or_else(|| AccountError::OtherSealKey {
            name: name.to_owned(),
        })
    }

    /// Seals what was stored before secrets were sealed; how many. Nothing to do is the rule.
    pub async fn seal_second_factors(&self) -> Result<u64, AccountError> {
        let failed = self.database.unavailable("seal second factors in");
        let failed = |error| AccountError::from(failed(error));
        let mut tx = self.database.write().await.map_err(&failed)?;
        let rows = sqlx::query(sql::TOTP_PLAIN).fetch_all(&mut *tx);
        let rows = rows.await.map_err(&failed)?;
        for row in &rows {
            let (name, plain): (String, String) =
                (column(row, "name")?, column(row, "totp_secret")?);
            let query = sqlx::query(sql::TOTP_SEAL).bind(&name).bind(&plain);
            let query = query.bind(self.sealed(&name, &plain)?);
            query.execute(&mut *tx).await.map_err(&failed)?;
        }
        tx.commit().await.map_err(&failed)?;
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::{Door, NewAccount};
    use segue_domain::{Role, Side};
    use sqlx::Row;

    #[tokio::test]
    async fn a_copy_of_the_accounts_makes_no_codes_and_older_secrets_are_sealed() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("accounts.db");
        let bare = Accounts::open(&file).await.unwrap();
        let accounts = bare.clone().sealed_with(&[7; 32]);
        let now = "2026-11-22T05:00:00Z".parse().unwrap();
        let dana = NewAccount {
            name: "dana".to_owned(),
            side: Side::Client,
            roles: [Role::Duty].into(),
            password: "correct horse".to_owned(),
            pin: None,
            public_key: None,
        };
        accounts.add(&dana, now).await.unwrap();
        let begun = accounts.begin_second_factor("dana").await.unwrap();
        let stored = async || {
            let row = accounts.row("dana").await.unwrap().unwrap();
            row.get::<String, _>("totp_secret")
        };
        let sealed = stored().await;
        assert!(sealed.starts_with(SEALED) && !sealed.contains(&begun.secret));
        // As it lay before secrets were sealed.
        let plain = sqlx::query(sql::TOTP_SEAL).bind("dana").bind(&sealed);
        let plain = plain.bind(&begun.secret);
        accounts.change("dana", plain).await.unwrap();
        let shown = || accounts.enrolment("dana");
        assert_eq!(shown().await.unwrap().unwrap().secret, begun.secret);
        let without = bare.seal_second_factors().await;
        assert!(matches!(without, Err(AccountError::NoSealKey)));
        assert_eq!(accounts.seal_second_factors().await.unwrap(), 1);
        assert_eq!(accounts.seal_second_factors().await.unwrap(), 0);
        assert!(stored().await.starts_with(SEALED));
        assert_eq!(shown().await.unwrap().unwrap().secret, begun.secret);
        // Another key, or none, opens no second factor and keeps nobody from anything else.
        let other = bare.clone().sealed_with(&[8; 32]);
        let refused = other.enrolment("dana").await;
        assert!(matches!(refused, Err(AccountError::OtherSealKey { .. })));
        let refused = bare.enrolment("dana").await;
        assert!(matches!(refused, Err(AccountError::NoSealKey)));
        let refused = bare.begin_second_factor("dana").await;
        assert!(matches!(refused, Err(AccountError::NoSealKey)));
        let entered = bare.enter("dana", "correct horse", "here", now).await;
        assert_eq!(entered.unwrap().door, Door::Password);
    }

    #[test]
    fn a_sealed_secret_is_one_accounts_under_one_key_and_unchanged() {
        let seal = Seal::new(&[7; 32]).unwrap();
        let secret = "GEZDGNBVGY3TQOJQ";
        let sealed = seal.seal("dana", secret).unwrap();
        assert!(!sealed.contains(secret));
        assert_ne!(sealed, seal.seal("dana", secret).unwrap(), "a nonce each");
        let body = sealed.strip_prefix(SEALED).unwrap();
        assert_eq!(seal.open("dana", body).as_deref(), Some(secret));
        assert_eq!(seal.open("max", body), None);
        assert_eq!(Seal::new(&[8; 32]).unwrap().open("dana", body), None);
        for at in 0..body.len() {
            let mut other = body.to_owned().into_bytes();
            other[at] = if other[at] == b'0' { b'1' } else { b'0' };
            let other = String::from_utf8(other).unwrap();
            assert_eq!(seal.open("dana", &other), None, "{at}");
        }
        for short in ["", ".", "00", "00.00", "000000000000000000000000."] {
            assert_eq!(seal.open("dana", short), None, "{short}");
        }
    }
}
