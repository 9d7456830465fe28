//! The hash chain: what one fact's hash covers. `docs/journal-format.md` says the same in prose, and `segue-verify`
//! was written from that page alone.

use crate::event::{ChainHash, Recorded, instant_text};
use sha2::{Digest, Sha256};

/// Separates these hashes from every other use of SHA-256 in Segue.
const DOMAIN: &[u8] = b"segue-journal-v1\0";

/// The hash a fact must carry, given everything else in it.
///
/// The position is left out on purpose: it is a cursor of one database, and a journal moved to another keeps its chains.
pub fn chain_hash(event: &Recorded) -> ChainHash {
    let mut digest = Sha256::new();
    digest.update(DOMAIN);
    let mut field = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    field(&event.previous_hash.0);
    field(event.stream.as_str().as_bytes());
    field(event.version.to_string().as_bytes());
    field(event.kind.as_bytes());
    field(event.schema.to_string().as_bytes());
    field(event.body.as_str().as_bytes());
    field(event.actor.as_bytes());
    field(event.cause.as_bytes());
    field(event.command_id.as_str().as_bytes());
    field(instant_text(event.recorded_at).as_bytes());
    ChainHash(digest.finalize().into())
}
