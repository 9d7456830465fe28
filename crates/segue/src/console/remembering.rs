//! What the guards remember, on disk: evidence outlives the process. Old or new, never half; a file that cannot be read is said,
//! and the guards begin with the facts of the last day.

use crate::node::files::write_durably;
use anyhow::{Context as _, Result};
use jiff::Timestamp;
use segue_guard::{Exhibit, Watch};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The shape of the file; another one is not read.
const VERSION: u32 = 1;

/// Where the guards' files lie.
#[derive(Clone, Debug)]
pub(crate) struct GuardFiles {
    folder: PathBuf,
}

#[derive(Serialize)]
struct Writing<'a> {
    version: u32,
    at: Timestamp,
    watch: &'a Watch,
}

/// What a process before this one remembered.
#[derive(Debug, Deserialize)]
struct Written {
    version: u32,
    at: Timestamp,
    watch: Watch,
}

impl GuardFiles {
    /// The files of a data directory.
    pub(crate) fn new(data: &Path) -> Self {
        Self {
            folder: data.to_owned(),
        }
    }

    /// The verdicts that changed what is done, a JSON document a line.
    pub(super) fn verdicts(&self) -> PathBuf {
        self.folder.join("guard-verdicts.jsonl")
    }

    fn memory(&self) -> PathBuf {
        self.folder.join("guard-memory.json")
    }

    fn own_weeks(&self) -> PathBuf {
        self.folder.join("guard-own-weeks.json")
    }

    /// What the guards remembered, and when; nothing where they never did.
    pub(super) fn recall(&self) -> Result<Option<(Watch, Timestamp)>> {
        let Some(written) = read::<Written>(&self.memory())? else {
            return Ok(None);
        };
        anyhow::ensure!(
            written.version == VERSION,
            "`{}` is of version {}, and this program reads {VERSION}",
            self.memory().display(),
            written.version
        );
        Ok(Some((written.watch, written.at)))
    }

    /// What the guards remember now, to be written by [`Self::keep`].
    pub(super) fn written(watch: &Watch, at: Timestamp) -> Result<Vec<u8>> {
        let version = VERSION;
        let writing = Writing { version, at, watch };
        serde_json::to_vec(&writing).context("writing down what the guards remember")
    }

    /// Keeps it, so that it survives a power cut.
    pub(super) fn keep(&self, bytes: &[u8]) -> Result<()> {
        write_durably(&self.memory(), bytes)
    }

    /// What the client's own weeks have shown, chunk by chunk.
    pub(crate) fn exhibits(&self) -> Result<Vec<Exhibit>> {
        Ok(read(&self.own_weeks())?.unwrap_or_default())
    }

    /// Keeps an exhibit in place of the chunk's last one.
    pub(crate) fn exhibit(&self, exhibit: Exhibit) -> Result<()> {
        let mut all = self.exhibits()?;
        all.retain(|other| other.chunk != exhibit.chunk);
        all.push(exhibit);
        write_durably(&self.own_weeks(), &serde_json::to_vec_pretty(&all)?)
    }
}

/// A file's document; nothing where there is no file.
fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .with_context(|| format!("reading `{}`; move it away", path.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading `{}`", path.display())),
    }
}
