//! Single sign-on, as the pages see it: where a browser is sent, what is remembered meanwhile, and who came back.

use crate::console::Person;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// What is remembered of a sign-in that began: in the browser that began it, sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOnStart {
    /// Comes back with the browser.
    pub state: String,
    /// Comes back inside the provider's token.
    pub nonce: String,
    /// Shows the provider that whoever brings its code is who began.
    pub verifier: String,
}

impl fmt::Debug for SignOnStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignOnStart").finish_non_exhaustive()
    }
}

/// A sign-in that began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOnBegun {
    /// Where the browser goes.
    pub url: String,
    /// What is remembered.
    pub start: SignOnStart,
    /// Whether these pages are reached over TLS alone, so that what is remembered goes over nothing else.
    pub over_tls: bool,
}

/// A browser that came back from the provider, with the state it left with.
#[derive(Clone)]
pub struct SignOnReturn {
    /// What was remembered.
    pub start: SignOnStart,
    /// What the provider turns into a token.
    pub code: String,
    /// Who the provider says it is, if it does.
    pub issuer: Option<String>,
    /// Where the person was asked to show anew who they are: since when that counts.
    pub shown_since: Option<Timestamp>,
    /// The address it comes from.
    pub source: IpAddr,
}

impl fmt::Debug for SignOnReturn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignOnReturn").finish_non_exhaustive()
    }
}

/// Who came in.
#[derive(Clone, Debug)]
pub enum SignOn {
    /// Welcome.
    Known {
        /// Who.
        person: Person,
        /// When they last showed the provider who they are; none where it does not say.
        proved_at: Option<Timestamp>,
    },
    /// The code of the account's own second factor is still to come.
    HalfWay(Person),
    /// The provider let them in, and no account is tied to them.
    NotTied {
        /// The provider, as its tokens name it.
        issuer: String,
        /// The person there.
        subject: String,
    },
    /// The provider's answer is not believed.
    Refused {
        /// One sentence: why, and what to do.
        message: String,
    },
    /// The provider or the accounts do not answer.
    Unavailable {
        /// One sentence: what failed and what to do.
        message: String,
    },
}
