//! What a provider says of itself: its discovery document (OpenID Connect Discovery 1.0, §3).

use serde::Deserialize;

/// Longest address taken, in characters.
const URL_CHARS_MAX: usize = 2_000;

/// A provider, as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its name: the issuer that every token must carry, character for character.
    pub issuer: String,
    /// Where browsers are sent.
    pub authorization_endpoint: String,
    /// Where a code becomes a token.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// How the client shows its secret there.
    pub client_secret: ClientSecret,
    /// Whether it names itself when it sends a browser back (RFC 9207).
    pub names_itself: bool,
    /// Where people sign out there (RP-Initiated Logout 1.0), if it has such a page that browsers may be sent to.
    pub end_session_endpoint: Option<String>,
}

/// How a client shows its secret (OpenID Connect Core, §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientSecret {
    /// In the `Authorization` header; what a provider takes that says nothing.
    Basic,
    /// In the form.
    Post,
}

/// A provider that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// No discovery document.
    #[error(
        "what `{issuer}` publishes is no discovery document of OpenID Connect; check --oidc-issuer"
    )]
    NoDocument {
        /// The issuer asked for.
        issuer: String,
    },
    /// Another issuer.
    #[error(
        "the document of `{issuer}` is of the issuer `{found}`; set --oidc-issuer to exactly that, if it is the right one"
    )]
    Another {
        /// The issuer asked for.
        issuer: String,
        /// The one in the document.
        found: String,
    },
    /// An address that would send codes or secrets in the clear.
    #[error(
        "the provider's `{field}` is no https address; ask whoever runs the provider to correct it"
    )]
    Unfit {
        /// The member of the document.
        field: &'static str,
    },
    /// Neither way of showing the secret.
    #[error(
        "the provider takes a client's secret neither in the header nor in the form; register Segue for `client_secret_basic`"
    )]
    NoSecret,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    end_session_endpoint: Option<String>,
}

impl Provider {
    /// Where the discovery document of an issuer is.
    pub fn document_of(issuer: &str) -> String {
        format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        )
    }

    /// Reads the discovery document of an issuer.
    ///
    /// # Errors
    /// [`ProviderError`]: no such document, another issuer's, an address that is not TLS, or no way to show the secret.
    pub fn read(issuer: &str, document: &[u8]) -> Result<Self, ProviderError> {
        let read: Document =
            serde_json::from_slice(document).map_err(|_| ProviderError::NoDocument {
                issuer: issuer.to_owned(),
            })?;
        if read.issuer != issuer {
            return Err(ProviderError::Another {
                issuer: issuer.to_owned(),
                found: read.issuer.chars().take(200).collect(),
            });
        }
        for (field, url) in [
            ("authorization_endpoint", &read.authorization_endpoint),
            ("token_endpoint", &read.token_endpoint),
            ("jwks_uri", &read.jwks_uri),
        ] {
            if !is_fit(url) {
                return Err(ProviderError::Unfit { field });
            }
        }
        let client_secret = match read.token_endpoint_auth_methods_supported {
            None => ClientSecret::Basic,
            Some(ways) if ways.iter().any(|way| way == "client_secret_basic") => {
                ClientSecret::Basic
            }
            Some(ways) if ways.iter().any(|way| way == "client_secret_post") => ClientSecret::Post,
            Some(_) => return Err(ProviderError::NoSecret),
        };
        Ok(Self {
            issuer: read.issuer,
            authorization_endpoint: read.authorization_endpoint,
            token_endpoint: read.token_endpoint,
            jwks_uri: read.jwks_uri,
            client_secret,
            names_itself: read.authorization_response_iss_parameter_supported,
            end_session_endpoint: read.end_session_endpoint.filter(|url| is_fit(url)),
        })
    }
}

/// Whether an address may carry codes and secrets: `https`, or `http` on the own machine alone; no fragment, no user, no blanks.
pub fn is_fit(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| {
        let rest = url.strip_prefix("http://")?;
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        let name = match host.strip_prefix("[::1]") {
            Some(port) => return (port.is_empty() || port.starts_with(':')).then_some(rest),
            None => host.split(':').next().unwrap_or_default(),
        };
        matches!(name, "localhost" | "127.0.0.1").then_some(rest)
    });
    let plain =
        |b: u8| b.is_ascii_graphic() && !matches!(b, b'#' | b'@' | b'\\' | b'"' | b'<' | b'>');
    url.len() <= URL_CHARS_MAX
        && rest.is_some_and(|rest| {
            !rest.is_empty() && !rest.starts_with(['/', '?', ':']) && rest.bytes().all(plain)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.example.org/realm";

    fn document(edit: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
        let mut document = serde_json::json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example.org/realm/auth",
            "token_endpoint": "https://id.example.org/realm/token",
            "jwks_uri": "https://id.example.org/realm/jwks",
        });
        edit(&mut document);
        serde_json::to_vec(&document).unwrap()
    }

    #[test]
    fn a_document_is_read_and_another_issuers_is_not() {
        assert_eq!(
            Provider::document_of("https://id.example.org/realm/"),
            "https://id.example.org/realm/.well-known/openid-configuration"
        );
        let read = Provider::read(ISSUER, &document(|_| {})).unwrap();
        assert_eq!(read.client_secret, ClientSecret::Basic);
        assert!(!read.names_itself && read.end_session_endpoint.is_none());
        for (url, taken) in [
            ("https://id.example.org/out", true),
            ("javascript:alert(1)", false),
        ] {
            let out = document(|d| d["end_session_endpoint"] = url.into());
            let read = Provider::read(ISSUER, &out).unwrap();
            assert_eq!(read.end_session_endpoint.is_some(), taken, "{url}");
        }
        let post = document(|d| {
            d["token_endpoint_auth_methods_supported"] = serde_json::json!(["client_secret_post"]);
        });
        let read = Provider::read(ISSUER, &post).unwrap();
        assert_eq!(read.client_secret, ClientSecret::Post);
        let none = document(|d| {
            d["token_endpoint_auth_methods_supported"] = serde_json::json!(["private_key_jwt"]);
        });
        assert_eq!(Provider::read(ISSUER, &none), Err(ProviderError::NoSecret));
        let other = document(|d| d["issuer"] = "https://id.example.org/other".into());
        assert!(matches!(
            Provider::read(ISSUER, &other),
            Err(ProviderError::Another { .. })
        ));
        let plain = document(|d| d["token_endpoint"] = "http://id.example.org/token".into());
        let field = "token_endpoint";
        assert_eq!(
            Provider::read(ISSUER, &plain),
            Err(ProviderError::Unfit { field })
        );
        assert!(matches!(
            Provider::read(ISSUER, b"<html>"),
            Err(ProviderError::NoDocument { .. })
        ));
    }

    #[test]
    fn codes_go_over_tls_or_stay_on_the_machine() {
        for (url, fit) in [
            ("https://id.example.org", true),
            ("https://id.example.org:8443/a?b=c", true),
            ("http://localhost:9000/x", true),
            ("http://127.0.0.1:9000", true),
            ("http://[::1]:9000/x", true),
            ("http://id.example.org", false),
            ("http://localhost.example.org", false),
            ("http://127.0.0.1.example.org/", false),
            ("http://localhost@example.org/", false),
            ("https://a@b.example.org", false),
            ("https://", false),
            ("https:///x", false),
            ("https://id.example.org/#a", false),
            ("https://id.example.org/ a", false),
            ("ftp://id.example.org", false),
            ("", false),
        ] {
            assert_eq!(is_fit(url), fit, "{url}");
        }
    }
}
