//! Signatures by passkeys, from `docs/journal-format.md`: `passkey.es256.POINT.ORIGIN` and `webauthn.DATA.CLIENT.SIGNATURE`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The key and its origin, if the text is one.
pub(crate) fn key(text: &str) -> Option<(VerifyingKey, &str)> {
    let (point, origin) = text.strip_prefix("passkey.es256.")?.split_once('.')?;
    let point = hex::decode(point).ok().filter(|point| point.len() == 33)?;
    let key = VerifyingKey::from_sec1_bytes(&point).ok()?;
    Some((key, origin))
}

/// Whether the key signed the hash.
pub(crate) fn signed(text: &str, hash: &[u8; 32], signature: &str) -> bool {
    check(text, hash, signature) == Some(true)
}

fn check(text: &str, hash: &[u8; 32], signature: &str) -> Option<bool> {
    let (key, origin) = key(text)?;
    let parts: Vec<_> = signature.strip_prefix("webauthn.")?.split('.').collect();
    let [data, client, der] = parts[..] else {
        return None;
    };
    let read = |part| URL_SAFE_NO_PAD.decode(part).ok();
    let (data, client, der) = (read(data)?, read(client)?, read(der)?);
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
    let signature = Signature::from_der(&der).ok()?;
    Some(fits && key.verify(&message, &signature).is_ok())
}
