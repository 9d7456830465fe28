//! Small parts of an import: the input's hash, the quarantine list, one bit a row.

use crate::error::{CallsError, store};
use crate::store::{QuarantinedRow, Staging};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A quarantine list, made with its first row.
pub(crate) struct Quarantine {
    place: String,
    file: Option<(PathBuf, BufWriter<File>)>,
}

/// Where a quarantine list lies and how long it is; nothing while it has no row.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct QuarantinePlace(Option<(PathBuf, u64)>);

impl Quarantine {
    pub(crate) const fn new(place: String) -> Self {
        Self { place, file: None }
    }

    pub(crate) fn push(
        &mut self,
        staging: &mut Staging,
        row: &QuarantinedRow,
    ) -> Result<(), CallsError> {
        if self.file.is_none() {
            let path = staging.file(self.place.clone());
            let made = File::create_new(&path).map_err(store("create", &path))?;
            self.file = Some((path, BufWriter::new(made)));
        }
        let Some((path, file)) = &mut self.file else {
            return Ok(());
        };
        serde_json::to_writer(&mut *file, row)
            .map_err(io::Error::from)
            .and_then(|()| file.write_all(b"\n"))
            .map_err(store("write", path))
    }

    /// Puts on disk what it has.
    pub(crate) fn save(&mut self) -> Result<QuarantinePlace, CallsError> {
        let Some((path, file)) = &mut self.file else {
            return Ok(QuarantinePlace::default());
        };
        file.flush()
            .and_then(|()| file.get_ref().sync_all())
            .and_then(|()| file.stream_position())
            .map(|bytes| QuarantinePlace(Some((path.clone(), bytes))))
            .map_err(store("write", path))
    }

    /// The list as it was saved; what came after is cut off.
    pub(crate) fn resume(place: String, saved: &QuarantinePlace) -> Result<Self, CallsError> {
        let Some((path, bytes)) = &saved.0 else {
            return Ok(Self::new(place));
        };
        let file = reopen(path, *bytes)?;
        Ok(Self {
            place,
            file: Some((path.clone(), BufWriter::new(file))),
        })
    }

    pub(crate) fn finish(self) -> Result<Option<String>, CallsError> {
        let Some((path, file)) = self.file else {
            return Ok(None);
        };
        let file = file
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error)
            .map_err(store("write", &path))?;
        file.sync_all().map_err(store("write", &path))?;
        Ok(Some(self.place))
    }
}

/// A file that was written before, up to a length, to be written on.
pub(crate) fn reopen(path: &Path, bytes: u64) -> Result<File, CallsError> {
    let mut options = File::options();
    options.read(true).write(true);
    let mut file = options.open(path).map_err(store("open", path))?;
    file.set_len(bytes)
        .and_then(|()| file.seek(SeekFrom::End(0)))
        .map_err(store("write", path))?;
    Ok(file)
}

/// Hashes and counts what is read through it.
pub(crate) struct Hashing {
    input: File,
    hash: Sha256,
    pub(crate) bytes: u64,
}

impl Hashing {
    pub(crate) fn new(input: File) -> Self {
        Self {
            input,
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    pub(crate) fn hex(&self) -> String {
        hex::encode(self.hash.clone().finalize())
    }
}

impl Read for Hashing {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(out)?;
        self.hash.update(&out[..read]);
        self.bytes += u64::try_from(read).unwrap_or(0);
        Ok(read)
    }
}

/// One bit for each readable row.
#[derive(Default)]
pub(crate) struct Bits {
    words: Vec<u64>,
    length: u64,
}

impl Bits {
    pub(crate) fn push(&mut self, bit: bool) {
        if self.length.is_multiple_of(64) {
            self.words.push(0);
        }
        self.length += 1;
        if bit {
            self.set(self.length - 1);
        }
    }

    pub(crate) fn set(&mut self, index: u64) {
        if let Some(word) = self.word(index) {
            self.words[word] |= 1 << (index % 64);
        }
    }

    pub(crate) fn get(&self, index: u64) -> bool {
        self.word(index)
            .is_some_and(|word| self.words[word] >> (index % 64) & 1 == 1)
    }

    /// So many bits, none of them set.
    pub(crate) fn unset(length: u64) -> Self {
        let words = usize::try_from(length.div_ceil(64)).unwrap_or(0);
        Self {
            words: vec![0; words],
            length,
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let words = self.words.iter();
        words.flat_map(|word| word.to_le_bytes()).collect()
    }

    /// The first bits of what [`Self::bytes`] gave; nothing where there are fewer.
    pub(crate) fn of_bytes(bytes: &[u8], length: u64) -> Option<Self> {
        let mut bits = Self::unset(length);
        let mut words = bytes.chunks_exact(8);
        for word in &mut bits.words {
            *word = u64::from_le_bytes(words.next()?.try_into().ok()?);
        }
        if let Some(last) = bits.words.last_mut().filter(|_| !length.is_multiple_of(64)) {
            *last &= (1 << (length % 64)) - 1;
        }
        Some(bits)
    }

    fn word(&self, index: u64) -> Option<usize> {
        usize::try_from(index / 64)
            .ok()
            .filter(|word| *word < self.words.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_of_longer_bits_is_what_shorter_ones_were() {
        let mut bits = Bits::default();
        let set = |n: u64| n.is_multiple_of(3);
        (0..70).for_each(|n| bits.push(set(n)));
        let early = bits.bytes();
        (70..200).for_each(|n| bits.push(set(n)));
        let mut again = Bits::of_bytes(&bits.bytes(), 70).unwrap();
        assert_eq!(again.bytes(), early);
        again.push(true);
        assert!(again.get(70) && !again.get(71));
        assert!(Bits::of_bytes(&early, 200).is_none());
    }
}
