//! The daily checkpoint of the transition's chain, as a file that both parties sign and keep.

use crate::clock;
use crate::data_dir::DataDir;
use crate::node::cluster::Cluster;
use crate::node::files::write_durably;
use crate::office::{LocalDesk, unavailable};
use crate::output::Failure;
use anyhow::Context as _;
use jiff::Timestamp;
use segue_journal::StreamId;
use segue_journal::checkpoint::{self, CheckpointFile};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is asked whether today's has been taken.
const LOOK: Duration = Duration::from_secs(30);
/// The name of this work among the nodes.
const JOB: &str = "checkpoints";
pub const FOLDER: &str = "checkpoints";
/// Largest file read.
const FILE_BYTES_MAX: u64 = 64 << 10;
/// Whom the mail is for, an address a line: a signatory's, or wherever a party keeps what it signs.
const RECIPIENTS: &str = "checkpoint-recipients.txt";

/// Reads a checkpoint file; the sentence says what is wrong with it.
pub fn read(path: &Path) -> Result<(CheckpointFile, checkpoint::Stand), Failure> {
    let bad = |why: String| Failure::BadInput(format!("`{}`: {why}", path.display()));
    let size = fs::metadata(path)
        .map_err(|e| bad(format!("cannot be read ({e})")))?
        .len();
    if size > FILE_BYTES_MAX {
        return Err(bad("is larger than a checkpoint".into()));
    }
    let text = fs::read_to_string(path).map_err(|e| bad(format!("cannot be read ({e})")))?;
    CheckpointFile::read(&text).map_err(|e| bad(e.to_string()))
}

/// Writes it where it was, old or new, never half.
pub fn write(path: &Path, file: &CheckpointFile) -> Result<(), Failure> {
    let text = file.text().context("writing a checkpoint")?;
    write_durably(path, text.as_bytes()).map_err(|e| Failure::Unavailable(format!("{e:#}")))
}

/// The checkpoints of a data directory, oldest first.
pub fn all(data: &DataDir) -> Vec<PathBuf> {
    let entries = fs::read_dir(data.path(FOLDER)).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    paths.sort_unstable();
    paths
}

/// Takes today's, unless it is there; where it lies, and whether it is new. `None` while the journal is empty.
pub async fn take(
    desk: &LocalDesk,
    stream: &StreamId,
    data: &DataDir,
    now: Timestamp,
) -> Result<Option<(PathBuf, bool)>, Failure> {
    let path = data
        .path(FOLDER)
        .join(format!("{}.json", checkpoint::day_of(now)));
    if path.exists() {
        return Ok(Some((path, false)));
    }
    // A file that is damaged, or somebody else's, stops no further checkpoint.
    let newest = all(data).into_iter().rev().find_map(|path| {
        let read = read(&path);
        if let Err(error) = &read {
            tracing::warn!(path = %path.display(), %error, "a checkpoint cannot be read; the one before it is built on");
        }
        read.ok()
    });
    let previous = newest.map(|(file, _)| file.hash());
    let taken = checkpoint::take(desk.journal(), stream, now, previous).await;
    let Some(file) = taken.map_err(|e| unavailable(&e))? else {
        return Ok(None);
    };
    fs::create_dir_all(data.path(FOLDER)).context("creating the folder of checkpoints")?;
    write(&path, &file)?;
    let recipients = recipients(data);
    if !recipients.is_empty() {
        let text = file.text().context("writing a checkpoint")?;
        let mail = mail(&recipients, &checkpoint::day_of(now), &text, now);
        write_durably(&path.with_extension("eml"), mail.as_bytes())
            .map_err(|e| Failure::Unavailable(format!("{e:#}")))?;
    }
    Ok(Some((path, true)))
}

/// Whom the mail is for.
pub fn recipients(data: &DataDir) -> Vec<String> {
    let lines = fs::read_to_string(data.path(RECIPIENTS)).unwrap_or_default();
    let lines = lines.lines().map(str::trim);
    lines
        .filter(|line| line.contains('@'))
        .map(str::to_owned)
        .collect()
}

/// The checkpoint as a message (RFC 5322) that any mail program sends: text, with the file as it is attached.
fn mail(recipients: &[String], day: &str, text: &str, now: Timestamp) -> String {
    let to = recipients.join(",\r\n ");
    let date = now.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let attached = text.replace('\n', "\r\n");
    format!(
        "To: {to}\r\nDate: {date}\r\nSubject: Segue checkpoint of {day}, to sign and to keep\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=segue-checkpoint\r\n\r\n--segue-checkpoint\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n\
         The attached checkpoint says where the journal stood. Compare it with an export of your own, sign it with\r\n\
         `segue checkpoint sign {day}.json --key FILE`, hand it to the other party, and keep what both signed.\r\n\
         --segue-checkpoint\r\nContent-Type: application/json; charset=utf-8\r\n\
         Content-Disposition: attachment; filename={day}.json\r\n\r\n{attached}\r\n--segue-checkpoint--\r\n"
    )
}

/// Takes each day's until `stop`; of several nodes one does.
pub async fn keep(
    desk: Arc<LocalDesk>,
    stream: StreamId,
    data: DataDir,
    cluster: Option<Arc<Cluster>>,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        if cluster
            .as_ref()
            .is_some_and(|cluster| cluster.stands_by(JOB))
        {
            continue;
        }
        match take(&desk, &stream, &data, clock::now()).await {
            Ok(taken) => {
                if let Some(cluster) = &cluster {
                    cluster.did(JOB, LOOK * 3);
                }
                if let Some((path, true)) = taken {
                    tracing::info!(path = %path.display(), "a checkpoint was taken; both parties sign it");
                }
            }
            Err(error) => tracing::warn!(%error, "today's checkpoint was not taken"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_has_its_headers_and_the_file_as_it_is() {
        let now = "2026-11-27T00:00:31Z".parse().unwrap();
        let mail = mail(
            &["a@example.org".to_owned(), "b@example.org".to_owned()],
            "2026-11-27",
            "{\n}\n",
            now,
        );
        let (head, body) = mail.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(
            "To: a@example.org,\r\n b@example.org\r\nDate: Fri, 27 Nov 2026 00:00:31 +0000\r\n"
        ));
        assert!(body.contains("filename=2026-11-27.json\r\n\r\n{\r\n}\r\n"));
        assert!(mail.ends_with("--segue-checkpoint--\r\n"));
        assert!(
            !mail.replace("\r\n", "").contains('\n'),
            "every line ends as RFC 5322 asks"
        );
    }
}
