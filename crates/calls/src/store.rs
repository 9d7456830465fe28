//! The call store: a folder of Parquet files, hive-partitioned by source and day, changed only whole imports at a time.
//!
//! `DIR/source=NAME/day=YYYY-MM-DD/IMPORT.parquet` holds the records; `DIR/_segue/` the manifest, key files and
//! quarantine lists. An import writes everything into `_segue/staging`, then replaces the manifest (the moment it
//! happens), then moves its files into place. A crash before that moment leaves only staging files, which the next
//! import sweeps; a crash after it is completed by whoever opens the store next.

mod fetched;
use crate::error::{CallsError, store};
use crate::seal::Seal;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The call store.
#[derive(Debug, Clone)]
pub struct CallStore {
    root: PathBuf,
    pub(crate) seal: Seal,
}

/// What the store holds, as its one manifest says it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// The imports, in order.
    pub imports: Vec<ImportEntry>,
    /// Erasures, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erasures: Vec<ErasureEntry>,
    /// By source, the file with the fingerprints of its erased calls' ids, relative to the store.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) erased: BTreeMap<String, String>,
    /// Moves of the last import that have not all been made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pending: Vec<Move>,
    /// Files of the last erasure that have not all been removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    removals: Vec<String>,
}

/// An erasure that was carried out; never whose records they were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureEntry {
    /// When.
    pub at: Timestamp,
    /// The first day that stayed; nothing where it was one caller's records.
    pub before: Option<jiff::civil::Date>,
    /// Records.
    pub records: u64,
    /// Imports there were before it.
    #[serde(default)]
    pub imports: usize,
}

/// Tells one state of a store's records from another: every import and every erasure makes a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreState {
    imports: usize,
    imported_at: Option<Timestamp>,
    erasures: usize,
    erased_at: Option<Timestamp>,
}

impl Manifest {
    /// The state of the records it names.
    pub fn state(&self) -> StoreState {
        StoreState {
            imports: self.imports.len(),
            imported_at: self.imports.last().map(|import| import.imported_at),
            erasures: self.erasures.len(),
            erased_at: self.erasures.last().map(|erasure| erasure.at),
        }
    }
}

/// One import.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportEntry {
    /// Its number as text; its files carry it.
    pub id: String,
    /// The source.
    pub source: String,
    /// The mapping's name.
    pub mapping: String,
    /// SHA-256 of the mapping's text.
    pub mapping_hash: String,
    /// When it was made.
    pub imported_at: Timestamp,
    /// The files it read.
    pub files: Vec<FileEntry>,
    /// The Parquet files it added.
    pub parts: Vec<PartEntry>,
    /// Its key file, relative to the store.
    pub keys: String,
    /// Rows of it that are erased: not taken because they had been, or taken and erased since.
    #[serde(default)]
    pub erased: u64,
}

/// A file an import read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name as given.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Rows read.
    pub read: u64,
    /// Rows quarantined.
    pub quarantined: u64,
    /// Its quarantine list, relative to the store.
    pub quarantine: Option<String>,
}

/// A Parquet file of the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PartEntry {
    /// Relative to the store.
    pub path: String,
    /// The local day of its calls.
    pub day: jiff::civil::Date,
    /// Its records, test calls among them.
    pub rows: u64,
}

/// A file of the staging folder and where it belongs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Move {
    from: String,
    to: String,
}

impl Move {
    /// Whether it moves the staging folder's file of this name.
    pub(crate) fn is_from(&self, name: &str) -> bool {
        self.from.rsplit('/').next() == Some(name)
    }
}

/// A quarantined row: where it stands and why; never what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedRow {
    /// The file, as given at the import.
    pub file: String,
    /// The line it starts on, counted from 1.
    pub line: u64,
    /// Why it was set aside.
    pub reason: String,
}

/// The right to import: one process at a time; given back when dropped.
#[derive(Debug)]
pub struct ImportLock {
    _file: File,
}

impl CallStore {
    /// The store in a folder, which need not exist yet; its files are as plain as the folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        let seal = Seal::default();
        Self { root, seal }
    }

    /// Its folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a kept table lies.
    pub(crate) fn table_path(&self, name: &str) -> PathBuf {
        self.root.join(format!("_segue/tables/{name}.jsonl"))
    }

    /// What it holds now. Completes an import that was cut off after its manifest was written.
    pub fn manifest(&self) -> Result<Manifest, CallsError> {
        let path = self.manifest_path();
        if !path.exists() {
            return Ok(Manifest::default());
        }
        let lock = self.lock_file("commit.lock")?;
        lock.lock().map_err(store("lock", &path))?;
        let mut manifest = self.read_manifest()?;
        if !manifest.pending.is_empty() || !manifest.removals.is_empty() {
            self.make_moves(&mut manifest)?;
        }
        Ok(manifest)
    }

    /// The records' files of one source or of all, with local days within `days`, with their full paths.
    pub fn parts(
        &self,
        source: Option<&str>,
        days: std::ops::RangeInclusive<jiff::civil::Date>,
    ) -> Result<Vec<PathBuf>, CallsError> {
        let manifest = self.manifest()?;
        let imports = manifest
            .imports
            .iter()
            .filter(|i| source.is_none_or(|name| name == i.source));
        Ok(imports
            .flat_map(|import| &import.parts)
            .filter(|part| days.contains(&part.day))
            .map(|part| self.root.join(&part.path))
            .collect())
    }

    /// Hands each quarantined row to `each`, import by import; a file imported again replaces its earlier list.
    pub fn quarantined(
        &self,
        mut each: impl FnMut(QuarantinedRow) -> Result<(), CallsError>,
    ) -> Result<(), CallsError> {
        let manifest = self.manifest()?;
        let mut latest: BTreeMap<(&str, &str), &FileEntry> = BTreeMap::new();
        let all = || {
            manifest
                .imports
                .iter()
                .flat_map(|i| i.files.iter().map(move |f| (i, f)))
        };
        for (import, file) in all() {
            latest.insert((&import.source, &file.sha256), file);
        }
        for (import, file) in all() {
            let is_latest = latest
                .get(&(import.source.as_str(), file.sha256.as_str()))
                .is_some_and(|found| std::ptr::eq(*found, file));
            let Some(list) = file.quarantine.as_ref().filter(|_| is_latest) else {
                continue;
            };
            let path = self.root.join(list);
            let lines = BufReader::new(File::open(&path).map_err(store("read", &path))?).lines();
            for line in lines {
                let line = line.map_err(store("read", &path))?;
                let row = serde_json::from_str(&line).map_err(|error| CallsError::Damaged {
                    path: path.clone(),
                    why: error.to_string(),
                })?;
                each(row)?;
            }
        }
        Ok(())
    }

    /// Takes the right to import, or says that somebody else has it.
    pub(crate) fn lock_import(&self) -> Result<ImportLock, CallsError> {
        let file = self.lock_file("import.lock")?;
        match file.try_lock() {
            Ok(()) => Ok(ImportLock { _file: file }),
            Err(fs::TryLockError::WouldBlock) => Err(CallsError::Busy {
                path: self.root.clone(),
            }),
            Err(fs::TryLockError::Error(source)) => Err(CallsError::Store {
                act: "lock",
                path: self.root.clone(),
                source,
            }),
        }
    }

    /// The staging folder.
    pub(crate) fn staging_folder(&self) -> PathBuf {
        self.root.join("_segue/staging")
    }

    /// The staging folder as an import left it that was cut off after it had named these files.
    pub(crate) fn left_staging(&self, moves: Vec<Move>) -> Staging {
        Staging {
            folder: self.staging_folder(),
            moves,
            shrunk: BTreeMap::new(),
        }
    }

    /// An empty staging folder; whatever a crashed import left is swept.
    pub(crate) fn fresh_staging(&self) -> Result<Staging, CallsError> {
        self.manifest()?;
        let folder = self.staging_folder();
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(store("sweep", &folder))?;
        }
        private_folder(&folder)?;
        Ok(Staging {
            folder,
            moves: Vec::new(),
            shrunk: BTreeMap::new(),
        })
    }

    /// Makes an import real: from here on it is whole, whatever happens.
    pub(crate) fn commit(&self, staging: Staging, import: ImportEntry) -> Result<(), CallsError> {
        sync_folder(&staging.folder)?;
        let path = self.manifest_path();
        let lock = self.lock_file("commit.lock")?;
        lock.lock().map_err(store("lock", &path))?;
        let mut manifest = self.read_manifest()?;
        manifest.imports.push(import);
        self.commit_manifest(manifest, staging)
    }

    /// Makes an erasure real: files with fewer records take the places of the old ones, and the emptied ones go.
    pub(crate) fn commit_erasure(
        &self,
        staging: Staging,
        gone: Vec<String>,
        erased: BTreeMap<String, String>,
        mut entry: ErasureEntry,
    ) -> Result<(), CallsError> {
        sync_folder(&staging.folder)?;
        let path = self.manifest_path();
        let lock = self.lock_file("commit.lock")?;
        lock.lock().map_err(store("lock", &path))?;
        let mut manifest = self.read_manifest()?;
        for import in &mut manifest.imports {
            let left = |part: &PartEntry| match staging.shrunk.get(&part.path) {
                Some(rows) => *rows,
                None if gone.contains(&part.path) => 0,
                None => part.rows,
            };
            let of_it = import.parts.iter().map(|part| part.rows - left(part));
            import.erased += of_it.sum::<u64>();
            import.parts.retain(|part| !gone.contains(&part.path));
        }
        entry.imports = manifest.imports.len();
        manifest.erasures.push(entry);
        manifest.removals = gone;
        for (source, place) in erased {
            let before = manifest.erased.insert(source, place);
            manifest.removals.extend(before);
        }
        self.commit_manifest(manifest, staging)
    }

    /// The moment it happens is the new manifest; the files follow, now or by whoever opens the store next.
    fn commit_manifest(&self, mut manifest: Manifest, staging: Staging) -> Result<(), CallsError> {
        let parts = manifest.imports.iter_mut().flat_map(|i| &mut i.parts);
        for part in parts {
            if let Some(rows) = staging.shrunk.get(&part.path) {
                part.rows = *rows;
            }
        }
        manifest.pending = staging.moves;
        self.write_manifest(&manifest)?;
        self.make_moves(&mut manifest)?;
        fs::remove_dir_all(&staging.folder).map_err(store("sweep", &staging.folder))
    }

    fn make_moves(&self, manifest: &mut Manifest) -> Result<(), CallsError> {
        for step in &manifest.pending {
            let (from, to) = (self.root.join(&step.from), self.root.join(&step.to));
            let Some(folder) = to.parent() else { continue };
            if !from.exists() && to.exists() {
                continue;
            }
            private_folder(folder)?;
            fs::rename(&from, &to).map_err(store("move into place", &to))?;
            sync_folder(folder)?;
        }
        for place in &manifest.removals {
            let path = self.root.join(place);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(store("remove", &path)(error));
                }
                _ => {}
            }
            path.parent().map_or(Ok(()), sync_folder)?;
        }
        manifest.removals.clear();
        manifest.pending.clear();
        self.write_manifest(manifest)
    }

    fn manifest_path(&self) -> PathBuf {
        self.root.join("_segue/manifest.json")
    }

    fn read_manifest(&self) -> Result<Manifest, CallsError> {
        let path = self.manifest_path();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Manifest::default());
            }
            Err(source) => {
                return Err(CallsError::Store {
                    act: "read",
                    path,
                    source,
                });
            }
        };
        serde_json::from_slice(&text).map_err(|error| CallsError::Damaged {
            path,
            why: error.to_string(),
        })
    }

    fn write_manifest(&self, manifest: &Manifest) -> Result<(), CallsError> {
        let path = self.manifest_path();
        let next = path.with_extension("next");
        let text = serde_json::to_vec_pretty(manifest).map_err(|error| CallsError::Damaged {
            path: path.clone(),
            why: error.to_string(),
        })?;
        let mut file = File::create(&next).map_err(store("write", &next))?;
        file.write_all(&text).map_err(store("write", &next))?;
        file.sync_all().map_err(store("write", &next))?;
        fs::rename(&next, &path).map_err(store("replace", &path))?;
        path.parent().map_or(Ok(()), sync_folder)
    }

    fn lock_file(&self, name: &str) -> Result<File, CallsError> {
        let folder = self.root.join("_segue");
        private_folder(&folder)?;
        let path = folder.join(name);
        let mut options = File::options();
        options
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(store("open", &path))
    }
}

/// Files of an import under way.
pub(crate) struct Staging {
    folder: PathBuf,
    moves: Vec<Move>,
    /// Files of earlier imports that are replaced, and the records they then have.
    shrunk: BTreeMap<String, u64>,
}

impl Staging {
    /// The files it has named so far.
    pub(crate) fn moves(&self) -> Vec<Move> {
        self.moves.clone()
    }

    /// The path of a scratch file, swept at the end.
    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The path of a file that shall become `to` (relative to the store) at the commit.
    pub(crate) fn file(&mut self, to: String) -> PathBuf {
        let name = format!("{:06}", self.moves.len());
        let path = self.folder.join(&name);
        self.moves.push(Move {
            from: format!("_segue/staging/{name}"),
            to,
        });
        path
    }

    /// A scratch file becomes `to` (relative to the store) at the commit.
    pub(crate) fn keep(&mut self, name: &str, to: String) {
        self.moves.push(Move {
            from: format!("_segue/staging/{name}"),
            to,
        });
    }

    /// A file of an earlier import is replaced by one with fewer records.
    pub(crate) fn shrink(&mut self, path: String, rows: u64) {
        self.shrunk.insert(path, rows);
    }

    /// Takes back the file last named: nothing went into it.
    pub(crate) fn forget_last(&mut self) {
        self.moves.pop();
    }

    /// Gives the folder back unused.
    pub(crate) fn sweep(self) {
        // What stays is swept by the next import.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Call records are health information: their folders are for their owner alone.
pub(crate) fn private_folder(folder: &Path) -> Result<(), CallsError> {
    let mut builder = fs::DirBuilder::new();
    builder
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(store("create", folder))
}

pub(crate) fn sync_folder(folder: &Path) -> Result<(), CallsError> {
    File::open(folder)
        .and_then(|file| file.sync_all())
        .map_err(store("sync", folder))
}

/// A name that can stand in a partition's path.
pub(crate) fn check_source_name(name: &str) -> Result<(), CallsError> {
    let fits = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte)
        });
    if fits {
        Ok(())
    } else {
        Err(CallsError::SourceName {
            name: name.chars().take(80).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str) -> ImportEntry {
        ImportEntry {
            id: id.into(),
            source: "acd".into(),
            mapping: "m".into(),
            mapping_hash: "h".into(),
            imported_at: Timestamp::UNIX_EPOCH,
            files: Vec::new(),
            parts: Vec::new(),
            keys: format!("_segue/keys/{id}.keys"),
            erased: 0,
        }
    }

    #[test]
    fn a_commit_cut_off_after_its_manifest_is_completed_by_the_next_reader() {
        let folder = tempfile::tempdir().unwrap();
        let calls = CallStore::new(folder.path());
        let mut staging = calls.fresh_staging().unwrap();
        for name in [
            "source=acd/day=2026-03-01/000001.parquet",
            "_segue/keys/000001.keys",
        ] {
            let path = staging.file(name.into());
            fs::write(path, name).unwrap();
        }
        // The manifest stands, one of the two moves was made, then the power went.
        let manifest = Manifest {
            imports: vec![entry("000001")],
            pending: staging.moves,
            ..Manifest::default()
        };
        calls.write_manifest(&manifest).unwrap();
        let first = folder.path().join("source=acd/day=2026-03-01");
        fs::create_dir_all(&first).unwrap();
        let from = folder.path().join(&manifest.pending[0].from);
        fs::rename(from, first.join("000001.parquet")).unwrap();

        let found = CallStore::new(folder.path()).manifest().unwrap();
        assert!(found.pending.is_empty());
        for name in [
            "source=acd/day=2026-03-01/000001.parquet",
            "_segue/keys/000001.keys",
        ] {
            assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), name);
        }
    }

    #[test]
    fn one_importer_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let calls = CallStore::new(folder.path());
        let held = calls.lock_import().unwrap();
        assert!(matches!(calls.lock_import(), Err(CallsError::Busy { .. })));
        let rights = fs::metadata(folder.path().join("_segue"))
            .unwrap()
            .permissions();
        assert_eq!(
            std::os::unix::fs::PermissionsExt::mode(&rights) & 0o777,
            0o700
        );
        drop(held);
        assert!(calls.lock_import().is_ok());
    }

    #[test]
    fn a_damaged_manifest_is_said_to_be_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let calls = CallStore::new(folder.path());
        drop(calls.lock_import().unwrap());
        fs::write(folder.path().join("_segue/manifest.json"), "{").unwrap();
        let said = calls.manifest().unwrap_err().to_string();
        assert!(
            said.contains("manifest.json") && said.contains("restore"),
            "{said}"
        );
    }
}
