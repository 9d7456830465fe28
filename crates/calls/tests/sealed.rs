//! Files sealed at rest: nothing of a record is to be read in them, the store with the key has all of it, another key none.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;

use common::{baseline_of, import_files};
use segue_calls::baseline::By;
use segue_calls::erase::{What, begin};
use segue_calls::error::CallsError;
use segue_calls::lookalike::{Dirt, Lookalike, Shape};
use segue_calls::offered::in_order;
use segue_calls::seal::LakeKey;
use segue_calls::store::CallStore;
use segue_parity::kpi::ServiceLevelFormula;
use std::path::{Path, PathBuf};

fn export(folder: &Path, seed: u64) -> PathBuf {
    let lookalike = Lookalike {
        shape: Shape::Generic,
        rows: 900,
        days: 4,
        seed,
        dirt: Dirt::default(),
    };
    let mut text = Vec::new();
    lookalike.write(&mut text).unwrap();
    let path = folder.join(format!("{seed}.csv"));
    std::fs::write(&path, text).unwrap();
    path
}

fn import(store: &CallStore, file: &Path, source: &str) {
    import_files(
        store,
        &common::mapping("generic"),
        source,
        &[file.to_owned()],
    )
    .unwrap();
}

fn files(store: &CallStore) -> Vec<Vec<u8>> {
    let all = jiff::civil::Date::MIN..=jiff::civil::Date::MAX;
    let parts = store.parts(None, all).unwrap().into_iter();
    parts.map(|path| std::fs::read(path).unwrap()).collect()
}

fn offered(store: &CallStore) -> u64 {
    let found = baseline_of(store, By::Type, ServiceLevelFormula::SlAbandonNegative);
    found.rows.iter().map(|row| row.offered).sum()
}

fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PARE") && bytes.ends_with(b"PARE")
}

#[test]
fn a_sealed_file_is_read_with_its_key_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let export = export(folder.path(), 7);
    let store = CallStore::sealed(&root, LakeKey::new([7; 32]));
    import(&store, &export, "acd");
    let plain = CallStore::new(folder.path().join("plain"));
    import(&plain, &export, "acd");
    assert!(offered(&store) > 0);
    assert_eq!(offered(&store), offered(&plain));
    for (bytes, readable) in [(files(&store), false), (files(&plain), true)] {
        for file in bytes {
            assert_eq!(is_sealed(&file), !readable);
            // Names of columns stand in a plain file's end.
            let named = file.windows(11).any(|at| at == b"caller_hash");
            assert_eq!(named, readable);
        }
    }
    let others = [
        CallStore::sealed(&root, LakeKey::new([8; 32])),
        CallStore::new(&root),
    ];
    for other in others {
        let refused = in_order([&other], 10_000).unwrap_err();
        assert!(matches!(refused, CallsError::Sealed { .. }), "{refused}");
        let said = refused.to_string();
        assert!(said.contains("keys/caller.key"), "{said}");
    }
}

/// Plain files from before stay readable; what is written anew, an import or what an erasure leaves, is sealed.
#[test]
fn a_store_in_the_clear_is_sealed_as_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("store");
    let (first, second) = (export(folder.path(), 1), export(folder.path(), 2));
    import(&CallStore::new(&root), &first, "acd");
    let store = CallStore::sealed(&root, LakeKey::new([7; 32]));
    let before = offered(&store);
    import(&store, &second, "other");
    assert!(offered(&store) > before, "both are read");
    let sealed = |store: &CallStore| files(store).iter().filter(|file| is_sealed(file)).count();
    let days = files(&store).len() / 2;
    assert_eq!(sealed(&store), days);
    let caller = in_order([&store], 10_000)
        .unwrap()
        .into_iter()
        .find_map(|call| call.caller);
    let what = What::Caller(segue_domain::caller::CallerHash(caller.unwrap()));
    let erased = begin(&store, &common::key(), what)
        .unwrap()
        .carry_out(jiff::Timestamp::UNIX_EPOCH)
        .unwrap();
    assert!(erased.records > 0);
    assert!(sealed(&store) > days, "a file that lost a record was plain");
    // And the other way round, where somebody chose so.
    let (plain_before, offered_before) = (files(&store).len() - sealed(&store), offered(&store));
    let third = export(folder.path(), 3);
    let clear = store.clone().in_the_clear();
    import(&clear, &third, "clear");
    assert_eq!(files(&clear).len() - sealed(&clear), plain_before + days);
    assert!(offered(&clear) > offered_before, "all three are read");
}
