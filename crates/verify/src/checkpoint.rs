//! Daily checkpoints that both parties signed: whoever holds one sees when the stream it speaks of was cut, rewritten or put in
//! another order afterwards. Written from `docs/journal-format.md` alone.

use crate::{Checker, Wrong, bytes, signed};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::Read;

/// Largest file taken.
const FILE_BYTES_MAX: u64 = 64 << 10;
/// Both parties, as the journal names them.
const SIDES: [&str; 2] = ["client", "outsourcer"];

/// A checkpoint whose signatures hold; whose they are only the export tells.
#[derive(Clone)]
pub(crate) struct Checkpoint {
    name: String,
    pub(crate) stream: String,
    version: u64,
    hash: String,
    at: String,
    keys: Vec<String>,
}

impl Checkpoint {
    /// Reads a file; one that is no checkpoint, or whose signatures do not fit what it says, is refused here.
    pub(crate) fn open(name: &str) -> Result<Self, String> {
        let file = std::fs::File::open(name);
        let file = file.map_err(|error| format!("cannot open `{name}`: {error}"))?;
        let mut text = String::new();
        let read = file.take(FILE_BYTES_MAX).read_to_string(&mut text);
        read.map_err(|error| format!("cannot read `{name}`: {error}"))?;
        let no = |what: &str| format!("`{name}` is no checkpoint: {what}");
        let file: Value = serde_json::from_str(&text).map_err(|_| no("it is no JSON"))?;
        if file["segue_checkpoint"] != 1 {
            return Err(no("`segue_checkpoint` is not 1"));
        }
        let body = file["body"]
            .as_str()
            .ok_or_else(|| no("`body` is no text"))?;
        let hash = hash(body);
        let mut keys = Vec::new();
        for entry in file["signatures"].as_array().map_or(&[][..], Vec::as_slice) {
            let member = |member: &str| entry[member].as_str().unwrap_or_default();
            let key = member("public_key");
            if member("signed_hash") != hash || !signed(key, &hash, member("signature")) {
                return Err(format!(
                    "`{name}`: the signature by key {key} is forged, or what was signed was changed"
                ));
            }
            keys.push(key.to_owned());
        }
        let body: Value = serde_json::from_str(body).map_err(|_| no("its body is no JSON"))?;
        let text = |member: &str| body[member].as_str().map(str::to_owned);
        let head = text("hash").filter(|hash| bytes::<32>(hash).is_some());
        match (text("stream"), body["version"].as_u64(), head, text("at")) {
            (Some(stream), Some(version), Some(hash), Some(at)) => Ok(Self {
                name: name.to_owned(),
                stream,
                version,
                hash,
                at,
                keys,
            }),
            _ => Err(no("its body lacks `stream`, `version`, `hash` or `at`")),
        }
    }

    /// A fact of the export, against what both signed.
    pub(crate) fn check_fact(&self, stream: &str, version: u64, hash: &str) -> Result<(), Wrong> {
        if self.stream == stream && self.version == version && self.hash != hash {
            let wrong = format!(
                "`{}` has another hash here: the stream was rewritten after it was signed",
                self.name
            );
            return Err(("checkpoint", wrong));
        }
        Ok(())
    }

    /// After the last fact: the stream reaches what was signed, and each party has signed with a key that was enrolled by then.
    pub(crate) fn check_end(&self, last: u64, seen: &Checker) -> Result<(), Wrong> {
        if last < self.version {
            let wrong = format!(
                "`{}` ends at version {last}, but `{}` signs {}: facts were cut off",
                self.stream, self.name, self.version
            );
            return Err(("checkpoint", wrong));
        }
        let mut sides = BTreeSet::new();
        for key in &self.keys {
            let place = (self.stream.clone(), key.clone());
            let known = seen
                .enrolled
                .get(&place)
                .filter(|(_, since)| *since <= self.version);
            let revoked = seen
                .revoked
                .get(&place)
                .is_some_and(|since| *since <= self.version);
            let known = known.filter(|_| !revoked);
            let accepted = seen.trusted.is_empty() || seen.trusted.contains(key);
            match known {
                Some((side, _)) if accepted => sides.extend(side.clone()),
                Some(_) => {
                    let wrong = format!(
                        "`{}` is signed by key {key}, which is not among those given",
                        self.name
                    );
                    return Err(("signature", wrong));
                }
                None => {
                    let wrong = format!(
                        "`{}` is signed by key {key}, which is not enrolled at that fact",
                        self.name
                    );
                    return Err(("signature", wrong));
                }
            }
        }
        let missing = SIDES.into_iter().find(|side| !sides.contains(*side));
        missing.map_or(Ok(()), |side| {
            Err((
                "unsigned",
                format!("`{}` lacks a signature of the {side}", self.name),
            ))
        })
    }
}

/// Of two checkpoints of a stream the later one reaches at least as far.
pub(crate) fn check_order(all: &[Checkpoint]) -> Result<(), Wrong> {
    for one in all {
        let back = all.iter().find(|other| {
            other.stream == one.stream && other.at > one.at && other.version < one.version
        });
        if let Some(back) = back {
            let wrong = format!(
                "`{}` is later than `{}` and reaches less far: facts were cut off between them",
                back.name, one.name
            );
            return Err(("checkpoint", wrong));
        }
    }
    Ok(())
}

/// What both sign: SHA-256 over 20 bytes that say what it is, and the body as it stands.
fn hash(body: &str) -> String {
    let mut digest = Sha256::new_with_prefix(b"segue-checkpoint-v1\0");
    digest.update(body.as_bytes());
    hex::encode(digest.finalize())
}
