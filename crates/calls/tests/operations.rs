//! Kept tables: the same rows again change nothing, a later row of a key takes its place, and what they come to is counted right.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

use jiff::Timestamp;
use segue_calls::operations::{Kept, Urgency, keep, operations};
use segue_calls::store::CallStore;
use segue_calls::tables::{Table, TableMapping, read_table};
use segue_calls::understanding::Ratio;
use std::path::Path;

fn import(store: &CallStore, table: Table, text: &str) -> Kept {
    let mapping = TableMapping::find(table.name()).unwrap();
    assert_eq!(table.command(), None);
    let read = read_table(text.as_bytes(), Path::new("export.csv"), &mapping).unwrap();
    assert_eq!(read.quarantined, []);
    let rows = read.batches.into_iter().map(|b| (b.lines[0], b.fields));
    keep(store, table, rows.collect()).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const PROMISES: &str = "promise,call_type,urgency,promised_at,due_at,started_at
P1,TRIAGE,urgent,2026-03-01T10:00:00Z,2026-03-01T10:15:00Z,2026-03-01T10:09:00Z
P2,TRIAGE,urgent,2026-03-01T10:00:00Z,2026-03-01T10:15:00Z,2026-03-01T10:20:00Z
P3,TRIAGE,routine,2026-03-01T10:00:00Z,2026-03-01T11:00:00Z,
P4,,routine,2026-03-01T11:30:00Z,2026-03-01T12:30:00Z,
";

#[test]
fn an_unmade_promise_counts_against_compliance_and_one_that_is_not_due_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let store = CallStore::new(folder.path().join("calls"));
    let first = import(&store, Table::Callbacks, PROMISES);
    assert_eq!((first.accepted, first.duplicates), (4, 0));
    let again = import(&store, Table::Callbacks, PROMISES);
    assert_eq!((again.accepted, again.duplicates), (0, 4));
    let found = operations(&store, at("2026-03-01T12:00:00Z"))
        .unwrap()
        .callbacks;
    let all = found.all;
    assert_eq!((all.kept, all.late, all.unmade, all.not_due), (1, 1, 1, 1));
    assert_eq!(all.compliance, Ratio::new(1, 3));
    assert_eq!(
        found.by_urgency[&Urgency::Urgent].compliance,
        Ratio::new(1, 2)
    );
    assert_eq!(found.mean_ms, Ratio::new((9 + 20) * 60_000, 2));
    assert_eq!(found.longest_s, 7_200, "P3 waits since ten");
    // Called after all: the later row takes the place of the one before.
    let called = PROMISES.lines().next().unwrap().to_owned()
        + "\nP3,TRIAGE,routine,2026-03-01T10:00:00Z,2026-03-01T11:00:00Z,2026-03-01T12:05:00Z\n";
    assert_eq!(import(&store, Table::Callbacks, &called).accepted, 1);
    let found = operations(&store, at("2026-03-01T12:10:00Z"))
        .unwrap()
        .callbacks
        .all;
    assert_eq!((found.late, found.unmade), (2, 0));
}

#[test]
fn rows_that_are_none_are_set_aside_without_their_cells() {
    let folder = tempfile::tempdir().unwrap();
    let store = CallStore::new(folder.path().join("calls"));
    let kept = import(
        &store,
        Table::Callbacks,
        "promise,urgency,promised_at,due_at
P1,soonish,2026-03-01T10:00:00Z,2026-03-01T10:15:00Z
P2,urgent,yesterday,2026-03-01T10:15:00Z
P3,urgent,2026-03-01T10:00:00Z,2026-03-01T09:15:00Z
",
    );
    assert_eq!(kept.accepted, 0);
    let lines: Vec<u64> = kept.quarantined.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4]);
    let said = format!("{:?}", kept.quarantined);
    assert!(
        !said.contains("soonish") && !said.contains("yesterday"),
        "{said}"
    );
    assert!(said.contains("due_at lies before promised_at"), "{said}");
    let numbers = "call,disposition,at\nC1,609 555 0110,2026-03-01T10:00:00Z\n";
    assert_eq!(import(&store, Table::Dispositions, numbers).accepted, 0);
    assert!(!store.root().join("_segue/tables").exists(), "nothing kept");
}

#[test]
fn dispositions_occupancy_and_gaps_on_call() {
    let folder = tempfile::tempdir().unwrap();
    let store = CallStore::new(folder.path().join("calls"));
    import(
        &store,
        Table::Dispositions,
        "call,disposition,at
C1,home care,2026-03-01T10:00:00Z
C2,ED now,2026-03-01T10:00:00Z
C3,home care,2026-03-01T10:00:00Z
",
    );
    import(
        &store,
        Table::AgentState,
        "agent,state,from,to
A1,available,2026-03-01T10:00:00Z,2026-03-01T10:10:00Z
A1,handling,2026-03-01T10:10:00Z,2026-03-01T10:40:00Z
A2,wrap,2026-03-01T10:00:00Z,2026-03-01T10:20:00Z
A2,away,2026-03-01T10:20:00Z,2026-03-01T12:00:00Z
",
    );
    import(
        &store,
        Table::Oncall,
        "service,position,from,to
paediatrics,attending,2026-03-01T08:00:00Z,2026-03-01T20:00:00Z
paediatrics,back-up,2026-03-01T19:00:00Z,2026-03-01T21:00:00Z
paediatrics,attending,2026-03-01T22:00:00Z,2026-03-02T08:00:00Z
surgery,attending,2026-03-05T08:00:00Z,2026-03-05T20:00:00Z
",
    );
    let found = operations(&store, at("2026-03-02T00:00:00Z")).unwrap();
    assert_eq!(found.dispositions[0].disposition, "home care");
    assert_eq!(found.dispositions[0].share, Ratio::new(2, 3));
    assert_eq!(found.occupancy, Ratio::new(50 * 60, 60 * 60));
    assert_eq!(found.duty_gaps.len(), 1);
    let gap = &found.duty_gaps[0];
    assert_eq!(
        (gap.from, gap.to),
        (at("2026-03-01T21:00:00Z"), at("2026-03-01T22:00:00Z"))
    );
    let empty = CallStore::new(folder.path().join("empty"));
    let none = operations(&empty, at("2026-03-02T00:00:00Z")).unwrap();
    assert_eq!(
        none.callbacks.all.compliance.value(),
        None,
        "no value, not 100 %"
    );
}
