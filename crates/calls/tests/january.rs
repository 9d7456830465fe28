//! The real January file of the bank's call centre: the reconciliation adds up, and the KPIs are those of an
//! independent SQL over the same raw file.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;

use common::{baseline_of, import_files, mapping};
use segue_calls::baseline::{BaselineRow, By};
use segue_calls::store::CallStore;
use segue_parity::kpi::ServiceLevelFormula;
use std::path::PathBuf;

#[test]
fn january_reconciles() {
    let Some(file) = common::january() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let store = CallStore::new(folder.path());
    let report = import_files(
        &store,
        &mapping("technion"),
        "bank",
        std::slice::from_ref(&file),
    )
    .unwrap();
    assert!(report.adds_up());
    assert_eq!(
        (report.read, report.accepted),
        (31_599, 31_599),
        "{report:?}"
    );
    assert_eq!(
        (report.duplicates, report.test, report.quarantined),
        (0, 0, 0)
    );
    assert_eq!(report.without_caller, 18_175 + 24);
    assert_eq!(report.unmapped_type, 2);
    let again = import_files(&store, &mapping("technion"), "bank", &[file]).unwrap();
    assert_eq!(
        (again.read, again.duplicates, again.accepted),
        (31_599, 31_599, 0)
    );
    let all = baseline_of(&store, By::All, ServiceLevelFormula::SlAbandonNegative);
    let row = &all.rows[0];
    assert_eq!(
        (row.offered, row.answered, row.abandoned),
        (30_161, 27_060, 3_101)
    );
    assert_eq!(
        (row.excluded_by.ivr_only, row.excluded_by.phantom),
        (1_198, 240)
    );
    assert_eq!(row.excluded, 31_599 - 30_161);
}

#[test]
fn january_agrees_with_independent_sql() {
    let Some(file) = common::january() else {
        return;
    };
    let Some(python) = common::duckdb_python() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let store = CallStore::new(folder.path());
    import_files(
        &store,
        &mapping("technion"),
        "bank",
        std::slice::from_ref(&file),
    )
    .unwrap();
    let script = common::repository().join("scripts/check-january-duckdb");
    for (by, name) in [
        (By::All, "all"),
        (By::Type, "type"),
        (By::Hour, "hour"),
        (By::Weekday, "weekday"),
        (By::Line, "line"),
        (By::Segment, "segment"),
    ] {
        let out = std::process::Command::new(&python)
            .arg(&script)
            .args([file.as_os_str(), name.as_ref()])
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        let sql: Vec<serde_json::Value> = serde_json::from_slice(&out.stdout).unwrap();
        assert!(!sql.is_empty());
        for formula in ServiceLevelFormula::ALL {
            let ours = baseline_of(&store, by, formula);
            assert_eq!(ours.rows.len(), sql.len(), "groups by {name}");
            for (row, theirs) in ours.rows.iter().zip(&sql) {
                compare(row, theirs, formula, name);
            }
        }
    }
}

fn compare(row: &BaselineRow, theirs: &serde_json::Value, formula: ServiceLevelFormula, by: &str) {
    let ours = serde_json::to_value(row).unwrap();
    let what = format!("by {by} {} {formula}", row.key);
    for key in [
        "key",
        "offered",
        "answered",
        "abandoned",
        "short_abandoned",
        "answered_within",
        "abandoned_within",
        "excluded",
    ] {
        assert_eq!(ours[key], theirs[key], "{what} {key}");
    }
    let level = &theirs[formula.name()];
    assert_eq!(ours["service_level_numerator"], level[0], "{what}");
    assert_eq!(ours["service_level_denominator"], level[1], "{what}");
    for key in [
        "asa_s",
        "p90_wait_s",
        "longest_wait_s",
        "aht_s",
        "abandonment",
    ] {
        let close = match (ours[key].as_f64(), theirs[key].as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() < 1e-9 * b.abs().max(1.0),
            (a, b) => a.is_none() && b.is_none(),
        };
        assert!(close, "{what} {key}: {} against {}", ours[key], theirs[key]);
    }
}

#[test]
fn the_store_is_plain_parquet_that_others_read() {
    let Some(file) = common::january() else {
        return;
    };
    let Some(python) = common::duckdb_python() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let store = CallStore::new(folder.path());
    import_files(&store, &mapping("technion"), "bank", &[file]).unwrap();
    let glob: PathBuf = folder.path().join("source=*/day=*/*.parquet");
    let sql = format!(
        "import duckdb; print(duckdb.sql(\"select count(*), count(caller_hash), sum(wait_ms), count(distinct day), \
         min(source) from read_parquet('{}', hive_partitioning=true)\").fetchall())",
        glob.display()
    );
    let out = std::process::Command::new(python)
        .args(["-c", &sql])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(
        said.contains("(31599, 13400, ") && said.contains(", 29, 'bank')"),
        "{said}"
    );
}

/// What forecasts and patience learn from are the calls that the KPIs count.
#[test]
fn january_call_by_call() {
    let Some(file) = common::january() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let store = CallStore::new(folder.path());
    import_files(&store, &mapping("technion"), "bank", &[file]).unwrap();
    let all = baseline_of(&store, By::All, ServiceLevelFormula::SlAbandonNegative);
    let (mut answered, mut within) = (0, 0);
    let days = jiff::civil::Date::MIN..=jiff::civil::Date::MAX;
    let offered = segue_calls::offered::offered(&store, Some("bank"), days, |call| {
        answered += u64::from(call.answered);
        within += u64::from(call.answered && call.wait_ms.is_some_and(|ms| ms <= 20_000));
        assert!(call.answered || call.handle_ms.is_none());
    });
    let row = &all.rows[0];
    assert_eq!(
        (offered.unwrap(), answered, within),
        (row.offered, row.answered, row.answered_within)
    );
    let first = jiff::civil::date(1999, 1, 3)..=jiff::civil::date(1999, 1, 3);
    let sunday = segue_calls::offered::offered(&store, None, first, |call| {
        assert_eq!(call.local.date(), jiff::civil::date(1999, 1, 3));
    });
    // Counted apart from the file: 1,880 by an agent and 173 who hung up in the queue.
    assert_eq!(sunday.unwrap(), 2_053);
}
