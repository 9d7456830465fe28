//! The hazard log (§7.19): every refusal traces to what it controls, no risk is left unacceptable, and the document is its print.

use segue_domain::Code;
use segue_domain::hazard_log::{HAZARDS, HOUSEKEEPING, controlled_by, safety_case};
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_refusal_traces_to_a_hazard_or_says_why_it_does_not() {
    let untraced: Vec<_> = Code::ALL
        .iter()
        .filter(|code| controlled_by(**code).next().is_none())
        .filter(|code| !HOUSEKEEPING.iter().any(|(other, _)| other == *code))
        .collect();
    assert!(untraced.is_empty(), "no hazard for {untraced:?}");
    for (code, _) in HOUSEKEEPING {
        assert!(controlled_by(*code).next().is_none(), "{code} is both");
    }
}

#[test]
fn the_controls_lower_every_risk_to_what_can_be_tolerated() {
    let mut ids = BTreeSet::new();
    for hazard in HAZARDS {
        assert!(ids.insert(hazard.id), "{} twice", hazard.id);
        assert!(!hazard.refusals.is_empty(), "{}", hazard.id);
        assert!(
            hazard.residual_risk() < hazard.initial_risk(),
            "{}",
            hazard.id
        );
        assert!(hazard.residual_risk() <= 3, "{}", hazard.id);
    }
}

#[test]
fn the_safety_case_is_what_the_log_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/safety-case.md");
    if std::env::var("SEGUE_GOLDEN").is_ok_and(|v| v == "write") {
        std::fs::write(&path, safety_case()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, safety_case(), "docs/safety-case.md; see its head");
}
