//! Callers, without their numbers: a keyed hash stands for a caller everywhere outside the call itself.
//!
//! The client controls the key (`domain.md` §7.2); it never enters the journal, a log or the outsourcer's view.

use crate::ids::LineId;
use crate::lines::apart_line;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// The client's secret key for caller hashes, 32 bytes, kept outside every database.
#[derive(Clone)]
pub struct CallerKey {
    mac: Hmac<Sha256>,
}

impl fmt::Debug for CallerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallerKey(…)")
    }
}

/// HMAC-SHA-256 of a caller's E.164 number under the client's key: joins calls of one caller, cannot be called back.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallerHash(pub [u8; 32]);

impl CallerKey {
    /// A key from its 32 bytes.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self {
            mac: Hmac::new_from_slice(bytes)
                .unwrap_or_else(|_| unreachable!("HMAC takes any key length")),
        }
    }

    /// The key of one line's own callers: what it makes of a number is nothing that another line's makes of it.
    #[must_use]
    pub fn of_line(&self, line: &LineId) -> Self {
        Self::new(&self.digest(&[b"line of its own\0", line.as_str().as_bytes()]))
    }

    /// The key for calls to a dialled number: the line's own where its callers are kept apart.
    pub fn of_dialled(&self, apart: &BTreeMap<String, LineId>, dialled: &str) -> Cow<'_, Self> {
        apart_line(apart, dialled)
            .map_or(Cow::Borrowed(self), |line| Cow::Owned(self.of_line(line)))
    }

    /// The hash of a number already in E.164 form (`+` and digits).
    pub fn hash(&self, e164: &str) -> CallerHash {
        CallerHash(self.digest(&[b"caller\0", e164.as_bytes()]))
    }

    /// The caller's bucket, 0–9999, within one group of lines: the sticky split's only dice.
    pub fn bucket(&self, line_group: &str, caller: &str) -> u16 {
        let digest = self.digest(&[b"bucket\0", line_group.as_bytes(), b"\0", caller.as_bytes()]);
        let mut head = [0; 8];
        head.copy_from_slice(&digest[..8]);
        // 2^64 mod 10,000 leaves a bias below 1e-15.
        u16::try_from(u64::from_be_bytes(head) % 10_000).unwrap_or(0)
    }

    /// What marks a test call of this caller to this number: whoever has no key cannot mark a call, and takes nothing out of
    /// the evidence.
    pub fn test_mark(&self, caller: &str, dialled: &str) -> String {
        let parts: [&[u8]; 4] = [b"test call\0", caller.as_bytes(), b"\0", dialled.as_bytes()];
        hex::encode(self.digest(&parts))
    }

    /// Eight digits drawn from these parts.
    pub fn dial_in_code(&self, parts: &[&str]) -> String {
        let digest = self.of_parts(b"dial-in code\0", parts);
        let mut head = [0; 8];
        head.copy_from_slice(&digest[..8]);
        // 2^64 mod 10^8 leaves a bias below 1e-11.
        format!("{:08}", u64::from_be_bytes(head) % 100_000_000)
    }

    /// What names one use of a code, so that it is taken once however often it is sent.
    pub fn dial_in_mark(&self, parts: &[&str]) -> String {
        hex::encode(&self.of_parts(b"dial-in use\0", parts)[..16])
    }

    fn of_parts(&self, purpose: &[u8], parts: &[&str]) -> [u8; 32] {
        let lengths: Vec<_> = parts.iter().map(|part| part.len().to_be_bytes()).collect();
        let parts = lengths.iter().zip(parts);
        let parts = parts.flat_map(|(length, part)| [&length[..], part.as_bytes()]);
        let parts: Vec<_> = std::iter::once(purpose).chain(parts).collect();
        self.digest(&parts)
    }

    fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.mac.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Display for CallerHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for CallerHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallerHash({self})")
    }
}

impl std::str::FromStr for CallerHash {
    type Err = hex::FromHexError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl Serialize for CallerHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CallerHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A caller's number in E.164 form, or `None` for anonymous and unusable callers.
///
/// Punctuation and a `tel:` or `sip:` wrapping are dropped; ten digits are taken as North American (`+1`).
/// A number in scientific notation (`8.00556E+09`) has lost digits and is refused.
pub fn e164(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text
        .strip_prefix("tel:")
        .or_else(|| text.strip_prefix("sip:"))
        .unwrap_or(text);
    let text = text.split(['@', ';', '?']).next().unwrap_or_default();
    let explicit = text.starts_with('+') || text.starts_with("00");
    let mut digits = String::with_capacity(16);
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' | '-' | '.' | ' ' | '(' | ')' | '/' => {}
            _ => return None,
        }
    }
    if text.starts_with("00") {
        digits.drain(..2);
    }
    match digits.len() {
        10 if !explicit => Some(format!("+1{digits}")),
        7..=15 => Some(format!("+{digits}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_brought_to_one_form_or_refused() {
        for (text, expected) in [
            ("+1 (609) 555-0110", Some("+16095550110")),
            ("6095550110", Some("+16095550110")),
            ("16095550110", Some("+16095550110")),
            ("tel:+1-609-555-0110;phone-context=x", Some("+16095550110")),
            ("sip:+16095550110@carrier.example", Some("+16095550110")),
            ("0044 20 7946 0000", Some("+442079460000")),
            ("8.00556E+09", None),
            ("anonymous", None),
            ("", None),
            ("911", None),
        ] {
            assert_eq!(e164(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_bucket_depends_on_key_line_group_and_caller_and_nothing_prints_the_key() {
        let key = CallerKey::new(&[7; 32]);
        let here = key.bucket("main", "+16095550110");
        assert_eq!(here, key.bucket("main", "+16095550110"));
        assert_ne!(here, key.bucket("north", "+16095550110"));
        assert_ne!(
            here,
            CallerKey::new(&[8; 32]).bucket("main", "+16095550110")
        );
        assert_eq!(format!("{key:?}"), "CallerKey(…)");
    }

    #[test]
    fn a_hash_survives_its_text_form() {
        let hash = CallerKey::new(&[1; 32]).hash("+16095550110");
        assert_eq!(hash.to_string().parse::<CallerHash>().ok(), Some(hash));
    }
}
