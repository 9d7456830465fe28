//! Each day's checkpoint, mailed to both parties by SMTP.
//!
//! What is to be mailed lies on disk (`checkpoints/DAY.eml`), and so does who has it already (`DAY.mailed`, an address a line):
//! a restart mails nothing twice but what a relay took without saying so. Each address is mailed alone, so that a wrong one of
//! one party keeps nothing from the other. A relay that is down is tried again, less and less often, for three days; nothing
//! else waits for it.

use crate::checkpoints::{self, FOLDER};
use crate::clock;
use crate::data_dir::DataDir;
use crate::node::files::write_durably;
use crate::output::Failure;
use clap::ValueEnum;
use jiff::{SignedDuration, Timestamp};
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use segue_web::nodes::UnmailedView;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// How often it is looked whether something is to be mailed.
const LOOK: Duration = Duration::from_secs(5);
/// Longest one mail takes, from the connection to the relay's last word.
const SEND_WAIT: Duration = Duration::from_mins(1);
/// The pause after a mail that failed; each further one twice as long, up to the longest.
const PAUSE_MIN: SignedDuration = SignedDuration::from_secs(5);
const PAUSE_MAX: SignedDuration = SignedDuration::from_hours(1);
/// Ends the name of the file that says why a mail was not taken.
const TROUBLE: &str = "unmailed";
/// How old the folder's last change is before what was read of it is relied on.
const FOLDER_SETTLES: SignedDuration = SignedDuration::from_secs(2);
/// Days a mail is tried.
const DAYS_MAX: i64 = 3;

/// How a relay is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MailTls {
    /// In the clear at first, then TLS or not at all (port 587)
    Starttls,
    /// TLS from the first byte (port 465)
    Tls,
    /// In the clear; for a relay on this machine
    None,
}

/// The relay.
#[derive(Clone)]
pub struct MailOptions {
    host: String,
    port: u16,
    from: Address,
    tls: MailTls,
    /// Who vouches for its certificate, where the machine does not know them.
    pub authorities: Option<PathBuf>,
    /// Name and password there.
    pub login: Option<(String, String)>,
    /// How long the relay is waited for.
    wait: Duration,
}

impl std::fmt::Debug for MailOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailOptions")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl MailOptions {
    /// A relay `HOST:PORT`, and whom mails are from.
    pub fn new(relay: &str, from: &str, tls: MailTls) -> Result<Self, Failure> {
        let place = relay.rsplit_once(':');
        let place = place.and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let (host, port) = place.filter(|(host, _)| !host.is_empty()).ok_or_else(|| {
            Failure::BadInput(format!(
                "--mail-relay {relay} is not HOST:PORT, such as mail.example.org:587"
            ))
        })?;
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            from: address(from).map_err(|why| Failure::BadInput(format!("--mail-from: {why}")))?,
            tls,
            authorities: None,
            login: None,
            wait: SEND_WAIT,
        })
    }

    /// Whether a way to the relay can be made; nobody is asked yet.
    pub fn checked(self) -> Result<Self, Failure> {
        let local = matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "::1");
        if self.tls == MailTls::None && !local {
            return Err(Failure::BadInput(
                "a relay on another machine is spoken to over TLS; leave --mail-tls at starttls, or say tls".into(),
            ));
        }
        self.transport().map_err(Failure::BadInput)?;
        Ok(self)
    }

    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
        let tls = match self.tls {
            MailTls::None => Tls::None,
            MailTls::Starttls => Tls::Required(self.parameters()?),
            MailTls::Tls => Tls::Wrapper(self.parameters()?),
        };
        let mut relay = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host)
            .port(self.port)
            .timeout(Some(self.wait))
            .tls(tls);
        if let Some((name, password)) = self.login.clone() {
            relay = relay.credentials(Credentials::new(name, password));
        }
        Ok(relay.build())
    }

    fn parameters(&self) -> Result<TlsParameters, String> {
        let mut parameters = TlsParameters::builder(self.host.clone());
        if let Some(path) = &self.authorities {
            let unread = |why: String| {
                format!(
                    "no certificate can be read from `{}`: {why}; give a PEM file that holds one",
                    path.display()
                )
            };
            let pem = fs::read(path).map_err(|e| unread(e.to_string()))?;
            let known = Certificate::from_pem(&pem).map_err(|e| unread(e.to_string()))?;
            parameters = parameters.add_root_certificate(known);
        }
        parameters
            .build_rustls()
            .map_err(|e| format!("TLS cannot be set up for mail: {e}"))
    }

    async fn send(&self, to: &str, mail: &[u8]) -> Result<(), String> {
        let envelope = Envelope::new(Some(self.from.clone()), vec![address(to)?]);
        let envelope = envelope.map_err(|e| e.to_string())?;
        let transport = self.transport()?;
        // The library's own limit is for the connection alone: a relay that takes it and never speaks must not hang this.
        let sent = tokio::time::timeout(self.wait, transport.send_raw(&envelope, mail)).await;
        let sent = sent.map_err(|_| {
            format!(
                "the relay did not take it within {} s; look at its log, and whether --mail-relay and --mail-tls are right",
                self.wait.as_secs()
            )
        })?;
        sent.map(|_| ()).map_err(|error| {
            // The library's own words leave the cause to its source.
            let cause = std::error::Error::source(&error);
            cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
        })
    }
}

fn address(text: &str) -> Result<Address, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no address of mail, such as checkpoints@example.org"))
}

/// What is to be mailed still: the days of the last three whose mail somebody does not have yet.
fn due(data: &DataDir, now: Timestamp) -> Vec<PathBuf> {
    let oldest = segue_journal::checkpoint::day_of(now - SignedDuration::from_hours(24 * DAYS_MAX));
    let mails = checkpoints::all(data).into_iter();
    let mails = mails.map(|path| path.with_extension("eml"));
    let recent = |mail: &PathBuf| {
        mail.file_stem()
            .is_some_and(|day| *day.to_string_lossy() >= *oldest)
    };
    let mails = mails.filter(|mail| mail.exists() && recent(mail));
    mails
        .filter(|mail| !missing(data, mail).is_empty())
        .collect()
}

/// Who does not have this mail yet.
fn missing(data: &DataDir, mail: &Path) -> Vec<String> {
    let had = fs::read_to_string(mail.with_extension("mailed")).unwrap_or_default();
    let mut wanted = checkpoints::recipients(data).addresses;
    wanted.retain(|address| !had.lines().any(|line| line == address));
    wanted
}

/// The newest checkpoint that could not be mailed, as the file that says why.
fn newest_trouble(data: &DataDir) -> Option<(PathBuf, String)> {
    let mails = checkpoints::all(data).into_iter().rev();
    let mut told = mails.map(|path| path.with_extension(TROUBLE));
    told.find_map(|path| Some((path.clone(), fs::read_to_string(path).ok()?)))
}

/// The same for the pages, which ask again and again: the folder is gone through anew when a file of it came or went.
#[derive(Debug, Default)]
pub struct Unmailed {
    /// When the folder was last changed, and the newest trouble in it then.
    seen: Mutex<Option<(SystemTime, Option<PathBuf>)>>,
}

impl Unmailed {
    /// What the pages show, without anybody's address: both parties read it.
    pub fn view(&self, data: &DataDir, now: Timestamp) -> Option<UnmailedView> {
        let path = self.newest(data, now)?;
        let missing = missing(data, &path).len();
        (missing > 0).then_some(())?;
        Some(UnmailedView {
            day: path.file_stem()?.to_string_lossy().into_owned(),
            missing,
            of: checkpoints::recipients(data).addresses.len(),
        })
    }

    fn newest(&self, data: &DataDir, now: Timestamp) -> Option<PathBuf> {
        // Asked before the folder is read: what changes meanwhile is seen next time.
        let changed = fs::metadata(data.path(FOLDER)).and_then(|folder| folder.modified());
        let changed = changed.ok()?;
        // Nothing panics while it is held.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, path)) = &*seen
            && *at == changed
        {
            return path.clone();
        }
        let path = newest_trouble(data).map(|(path, _)| path);
        // Two changes within one tick of the file system's clock look like one.
        let settled = Timestamp::try_from(changed)
            .is_ok_and(|changed| now.duration_since(changed) > FOLDER_SETTLES);
        *seen = settled.then(|| (changed, path.clone()));
        path
    }
}

/// For `segue doctor` and `segue status`.
///
/// # Errors
/// Why the newest checkpoint that could not be mailed was not, or whom none will be mailed to, and what to do.
pub fn trouble(data: &DataDir) -> Result<(), String> {
    checkpoints::recipients(data).check()?;
    match newest_trouble(data).map(|(_, why)| why) {
        None => Ok(()),
        Some(why) => Err(format!(
            "a checkpoint was not mailed, and is tried no longer than {DAYS_MAX} days: {}; see to the relay, or send the `.eml` in `{FOLDER}` by hand and remove the `.unmailed` beside it",
            why.trim()
        )),
    }
}

/// Mails what is due until `stop`.
pub async fn keep(options: MailOptions, data: DataDir, mut stop: watch::Receiver<bool>) {
    let mut pause = PAUSE_MIN;
    let mut next = Timestamp::UNIX_EPOCH;
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        let now = clock::now();
        // A clock that was set back does not make it wait longer.
        let wait = next.duration_since(now);
        if wait.is_positive() && wait <= PAUSE_MAX {
            continue;
        }
        let mailed = tokio::select! {
            mailed = mail_due(&options, &data, now) => mailed,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        if mailed {
            pause = PAUSE_MIN;
        } else {
            next = clock::now() + pause;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }
}

/// Whether everything due was mailed.
async fn mail_due(options: &MailOptions, data: &DataDir, now: Timestamp) -> bool {
    let mut all = true;
    for path in due(data, now) {
        let Ok(text) = fs::read(&path) else { continue };
        let from = format!("From: {}\r\n", options.from);
        let mail = [from.as_bytes(), &text].concat();
        let mut troubles = Vec::new();
        for to in missing(data, &path) {
            let sent = options.send(&to, &mail).await;
            let noted = sent.and_then(|()| note(&path, &to).map_err(|e| format!("{e:#}")));
            match noted {
                Ok(()) => tracing::info!(to, mail = %path.display(), "a checkpoint was mailed"),
                Err(why) => {
                    tracing::warn!(to, why, mail = %path.display(), "a checkpoint was not mailed; it is tried again");
                    troubles.push(format!("{to}: {why}"));
                }
            }
        }
        all &= troubles.is_empty();
        tell(&path.with_extension(TROUBLE), &troubles);
    }
    all
}

/// Where `segue doctor` reads it, until it is over.
fn tell(file: &Path, troubles: &[String]) {
    let told = if troubles.is_empty() {
        fs::remove_file(file).or_else(|e| match e.kind() {
            std::io::ErrorKind::NotFound => Ok(()),
            _ => Err(e),
        })
    } else {
        fs::write(file, troubles.join("; "))
    };
    if let Err(error) = told {
        tracing::warn!(%error, "what became of a mail is not written down");
    }
}

fn note(mail: &Path, to: &str) -> anyhow::Result<()> {
    let file = mail.with_extension("mailed");
    let had = fs::read_to_string(&file).unwrap_or_default();
    write_durably(&file, format!("{had}{to}\n").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_dir::NewData;

    #[test]
    fn a_mail_is_due_for_whoever_does_not_have_it_and_for_three_days() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("data");
        let data = DataDir::create(&root, NewData::default()).unwrap();
        let now = "2026-11-27T08:00:00Z".parse().unwrap();
        fs::create_dir_all(root.join(FOLDER)).unwrap();
        for day in ["2026-11-20", "2026-11-26", "2026-11-27"] {
            for kind in ["json", "eml"] {
                fs::write(root.join(format!("{FOLDER}/{day}.{kind}")), "x").unwrap();
            }
        }
        assert!(due(&data, now).is_empty(), "nobody is to have it");
        let to = "a@example.org\n# a remark\n b@example.net \n";
        fs::write(root.join("checkpoint-recipients.txt"), to).unwrap();
        let waiting = due(&data, now);
        assert_eq!(waiting.len(), 2);
        assert_eq!(
            missing(&data, &waiting[0]),
            ["a@example.org", "b@example.net"]
        );
        note(&waiting[0], "a@example.org").unwrap();
        assert_eq!(missing(&data, &waiting[0]), ["b@example.net"]);
        note(&waiting[0], "b@example.net").unwrap();
        assert_eq!(due(&data, now).len(), 1);
        let file = waiting[1].with_extension(TROUBLE);
        tell(&file, &["b@example.net: the relay is down".into()]);
        let says = trouble(&data).unwrap_err();
        assert!(says.contains("b@example.net: the relay is down"), "{says}");
        let shown = Unmailed::default().view(&data, now).unwrap();
        assert_eq!(
            (shown.day.as_str(), shown.missing, shown.of),
            ("2026-11-27", 2, 2)
        );
        tell(&file, &[]);
        tell(&file, &[]);
        assert_eq!(trouble(&data), Ok(()));
    }

    #[test]
    fn the_folder_is_read_again_when_a_file_of_it_came_or_went() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("data");
        let data = DataDir::create(&root, NewData::default()).unwrap();
        let unmailed = Unmailed::default();
        let later = clock::now() + SignedDuration::from_hours(1);
        assert_eq!(unmailed.view(&data, later), None, "there is no folder yet");
        fs::create_dir_all(root.join(FOLDER)).unwrap();
        fs::write(root.join("checkpoint-recipients.txt"), "a@example.org\n").unwrap();
        let changed_at = |second| {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            let folder = fs::File::open(root.join(FOLDER)).unwrap();
            folder.set_modified(at).unwrap();
        };
        let file = root.join(format!("{FOLDER}/2026-11-27.json"));
        fs::write(&file, "x").unwrap();
        changed_at(1_000);
        assert_eq!(unmailed.view(&data, later), None);
        // The clock of the folder says that nothing came: it is not gone through.
        let told = file.with_extension(TROUBLE);
        tell(&told, &["a@example.org: the relay is down".into()]);
        changed_at(1_000);
        assert_eq!(unmailed.view(&data, later), None);
        changed_at(2_000);
        let day = |now| unmailed.view(&data, now).map(|shown| shown.day);
        assert_eq!(day(later).as_deref(), Some("2026-11-27"));
        // Who has it is asked each time: the file that says so is read, and no folder.
        note(&file, "a@example.org").unwrap();
        changed_at(2_000);
        assert_eq!(day(later), None);
        // What has just been changed is not relied on: the next change may bear the same time.
        fs::remove_file(file.with_extension("mailed")).unwrap();
        changed_at(3_000);
        let at_once = Timestamp::from_second(3_001).unwrap();
        assert_eq!(day(at_once).as_deref(), Some("2026-11-27"));
        tell(&told, &[]);
        changed_at(3_000);
        assert_eq!(day(at_once), None);
    }

    #[tokio::test]
    async fn a_relay_that_never_answers_holds_nothing_up_and_the_mail_stays() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("data");
        let data = DataDir::create(&root, NewData::default()).unwrap();
        fs::create_dir_all(root.join(FOLDER)).unwrap();
        for kind in ["json", "eml"] {
            fs::write(root.join(format!("{FOLDER}/2026-11-27.{kind}")), "x").unwrap();
        }
        fs::write(root.join("checkpoint-recipients.txt"), "a@example.org\n").unwrap();
        // The machine takes the connection; nobody ever speaks on it.
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = silent.local_addr().unwrap().to_string();
        let options = MailOptions::new(&relay, "segue@example.org", MailTls::None).unwrap();
        let options = MailOptions {
            wait: Duration::from_millis(100),
            ..options
        };
        let now = "2026-11-27T08:00:00Z".parse().unwrap();
        let tried = tokio::time::timeout(Duration::from_secs(20), mail_due(&options, &data, now));
        assert!(!tried.await.expect("it gives up"));
        let says = trouble(&data).unwrap_err();
        assert!(
            says.contains("a@example.org: the relay did not take it"),
            "{says}"
        );
        assert_eq!(due(&data, now).len(), 1, "it is tried again");
    }

    #[test]
    fn a_relay_is_a_place_and_nothing_goes_to_another_machine_in_the_clear() {
        let of = |relay: &str, tls| MailOptions::new(relay, "segue@example.org", tls);
        assert!(of("[::1]:2525", MailTls::None).unwrap().checked().is_ok());
        assert!(
            of("mail.example.org:587", MailTls::Starttls)
                .unwrap()
                .checked()
                .is_ok()
        );
        for relay in ["mail.example.org", ":25", "mail.example.org:smtp", ""] {
            assert!(of(relay, MailTls::Tls).is_err(), "{relay}");
        }
        let clear = of("mail.example.org:25", MailTls::None).unwrap();
        assert!(clear.checked().is_err());
        assert!(MailOptions::new("localhost:25", "nobody", MailTls::None).is_err());
    }
}
