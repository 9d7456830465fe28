//! What the outsourcer reads of a small log: no count of one to ten, in no number and in no sentence.

use super::*;
use crate::histories::{self, StandsFor};
use segue_calls::import::{ImportRequest, import};
use segue_calls::mapping::CheckedMapping;
use segue_calls::understanding::understand;
use segue_domain::caller::CallerKey;
use segue_domain::ids::TransitionId;
use serde_json::Value;
use std::fmt::Write as _;

const HEADER: &str = "call_id,dialled,caller,language,agent,disposition,hold_s,wrap_s,queue,arrived,queued,answered,ended\n";

/// Calls of one kind in the first minutes of an hour of Monday 1 March 2027.
struct Calls {
    count: u32,
    line: &'static str,
    caller: bool,
    queue: &'static str,
    hour: u32,
    /// The time of the hang-up is known, and with it the handling.
    ends: bool,
}

/// Enough to be shown.
const MANY: Calls = Calls {
    count: 40,
    line: "7001",
    caller: true,
    queue: "MSG",
    hour: 9,
    ends: true,
};

fn kinds() -> [Calls; 8] {
    [
        Calls { hour: 10, ..MANY },
        Calls {
            hour: 11,
            count: 7,
            ..MANY
        },
        Calls {
            hour: 12,
            count: 3,
            queue: "TRI",
            ..MANY
        },
        Calls {
            hour: 13,
            count: 5,
            queue: "??",
            ..MANY
        },
        Calls {
            hour: 14,
            count: 4,
            line: "7002",
            ..MANY
        },
        Calls {
            hour: 15,
            count: 6,
            caller: false,
            ..MANY
        },
        Calls {
            hour: 16,
            count: 8,
            ends: false,
            ..MANY
        },
        MANY,
    ]
}

fn log() -> String {
    let mut text = HEADER.to_owned();
    let mut id = 0;
    for calls in kinds() {
        for minute in 0..calls.count {
            id += 1;
            let at = format!("2027-03-01 {:02}:{minute:02}", calls.hour);
            let caller = if calls.caller {
                format!("+1609555{id:04}")
            } else {
                String::new()
            };
            let end = if calls.ends {
                format!("{at}:59")
            } else {
                String::new()
            };
            let (line, queue) = (calls.line, calls.queue);
            let _ = writeln!(
                text,
                "C{id},{line},{caller},en,agent-01,handled,0,11,{queue},{at}:00,{at}:05,{at}:25,{end}"
            );
        }
    }
    // Two rows that no one can read, and one that is there twice.
    text.push_str(
        "X1,7001,,en,a,handled,0,11,MSG,soon,,,\nX2,7001,,en,a,handled,0,11,MSG,later,,,\n",
    );
    let twice = text.lines().nth(1).unwrap_or_default().to_owned();
    text + &twice + "\n"
}

/// The view of one side over the log.
fn seen_by(side: Side) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("log-of-the-client.csv");
    std::fs::write(&file, log()).unwrap();
    let calls = CallStore::new(folder.path().join("calls"));
    let now: Timestamp = "2027-03-11T12:00:00Z".parse().unwrap();
    let generic = include_str!("../../../../mappings/generic.toml");
    let mapping = generic.replace(
        "missing_hangup = \"quarantine\"",
        "missing_hangup = \"accept_unknown\"",
    );
    let asked = ImportRequest {
        files: &[file],
        mapping: &CheckedMapping::parse(&mapping, "generic").unwrap(),
        source: "acd",
        key: &CallerKey::new(&[7; 32]),
        imported_at: now,
    };
    let report = import(&calls, asked, &mut |_| {}).unwrap();
    assert_eq!((report.quarantined, report.duplicates), (2, 1));
    let t = Transition::new(TransitionId::from("riverside"));
    let found = understand(&calls, &request(&t)).unwrap();
    let counted = histories::read(&t, &calls, &StandsFor::default()).unwrap();
    let disclosed = Some(counted.disclosed());
    let view = view(&t, &calls, &found, Reader::of(side), disclosed, now).unwrap();
    serde_json::to_value(view).unwrap()
}

/// Numbers of one to ten anywhere in a value, with where they stand. What is no count of calls is named and left out.
fn small(path: &str, value: &Value, all: &mut Vec<String>) {
    // Classes of waits, hours of the day, dates, and how often files came.
    let no_counts = [
        "wait", "comes", "day", "days", "at", "files", "last_fed", "sources", "before", "first",
        "after",
    ];
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if !no_counts.contains(&name.as_str()) {
                    small(&format!("{path}.{name}"), value, all);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                small(path, item, all);
            }
        }
        Value::Number(number) => {
            if number.as_u64().is_some_and(|n| (1..=10).contains(&n)) {
                all.push(format!("{path}: {number}"));
            }
        }
        Value::String(text) => {
            // The limit, the method's level, the hour of a peak, a feed's age.
            let says = ["at most 2", "is 5 %"]
                .iter()
                .fold(text.clone(), |text, known| text.replace(known, ""));
            let is_time = says.starts_with("nothing after") || says.contains(":00 is the peak");
            let words = says.split(|c: char| !(c.is_ascii_digit() || c == '.' || c == ','));
            let mut numbers = words.map(|word| word.trim_matches(['.', ',']));
            if !is_time && numbers.any(|n| n.parse().is_ok_and(|n: u64| (1..=10).contains(&n))) {
                all.push(format!("{path}: {text}"));
            }
        }
        Value::Null | Value::Bool(_) => {}
    }
}

fn small_counts(view: &Value) -> Vec<String> {
    let mut all = Vec::new();
    small("", view, &mut all);
    all
}

#[test]
fn the_outsourcer_reads_no_count_of_one_to_ten() {
    let view = seen_by(Side::Outsourcer);
    assert_eq!(small_counts(&view), [""; 0]);
    let text = view.to_string();
    assert!(
        !text.contains("log-of-the-client"),
        "the client's file names"
    );
    for says in [
        "A withheld part of the calls have no type",
        "Some records name no caller",
        "Some answered calls have no known handling time",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    // What is not small is told.
    assert_eq!(view["week"][0]["hours"][9], 40, "{}", view["week"][0]);
}

#[test]
fn the_client_reads_every_count() {
    let view = seen_by(Side::Client);
    let small = small_counts(&view).join("\n");
    for says in [
        ".week.hours: 7",
        ".types.calls: 3",
        ".flows.contacts: 4",
        ".quarantine.total: 2",
        ".imports.duplicates: 1",
        ".cannot_see.what: 6 of 113",
        ".cannot_see.what: 8 of ",
    ] {
        assert!(small.contains(says), "{says}: {small}");
    }
    assert!(view.to_string().contains("log-of-the-client"));
}
