//! Three nodes in one demo: calls take turns among them, a press is held by all, every caller is accounted for.

use crate::support::demo::headless;
use segue_journal::facts::{Cursor, Facts};
use std::collections::BTreeSet;

#[tokio::test]
async fn three_nodes_share_the_calls_and_all_hold_a_press() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("demo");
    let summary = headless(&data, &["--nodes", "3"]);
    for nothing in ["failed", "unserved", "cut_off"] {
        assert_eq!(summary[nothing], 0, "{nothing}: {summary}");
    }
    assert!(
        summary["answered"]["outsourced"].as_u64() > Some(0),
        "{summary}"
    );
    assert_eq!(
        (&summary["nodes_home"], &summary["nodes_total"]),
        (&3.into(), &3.into()),
        "{summary}"
    );
    assert_eq!(summary["journal_ok"], true);
    let facts = Facts::open(&data.join("facts.db"))
        .await
        .expect("the call facts");
    let long_ago = "2026-01-01T00:00:00Z".parse().expect("an instant");
    let decisions = facts
        .decisions_since(&Cursor::from(long_ago), 10_000)
        .await
        .expect("decisions");
    let by: BTreeSet<_> = decisions
        .iter()
        .map(|decision| decision.node.as_str())
        .collect();
    assert_eq!(by, ["A", "B", "C"].into(), "each node decided calls");
    // Each node kept the latch and the table by itself, and in the end they ran the same one.
    let table = |node: &str| {
        std::fs::read_to_string(data.join(node).join("node/table.hash")).expect("a table")
    };
    let own = table("");
    for node in ["nodes/B", "nodes/C"] {
        assert_eq!(table(node), own, "{node}");
        assert!(data.join(node).join("node/latch.json").exists(), "{node}");
    }
}
