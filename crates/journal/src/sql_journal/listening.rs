//! A server's word that somebody appended, so that tails of other nodes need not wait for their next look.

use super::saw;
use crate::event::Position;
use sqlx::postgres::PgListener;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// Where appends are announced; the payload is the newest position.
pub(super) const CHANNEL: &str = "segue_journal";
/// Pause before the server is asked again.
const RETRY_MS: u64 = 500;

/// Listens until it is dropped. What is missed while the server is gone, tails find by looking.
#[derive(Debug)]
pub(super) struct Listening(AbortHandle);

impl Listening {
    pub(super) fn start(url: &str, newest: watch::Sender<Position>) -> Self {
        let url = url.to_owned();
        let task = tokio::spawn(async move {
            loop {
                if let Err(error) = listen(&url, &newest).await {
                    tracing::debug!(%error, "the journal's server announces nothing; tails look by themselves");
                }
                tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
            }
        });
        Self(task.abort_handle())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn listen(url: &str, newest: &watch::Sender<Position>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect(url).await?;
    listener.listen(CHANNEL).await?;
    while let Some(said) = listener.try_recv().await? {
        // Another journal of the same server says nothing that a look at ours would not correct.
        if let Ok(position) = said.payload().parse() {
            saw(newest, Position(position));
        }
    }
    Ok(())
}
