//! Twilio asks again after every target: it stays one call, decided and recorded once.

use crate::support::centre::closed_port;
use crate::support::serve::Serving;
use crate::support::world::{DIALLED, Targets, World};
use segue_journal::facts::{Cursor, Facts};
use std::fs;

#[tokio::test]
async fn a_call_that_falls_through_is_one_decision() {
    let world = World::live(Targets::nobody(), &[100]);
    let tokens = world.path("tokens");
    fs::write(&tokens, "* twilio-as-well\n").expect("written");
    let door = closed_port([127, 0, 0, 1]);
    let (at, tokens) = (door.to_string(), tokens.display().to_string());
    let serving = Serving::start_with(
        &world.data(),
        &["--route-http", &at, "--route-tokens", &tokens],
    );
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let ask = async |path: &str, more: &str| {
        let body = format!("To=sip:{DIALLED}@x&From=%2B16095550101&CallSid=CA1{more}");
        let asked = http
            .post(format!("http://{door}{path}"))
            .header("Authorization", "Bearer twilio-as-well")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = asked.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        answer.text().await.expect("text")
    };
    let after = |twiml: &str| {
        let (_, rest) = twiml.split_once("/twilio/next?").expect("an action");
        let (query, _) = rest.split_once('"').expect("its end");
        format!("/route/v1/twilio/next?{}", query.replace("&amp;", "&"))
    };
    let call_of = |twiml: &str| {
        let (_, rest) = twiml.split_once("X-Segue-Call=").expect("a call");
        rest[..32].to_owned()
    };
    let first = ask("/route/v1/twilio", "").await;
    let second = ask(&after(&first), "&DialCallStatus=busy").await;
    let third = ask(&after(&second), "&DialCallStatus=no-answer").await;
    assert_eq!(
        [call_of(&second), call_of(&third)],
        [call_of(&first), call_of(&first)]
    );
    assert!(
        ask(&after(&third), "&DialCallStatus=completed")
            .await
            .contains("<Hangup/>")
    );
    let facts = Facts::open(&world.data().join("facts.db"))
        .await
        .expect("facts");
    let decided = async || {
        let long_ago = jiff::Timestamp::UNIX_EPOCH;
        facts
            .decisions_since(&Cursor::from(long_ago), 10)
            .await
            .expect("decisions")
    };
    serving.stop();
    let all = decided().await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].call_id, call_of(&first));
}
