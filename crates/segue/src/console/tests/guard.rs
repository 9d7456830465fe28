//! The guards on this node: what they are told from the stored facts, what they remember, what the page says of it.

use super::rig::{CALL, OUT, Rig};
use crate::clock;
use crate::console::guard::{GuardLoop, recorded};
use crate::node::policy::{OPEN_CASE, arm_name};
use jiff::{SignedDuration, Timestamp};
use segue_domain::caller::CallerHash;
use segue_guard::segments::{AgeBand, Language};
use segue_guard::{Arming, Exhibit, rules};
use segue_journal::accounts::TokenScope;
use segue_journal::facts::{AcdEvent, AcdEventKind, Decision};
use segue_parity::calibration::OwnWeeks;
use segue_parity::kpi::Ratio;
use segue_routing::Arm as Route;
use segue_web::parity::ChunkParity;
use segue_web::view::Aspect;
use segue_web::{Console as _, EventBatch};
use serde_json::json;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Calls sent out a minute apart, the last one a quarter of an hour ago, told by the outsourcer without Segue's header.
async fn without_header(rig: &Rig, calls: u8, end: AcdEventKind) {
    by_rule(rig, "share", calls, end).await;
}

async fn by_rule(rig: &Rig, rule: &str, calls: u8, end: AcdEventKind) {
    let from = clock::now() - SignedDuration::from_mins(i64::from(calls));
    for n in 0..calls {
        let at = from + SignedDuration::from_mins(n.into());
        let caller = Some(CallerHash([n; 32]));
        let decision = Decision {
            call_id: format!("{:032x}", u128::from(n) + 1),
            at,
            node: "A".to_owned(),
            table_hash: "t".to_owned(),
            line: "RVS-Main-TFN".to_owned(),
            chunk: Some(OUT.to_owned()),
            rule: rule.to_owned(),
            bucket: Some(1),
            pi_bp: 2_000,
            arm: arm_name(Route::Outsourced).to_owned(),
            reason: "test".to_owned(),
            targets: Vec::new(),
            caller,
            dialled: "7001".to_owned(),
            is_test: false,
        };
        let told = |kind, after_ms| AcdEvent {
            source: "outsourced/CB".to_owned(),
            source_call_id: format!("cb-{n}"),
            kind,
            at: at + SignedDuration::from_millis(after_ms),
            call_id: None,
            caller,
            dialled: Some("7001".to_owned()),
            language: None,
            age_band: None,
        };
        rig.facts.store_decisions(&[decision]).await.unwrap();
        let events = [told(AcdEventKind::Queued, 300), told(end, 20_000)];
        rig.facts.store_acd_events(&events).await.unwrap();
    }
}

fn both_feeds_spoke(rig: &Rig, at: Timestamp) {
    rig.shared().memory().fed_at = [Some(at), Some(at)];
}

async fn shown(rig: &Rig, guards: &mut GuardLoop, now: Timestamp) -> ChunkParity {
    rig.shared().guard(guards, now, 2 * HOUR).await;
    let view = rig.console.parity();
    assert_eq!(view.at, Some(now), "knowledge as of the look");
    assert_eq!(view.unwatched, []);
    view.chunks.into_iter().next().unwrap()
}

#[tokio::test]
async fn records_without_the_header_count_and_a_dead_centre_is_on_the_page_with_its_reason() {
    let rig = Rig::new().await;
    without_header(&rig, 12, AcdEventKind::Ended).await;
    let now = clock::now();
    both_feeds_spoke(&rig, now);
    let mut guards = GuardLoop::default();
    let chunk = shown(&rig, &mut guards, now).await;
    assert_eq!(chunk.chunk, OUT);
    assert!(
        chunk
            .finding
            .starts_with("Callers of RVS-Main/MSG are not being served at "),
        "{chunk:?}"
    );
    assert!(
        chunk.lead.starts_with("Advised: bring every call home."),
        "{}",
        chunk.lead
    );
    assert!(
        chunk
            .reasons
            .iter()
            .any(|why| why.starts_with("None of at least 5 calls")),
        "{:?}",
        chunk.reasons
    );
    // Joined: none of them is a call that no record explains.
    assert!(
        chunk
            .calls
            .iter()
            .any(|says| says.starts_with("0 decisions found no record")),
        "{:?}",
        chunk.calls
    );
    let verdicts =
        std::fs::read_to_string(rig.directory.path().join("data/guard-verdicts.jsonl")).unwrap();
    assert_eq!(verdicts.lines().count(), 1, "kept once, not at every look");
}

/// The outsourcer says which callers have a case: what becomes of their calls is judged all the same.
#[tokio::test]
async fn calls_that_a_case_sent_out_are_watched_like_any_other() {
    let rig = Rig::new().await;
    by_rule(&rig, OPEN_CASE, 12, AcdEventKind::Ended).await;
    let now = clock::now();
    both_feeds_spoke(&rig, now);
    let chunk = shown(&rig, &mut GuardLoop::default(), now).await;
    assert!(chunk.finding.contains("are not being served"), "{chunk:?}");
}

#[tokio::test]
async fn silence_is_said_and_what_is_not_known_stands_beside_the_verdict() {
    let rig = Rig::new().await;
    let mut guards = GuardLoop::default();
    let chunk = shown(&rig, &mut guards, clock::now()).await;
    assert_eq!(
        (chunk.aspect, chunk.word.as_str()),
        (Aspect::Unknown, "No data")
    );
    assert!(chunk.lead.starts_with("A feed is silent"), "{}", chunk.lead);
    assert_eq!(chunk.compared.len(), 9, "{:?}", chunk.compared);
    for said in [
        "Had we not moved",
        "Language and age",
        "segue door --record",
        "segue parity own-weeks",
    ] {
        assert!(
            chunk.not_known.iter().any(|says| says.contains(said)),
            "{said}: {:?}",
            chunk.not_known
        );
    }
}

#[tokio::test]
async fn what_the_guards_knew_outlives_the_process() {
    let rig = Rig::new().await;
    without_header(&rig, 30, AcdEventKind::Answered).await;
    let now = clock::now();
    both_feeds_spoke(&rig, now);
    let (mut guards, _) = rig.shared().recall(now);
    let before = shown(&rig, &mut guards, now).await;
    rig.shared().remember(&guards.watch, now).await;
    drop(guards);
    // Two hours later another process: the same facts are read again, and count once.
    let later = now + 2 * HOUR;
    let (mut guards, back) = rig.shared().recall(later);
    assert!(back > 26 * HOUR, "all that came while nobody looked");
    both_feeds_spoke(&rig, later);
    rig.shared().guard(&mut guards, later, back).await;
    let after = rig.console.parity().chunks.into_iter().next().unwrap();
    let sent = |chunk: &ChunkParity| {
        let says = chunk
            .calls
            .iter()
            .find(|says| says.contains("calls sent out"));
        says.cloned()
    };
    assert!(sent(&before).is_some());
    assert_eq!(
        sent(&after).as_deref(),
        Some("30 calls sent out, of which no record explains 0.")
    );
    // A file that is none is said, and the guards begin again.
    std::fs::write(rig.directory.path().join("data/guard-memory.json"), "{").unwrap();
    let (guards, back) = rig.shared().recall(later);
    assert_eq!(back, 26 * HOUR);
    assert!(guards.watch.rules(&OUT.into()).is_none());
}

#[tokio::test]
async fn the_exhibit_of_the_clients_own_weeks_arms_a_guard() {
    let rig = Rig::new().await;
    let mut guards = GuardLoop::default();
    let t = rig.shared().transition();
    let rules = rules(&t, t.chunk(&OUT.into()).unwrap()).unwrap();
    let exhibit = Exhibit {
        chunk: OUT.into(),
        rules,
        calls: 9_000,
        days: 28,
        shown: OwnWeeks {
            false_roll_backs: Ratio {
                numerator: 1,
                denominator: 200,
            },
            upper: 0.03,
            may_arm: true,
        },
    };
    let _ = shown(&rig, &mut guards, clock::now()).await;
    assert_eq!(guards.watch.arming(&OUT.into()), Some(Arming::NotShown));
    rig.shared().guard_files.exhibit(exhibit).unwrap();
    rig.shared().show_exhibits(&mut guards.watch);
    assert_eq!(guards.watch.arming(&OUT.into()), Some(Arming::Armed));
    let chunk = shown(&rig, &mut guards, clock::now()).await;
    assert!(
        chunk
            .not_known
            .iter()
            .all(|says| !says.contains("own-weeks"))
    );
}

/// A tag and an age in years come in; only the group is kept, and the guard hears no more.
#[tokio::test]
async fn of_language_and_age_only_the_group_is_kept() {
    let rig = Rig::new().await;
    let token = rig.token("cb-manager", TokenScope::Ingest).await;
    let at_us = clock::now().as_microsecond();
    let told = |call: &str, language: &str, age: &str| {
        json!({
            "event_id": format!("cb-{call}"), "centre": "cb", "kind": "arrived", "at_us": at_us, "source_call_id": call,
            "segue_call": CALL, "dialled": "7001", "to_number": null, "caller": null, "call_type": "message", "agent": null,
            "wait_ms": null, "talk_ms": null, "language": language, "age_band": age, "acceleration": 1.0,
        })
        .to_string()
    };
    let body = [told("a1", "es-US", "47"), told("a2", "Tagalog", "older")].join("\n");
    let batch = EventBatch {
        token,
        body: body.into(),
    };
    assert_eq!(rig.console.ingest(batch).await.unwrap().accepted, 2);
    let heard = async |call: &str| {
        let call = rig.facts.acd_call("outsourced/cb", call).await.unwrap();
        let call = call.unwrap();
        let who = recorded(&call).unwrap().who;
        (call.language, call.age_band, who.language, who.age)
    };
    assert_eq!(
        heard("a1").await,
        (Some("spanish".into()), None, Some(Language::Spanish), None)
    );
    assert_eq!(
        heard("a2").await,
        (
            Some("other".into()),
            Some("older".into()),
            Some(Language::Other),
            Some(AgeBand::Older)
        )
    );
}
