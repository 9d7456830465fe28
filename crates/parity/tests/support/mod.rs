//! Reference values that lie beside the checkout, for every test that holds this room against them.

use serde_json::Value;
use std::path::Path;

/// The cases of a group, or a visible skip where the file is not here. A group that the file does not have is a failure.
pub(crate) fn cases(group: &str) -> Vec<Value> {
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
    let cases: Vec<Value> = all["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["group"] == group)
        .cloned()
        .collect();
    assert!(
        !cases.is_empty(),
        "no case of {group} in {}",
        file.display()
    );
    cases
}
