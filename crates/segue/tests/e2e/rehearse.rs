//! The rehearsal on the January records of a real call centre, through the binary: keys, exit codes, the report, and what the
//! records prove.

use crate::support::cli::{Said, segue};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The January file, or a visible skip.
fn january() -> Option<PathBuf> {
    let data = std::env::var_os("SEGUE_REAL_DATA")
        .map_or_else(|| repository().join("../shared/data"), PathBuf::from);
    let file = data.join("technion_bank/january.txt");
    if !file.exists() {
        println!(
            "SKIPPED: {} is not here; set SEGUE_REAL_DATA",
            file.display()
        );
    }
    file.exists().then_some(file)
}

/// Riverside's plan with the bank's calls: regular customers leave messages, the internet line stands for triage.
fn rehearse(folder: &Path, january: &Path, more: &[&str]) -> Said {
    let plan = repository().join("examples/riverside/plan.json");
    let (plan, january) = (plan.display().to_string(), january.display().to_string());
    let mut args = vec![
        "rehearse",
        "--plan",
        &plan,
        "--calls",
        &january,
        "--mapping",
        "technion",
    ];
    for pair in [
        "regular=MSG",
        "regular_english=MSG",
        "new_customer=APPT",
        "stock_exchange=CONSULT",
        "internet=TRIAGE",
        "callback=TRIAGE",
    ] {
        args.extend(["--map", pair]);
    }
    args.extend(["--replications", "4", "--seed", "7"]);
    args.extend(more);
    segue(folder, None, &args)
}

fn of_10000(world: &Value, call_type: &str) -> u64 {
    let types = world["by_type"].as_array().expect("by_type");
    let row = types
        .iter()
        .find(|row| row["call_type"] == call_type)
        .expect("the call type");
    row["abandoned_of_10000"].as_u64().expect("a count")
}

#[test]
fn a_mass_cutover_harms_the_callers_of_january_and_the_stepped_plan_does_not() {
    let Some(january) = january() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("rehearsal.html");
    let page_name = page.display().to_string();
    let said = rehearse(folder.path(), &january, &["--report", &page_name, "--json"]);
    let report = said.done();
    for world in ["plan", "no_move", "mass_cutover"] {
        for key in [
            "offered",
            "abandoned",
            "long_wait",
            "by_type",
            "worst_hour",
            "interval",
        ] {
            assert!(!report[world][key].is_null(), "{world}.{key}");
        }
    }
    assert!(report["guard_actions"].is_array());
    let (plan, still, cutover) = (&report["plan"], &report["no_move"], &report["mass_cutover"]);
    for call_type in ["MSG", "APPT", "CONSULT", "TRIAGE"] {
        let [plan, still, cutover] = [plan, still, cutover].map(|w| of_10000(w, call_type));
        assert!(
            cutover > still + still / 3,
            "{call_type}: {cutover} against {still} of 10,000"
        );
        assert!(
            plan <= still,
            "{call_type}: {plan} against {still} of 10,000"
        );
    }
    let refused = report["cutover_refused_by"].as_array().expect("codes");
    assert!(refused.contains(&"MASS_CUTOVER".into()), "{refused:?}");
    let html = fs::read_to_string(page).expect("the report");
    assert!(html.contains(report["finding"].as_str().expect("a finding")));
}

#[test]
fn a_centre_released_too_early_is_refused_before_anything_is_played() {
    let Some(january) = january() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("early.toml");
    let early = "[[release]]\nstaff = \"RN-N1\"\non = \"2027-06-30\"\npath = \"separate\"\n";
    fs::write(&script, early).expect("written");
    let script = script.display().to_string();
    let said = rehearse(folder.path(), &january, &["--inject", &script, "--json"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert_eq!(said.json()["refusal"]["code"], "FALLBACK_CAPACITY");
}

#[test]
fn a_script_with_a_slip_is_bad_input_with_a_next_step() {
    let Some(january) = january() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("slip.toml");
    fs::write(&script, "[[injection]]\nkind = \"earthquake\"\n").expect("written");
    let script = script.display().to_string();
    let said = rehearse(folder.path(), &january, &["--inject", &script]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("docs/rehearsal.md"), "{said:?}");
}
