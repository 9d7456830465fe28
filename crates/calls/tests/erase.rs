//! Erasure: of one caller nothing is left and of the others everything is; it does not come back with the same export.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;

use common::import_files;
use jiff::Timestamp;
use jiff::civil::Date;
use segue_calls::baseline::By;
use segue_calls::erase::{Erased, What, begin};
use segue_calls::error::CallsError;
use segue_calls::lookalike::{Dirt, Lookalike, Shape};
use segue_calls::operations::{self, Disposition, keep};
use segue_calls::store::CallStore;
use segue_calls::tables::Table;
use segue_domain::caller::e164;
use segue_parity::kpi::ServiceLevelFormula;
use serde_json::json;
use std::path::{Path, PathBuf};

fn file(folder: &Path) -> PathBuf {
    let lookalike = Lookalike {
        shape: Shape::Generic,
        rows: 800,
        days: 8,
        seed: 5,
        dirt: Dirt::default(),
    };
    let mut text = Vec::new();
    lookalike.write(&mut text).unwrap();
    let path = folder.join("calls.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn count(store: &CallStore, what: What) -> Result<Erased, CallsError> {
    Ok(begin(store, &common::key(), what)?.found())
}

fn erase(store: &CallStore, what: What, at: Timestamp) -> Result<Erased, CallsError> {
    begin(store, &common::key(), what)?.carry_out(at)
}

fn records(store: &CallStore) -> u64 {
    let imports = store.manifest().unwrap().imports.into_iter();
    imports.flat_map(|i| i.parts).map(|part| part.rows).sum()
}

fn offered(store: &CallStore) -> u64 {
    let found = common::baseline_of(store, By::All, ServiceLevelFormula::SlAbandonNegative);
    found
        .rows
        .iter()
        .map(|row| row.offered + row.excluded)
        .sum()
}

#[test]
fn of_one_caller_nothing_is_left_and_it_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    let store = CallStore::new(folder.path().join("store"));
    let mapping = common::mapping("generic");
    import_files(&store, &mapping, "acd", std::slice::from_ref(&file)).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let column = text
        .lines()
        .next()
        .unwrap()
        .split(',')
        .position(|c| c == "caller")
        .unwrap();
    let mut numbers = text
        .lines()
        .skip(1)
        .filter_map(|row| e164(row.split(',').nth(column)?));
    let caller = What::Caller(common::key().hash(&numbers.next().unwrap()));
    let before = records(&store);
    let found = count(&store, caller).unwrap();
    assert!(found.records > 0);
    let erased = erase(&store, caller, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(erased, found);
    assert_eq!(count(&store, caller).unwrap().records, 0);
    assert_eq!(records(&store), before - erased.records);
    assert_eq!(offered(&store), before - erased.records);
    let again = erase(&store, caller, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(again.records, 0, "nothing more");
    let manifest = store.manifest().unwrap();
    assert_eq!(manifest.erasures.len(), 1);
    assert_eq!(manifest.erasures[0].records, erased.records);
    assert!(!store.root().join("_segue/staging").exists());
    // The same file, then one with other bytes but the same calls: neither brings them back, and they are no duplicates.
    for more in ["", "\n"] {
        std::fs::write(&file, text.clone() + more).unwrap();
        let again = import_files(&store, &mapping, "acd", std::slice::from_ref(&file)).unwrap();
        assert_eq!(
            (again.accepted, again.erased),
            (0, erased.records),
            "{more:?}"
        );
        assert!(again.adds_up());
        assert_eq!(again.files[0].erased, erased.records);
        assert_eq!(count(&store, caller).unwrap().records, 0);
    }
    let third = import_files(&store, &mapping, "acd", &[file]).unwrap();
    assert!(third.files[0].already_imported, "read since the erasure");
    let imports = store.manifest().unwrap().imports;
    let of_each: Vec<u64> = imports.iter().map(|import| import.erased).collect();
    assert_eq!(of_each, [erased.records; 3]);
    // An id of another system is another call.
    let other = import_files(
        &store,
        &mapping,
        "other",
        &[folder.path().join("calls.csv")],
    )
    .unwrap();
    assert_eq!(other.erased, 0);
}

/// The same call, said anew by its source after it was erased.
#[test]
fn a_later_version_of_an_erased_call_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = CallStore::new(folder.path().join("store"));
    let mapping = common::mapping("amazon-connect");
    let import = |name: &str, updated: &str| {
        let record = json!({
            "ContactId": "c-1", "Channel": "VOICE", "InitiationMethod": "INBOUND",
            "InitiationTimestamp": "2026-03-02T14:00:00Z", "LastUpdateTimestamp": updated,
            "DisconnectTimestamp": "2026-03-02T14:05:00Z",
            "CustomerEndpoint": { "Type": "TELEPHONE_NUMBER", "Address": "+16095550142" },
            "SystemEndpoint": { "Type": "TELEPHONE_NUMBER", "Address": "+18005550142" },
            "Queue": { "Name": "MSG", "EnqueueTimestamp": "2026-03-02T14:00:05Z" },
            "Agent": { "Username": "n07", "ConnectedToAgentTimestamp": "2026-03-02T14:00:20Z", "AgentInteractionDuration": 240, "AfterContactWorkDuration": 5 },
        });
        let file = folder.path().join(name);
        std::fs::write(&file, record.to_string() + "\n").unwrap();
        import_files(&store, &mapping, "connect", &[file]).unwrap()
    };
    assert_eq!(import("first.json", "2026-03-02T14:06:00Z").accepted, 1);
    assert_eq!(
        import("later.json", "2026-03-02T14:07:00Z").updated,
        1,
        "as it is without an erasure"
    );
    let caller = What::Caller(common::key().hash(&e164("+16095550142").unwrap()));
    assert_eq!(
        erase(&store, caller, Timestamp::UNIX_EPOCH)
            .unwrap()
            .records,
        1
    );
    let again = import("latest.json", "2026-03-02T14:08:00Z");
    assert_eq!((again.accepted, again.updated, again.erased), (0, 0, 1));
    assert_eq!(records(&store), 0);
}

#[test]
fn days_past_retention_go_with_their_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    let store = CallStore::new(folder.path().join("store"));
    import_files(&store, &common::mapping("generic"), "acd", &[file]).unwrap();
    let parts = |store: &CallStore| -> Vec<(Date, PathBuf)> {
        let imports = store.manifest().unwrap().imports.into_iter();
        let parts = imports.flat_map(|import| import.parts);
        parts
            .map(|part| (part.day, store.root().join(part.path)))
            .collect()
    };
    let all = parts(&store);
    let days: Vec<Date> = all.iter().map(|(day, _)| *day).collect();
    let first_kept = days[days.len() / 2];
    let what = What::Before(first_kept);
    let erased = erase(&store, what, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(erased.files, u64::try_from(days.len() / 2).unwrap());
    for (day, path) in all {
        assert_eq!(path.exists(), day >= first_kept, "{day}");
    }
    assert!(parts(&store).iter().all(|(day, _)| *day >= first_kept));
    assert_eq!(
        store.manifest().unwrap().erasures[0].before,
        Some(first_kept)
    );
}

/// An import waits while an erasure is looked at, and the other way round: what is ordered can be carried out.
#[test]
fn nothing_comes_in_between_the_order_and_the_erasure() {
    let folder = tempfile::tempdir().unwrap();
    let file = file(folder.path());
    let store = CallStore::new(folder.path().join("store"));
    let what = What::Before(Date::MAX);
    let erasing = begin(&store, &common::key(), what).unwrap();
    let import = || {
        import_files(
            &store,
            &common::mapping("generic"),
            "acd",
            std::slice::from_ref(&file),
        )
    };
    assert!(matches!(import(), Err(CallsError::Busy { .. })));
    drop(erasing);
    import().unwrap();
    let found = begin(&store, &common::key(), what).unwrap().found();
    assert_eq!(found.records, records(&store));
}

#[test]
fn rows_of_kept_tables_go_with_the_days_past_retention() {
    let folder = tempfile::tempdir().unwrap();
    let store = CallStore::new(folder.path().join("store"));
    let row = |call: &str, at: &str| {
        let row = json!({ "call": call, "disposition": "advice", "at": at });
        (2, row.as_object().unwrap().clone())
    };
    let rows = vec![
        row("C1", "2019-02-28T23:00:00Z"),
        row("C2", "2019-03-01T01:00:00Z"),
    ];
    keep(&store, Table::Dispositions, rows).unwrap();
    let what = What::Before(jiff::civil::date(2019, 3, 1));
    let found = count(&store, what).unwrap();
    assert_eq!((found.records, found.table_rows), (0, 1));
    assert_eq!(erase(&store, what, Timestamp::UNIX_EPOCH).unwrap(), found);
    let left = operations::rows::<Disposition>(&store).unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].call, "C2");
    assert_eq!(count(&store, what).unwrap().table_rows, 0);
}
