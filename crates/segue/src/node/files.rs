//! What a node keeps on disk so that nothing but a signature opens a door again: the latch, the last table.

use crate::data_dir::random_bytes;
use anyhow::{Context as _, Result};
use segue_routing::{HomeLatch, RouteTable};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A node's files.
#[derive(Clone, Debug)]
pub struct NodeFiles {
    latch: PathBuf,
    last_table: PathBuf,
    tables: PathBuf,
}

impl NodeFiles {
    /// The files of the node in a data directory.
    pub fn new(data: &Path) -> Self {
        Self {
            latch: data.join("node/latch.json"),
            last_table: data.join("node/table.hash"),
            tables: data.join("tables"),
        }
    }

    /// The latch on disk; none when it was never set.
    pub fn read_latch(&self) -> Result<HomeLatch> {
        match fs::read(&self.latch) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
                format!(
                    "reading `{}`; it keeps every call home until the file is restored or removed",
                    self.latch.display()
                )
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(HomeLatch::default()),
            Err(error) => Err(error).with_context(|| format!("reading `{}`", self.latch.display())),
        }
    }

    /// Writes the latch; when this returns, it survives a power cut.
    pub fn write_latch(&self, latch: &HomeLatch) -> Result<()> {
        write_durably(&self.latch, &serde_json::to_vec(latch)?)
    }

    /// Stores a table under its hash and marks it as the one in force.
    pub fn write_table(&self, hash: &str, table: &RouteTable) -> Result<()> {
        let path = self.table_path(hash);
        if !path.exists() {
            write_durably(&path, &table.bytes())?;
        }
        write_durably(&self.last_table, hash.as_bytes())
    }

    /// The table that was in force last, if its bytes still have their hash.
    pub fn read_table(&self) -> Option<RouteTable> {
        let hash = fs::read_to_string(&self.last_table).ok()?;
        let table: RouteTable =
            serde_json::from_slice(&fs::read(self.table_path(hash.trim())).ok()?).ok()?;
        (table.hash() == hash.trim()).then_some(table)
    }

    fn table_path(&self, hash: &str) -> PathBuf {
        self.tables.join(format!("{hash}.json"))
    }
}

/// Old or new, never half: write beside, sync, rename, sync the folder.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside).with_context(|| {
        format!(
            "writing `{}`; free disk space or permissions",
            beside.display()
        )
    })?;
    file.write_all(bytes)
        .with_context(|| format!("writing `{}`; free disk space", beside.display()))?;
    file.sync_all()
        .with_context(|| format!("syncing `{}`", beside.display()))?;
    fs::rename(&beside, path).with_context(|| format!("renaming to `{}`", path.display()))?;
    sync_folder(path)
}

/// The first who writes a file wins, whole; whether this was the first. What is there stays as it is.
pub(crate) fn write_first(path: &Path, bytes: &[u8]) -> Result<bool> {
    // A name of its own: two who write at the same moment do not write into each other's.
    let name = hex::encode(random_bytes::<8>()?);
    let beside = path.with_extension(format!("{name}.new"));
    let written = File::create_new(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    let linked = written.and_then(|()| fs::hard_link(&beside, path));
    let _ = fs::remove_file(&beside);
    match linked {
        Ok(()) => sync_folder(path).map(|()| true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error).with_context(|| {
            format!(
                "writing `{}`; free disk space or permissions",
                path.display()
            )
        }),
    }
}

fn sync_folder(path: &Path) -> Result<()> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    File::open(folder)
        .and_then(|f| f.sync_all())
        .with_context(|| format!("syncing `{}`", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> (tempfile::TempDir, NodeFiles) {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["node", "tables"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        let files = NodeFiles::new(dir.path());
        (dir, files)
    }

    #[test]
    fn of_two_who_write_first_one_does_and_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("day.json");
        let write = |n: u8| write_first(&path, &[n; 4_096]).unwrap();
        let firsts = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..8).map(|n| scope.spawn(move || write(n))).collect();
            let done = writers.into_iter().map(|writer| writer.join().unwrap());
            done.collect::<Vec<_>>()
        });
        assert_eq!(firsts.iter().filter(|first| **first).count(), 1);
        let winner = u8::try_from(firsts.iter().position(|first| *first).unwrap()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), [winner; 4_096]);
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
    }

    #[test]
    fn a_latch_and_a_table_survive_a_restart() {
        let (_dir, files) = files();
        assert_eq!(files.read_latch().unwrap(), HomeLatch::default());
        assert!(files.read_table().is_none());
        let latch: HomeLatch = serde_json::from_str(r#"{"epochs":{"A/MSG":3}}"#).unwrap();
        files.write_latch(&latch).unwrap();
        assert_eq!(files.read_latch().unwrap(), latch);
        let table = RouteTable {
            version: 7,
            ..RouteTable::default()
        };
        files.write_table(&table.hash(), &table).unwrap();
        assert_eq!(files.read_table(), Some(table));
    }

    #[test]
    fn a_table_with_other_bytes_than_its_hash_is_not_used() {
        let (dir, files) = files();
        let table = RouteTable {
            version: 7,
            ..RouteTable::default()
        };
        files.write_table(&table.hash(), &table).unwrap();
        let path = dir
            .path()
            .join("tables")
            .join(format!("{}.json", table.hash()));
        let text = fs::read_to_string(&path)
            .unwrap()
            .replace("\"version\":7", "\"version\":8");
        fs::write(&path, text).unwrap();
        assert!(files.read_table().is_none());
    }

    #[test]
    fn a_damaged_latch_is_an_error_and_not_an_open_door() {
        let (dir, files) = files();
        fs::write(dir.path().join("node/latch.json"), b"{").unwrap();
        assert!(files.read_latch().is_err());
    }
}
