//! `segue scenario`: exit codes and the one JSON document, as `docs/scenarios.md` has them.

use crate::support::cli::{Said, segue};
use serde_json::{Value, json};

/// Runs a script without any data directory.
fn run(script: &str) -> Said {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("own.txt");
    std::fs::write(&file, script).expect("a written script");
    let file = file.to_str().expect("a plain path");
    segue(
        &folder.path().join("none"),
        None,
        &["--json", "scenario", "run", file],
    )
}

#[test]
fn what_it_says_is_exit_0_and_counted() {
    let answer =
        run("Scenario: one\nGiven the Riverside fixture\nThen the phase is contracted\n").done();
    for (key, count) in [("steps", 2), ("passed", 2), ("failed", 0), ("not_run", 0)] {
        assert_eq!(answer[key], count, "{answer:#}");
    }
    assert_eq!(answer["first_failure"], Value::Null);
    assert_eq!(answer["scenarios"][0]["title"], "one");
}

#[test]
fn what_it_does_not_say_is_exit_5_with_the_line() {
    let said = run("Scenario: one\nGiven the Riverside fixture\nThen the phase is moving\n");
    assert_eq!(said.code, 5, "{said:?}");
    let first = &said.json()["first_failure"];
    let expected = json!({
        "file": first["file"], "line": 3, "step": "Then the phase is moving",
        "expected": "moving", "came": "contracted",
    });
    assert_eq!(*first, expected);
}

#[test]
fn what_cannot_be_read_is_exit_2() {
    let said = run("Scenario: odd\nGiven the Riverside picture\n");
    assert_eq!(said.code, 2, "{said:?}");
    let error = said.json()["error"].to_string();
    assert!(
        error.contains("own.txt:2:") && error.contains("the Riverside fixture"),
        "{error}"
    );
}

#[test]
fn every_phrase_is_printed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let said = segue(folder.path(), None, &["--json", "scenario", "phrases"]);
    let phrases = said.done()["phrases"].clone();
    assert!(
        phrases
            .as_array()
            .is_some_and(|all| all.contains(&json!("Then accepted"))),
        "{phrases}"
    );
}
