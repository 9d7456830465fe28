//! What the tests of this room share.
#![expect(
    dead_code,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests: each binary uses a part, a failure is a panic, a skip is visible"
)]

use segue_calls::baseline::{Baseline, BaselineRequest, By, baseline};
use segue_calls::error::CallsError;
use segue_calls::import::{ImportReport, ImportRequest, import};
use segue_calls::mapping::CheckedMapping;
use segue_calls::store::{CallStore, QuarantinedRow};
use segue_domain::caller::CallerKey;
use segue_parity::kpi::ServiceLevelFormula;
use segue_parity::tally::Thresholds;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn peers_required() -> bool {
    std::env::var("SEGUE_REQUIRE_PEERS").is_ok_and(|value| value == "1")
}

/// A file of the shared data, or a visible skip.
pub(crate) fn data(name: &str) -> Option<PathBuf> {
    let data = std::env::var_os("SEGUE_REAL_DATA")
        .map_or_else(|| repository().join("../shared/data"), PathBuf::from);
    let file = data.join(name);
    if !file.exists() {
        println!(
            "SKIPPED: {} is not here; set SEGUE_REAL_DATA",
            file.display()
        );
    }
    file.exists().then_some(file)
}

/// The January file, or a visible skip.
pub(crate) fn january() -> Option<PathBuf> {
    data("technion_bank/january.txt")
}

/// Where scripts/setup lays the programs of the tests' own Python.
fn programs() -> PathBuf {
    let tools =
        std::env::var_os("SEGUE_TOOLS").map_or_else(|| repository().join(".tools"), PathBuf::from);
    tools.join("venv/bin")
}

/// A program of the tests' own Python; without it a visible skip, or a failure where the peers must be there.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let path = programs().join(name);
    if !path.exists() {
        assert!(!peers_required(), "no {name}: run scripts/setup");
        println!("SKIPPED: no {name}; run scripts/setup or set SEGUE_TOOLS");
    }
    path.exists().then_some(path)
}

/// A Python with duckdb; without one a visible skip, or a failure where the peers must be there.
pub(crate) fn duckdb_python() -> Option<PathBuf> {
    let candidates = std::env::var_os("SEGUE_DUCKDB_PYTHON")
        .map(PathBuf::from)
        .into_iter()
        .chain([programs().join("python")]);
    let works = |python: &PathBuf| {
        std::process::Command::new(python)
            .args(["-c", "import duckdb"])
            .output()
            .is_ok_and(|out| out.status.success())
    };
    let found = candidates.into_iter().find(works);
    if found.is_none() {
        assert!(
            !peers_required(),
            "no Python with duckdb: run scripts/setup or set SEGUE_DUCKDB_PYTHON"
        );
        println!("SKIPPED: no Python with duckdb; run scripts/setup or set SEGUE_DUCKDB_PYTHON");
    }
    found
}

pub(crate) fn mapping(name: &str) -> CheckedMapping {
    let file = repository().join("mappings").join(format!("{name}.toml"));
    CheckedMapping::find(file.to_str().unwrap()).unwrap()
}

pub(crate) fn key() -> CallerKey {
    CallerKey::new(&[42; 32])
}

pub(crate) fn import_files(
    store: &CallStore,
    mapping: &CheckedMapping,
    source: &str,
    files: &[PathBuf],
) -> Result<ImportReport, CallsError> {
    let key = key();
    let request = ImportRequest {
        files,
        mapping,
        source,
        key: &key,
        imported_at: "2026-11-22T00:00:00Z".parse().unwrap(),
    };
    let report = import(store, request, &mut |_| {})?;
    assert!(report.adds_up(), "{report:?}");
    Ok(report)
}

pub(crate) fn baseline_of(store: &CallStore, by: By, formula: ServiceLevelFormula) -> Baseline {
    let request = BaselineRequest {
        by,
        formula,
        thresholds: Thresholds::new(20, 5).unwrap(),
        from: None,
        to: None,
        source: None,
    };
    baseline(store, &request).unwrap()
}

pub(crate) fn quarantined(store: &CallStore) -> Vec<QuarantinedRow> {
    let mut rows = Vec::new();
    store
        .quarantined(|row| {
            rows.push(row);
            Ok(())
        })
        .unwrap();
    rows
}

/// Names the folder of an import to the process that runs it.
const FOLDER: &str = "SEGUE_TEST_IMPORT_FOLDER";

/// The folder that this process is to import, where a test started it to be killed.
pub(crate) fn folder_to_import() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// The test `import_in_a_process_of_its_own` of the running binary as a process of its own.
pub(crate) fn start_to_kill(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "import_in_a_process_of_its_own"])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}
