//! Every script in `tests/scenarios` holds; and the runner itself can fail.

#![expect(clippy::expect_used, reason = "helpers of tests")]

use segue_scenario::{Error, Report};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn run(files: &[PathBuf]) -> Result<Report, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime
        .expect("a runtime")
        .block_on(segue_scenario::run(files))
}

/// Runs a script of this test's own.
fn run_text(text: &str) -> Report {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("own.txt");
    std::fs::write(&file, text).expect("a written script");
    run(&[file]).expect("a report")
}

#[test]
fn every_script_holds() {
    let folder = root().join("tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("tests/scenarios")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    files.sort();
    let report = run(&files).expect("a report");
    assert!(report.first_failure.is_none(), "{}", report.text());
    assert_eq!((report.failed, report.steps), (0, report.passed));
    for file in &files {
        let file = file.display().to_string();
        let named = report.scenarios.iter().any(|told| told.file == file);
        assert!(named, "{file} was not run");
    }
    for number in ["00", "01", "02", "03", "06", "07", "20", "21", "23"] {
        let found = files.iter().any(|f| {
            let name = f.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            name.starts_with(number)
        });
        assert!(found, "scenario {number} has no script");
    }
}

/// Step, line of the failure, part of what was expected, part of what came.
const WRONG: &[(&str, usize, &str, &str)] = &[
    (
        "Then RVS-Main/MSG is live at 51 %",
        4,
        "live at 51 %",
        "live at 50 %",
    ),
    ("Then RVS-Main/MSG is home", 4, "at home", "live at 50 %"),
    ("Then the journal holds a refused attempt", 4, "1 ×", "0 ×"),
    ("Then there is one incident", 4, "1 ×", "0 ×"),
    ("Then the phase is holding", 4, "holding", "moving"),
    (
        "Then two signatures, no agreement",
        4,
        "no agreement",
        "version 1 agreed by both",
    ),
    ("Then accepted", 4, "a command", "none"),
    (
        "When the client's manager proposes a step of RVS-Main/MSG to 110",
        4,
        "no `Then refused",
        "SHARE_OUT_OF_RANGE",
    ),
    (
        "Given the client's manager proposes a step of RVS-Main/MSG to 110",
        4,
        "it is given",
        "SHARE_OUT_OF_RANGE",
    ),
    (
        "When the client's manager proposes a step of RVS-Main/MSG to 110\nThen refused GATE_RED",
        5,
        "refused GATE_RED",
        "refused SHARE_OUT_OF_RANGE",
    ),
    (
        "When the client's manager proposes a step of RVS-Main/MSG to 110\nThen refused SHARE_OUT_OF_RANGE, says \"0-99\"",
        5,
        "0-99",
        "0–100",
    ),
    (
        "When the client's duty manager brings all home\nThen refused DOOR_CLOSED",
        5,
        "refused DOOR_CLOSED",
        "accepted: fell_back",
    ),
    (
        "When the client's duty manager brings all home\nThen nothing new is recorded",
        5,
        "nothing new",
        "accepted: fell_back",
    ),
    (
        "When the window \"Sat 22:00-Sun 06:00\" in America/New_York begins on 2026-10-31\nThen the window lasts 8 h",
        5,
        "8",
        "9",
    ),
    ("Then the journal holds 1 share_changed", 4, "1 ×", "2 ×"),
    ("Then it records share changed", 4, "a command", "none"),
    (
        "When the client's duty manager brings all home\nThen it records share changed",
        5,
        "share_changed",
        "accepted: fell_back",
    ),
    (
        "When the client's manager asks to propose step: chunk RVS-Main/MSG; share percent 110\nThen it records step proposed",
        5,
        "step_proposed",
        "SHARE_OUT_OF_RANGE",
    ),
    (
        "When it is 2027-01-01 10:00 America/New_York",
        4,
        "now or later",
        "2027-03-08",
    ),
    ("Given RVS-Main/TRIAGE live at 33 %", 4, "33 %", "20 %"),
];

#[test]
fn a_wrong_expectation_fails_with_its_line() {
    for (wrong, line, expected, came) in WRONG {
        let text = format!(
            "Scenario: wrong on purpose\nGiven the Riverside fixture\nAnd RVS-Main/MSG live at 50 %\n{wrong}\n"
        );
        let report = run_text(&text);
        let Some(first) = &report.first_failure else {
            panic!("{wrong}: {}", report.text())
        };
        assert_eq!(
            (first.line, report.failed),
            (*line, 1),
            "{wrong}: {first:?}"
        );
        assert!(first.expected.contains(expected), "{wrong}: {first:?}");
        assert!(first.came.contains(came), "{wrong}: {first:?}");
    }
}

#[test]
fn what_follows_a_failure_is_counted_as_not_run() {
    let report = run_text(
        "Scenario: one\nGiven the Riverside fixture\nThen the phase is moving\nAnd the phase is moving\n\
         Scenario: two\nGiven the Riverside fixture\nThen the phase is contracted\n",
    );
    let counts = [report.steps, report.passed, report.failed, report.not_run];
    assert_eq!(counts, [5, 3, 1, 1], "{}", report.text());
}

#[test]
fn a_script_that_cannot_be_read_is_bad_input_with_file_and_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("odd.txt");
    std::fs::write(&file, "Scenario: odd\nGiven the Riverside picture\n").expect("a script");
    let Err(Error::BadInput(said)) = run(&[file]) else {
        panic!("it was read")
    };
    assert!(
        said.contains("odd.txt:2:") && said.contains("the Riverside fixture"),
        "{said}"
    );
    let missing = run(&["no-such-script.txt".into()]);
    assert!(matches!(missing, Err(Error::BadInput(_))), "{missing:?}");
}

#[test]
fn the_handbook_of_scripts_lists_every_phrase_once_and_no_other() {
    let handbook =
        std::fs::read_to_string(root().join("docs/scenarios.md")).expect("docs/scenarios.md");
    let listed = handbook.lines().filter_map(|line| {
        let phrase = line.strip_prefix("- `")?.strip_suffix('`')?;
        let begins = ["Given ", "When ", "Then "]
            .iter()
            .any(|k| phrase.starts_with(k));
        begins.then(|| phrase.to_owned())
    });
    let (listed, phrases): (Vec<_>, Vec<_>) =
        (listed.collect(), segue_scenario::phrases().collect());
    assert!(phrases.len() > 60, "{}", phrases.len());
    for phrase in &phrases {
        let times = listed.iter().filter(|known| *known == phrase).count();
        assert_eq!(times, 1, "docs/scenarios.md should list `{phrase}` once");
    }
    for phrase in &listed {
        assert!(
            phrases.contains(phrase),
            "`{phrase}` is in docs/scenarios.md, and no phrase"
        );
    }
}

#[test]
fn any_command_can_be_asked_for_in_plain_words() {
    let report = run_text(
        "Scenario: in plain words\n\
         Given the Riverside fixture\n\
         When Riverside's manager asks to name account manager: person cb-account; deputy \"cb-deputy\"\n\
         Then it records account manager changed\n\
         Given 1 of 11 discovery items open\n\
         When the client's director asks to sign discovery\n\
         Then refused DISCOVERY_OPEN\n\
         Given discovery signed by both\n\
         And the plan at version 1\n\
         When the client's director asks to sign plan: version 1\n\
         Then it records plan_signed\n\
         When the outsourcer's director asks to sign plan: version 1; signatory rvs-director\n\
         Then refused SIGNATURE_OF_OTHER\n\
         When the outsourcer's manager asks to sign plan: version 1\n\
         Then refused NOT_AUTHORISED\n\
         When the outsourcer's director asks to sign plan: version 7\n\
         Then refused UNKNOWN\n",
    );
    assert!(report.first_failure.is_none(), "{}", report.text());
}
