//! The console over the real journal, accounts and call facts of a temporary directory.

mod accounts;
mod counterfactual;
mod guard;
mod pins;
mod records;
mod rig;

use super::ingest::{IN_HOUSE, OUTSOURCED};
use crate::clock;
use jiff::SignedDuration;
use rig::{CALL, HERE, OUT, PASSWORD, PIN, Rig, chunk, press};
use segue_domain::Side;
use segue_journal::Journal as _;
use segue_journal::accounts::TokenScope;
use segue_journal::facts::AcdEventKind::{Abandoned, Answered, Ended, Offered, Queued};
use segue_web::view::{Aspect, PhaseState};
use segue_web::{
    ActError, Console, Credentials, Door, EventBatch, IngestError, Person, SignIn, Submission,
};
use serde_json::json;

fn in_house() -> String {
    format!("{IN_HOUSE}hq")
}

fn outsourced() -> String {
    format!("{OUTSOURCED}cb")
}

#[tokio::test]
async fn the_view_shows_what_is_out_who_waits_and_why_nothing_goes_further() {
    let mut rig = Rig::new().await;
    let answered = [(Offered, 0), (Queued, 1), (Answered, 11)];
    rig.call(CALL, "outsourced", &outsourced(), &answered).await;
    rig.call("02", "in_house", &in_house(), &[(Offered, 0), (Queued, 20)])
        .await;
    rig.call(
        "03",
        "in_house",
        &in_house(),
        &[(Offered, 0), (Abandoned, 8)],
    )
    .await;
    rig.call("04", "in_house", "unknown/x", &[]).await;
    let view = rig.look().await;
    assert_eq!(
        (view.client.as_str(), view.outsourcer.as_str()),
        ("Riverside Health", "CareBridge")
    );
    assert!(view.example);
    assert_eq!(view.zone, "America/New_York");
    let out = chunk(&view, OUT);
    assert_eq!((out.out_percent, out.calls_per_hour), (Some(20), Some(4.0)));
    assert_eq!(
        (out.outsourced.live_calls, out.outsourced.p90_wait_s),
        (Some(1), Some(10.0))
    );
    assert_eq!(
        (out.in_house.live_calls, out.in_house.waiting_calls),
        (Some(1), Some(1))
    );
    assert!(
        out.in_house
            .longest_wait_s
            .is_some_and(|s| (40.0..60.0).contains(&s))
    );
    assert_eq!(
        out.in_house.p90_wait_s, None,
        "nobody was answered there: no zero"
    );
    assert_eq!(
        (out.state.word.as_str(), out.state.aspect),
        ("Live", Aspect::Open)
    );
    assert_eq!(out.locks[0].code, "GATE_RED");
    assert_eq!(chunk(&view, "RVS-Main/TRIAGE").state.word, "Agreed");
    let join = view.join.as_ref().unwrap();
    assert_eq!((join.due, join.matched, join.unserved), (4, 3, 1));
    assert_eq!(
        (
            join.in_house.offered,
            join.in_house.answered,
            join.in_house.abandoned
        ),
        (Some(2), Some(0), Some(1))
    );
    assert_eq!(
        (join.outsourced.answered, join.outsourced.longest_wait_s),
        (Some(1), Some(10.0))
    );
    let hour = view.last_hour.as_ref().unwrap();
    assert_eq!((hour.in_house_calls, hour.outsourced_calls), (3, 1));
    assert_eq!(view.scopes[0].scope, "all");
    assert_eq!(view.phases[4].state, PhaseState::Now);
    assert!(view.home.is_empty() && view.alarm.is_none());
    assert_eq!(
        (view.nodes[0].home, view.nodes[0].position),
        (false, Some(7))
    );
}

#[tokio::test]
async fn a_side_whose_feed_was_never_heard_is_unknown_and_a_blind_spot() {
    let mut rig = Rig::new().await;
    rig.call(
        "02",
        "in_house",
        &in_house(),
        &[(Offered, 0), (Answered, 2), (Ended, 9)],
    )
    .await;
    let view = rig.look().await;
    let out = chunk(&view, OUT);
    assert_eq!(
        (out.in_house.live_calls, out.outsourced.live_calls),
        (Some(0), None)
    );
    let inside = view
        .blind_spots
        .iter()
        .find(|spot| spot.what.contains("CareBridge"))
        .unwrap();
    assert!(
        inside.why.starts_with("No call event has come from there:"),
        "{}",
        inside.why
    );
}

#[tokio::test]
async fn the_journals_tail_names_roles_and_parties_and_nobody() {
    let mut rig = Rig::new().await;
    let manager = rig.sign_in("rvs-manager").await;
    let raise = json!({ "command": "propose_step", "chunk": OUT, "share_percent": 50 });
    let submission = Submission {
        command: raise,
        person: manager,
        proved_at: None,
        command_id: "raise".into(),
    };
    let refused = rig.console.submit(submission).await;
    assert!(matches!(refused, Err(ActError::Refused(refusal)) if refusal.code == "GATE_RED"));
    rig.follow().await;
    let view = rig.look().await;
    let newest = &view.journal[0];
    assert_eq!(newest.refused.as_deref(), Some("GATE_RED"));
    assert_eq!(newest.by, "implementation, Riverside Health");
    assert!(
        view.journal
            .windows(2)
            .all(|pair| pair[0].position > pair[1].position)
    );
    let page = serde_json::to_string(&view.journal).unwrap();
    assert!(
        !page.contains("rvs-manager") && !page.contains("cb-account"),
        "{page}"
    );
}

#[tokio::test]
async fn a_press_shows_at_once_and_is_verified_once_by_a_person_in_house() {
    let mut rig = Rig::new().await;
    let pin = Credentials {
        user: "rvs-duty".into(),
        secret: PIN.into(),
        source: HERE,
    };
    let SignIn::Known(person) = rig.console.authenticate_pin(pin).await else {
        panic!("not let in")
    };
    assert_eq!(
        (person.role.as_str(), person.party.as_str()),
        ("duty manager", "Riverside Health")
    );
    let answer = rig
        .console
        .fallback(press(person.clone(), Door::Pin, "press-1"))
        .await
        .unwrap();
    assert_eq!(
        (
            answer.incident.as_deref(),
            answer.journalled,
            answer.already_home
        ),
        (Some("INC-1"), true, false)
    );
    // Before the tail has read anything: the latch alone shows it.
    let view = rig.show().await;
    assert_eq!(
        (
            chunk(&view, OUT).out_percent,
            chunk(&view, OUT).state.word.as_str()
        ),
        (Some(0), "Home")
    );
    assert!(!view.home[0].journalled && view.nodes[0].home);
    rig.follow().await;
    let view = rig.show().await;
    assert_eq!(
        (
            view.home[0].scope.as_str(),
            view.home[0].incident.as_deref()
        ),
        ("all", Some("INC-1"))
    );
    assert_eq!(view.home[0].by, "duty manager, Riverside Health");
    assert_eq!(
        (
            view.home[0].nodes_home,
            view.home[0].journalled,
            view.home[0].verified_at
        ),
        (1, true, None)
    );
    let again = rig
        .console
        .fallback(press(person, Door::Pin, "press-1"))
        .await
        .unwrap();
    assert_eq!(
        again.incident, answer.incident,
        "a retry opens no second incident"
    );
    verify_the_return(&mut rig).await;
}

async fn verify_the_return(rig: &mut Rig) {
    // Answered in-house, but decided before the press; then after it, but by the outsourcer's people.
    rig.call(
        "0a",
        "in_house",
        &in_house(),
        &[(Offered, 0), (Answered, 61)],
    )
    .await;
    let mut later = rig.facts.decision("0a").await.unwrap().unwrap();
    later.at = clock::now() + SignedDuration::from_secs(1);
    later.call_id = "0b".into();
    rig.store(later.clone(), &outsourced(), &[(Offered, 0), (Answered, 3)])
        .await;
    run_verifier(rig).await;
    let version = rig.shared().transition().version;
    assert!(
        rig.show().await.home[0].verified_at.is_none(),
        "nobody in-house has answered a later call"
    );
    later.call_id = CALL.into();
    rig.store(later, &in_house(), &[(Offered, 0), (Answered, 7)])
        .await;
    run_verifier(rig).await;
    let view = rig.show().await;
    assert!(view.home[0].verified_at.is_some());
    assert_eq!(
        (view.journal[0].by.as_str(), view.journal[0].text.as_str()),
        ("Segue", "A person in-house answered after INC-1.")
    );
    // Once: neither again, nor by a process that has forgotten it.
    rig.verifier = super::verifying::Verifier::default();
    run_verifier(rig).await;
    assert_eq!(rig.shared().transition().version, version + 1);
    let t = rig.shared().transition();
    let evidence = &t
        .incidents
        .values()
        .next()
        .unwrap()
        .verified
        .as_ref()
        .unwrap()
        .evidence;
    assert_eq!(
        *evidence,
        format!("call {CALL} answered in-house after 7 s")
    );
}

async fn run_verifier(rig: &mut Rig) {
    rig.verifier.run(&rig.console.shared, clock::now()).await;
    rig.follow().await;
}

#[tokio::test]
async fn whoever_lost_the_account_acts_no_more() {
    let rig = Rig::new().await;
    let person = rig.sign_in("rvs-duty").await;
    rig.accounts.remove("rvs-duty").await.unwrap();
    let pressed = rig
        .console
        .fallback(press(person.clone(), Door::Account, "press-1"))
        .await;
    assert!(matches!(pressed, Err(ActError::Refused(refusal)) if refusal.code == "NOT_AUTHORISED"));
    let lower = json!({ "command": "lower_share", "chunk": OUT, "share_percent": 0 });
    let submission = Submission {
        command: lower,
        person,
        proved_at: None,
        command_id: "lower".into(),
    };
    let lowered = rig.console.submit(submission).await;
    assert!(matches!(lowered, Err(ActError::Refused(refusal)) if refusal.code == "NOT_AUTHORISED"));
    let head = rig.shared().desk.journal().head().await.unwrap();
    assert_eq!(head.0, 7, "nothing was recorded");
}

#[tokio::test]
async fn an_account_made_anew_is_not_the_person_who_signed_in() {
    let rig = Rig::new().await;
    let person = rig.sign_in("cb-manager").await;
    rig.accounts.remove("cb-manager").await.unwrap();
    let anew = segue_journal::accounts::NewAccount {
        name: "cb-manager".into(),
        side: Side::Client,
        roles: [segue_domain::Role::Signatory].into(),
        password: PASSWORD.into(),
        pin: None,
        public_key: None,
    };
    rig.accounts
        .add(&anew, clock::now() + SignedDuration::from_secs(1))
        .await
        .unwrap();
    let pressed = rig
        .console
        .fallback(press(person, Door::Account, "press-1"))
        .await;
    assert!(matches!(pressed, Err(ActError::Refused(_))));
}

#[tokio::test]
async fn accounts_that_do_not_answer_never_keep_calls_from_coming_home() {
    let rig = Rig::new().await;
    let person = rig.sign_in("rvs-duty").await;
    rig.accounts.close().await;
    let answer = rig
        .console
        .fallback(press(person, Door::Account, "press-1"))
        .await
        .unwrap();
    assert_eq!((answer.nodes_home, answer.journalled), (1, true));
}

#[tokio::test]
async fn a_fallback_command_goes_through_the_home_door_and_unreadable_ones_say_how() {
    let mut rig = Rig::new().await;
    let person = rig.sign_in("rvs-manager").await;
    let submit = |command, id: &str| Submission {
        command,
        person: person.clone(),
        proved_at: None,
        command_id: id.into(),
    };
    let unknown = rig
        .console
        .submit(submit(json!({ "command": "raise" }), "a"))
        .await;
    assert!(
        matches!(unknown, Err(ActError::Invalid(refusal)) if refusal.how.contains("propose_step"))
    );
    let fields = rig
        .console
        .submit(submit(json!({ "command": "propose_step" }), "b"))
        .await;
    assert!(
        matches!(fields, Err(ActError::Invalid(refusal)) if refusal.missing[0].contains("chunk"))
    );
    let done = rig
        .console
        .submit(submit(
            json!({ "command": "fallback", "scope": "RVS-Main" }),
            "c",
        ))
        .await
        .unwrap();
    assert_eq!(done["fallback"]["incident"], "INC-1");
    assert_eq!(
        chunk(rig.show().await.as_ref(), OUT).out_percent,
        Some(0),
        "latched before the tail knows"
    );
}

#[tokio::test]
async fn the_journals_silence_is_an_alarm_and_ends_health() {
    let mut rig = Rig::new().await;
    assert_eq!(rig.console.health(), Ok(()));
    let installed = rig.shared().node.installed();
    let (latch, nobody) = (rig.shared().node.latch(), std::collections::BTreeMap::new());
    let t = rig.shared().transition();
    let cut_off = super::build::view(&super::build::Inputs {
        now: clock::now(),
        t: &t,
        nodes: &[],
        installed: &installed,
        latch: &latch,
        lease_ms_left: 0,
        measured: None,
        facts_trouble: Some("the disk is full"),
        written: rig.shared().writer.counts(),
        pending: 1,
        unjournalled: &[],
        fed_at: [None; 2],
        pressed_by: &nobody,
        journal: &[],
        chain: None,
    });
    assert!(
        cut_off
            .alarm
            .is_some_and(|alarm| alarm.title == "The journal does not answer.")
    );
    assert_eq!(chunk(rig.show().await.as_ref(), OUT).out_percent, Some(20));
    let harm: Vec<_> = cut_off
        .checks
        .iter()
        .filter(|check| check.aspect == Aspect::Harm)
        .collect();
    assert_eq!(harm.len(), 2, "journal and call facts: {harm:?}");
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let mut rig = Rig::new().await;
    let first = rig.look().await;
    let second = rig.look().await;
    let same_minute = first.as_of.as_second() / 60 == second.as_of.as_second() / 60;
    assert!(!same_minute || std::sync::Arc::ptr_eq(&first, &second));
}

/// One row as a centre tells it.
fn row(kind: &str, call: &str, at_us: i64) -> String {
    json!({
        "event_id": format!("{call}-{kind}"), "centre": "hq", "kind": kind, "at_us": at_us,
        "source_call_id": call, "segue_call": CALL, "dialled": "7001", "to_number": "+18005550142",
        "caller": "+1 (609) 555-0123", "call_type": "message", "agent": null, "wait_ms": null, "talk_ms": null,
        "acceleration": 1.0,
    })
    .to_string()
}

#[tokio::test]
async fn a_batch_is_reconciled_stored_once_and_holds_no_number() {
    let rig = Rig::new().await;
    let token = rig.token("rvs-manager", TokenScope::Ingest).await;
    let now_us = clock::now().as_microsecond();
    let ahead_us = now_us + 3_600_000_000;
    let rows = [
        row("arrived", "a1@pbx", now_us),
        row("answered", "a1@pbx", now_us + 5),
        String::new(),
        row("arrived", "call-6095550123@pbx", now_us),
        "{\"caller\":\"+16095550123\"}".to_owned(),
        row("arrived", "a2@pbx", ahead_us),
    ];
    let batch = || EventBatch {
        token: token.clone(),
        body: rows.join("\n").into(),
    };
    let first = rig.console.ingest(batch()).await.unwrap();
    assert_eq!(
        (
            first.read,
            first.accepted,
            first.duplicates,
            first.quarantined
        ),
        (5, 3, 0, 2)
    );
    assert_eq!(
        first.rows.iter().map(|row| row.line).collect::<Vec<_>>(),
        [5, 6]
    );
    assert!(
        first.rows.iter().all(|row| !row.reason.contains("5550123")),
        "{:?}",
        first.rows
    );
    let again = rig.console.ingest(batch()).await.unwrap();
    assert_eq!(
        (
            again.read,
            again.accepted,
            again.duplicates,
            again.quarantined
        ),
        (5, 0, 3, 2)
    );
    let record = rig
        .facts
        .acd_call(&in_house(), "a1@pbx")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (record.call_id.as_deref(), record.dialled.as_deref()),
        (Some(CALL), Some("7001"))
    );
    assert_eq!(record.caller, Some(rig.shared().key.hash("+16095550123")));
    rig.facts.close().await;
    for file in ["facts.db", "facts.db-wal"] {
        let bytes = std::fs::read(rig.directory.path().join(file)).unwrap_or_default();
        assert!(
            !bytes.windows(7).any(|window| window == b"5550123"),
            "{file} holds a caller's number"
        );
    }
}

#[tokio::test]
async fn only_a_feeds_token_is_taken_and_it_speaks_for_its_own_side() {
    let rig = Rig::new().await;
    let now_us = clock::now().as_microsecond();
    let batch = |token: &str| EventBatch {
        token: token.to_owned(),
        body: row("answered", "a1@pbx", now_us).into(),
    };
    let read_only = rig.token("rvs-manager", TokenScope::Read).await;
    for wrong in ["", "segue_0000", read_only.as_str()] {
        assert_eq!(
            rig.console.ingest(batch(wrong)).await,
            Err(IngestError::UnknownToken)
        );
    }
    // The outsourcer's feed says it is `hq`: it is kept as the outsourcer's all the same.
    let theirs = rig.token("cb-manager", TokenScope::Ingest).await;
    rig.console.ingest(batch(&theirs)).await.unwrap();
    assert!(
        rig.facts
            .acd_call(&in_house(), "a1@pbx")
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        rig.facts
            .acd_call("outsourced/hq", "a1@pbx")
            .await
            .unwrap()
            .is_some()
    );
    rig.accounts.remove("cb-manager").await.unwrap();
    assert_eq!(
        rig.console.ingest(batch(&theirs)).await,
        Err(IngestError::UnknownToken)
    );
}

#[tokio::test]
async fn wrong_secrets_are_refused_and_measurements_name_nobody() {
    let mut rig = Rig::new().await;
    let wrong = Credentials {
        user: "rvs-duty".into(),
        secret: "not the password".into(),
        source: HERE,
    };
    assert!(matches!(
        rig.console.authenticate(wrong).await,
        SignIn::Unknown
    ));
    let pin_as_password = Credentials {
        user: "rvs-duty".into(),
        secret: PIN.into(),
        source: HERE,
    };
    assert!(matches!(
        rig.console.authenticate(pin_as_password).await,
        SignIn::Unknown
    ));
    rig.call(CALL, "outsourced", &outsourced(), &[(Offered, 0)])
        .await;
    rig.look().await;
    let metrics = rig.console.metrics();
    assert!(
        metrics.contains("segue_decisions_last_hour{arm=\"outsourced\",rule=\"share\"} 1\n"),
        "{metrics}"
    );
    assert!(metrics.contains("segue_join_matched_last_hour{arm=\"outsourced\"} 1\n"));
    assert!(!metrics.contains("rvs-"));
    let nobody = Person {
        user: "nobody".into(),
        role: String::new(),
        party: String::new(),
        since: crate::clock::now(),
        reads_only: false,
    };
    assert!(matches!(
        rig.console
            .fallback(press(nobody, Door::Account, "x"))
            .await,
        Err(ActError::Refused(_))
    ));
}
