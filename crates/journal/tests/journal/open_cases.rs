//! Open cases: news in any order, twice, of two feeds; only what is open is read.

use jiff::{SignedDuration, Timestamp};
use segue_domain::caller::CallerHash;
use segue_journal::facts::{CaseChange, CaseNews, Decision, Facts, Stored};

fn at(minute: i64) -> Timestamp {
    "2026-11-22T05:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
}

fn news(case_id: &str, minute: i64, change: CaseChange) -> CaseNews {
    CaseNews {
        source: "outsourced/bridge".to_owned(),
        case_id: case_id.to_owned(),
        at: at(minute),
        change,
    }
}

fn opened(case_id: &str, minute: i64, until: i64) -> CaseNews {
    opened_of(7, case_id, minute, until)
}

fn opened_of(caller: u8, case_id: &str, minute: i64, until: i64) -> CaseNews {
    let change = CaseChange::Opened {
        caller: CallerHash([caller; 32]),
        dialled: "7004".to_owned(),
        until: at(until),
    };
    news(case_id, minute, change)
}

fn closed(case_id: &str, minute: i64) -> CaseNews {
    news(case_id, minute, CaseChange::Closed)
}

async fn begun(facts: Facts) -> Facts {
    facts
}

/// Until when the cases open at a minute are open.
async fn open(facts: &Facts, minute: i64) -> Vec<Timestamp> {
    let mut until = Vec::new();
    for side in ["in_house/", "outsourced/"] {
        let cases = facts.open_cases(at(minute), side).await.unwrap();
        until.extend(cases.into_iter().map(|case| case.until));
    }
    until
}

on_both!(
    Facts, "facts.db", begun:
    a_case_is_open_from_its_news_to_its_end_or_its_closing,
    news_come_twice_and_in_any_order,
    a_caller_is_read_once_for_each_side,
    whether_a_caller_was_at_a_side_is_known_by_number_and_time,
);

async fn whether_a_caller_was_at_a_side_is_known_by_number_and_time(facts: Facts) {
    let decision = Decision {
        call_id: "c1".to_owned(),
        at: at(10),
        node: "A".to_owned(),
        table_hash: "ab".repeat(32),
        line: "main".to_owned(),
        chunk: None,
        rule: "share".to_owned(),
        bucket: None,
        pi_bp: 2_000,
        arm: "outsourced".to_owned(),
        reason: "share".to_owned(),
        targets: Vec::new(),
        caller: Some(CallerHash([7; 32])),
        dialled: "7004".to_owned(),
        is_test: true,
    };
    facts
        .store_decisions(std::slice::from_ref(&decision))
        .await
        .unwrap();
    assert_eq!(
        facts.decision("c1").await.unwrap(),
        Some(decision),
        "tests are read as tests"
    );
    for (dialled, since, found) in [("7004", 9, true), ("7004", 10, false), ("7001", 9, false)] {
        let last = facts
            .last_test(&CallerHash([7; 32]), dialled, at(since))
            .await;
        assert_eq!(last.unwrap().is_some(), found, "{dialled} {since}");
    }
    for (caller, dialled, arm, but, since, known) in [
        (7, "7004", "outsourced", "open_case", 9, true),
        (7, "7004", "outsourced", "open_case", 10, false),
        (7, "7004", "outsourced", "share", 9, false),
        (7, "7004", "in_house", "open_case", 9, false),
        (7, "7001", "outsourced", "open_case", 9, false),
        (8, "7004", "outsourced", "open_case", 9, false),
    ] {
        let asked = facts
            .was_sent(&CallerHash([caller; 32]), dialled, arm, but, at(since))
            .await;
        let asked = asked.unwrap();
        assert_eq!(asked, known, "{caller} {dialled} {arm} {but} {since}");
    }
}

async fn a_case_is_open_from_its_news_to_its_end_or_its_closing(facts: Facts) {
    let all = [
        opened_of(1, "CB-1", 0, 60),
        opened_of(2, "CB-2", 0, 30),
        opened("CB-3", 0, 90),
    ];
    let stored = facts.store_case_news(&all).await.unwrap();
    assert_eq!((stored.accepted, stored.duplicates), (3, 0));
    assert_eq!(open(&facts, 1).await, [at(30), at(60), at(90)]);
    assert_eq!(
        open(&facts, 30).await,
        [at(60), at(90)],
        "until is the first instant outside"
    );
    facts.store_case_news(&[closed("CB-1", 10)]).await.unwrap();
    assert_eq!(open(&facts, 30).await, [at(90)]);
    let later = facts
        .store_case_news(&[opened("CB-3", 20, 120)])
        .await
        .unwrap();
    assert_eq!(later.accepted, 1, "promised for later");
    assert_eq!(open(&facts, 100).await, [at(120)]);
    let case = facts
        .open_cases(at(100), "outsourced/")
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (case.source.as_str(), case.dialled.as_str(), case.caller),
        ("outsourced/bridge", "7004", CallerHash([7; 32]))
    );
    let pruned = facts.prune(at(60 * 24 * 3), 1, 10).await.unwrap();
    assert_eq!(pruned.open_cases, 3);
}

/// A feed that opens case after case for the same callers fills no list, and never the other side's.
async fn a_caller_is_read_once_for_each_side(facts: Facts) {
    let mut all: Vec<_> = (0..20)
        .map(|n| opened(&format!("CB-{n}"), 0, 60 + n))
        .collect();
    let mut ours = opened("CB-1", 0, 30);
    "in_house/hq".clone_into(&mut ours.source);
    all.push(ours);
    facts.store_case_news(&all).await.unwrap();
    assert_eq!(
        open(&facts, 1).await,
        [at(30), at(79)],
        "the longest of a side"
    );
}

async fn news_come_twice_and_in_any_order(facts: Facts) {
    let all = [closed("CB-1", 10), opened("CB-1", 0, 60)];
    facts.store_case_news(&all).await.unwrap();
    assert_eq!(open(&facts, 1).await, [], "closed before it was heard of");
    let again = facts.store_case_news(&all).await.unwrap();
    assert_eq!(
        again,
        Stored {
            accepted: 0,
            duplicates: 2
        }
    );
    let mut other = opened("CB-1", 0, 60);
    "in_house/hq".clone_into(&mut other.source);
    facts.store_case_news(&[other]).await.unwrap();
    assert_eq!(
        open(&facts, 1).await,
        [at(60)],
        "another feed's CB-1 is another case"
    );
}
