//! The demo as `make demo` runs it: without a person for twenty seconds of real calls, a raise, a fallback; or with its pages open.

use super::cli::binary;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The password of everybody in the demo.
pub(crate) const PASSWORD: &str = "segue-example-only";

/// A demo that runs until it is dropped.
pub(crate) struct Running {
    child: Child,
    pub(crate) http: SocketAddr,
}

impl Running {
    /// Starts it, and reads from its invitation where its pages are.
    pub(crate) fn start(data: &Path) -> Self {
        let mut child = binary(data, None)
            .args(["demo", "--seed", "7", "--http", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let address = |line: String| {
            let (_, rest) = line.split_once("Page:")?;
            rest.trim()
                .strip_prefix("http://")?
                .parse::<SocketAddr>()
                .ok()
        };
        let http = lines.by_ref().map_while(Result::ok).find_map(address);
        // What it says later is read as well, so that it never waits for a reader.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let http = http.expect("the demo invites to its page");
        Self { child, http }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs it into a data directory, and gives its summary.
pub(crate) fn headless(data: &Path, options: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_segue"))
        .args([
            "demo",
            "--headless",
            "--for",
            "20s",
            "--seed",
            "7",
            "--json",
        ])
        .args(options)
        .arg("--data")
        .arg(data)
        .output()
        .expect("the binary starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}
