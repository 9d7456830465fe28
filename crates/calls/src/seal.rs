//! The records' files sealed at rest: Parquet's own modular encryption (AES-GCM, one key for all of a file), so that other engines read
//! them with the key and nobody without it.

use crate::error::{CallsError, store};
use crate::store::CallStore;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::encryption::decrypt::FileDecryptionProperties;
use parquet::encryption::encrypt::FileEncryptionProperties;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterPropertiesBuilder;
use ring::hmac;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::path::{Path, PathBuf};

/// How a sealed file begins.
const SEALED: &[u8; 4] = b"PARE";

/// The key of a store's files.
#[derive(Clone, PartialEq, Eq)]
pub struct LakeKey([u8; 32]);

impl fmt::Debug for LakeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LakeKey(…)")
    }
}

impl LakeKey {
    /// A key from its 32 bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key for one purpose, drawn one way.
    pub(crate) fn drawn(&self, purpose: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), purpose);
        let mut drawn = [0; 32];
        drawn.copy_from_slice(tag.as_ref());
        drawn
    }

    fn reading(&self) -> Result<ArrowReaderOptions, ParquetError> {
        let properties = FileDecryptionProperties::builder(self.0.to_vec()).build()?;
        Ok(ArrowReaderOptions::new().with_file_decryption_properties(properties))
    }
}

/// What a store's files are opened and sealed with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seal {
    key: Option<LakeKey>,
    writes_plain: bool,
}

impl Seal {
    /// The key, where there is one.
    pub(crate) fn key(&self) -> Option<&LakeKey> {
        self.key.as_ref()
    }
}

/// Whether a file's records are sealed.
pub(crate) fn is_sealed(path: &Path) -> Result<bool, CallsError> {
    let mut file = File::open(path).map_err(store("read", path))?;
    Ok(head(&mut file, path)? == *SEALED)
}

fn head(file: &mut File, path: &Path) -> Result<[u8; 4], CallsError> {
    let mut head = [0; 4];
    match file.read_exact(&mut head) {
        // Too short to be anything: the reader says so.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
        read => read.map_err(store("read", path))?,
    }
    Ok(head)
}

impl CallStore {
    /// The store in a folder whose files are sealed with this key. Files from before it had one stay as they are until they are written
    /// anew, and are read like the others.
    pub fn sealed(root: impl Into<PathBuf>, key: LakeKey) -> Self {
        let mut calls = Self::new(root);
        calls.seal.key = Some(key);
        calls
    }

    /// The same, whose new files are plain, for engines that cannot be given the key; sealed ones are still read.
    #[must_use]
    pub fn in_the_clear(mut self) -> Self {
        self.seal.writes_plain = true;
        self
    }
}

/// What a new file is written with.
pub(crate) fn sealing(
    properties: WriterPropertiesBuilder,
    seal: &Seal,
) -> Result<WriterPropertiesBuilder, ParquetError> {
    let Some(key) = seal.key.as_ref().filter(|_| !seal.writes_plain) else {
        return Ok(properties);
    };
    let sealed = FileEncryptionProperties::builder(key.0.to_vec()).build()?;
    Ok(properties.with_file_encryption_properties(sealed))
}

/// What a file is read with, and whether it is sealed.
pub(crate) fn opening(
    file: &mut File,
    path: &Path,
    seal: &Seal,
) -> Result<(ArrowReaderOptions, bool), CallsError> {
    let head = head(file, path)?;
    file.rewind().map_err(store("read", path))?;
    if head != *SEALED {
        return Ok((ArrowReaderOptions::new(), false));
    }
    let sealed = || CallsError::Sealed {
        path: path.to_owned(),
    };
    let key = seal.key.as_ref().ok_or_else(sealed)?;
    let options = key.reading().map_err(|_| sealed())?;
    Ok((options, true))
}
