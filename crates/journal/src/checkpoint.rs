//! Daily checkpoints: where the chain of a transition stood, signed by both parties and kept by both. Whoever rewrites the
//! database afterwards, its host included, cannot make them fit (design: Signatures; `docs/journal-format.md`).

use crate::event::{Body, ChainHash, StreamHead, StreamId, Version, instant_text};
use crate::journal::{Journal, ReadError};
use crate::verify::Checkpoint;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use segue_domain::signature::{SignatureInput, verifies};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Separates these hashes from every other use of SHA-256 in Segue.
const DOMAIN: &[u8] = b"segue-checkpoint-v1\0";
/// Signatures one file holds at most: each signatory of both parties, and then some.
const SIGNATURES_MAX: usize = 100;

/// A checkpoint as a file both parties keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointFile {
    /// The format's version.
    segue_checkpoint: u32,
    /// [`Stand`] as canonical JSON text: exactly these bytes are signed.
    body: String,
    /// Whoever signed.
    signatures: Vec<CheckpointSignature>,
}

/// One signature over a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointSignature {
    /// The signatory's account name, for people; the key is what counts.
    pub signatory: String,
    /// Hex public key.
    pub public_key: String,
    /// Hex hash of the checkpoint.
    pub signed_hash: String,
    /// Hex signature.
    pub signature: String,
}

/// Where a stream stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// RFC 3339, UTC, six decimals.
    pub at: String,
    /// The UTC day of it.
    pub day: String,
    /// Hash of its newest fact.
    pub hash: String,
    /// Hash of the checkpoint before it; absent on the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// The stream.
    pub stream: String,
    /// Its newest version, which is the count of its facts.
    pub version: u64,
}

/// Why a file is no checkpoint, or not the one that was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCheckpoint {
    /// Not this format.
    #[error("it is no checkpoint of Segue; make one with `segue checkpoint take`")]
    NotOne,
    /// A signature does not fit what the file says.
    #[error("the signature of `{signatory}` is forged, or what was signed was changed")]
    Forged {
        /// Whose it claims to be.
        signatory: String,
    },
    /// More signatures than people.
    #[error("it holds more than {SIGNATURES_MAX} signatures")]
    TooMany,
}

impl CheckpointFile {
    /// A checkpoint of a stream's newest fact, unsigned.
    pub fn of(
        head: &StreamHead,
        at: Timestamp,
        previous: Option<String>,
    ) -> Result<Self, serde_json::Error> {
        let stand = Stand {
            at: instant_text(at),
            day: day_of(at),
            hash: head.hash.to_string(),
            previous,
            stream: head.stream.as_str().to_owned(),
            version: head.version.0,
        };
        Ok(Self {
            segue_checkpoint: 1,
            body: Body::canonical(&stand)?.as_str().to_owned(),
            signatures: Vec::new(),
        })
    }

    /// Reads a file and checks that its signatures are over what it says.
    ///
    /// # Errors
    /// The file is not a checkpoint, or a signature in it does not hold.
    pub fn read(text: &str) -> Result<(Self, Stand), BadCheckpoint> {
        let file: Self = serde_json::from_str(text).map_err(|_| BadCheckpoint::NotOne)?;
        let stand: Stand = serde_json::from_str(&file.body).map_err(|_| BadCheckpoint::NotOne)?;
        if file.segue_checkpoint != 1 || stand.noted().is_none() {
            return Err(BadCheckpoint::NotOne);
        }
        if file.signatures.len() > SIGNATURES_MAX {
            return Err(BadCheckpoint::TooMany);
        }
        let hash = file.hash();
        let forged = file.signatures.iter().find(|s| {
            s.signed_hash != hash || !verifies(&s.public_key, &s.signed_hash, &s.signature)
        });
        match forged {
            Some(s) => Err(BadCheckpoint::Forged {
                signatory: s.signatory.clone(),
            }),
            None => Ok((file, stand)),
        }
    }

    /// The file's text.
    pub fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// What is signed.
    pub fn hash(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(DOMAIN);
        digest.update(self.body.as_bytes());
        hex::encode(digest.finalize())
    }

    /// Whoever signed.
    pub fn signatures(&self) -> &[CheckpointSignature] {
        &self.signatures
    }

    /// Adds a signature over [`Self::hash`]; a second one by the same key changes nothing. False when it does not hold.
    pub fn sign(&mut self, public_key: &str, signature: SignatureInput) -> bool {
        let hash = self.hash();
        if signature.signed_hash != hash || !verifies(public_key, &hash, &signature.signature) {
            return false;
        }
        let known = self.signatures.iter().any(|s| s.public_key == public_key);
        if !known {
            self.signatures.push(CheckpointSignature {
                signatory: signature.signatory.to_string(),
                public_key: public_key.to_owned(),
                signed_hash: signature.signed_hash,
                signature: signature.signature,
            });
        }
        true
    }
}

impl Stand {
    /// The head it speaks of, as a check of the journal takes it; `None` when the text names none.
    pub fn noted(&self) -> Option<Checkpoint> {
        let mut hash = [0; 32];
        hex::decode_to_slice(&self.hash, &mut hash).ok()?;
        Some(Checkpoint {
            stream: StreamId::new(self.stream.clone()).ok()?,
            version: Version(self.version),
            hash: ChainHash(hash),
        })
    }
}

/// The UTC day of an instant, as checkpoints name it.
pub fn day_of(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}

/// A checkpoint of a stream as it stands; `None` while it holds no fact.
pub async fn take<J: Journal>(
    journal: &J,
    stream: &StreamId,
    at: Timestamp,
    previous: Option<String>,
) -> Result<Option<CheckpointFile>, ReadError> {
    let heads = journal.streams().await?;
    let head = heads.into_iter().find(|head| head.stream == *stream);
    // The types always have a JSON form.
    Ok(head.and_then(|head| CheckpointFile::of(&head, at, previous).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Position;
    use segue_domain::{Role, Side};
    use segue_example::{person, sign};

    fn head() -> StreamHead {
        StreamHead {
            stream: StreamId::new("T-1").unwrap(),
            version: Version(41),
            position: Position(57),
            hash: ChainHash([7; 32]),
        }
    }

    fn at() -> Timestamp {
        "2026-11-27T08:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_is_signed_is_exactly_what_the_file_says() {
        let mut file = CheckpointFile::of(&head(), at(), None).unwrap();
        assert!(
            file.body.starts_with(
                r#"{"at":"2026-11-27T08:00:00.000000Z","day":"2026-11-27","hash":"0707"#
            )
        );
        for side in Side::BOTH {
            let actor = segue_example::of(side, Role::Signatory);
            let key = segue_example::key(&person(side, Role::Signatory));
            let public = hex::encode(key.verifying_key().as_bytes());
            let signature = sign(&actor, &file.hash());
            assert!(file.sign(&public, signature.clone()) && file.sign(&public, signature));
        }
        assert_eq!(file.signatures().len(), 2);
        let text = file.text().unwrap();
        let (read, stand) = CheckpointFile::read(&text).unwrap();
        assert_eq!(
            (read, stand.version, stand.day.as_str()),
            (file.clone(), 41, "2026-11-27")
        );
        assert_eq!(stand.noted().unwrap().hash, ChainHash([7; 32]));
        // One fact fewer, with the signatures of another stand.
        let forged = text.replace("\\\"version\\\":41", "\\\"version\\\":40");
        assert!(forged != text);
        assert!(matches!(
            CheckpointFile::read(&forged),
            Err(BadCheckpoint::Forged { .. })
        ));
        for garbage in [
            "",
            "{}",
            "[1]",
            r#"{"segue_checkpoint":1,"body":"{}","signatures":[]}"#,
        ] {
            assert_eq!(
                CheckpointFile::read(garbage),
                Err(BadCheckpoint::NotOne),
                "{garbage}"
            );
        }
    }

    #[test]
    fn a_signature_over_something_else_is_not_taken() {
        let mut file = CheckpointFile::of(&head(), at(), None).unwrap();
        let actor = segue_example::of(Side::Client, Role::Signatory);
        let key = segue_example::key(&person(Side::Client, Role::Signatory));
        let public = hex::encode(key.verifying_key().as_bytes());
        assert!(!file.sign(&public, sign(&actor, &"ab".repeat(32))));
        assert!(file.signatures().is_empty());
    }
}
