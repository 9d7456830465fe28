//! Back from where it was published, into an empty store: a new machine, or a disk that was lost.

use super::place::Place;
use super::sealing::{Fault, Opener, mark};
use super::steps::Object;
use super::{AT_ONCE, key, opened_manifest, unopened};
use crate::error::{CallsError, store};
use crate::seal::LakeKey;
use crate::store::{CallStore, Staging};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FetchReport {
    /// Imports.
    pub imports: usize,
    /// Their records, test calls among them.
    pub records: u64,
    /// Files.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Fetches what is published into a store that holds nothing: all of it, or nothing.
///
/// # Errors
/// The store holds something, nothing is published there, another key sealed it, a file is not what was published, or disk, network or
/// store fail.
pub async fn fetch(calls: &CallStore, place: &Place) -> Result<FetchReport, CallsError> {
    let key = key(calls)?;
    let _nobody_imports = calls.lock_import()?;
    if !calls.is_untouched()? {
        return Err(CallsError::Parameter(format!(
            "{} holds records or tables already; fetch into an empty data directory (`segue --data DIR init`, with the client's \
             keys/caller.key laid there first)",
            calls.root().display()
        )));
    }
    let Some(standing) = place.shelf.published().await? else {
        return Err(place.fault(
            "nothing is published there; check the name, or publish with `segue calls publish --to` from the machine that holds the records",
        ));
    };
    let published = opened_manifest(&standing, key, place)?;
    let mut staging = calls.fresh_staging()?;
    let fetched = lay(place, key, &published.objects, &mut staging).await;
    if let Err(error) = fetched {
        staging.sweep();
        return Err(error);
    }
    let parts = published.manifest.imports.iter().flat_map(|i| &i.parts);
    let report = FetchReport {
        imports: published.manifest.imports.len(),
        records: parts.map(|part| part.rows).sum(),
        files: published.objects.len(),
        bytes: published.objects.iter().map(|object| object.bytes).sum(),
    };
    calls.commit_fetched(staging, published.manifest)?;
    Ok(report)
}

/// Every file in the staging folder.
async fn lay(
    place: &Place,
    key: &LakeKey,
    objects: &[Object],
    staging: &mut Staging,
) -> Result<(), CallsError> {
    let named: Vec<(&Object, PathBuf)> = objects
        .iter()
        .map(|object| (object, staging.file(object.path.clone())))
        .collect();
    let files = named
        .iter()
        .map(|(object, to)| lay_one(place, key, object, to));
    let mut files = stream::iter(files).buffer_unordered(AT_ONCE);
    while files.try_next().await?.is_some() {}
    Ok(())
}

async fn lay_one(
    place: &Place,
    key: &LakeKey,
    object: &Object,
    to: &Path,
) -> Result<(), CallsError> {
    let mut pieces = place.shelf.get(&object.place).await?;
    let mut file = Checked::create(to)?;
    let mut opener = object.seals.then(|| Opener::new(key));
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        match &mut opener {
            Some(opener) => opener
                .push(&piece, &mut file)
                .map_err(|why| unopened(place, &object.place, &why))?,
            None => file.write_all(&piece).map_err(store("write", to))?,
        }
    }
    if let Some(opener) = opener {
        let sealed_as = opener.finish(&mut file);
        let sealed_as = sealed_as.map_err(|why| unopened(place, &object.place, &why))?;
        if sealed_as != mark(key, &object.path, &object.sha256) {
            return Err(unopened(place, &object.place, &Fault::Key));
        }
    }
    if file.end().map_err(store("write", to))? != (object.bytes, object.sha256.clone()) {
        return Err(place.fault(format!(
            "{} is not what was published: delete that object and publish again from the machine that holds the records",
            object.place
        )));
    }
    Ok(())
}

/// A file that is hashed as it is written.
struct Checked {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Checked {
    fn create(path: &Path) -> Result<Self, CallsError> {
        let file = File::create(path).map_err(store("write", path))?;
        Ok(Self {
            file: BufWriter::new(file),
            hash: Sha256::new(),
            bytes: 0,
        })
    }

    /// Its length and hash; it is on the disk then.
    fn end(mut self) -> io::Result<(u64, String)> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        Ok((self.bytes, hex::encode(self.hash.finalize())))
    }
}

impl Write for Checked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
