//! The file of who may ask at the route door, read again while the door is open: a line written in or taken out counts
//! within seconds, and nobody restarts a node for it.

use crate::output::Failure;
use segue_adapters::gate::{Asker, Certified};
use sha2::{Digest, Sha256};
use std::future::Future;
use std::path::Path;
use std::time::Duration;

/// How the file is looked at.
pub(super) struct Pace {
    /// How often.
    look_every: Duration,
    /// A changed file counts once it stood so long: no half-written one does.
    settled: Duration,
}

/// As a service looks.
pub(super) const PACE: Pace = Pace {
    look_every: Duration::from_secs(5),
    settled: Duration::from_secs(1),
};

/// Everybody in the file.
#[derive(Default)]
pub(super) struct Askers {
    /// By token.
    pub(super) tokens: Vec<Asker>,
    /// By client certificate.
    pub(super) certificates: Vec<Certified>,
    /// The token of Twilio's account.
    pub(super) twilio: Option<String>,
}

/// What was read last. Not the text: it holds the tokens.
type Seen = [u8; 32];

/// Reads the file at the start.
pub(super) fn read(path: &Path) -> Result<(Askers, Seen), Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| unreadable(path, &e))?;
    Ok((parse(&text, path)?, Sha256::digest(&text).into()))
}

/// Reads it again and again; gives what it says whenever that has changed, until dropped. A faulty file changes nothing.
pub(super) async fn watch(path: &Path, mut last: Seen, pace: Pace, changed: impl Fn(Askers)) {
    let mut gone = false;
    loop {
        tokio::time::sleep(pace.look_every).await;
        let look = || tokio::fs::read_to_string(path);
        let text = match settled(last, pace.settled, look).await {
            Ok(Some(text)) => text,
            Ok(None) => continue,
            Err(error) => {
                if !gone {
                    let error = unreadable(path, &error);
                    tracing::error!(%error, "who may ask at the route door stays as it was");
                }
                gone = true;
                continue;
            }
        };
        gone = false;
        last = Sha256::digest(&text).into();
        match parse(&text, path) {
            Ok(askers) => {
                tracing::info!(path = %path.display(), "who may ask at the route door was read again");
                changed(askers);
            }
            Err(error) => {
                tracing::error!(%error, "who may ask at the route door stays as it was");
            }
        }
    }
}

/// The text, if it is another than the last and stands still.
async fn settled<F: Future<Output = std::io::Result<String>>>(
    last: Seen,
    stands: Duration,
    look: impl Fn() -> F,
) -> std::io::Result<Option<String>> {
    let text = look().await?;
    let seen: Seen = Sha256::digest(&text).into();
    if seen == last {
        return Ok(None);
    }
    tokio::time::sleep(stands).await;
    Ok((look().await? == text).then_some(text))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::BadInput(format!("`{}` cannot be read: {error}", path.display()))
}

fn parse(text: &str, path: &Path) -> Result<Askers, Failure> {
    let mut askers = Askers::default();
    let lines = text.lines().map(str::trim);
    for line in lines.filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [site, "certificate", fingerprint] => {
                certificate(&mut askers.certificates, site, fingerprint, path)?;
            }
            ["twilio", token] => askers.twilio = Some(token.to_owned()),
            [site, token] => askers.tokens.push(Asker::new(only(site), token, false)),
            [site, token, "signed"] => askers.tokens.push(Asker::new(only(site), token, true)),
            _ => {
                return Err(Failure::BadInput(format!(
                    "`{}` has a line that is not `SITE TOKEN`, `SITE TOKEN signed`, `SITE certificate SHA256` or `twilio TOKEN`",
                    path.display()
                )));
            }
        }
    }
    Ok(askers)
}

/// The site a line names, or nothing for every site.
fn only(site: &str) -> Option<String> {
    (site != "*").then(|| site.to_owned())
}

fn certificate(
    known: &mut Vec<Certified>,
    site: &str,
    fingerprint: &str,
    path: &Path,
) -> Result<(), Failure> {
    let path = path.display();
    let new = Certified::read(only(site), fingerprint).ok_or_else(|| {
        Failure::BadInput(format!(
            "`{path}` has a certificate for {site} that is no SHA-256 fingerprint; \
             `openssl x509 -noout -fingerprint -sha256 -in FILE` prints its 64 hexadecimal digits"
        ))
    })?;
    if known.iter().any(|other| other.is_same(&new)) {
        return Err(Failure::BadInput(format!(
            "`{path}` has the certificate of {site} twice; a certificate asks for one site, or with `*` for every site"
        )));
    }
    known.push(new);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    const ONE: &str = "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";

    fn counts(text: &str) -> Option<(usize, usize, bool)> {
        let read = parse(text, Path::new("askers")).ok()?;
        Some((
            read.tokens.len(),
            read.certificates.len(),
            read.twilio.is_some(),
        ))
    }

    #[test]
    fn each_line_names_one_asker_and_a_faulty_line_is_refused() {
        let all =
            format!("# who asks\nMAIN t1\n* t2 signed\n\n  NORTH certificate {ONE}\ntwilio t3\n");
        assert_eq!(counts(&all), Some((2, 1, true)));
        assert_eq!(counts(""), Some((0, 0, false)));
        for faulty in [
            "MAIN".to_owned(),
            "MAIN t1 sealed".to_owned(),
            "MAIN certificate pbx.example".to_owned(),
            format!("MAIN certificate {ONE} signed"),
            format!(
                "MAIN certificate {ONE}\nNORTH certificate {}",
                ONE.to_lowercase().replace(':', "")
            ),
        ] {
            assert_eq!(counts(&faulty), None, "{faulty}");
        }
    }

    #[tokio::test]
    async fn a_changed_file_counts_without_a_restart_and_a_faulty_or_lost_one_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("askers");
        std::fs::write(&path, "MAIN t1\n").unwrap();
        let (first, seen) = read(&path).unwrap();
        assert_eq!(first.tokens.len(), 1);
        let (pace, ms) = (
            Pace {
                look_every: Duration::from_millis(10),
                settled: Duration::from_millis(5),
            },
            Duration::from_millis,
        );
        let told = Mutex::new(Vec::new());
        let watching = watch(&path, seen, pace, |askers| {
            told.lock().unwrap().push(askers.tokens.len());
        });
        let until = async |expected: &[usize]| {
            while *told.lock().unwrap() != expected {
                tokio::time::sleep(ms(10)).await;
            }
        };
        let changing = async {
            std::fs::write(&path, "MAIN\n").unwrap();
            tokio::time::sleep(ms(200)).await;
            std::fs::remove_file(&path).unwrap();
            tokio::time::sleep(ms(200)).await;
            std::fs::write(&path, "MAIN t1\nNORTH t2\n").unwrap();
            until(&[2]).await;
            std::fs::write(&path, "# nobody\n").unwrap();
            until(&[2, 0]).await;
        };
        tokio::select! {
            () = watching => {}
            done = tokio::time::timeout(Duration::from_secs(20), changing) => {
                done.unwrap_or_else(|_| panic!("told {told:?}"));
            }
        }
    }
}
