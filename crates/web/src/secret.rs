//! Random identifiers and the keyed check of forms (CSRF): a cookie holds a random value, the
//! form holds its MAC, and another site can neither read the one nor compute the other. The form
//! stays valid when a session ends, so that a home button on an open page still works with a PIN.

use crate::state::App;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::sync::Arc;

const COOKIE: &str = "segue_form";
const RANDOM_BYTES: usize = 16;

/// The value of the form cookie of this request.
#[derive(Clone, Debug)]
pub(crate) struct FormCookie(String);

/// The operating system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes from the operating system; restart Segue and check the machine: {0}")]
pub struct NoRandom(getrandom::Error);

/// 128 random bits in hex: command ids and form cookies.
pub(crate) fn random_id() -> Result<String, NoRandom> {
    let mut bytes = [0_u8; RANDOM_BYTES];
    getrandom::fill(&mut bytes).map_err(NoRandom)?;
    Ok(hex::encode(bytes))
}

fn mac(key: &[u8; 32], purpose: &[u8], text: &[u8]) -> Hmac<Sha256> {
    // RFC 2104 §2: a short key is padded with zeros to the block of 64 bytes.
    let mut block = [0_u8; 64];
    block[..32].copy_from_slice(key);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(purpose);
    mac.update(&[0]);
    mac.update(text);
    mac
}

/// A key for one purpose from the server's key.
pub(crate) fn derive(key: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    mac(key, b"segue-web-key", purpose)
        .finalize()
        .into_bytes()
        .into()
}

impl FormCookie {
    /// The token to put into this visitor's forms.
    pub(crate) fn token(&self, key: &[u8; 32]) -> String {
        hex::encode(
            mac(key, b"segue-web-form", self.0.as_bytes())
                .finalize()
                .into_bytes(),
        )
    }

    /// Whether a form comes from a page of this site, sent by the visitor it was made for.
    pub(crate) fn vouches(&self, key: &[u8; 32], token: &str, headers: &HeaderMap) -> bool {
        !cross_site(headers) && self.matches(key, token)
    }

    /// Whether a form carries this visitor's token, compared in constant time.
    fn matches(&self, key: &[u8; 32], token: &str) -> bool {
        hex::decode(token).is_ok_and(|sent| {
            mac(key, b"segue-web-form", self.0.as_bytes())
                .verify_slice(&sent)
                .is_ok()
        })
    }
}

/// Compares two secrets without telling by its time how much of them is equal.
pub(crate) fn same_text(key: &[u8; 32], a: &str, b: &str) -> bool {
    let expected = mac(key, b"segue-web-compare", a.as_bytes())
        .finalize()
        .into_bytes();
    mac(key, b"segue-web-compare", b.as_bytes())
        .verify_slice(&expected)
        .is_ok()
}

/// True if the browser says that another site made the request.
fn cross_site(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
}

fn sent_cookie(headers: &HeaderMap) -> Option<String> {
    let pairs = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok());
    let value = pairs
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))?;
    let well_formed =
        value.len() == 2 * RANDOM_BYTES && value.bytes().all(|b| b.is_ascii_hexdigit());
    well_formed.then(|| value.to_owned())
}

/// Gives every visitor a form cookie and hands its value to the handlers.
pub(crate) async fn form_cookie(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Result<Response, crate::page::Failure> {
    let known = sent_cookie(request.headers());
    let fresh = known.is_none();
    let value = match known {
        Some(value) => value,
        None => random_id()?,
    };
    request.extensions_mut().insert(FormCookie(value.clone()));
    let mut response = next.run(request).await;
    if fresh {
        let secure = if app.settings.secure_cookies {
            "; Secure"
        } else {
            ""
        };
        let cookie = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict{secure}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_belongs_to_one_cookie_and_one_key() {
        let (cookie, other) = (FormCookie("a".repeat(32)), FormCookie("b".repeat(32)));
        let token = cookie.token(&[1; 32]);
        assert!(cookie.matches(&[1; 32], &token));
        assert!(!other.matches(&[1; 32], &token));
        assert!(!cookie.matches(&[2; 32], &token));
        assert!(!cookie.matches(&[1; 32], ""));
        assert!(!cookie.matches(&[1; 32], "zz"));
    }

    #[test]
    fn only_a_well_formed_cookie_is_taken() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            HeaderValue::from_static("x=1; segue_form=short"),
        );
        assert_eq!(sent_cookie(&headers), None);
        let good = "0123456789abcdef0123456789abcdef";
        let line = format!("x=1; segue_form={good}");
        headers.insert(header::COOKIE, HeaderValue::from_str(&line).expect("ascii"));
        assert_eq!(sent_cookie(&headers).as_deref(), Some(good));
    }
}
