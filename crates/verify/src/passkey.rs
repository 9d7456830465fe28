//! Signatures by passkeys, from `docs/journal-format.md`: `passkey.es256.POINT.ORIGIN`, `passkey.eddsa.KEY.ORIGIN` and
//! `webauthn.DATA.CLIENT.SIGNATURE`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A passkey's key, by what it signs with.
pub(crate) enum Key {
    Es256(VerifyingKey),
    Eddsa(ed25519_dalek::VerifyingKey),
}

/// The key and its origin, if the text is one.
pub(crate) fn key(text: &str) -> Option<(Key, &str)> {
    let (kind, rest) = text.strip_prefix("passkey.")?.split_once('.')?;
    let (bytes, origin) = rest.split_once('.')?;
    let bytes = hex::decode(bytes).ok()?;
    let key = match (kind, bytes.len()) {
        ("es256", 33) => Key::Es256(VerifyingKey::from_sec1_bytes(&bytes).ok()?),
        ("eddsa", 32) => {
            let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes.try_into().ok()?).ok()?;
            Key::Eddsa(Some(key).filter(|key| !key.is_weak())?)
        }
        _ => return None,
    };
    Some((key, origin))
}

impl Key {
    fn signed(&self, message: &[u8], signature: &[u8]) -> Option<bool> {
        Some(match self {
            Self::Es256(key) => {
                let signature = Signature::from_der(signature).ok()?;
                key.verify(message, &signature).is_ok()
            }
            Self::Eddsa(key) => {
                let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
                key.verify_strict(message, &signature).is_ok()
            }
        })
    }
}

/// Whether the key signed the hash.
pub(crate) fn signed(text: &str, hash: &[u8; 32], signature: &str) -> bool {
    check(text, hash, signature) == Some(true)
}

fn check(text: &str, hash: &[u8; 32], signature: &str) -> Option<bool> {
    let (key, origin) = key(text)?;
    let parts: Vec<_> = signature.strip_prefix("webauthn.")?.split('.').collect();
    let [data, client, signature] = parts[..] else {
        return None;
    };
    let read = |part| URL_SAFE_NO_PAD.decode(part).ok();
    let (data, client, signature) = (read(data)?, read(client)?, read(signature)?);
    let said: Value = serde_json::from_slice(&client).ok()?;
    let host = origin.split_once("://")?.1.split(':').next()?;
    let fits = said["type"] == "webauthn.get"
        && said["challenge"] == URL_SAFE_NO_PAD.encode(hash)
        && said["origin"] == origin
        && said["crossOrigin"] != true
        && data.len() >= 37
        && data[..32] == Sha256::digest(host)[..]
        && data[32] & 0x05 == 0x05;
    let message = [&data[..], &Sha256::digest(&client)].concat();
    Some(fits && key.signed(&message, &signature)?)
}
