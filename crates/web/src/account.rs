//! A person's own account: second factor, password, sessions, tokens, and what others read of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What the account page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountView {
    /// Whether the password needs a code beside it.
    pub has_second_factor: bool,
    /// An enrolment that was begun and waits for its first code.
    pub enrolling: Option<EnrolmentView>,
    /// Whether one was begun that is shown only to who shows once more who they are.
    pub enrolment_waits: bool,
    /// Recovery codes left.
    pub recovery_codes: u64,
    /// The person's tokens for machines.
    pub tokens: Vec<TokenView>,
}

/// What the person's device needs to know.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentView {
    /// The shared secret, to type.
    pub secret: String,
    /// The same as a link.
    pub link: String,
}

impl std::fmt::Debug for EnrolmentView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EnrolmentView").finish_non_exhaustive()
    }
}

/// A token for machines, without itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenView {
    /// What it is for.
    pub label: String,
    /// What it may do, and for which site: `ingest, RVS-Main`.
    pub may: String,
    /// When it was last used, in words.
    pub used: String,
    /// When it ends, in words.
    pub ends: String,
}

/// A change to one's own account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum AccountChange {
    /// Begins to enrol a second factor.
    BeginSecondFactor,
    /// Ends it with the first code.
    ConfirmSecondFactor {
        /// The code.
        code: String,
    },
    /// Takes the second factor away.
    RemoveSecondFactor,
    /// Another password.
    Password {
        /// The new one.
        new: String,
    },
    /// Ends every session of this person, on every node.
    EndSessions,
    /// Takes tokens back.
    RevokeToken {
        /// What they are for.
        label: String,
    },
}

impl std::fmt::Debug for AccountChange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountChange").finish_non_exhaustive()
    }
}

/// What speaks for whoever changes their account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// When they last showed who they are.
    pub proved_at: Option<Timestamp>,
    /// The address they come from.
    pub source: IpAddr,
}

/// What a change gave.
#[derive(Clone, PartialEq, Eq)]
pub enum AccountChanged {
    /// Done.
    Done,
    /// Done; these codes are shown this once.
    RecoveryCodes(Vec<String>),
}
