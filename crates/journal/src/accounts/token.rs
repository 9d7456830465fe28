//! Tokens for machines: 256 random bits shown once, kept as a hash, bound to a person and a scope.

use super::AccountError;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What a token may do, whatever the roles of its person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// Read.
    Read,
    /// Send call events and records.
    Ingest,
    /// Bring calls home.
    Home,
    /// Everything the person's roles allow.
    Act,
}

impl TokenScope {
    /// Every scope, for help texts.
    pub const ALL: [Self; 4] = [Self::Read, Self::Ingest, Self::Home, Self::Act];

    /// As written: `read`, `ingest`, `home`, `act`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Ingest => "ingest",
            Self::Home => "home",
            Self::Act => "act",
        }
    }

    pub(super) fn stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// A fresh token, and the hash that is kept of it.
pub(super) fn fresh() -> Result<(String, String), AccountError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| AccountError::Hashing)?;
    let token = format!("segue_{}", hex::encode(bytes));
    let hash = hash(&token);
    Ok((token, hash))
}

/// A fast hash is enough: there is nothing to guess in 256 random bits.
pub(super) fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}
