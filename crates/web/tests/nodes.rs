//! The nodes page: readable without script, honest about a node that does not answer, the same for programs.

#[path = "support/console.rs"]
mod console;
#[path = "support/setup.rs"]
mod setup;
#[path = "support/visitor.rs"]
mod visitor;

use axum::http::StatusCode;
use console::parity_not_proved;
use segue_web::nodes::UnmailedView;
use serde_json::Value;
use setup::{signed_in, visitor};

#[tokio::test]
async fn every_node_is_shown_with_its_latch_table_lease_and_clock() {
    let (console, mut v) = signed_in().await;
    let page = v.get("/nodes").await;
    assert_eq!(page.status, StatusCode::OK);
    for says in [
        "All 3 nodes hear each other and run the same table.",
        "It sends out what both parties agreed.",
        "3f2a91c04d77",
        "RVS-Main/TRIAGE",
        "Show the latest",
    ] {
        assert!(page.text.contains(says), "{says}");
    }
    {
        let mut nodes = console.nodes.lock().expect("no panic");
        nodes.nodes[1].reachable = false;
        nodes.nodes[2].clock_differs = true;
        nodes.nodes[2].clock_off_ms = 3_412;
        nodes.refusal = Some(parity_not_proved());
        nodes.unmailed = Some(UnmailedView {
            day: "2027-04-13".into(),
            missing: 1,
            of: 2,
        });
    }
    let now = v.get("/nodes/now").await;
    for says in [
        "No answer from B.",
        "at least 3,412 ms off",
        "No share rises now",
        "PARITY_NOT_PROVED",
        "The checkpoint of 2027-04-13 was not mailed to 1 of 2 addresses.",
        "That is of node A alone",
        "segue doctor",
    ] {
        assert!(now.text.contains(says), "{says}: {}", now.text);
    }
    assert!(!now.text.contains("<html"));
    let duty = v.get("/duty").await;
    assert!(duty.text.contains("href=\"/nodes\""));
}

#[tokio::test]
async fn programs_get_the_same_and_strangers_nothing() {
    let (_console, mut v) = visitor();
    let page = v.get("/nodes").await;
    assert_eq!(page.header("location"), "/login?next=/nodes");
    for path in ["/nodes/now", "/api/v1/nodes"] {
        assert_eq!(v.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let (_console, mut v) = signed_in().await;
    let answer = v.get("/api/v1/nodes").await;
    let nodes: Value = serde_json::from_str(&answer.text).expect("JSON");
    assert_eq!(nodes["nodes"][0]["id"], "A");
    assert_eq!(nodes["nodes"][2]["latch_epoch"], 2);
    assert_eq!(nodes["fence_s"], 5);
}
