//! The demo as `make demo` runs it, without a person: twenty seconds of real calls, a raise, a fallback.

use serde_json::Value;
use std::path::Path;
use std::process::Command;

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
