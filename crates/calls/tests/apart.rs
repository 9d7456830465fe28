//! Lines whose callers are kept apart (42 CFR Part 2): no store holds both kinds of records, every row is accounted for, and one
//! caller's hash there is nothing elsewhere.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;

use segue_calls::apart::Lines;
use segue_calls::import::{ImportReport, ImportRequest, import};
use segue_calls::offered::in_order;
use segue_calls::store::CallStore;
use segue_domain::ids::LineId;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const LOG: &str = "\
call_id,dialled,caller,language,agent,disposition,hold_s,wrap_s,queue,arrived,queued,answered,ended
C1,7001,+16095550101,en,a,handled,0,5,MSG,2027-03-01 09:00:00,2027-03-01 09:00:05,2027-03-01 09:00:20,2027-03-01 09:02:00
C2,7002,+16095550101,en,a,handled,0,5,MSG,2027-03-01 10:00:00,2027-03-01 10:00:05,2027-03-01 10:00:20,2027-03-01 10:02:00
C3,8005550143,+16095550102,en,a,handled,0,5,MSG,2027-03-01 11:00:00,2027-03-01 11:00:05,2027-03-01 11:00:20,2027-03-01 11:02:00
";

fn imported(folder: &Path, own: Option<&str>) -> (ImportReport, CallStore) {
    let file = folder.join("log.csv");
    std::fs::write(&file, LOG).unwrap();
    let line = LineId::from("RECOVERY");
    let numbers = ["7002", "+18005550143", "RECOVERY"];
    let apart: BTreeMap<String, LineId> = numbers.map(|n| (n.to_owned(), line.clone())).into();
    let own = own.map(LineId::from);
    let store = CallStore::new(folder.join(own.as_ref().map_or("all", LineId::as_str)));
    let mapping = common::mapping("generic").of_lines(Lines::new(&apart, own.clone()));
    let key = own.map_or_else(common::key, |line| common::key().of_line(&line));
    let request = ImportRequest {
        files: &[file],
        mapping: &mapping,
        source: "acd",
        key: &key,
        imported_at: jiff::Timestamp::UNIX_EPOCH,
    };
    (import(&store, request, &mut |_| {}).unwrap(), store)
}

fn callers(store: &CallStore) -> BTreeSet<[u8; 32]> {
    let calls = in_order([store], 100).unwrap().into_iter();
    calls.filter_map(|call| call.caller).collect()
}

#[test]
fn records_of_a_line_kept_apart_lie_by_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let (all, others) = imported(folder.path(), None);
    assert_eq!((all.accepted, all.quarantined), (1, 2));
    let reason = &all.quarantine_reasons[0].reason;
    assert!(
        reason.contains("import it with --line RECOVERY"),
        "{reason}"
    );
    let (own, apart) = imported(folder.path(), Some("RECOVERY"));
    assert_eq!(
        (own.accepted, own.quarantined),
        (2, 1),
        "by whichever number it is dialled"
    );
    assert!(all.adds_up() && own.adds_up());
    let (here, there) = (callers(&others), callers(&apart));
    assert_eq!((here.len(), there.len()), (1, 2));
    assert!(
        here.is_disjoint(&there),
        "the caller of C1 and C2 is not to be joined"
    );
}
