//! Killed at any moment, an import is either not there or whole.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;

use common::{baseline_of, import_files};
use segue_calls::baseline::By;
use segue_calls::lookalike::{Dirt, Lookalike, Shape};
use segue_calls::store::CallStore;
use segue_parity::kpi::ServiceLevelFormula;
use std::path::Path;
use std::time::{Duration, Instant};

/// Not a test of its own: what the killed process runs.
#[test]
fn import_in_a_process_of_its_own() {
    let Some(folder) = common::folder_to_import() else {
        return;
    };
    let folder = folder.as_path();
    let store = CallStore::new(folder.join("data"));
    import_files(
        &store,
        &common::mapping("technion"),
        "bank",
        &[folder.join("second.txt")],
    )
    .unwrap();
}

fn facts(store: &CallStore) -> String {
    let found = baseline_of(store, By::Hour, ServiceLevelFormula::SlAbandonNegative);
    serde_json::to_string(&found).unwrap()
}

/// Two files of different calls, and the facts after the first and after both.
fn prepare(folder: &Path) -> (String, String) {
    for (name, seed, rows, unit) in [
        ("first.txt", 1, 500, "BB00"),
        ("second.txt", 2, 6_000, "AA00"),
    ] {
        let lookalike = Lookalike {
            shape: Shape::Bank,
            rows,
            days: 20,
            seed,
            dirt: Dirt::default(),
        };
        let mut text = Vec::new();
        lookalike.write(&mut text).unwrap();
        // The ids of one file must not be those of the other.
        let text = String::from_utf8(text).unwrap().replace("AA00", unit);
        std::fs::write(folder.join(name), text).unwrap();
    }
    let whole = CallStore::new(folder.join("whole"));
    import(&whole, folder, "first.txt");
    let old = facts(&whole);
    import(&whole, folder, "second.txt");
    (old, facts(&whole))
}

fn import(store: &CallStore, folder: &Path, name: &str) {
    import_files(
        store,
        &common::mapping("technion"),
        "bank",
        &[folder.join(name)],
    )
    .unwrap();
}

/// The store as it was after the first file.
fn begin(store: &CallStore, folder: &Path) {
    if store.root().exists() {
        std::fs::remove_dir_all(store.root()).unwrap();
    }
    import(store, folder, "first.txt");
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the kills are spread over the import's own length"
)]
fn old_or_new_never_half() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (old, new) = prepare(folder);
    assert_ne!(old, new);
    let store = CallStore::new(folder.join("data"));
    begin(&store, folder);
    let clock = Instant::now();
    assert!(common::start_to_kill(folder).wait().unwrap().success());
    let length = clock.elapsed();
    assert_eq!(facts(&store), new);

    begin(&store, folder);
    let (mut cut, mut done) = (0, 0);
    for step in 0..24_u32 {
        let mut child = common::start_to_kill(folder);
        let clock = Instant::now();
        let at = length * step / 20;
        while clock.elapsed() < at && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let found = facts(&store);
        if found == new {
            done += 1;
            begin(&store, folder);
        } else {
            assert_eq!(found, old, "half an import after {at:?}");
            cut += 1;
        }
    }
    assert!(cut > 0, "no kill came before the commit ({done} after)");
    // Whatever the kills left, the next import is whole and sweeps it.
    import(&store, folder, "second.txt");
    assert_eq!(facts(&store), new);
    assert!(!store.root().join("_segue/staging").exists());
}
