//! What a history tells: a planted difference is found and nothing else, callers are followed, ways are compared.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;

use common::import_files;
use jiff::civil::{Date, DateTime, date};
use jiff::{SignedDuration, ToSpan};
use segue_calls::mapping::CheckedMapping;
use segue_calls::store::CallStore;
use segue_calls::understanding::{
    Dimension, DocumentedFlow, FlowDifference, Measure, Ratio, Request, Understanding, understand,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

const MAPPING: &str = r#"
    name = "test"
    [time]
    zone = "America/New_York"
    [fields]
    source_call_id = { column = "id" }
    root_id = { column = "root" }
    dnis = { column = "line" }
    caller = { column = "caller" }
    call_type = { column = "type" }
    language = { column = "language" }
    transfer_to = { column = "to" }
    arrived_at = { column = "at", formats = ["%Y-%m-%d %H:%M:%S"] }
    queued_at = { column = "at" }
    answered_at = { column = "answered" }
    ended_at = { column = "ended" }
    [policy]
    missing_hangup = "accept_unknown"
"#;

struct Row<'a> {
    id: u32,
    root: u32,
    line: &'a str,
    caller: u32,
    kind: &'a str,
    language: &'a str,
    to: &'a str,
    at: DateTime,
    wait_s: i64,
    talk_s: Option<i64>,
}

impl Default for Row<'_> {
    fn default() -> Self {
        Self {
            id: 0,
            root: 0,
            line: "8005550100",
            caller: 1,
            kind: "triage",
            language: "en",
            to: "",
            at: date(2026, 3, 2).at(9, 0, 0, 0),
            wait_s: 10,
            talk_s: Some(240),
        }
    }
}

fn understood(rows: &[Row<'_>]) -> Understanding {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "id,root,line,caller,type,language,to,at,answered,ended\n".to_owned();
    for row in rows {
        let root = if row.root == 0 { row.id } else { row.root };
        let left = row.at + SignedDuration::from_secs(row.wait_s);
        let (answered, ended) = match row.talk_s {
            Some(talk_s) => (
                left.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                left + SignedDuration::from_secs(talk_s),
            ),
            None => (String::new(), left),
        };
        writeln!(
            text,
            "c{},c{root},{},609555{:04},{},{},{},{},{answered},{}",
            row.id,
            row.line,
            row.caller,
            row.kind,
            row.language,
            row.to,
            row.at.strftime("%Y-%m-%d %H:%M:%S"),
            ended.strftime("%Y-%m-%d %H:%M:%S")
        )
        .unwrap();
    }
    let file = folder.path().join("calls.csv");
    std::fs::write(&file, text).unwrap();
    let store = CallStore::new(folder.path().join("data"));
    let mapping = CheckedMapping::parse(MAPPING, "test").unwrap();
    let report = import_files(&store, &mapping, "acd", &[file]).unwrap();
    assert_eq!(report.quarantined, 0, "{:?}", report.quarantine_reasons);
    let request = Request {
        source: None,
        days: Date::MIN..=Date::MAX,
        follow_up_types: BTreeSet::from(["care plan".to_owned()]),
        holidays: BTreeMap::from([
            (date(2026, 5, 11), "a holiday".to_owned()),
            (date(2027, 1, 1), "not in the history".to_owned()),
        ]),
    };
    understand(&store, &request).unwrap()
}

/// Three thousand calls, every tenth in Spanish; those take 41 % longer, and only them.
fn history(spanish_s: i64) -> Vec<Row<'static>> {
    (0..3_000_u32)
        .map(|n| {
            let spanish = n % 10 == 3;
            let typical = if spanish { spanish_s } else { 468 };
            // A spread that has nothing to do with the groups.
            let spread = i64::from(n * 7_919 % 401) - 200;
            let triage = n % 4 == 0;
            Row {
                id: n + 1,
                caller: n,
                kind: if triage { "triage" } else { "consult" },
                language: if spanish { "es" } else { "en" },
                // A month in which no clock changes.
                at: date(2026, 5, 4).at(0, 0, 0, 0) + (i64::from(n) * 613).seconds(),
                talk_s: Some(typical + spread + if triage { 300 } else { 0 }),
                ..Row::default()
            }
        })
        .collect()
}

#[test]
fn a_planted_difference_is_found_with_its_size_and_nothing_else() {
    let found = understood(&history(660)).segments;
    assert!(found.comparisons >= 6);
    let languages: Vec<_> = found
        .findings
        .iter()
        .filter(|one| one.dimension == Dimension::Language)
        .collect();
    // The others, English, differ from the Spanish ones by the same calls.
    assert_eq!(languages.len(), 2, "{found:?}");
    assert_eq!(found.findings.len(), 2, "{found:?}");
    let spanish = languages.iter().find(|one| one.value == "es").unwrap();
    assert_eq!((spanish.measure, spanish.calls), (Measure::HandleTime, 300));
    assert!(spanish.evidence.contains("% longer") && spanish.p_adjusted < 1e-6);
    assert!(understood(&history(468)).segments.findings.is_empty());
}

#[test]
fn redials_are_one_attempt_and_repeats_are_no_resolution() {
    let at = |day: i8, hour: i8, minute: i8| date(2026, 3, day).at(hour, minute, 0, 0);
    let call = |id, caller, at, talk_s| Row {
        id,
        caller,
        at,
        talk_s,
        wait_s: 60,
        ..Row::default()
    };
    let found = understood(&[
        // Hangs up twice, then gets through: one attempt.
        call(1, 1, at(2, 9, 0), None),
        call(2, 1, at(2, 9, 20), None),
        call(3, 1, at(2, 9, 45), Some(100)),
        // Calls again two days later: the first answer resolved nothing.
        call(4, 1, at(4, 9, 0), Some(100)),
        // Gives up; tries again an hour later: two attempts, both given up.
        call(5, 2, at(2, 10, 0), None),
        call(6, 2, at(2, 11, 0), None),
        // A follow-up of a care plan is no repeat.
        Row {
            kind: "care plan",
            ..call(7, 3, at(2, 12, 0), Some(100))
        },
        Row {
            kind: "care plan",
            ..call(8, 3, at(3, 12, 0), Some(100))
        },
        // A transfer: two legs, one contact.
        Row {
            to: "nurse",
            ..call(9, 4, at(2, 13, 0), Some(60))
        },
        Row {
            root: 9,
            kind: "consult",
            ..call(10, 4, at(2, 13, 2), Some(300))
        },
        // The history ends here: what lies in its last 72 hours is not known yet.
        call(11, 5, at(12, 9, 0), Some(100)),
    ]);
    let callers = &found.callers;
    assert_eq!((callers.contacts, callers.redials), (10, 2));
    assert_eq!(
        (callers.attempts, callers.served, callers.unserved),
        (8, 6, 2)
    );
    assert_eq!(
        (callers.served_at_once, callers.longest_way_s),
        (5, 45 * 60)
    );
    // Known: call 3 (repeated), 4, and both legs of 9, each about its own type.
    assert_eq!(callers.first_call_resolution, Ratio::new(3, 4));
    assert_eq!(callers.not_yet, 1);
    let transfer = found
        .flows
        .paths
        .iter()
        .find(|path| path.steps.len() > 1)
        .unwrap();
    assert_eq!(transfer.steps, ["triage", "transfer to nurse", "consult"]);
    assert_eq!((transfer.contacts, transfer.ending), (1, "answered"));
    assert_eq!(transfer.mean_handle_ms, Ratio::new(360_000, 1));
}

#[test]
fn written_flows_are_held_against_the_calls() {
    let found = understood(&[
        Row {
            id: 1,
            to: "nurse line",
            ..Row::default()
        },
        Row {
            id: 2,
            caller: 2,
            line: "8005550199",
            ..Row::default()
        },
    ]);
    let flow = |line: &str, steps: &[&str]| DocumentedFlow {
        line: line.into(),
        steps: steps.iter().map(|step| (*step).to_owned()).collect(),
    };
    let differences = found.flows.compare(&[
        flow(
            "+1 800 555 0100",
            &["greeting", "Triage queue", "resolution"],
        ),
        flow("8005550111", &["greeting"]),
    ]);
    assert_eq!(
        differences,
        [
            FlowDifference::StepNotDocumented {
                line: "8005550100".into(),
                step: "transfer to nurse line".into(),
                contacts: 1
            },
            FlowDifference::NotDocumented {
                line: "8005550199".into(),
                contacts: 1
            },
            FlowDifference::NoCalls {
                line: "8005550111".into()
            },
        ]
    );
}

#[test]
fn the_profile_adds_up_and_patience_is_censored() {
    let mut rows = history(468);
    for row in rows.iter_mut().step_by(9) {
        row.talk_s = None;
        row.wait_s = 50;
    }
    let found = understood(&rows);
    let week: u64 = found
        .profile
        .week
        .iter()
        .flatten()
        .map(|cell| cell.offered)
        .sum();
    assert_eq!((week, found.offered), (3_000, 3_000));
    let waits: u64 = found
        .profile
        .waits
        .iter()
        .map(|c| c.answered + c.abandoned)
        .sum();
    assert_eq!(waits + found.profile.wait_unknown, 3_000);
    // Nobody was answered after 10 s, and everybody who still waited at 50 s left then.
    assert_eq!(
        (found.patience.waited, found.patience.abandoned),
        (3_000, 334)
    );
    assert_eq!(found.patience.median_s, Some(50));
    assert_eq!(found.patience.still_waiting[1], (60, 0.0));
    assert!(
        found
            .cannot_see
            .iter()
            .any(|gap| gap.says.contains("busy line"))
    );
    assert_eq!(found.blockage.value(), None);
}

#[test]
fn a_holiday_stands_beside_its_weekday_and_each_type_has_its_hours() {
    let rows = history(468);
    let on = |day: Date| rows.iter().filter(|row| row.at.date() == day).count();
    let found = understood(&rows).profile;
    assert_eq!(found.holidays.len(), 1, "the other is in no record");
    let holiday = &found.holidays[0];
    let count = |n: usize| u64::try_from(n).unwrap();
    assert_eq!(holiday.offered, count(on(date(2026, 5, 11))));
    let mondays = on(date(2026, 5, 4)) + on(date(2026, 5, 18)) + on(date(2026, 5, 25));
    assert_eq!(holiday.usual, Ratio::new(count(mondays), 3));
    for kind in &found.types {
        let all_day = kind.hours.weekdays.unwrap();
        assert!(all_day.to_hour - all_day.from_hour >= 23, "{kind:?}");
    }
}
