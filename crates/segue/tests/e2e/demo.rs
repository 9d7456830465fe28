//! The demo as `make demo` runs it, without a person: real calls through IVR, router and both centres, a raise, a fallback.

use crate::support::cli::segue;
use crate::support::clock::monotonic;
use crate::support::demo::{PASSWORD, Running, headless};
use crate::support::page::Visitor;
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

#[test]
fn the_demo_accounts_for_every_caller_and_brings_the_calls_home() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("demo");
    let summary = headless(&data, &[]);
    let count = |pointer: &str| {
        summary
            .pointer(pointer)
            .and_then(Value::as_u64)
            .expect("a count")
    };
    assert!(count("/placed") > 50, "{summary}");
    assert!(
        count("/answered/in_house") > 0 && count("/answered/outsourced") > 0,
        "{summary}"
    );
    for nothing in ["/failed", "/unserved", "/cut_off"] {
        assert_eq!(count(nothing), 0, "{nothing}: {summary}");
    }
    let ended = count("/answered/in_house") + count("/answered/outsourced") + count("/abandoned");
    assert_eq!(
        ended,
        count("/placed"),
        "every caller is answered or gave up: {summary}"
    );
    assert_eq!(summary["journal_ok"], true);
    assert!(summary["fallback_ms_p99"].is_u64(), "{summary}");

    let status = Command::new(env!("CARGO_BIN_EXE_segue"))
        .args(["status", "--json", "--data"])
        .arg(&data)
        .output()
        .expect("the binary starts");
    let status: Value = serde_json::from_slice(&status.stdout).expect("one JSON document");
    assert_eq!(status["example"], true);
    let lines = status["lines"].as_array().expect("lines");
    assert!(
        lines.iter().all(|line| line["out"] == false),
        "home after the press: {status}"
    );
    assert!(
        lines.iter().any(|line| line["state"] == "returned"),
        "{status}"
    );
}

/// Both signed the in-house staffing of before, and the page shows what it would have done with the calls that come in.
#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_what_would_have_been_had_we_not_moved() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("demo");
    let demo = Running::start(&data);
    let board = segue(&data, None, &["show", "frozen-staffing"]);
    assert!(board.out.contains("by both"), "{}{}", board.out, board.err);

    let mut visitor = Visitor::new(demo.http);
    let csrf = visitor.get("/login").await.hidden("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("user", "rvs-director"),
        ("password", PASSWORD),
        ("next", "/parity"),
    ];
    assert_eq!(visitor.post("/login", &fields).await.status, 303);
    let begun = monotonic();
    let page = loop {
        let page = visitor.get("/parity").await;
        if page.text.contains("Had we not moved: ") && page.text.contains("% (") {
            break page;
        }
        let patient = begun.elapsed() < Duration::from_secs(90);
        assert!(patient, "\"had we not moved\" on: {}", page.text);
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    for words in [
        " callers of the whole call type since ",
        " would have hung up; ",
        "this is no evidence yet",
        "calls of the type, replayed in-house",
    ] {
        page.says(words);
    }
}
