//! What lies where in the data directory, and how it comes to be.
//!
//! With a journal on a server, facts, calls and people are there; else `journal.db` facts · `facts.db` calls and decisions · `accounts.db` people · `keys/` secrets (0600) ·
//! `tables/` route tables by hash · `node/` latch and last table · `calls/` imported records.

use crate::output::Failure;
use anyhow::Context as _;
use segue_calls::seal::LakeKey;
use segue_calls::store::CallStore;
use segue_domain::caller::CallerKey;
use segue_domain::ids::{LineId, TransitionId};
use segue_domain::lines::Line;
use segue_journal::Place;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A data directory that exists.
#[derive(Clone, Debug)]
pub struct DataDir {
    root: PathBuf,
    settings: Settings,
}

/// What `segue init` wrote down.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// The transition of this directory.
    pub transition: TransitionId,
    /// Whether `--at` may set the clock.
    #[serde(default)]
    pub simulated_clock: bool,
    /// The server that holds facts, call facts and people; files in this directory without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<String>,
    /// The directory of another node on this machine whose stores this one shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stores: Option<PathBuf>,
    /// Whether call records are written in the clear, for engines that cannot be given the key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain_calls: bool,
}

/// What a new data directory is for.
#[derive(Clone, Debug, Default)]
pub struct NewData {
    /// Let `--at` set the clock.
    pub simulated_clock: bool,
    /// URL of the server that holds the journal.
    pub journal: Option<String>,
    /// The directory of another node on this machine whose stores it shares: for examples, as one disk is one fault.
    pub stores: Option<PathBuf>,
    /// The transition another node already carries; a new one without it.
    pub transition: Option<TransitionId>,
    /// Write call records in the clear.
    pub plain_calls: bool,
}

const SETTINGS: &str = "segue.toml";

impl DataDir {
    /// Makes a new one; an existing one is left as it is and refused.
    pub fn create(root: &Path, new: NewData) -> Result<Self, Failure> {
        if root.join(SETTINGS).exists() {
            return Err(Failure::BadInput(format!(
                "`{}` already holds a transition; choose another directory with --data DIR",
                root.display()
            )));
        }
        for folder in ["", "keys", "tables", "node", "calls"] {
            fs::create_dir_all(root.join(folder))
                .with_context(|| {
                    format!(
                        "creating `{}`; choose a directory you may write with --data DIR",
                        root.join(folder).display()
                    )
                })
                .map_err(|e| Failure::Unavailable(format!("{e:#}")))?;
        }
        let joins = new.transition.is_some();
        let settings = Settings {
            transition: match new.transition {
                Some(transition) => transition,
                None => TransitionId(random_name()?),
            },
            simulated_clock: new.simulated_clock,
            journal: new.journal,
            stores: new.stores,
            plain_calls: new.plain_calls,
        };
        let key = root.join("keys/caller.key");
        if joins && !key.exists() {
            return Err(Failure::BadInput(format!(
                "`{}` is missing: nodes of one transition share the client's key; copy it from the first node, then run this again",
                key.display()
            )));
        }
        // A key that an interrupted start left behind, or that the client laid there, is the one to use.
        if !key.exists() {
            write_private(&key, &hex::encode(random_bytes::<32>()?))?;
        }
        let data = Self {
            root: root.to_owned(),
            settings,
        };
        // Last: a directory without it is not a data directory, so a crash leaves nothing half-made.
        data.write_settings()?;
        Ok(data)
    }

    /// The same directory with its journal on a server.
    pub fn moved_to(&self, url: &str) -> Result<Self, Failure> {
        let mut moved = self.clone();
        moved.settings.journal = Some(url.to_owned());
        moved.write_settings()?;
        Ok(moved)
    }

    /// For its owner alone: the URL may hold a password.
    fn write_settings(&self) -> Result<(), Failure> {
        let text = toml::to_string(&self.settings).context("writing settings")?;
        let beside = self.root.join("segue.toml.new");
        // Left over from a start that was interrupted.
        let _ = fs::remove_file(&beside);
        write_private(&beside, &text)?;
        fs::rename(&beside, self.root.join(SETTINGS)).context("writing segue.toml")?;
        Ok(())
    }

    /// Where a store is: `journal`, `facts` or `accounts`.
    pub fn place(&self, store: &str) -> Place {
        let server = self.settings.journal.as_deref().and_then(Place::server);
        let folder = self.settings.stores.as_deref().unwrap_or(&self.root);
        server.unwrap_or_else(|| Place::from(&folder.join(format!("{store}.db"))))
    }

    /// The directory of a further node of this transition on this machine, with the same stores and the client's key.
    pub fn beside(&self, name: &str) -> Result<Self, Failure> {
        let root = self.path(&format!("nodes/{name}"));
        let key = root.join("keys/caller.key");
        fs::create_dir_all(root.join("keys")).context("creating a node's directory")?;
        let text =
            fs::read_to_string(self.path("keys/caller.key")).context("reading the client's key")?;
        write_private(&key, &text)?;
        Self::create(
            &root,
            NewData {
                stores: Some(std::path::absolute(&self.root).context("finding the stores")?),
                transition: Some(self.transition().clone()),
                ..NewData::default()
            },
        )
    }

    /// Opens one that `segue init` made.
    pub fn open(root: &Path) -> Result<Self, Failure> {
        let path = root.join(SETTINGS);
        let text = fs::read_to_string(&path).map_err(|_| {
            Failure::BadInput(format!(
                "`{}` is not a Segue data directory; make one with `segue --data DIR init`, or name yours with --data DIR",
                root.display()
            ))
        })?;
        let settings = toml::from_str(&text).map_err(|e| {
            Failure::BadInput(format!(
                "`{}` cannot be read: {}; restore it from a backup",
                path.display(),
                e.message()
            ))
        })?;
        Ok(Self {
            root: root.to_owned(),
            settings,
        })
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The transition of this directory.
    pub fn transition(&self) -> &TransitionId {
        &self.settings.transition
    }

    /// Whether `--at` may set the clock.
    pub fn has_simulated_clock(&self) -> bool {
        self.settings.simulated_clock
    }

    /// A path inside.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The client's key for caller hashes.
    pub fn caller_key(&self) -> Result<CallerKey, Failure> {
        Ok(CallerKey::new(&self.key("keys/caller.key")?))
    }

    /// The server's own secret: forms stay valid over a restart while it stays the same.
    pub fn pages_key(&self) -> Result<[u8; 32], Failure> {
        let name = "keys/pages.key";
        if !self.path(name).exists() {
            write_private(&self.path(name), &hex::encode(random_bytes::<32>()?))?;
        }
        self.key(name)
    }

    /// What the nodes of one transition prove themselves to each other with: drawn from the client's key, which all have.
    pub fn nodes_key(&self) -> Result<[u8; 32], Failure> {
        self.drawn(b"segue-nodes-v1\0")
    }

    /// What the secrets of second factors are sealed with in the accounts: drawn from the client's key, which all nodes have.
    pub fn seal_key(&self) -> Result<[u8; 32], Failure> {
        self.drawn(b"segue-second-factors-v1\0")
    }

    /// What the files of call records are sealed with: drawn from the client's key, for a line whose callers are kept apart its own.
    pub fn lake_key(&self, line: Option<&LineId>) -> Result<[u8; 32], Failure> {
        match line {
            None => self.drawn(b"segue-call-records-v1\0"),
            Some(line) => self.drawn(format!("segue-call-records-of-line-v1\0{line}\0").as_bytes()),
        }
    }

    /// The call records of all lines, or of one whose callers are kept apart: sealed, unless `segue init --plain-calls` chose otherwise.
    /// Files sealed before stay readable.
    pub fn calls(&self, line: Option<&LineId>) -> Result<CallStore, Failure> {
        let folder = match line {
            None => "calls".to_owned(),
            // Each line has a folder of its own, also where one is called `A/1` and another `A_1`.
            Some(line) => {
                let name = line.as_str().replace('_', "__").replace('/', "_-");
                format!("calls-apart/line-{name}")
            }
        };
        let key = LakeKey::new(self.lake_key(line)?);
        let store = CallStore::sealed(self.path(&folder), key);
        Ok(if self.settings.plain_calls {
            store.in_the_clear()
        } else {
            store
        })
    }

    /// The call records of all lines, those that are kept apart each in a store of its own: to count calls, never to join callers.
    pub fn every_calls(&self, lines: &[Line]) -> Result<Vec<CallStore>, Failure> {
        let apart = lines.iter().filter(|line| line.part2);
        let stores = std::iter::once(None).chain(apart.map(|line| Some(&line.id)));
        stores.map(|line| self.calls(line)).collect()
    }

    fn drawn(&self, purpose: &[u8]) -> Result<[u8; 32], Failure> {
        let mut digest = Sha256::new();
        digest.update(purpose);
        digest.update(self.key("keys/caller.key")?);
        Ok(digest.finalize().into())
    }

    fn key(&self, name: &str) -> Result<[u8; 32], Failure> {
        let path = self.path(name);
        let text = fs::read_to_string(&path).map_err(|e| {
            Failure::Unavailable(format!(
                "`{}` cannot be read ({e}); restore the key file from a backup",
                path.display()
            ))
        })?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| {
            Failure::BadInput(format!(
                "`{}` is not 64 hex digits; restore the key file from a backup",
                path.display()
            ))
        })?;
        Ok(bytes)
    }
}

/// Writes a secret that only its owner may read; never over an existing one.
pub fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| {
            let says = format!(
                "`{}` cannot be created ({e}); name a file that does not exist yet, in a folder that does",
                path.display()
            );
            match e.kind() {
                ErrorKind::AlreadyExists | ErrorKind::NotFound => Failure::BadInput(says),
                _ => Failure::Unavailable(says),
            }
        })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .context("writing a key file")?;
    Ok(())
}

/// Bytes from the operating system's generator.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| {
        Failure::Unavailable(format!(
            "the operating system gives no random bytes ({e}); try again"
        ))
    })?;
    Ok(bytes)
}

/// A short random name.
pub fn random_name() -> Result<String, Failure> {
    Ok(format!("T-{}", hex::encode(random_bytes::<6>()?)))
}
