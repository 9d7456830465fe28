//! Whether an ID token is believed (OpenID Connect Core 1.0, §3.1.3.7), and what it says.

use crate::keys::Keys;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;

/// Oldest sign-in at the provider that counts, in seconds: twelve hours, like a login on the command line.
pub const MAX_AGE_S: i64 = 12 * 3_600;
/// The same where the person is asked anew, before they sign something: what the provider is told. What counts is that they
/// showed it after they were sent there ([`Expected::shown_since`]).
pub(crate) const AGAIN_AGE_S: i64 = 300;
/// How far two clocks may differ, in seconds.
const SKEW_S: i64 = 60;
/// Oldest token taken, in seconds: it comes straight from the provider, so it was made this moment.
const TOKEN_AGE_S_MAX: i64 = 300;
/// Longest token read, in characters.
const TOKEN_CHARS_MAX: usize = 32_768;
/// Longest subject, in characters (Core 1.0, §2).
const SUBJECT_CHARS_MAX: usize = 255;

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Who made it.
    pub issuer: &'a str,
    /// For whom.
    pub client_id: &'a str,
    /// For which sign-in.
    pub nonce: &'a str,
    /// Where somebody who is in already shows anew who they are: since when that counts. The token must say when it was.
    pub shown_since: Option<Timestamp>,
    /// The time now.
    pub now: Timestamp,
}

/// Whom the provider let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The person at the provider, never given to another.
    pub subject: String,
    /// When the person last showed the provider who they are, if it says so.
    pub authenticated_at: Option<Timestamp>,
}

/// A token that is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a signed token, or without what every token has.
    #[error("the provider's answer is no ID token; ask whoever runs it to look at its log")]
    Malformed,
    /// Signed by a key that the provider does not publish.
    #[error("the ID token names a key that the provider does not publish; try again in a minute")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the ID token is not signed by the provider; nobody is signed in by it")]
    NotSigned,
    /// Another issuer's.
    #[error("the ID token is of another issuer; check --oidc-issuer")]
    OtherIssuer,
    /// For another program.
    #[error("the ID token is for another client; check --oidc-client")]
    OtherClient,
    /// For another sign-in.
    #[error("the ID token belongs to another sign-in; sign in again")]
    OtherSignIn,
    /// Over, or not begun.
    #[error(
        "the ID token is not valid now; check that the clocks of provider and server agree, then sign in again"
    )]
    NotNow,
    /// The person showed the provider who they are too long ago.
    #[error(
        "the sign-in at the provider is more than twelve hours old; sign out there, then sign in again"
    )]
    TooOld,
    /// Asked to have the person show anew who they are, the provider does not say that they did.
    #[error(
        "the provider does not say when you showed it who you are (`auth_time`), so it vouches for nothing you sign; open /account/prove and type your password, and ask whoever runs the provider to send `auth_time`"
    )]
    NoTime,
    /// Asked the same, it let an older sign-in count.
    #[error(
        "the provider did not ask you again who you are; sign out there and try again, or open /account/prove and type your password"
    )]
    NotAnew,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood (RFC 7515, §4.1.11): none is.
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
    auth_time: Option<i64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Checks a token against the provider's keys and what was asked.
///
/// # Errors
/// [`TokenError::UnknownKey`] where the keys may have changed since they were read; any other is final.
pub fn check(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Identity, TokenError> {
    let (message, signature, header) = parts(token).ok_or(TokenError::Malformed)?;
    if header.crit.is_some() {
        return Err(TokenError::Malformed);
    }
    let id = header.kid.as_deref();
    if !keys.knows(id) {
        return Err(TokenError::UnknownKey);
    }
    if !keys.signed((id, &header.alg), message.as_bytes(), &signature) {
        return Err(TokenError::NotSigned);
    }
    let body = message.split_once('.').and_then(|(_, body)| decoded(body));
    let body = body.ok_or(TokenError::Malformed)?;
    let claims: Claims = serde_json::from_slice(&body).map_err(|_| TokenError::Malformed)?;
    claims.check(expected)?;
    let at = |s: i64| Timestamp::from_second(s).map_err(|_| TokenError::Malformed);
    Ok(Identity {
        authenticated_at: claims.auth_time.map(at).transpose()?,
        subject: claims.sub,
    })
}

impl Claims {
    fn check(&self, expected: &Expected<'_>) -> Result<(), TokenError> {
        if self.iss != expected.issuer {
            return Err(TokenError::OtherIssuer);
        }
        let (ours, alone) = match &self.aud {
            Audience::One(one) => (one == expected.client_id, true),
            Audience::Many(all) => (
                all.iter().any(|one| one == expected.client_id),
                all.len() == 1,
            ),
        };
        let party = self.azp.as_deref();
        // A token for several programs says which of them asked for it.
        if !ours
            || party.is_some_and(|party| party != expected.client_id)
            || (!alone && party.is_none())
        {
            return Err(TokenError::OtherClient);
        }
        if self.nonce.as_deref() != Some(expected.nonce) {
            return Err(TokenError::OtherSignIn);
        }
        let now = expected.now.as_second();
        let begun = self.iat.max(self.nbf.unwrap_or(self.iat));
        let over = self.exp.min(self.iat.saturating_add(TOKEN_AGE_S_MAX));
        if begun > now.saturating_add(SKEW_S) || over.saturating_add(SKEW_S) <= now {
            return Err(TokenError::NotNow);
        }
        let shown = self.auth_time.unwrap_or(now);
        if shown > now.saturating_add(SKEW_S) {
            return Err(TokenError::NotNow);
        }
        if shown.saturating_add(MAX_AGE_S + SKEW_S) < now {
            return Err(TokenError::TooOld);
        }
        if let Some(since) = expected.shown_since {
            let shown = self.auth_time.ok_or(TokenError::NoTime)?;
            if shown.saturating_add(SKEW_S) < since.as_second() {
                return Err(TokenError::NotAnew);
            }
        }
        let named = self.sub.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        if self.sub.is_empty() || self.sub.len() > SUBJECT_CHARS_MAX || !named {
            return Err(TokenError::Malformed);
        }
        Ok(())
    }
}

/// What is signed, the signature, and the header.
fn parts(token: &str) -> Option<(&str, Vec<u8>, Header)> {
    if token.len() > TOKEN_CHARS_MAX {
        return None;
    }
    let (message, signature) = token.rsplit_once('.')?;
    let (header, body) = message.split_once('.')?;
    if body.contains('.') {
        return None;
    }
    let header = serde_json::from_slice(&decoded(header)?).ok()?;
    Some((message, decoded(signature)?, header))
}

fn decoded(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}
