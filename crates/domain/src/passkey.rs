//! Passkeys as signing keys: an assertion (W3C Web Authentication level 3, §7.2) whose challenge is the hash that is signed.
//!
//! A key is written `passkey.es256.POINT.ORIGIN`: the P-256 point in hexadecimal, compressed, and the address of the pages it
//! was enrolled on; or `passkey.eddsa.KEY.ORIGIN`: the 32 bytes of an Ed25519 key (COSE −7 and −8). A signature is written
//! `webauthn.DATA.CLIENT.SIGNATURE`: what the authenticator said of itself, what the browser said, and the signature over
//! both, each in base64url. Strict: user present and verified, that origin and no other, that hash and no other.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// What the text of a P-256 passkey begins with.
const ES256: &str = "passkey.es256.";
/// The same of an Ed25519 passkey.
const EDDSA: &str = "passkey.eddsa.";
/// What a passkey's signature begins with.
const SIGNATURE: &str = "webauthn.";
/// Longest signature taken, in characters; an authenticator's is some 700.
const SIGNATURE_CHARS_MAX: usize = 8_192;
/// Longest address of the pages, in characters.
const ORIGIN_CHARS_MAX: usize = 200;
/// Bits of the authenticator's flags: the person was there, and was recognised.
const PRESENT_AND_VERIFIED: u8 = 0x01 | 0x04;
/// Bytes before the flags: the SHA-256 of the relying party's name.
const RP_HASH_BYTES: usize = 32;
/// Shortest authenticator data: name hash, flags, counter.
const DATA_BYTES_MIN: usize = RP_HASH_BYTES + 1 + 4;

/// A signing key that a browser or a security key keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    key: Key,
    origin: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    Es256(VerifyingKey),
    Eddsa(ed25519_dalek::VerifyingKey),
}

impl Key {
    /// Reads the key of a text and what follows it; in one way only.
    fn read(text: &str) -> Option<(Self, &str)> {
        let lower = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if let Some(rest) = text.strip_prefix(ES256) {
            let (point, origin) = rest.split_once('.')?;
            let point = hex::decode(point)
                .ok()
                .filter(|bytes| bytes.len() == 33 && lower(point))?;
            return Some((
                Self::Es256(VerifyingKey::from_sec1_bytes(&point).ok()?),
                origin,
            ));
        }
        let (key, origin) = text.strip_prefix(EDDSA)?.split_once('.')?;
        let bytes: [u8; 32] = hex::decode(key)
            .ok()
            .filter(|_| lower(key))?
            .try_into()
            .ok()?;
        Some((Self::eddsa(&bytes)?, origin))
    }

    /// No key of small order: it would have signed everything.
    fn eddsa(bytes: &[u8; 32]) -> Option<Self> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).ok()?;
        (!key.is_weak()).then_some(Self::Eddsa(key))
    }

    fn text(&self) -> String {
        match self {
            Self::Es256(key) => {
                let point = key.to_encoded_point(true);
                format!("{ES256}{}", hex::encode(point.as_bytes()))
            }
            Self::Eddsa(key) => format!("{EDDSA}{}", hex::encode(key.as_bytes())),
        }
    }

    fn signed(&self, message: &[u8], signature: &[u8]) -> Option<()> {
        match self {
            Self::Es256(key) => {
                let signature = Signature::from_der(signature).ok()?;
                key.verify(message, &signature).ok()
            }
            Self::Eddsa(key) => {
                let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
                key.verify_strict(message, &signature).ok()
            }
        }
    }
}

/// What the browser said; members that are not named here are free.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(rename = "crossOrigin", default)]
    cross_origin: bool,
}

impl Passkey {
    /// Reads a key; `None` when it is not written as above, in one way only.
    pub fn read(text: &str) -> Option<Self> {
        let (key, origin) = Key::read(text)?;
        host(origin)?;
        Some(Self {
            key,
            origin: origin.to_owned(),
        })
    }

    /// The text of a key as a browser hands it over (`getPublicKey()`: `SubjectPublicKeyInfo` of a P-256 point or an Ed25519 key).
    pub fn text_of(spki: &[u8], origin: &str) -> Option<String> {
        /// RFC 5480: `id-ecPublicKey` with `secp256r1`, then 65 bytes of the point.
        const P256: &str = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
        /// RFC 8410: `id-Ed25519`, then 32 bytes of the key.
        const ED25519: &str = "302a300506032b6570032100";
        let spki = hex::encode(spki);
        let key = if let Some(point) = spki.strip_prefix(P256) {
            Key::Es256(VerifyingKey::from_sec1_bytes(&hex::decode(point).ok()?).ok()?)
        } else {
            let bytes = hex::decode(spki.strip_prefix(ED25519)?).ok()?;
            Key::eddsa(&bytes.try_into().ok()?)?
        };
        let text = format!("{}.{origin}", key.text());
        Self::read(&text).map(|_| text)
    }

    /// Whether the assertion is this key's, over this hash.
    pub fn signed(&self, hash: &[u8; 32], signature: &str) -> bool {
        self.check(hash, signature).is_some()
    }

    fn check(&self, hash: &[u8; 32], signature: &str) -> Option<()> {
        if signature.len() > SIGNATURE_CHARS_MAX {
            return None;
        }
        let mut parts = signature.strip_prefix(SIGNATURE)?.split('.');
        let mut part = || URL_SAFE_NO_PAD.decode(parts.next()?).ok();
        let (data, client, signature) = (part()?, part()?, part()?);
        if parts.next().is_some() {
            return None;
        }
        let said: ClientData = serde_json::from_slice(&client).ok()?;
        let asked = said.kind == "webauthn.get"
            && said.challenge == URL_SAFE_NO_PAD.encode(hash)
            && said.origin == self.origin
            && !said.cross_origin;
        let site = Sha256::digest(host(&self.origin)?);
        let there = data.len() >= DATA_BYTES_MIN
            && data[..RP_HASH_BYTES] == site[..]
            && data[RP_HASH_BYTES] & PRESENT_AND_VERIFIED == PRESENT_AND_VERIFIED;
        if !asked || !there {
            return None;
        }
        let message = [&data[..], &Sha256::digest(&client)].concat();
        self.key.signed(&message, &signature)
    }
}

/// The signature's text, from the three parts a browser hands over in base64url.
pub fn signature_text(data: &str, client: &str, signature: &str) -> String {
    format!("{SIGNATURE}{data}.{client}.{signature}")
}

/// The host of an origin such as `https://segue.example` or `http://localhost:8080`: the relying party.
pub fn host(origin: &str) -> Option<&str> {
    let rest = origin
        .strip_prefix("https://")
        .or_else(|| origin.strip_prefix("http://").filter(|rest| is_local(rest)))?;
    let (host, port) = rest
        .split_once(':')
        .map_or((rest, None), |(h, p)| (h, Some(p)));
    let name = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    let port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    let fits = !host.is_empty() && host.bytes().all(name) && origin.len() <= ORIGIN_CHARS_MAX;
    (fits && port).then_some(host)
}

/// Browsers give passkeys to pages without TLS on the own machine alone.
fn is_local(rest: &str) -> bool {
    rest == "localhost" || rest.starts_with("localhost:")
}
