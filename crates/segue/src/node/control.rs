//! The local door to a running node: one line of JSON in, one line out, over a socket only its owner may open.

use crate::home::{HomeDoor, Press, Pressed};
use crate::output::Failure;
use anyhow::{Context as _, Result};
use segue_domain::Refusal;
use segue_web::nodes::NodeState;
use serde::{Deserialize, Serialize};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// Longest line either way.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// How long either side waits for the other.
const WAIT: Duration = Duration::from_secs(10);
/// Pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What a process on this machine may ask of a running node.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Bring calls home.
    Fallback(Press),
    /// What the node runs.
    Status,
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// To a press.
    Pressed(Pressed),
    /// To `status`: this node, then the others.
    Status(Vec<NodeState>),
    /// A rule refused.
    Refused(Box<Refusal>),
    /// Something failed.
    Failed(String),
}

/// Answers until the process ends.
pub async fn listen(
    path: &Path,
    door: Arc<HomeDoor>,
    status: Arc<dyn Fn() -> Vec<NodeState> + Send + Sync>,
) -> Result<()> {
    // Left over from a process that was killed; a living one would hold the data directory's lock.
    let _ = std::fs::remove_file(path);
    let listener = UnixListener::bind(path).with_context(|| {
        format!(
            "opening `{}`; choose a data directory with a shorter path",
            path.display()
        )
    })?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (door, status) = (Arc::clone(&door), Arc::clone(&status));
        tokio::spawn(async move {
            if let Err(error) = tokio::time::timeout(WAIT, serve(stream, &door, status.as_ref()))
                .await
                .unwrap_or(Ok(()))
            {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "a local request was not answered"
                );
            }
        });
    }
}

async fn serve(
    stream: UnixStream,
    door: &HomeDoor,
    status: &(dyn Fn() -> Vec<NodeState> + Send + Sync),
) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    (&mut stream)
        .take(LINE_BYTES_MAX)
        .read_line(&mut line)
        .await?;
    let told = match serde_json::from_str(&line) {
        Ok(Ask::Fallback(press)) => match door.press(press).await {
            Ok(pressed) => Told::Pressed(pressed),
            Err(Failure::Refused(refusal)) => Told::Refused(refusal),
            Err(other) => Told::Failed(other.to_string()),
        },
        Ok(Ask::Status) => Told::Status(status()),
        Err(error) => Told::Failed(format!("the request cannot be read: {error}")),
    };
    stream
        .write_all(format!("{}\n", serde_json::to_string(&told)?).as_bytes())
        .await?;
    Ok(())
}

/// Asks the node of a data directory; `None` when none is running.
pub async fn ask(path: &Path, ask: &Ask) -> Option<Result<Told>> {
    let stream = UnixStream::connect(path).await.ok()?;
    Some(
        tokio::time::timeout(WAIT, exchange(stream, ask))
            .await
            .unwrap_or_else(|_| {
                Err(anyhow::anyhow!(
                    "the running node did not answer within 10 s"
                ))
            }),
    )
}

async fn exchange(stream: UnixStream, ask: &Ask) -> Result<Told> {
    let mut stream = BufReader::new(stream);
    stream
        .write_all(format!("{}\n", serde_json::to_string(ask)?).as_bytes())
        .await?;
    let mut line = String::new();
    (&mut stream)
        .take(LINE_BYTES_MAX)
        .read_line(&mut line)
        .await?;
    serde_json::from_str(&line).context("reading the running node's answer")
}
