//! Fixed-n intervals and tests against another implementation's values.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests: a failure is a panic, a skip is visible"
)]

use segue_parity::kpi::Ratio;
use segue_parity::noninferiority::{farrington_manning, miettinen_nurminen, newcombe};
use serde_json::Value;
use std::path::Path;

/// The cases of this group, or a visible skip.
fn cases(group: &str) -> Vec<Value> {
    let data = std::env::var_os("SEGUE_REAL_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        Into::into,
    );
    let file = data.join("../vectors/guard_reference.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!(
            "SKIPPED: {} is not here; set SEGUE_REAL_DATA",
            file.display()
        );
        return Vec::new();
    };
    let all: Value = serde_json::from_str(&text).unwrap();
    let cases = all["cases"].as_array().unwrap().iter();
    cases
        .filter(|case| case["group"] == group)
        .cloned()
        .collect()
}

fn close(case: &Value, ours: f64, theirs: &Value) {
    let theirs = theirs.as_f64().unwrap();
    let tolerance = case["rel_tol"].as_f64().unwrap();
    let error = (ours - theirs).abs() / theirs.abs();
    assert!(error <= tolerance, "{}: {ours} for {theirs}", case["id"]);
}

#[test]
fn fixed_n_agrees_with_the_reference() {
    let cases = cases("fixed_n");
    for case in &cases {
        let count = |name: &str| case["input"][name].as_u64().unwrap();
        let side = |x, n| Ratio {
            numerator: count(x),
            denominator: count(n),
        };
        let (pilot, baseline) = (side("x_out", "n_out"), side("x_in", "n_in"));
        let output = &case["output"];
        let interval = match case["fn"].as_str().unwrap() {
            "newcombe_diff_ci" => newcombe(pilot, baseline, 0.05),
            "miettinen_nurminen_no_correction_ci" => miettinen_nurminen(pilot, baseline, 0.05),
            _ => {
                let margin = case["input"]["margin"].as_f64().unwrap();
                let test = farrington_manning(pilot, baseline, margin);
                close(case, test.z, &output["z"]);
                close(case, test.p, &output["p"]);
                continue;
            }
        };
        close(case, interval.lower, &output[0]);
        close(case, interval.upper, &output[1]);
    }
    assert!(cases.is_empty() || cases.len() == 12, "{}", cases.len());
}
