//! An import that was killed goes on where it was, and comes to the same bytes as one that was not.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;

use segue_calls::erase::{What, begin};
use segue_calls::error::CallsError;
use segue_calls::import::{Bounds, ImportReport, ImportRequest, import_within};
use segue_calls::lookalike::{Dirt, Lookalike, Shape};
use segue_calls::store::CallStore;
use segue_domain::caller::e164;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn files(folder: &Path) -> [PathBuf; 2] {
    ["first.csv", "second.csv"].map(|name| folder.join(name))
}

fn import(store: &CallStore, folder: &Path) -> Result<ImportReport, CallsError> {
    import_with(store, folder, 2)
}

fn import_with(
    store: &CallStore,
    folder: &Path,
    threads: usize,
) -> Result<ImportReport, CallsError> {
    let (mapping, key) = (common::mapping("generic"), common::key());
    let request = ImportRequest {
        files: &files(folder),
        mapping: &mapping,
        source: "acd",
        key: &key,
        imported_at: jiff::Timestamp::UNIX_EPOCH,
    };
    let bounds = Bounds {
        days_bytes_max: 100_000,
        keys_max: 700,
        checkpoint_rows: 2_000,
        threads,
    };
    import_within(store, request, bounds, &mut |_| {})
}

/// Not a test of its own: what the killed process runs.
#[test]
fn import_in_a_process_of_its_own() {
    if let Some(folder) = common::folder_to_import() {
        let folder = folder.as_path();
        import(&CallStore::new(folder.join("data")), folder).unwrap();
    }
}

fn write_files(folder: &Path, rows: u32) {
    for (file, seed) in files(folder).iter().zip(1..) {
        let lookalike = Lookalike {
            shape: Shape::Generic,
            rows,
            days: 9,
            seed,
            dirt: Dirt {
                exact_duplicates: 300,
                negative_waits: 200,
                test_calls: 100,
                ..Dirt::default()
            },
        };
        let mut text = Vec::new();
        lookalike.write(&mut text).unwrap();
        std::fs::write(file, text).unwrap();
    }
}

/// Every file of a store by its place in it, locks aside.
fn bytes(store: &CallStore) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut all, mut folders) = (BTreeMap::new(), vec![store.root().to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|kind| kind != "lock") {
                let place = path.strip_prefix(store.root()).unwrap().to_owned();
                all.insert(place, std::fs::read(&path).unwrap());
            }
        }
    }
    all
}

/// Kills an import once it has kept how far it is at least `checkpoints` times; false where it was done before.
fn kill_after(store: &CallStore, folder: &Path, checkpoints: u32) -> bool {
    let place = store.root().join("_segue/staging/checkpoint.json");
    let mut child = common::start_to_kill(folder);
    let mut seen = BTreeSet::new();
    while child.try_wait().unwrap().is_none() {
        if let Ok(text) = std::fs::read(&place) {
            seen.insert(text);
        }
        if seen.len() >= usize::try_from(checkpoints).unwrap() {
            child.kill().unwrap();
            child.wait().unwrap();
            return place.exists();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

#[test]
fn a_killed_import_goes_on_and_comes_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_files(folder, 30_000);
    let whole = CallStore::new(folder.join("whole"));
    let never_killed = import(&whole, folder).unwrap();
    assert_eq!(never_killed.resumed_rows, 0);
    let store = CallStore::new(folder.join("data"));
    let mut kills = 0;
    for checkpoints in [1, 2, 4] {
        kills += u32::from(kill_after(&store, folder, checkpoints));
        assert!(store.manifest().unwrap().imports.is_empty(), "nothing half");
    }
    assert_eq!(kills, 3, "every kill left a checkpoint");
    let report = import(&store, folder).unwrap();
    assert!(report.resumed_rows >= 2_000, "{}", report.resumed_rows);
    let told = |report: &ImportReport| {
        let mut report = serde_json::to_value(report).unwrap();
        report["resumed_rows"] = serde_json::Value::Null;
        report
    };
    assert_eq!(told(&report), told(&never_killed));
    assert!(bytes(&store) == bytes(&whole), "byte for byte");
}

/// The rows that a killed import has read are records, too: no later import goes on with them.
#[test]
fn an_erasure_reaches_an_import_that_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_files(folder, 30_000);
    let store = CallStore::new(folder.join("data"));
    assert!(kill_after(&store, folder, 2));
    let caller = What::Caller(common::key().hash(&e164("+16095550110").unwrap()));
    let erasing = begin(&store, &common::key(), caller).unwrap();
    assert_eq!(erasing.found().records, 0, "no import is whole yet");
    erasing.carry_out(jiff::Timestamp::UNIX_EPOCH).unwrap();
    assert!(
        !store.root().join("_segue/staging").exists(),
        "days.scratch is gone"
    );
    let report = import(&store, folder).unwrap();
    assert_eq!(report.resumed_rows, 0, "from the beginning");
    let whole = CallStore::new(folder.join("whole"));
    import(&whole, folder).unwrap();
    assert!(bytes(&store) == bytes(&whole), "byte for byte");
}

/// However many threads read, the store's bytes are the same: several batches of every file, days of several blocks.
#[test]
fn any_number_of_threads_comes_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_files(folder, 12_000);
    let stores = [1, 5].map(|threads| {
        let store = CallStore::new(folder.join(format!("data-{threads}")));
        import_with(&store, folder, threads).unwrap();
        bytes(&store)
    });
    assert!(stores[0].len() > 9, "a file for each day");
    assert!(stores[0] == stores[1], "byte for byte");
}

#[test]
fn what_changed_meanwhile_is_not_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_files(folder, 30_000);
    let store = CallStore::new(folder.join("data"));
    assert!(kill_after(&store, folder, 2));
    let first = &files(folder)[0];
    let text = std::fs::read_to_string(first).unwrap();
    let changed = text.replacen("1999-01", "1999-02", 1);
    assert_ne!(changed, text);
    assert_eq!(changed.len(), text.len(), "as long as before");
    std::fs::write(first, changed).unwrap();
    let error = import(&store, folder).unwrap_err();
    assert!(error.to_string().contains("has changed since"), "{error}");
    let report = import(&store, folder).unwrap();
    assert_eq!(report.resumed_rows, 0, "from the beginning");
    assert!(report.adds_up());
}
