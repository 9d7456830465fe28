//! Real SIPp as the callers.

pub(crate) use super::callers::callers;
use super::centre::closed_port;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const SIPP: &str = "/usr/bin/sipp";
const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sipp/caller.xml");

/// Calls to be placed: each a caller's number and the number dialled.
pub(crate) struct Load {
    calls: Vec<(String, String)>,
    per_s: u32,
}

/// SIPp at work; ended with the test.
pub(crate) struct Calling {
    child: Child,
    folder: TempDir,
    placed: usize,
}

/// What SIPp says of its calls.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) successful: usize,
    pub(crate) failed: usize,
    /// What it complained about.
    pub(crate) errors: String,
}

/// False, with a visible line, where SIPp is missing and may be.
pub(crate) fn available() -> bool {
    let there = Path::new(SIPP).exists();
    if !there {
        let required = std::env::var("SEGUE_REQUIRE_PEERS").is_ok_and(|v| v == "1");
        assert!(!required, "SIPp is required: apt-get install sip-tester");
        println!("SKIPPED: no {SIPP}; install sip-tester");
    }
    there
}

impl Load {
    /// Every caller rings the number once, in this order.
    pub(crate) fn each(callers: &[String], dialled: &str, per_s: u32) -> Self {
        Self {
            calls: callers
                .iter()
                .map(|caller| (caller.clone(), dialled.to_owned()))
                .collect(),
            per_s,
        }
    }

    /// And after those, these.
    pub(crate) fn then(mut self, callers: &[String], dialled: &str) -> Self {
        self.calls.extend(Self::each(callers, dialled, 0).calls);
        self
    }

    /// Starts placing the calls.
    pub(crate) fn start(&self, to: SocketAddr) -> Calling {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut rows = "SEQUENTIAL\n".to_owned();
        for (caller, dialled) in &self.calls {
            let _ = writeln!(rows, "{caller};{dialled}");
        }
        fs::write(folder.path().join("calls.csv"), rows).expect("written");
        let own_port = closed_port([127, 0, 0, 1]).port().to_string();
        let child = Command::new(SIPP)
            .args([
                &to.to_string(),
                "-sf",
                SCENARIO,
                "-inf",
                "calls.csv",
                "-i",
                "127.0.0.1",
                "-p",
                &own_port,
            ])
            .args([
                "-m",
                &self.calls.len().to_string(),
                "-r",
                &self.per_s.to_string(),
                "-l",
                "5000",
                "-d",
                "200",
            ])
            .args([
                "-nostdin",
                "-trace_stat",
                "-stf",
                "stat.csv",
                "-fd",
                "1",
                "-trace_err",
                "-error_file",
                "errors.log",
            ])
            .args([
                "-timeout",
                "100",
                "-recv_timeout",
                "35000",
                "-cid_str",
                &format!("%u-%p-{own_port}@%s"),
            ])
            .env("TZ", "UTC")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("SIPp starts");
        Calling {
            child,
            folder,
            placed: self.calls.len(),
        }
    }

    /// Places all calls and waits for their ends; none may fail.
    #[track_caller]
    pub(crate) fn place(&self, to: SocketAddr) {
        self.start(to).all_well();
    }
}

impl Calling {
    /// Waits for the last call's end.
    pub(crate) fn finish(mut self) -> Placed {
        let ended = self.child.wait().expect("SIPp ends");
        let stat = fs::read_to_string(self.folder.path().join("stat.csv")).unwrap_or_default();
        let (Some(names), Some(last)) = (stat.lines().next(), stat.lines().next_back()) else {
            panic!("SIPp left no statistics: {ended:?}");
        };
        let columns: BTreeMap<&str, &str> = names.split(';').zip(last.split(';')).collect();
        let count = |name: &str| {
            columns
                .get(name)
                .and_then(|n| n.parse().ok())
                .unwrap_or_else(|| panic!("{name} in {stat}"))
        };
        let errors = fs::read_to_string(self.folder.path().join("errors.log")).unwrap_or_default();
        let errors = errors.lines().take(20).collect::<Vec<_>>().join("\n");
        Placed {
            successful: count("SuccessfulCall(C)"),
            failed: count("FailedCall(C)"),
            errors,
        }
    }

    /// Ends it in the middle of its calls.
    pub(crate) fn end(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    /// Waits for the last call's end; none may have failed.
    #[track_caller]
    pub(crate) fn all_well(self) {
        let count = self.placed;
        let placed = self.finish();
        assert_eq!(
            (placed.successful, placed.failed),
            (count, 0),
            "{}",
            placed.errors
        );
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
