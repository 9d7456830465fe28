//! Publishing: the call store in an object store, for other engines and for the day on which the disk is lost; and back from there.
//!
//! Objects are named by their content and never changed. A publishing puts those that are not there yet, then replaces the one object
//! `_segue/published`, which is the moment it happens, then deletes what that no longer names: cut off anywhere, whoever fetches sees the
//! old state or the new one, and the next run does the rest.

mod fetch;
mod folder;
mod objects;
mod place;
mod s3;
mod sealing;
mod steps;

pub use fetch::{FetchReport, fetch};
pub use place::Place;

use crate::error::{CallsError, store};
use crate::intake::Hashing;
use crate::seal::{LakeKey, is_sealed};
use crate::store::{CallStore, Manifest};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use place::{Replacing, Standing};
use sealing::{Fault, Opener, Sealer, mark};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use steps::{FORMAT, Object, PUBLISHED, Published, follows, steps};

/// Objects under way at once.
const AT_ONCE: usize = 4;

const GONE: &str = "an object that is published is not there: either somebody published meanwhile, then run it again, or it was deleted by \
                    other hands, then publish again from the machine that holds the records";
const SILENT: &str =
    "the store has said nothing for a minute; check the network, then run it again";
const NO_ETAG: &str = "this store gives its objects no ETag, so two publishers could overwrite each other; publish to a store that does, or say \
                       with --sole-publisher that nobody else publishes there";

/// How records are published.
#[derive(Debug, Clone, Copy, Default)]
pub struct PublishOptions {
    /// Files in the clear go, too.
    pub plain: bool,
    /// Somebody vouches that nobody else publishes there, where the store could not tell.
    pub sole_publisher: bool,
}

/// What a publishing did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublishReport {
    /// Imports that are published.
    pub imports: usize,
    /// Their records, test calls among them.
    pub records: u64,
    /// Objects that are published.
    pub objects: usize,
    /// Of those, put now.
    pub put: usize,
    /// Their bytes.
    pub put_bytes: u64,
    /// Objects deleted: replaced, or without their erased records.
    pub deleted: usize,
}

/// Publishes a store.
///
/// # Errors
/// Files in the clear are not to go, an import runs, the place holds another store or a later state of this one, somebody else was faster,
/// or disk, network or store fail. What was published stands then.
pub async fn publish(
    calls: &CallStore,
    place: &Place,
    options: PublishOptions,
) -> Result<PublishReport, CallsError> {
    let key = key(calls)?;
    let _nobody_imports = calls.lock_import()?;
    let manifest = calls.manifest()?;
    if manifest.imports.is_empty() {
        return Err(CallsError::Parameter(
            "no records are here to publish; import some with `segue calls import FILE --mapping M --source NAME`, or `segue calls fetch` \
             what was published"
                .into(),
        ));
    }
    let objects = inventory(calls, &manifest, key, options.plain)?;
    let wanted = Published {
        format: FORMAT,
        manifest,
        objects,
    };
    let bytes = sealed_manifest(&wanted, key)?;
    let _turn = place.shelf.turn()?;
    let seen = place.shelf.published().await?;
    if let Some(seen) = &seen {
        let published = opened_manifest(seen, key, place)?;
        require_later(&wanted.manifest, &published.manifest, place)?;
    }
    let changes = seen.as_ref().is_none_or(|seen| seen.bytes != bytes);
    if changes && !options.sole_publisher {
        place.shelf.require_conditions().await?;
    }
    let there = place.shelf.list().await?;
    let todo = steps(&wanted.objects, &there);
    let puts = todo
        .puts
        .iter()
        .map(|object| put(calls, place, object, key));
    let mut puts = stream::iter(puts).buffer_unordered(AT_ONCE);
    while puts.try_next().await?.is_some() {}
    if changes {
        let how = if options.sole_publisher {
            Replacing::Alone
        } else {
            Replacing::IfAsSeen
        };
        let published = place.shelf.publish(bytes.clone(), seen.as_ref(), how);
        published.await?;
    }
    let deleted = delete(place, &todo.deletions, &bytes).await?;
    let parts = wanted.manifest.imports.iter().flat_map(|i| &i.parts);
    Ok(PublishReport {
        imports: wanted.manifest.imports.len(),
        records: parts.map(|part| part.rows).sum(),
        objects: wanted.objects.len(),
        put: todo.puts.len(),
        put_bytes: todo.puts.iter().map(|object| object.length()).sum(),
        deleted,
    })
}

/// Deletes what is named no more, unless somebody published since: then it is theirs to do.
async fn delete(place: &Place, deletions: &[&str], ours: &Bytes) -> Result<usize, CallsError> {
    if deletions.is_empty() {
        return Ok(0);
    }
    let stands = place.shelf.published().await?;
    if stands.is_none_or(|stands| stands.bytes != *ours) {
        return Ok(0);
    }
    let gone = deletions.iter().map(|object| place.shelf.delete(object));
    let mut gone = stream::iter(gone).buffer_unordered(AT_ONCE);
    while gone.try_next().await?.is_some() {}
    Ok(deletions.len())
}

async fn put(
    calls: &CallStore,
    place: &Place,
    object: &Object,
    key: &LakeKey,
) -> Result<(), CallsError> {
    let path = calls.root().join(&object.path);
    let file = File::open(&path).map_err(store("read", &path))?;
    let mut source: Box<dyn Read + Send> = if object.seals {
        let mark = mark(key, &object.path, &object.sha256);
        let sealer = Sealer::new(file, object.bytes, key, &mark);
        Box::new(sealer.map_err(store("seal", &path))?)
    } else {
        Box::new(file)
    };
    place.shelf.put(&object.place, &mut *source).await
}

/// The key that everything beside the records' files is sealed with.
fn key(calls: &CallStore) -> Result<&LakeKey, CallsError> {
    calls.seal.key().ok_or_else(|| {
        CallsError::Parameter(
            "this store has no key, and what lies beside its records leaves no machine unsealed; open it with the data directory's key"
                .into(),
        )
    })
}

/// A place belongs to one store, whose later states follow each other: what is published is never undone by accident.
fn require_later(ours: &Manifest, theirs: &Manifest, place: &Place) -> Result<(), CallsError> {
    if follows(ours, theirs) {
        return Ok(());
    }
    Err(CallsError::Parameter(format!(
        "{} holds imports or erasures that are not in this store: another store's, or later ones of this; publish to another place, or fetch \
         what is there into an empty data directory and go on from it",
        place.url()
    )))
}

/// Every file that is published, by path.
fn inventory(
    calls: &CallStore,
    manifest: &Manifest,
    key: &LakeKey,
    plain: bool,
) -> Result<Vec<Object>, CallsError> {
    let parts = manifest.imports.iter().flat_map(|import| &import.parts);
    let parts: Vec<&String> = parts.map(|part| &part.path).collect();
    if !plain {
        require_sealed(calls, &parts)?;
    }
    let mut objects = Vec::new();
    for path in parts {
        let (bytes, sha256) = hash(&calls.root().join(path))?;
        objects.push(Object::of_part(path.clone(), bytes, sha256));
    }
    for path in beside(calls, manifest)? {
        let (bytes, sha256) = hash(&calls.root().join(&path))?;
        objects.push(Object::beside(path, bytes, sha256, key));
    }
    objects.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(objects)
}

fn require_sealed(calls: &CallStore, parts: &[&String]) -> Result<(), CallsError> {
    let mut clear = 0;
    for path in parts {
        clear += usize::from(!is_sealed(&calls.root().join(path))?);
    }
    if clear == 0 {
        return Ok(());
    }
    Err(CallsError::Parameter(format!(
        "{clear} of {} files lie in the clear: whoever reads the place would read their records; import them anew into a data directory without \
         --plain-calls, or say with --plain that they may go as they are",
        parts.len()
    )))
}

/// The files beside the records' own: fingerprints, rows set aside, ids of erased calls, kept tables.
fn beside(calls: &CallStore, manifest: &Manifest) -> Result<Vec<String>, CallsError> {
    let imports = manifest.imports.iter();
    let lists = |import: &crate::store::ImportEntry| {
        let lists = import
            .files
            .iter()
            .filter_map(|file| file.quarantine.clone());
        lists.chain([import.keys.clone()]).collect::<Vec<_>>()
    };
    let mut paths: Vec<String> = imports.flat_map(lists).collect();
    paths.extend(manifest.erased.values().cloned());
    let folder = calls.root().join("_segue/tables");
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(paths),
        entries => entries.map_err(store("list", &folder))?,
    };
    for entry in entries {
        let name = entry.map_err(store("list", &folder))?.file_name();
        let table = name.to_str().and_then(|name| name.strip_suffix(".jsonl"));
        paths.extend(table.map(|table| format!("_segue/tables/{table}.jsonl")));
    }
    Ok(paths)
}

fn hash(path: &Path) -> Result<(u64, String), CallsError> {
    let mut input = Hashing::new(File::open(path).map_err(store("read", path))?);
    io::copy(&mut input, &mut io::sink()).map_err(store("read", path))?;
    Ok((input.bytes, input.hex()))
}

fn sealed_manifest(published: &Published, key: &LakeKey) -> Result<Bytes, CallsError> {
    let damaged = |why: String| CallsError::Damaged {
        path: PathBuf::from(PUBLISHED),
        why,
    };
    let text = serde_json::to_vec(published).map_err(|error| damaged(error.to_string()))?;
    let mark = mark(key, PUBLISHED, &hex::encode(Sha256::digest(&text)));
    let mut bytes = Vec::new();
    Sealer::new(&text[..], text.len() as u64, key, &mark)
        .and_then(|mut sealer| sealer.read_to_end(&mut bytes))
        .map_err(|error| damaged(error.to_string()))?;
    Ok(bytes.into())
}

fn opened_manifest(
    standing: &Standing,
    key: &LakeKey,
    place: &Place,
) -> Result<Published, CallsError> {
    let mut text = Vec::new();
    let mut opener = Opener::new(key);
    let sealed_as = opener
        .push(&standing.bytes, &mut text)
        .and_then(|()| opener.finish(&mut text))
        .map_err(|why| unopened(place, PUBLISHED, &why))?;
    if sealed_as != mark(key, PUBLISHED, &hex::encode(Sha256::digest(&text))) {
        return Err(unopened(place, PUBLISHED, &Fault::Key));
    }
    let published: Published = serde_json::from_slice(&text).map_err(|error| {
        place.fault(format!(
            "what is published does not read as it should ({error}); a newer Segue published it: use that one"
        ))
    })?;
    if published.format != FORMAT || !published.objects.iter().all(Object::is_of_a_store) {
        return Err(place.fault("a newer Segue published there; use that one"));
    }
    Ok(published)
}

fn unopened(place: &Place, object: &str, fault: &Fault) -> CallsError {
    match fault {
        Fault::Key => CallsError::Sealed {
            path: PathBuf::from(format!("{}/{object}", place.url())),
        },
        Fault::Foreign => place.fault(format!(
            "{object} is nothing that `segue calls publish` put there; name the place that it published to"
        )),
        Fault::Write(error) => place.fault(format!(
            "{object} cannot be written on this disk ({error}); check the disk, then run it again"
        )),
    }
}
