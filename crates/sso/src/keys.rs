//! A provider's keys (RFC 7517), and whether one of them signed (RFC 7515, RFC 7518).
//!
//! The key decides which algorithms fit it: no token chooses how it is checked. Keys shared with the client (`HS256`) and
//! `none` are not among them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;

/// Most keys of a provider that are looked at.
const KEYS_MAX: usize = 64;

/// The keys a provider signs with.
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<Key>);

#[derive(Clone, Debug)]
struct Key {
    id: Option<String>,
    algorithm: Option<String>,
    material: Material,
}

#[derive(Clone, Debug)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Keys {
    /// Reads a set of keys; keys that are for something else, or of a kind not known here, are passed by. `None` for what is no
    /// set of keys.
    pub fn read(document: &[u8]) -> Option<Self> {
        let set: Set = serde_json::from_slice(document).ok()?;
        let keys = set.keys.into_iter().take(KEYS_MAX);
        Some(Self(keys.filter_map(key).collect()))
    }

    /// Whether a token that names this key (or none) could be signed by one of these.
    pub(crate) fn knows(&self, id: Option<&str>) -> bool {
        self.named(id).next().is_some()
    }

    /// Whether one of these signed it.
    pub(crate) fn signed(
        &self,
        (id, algorithm): (Option<&str>, &str),
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let mut fit = self
            .named(id)
            .filter(|key| key.algorithm.as_deref().is_none_or(|own| own == algorithm));
        fit.any(|key| key.material.signed(algorithm, message, signature))
    }

    fn named(&self, id: Option<&str>) -> impl Iterator<Item = &Key> {
        self.0
            .iter()
            .filter(move |key| id.is_none_or(|id| key.id.as_deref() == Some(id)))
    }
}

fn key(jwk: serde_json::Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(jwk).ok()?;
    if jwk.purpose.is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let part = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_ref()?).ok();
    // SEC 1, §2.3.3: an uncompressed point.
    let point = |bytes: usize| {
        let (x, y) = (part(&jwk.x)?, part(&jwk.y)?);
        (x.len() == bytes && y.len() == bytes).then(|| [&[4][..], &x, &y].concat())
    };
    let material = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => Material::Rsa {
            n: part(&jwk.n)?,
            e: part(&jwk.e)?,
        },
        ("EC", Some("P-256")) => Material::P256(point(32)?),
        ("EC", Some("P-384")) => Material::P384(point(48)?),
        ("OKP", Some("Ed25519")) => Material::Ed25519(part(&jwk.x)?),
        _ => return None,
    };
    Some(Key {
        id: jwk.kid,
        algorithm: jwk.alg,
        material,
    })
}

impl Material {
    fn signed(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        let by = |fixed: &'static dyn VerificationAlgorithm, key: &[u8]| {
            let key = UnparsedPublicKey::new(fixed, key);
            key.verify(message, signature).is_ok()
        };
        match (self, algorithm) {
            (Self::Rsa { n, e }, _) => {
                let Some(fixed) = rsa(algorithm) else {
                    return false;
                };
                let key = RsaPublicKeyComponents { n, e };
                key.verify(fixed, message, signature).is_ok()
            }
            (Self::P256(key), "ES256") => by(&ECDSA_P256_SHA256_FIXED, key),
            (Self::P384(key), "ES384") => by(&ECDSA_P384_SHA384_FIXED, key),
            (Self::Ed25519(key), "EdDSA" | "Ed25519") => by(&ED25519, key),
            _ => false,
        }
    }
}

fn rsa(algorithm: &str) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &RSA_PSS_2048_8192_SHA256,
        "PS384" => &RSA_PSS_2048_8192_SHA384,
        "PS512" => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}
