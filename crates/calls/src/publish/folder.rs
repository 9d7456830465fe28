//! A folder as a place: objects are files, put by renaming; a lock gives one publisher at a time its turn.

use super::place::{Pieces, Replacing, Shelf, Standing, busy, fault};
use super::steps::PUBLISHED;
use crate::error::{CallsError, store};
use crate::store::{private_folder, sync_folder};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Where files lie until they are whole.
const INCOMING: &str = "_segue/incoming";
const PIECE: u64 = 1024 * 1024;

pub(super) struct Folder {
    url: String,
    root: PathBuf,
}

impl Folder {
    pub(super) fn new(url: &str, root: &Path) -> Self {
        Self {
            url: url.to_owned(),
            root: root.to_owned(),
        }
    }

    fn walk(&self, folder: &Path, found: &mut BTreeMap<String, u64>) -> Result<(), CallsError> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(store("list", folder))?,
        };
        for entry in entries {
            let entry = entry.map_err(store("list", folder))?;
            let path = entry.path();
            let about = entry.metadata().map_err(store("read", &path))?;
            if about.is_dir() {
                self.walk(&path, found)?;
            } else if let Some(name) = path.strip_prefix(&self.root).ok().and_then(Path::to_str) {
                found.insert(name.to_owned(), about.len());
            }
        }
        Ok(())
    }

    fn lay(&self, place: &str, source: &mut (dyn Read + Send)) -> Result<(), CallsError> {
        let incoming = self.root.join(INCOMING);
        private_folder(&incoming)?;
        let (from, to) = (
            incoming.join(place.replace('/', "_")),
            self.root.join(place),
        );
        let mut file = File::create(&from).map_err(store("write", &from))?;
        io::copy(source, &mut file).map_err(store("write", &from))?;
        file.sync_all().map_err(store("write", &from))?;
        let folder = to.parent().unwrap_or(&self.root);
        private_folder(folder)?;
        fs::rename(&from, &to).map_err(store("replace", &to))?;
        sync_folder(folder)
    }
}

#[async_trait]
impl Shelf for Folder {
    fn turn(&self) -> Result<Option<File>, CallsError> {
        let folder = self.root.join("_segue");
        private_folder(&folder)?;
        let path = folder.join("publish.lock");
        let mut options = File::options();
        let file = options.create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(store("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(busy(&self.url)),
            Err(fs::TryLockError::Error(error)) => return Err(store("lock", &path)(error)),
        }
        // What a publisher left that was killed: of erased records, too, nothing stays.
        let incoming = self.root.join(INCOMING);
        match fs::remove_dir_all(&incoming) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(store("sweep", &incoming)(error))
            }
            _ => Ok(Some(file)),
        }
    }

    /// The lock does.
    async fn require_conditions(&self) -> Result<(), CallsError> {
        Ok(())
    }

    async fn published(&self) -> Result<Option<Standing>, CallsError> {
        let path = self.root.join(PUBLISHED);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(Standing {
                bytes: bytes.into(),
                version: None,
            })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(store("read", &path)(error)),
        }
    }

    async fn publish(
        &self,
        bytes: Bytes,
        _seen: Option<&Standing>,
        _how: Replacing,
    ) -> Result<(), CallsError> {
        self.lay(PUBLISHED, &mut &bytes[..])
    }

    async fn list(&self) -> Result<BTreeMap<String, u64>, CallsError> {
        let mut found = BTreeMap::new();
        self.walk(&self.root, &mut found)?;
        Ok(found)
    }

    async fn put(&self, place: &str, source: &mut (dyn Read + Send)) -> Result<(), CallsError> {
        self.lay(place, source)
    }

    async fn get(&self, place: &str) -> Result<Pieces, CallsError> {
        let path = self.root.join(place);
        let mut file = File::open(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => fault(&self.url, super::GONE),
            _ => store("read", &path)(error),
        })?;
        let pieces = std::iter::from_fn(move || {
            let mut piece = Vec::new();
            match file.by_ref().take(PIECE).read_to_end(&mut piece) {
                Ok(0) => None,
                Ok(_) => Some(Ok(Bytes::from(piece))),
                Err(error) => Some(Err(store("read", &path)(error))),
            }
        });
        Ok(futures_util::stream::iter(pieces).boxed())
    }

    async fn delete(&self, place: &str) -> Result<(), CallsError> {
        let path = self.root.join(place);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(store("remove", &path)(error)),
            _ => path.parent().map_or(Ok(()), sync_folder),
        }
    }
}
