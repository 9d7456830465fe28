//! The daily checkpoint of the transition's chain, as a file that both parties sign and keep.

use crate::clock;
use crate::data_dir::DataDir;
use crate::node::cluster::Cluster;
use crate::node::files::{write_durably, write_first};
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

/// Takes today's, unless it is there; where it lies, and whether it is new. `None` while the journal is empty. Of two who take
/// it at the same moment one does. The mail lies beside it before anybody tries to send it; one that is missing is made up.
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
        write_mail(&path, data)?;
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
    let text = file.text().context("writing a checkpoint")?;
    let first = write_first(&path, text.as_bytes());
    let first = first.map_err(|e| Failure::Unavailable(format!("{e:#}")))?;
    write_mail(&path, data)?;
    Ok(Some((path, first)))
}

/// The mail of a checkpoint, where somebody is to have it and it is not there. It says what the file says, whoever writes it.
fn write_mail(path: &Path, data: &DataDir) -> Result<(), Failure> {
    let (mail_path, recipients) = (path.with_extension("eml"), recipients(data).addresses);
    if recipients.is_empty() || mail_path.exists() {
        return Ok(());
    }
    let (file, stand) = read(path)?;
    let text = file.text().context("writing a checkpoint")?;
    let taken_at: Result<Timestamp, _> = stand.at.parse();
    let taken_at = taken_at.context("reading when it was taken")?;
    let mail = mail(&recipients, &stand.day, &text, taken_at);
    let written = write_first(&mail_path, mail.as_bytes());
    written.map_err(|e| Failure::Unavailable(format!("{e:#}")))?;
    Ok(())
}

/// Whom the mail is for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Recipients {
    /// One mail each.
    pub addresses: Vec<String>,
    /// Lines that are no address: nobody is mailed for them.
    pub wrong: Vec<String>,
}

impl Recipients {
    fn of(text: &str) -> Self {
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let is_address = |line: &String| line.parse::<lettre::Address>().is_ok();
        let (addresses, wrong) = lines.map(str::to_owned).partition(is_address);
        Self { addresses, wrong }
    }

    /// For the log at start and for `segue doctor`.
    ///
    /// # Errors
    /// Which lines are no addresses, and what to do.
    pub fn check(&self) -> Result<(), String> {
        if self.wrong.is_empty() {
            return Ok(());
        }
        Err(format!(
            "`{RECIPIENTS}` holds what is no address of mail: {}; write one address a line, such as dana@example.org, and `#` before a remark",
            self.wrong.join("; ")
        ))
    }
}

/// Whom the mail is for, as the file says now.
pub fn recipients(data: &DataDir) -> Recipients {
    Recipients::of(&fs::read_to_string(data.path(RECIPIENTS)).unwrap_or_default())
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
    if let Err(why) = recipients(&data).check() {
        tracing::warn!(why, "somebody will not be mailed a checkpoint");
    }
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
    use crate::data_dir::NewData;
    use segue_journal::{
        Append, Body, CommandId, Desk, EVENT_SCHEMA, Journal as _, NewEvent, SqlJournal, Version,
    };

    /// A transition's journal with one fact, in its own directory.
    async fn site() -> (tempfile::TempDir, DataDir, Arc<LocalDesk>, StreamId) {
        let directory = tempfile::tempdir().unwrap();
        let data = DataDir::create(&directory.path().join("data"), NewData::default()).unwrap();
        let stream = StreamId::new("riverside").unwrap();
        let journal = SqlJournal::open(data.place("journal")).await.unwrap();
        let at = "2026-11-26T08:00:00Z".parse().unwrap();
        let fact = segue_domain::Event::GatePassed(segue_domain::gates::GatePassed {
            chunk: "RVS-Main/MSG".into(),
            at,
        });
        let append = Append {
            stream: stream.clone(),
            expected_version: Version(0),
            command_id: CommandId::new("fixture").unwrap(),
            actor: "client:rvs-manager".to_owned(),
            cause: "fixture".to_owned(),
            recorded_at: at,
            events: vec![NewEvent {
                kind: fact.name().to_owned(),
                schema: EVENT_SCHEMA,
                body: Body::canonical(&fact).unwrap(),
            }],
        };
        let _ = journal.append(&append).await.unwrap();
        (directory, data, Arc::new(Desk::new(journal)), stream)
    }

    #[tokio::test]
    async fn of_two_who_take_a_checkpoint_at_the_same_moment_one_does() {
        let (_directory, data, desk, stream) = site().await;
        fs::write(data.path(RECIPIENTS), "dana@example.org\n").unwrap();
        let take = async |at: &str| {
            let taken = take(&desk, &stream, &data, at.parse().unwrap()).await;
            taken.unwrap().unwrap()
        };
        let (one, other) = tokio::join!(take("2026-11-27T00:00:30Z"), take("2026-11-27T00:00:31Z"));
        assert_eq!(one.0, other.0);
        assert!(one.1 != other.1, "one of them is the day's");
        let at = if one.1 { "00:00:30" } else { "00:00:31" };
        let (file, stand) = read(&one.0).unwrap();
        assert!(stand.at.contains(at), "{}", stand.at);
        let mail = fs::read_to_string(one.0.with_extension("eml")).unwrap();
        assert!(mail.contains(&file.text().unwrap().replace('\n', "\r\n")));
        // A process that ended between file and mail: the next look makes the mail up.
        fs::remove_file(one.0.with_extension("eml")).unwrap();
        assert_eq!(take("2026-11-27T09:00:00Z").await, (one.0.clone(), false));
        assert_eq!(
            fs::read_to_string(one.0.with_extension("eml")).unwrap(),
            mail
        );
    }

    #[test]
    fn a_line_that_is_no_address_is_told_and_keeps_nothing_from_the_others() {
        let read =
            Recipients::of("dana@example.org\n\n# max is away\nmax@\n Kim <kim@example.org>\n");
        assert_eq!(read.addresses, ["dana@example.org"]);
        let says = read.check().unwrap_err();
        assert!(says.contains(": max@; Kim <kim@example.org>; "), "{says}");
        assert_eq!(Recipients::of("a@example.org").check(), Ok(()));
        assert_eq!(Recipients::of("").check(), Ok(()));
    }

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
