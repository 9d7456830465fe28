//! Sealed points: each party commits to its wishes before it sees the other's. The commitment is a salted hash; both are
//! in before either is opened. The host of the server could read what is typed into it: the seal holds between the parties.

use crate::model::Preference;
use segue_domain::{Side, canonical};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Fewest characters of a salt: 128 bits in hexadecimal.
const SALT_CHARS_MIN: usize = 32;

/// What a party hands over first: the hash over its side, its salt and its wishes, and nothing of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Commitment(pub String);

/// What a party hands over once both commitments are in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opened {
    /// At least 32 random characters, so that nobody can try all spreads of the points.
    pub salt: String,
    /// The wishes with their points.
    pub preferences: Vec<Preference>,
}

/// Both parties at the table; each field is filled once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Table {
    /// The client's commitment.
    pub client: Option<Commitment>,
    /// The outsourcer's commitment.
    pub outsourcer: Option<Commitment>,
    /// The client's wishes.
    pub client_opened: Option<Opened>,
    /// The outsourcer's wishes.
    pub outsourcer_opened: Option<Opened>,
}

/// Why the wishes cannot be used yet, or at all.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// The salt can be guessed.
    #[error("the salt has fewer than 32 characters; take 32 random hexadecimal digits")]
    Salt,
    /// A commitment is missing.
    #[error("the {0} has not sealed its points yet; both commitments come before either is opened")]
    NotSealed(Side),
    /// A party has not opened its commitment.
    #[error("the {0} has not opened its points yet; both are in, so it can")]
    NotOpened(Side),
    /// What was opened is not what was sealed.
    #[error(
        "what the {0} opened is not what it sealed; open the very wishes and salt of the commitment"
    )]
    Other(Side),
    /// A wish of the other party.
    #[error(
        "wish `{preference}` of the {side}'s list is not its own; a party spreads its own points"
    )]
    NotOwn {
        /// Whose list.
        side: Side,
        /// The wish.
        preference: String,
    },
}

/// Seals one party's wishes.
///
/// # Errors
/// [`SealError`] for a salt that can be guessed or a wish of the other party.
pub fn seal(side: Side, opened: &Opened) -> Result<Commitment, SealError> {
    if opened.salt.chars().count() < SALT_CHARS_MIN {
        return Err(SealError::Salt);
    }
    if let Some(wish) = opened.preferences.iter().find(|p| p.owner != side) {
        return Err(SealError::NotOwn {
            side,
            preference: wish.id.clone(),
        });
    }
    Ok(Commitment(canonical::hash(
        "sealed-points",
        &(side, opened),
    )))
}

impl Table {
    /// The wishes of both, the client's first, once both sealed and opened them.
    ///
    /// # Errors
    /// [`SealError`], naming what is missing or does not fit.
    pub fn wishes(&self) -> Result<Vec<Preference>, SealError> {
        let sealed = [
            (Side::Client, &self.client, &self.client_opened),
            (Side::Outsourcer, &self.outsourcer, &self.outsourcer_opened),
        ];
        for (side, commitment, _) in sealed {
            if commitment.is_none() {
                return Err(SealError::NotSealed(side));
            }
        }
        let mut wishes = Vec::new();
        for (side, commitment, opened) in sealed {
            let opened = opened.as_ref().ok_or(SealError::NotOpened(side))?;
            if commitment.as_ref() != Some(&seal(side, opened)?) {
                return Err(SealError::Other(side));
            }
            wishes.extend(opened.preferences.iter().cloned());
        }
        Ok(wishes)
    }
}
