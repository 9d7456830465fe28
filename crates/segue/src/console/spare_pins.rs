//! Duty PINs on this node's own disk, renewed while the accounts answer: the PIN page brings calls home also when they do not.

use super::Shared;
use crate::clock;
use crate::node::files::write_durably;
use jiff::Timestamp;
use segue_journal::accounts::{Accounts, Entry, EntryError, SpareAttempts, SparePin};
use segue_web::Credentials;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;

/// How often they are renewed: a PIN that was taken back is good for so long at most, and only while nothing answers.
const RENEW: Duration = Duration::from_mins(1);

/// What this node keeps.
pub(super) struct SparePins {
    file: PathBuf,
    attempts: Mutex<SpareAttempts>,
}

impl SparePins {
    pub(super) fn new(data: &Path) -> Self {
        Self {
            file: data.join("node/pins.json"),
            attempts: Mutex::default(),
        }
    }

    /// Lets a person in by what is kept here; nobody where nothing is.
    pub(super) async fn enter(
        &self,
        accounts: &Accounts,
        who: &Credentials,
        now: Timestamp,
    ) -> Result<Entry, EntryError> {
        let kept = fs::read(&self.file).ok();
        let spares: Vec<SparePin> = kept
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        tracing::warn!(
            kept = spares.len(),
            "the accounts do not answer: a PIN is checked against those kept here"
        );
        let secret = (who.user.as_str(), who.secret.as_str());
        let source = who.source.to_string();
        accounts
            .enter_with_spare_pin(&spares, &self.attempts, secret, (&source, now))
            .await
    }

    /// Keeps what the accounts say now; what cannot be asked stays as it was.
    pub(super) async fn renew(&self, accounts: &Accounts) -> anyhow::Result<()> {
        let spares = accounts.spare_pins().await?;
        let bytes = serde_json::to_vec(&spares)?;
        if fs::read(&self.file).is_ok_and(|kept| kept == bytes) {
            return Ok(());
        }
        // Hashes of short secrets: for the owner of the process alone, before a byte is in it.
        let beside = self.file.with_extension("new");
        fs::write(&beside, [])?;
        fs::set_permissions(&beside, fs::Permissions::from_mode(0o600))?;
        write_durably(&self.file, &bytes)
    }
}

/// Seals second factors that were stored before they were sealed; what cannot be now is tried again.
async fn seal(accounts: &Accounts) {
    match accounts.seal_second_factors().await {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "second factors lie sealed from now on"),
        Err(error) => tracing::debug!(%error, "second factors are not sealed for now"),
    }
}

/// Renews until `stop`.
pub(super) async fn keep(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut is_failing = false;
    loop {
        let people = &shared.people;
        match people.spares.renew(&people.accounts).await {
            Ok(()) => is_failing = false,
            Err(error) if !is_failing => {
                is_failing = true;
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the duty PINs kept here are not renewed"
                );
            }
            Err(_) => {}
        }
        // Old attempts and old lines of the audit go with the same look; what cannot be deleted now is tried again.
        if let Err(error) = people.accounts.prune(clock::now()).await {
            tracing::debug!(%error, "old attempts are kept for now");
        }
        seal(&people.accounts).await;
        tokio::select! {
            () = tokio::time::sleep(RENEW) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}
