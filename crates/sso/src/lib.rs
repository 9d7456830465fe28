//! Single sign-on by OpenID Connect (Core 1.0): what is asked of a provider, and whether the token it answers with is believed.
//!
//! The authorization code flow with PKCE (RFC 7636), state and nonce. Nothing here has a socket, a clock or dice: documents
//! come in as bytes, random bytes and the time are parameters. Signatures are checked by `ring`.
#![forbid(unsafe_code)]

mod keys;
mod provider;
mod start;
mod token;

pub use keys::Keys;
pub use provider::{ClientSecret, Provider, ProviderError, is_fit};
pub use start::{Start, authorization_url, callback, sign_out_url, token_request};
pub use token::{Expected, Identity, MAX_AGE_S, TokenError, check};
