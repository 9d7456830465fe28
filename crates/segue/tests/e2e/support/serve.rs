//! `segue serve` as a process: started, waited for, asked, ended by its process id.

use super::callers::named_in;
use super::cli::binary;
use super::clock::wait_for;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a start may take.
const START: Duration = Duration::from_secs(30);

/// A running `segue serve`; ends with the test.
pub(crate) struct Serving {
    child: Child,
    pub(crate) sip: SocketAddr,
    pub(crate) http: SocketAddr,
    log: Log,
    /// What reads its standard output and standard error, to their ends.
    readers: Vec<JoinHandle<()>>,
}

/// Lines of both, as they come.
type Log = Arc<Mutex<Vec<String>>>;

impl Serving {
    /// On free ports of the loopback.
    pub(crate) fn start(data: &Path) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::start_at(data, any, any)
    }

    /// With further options.
    pub(crate) fn start_with(data: &Path, more: &[&str]) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::start_all(data, any, any, more)
    }

    /// Pages on this address, with further options.
    pub(crate) fn start_pages_at(data: &Path, http: SocketAddr, more: &[&str]) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        Self::start_all(data, any, http, more)
    }

    pub(crate) fn start_at(data: &Path, sip: SocketAddr, http: SocketAddr) -> Self {
        Self::start_all(data, sip, http, &[])
    }

    fn start_all(data: &Path, sip: SocketAddr, http: SocketAddr, more: &[&str]) -> Self {
        let args = [
            "serve",
            "--sip",
            &sip.to_string(),
            "--http",
            &http.to_string(),
            "--peer",
            "127.0.0.1",
            // What the tests measure is the fall-through itself, so every call tries its trunk.
            "--trunk-check",
            "off",
        ]
        .map(str::to_owned);
        let mut child = binary(data, None)
            .args(args)
            .args(more)
            .env(
                "SEGUE_LOG",
                "info,segue=trace,segue_sip=trace,segue_web=trace,segue_journal=trace",
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let log = Log::default();
        let (announced, announcement) = sync_channel(1);
        let readers = vec![
            keep(child.stderr.take().expect("piped"), &log, announced.clone()),
            keep(child.stdout.take().expect("piped"), &log, announced),
        ];
        let Ok((sip, http)) = announcement.recv_timeout(START) else {
            let _ = child.kill();
            let ended = child.wait();
            panic!(
                "`segue serve` did not say where it serves ({ended:?}): {:?}",
                log.lock()
            );
        };
        Self {
            child,
            sip,
            http,
            log,
            readers,
        }
    }

    /// What it wrote on standard error and standard output.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("no panic while held").join("\n")
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().expect("asked").is_none()
    }

    /// SIGKILL: no chance to write anything down.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// SIGTERM, as systemd stops it; the exit code.
    pub(crate) fn stop(mut self) -> i32 {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .expect("kill runs")
                .success()
        );
        wait_for("`segue serve` ends on SIGTERM", || {
            self.child.try_wait().expect("asked")
        })
        .code()
        .unwrap_or(-1)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            return;
        }
        // What it wrote last is read, too.
        for reader in self.readers.drain(..) {
            reader.join().expect("a reader ends with what it reads");
        }
        // Whatever a test did: no line of it says who called.
        assert_eq!(named_in(&self.log()), None, "the log names a caller");
    }
}

/// Keeps the lines, and tells the addresses where one says them.
fn keep(
    from: impl Read + Send + 'static,
    log: &Log,
    announced: SyncSender<(SocketAddr, SocketAddr)>,
) -> JoinHandle<()> {
    let kept = Arc::clone(log);
    std::thread::spawn(move || {
        // Bytes that are no text are kept as far as they are: a number among them would count.
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            if let Some(addresses) = announced_in(&line) {
                let _ = announced.try_send(addresses);
            }
            kept.lock().expect("no panic while held").push(line);
        }
    })
}

/// `segue: SIP on udp 127.0.0.1:40123, pages on http://127.0.0.1:40124`
fn announced_in(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let (sip, http) = line
        .strip_prefix("segue: SIP on udp ")?
        .split_once(", pages on http://")?;
    // Further doors may follow.
    let http = http.split(',').next()?;
    Some((sip.parse().ok()?, http.trim().parse().ok()?))
}
