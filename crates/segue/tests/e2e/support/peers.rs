//! Servers that others wrote, run for one test: a provider of single sign-on, a mail server.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The folder of `scripts/setup`'s tools.
pub(crate) fn tools() -> PathBuf {
    std::env::var_os("SEGUE_TOOLS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.tools")),
        PathBuf::from,
    )
}

/// The Python of `scripts/setup`.
pub(crate) fn python() -> PathBuf {
    tools().join("venv/bin/python")
}

/// A server that ends with the test.
pub(crate) struct Peer {
    child: Child,
}

impl Peer {
    /// Starts it and waits for its line `ready`. Where it is not installed: a visible skip, or a failure where peers must be there.
    pub(crate) fn start(what: &str, command: &mut Command) -> Option<Self> {
        let started = command
            .env("SEGUE_TOOLS", tools())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        if let Ok(mut child) = started {
            let out = BufReader::new(child.stdout.take().expect("piped"));
            let mut lines = out.lines().map_while(Result::ok);
            if lines.any(|line| line == "ready") {
                // Read to its end, so that it can go on writing.
                std::thread::spawn(move || lines.count());
                return Some(Self { child });
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        let required = std::env::var("SEGUE_REQUIRE_PEERS").is_ok_and(|v| v == "1");
        assert!(!required, "{what} is required: run scripts/setup");
        println!("SKIPPED: no {what}; run scripts/setup");
        None
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
