//! What the tests of this room share.
#![expect(
    dead_code,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests: each binary uses a part, a failure is a panic, a skip is visible"
)]

use std::path::{Path, PathBuf};

fn real_data() -> PathBuf {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::env::var_os("SEGUE_REAL_DATA")
        .map_or_else(|| repository.join("../shared/data"), PathBuf::from)
}

fn read(file: &Path) -> Option<String> {
    if !file.exists() {
        println!(
            "SKIPPED: {} is not here; set SEGUE_REAL_DATA",
            file.display()
        );
        return None;
    }
    Some(std::fs::read_to_string(file).unwrap())
}

/// A file of reference vectors, beside the call data, or a visible skip.
pub(crate) fn vectors(name: &str) -> Option<String> {
    read(&real_data().join("../vectors").join(name))
}

/// A file of real call data, or a visible skip.
pub(crate) fn data(name: &str) -> Option<String> {
    read(&real_data().join(name))
}

/// Equal to within a relative difference.
pub(crate) fn close(value: f64, want: f64, tolerance: f64) {
    let apart = (value - want).abs();
    assert!(
        apart <= tolerance * want.abs().max(f64::MIN_POSITIVE),
        "{value}, wanted {want}"
    );
}

/// The next whole number of people.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few thousand at most, and none below zero"
)]
pub(crate) fn above(load: f64) -> u32 {
    load.ceil() as u32
}
