//! Passwords and PINs: argon2id, a few at a time, and the same work whether the account exists or not.

use super::{AccountError, PASSWORD_CHARS_MIN, PIN_DIGITS_MIN, SECRET_BYTES_MAX, TOKEN_BEGINS};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Semaphore;

/// Most secrets hashed at once: each takes 19 MiB and one core for some 20 ms.
const HASHES_AT_ONCE_MAX: usize = 2;

pub(super) fn check_password(password: &str) -> Result<(), AccountError> {
    let fits = password.chars().count() >= PASSWORD_CHARS_MIN && password.len() <= SECRET_BYTES_MAX;
    // The doors take what begins so for a token: as a password it would never let its person in.
    if fits && !password.starts_with(TOKEN_BEGINS) {
        Ok(())
    } else {
        Err(AccountError::BadPassword)
    }
}

pub(super) fn check_pin(pin: &str) -> Result<(), AccountError> {
    let digits = pin.len() >= PIN_DIGITS_MIN
        && pin.len() <= SECRET_BYTES_MAX
        && pin.bytes().all(|byte| byte.is_ascii_digit());
    let varied = pin.bytes().skip(1).zip(pin.bytes()).any(|(a, b)| a != b);
    if digits && varied {
        Ok(())
    } else {
        Err(AccountError::BadPin)
    }
}

/// Hashes and checks secrets off the async threads.
#[derive(Debug, Clone)]
pub(super) struct Secrets {
    turns: Arc<Semaphore>,
    /// Hash of a secret nobody knows: what an unknown name is checked against.
    nobody: Arc<str>,
    checked: Arc<AtomicU64>,
}

impl Secrets {
    pub(super) async fn new() -> Result<Self, AccountError> {
        let mut unknown = [0; 32];
        getrandom::fill(&mut unknown).map_err(|_| AccountError::Hashing)?;
        let secrets = Self {
            turns: Arc::new(Semaphore::new(HASHES_AT_ONCE_MAX)),
            nobody: Arc::from(""),
            checked: Arc::default(),
        };
        let nobody = secrets.hash(&hex::encode(unknown)).await?;
        Ok(Self {
            nobody: nobody.into(),
            ..secrets
        })
    }

    /// The PHC string of a new secret, with its own salt.
    pub(super) async fn hash(&self, secret: &str) -> Result<String, AccountError> {
        let secret = secret.to_owned();
        self.in_turn(move || {
            let hash: PasswordHash = Argon2::default().hash_password(secret.as_bytes()).ok()?;
            Some(hash.to_string())
        })
        .await
    }

    /// Whether the secret fits the hash. Without a hash the same work is done and the answer is no.
    pub(super) async fn fits(
        &self,
        secret: &str,
        hash: Option<&str>,
    ) -> Result<bool, AccountError> {
        self.checked.fetch_add(1, Ordering::Relaxed);
        let known = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        // A secret beyond the bound fits nothing; an empty one stands in for it, at the same cost.
        let secret = if secret.len() <= SECRET_BYTES_MAX {
            secret.to_owned()
        } else {
            String::new()
        };
        let fits = self
            .in_turn(move || {
                let hash = PasswordHash::new(&hash).ok()?;
                Some(
                    Argon2::default()
                        .verify_password(secret.as_bytes(), &hash)
                        .is_ok(),
                )
            })
            .await?;
        Ok(fits && known)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Option<T> + Send + 'static,
    ) -> Result<T, AccountError> {
        let _turn = self
            .turns
            .acquire()
            .await
            .map_err(|_| AccountError::Hashing)?;
        let done = tokio::task::spawn_blocking(work).await;
        done.ok().flatten().ok_or(AccountError::Hashing)
    }

    /// How many secrets were checked, known name or not.
    #[cfg(test)]
    pub(super) fn checked(&self) -> u64 {
        self.checked.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_eight_digits_or_more_and_not_one_digit() {
        for good in ["12345678", "111111112", "0000000000000001"] {
            assert!(check_pin(good).is_ok(), "{good}");
        }
        for bad in ["", "1234567", "11111111", "1234567a", "１２３４５６７８"] {
            assert!(check_pin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_long_enough_and_no_token() {
        assert!(check_password("correct horse").is_ok());
        for bad in ["nine char", "segue_correct horse", &"x".repeat(2_000)] {
            assert!(check_password(bad).is_err(), "{bad:.20}");
        }
    }

    #[tokio::test]
    async fn a_secret_fits_its_own_argon2id_hash_only() {
        let secrets = Secrets::new().await.unwrap();
        let hash = secrets.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
        assert_ne!(
            hash,
            secrets.hash("correct horse").await.unwrap(),
            "each has its own salt"
        );
        assert!(secrets.fits("correct horse", Some(&hash)).await.unwrap());
        assert!(!secrets.fits("correct horsf", Some(&hash)).await.unwrap());
        assert!(!secrets.fits("correct horse", None).await.unwrap());
        assert!(
            !secrets
                .fits(&"x".repeat(SECRET_BYTES_MAX + 1), Some(&hash))
                .await
                .unwrap()
        );
    }
}
