//! What lies beside the records' files is plain on its disk (names of exports, reasons, kept tables, fingerprints): it leaves the machine
//! sealed only, AES-256-GCM in chunks.
//!
//! The key of each object is drawn from the store's key, its path and its content: the same file sealed again has the same bytes, so that
//! what is there is not sent twice, and no nonce is used for two contents.

use crate::seal::LakeKey;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use std::io::{self, Read, Write};

const MAGIC: &[u8; 8] = b"seguepub";
const HEAD: usize = MAGIC.len() + 32;
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;

/// What tells an object's content and path to whoever has the key, and nothing to others.
pub(super) type Mark = [u8; 32];

/// The mark of a file of the store with this hash.
pub(super) fn mark(key: &LakeKey, path: &str, sha256: &str) -> Mark {
    key.drawn(format!("segue-published-mark-v1\0{path}\0{sha256}").as_bytes())
}

/// How long a file of so many bytes is, sealed.
pub(super) fn sealed_length(bytes: u64) -> u64 {
    let chunks = bytes.div_ceil(CHUNK as u64).max(1);
    HEAD as u64 + bytes + chunks * TAG as u64
}

fn chunk_key(key: &LakeKey, mark: &Mark) -> io::Result<LessSafeKey> {
    let purpose = [b"segue-published-seal-v1\0".as_slice(), mark].concat();
    let drawn = UnboundKey::new(&AES_256_GCM, &key.drawn(&purpose));
    Ok(LessSafeKey::new(drawn.map_err(|_| refused())?))
}

fn refused() -> io::Error {
    io::Error::other("AES-GCM cannot be set up")
}

/// Chunks in their order; the last one says that it is, so that none can be cut off.
fn nonce(chunk: u64, is_last: bool) -> Nonce {
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&chunk.to_be_bytes());
    nonce[11] = u8::from(is_last);
    Nonce::assume_unique_for_key(nonce)
}

/// Reads a file sealed.
pub(super) struct Sealer<R> {
    source: R,
    key: LessSafeKey,
    left: u64,
    chunk: u64,
    ready: Vec<u8>,
    at: usize,
    is_ended: bool,
}

impl<R: Read> Sealer<R> {
    /// Of a file of exactly so many bytes.
    pub(super) fn new(source: R, bytes: u64, key: &LakeKey, mark: &Mark) -> io::Result<Self> {
        Ok(Self {
            source,
            key: chunk_key(key, mark)?,
            left: bytes,
            chunk: 0,
            ready: [MAGIC.as_slice(), mark].concat(),
            at: 0,
            is_ended: false,
        })
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        let length = usize::try_from(self.left).map_or(CHUNK, |left| left.min(CHUNK));
        self.ready.resize(length, 0);
        self.source.read_exact(&mut self.ready)?;
        self.left -= length as u64;
        self.is_ended = self.left == 0;
        let nonce = nonce(self.chunk, self.is_ended);
        let sealed = self
            .key
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut self.ready);
        sealed.map_err(|_| refused())?;
        self.chunk += 1;
        self.at = 0;
        Ok(())
    }
}

impl<R: Read> Read for Sealer<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.ready.len() {
            if self.is_ended {
                return Ok(0);
            }
            self.next_chunk()?;
        }
        let ready = &self.ready[self.at..];
        let length = ready.len().min(out.len());
        out[..length].copy_from_slice(&ready[..length]);
        self.at += length;
        Ok(length)
    }
}

/// Why an object does not open.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is none of ours, or was cut off.
    Foreign,
    /// Another key sealed it, or its bytes were changed.
    Key,
    /// What is opened cannot be written.
    Write(io::Error),
}

/// Opens an object as its bytes come.
pub(super) struct Opener<'k> {
    lake: &'k LakeKey,
    key: Option<LessSafeKey>,
    mark: Mark,
    chunk: u64,
    waiting: Vec<u8>,
}

impl<'k> Opener<'k> {
    pub(super) fn new(lake: &'k LakeKey) -> Self {
        Self {
            lake,
            key: None,
            mark: [0; 32],
            chunk: 0,
            waiting: Vec::new(),
        }
    }

    /// Its next bytes.
    pub(super) fn push(&mut self, bytes: &[u8], out: &mut dyn Write) -> Result<(), Fault> {
        self.waiting.extend_from_slice(bytes);
        if self.key.is_none() {
            if self.waiting.len() < HEAD {
                return Ok(());
            }
            self.read_head()?;
        }
        let mut at = 0;
        // The last chunk is opened when no more can come.
        while self.waiting.len() - at > CHUNK + TAG {
            self.open(at..at + CHUNK + TAG, false, out)?;
            at += CHUNK + TAG;
        }
        self.waiting.drain(..at);
        Ok(())
    }

    /// The rest; the mark that it was sealed under.
    pub(super) fn finish(mut self, out: &mut dyn Write) -> Result<Mark, Fault> {
        self.open(0..self.waiting.len(), true, out)?;
        Ok(self.mark)
    }

    fn read_head(&mut self) -> Result<(), Fault> {
        let (magic, mark) = self.waiting[..HEAD].split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(Fault::Foreign);
        }
        self.mark.copy_from_slice(mark);
        self.key = Some(chunk_key(self.lake, &self.mark).map_err(Fault::Write)?);
        self.waiting.drain(..HEAD);
        Ok(())
    }

    fn open(
        &mut self,
        chunk: std::ops::Range<usize>,
        is_last: bool,
        out: &mut dyn Write,
    ) -> Result<(), Fault> {
        let key = self.key.as_ref().ok_or(Fault::Foreign)?;
        let nonce = nonce(self.chunk, is_last);
        let opened = key.open_in_place(nonce, Aad::empty(), &mut self.waiting[chunk]);
        out.write_all(opened.map_err(|_| Fault::Key)?)
            .map_err(Fault::Write)?;
        self.chunk += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(plain: &[u8], key: &LakeKey) -> Vec<u8> {
        let mark = mark(key, "_segue/keys/000001.keys", "ab");
        let mut bytes = Vec::new();
        Sealer::new(plain, plain.len() as u64, key, &mark)
            .unwrap()
            .read_to_end(&mut bytes)
            .unwrap();
        bytes
    }

    fn opened(bytes: &[u8], key: &LakeKey, step: usize) -> Result<Vec<u8>, Fault> {
        let (mut opener, mut out) = (Opener::new(key), Vec::new());
        for piece in bytes.chunks(step) {
            opener.push(piece, &mut out)?;
        }
        opener.finish(&mut out)?;
        Ok(out)
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_alone_and_whole_alone() {
        let (key, other) = (LakeKey::new([7; 32]), LakeKey::new([8; 32]));
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let plain: Vec<u8> = (0_u8..=250).cycle().take(length).collect();
            let bytes = sealed(&plain, &key);
            assert_eq!(bytes.len() as u64, sealed_length(length as u64));
            assert_eq!(sealed(&plain, &key), bytes, "the same again");
            for step in [1_000, CHUNK + TAG, 1 << 20] {
                assert_eq!(opened(&bytes, &key, step).unwrap(), plain);
            }
            assert!(matches!(opened(&bytes, &other, 999), Err(Fault::Key)));
            let mut changed = bytes.clone();
            changed[HEAD] ^= 1;
            assert!(opened(&changed, &key, 999).is_err());
        }
        // Cut at the end of a chunk: what is left opens chunk by chunk, but none of them says that it is the last.
        let bytes = sealed(&vec![5; 2 * CHUNK], &key);
        assert!(matches!(
            opened(&bytes[..HEAD + CHUNK + TAG], &key, 999),
            Err(Fault::Key)
        ));
        assert!(matches!(
            opened(&bytes[..20], &key, 999),
            Err(Fault::Foreign)
        ));
        assert!(matches!(opened(&[0; 100], &key, 999), Err(Fault::Foreign)));
    }
}
