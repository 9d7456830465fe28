//! A directory that is gone when the scenario ends.

use crate::data_dir::random_name;
use crate::output::Failure;
use std::path::{Path, PathBuf};

/// A fresh directory under the system's temporary one.
#[derive(Debug)]
pub(crate) struct TemporaryDir(PathBuf);

impl TemporaryDir {
    /// Makes it.
    pub(crate) fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("segue-scenario-{}", random_name()?));
        std::fs::create_dir(&path).map_err(|e| {
            Failure::Unavailable(format!(
                "`{}` cannot be made ({e}); name a directory you may write in TMPDIR",
                path.display()
            ))
        })?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryDir {
    fn drop(&mut self) {
        // What cannot be removed is the system's to sweep; the scenario's verdict stands.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
