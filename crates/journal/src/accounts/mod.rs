//! Accounts: who may come in, as whom, with which secret. A side table that can be deleted; the journal holds names of
//! accounts, never of humans.
//!
//! Four doors: a password (everything the roles allow; with a second factor, only once its code has come too), a provider's
//! sign-in for an account that was tied to it (the same), the duty PIN (brings calls home and nothing else), and tokens for
//! machines (what their scope says). A wrong name costs the same as a wrong secret and gets the same answer.

mod audit;
mod seal;
mod second_factor;
mod secret;
mod sign_on;
mod spare;
mod sql;
mod store;
mod throttle;
mod token;

pub use audit::{Act, AuditFilter, Audited};
pub use second_factor::Enrolment;
pub use sign_on::ProviderIdentity;
pub use spare::{SpareAttempts, SparePin};
pub use store::Accounts;
pub use token::{LOGIN_LABEL, MACHINE_LABEL, NewToken, Token, TokenScope};

use crate::database::Unavailable;
use jiff::Timestamp;
use segue_domain::{Actor, Right, Role, Side};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How every token begins.
const TOKEN_BEGINS: &str = "segue_";
/// Names no account has: Segue's own in the journal, the host's in the audit, and what tokens are labelled unless somebody says.
const RESERVED: [&str; 5] = ["segue", "host", "the-host", LOGIN_LABEL, MACHINE_LABEL];
/// Shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 10;
/// Longest password or PIN taken, in bytes, so that hashing stays cheap to refuse.
pub const SECRET_BYTES_MAX: usize = 1_024;
/// Shortest duty PIN, in digits (design: Trust).
pub const PIN_DIGITS_MIN: usize = 8;

/// A person's account, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Account name, as in the journal.
    pub name: String,
    /// The party.
    pub side: Side,
    /// What the person is to the transition.
    pub roles: BTreeSet<Role>,
    /// Hex Ed25519 public key of a signatory.
    pub public_key: Option<String>,
    /// Whether there is a duty PIN.
    pub has_pin: bool,
    /// Whether the password needs a code beside it.
    pub has_second_factor: bool,
    /// Whether a provider's sign-in opens it.
    #[serde(default)]
    pub has_single_sign_on: bool,
    /// Who came in before this instant comes in anew.
    #[serde(skip)]
    pub valid_from: Timestamp,
    /// The person's pseudonym on the in-house roster. Never written out: it would tell who is who.
    #[serde(skip)]
    pub staff: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
}

/// Whether a name could be mistaken for something that is no account.
fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with(TOKEN_BEGINS) || RESERVED.contains(&name.as_str())
}

/// An account to add.
#[derive(Clone)]
pub struct NewAccount {
    /// 1–64 letters, digits, `.`, `_`, `-`, `/`; unique across both parties, and none of Segue's own.
    pub name: String,
    /// The party.
    pub side: Side,
    /// What the person is to the transition.
    pub roles: BTreeSet<Role>,
    /// At least `PASSWORD_CHARS_MIN` characters.
    pub password: String,
    /// At least `PIN_DIGITS_MIN` digits.
    pub pin: Option<String>,
    /// Hex Ed25519 public key of a signatory.
    pub public_key: Option<String>,
}

impl std::fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccount")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// How somebody came in, which bounds what they may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// With the password or a provider's sign-in, and the code of the second factor where there is one: everything the roles
    /// allow.
    Password,
    /// The same, where the account's second factor is still to come: bring calls home.
    HalfWay,
    /// With the duty PIN: bring calls home.
    Pin,
    /// With a token: what its scope says.
    Token(TokenScope),
}

/// Somebody who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Whose account it is.
    pub account: Account,
    /// How they came in.
    pub door: Door,
    /// The one site a token is for; none means every site.
    pub site: Option<String>,
}

impl Entry {
    /// A person at one of the doors of people.
    pub fn of(account: Account, door: Door) -> Self {
        Self {
            account,
            door,
            site: None,
        }
    }

    /// The actor the desk sees: never more than the door lets through.
    pub fn actor(&self) -> Actor {
        let (name, side) = (&self.account.name, self.account.side);
        let all: Vec<_> = self.account.roles.iter().copied().collect();
        let whole = Actor::new(name, side, &all);
        match self.door {
            Door::Password | Door::Token(TokenScope::Act) => match &self.account.staff {
                Some(staff) => whole.on_the_roster_as(staff.as_str().into()),
                None => whole,
            },
            // Roles also open boards: whoever comes in to bring calls home sees no more than a duty manager does.
            Door::HalfWay | Door::Pin | Door::Token(TokenScope::Home) => {
                let homeward: &[Role] = if whole.may(Right::BringHome) {
                    &[Role::Duty]
                } else {
                    &[]
                };
                Actor::new(name, side, homeward).only(Right::BringHome)
            }
            Door::Token(TokenScope::Read | TokenScope::Ingest | TokenScope::Route) => {
                Actor::new(name, side, &[Role::Viewer])
            }
        }
    }
}

/// An account that was not added or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The name is taken, on whichever side.
    #[error("an account `{name}` exists already; choose another name or remove it first")]
    Exists {
        /// The name.
        name: String,
    },
    /// An account that cannot be tied to a pseudonym of the in-house roster.
    #[error(
        "`{name}` cannot have that pseudonym: it is another account's, or the account is the outsourcer's; `segue show people` lists the roster"
    )]
    NotOnTheRoster {
        /// The name.
        name: String,
    },
    /// Another account is tied to this person of the provider.
    #[error(
        "that subject is tied to another account already, or is none; untie it there first (`segue user link NAME`), and copy it as the sign-in page shows it"
    )]
    BadIdentity,
    /// No such account.
    #[error("there is no account `{name}`; `segue user list` shows all")]
    Unknown {
        /// The name.
        name: String,
    },
    /// A name the journal could not carry.
    #[error("`{name}` cannot be an account name; use 1 to 64 letters, digits, `.`, `_` or `-`")]
    BadName {
        /// The name.
        name: String,
    },
    /// A name that a reader of journal and audit takes for Segue itself, for the host or for a token.
    #[error(
        "`{name}` would be taken for Segue itself, its host or a token; choose another name, such as the person's"
    )]
    ReservedName {
        /// The name.
        name: String,
    },
    /// Too short or too long, or like a token.
    #[error(
        "a password has at least {PASSWORD_CHARS_MIN} characters and at most {SECRET_BYTES_MAX} bytes, and does not begin with `{TOKEN_BEGINS}` as tokens do; choose another one"
    )]
    BadPassword,
    /// Too short, not digits, or one digit over and over.
    #[error(
        "a duty PIN has at least {PIN_DIGITS_MIN} digits, not all the same; choose another one"
    )]
    BadPin,
    /// No key.
    #[error(
        "the public key of `{name}` is no usable Ed25519 key of 64 hexadecimal digits; make one with `segue key new`"
    )]
    BadKey {
        /// The account.
        name: String,
    },
    /// A second factor is taken away before another is enrolled.
    #[error(
        "`{name}` has a second factor; take it away first (`segue user reset-second-factor {name}`)"
    )]
    HasSecondFactor {
        /// The account.
        name: String,
    },
    /// Nothing is being enrolled, or something else.
    #[error("no second factor is being enrolled for `{name}`; begin again")]
    NotEnrolling {
        /// The account.
        name: String,
    },
    /// The key that second factors are sealed with is not there.
    #[error(
        "second factors are sealed with a key that cannot be read: restore `keys/caller.key` of the data directory from its backup and start again; the duty PIN brings calls home without it"
    )]
    NoSealKey,
    /// Sealed with another key, or changed since.
    #[error(
        "the second factor of `{name}` cannot be read: `keys/caller.key` is not the key it was sealed with; restore that file from its backup, or take the second factor away (`segue user reset-second-factor {name}`)"
    )]
    OtherSealKey {
        /// The account.
        name: String,
    },
    /// No such token.
    #[error("`{name}` has no token `{label}`; `segue user tokens` lists all")]
    UnknownToken {
        /// The account.
        name: String,
        /// What the token is for.
        label: String,
    },
    /// Only what is about calls is about one site.
    #[error("a token that may {scope} is not one site's; only `ingest` and `route` are")]
    NotOfOneSite {
        /// The scope.
        scope: &'static str,
    },
    /// The secret could not be hashed, or the machine gave no random bytes.
    #[error("the secret could not be hashed; check the machine's memory and try again")]
    Hashing,
    /// The database could not do it.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A row that Segue never writes.
    #[error(
        "the accounts hold a `{field}` that Segue never writes; restore the file from the last backup"
    )]
    Corrupt {
        /// The column.
        field: &'static str,
    },
}

/// Somebody who was not let in.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Name, secret or token are not right; which of them is not said.
    #[error("the name or the secret is wrong; try again")]
    Wrong,
    /// A code was taken before: it is good once.
    #[error("this code was used already; wait for the next one")]
    Used,
    /// Too many failures lately; nothing was checked.
    #[error("too many failed attempts; wait {retry_s} s and try again")]
    Throttled {
        /// When the next attempt counts, in seconds.
        retry_s: u64,
    },
    /// The accounts did not answer.
    #[error(transparent)]
    Accounts(#[from] AccountError),
}
