//! Small parts of an import: the input's hash, the quarantine list, one bit a row.

use crate::error::{CallsError, store};
use crate::store::{QuarantinedRow, Staging};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::PathBuf;

/// A quarantine list, made with its first row.
pub(crate) struct Quarantine {
    place: String,
    file: Option<(PathBuf, BufWriter<File>)>,
}

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

    fn word(&self, index: u64) -> Option<usize> {
        usize::try_from(index / 64)
            .ok()
            .filter(|word| *word < self.words.len())
    }
}
