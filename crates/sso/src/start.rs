//! How a sign-in begins, and what is sent to turn a code into a token.

use crate::provider::{ClientSecret, Provider};
use crate::token::{AGAIN_AGE_S, MAX_AGE_S};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The page of Segue that a provider sends browsers back to.
const CALLBACK: &str = "/login/sso/back";

/// What is remembered of a sign-in that began, until its browser comes back. For that browser alone, and sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// Comes back with the browser.
    pub state: String,
    /// Comes back inside the token.
    pub nonce: String,
    /// Shows that whoever brings the code is who began (RFC 7636).
    pub verifier: String,
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start").finish_non_exhaustive()
    }
}

impl Start {
    /// From random bytes, 32 for each part.
    pub fn of(random: &[u8; 96]) -> Self {
        let part = |from: usize| URL_SAFE_NO_PAD.encode(&random[from..from + 32]);
        Self {
            state: part(0),
            nonce: part(32),
            verifier: part(64),
        }
    }

    /// RFC 7636, §4.2: `S256`.
    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier))
    }
}

/// The page a provider sends browsers back to, as it is registered there.
pub fn callback(pages: &str) -> String {
    format!("{}{CALLBACK}", pages.trim_end_matches('/'))
}

/// Where the browser is sent; `again` has the person show anew who they are, whatever the provider remembers.
pub fn authorization_url(
    provider: &Provider,
    client_id: &str,
    callback: &str,
    (start, again): (&Start, bool),
) -> String {
    let endpoint = &provider.authorization_endpoint;
    let age_s = if again { AGAIN_AGE_S } else { MAX_AGE_S };
    let joint = if endpoint.contains('?') { '&' } else { '?' };
    let query = form(&[
        ("response_type", "code"),
        ("scope", "openid"),
        ("client_id", client_id),
        ("redirect_uri", callback),
        ("state", &start.state),
        ("nonce", &start.nonce),
        ("code_challenge", &start.challenge()),
        ("code_challenge_method", "S256"),
        ("max_age", &age_s.to_string()),
    ]);
    let prompt = if again { "&prompt=login" } else { "" };
    format!("{endpoint}{joint}{query}{prompt}")
}

/// Where somebody who signed in there signs out, where the provider has such a page. It asks them itself, and needs no address
/// to come back to.
pub fn sign_out_url(provider: &Provider, client_id: &str) -> Option<String> {
    let endpoint = provider.end_session_endpoint.as_ref()?;
    let joint = if endpoint.contains('?') { '&' } else { '?' };
    Some(format!(
        "{endpoint}{joint}{}",
        form(&[("client_id", client_id)])
    ))
}

/// The form that turns a code into a token, and the `Authorization` header beside it, if the provider wants one.
pub fn token_request(
    provider: &Provider,
    (client_id, secret): (&str, &str),
    callback: &str,
    (code, start): (&str, &Start),
) -> (String, Option<String>) {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", callback),
        ("code_verifier", &start.verifier),
    ];
    match provider.client_secret {
        ClientSecret::Post => {
            fields.extend([("client_id", client_id), ("client_secret", secret)]);
            (form(&fields), None)
        }
        ClientSecret::Basic => {
            // RFC 6749, §2.3.1: both are form-encoded first.
            let both = format!("{}:{}", encoded(client_id), encoded(secret));
            let header = format!("Basic {}", STANDARD.encode(both));
            (form(&fields), Some(header))
        }
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    pairs.join("&")
}

/// Everything but letters, digits and `-._~` in percent signs: right in a query and in a form.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider(client_secret: ClientSecret) -> Provider {
        Provider {
            issuer: "https://id.example.org".into(),
            authorization_endpoint: "https://id.example.org/auth?realm=a".into(),
            token_endpoint: "https://id.example.org/token".into(),
            jwks_uri: "https://id.example.org/jwks".into(),
            client_secret,
            names_itself: false,
            end_session_endpoint: Some("https://id.example.org/out?realm=a".into()),
        }
    }

    #[test]
    fn the_challenge_is_the_standards() {
        // RFC 7636, appendix B.
        let start = Start {
            state: "s".into(),
            nonce: "n".into(),
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(),
        };
        assert_eq!(
            start.challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
        let basic = provider(ClientSecret::Basic);
        let out = sign_out_url(&basic, "segue & co");
        assert_eq!(
            out.as_deref(),
            Some("https://id.example.org/out?realm=a&client_id=segue%20%26%20co")
        );
        let back = callback("https://segue.example/");
        assert_eq!(back, "https://segue.example/login/sso/back");
        let url = authorization_url(&basic, "segue & co", &back, (&start, false));
        let anew = authorization_url(&basic, "segue & co", &back, (&start, true));
        let asked = url.replace("max_age=43200", "max_age=300");
        assert_eq!(anew, format!("{asked}&prompt=login"));
        assert_eq!(
            url,
            "https://id.example.org/auth?realm=a&response_type=code&scope=openid&client_id=segue%20%26%20co\
             &redirect_uri=https%3A%2F%2Fsegue.example%2Flogin%2Fsso%2Fback&state=s&nonce=n\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&max_age=43200"
        );
    }

    #[test]
    fn the_secret_goes_where_the_provider_takes_it() {
        let start = Start::of(&[7; 96]);
        assert_eq!(start.verifier.len(), 43, "RFC 7636 asks for 43 to 128");
        let client = ("segue", "s:cret");
        let ask = |p: &Provider| token_request(p, client, "https://s/b", ("c d", &start));
        let (form, header) = ask(&provider(ClientSecret::Basic));
        // base64("segue:s%3Acret")
        assert_eq!(header.as_deref(), Some("Basic c2VndWU6cyUzQWNyZXQ="));
        assert!(
            form.contains("&code=c%20d&") && !form.contains("cret"),
            "{form}"
        );
        let (form, header) = ask(&provider(ClientSecret::Post));
        assert_eq!(header, None);
        assert!(
            form.ends_with("&client_id=segue&client_secret=s%3Acret"),
            "{form}"
        );
    }
}
