//! Call facts: stored once, read back whole, bounded in every direction.

use jiff::{SignedDuration, Timestamp};
use segue_domain::caller::CallerHash;
use segue_journal::facts::{
    AcdEvent, AcdEventKind, ArmCount, CaseChange, CaseNews, Cursor, Decision, Facts, FactsWriter,
    TargetOutcome,
};

fn at(second: i64) -> Timestamp {
    "2026-11-22T05:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

fn decision(id: &str, second: i64, arm: &str, caller: u8) -> Decision {
    Decision {
        call_id: id.to_owned(),
        at: at(second),
        node: "n1".to_owned(),
        table_hash: "ab".repeat(32),
        line: "main".to_owned(),
        chunk: Some("RVS-Main/MSG".to_owned()),
        rule: "share".to_owned(),
        bucket: Some(1_234),
        pi_bp: 2_000,
        arm: arm.to_owned(),
        reason: "bucket 1234 is below 2000".to_owned(),
        targets: vec![],
        caller: Some(CallerHash([caller; 32])),
        dialled: "+16095550100".to_owned(),
        is_test: false,
    }
}

fn event(id: &str, kind: AcdEventKind, second: i64) -> AcdEvent {
    AcdEvent {
        source: "carebridge".to_owned(),
        source_call_id: id.to_owned(),
        kind,
        at: at(second),
        call_id: Some(format!("call-{id}")),
        caller: Some(CallerHash([1; 32])),
        dialled: None,
        language: None,
        age_band: None,
    }
}

async fn begun(facts: Facts) -> Facts {
    facts
}

on_both!(
    Facts, "facts.db", begun:
    of_an_erased_caller_nothing_is_left_on_either_side,
    facts_of_before_a_day_go_however_many_they_are,
    events_of_a_feed_gather_into_one_call_whatever_their_order_and_number,
    a_decision_is_read_back_whole_and_takes_its_targets_later,
    questions_are_answered_by_time_arm_side_and_caller,
    a_full_queue_drops_and_counts_and_never_waits,
    facts_the_database_refuses_are_counted_as_lost,
    old_facts_are_deleted_in_bounded_steps,
);

async fn a_decision_is_read_back_whole_and_takes_its_targets_later(facts: Facts) {
    let mut known = decision("c1", 0, "out", 1);
    facts.store_decisions(&[known.clone()]).await.unwrap();
    assert_eq!(facts.decision("c1").await.unwrap(), Some(known.clone()));
    let target = |uri: &str, outcome: &str, ms| TargetOutcome {
        uri: uri.to_owned(),
        outcome: outcome.to_owned(),
        ms,
    };
    known.targets = vec![
        target("sip:a@127.0.0.1", "refused 486", 12),
        target("sip:b@127.0.0.1", "answered", 900),
    ];
    let mut again = known.clone();
    again.reason.push_str(" later");
    facts.store_decisions(&[again]).await.unwrap();
    assert_eq!(
        facts.decision("c1").await.unwrap(),
        Some(known),
        "reasons stay, targets follow"
    );
    assert_eq!(facts.decision("c2").await.unwrap(), None);
}

async fn events_of_a_feed_gather_into_one_call_whatever_their_order_and_number(facts: Facts) {
    use AcdEventKind::{Abandoned, Answered, Ended, Offered, Queued};
    let mut calls = Vec::new();
    for (id, order) in [
        ("1", [0, 1, 2, 3]),
        ("2", [3, 2, 1, 0]),
        ("3", [2, 0, 3, 1]),
    ] {
        let story = [
            event(id, Offered, 0),
            event(id, Queued, 1),
            event(id, Answered, 21),
            event(id, Ended, 200),
        ];
        let events = order.map(|n: usize| story[n].clone());
        let (new, again) = (
            facts.store_acd_events(&events).await.unwrap(),
            facts.store_acd_events(&events).await.unwrap(),
        );
        assert_eq!((new.accepted, new.duplicates), (4, 0));
        assert_eq!((again.accepted, again.duplicates), (0, 4));
        let call = facts.acd_call("carebridge", id).await.unwrap().unwrap();
        assert_eq!((call.outcome(), call.wait_ms()), ("answered", Some(20_000)));
        let of_call = facts.acd_calls_of(&format!("call-{id}")).await.unwrap();
        assert_eq!(of_call.first(), Some(&call));
        calls.push((
            call.offered_at,
            call.queued_at,
            call.answered_at,
            call.ended_at,
        ));
    }
    assert!(calls.windows(2).all(|pair| pair[0] == pair[1]), "{calls:?}");

    facts
        .store_acd_events(&[event("4", Offered, 5), event("4", Abandoned, 212)])
        .await
        .unwrap();
    let call = facts.acd_call("carebridge", "4").await.unwrap().unwrap();
    assert_eq!(
        (call.outcome(), call.wait_ms()),
        ("abandoned", Some(207_000))
    );
    let news = facts.acd_calls_since(&Cursor::default(), 10).await.unwrap();
    assert_eq!((news.len(), news.last()), (4, Some(&call)));
    let newer = facts.acd_calls_since(&Cursor::after_call(&call), 10).await;
    assert!(newer.unwrap().is_empty());
}

async fn questions_are_answered_by_time_arm_side_and_caller(facts: Facts) {
    let decisions = [
        decision("call-1", 0, "out", 1),
        decision("call-2", 0, "home", 2),
        decision("call-3", 10, "home", 1),
        decision("call-4", 20, "home", 3),
    ];
    facts.store_decisions(&decisions).await.unwrap();
    facts
        .store_acd_events(&[
            event("1", AcdEventKind::Queued, 1),
            event("1", AcdEventKind::Answered, 6),
            event("3", AcdEventKind::Offered, 10),
            event("3", AcdEventKind::Abandoned, 19),
        ])
        .await
        .unwrap();

    let count = |arm: &str, calls| ArmCount {
        line: "main".into(),
        arm: arm.into(),
        calls,
    };
    assert_eq!(
        facts.counts(at(0), at(21)).await.unwrap(),
        [count("home", 3), count("out", 1)]
    );
    assert_eq!(
        facts.counts(at(0), at(20)).await.unwrap()[0],
        count("home", 2),
        "half-open"
    );

    let sides = facts.sides(at(0), at(21)).await.unwrap();
    let sides: Vec<_> = sides
        .iter()
        .map(|s| {
            (
                s.arm.as_str(),
                s.decided,
                s.matched,
                s.answered,
                s.abandoned,
                s.answered_wait_ms,
            )
        })
        .collect();
    assert_eq!(sides, [("home", 3, 1, 0, 1, 0), ("out", 1, 1, 1, 0, 5_000)]);

    // Page by page through one instant, nothing twice and nothing missed.
    let mut cursor = Cursor::from(at(0));
    let mut seen = Vec::new();
    while let Some(page) = facts.decisions_since(&cursor, 1).await.unwrap().first() {
        cursor = Cursor::after(page);
        seen.push(page.call_id.clone());
    }
    assert_eq!(seen, ["call-1", "call-2", "call-3", "call-4"]);

    let mut callers = facts.callers_since(at(0), None, 2).await.unwrap();
    callers.extend(facts.callers_since(at(0), callers.last(), 2).await.unwrap());
    let callers: Vec<_> = callers
        .iter()
        .map(|c| (c.caller.0[0], c.at, c.arm.as_str()))
        .collect();
    assert_eq!(
        callers,
        [(1, at(10), "home"), (2, at(0), "home"), (3, at(20), "home")]
    );
    let recent = facts.callers_since(at(15), None, 10).await.unwrap();
    assert_eq!(recent.len(), 1);
}

async fn a_full_queue_drops_and_counts_and_never_waits(facts: Facts) {
    let writer = FactsWriter::start(facts.clone(), 4);
    // This test's runtime has one thread: the writing task cannot run before the first await.
    let taken = (0..10)
        .filter(|n| writer.decision(decision(&format!("c{n}"), 0, "out", 1)))
        .count();
    assert_eq!((taken, writer.counts().dropped), (4, 6));
    writer.flush().await;
    let counts = writer.counts();
    assert_eq!((counts.stored, counts.dropped, counts.lost), (4, 6, 0));
    assert!(writer.acd_event(event("1", AcdEventKind::Offered, 0)));
    writer.flush().await;
    assert!(facts.acd_call("carebridge", "1").await.unwrap().is_some());
    assert!(facts.decision("c3").await.unwrap().is_some());
    assert!(facts.decision("c4").await.unwrap().is_none());
    // Whoever counts the calls of that quarter of an hour is told what is not among them; other times are whole.
    let missing = async |from, until| facts.missing(at(from), at(until)).await.unwrap();
    assert_eq!(missing(60, 900).await, 6);
    assert_eq!(missing(900, 1_800).await, 0);
    assert_eq!(missing(-900, 0).await, 0);
}

async fn facts_the_database_refuses_are_counted_as_lost(facts: Facts) {
    let writer = FactsWriter::start(facts.clone(), 4);
    facts.close().await;
    assert!(writer.decision(decision("c1", 0, "out", 1)));
    writer.flush().await;
    assert_eq!((writer.counts().stored, writer.counts().lost), (0, 1));
}

async fn old_facts_are_deleted_in_bounded_steps(facts: Facts) {
    let day = 86_400;
    let old: Vec<_> = (0..5)
        .map(|n| decision(&format!("old{n}"), n, "out", 1))
        .collect();
    facts.store_decisions(&old).await.unwrap();
    facts
        .store_decisions(&[decision("new", 40 * day, "out", 1)])
        .await
        .unwrap();
    facts
        .store_acd_events(&[event("1", AcdEventKind::Offered, 0)])
        .await
        .unwrap();
    let first = facts.prune(at(40 * day), 30, 3).await.unwrap();
    assert_eq!(
        (first.decisions, first.acd_events, first.acd_calls),
        (3, 1, 1)
    );
    assert_eq!(facts.prune(at(40 * day), 30, 3).await.unwrap().decisions, 2);
    assert_eq!(facts.prune(at(40 * day), 30, 3).await.unwrap().decisions, 0);
    assert!(facts.decision("new").await.unwrap().is_some());
}

/// Two calls: one that the router knows by its caller, one that only the centre does; and another caller's.
async fn of_an_erased_caller_nothing_is_left_on_either_side(facts: Facts) {
    let anonymous = Decision {
        caller: None,
        ..decision("call-2", 1, "out", 1)
    };
    let decided = [
        decision("call-1", 0, "out", 1),
        anonymous,
        decision("call-3", 2, "home", 2),
    ];
    facts.store_decisions(&decided).await.unwrap();
    let told = |id: &str, caller: Option<u8>| AcdEvent {
        caller: caller.map(|caller| CallerHash([caller; 32])),
        ..event(id, AcdEventKind::Offered, 3)
    };
    let told = [told("1", None), told("2", Some(1)), told("3", Some(2))];
    facts.store_acd_events(&told).await.unwrap();
    let case = |id: &str, caller: u8| CaseNews {
        source: "carebridge".to_owned(),
        case_id: id.to_owned(),
        at: at(4),
        change: CaseChange::Opened {
            caller: CallerHash([caller; 32]),
            dialled: "+18005550142".to_owned(),
            until: at(90),
        },
    };
    facts
        .store_case_news(&[case("a", 1), case("b", 2)])
        .await
        .unwrap();
    let erased = facts.erase_caller(CallerHash([1; 32])).await.unwrap();
    assert_eq!(
        (
            erased.decisions,
            erased.acd_events,
            erased.acd_calls,
            erased.open_cases
        ),
        (2, 2, 2, 1)
    );
    for (call, is_left) in [("call-1", false), ("call-2", false), ("call-3", true)] {
        let decision = facts.decision(call).await.unwrap();
        assert_eq!(decision.is_some(), is_left, "{call}");
    }
    let again = facts.erase_caller(CallerHash([1; 32])).await.unwrap();
    assert_eq!(again.rows(), 0);
    assert_eq!(
        facts.count_before(at(99)).await.unwrap().rows(),
        4,
        "the other caller's"
    );
}

async fn facts_of_before_a_day_go_however_many_they_are(facts: Facts) {
    let old: Vec<_> = (0..10_050)
        .map(|n| decision(&format!("old{n}"), n, "out", 1))
        .collect();
    facts.store_decisions(&old).await.unwrap();
    let day = at(10_000);
    let found = facts.count_before(day).await.unwrap();
    assert_eq!((found.decisions, found.rows()), (10_000, 10_000));
    assert_eq!(facts.erase_before(day).await.unwrap(), found);
    assert_eq!(facts.count_before(day).await.unwrap().rows(), 0);
    assert!(facts.decision("old10000").await.unwrap().is_some());
}
