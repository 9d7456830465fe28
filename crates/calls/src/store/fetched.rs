//! A store that comes from where it was published: its files are laid into the staging folder, then they are the store's, all or none.

use super::{CallStore, Manifest, Staging, sync_folder};
use crate::error::{CallsError, store};
use std::fs;

impl CallStore {
    /// Whether nothing was ever imported, erased or kept here.
    pub(crate) fn is_untouched(&self) -> Result<bool, CallsError> {
        let manifest = self.manifest()?;
        let tables = self.root().join("_segue/tables");
        Ok(manifest.imports.is_empty() && manifest.erasures.is_empty() && !tables.exists())
    }

    /// Makes a fetched store real; the import lock keeps everybody else from it until then.
    pub(crate) fn commit_fetched(
        &self,
        staging: Staging,
        manifest: Manifest,
    ) -> Result<(), CallsError> {
        sync_folder(&staging.folder)?;
        let path = self.manifest_path();
        let lock = self.lock_file("commit.lock")?;
        lock.lock().map_err(store("lock", &path))?;
        let mut manifest = Manifest {
            pending: staging.moves,
            removals: Vec::new(),
            ..manifest
        };
        self.write_manifest(&manifest)?;
        self.make_moves(&mut manifest)?;
        fs::remove_dir_all(&staging.folder).map_err(store("sweep", &staging.folder))
    }
}
