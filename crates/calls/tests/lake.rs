//! The lake's SQL in other engines over the same files: the same integers.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;

use common::{baseline_of, import_files};
use segue_calls::baseline::{By, UNCLASSIFIED};
use segue_calls::lookalike::{Dirt, Lookalike, Shape};
use segue_calls::publish::{Place, PublishOptions, publish};
use segue_calls::seal::LakeKey;
use segue_calls::store::CallStore;
use segue_calls::understanding::{Request, understand};
use segue_parity::kpi::ServiceLevelFormula;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A key as other engines are told it: base64 of these 32 bytes.
const KEY: [u8; 32] = *b"0123456789abcdef0123456789abcdef";
const KEY_BASE64: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn views(engine: &str, python: &Path, calls: &Path, key: Option<&str>) -> Value {
    let here = common::repository();
    let output = Command::new(python)
        .arg(here.join("crates/calls/tests/lake.py"))
        .arg(engine)
        .arg(calls)
        .arg(here.join("lake"))
        .args(key)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(text.trim().lines().last().unwrap()).unwrap()
}

/// Service levels and abandonment by formula and type, as Segue's own baseline has them.
fn own_levels(store: &CallStore) -> BTreeMap<(String, String), (u64, u64)> {
    let mut all = BTreeMap::new();
    for formula in ServiceLevelFormula::ALL {
        for row in baseline_of(store, By::Type, formula).rows {
            // Nobody offered, nothing to say: the view has no row.
            if row.offered == 0 {
                continue;
            }
            let level = (row.service_level_numerator, row.service_level_denominator);
            all.insert((formula.name().to_owned(), row.key.clone()), level);
            let abandonment = (row.abandonment_numerator, row.abandonment_denominator);
            all.insert(("ABANDONMENT".to_owned(), row.key), abandonment);
        }
    }
    all
}

fn compare(engine: &str, python: &Path, store: &CallStore, key: Option<&str>) {
    compare_in(store.root(), engine, python, store, key);
}

/// What the engine finds in a folder with what the store itself says.
fn compare_in(calls: &Path, engine: &str, python: &Path, store: &CallStore, key: Option<&str>) {
    let found = views(engine, python, calls, key);
    let number = |row: &Value, name: &str| row[name].as_u64().unwrap();
    let levels: BTreeMap<(String, String), (u64, u64)> = found["kpi_service_level"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let call_type = row["call_type"].as_str().unwrap_or(UNCLASSIFIED);
            let formula = row["formula"].as_str().unwrap();
            let ratio = (number(row, "numerator"), number(row, "denominator"));
            ((formula.to_owned(), call_type.to_owned()), ratio)
        })
        .collect();
    assert_eq!(levels, own_levels(store), "{engine}");

    let own = understand(
        store,
        &Request {
            source: None,
            days: jiff::civil::Date::MIN..=jiff::civil::Date::MAX,
            follow_up_types: BTreeSet::new(),
            holidays: BTreeMap::new(),
        },
    )
    .unwrap();
    let attempts = &found["kpi_attempts"][0];
    let callers = &own.callers;
    for (name, expected) in [
        ("contacts", callers.contacts),
        ("without_caller", callers.without_caller),
        ("attempts", callers.attempts),
        ("served", callers.served),
        ("served_at_once", callers.served_at_once),
        ("redials", callers.redials),
    ] {
        assert_eq!(number(attempts, name), expected, "{engine} {name}");
    }
    let first = &found["kpi_first_call"][0];
    let resolution = callers.first_call_resolution;
    assert_eq!(number(first, "numerator"), resolution.numerator, "{engine}");
    assert_eq!(
        number(first, "denominator"),
        resolution.denominator,
        "{engine}"
    );
    assert_eq!(number(first, "not_yet"), callers.not_yet, "{engine}");

    let durations = found["kpi_durations"].as_array().unwrap();
    assert_eq!(durations.len(), own.profile.types.len(), "{engine}");
    for kind in &own.profile.types {
        let named =
            |row: &&Value| row["call_type"].as_str().unwrap_or(UNCLASSIFIED) == kind.call_type;
        let row = durations.iter().find(named).unwrap();
        assert_eq!(
            number(row, "handle_ms"),
            kind.handle_ms.numerator,
            "{engine}"
        );
        assert_eq!(
            number(row, "handled"),
            kind.handle_ms.denominator,
            "{engine}"
        );
    }
}

fn stores(open: impl Fn(PathBuf) -> CallStore, each: impl Fn(&CallStore)) {
    let folder = tempfile::tempdir().unwrap();
    if let Some(file) = common::january() {
        let store = open(folder.path().join("january"));
        import_files(&store, &common::mapping("technion"), "bank", &[file]).unwrap();
        each(&store);
    }
    let lookalike = Lookalike {
        shape: Shape::Generic,
        rows: 6_000,
        days: 12,
        seed: 5,
        dirt: Dirt {
            exact_duplicates: 300,
            test_calls: 40,
            missing_hangups: 20,
            ..Dirt::default()
        },
    };
    let file = folder.path().join("generic.csv");
    let mut out = std::fs::File::create(&file).unwrap();
    lookalike.write(&mut out).unwrap();
    let store = open(folder.path().join("generic"));
    import_files(&store, &common::mapping("generic"), "acd", &[file]).unwrap();
    each(&store);
}

#[test]
fn duckdb_gets_the_same_integers() {
    let Some(python) = common::duckdb_python() else {
        return;
    };
    let sealed = |folder| CallStore::sealed(folder, LakeKey::new(KEY));
    stores(sealed, |store| {
        compare("duckdb", &python, store, Some(KEY_BASE64));
    });
    stores(CallStore::new, |store| {
        compare("duckdb", &python, store, None);
    });
}

#[test]
fn duckdb_gets_the_same_integers_from_where_it_was_published() {
    let Some(python) = common::duckdb_python() else {
        return;
    };
    let sealed = |folder| CallStore::sealed(folder, LakeKey::new(KEY));
    stores(sealed, |store| {
        let shared = tempfile::tempdir().unwrap();
        let url = format!("file://{}", shared.path().display());
        let place = Place::open(&url, &BTreeMap::new()).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let published = publish(store, &place, PublishOptions::default());
        runtime.block_on(published).unwrap();
        compare_in(shared.path(), "duckdb", &python, store, Some(KEY_BASE64));
    });
}

#[test]
fn spark_gets_the_same_integers() {
    let has_spark = |python: &std::path::PathBuf| {
        Command::new(python)
            .args(["-c", "import pyspark"])
            .output()
            .is_ok_and(|out| out.status.success())
    };
    let Some(python) = common::duckdb_python().filter(has_spark) else {
        let required = std::env::var("SEGUE_REQUIRE_SPARK").is_ok_and(|value| value == "1");
        assert!(!required, "no Python with pyspark: run scripts/setup spark");
        println!(
            "SKIPPED: no Python with pyspark; make test-spark installs it (700 MB) and runs this"
        );
        return;
    };
    stores(CallStore::new, |store| {
        compare("spark", &python, store, None);
    });
}
