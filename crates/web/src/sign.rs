//! Signing in the browser: what waits for a signature, and the passkey that gives it.

use crate::console::Person;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Something that waits for this person's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignItem {
    /// The command: `sign_plan`.
    pub command: String,
    /// Its fields without the signature.
    pub fields: Map<String, Value>,
    /// What it is about, in words.
    pub about: String,
    /// The hash that is signed.
    pub hash: String,
}

/// A passkey that a browser has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadePasskey {
    /// Whose browser.
    pub person: Person,
    /// Its public half as the browser hands it over (`SubjectPublicKeyInfo`).
    pub spki: Vec<u8>,
    /// The address of the page it was made on.
    pub origin: String,
}

/// The same as Segue writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPasskey {
    /// Whose it is.
    pub person: String,
    /// The key's text.
    pub new_key: String,
    /// The hash that whoever vouches for it signs.
    pub hash: String,
}
