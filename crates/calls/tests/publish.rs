//! Publishing to an object store and fetching from there, against a real S3 server, one that heeds conditional puts, and a shared folder.
//!
//! rclone's server is real but heeds no conditions; moto speaks the conditions as Amazon documents them, over the same wire.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;
#[path = "publish/server.rs"]
mod server;

use common::{baseline_of, import_files};
use object_store::memory::InMemory;
use segue_calls::baseline::By;
use segue_calls::erase::{What, begin};
use segue_calls::error::CallsError;
use segue_calls::lookalike::{Dirt, Lookalike, Shape};
use segue_calls::offered::in_order;
use segue_calls::operations::{Disposition, keep, rows};
use segue_calls::publish::{FetchReport, Place, PublishOptions, PublishReport, fetch, publish};
use segue_calls::seal::LakeKey;
use segue_calls::store::CallStore;
use segue_calls::tables::Table;
use segue_domain::caller::CallerHash;
use segue_parity::kpi::ServiceLevelFormula;
use serde_json::json;
use server::{Server, free_port, vars};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Somebody vouches for it, as with a store that heeds no conditions.
const ALONE: PublishOptions = PublishOptions {
    plain: false,
    sole_publisher: true,
};
const GUARDED: PublishOptions = PublishOptions {
    plain: false,
    sole_publisher: false,
};
/// Stands in the name of each export, and nowhere in the clear at a place.
const EXPORT: &str = "riverside-export";

#[tokio::main(flavor = "current_thread")]
async fn put(
    store: &CallStore,
    place: &Place,
    how: PublishOptions,
) -> Result<PublishReport, CallsError> {
    publish(store, place, how).await
}

#[tokio::main(flavor = "current_thread")]
async fn get(store: &CallStore, place: &Place) -> Result<FetchReport, CallsError> {
    fetch(store, place).await
}

fn sealed(root: PathBuf) -> CallStore {
    CallStore::sealed(root, LakeKey::new([7; 32]))
}

fn export(folder: &Path, seed: u64, rows: u32) -> PathBuf {
    let lookalike = Lookalike {
        shape: Shape::Generic,
        rows,
        days: 5,
        seed,
        dirt: Dirt {
            short_rows: 3,
            exact_duplicates: 2,
            ..Dirt::default()
        },
    };
    let mut text = Vec::new();
    lookalike.write(&mut text).unwrap();
    let path = folder.join(format!("{EXPORT}-{seed}.csv"));
    std::fs::write(&path, text).unwrap();
    path
}

fn import(store: &CallStore, file: &Path, source: &str) -> segue_calls::import::ImportReport {
    let mapping = common::mapping("generic");
    import_files(store, &mapping, source, &[file.to_owned()]).unwrap()
}

/// A sealed store with an import, and a kept table.
fn store(folder: &Path, name: &str, seed: u64) -> CallStore {
    let store = sealed(folder.join(name));
    import(&store, &export(folder, seed, 400), "acd");
    let row = json!({ "call": "C1", "disposition": "sage-advice", "at": "2026-03-01T12:00:00Z" });
    let row = row.as_object().unwrap().clone();
    keep(&store, Table::Dispositions, vec![(2, row)]).unwrap();
    store
}

/// The same store on another disk.
fn copy(store: &CallStore, to: PathBuf) -> CallStore {
    for path in files(store.root()) {
        let target = to.join(path.strip_prefix(store.root()).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&path, target).unwrap();
    }
    sealed(to)
}

fn facts(store: &CallStore) -> String {
    let found = baseline_of(store, By::Hour, ServiceLevelFormula::SlAbandonNegative);
    serde_json::to_string(&(found, common::quarantined(store))).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all
}

fn parquet_files(folder: &Path) -> usize {
    let is = |path: &&PathBuf| path.extension().is_some_and(|end| end == "parquet");
    files(folder).iter().filter(is).count()
}

/// What stands nowhere in the clear.
fn assert_nothing_readable(folder: &Path) {
    let words = [
        EXPORT,
        "caller_hash",
        "sage-advice",
        "imported_at",
        "quarantine\"",
    ];
    for path in files(folder) {
        let bytes = std::fs::read(&path).unwrap();
        for word in words {
            let is_there = bytes.windows(word.len()).any(|at| at == word.as_bytes());
            assert!(!is_there, "{word} is to be read in {}", path.display());
        }
    }
}

fn erase_somebody(store: &CallStore) {
    let calls = in_order([store], 10_000).unwrap();
    let caller = calls.into_iter().find_map(|call| call.caller).unwrap();
    let what = What::Caller(CallerHash(caller));
    let erasing = begin(store, &common::key(), what).unwrap();
    let erased = erasing.carry_out(jiff::Timestamp::UNIX_EPOCH).unwrap();
    assert!(erased.records > 0);
}

/// There and back, and everything goes on from there: the same integers, duplicates known, an erasure that reaches the place.
fn goes_on_elsewhere(folder: &Path, place: &Place, served: &Path, how: PublishOptions) {
    let first = store(folder, "first", 1);
    let report = put(&first, place, how).unwrap();
    assert_eq!((report.put, report.deleted), (report.objects, 0));
    let again = put(&first, place, how).unwrap();
    assert_eq!((again.put, again.put_bytes, again.deleted), (0, 0, 0));
    assert_eq!(again.objects, report.objects);
    assert_nothing_readable(served);

    let second = sealed(folder.join("second"));
    let fetched = get(&second, place).unwrap();
    assert_eq!(
        (fetched.records, fetched.files),
        (report.records, report.objects)
    );
    assert_eq!(facts(&second), facts(&first));
    assert_eq!(rows::<Disposition>(&second).unwrap().len(), 1);
    assert!(!second.root().join("_segue/staging").exists());
    let full = get(&second, place).unwrap_err().to_string();
    assert!(full.contains("empty data directory"), "{full}");

    // The file is known by its bytes, and its calls by their ids where the bytes differ.
    let file = folder.join(format!("{EXPORT}-1.csv"));
    let known = import(&second, &file, "acd");
    assert!(known.files[0].already_imported);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text + "\n").unwrap();
    assert_eq!(import(&second, &file, "acd").accepted, 0);

    erase_somebody(&second);
    let before = parquet_files(served);
    let erased = put(&second, place, how).unwrap();
    assert!(erased.deleted > 0 && erased.put > 0, "{erased:?}");
    assert!(parquet_files(served) <= before, "the old files went");
    let third = sealed(folder.join("third"));
    get(&third, place).unwrap();
    assert_eq!(facts(&third), facts(&second));
    assert_ne!(facts(&third), facts(&first));
    // The machine that was left behind would bring the erased records back.
    let behind = put(&first, place, how).unwrap_err();
    assert!(matches!(behind, CallsError::Parameter(_)));
    assert!(behind.to_string().contains("not in this store"), "{behind}");
}

#[test]
fn a_store_goes_to_a_real_bucket_and_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::rclone(folder.path()) else {
        return;
    };
    let place = server.place("calls/main");
    // It heeds no conditions: that is found out, and somebody has to vouch.
    let refused = put(&store(folder.path(), "refused", 1), &place, GUARDED).unwrap_err();
    assert!(
        refused.to_string().contains("--sole-publisher"),
        "{refused}"
    );
    assert_eq!(parquet_files(&server.folder), 0, "nothing was risked");
    goes_on_elsewhere(folder.path(), &place, &server.folder, ALONE);
}

#[test]
fn a_store_goes_to_a_shared_folder_and_on_from_there() {
    let folder = tempfile::tempdir().unwrap();
    let shared = folder.path().join("shared");
    let url = format!("file://{}", shared.display());
    let place = Place::open(&url, &BTreeMap::new()).unwrap();
    goes_on_elsewhere(folder.path(), &place, &shared, GUARDED);
    // One publisher at a time.
    let held = std::fs::File::open(shared.join("_segue/publish.lock")).unwrap();
    held.lock().unwrap();
    let busy = put(&sealed(folder.path().join("third")), &place, GUARDED).unwrap_err();
    assert!(busy.to_string().contains("is publishing there"), "{busy}");
}

/// Two disks with different later states of one store publish at once: one of them wins, the other one is told, and what is fetched is
/// the winner's, whole.
#[tokio::main(flavor = "current_thread")]
async fn one_of_two_wins(folder: &Path, place: &Place) {
    let first = store(folder, "first", 1);
    publish(&first, place, GUARDED).await.unwrap();
    let two = [2, 3].map(|seed| {
        let later = copy(&first, folder.join(format!("later-{seed}")));
        import(&later, &export(folder, seed, 300), "other");
        later
    });
    let (one, other) = tokio::join!(
        publish(&two[0], place, GUARDED),
        publish(&two[1], place, GUARDED)
    );
    let (winner, lost) = match (one, other) {
        (Ok(_), Err(lost)) => (&two[0], lost),
        (Err(lost), Ok(_)) => (&two[1], lost),
        both => panic!("one of them wins: {both:?}"),
    };
    let said = lost.to_string();
    assert!(said.contains("published there meanwhile"), "{said}");
    let fetched = sealed(folder.join("fetched"));
    fetch(&fetched, place).await.unwrap();
    assert_eq!(facts(&fetched), facts(winner));
    // What the other one had put is deleted with the next publishing.
    let swept = publish(winner, place, GUARDED).await.unwrap();
    assert!(swept.put == 0 && swept.deleted > 0, "{swept:?}");
}

#[test]
fn of_two_publishers_at_once_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    if let Some(server) = Server::moto(folder.path()) {
        one_of_two_wins(folder.path(), &server.place("calls"));
    }
}

/// A publisher that saw nothing does not overwrite the first one either.
#[test]
fn the_first_publisher_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Arc::new(InMemory::new());
    let place = Place::over(bucket, "calls", "memory:calls").unwrap();
    let (one, other) = (
        store(folder.path(), "one", 1),
        store(folder.path(), "other", 2),
    );
    put(&one, &place, GUARDED).unwrap();
    let refused = put(&other, &place, GUARDED).unwrap_err().to_string();
    assert!(refused.contains("another store's"), "{refused}");
    let fetched = sealed(folder.path().join("fetched"));
    get(&fetched, &place).unwrap();
    assert_eq!(facts(&fetched), facts(&one));
}

/// Not a test of its own: what the killed process runs.
#[test]
fn import_in_a_process_of_its_own() {
    let Some(folder) = common::folder_to_import() else {
        return;
    };
    let text = std::fs::read(folder.join("place.json")).unwrap();
    let (url, vars): (String, BTreeMap<String, String>) = serde_json::from_slice(&text).unwrap();
    let place = Place::open(&url, &vars).unwrap();
    put(&sealed(folder.join("new")), &place, ALONE).unwrap();
}

/// Kills publishings of the new state over the old one, each at a place of its own, spread over the length of one.
#[expect(
    clippy::disallowed_methods,
    reason = "the kills are spread over the publishing's own length"
)]
fn old_or_new_never_half(url: impl Fn(u32) -> String, vars: &BTreeMap<String, String>) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let old = store(folder, "old", 1);
    let new = copy(&old, folder.join("new"));
    import(&new, &export(folder, 2, 300), "other");
    erase_somebody(&new);
    let (was, is) = (facts(&old), facts(&new));
    let begin = |round: u32| {
        let place = Place::open(&url(round), vars).unwrap();
        put(&old, &place, ALONE).unwrap();
        let told = serde_json::to_vec(&(url(round), vars)).unwrap();
        std::fs::write(folder.join("place.json"), told).unwrap();
        place
    };
    begin(0);
    let clock = Instant::now();
    assert!(common::start_to_kill(folder).wait().unwrap().success());
    let length = clock.elapsed();
    let (mut cut, mut done) = (0, 0);
    for round in 1..=16_u32 {
        let place = begin(round);
        let mut child = common::start_to_kill(folder);
        let clock = Instant::now();
        let at = length * round / 14;
        while clock.elapsed() < at && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let fetched = sealed(folder.join(format!("fetched-{round}")));
        get(&fetched, &place).unwrap();
        let found = facts(&fetched);
        if found == is {
            done += 1;
        } else {
            assert_eq!(found, was, "half a publishing after {at:?}");
            cut += 1;
        }
        // Whatever the kill left, the next one is whole and sweeps it.
        put(&new, &place, ALONE).unwrap();
        let whole = sealed(folder.join(format!("whole-{round}")));
        get(&whole, &place).unwrap();
        assert_eq!(facts(&whole), is);
        let nothing_left = put(&new, &place, ALONE).unwrap();
        assert_eq!((nothing_left.put, nothing_left.deleted), (0, 0));
    }
    assert!(cut > 0, "no kill came before the manifest ({done} after)");
}

#[test]
fn killed_at_any_moment_a_bucket_holds_the_old_state_or_the_new() {
    let folder = tempfile::tempdir().unwrap();
    if let Some(server) = Server::rclone(folder.path()) {
        old_or_new_never_half(|round| format!("s3://bucket/round-{round}"), &server.vars());
    }
}

#[test]
fn killed_at_any_moment_a_folder_holds_the_old_state_or_the_new() {
    let folder = tempfile::tempdir().unwrap();
    let url = |round| format!("file://{}/round-{round}", folder.path().display());
    old_or_new_never_half(url, &BTreeMap::new());
}

/// Longer than a part: it goes in several, and nothing of it is held whole.
#[test]
fn a_big_file_goes_in_parts() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::rclone(folder.path()) else {
        return;
    };
    let big = store(folder.path(), "big", 1);
    let table = "_segue/tables/agent_state.jsonl";
    let lines = "{\"agent\":\"somebody\"}\n".repeat(800_000);
    assert!(lines.len() > 16 * 1024 * 1024);
    std::fs::write(big.root().join(table), &lines).unwrap();
    let place = server.place("big");
    put(&big, &place, ALONE).unwrap();
    let fetched = sealed(folder.path().join("fetched"));
    get(&fetched, &place).unwrap();
    assert_eq!(
        std::fs::read_to_string(fetched.root().join(table)).unwrap(),
        lines
    );
}

#[test]
fn who_cannot_publish_is_told_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let Some(server) = Server::rclone(folder.path()) else {
        return;
    };
    let store = store(folder.path(), "store", 1);
    let said = |url: &str, change: &[(&str, &str)]| {
        let mut all = server.vars();
        for (name, value) in vars(change) {
            all.insert(name, value);
        }
        let place = Place::open(url, &all);
        place
            .and_then(|place| put(&store, &place, ALONE))
            .unwrap_err()
            .to_string()
    };
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let (bucket, none) = ("s3://bucket/x", "s3://no-such-bucket/x");
    for (url, change, words) in [
        (
            bucket,
            ("AWS_SECRET_ACCESS_KEY", "WRONG"),
            "refuses these credentials",
        ),
        (bucket, ("AWS_ACCESS_KEY_ID", ""), "set AWS_ACCESS_KEY_ID"),
        (
            bucket,
            ("AWS_ENDPOINT_URL", nobody.as_str()),
            "check AWS_ENDPOINT_URL",
        ),
        (bucket, ("AWS_ALLOW_HTTP", "false"), "AWS_ALLOW_HTTP=true"),
        (
            none,
            ("AWS_REGION", "us-east-1"),
            "no such bucket; create it",
        ),
        ("s3://", ("AWS_REGION", "us-east-1"), "names no bucket"),
        (
            "s3://bucket/a//b",
            ("AWS_REGION", "us-east-1"),
            "the prefix cannot",
        ),
        (
            "ftp://x/y",
            ("AWS_REGION", "us-east-1"),
            "s3://BUCKET/PREFIX",
        ),
        ("file://x/y", ("AWS_REGION", "us-east-1"), "three slashes"),
    ] {
        let said = said(url, &[change]);
        assert!(said.contains(words), "{url} {change:?}: {said}");
        assert!(!said.contains("WRONG"), "{said}");
    }
    let place = server.place("x");
    let empty = sealed(folder.path().join("empty"));
    let nothing = get(&empty, &place).unwrap_err().to_string();
    assert!(nothing.contains("nothing is published there"), "{nothing}");
    let nothing = put(&empty, &place, ALONE).unwrap_err().to_string();
    assert!(nothing.contains("no records are here"), "{nothing}");
}

#[test]
fn records_in_the_clear_go_only_where_somebody_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let bucket = Arc::new(InMemory::new());
    let place = Place::over(bucket, "", "memory:").unwrap();
    let clear = sealed(folder.path().join("clear")).in_the_clear();
    import(&clear, &export(folder.path(), 1, 200), "acd");
    let refused = put(&clear, &place, GUARDED).unwrap_err().to_string();
    assert!(refused.contains("lie in the clear"), "{refused}");
    let plain = PublishOptions {
        plain: true,
        ..GUARDED
    };
    put(&clear, &place, plain).unwrap();
    let fetched = sealed(folder.path().join("fetched"));
    get(&fetched, &place).unwrap();
    assert_eq!(facts(&fetched), facts(&clear));
    // Without a key nothing could be sealed that lies beside them.
    let keyless = CallStore::new(folder.path().join("clear"));
    let refused = put(&keyless, &place, plain).unwrap_err().to_string();
    assert!(refused.contains("has no key"), "{refused}");
}

#[test]
fn what_is_not_as_it_was_published_is_not_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let shared = folder.path().join("shared");
    let place = Place::open(&format!("file://{}", shared.display()), &BTreeMap::new()).unwrap();
    let store = store(folder.path(), "store", 1);
    put(&store, &place, GUARDED).unwrap();
    let fetched = sealed(folder.path().join("fetched"));
    let other = CallStore::sealed(folder.path().join("other"), LakeKey::new([8; 32]));
    let refused = get(&other, &place).unwrap_err();
    assert!(matches!(refused, CallsError::Sealed { .. }), "{refused}");
    let is_object = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.ends_with(".parquet") || name.ends_with(".sealed")
    };
    for path in files(&shared).into_iter().filter(is_object) {
        let bytes = std::fs::read(&path).unwrap();
        let mut changed = bytes.clone();
        *changed.last_mut().unwrap() ^= 1;
        for damage in [Some(changed), Some(bytes[..bytes.len() / 2].to_vec()), None] {
            match damage {
                Some(damaged) => std::fs::write(&path, damaged).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            get(&fetched, &place).unwrap_err();
            assert!(fetched.manifest().unwrap().imports.is_empty());
            assert!(!fetched.root().join("_segue/staging").exists());
        }
        std::fs::write(&path, bytes).unwrap();
    }
    get(&fetched, &place).unwrap();
    assert_eq!(facts(&fetched), facts(&store));
}
