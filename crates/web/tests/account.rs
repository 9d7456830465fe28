//! Signing in with a second factor, the account page, and sessions that end when the password changes. No script anywhere.
#[path = "support/console.rs"]
mod console;
#[path = "support/visitor.rs"]
mod visitor;

use axum::http::StatusCode;
use console::{
    ACT_TOKEN, AS_OF, CAUTIOUS, CODE, HOME_TOKEN, MemoryConsole, PASSWORD, PIN, USER, at, example,
};
use segue_web::{App, Settings, router};
use serde_json::json;
use std::sync::Arc;
use visitor::{Answer, PEER, Visitor};

fn site() -> (Arc<MemoryConsole>, axum::Router) {
    let console = MemoryConsole::new(example());
    let app = App::new(Arc::clone(&console) as Arc<_>, Settings::new([7; 32]));
    (console, router(app))
}

async fn post(v: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = v.get("/duty").await.hidden("csrf");
    let fields: Vec<_> = std::iter::once(("csrf", csrf.as_str()))
        .chain(fields.iter().copied())
        .collect();
    v.post(path, &fields).await
}

#[tokio::test]
async fn a_password_alone_signs_nobody_in_who_has_a_second_factor() {
    let (_console, router) = site();
    let mut v = Visitor::new(router);
    assert_eq!(v.get("/login/code").await.header("location"), "/login");
    let credentials = [
        ("user", CAUTIOUS),
        ("password", PASSWORD),
        ("next", "/account"),
    ];
    let half = post(&mut v, "/login", &credentials).await;
    assert_eq!(half.header("location"), "/login/code?next=/account");
    // Half way in is out: no page, no live data, no API.
    assert_eq!(
        v.get("/account").await.header("location"),
        "/login?next=/account"
    );
    assert_eq!(v.get("/api/v1/live").await.status, StatusCode::UNAUTHORIZED);
    let asks = v.get("/login/code?next=/account").await;
    assert!(asks.text.contains("One more step"), "{}", asks.text);
    for (code, says) in [("111111", "does not fit"), ("000000", "used already")] {
        let wrong = post(&mut v, "/login/code", &[("code", code)]).await;
        assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
        assert!(wrong.text.contains(says), "{}", wrong.text);
    }
    let right = post(
        &mut v,
        "/login/code",
        &[("code", CODE), ("next", "/account")],
    )
    .await;
    assert_eq!(right.header("location"), "/account");
    let account = v.get("/account").await;
    assert!(
        account.text.contains("On, with 10 recovery codes left."),
        "{}",
        account.text
    );
    assert!(account.text.contains("(this one)") && account.text.contains("ingest, RVS-Main alone"));
}

#[tokio::test]
async fn a_token_is_no_password_at_the_page() {
    let (_console, router) = site();
    let mut v = Visitor::new(router);
    for token in [ACT_TOKEN, HOME_TOKEN] {
        let answer = v.sign_in(USER, token).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token}");
        assert_eq!(v.get("/account").await.status, StatusCode::SEE_OTHER);
        assert_eq!(v.get("/login/code").await.header("location"), "/login");
    }
}

#[tokio::test]
async fn every_secret_comes_with_the_address_of_its_connection() {
    let (console, router) = site();
    let mut v = Visitor::new(router);
    v.sign_in(USER, PASSWORD).await;
    for act in ["begin", "confirm"] {
        let fields = [("act", act), ("value", "492039"), ("proof", PASSWORD)];
        post(&mut v, "/account", &fields).await;
    }
    post(&mut v, "/account/prove", &[("proof", PASSWORD)]).await;
    v.forget("segue_session");
    let credentials = [("user", CAUTIOUS), ("password", PASSWORD)];
    post(&mut v, "/login", &credentials).await;
    post(&mut v, "/login/code", &[("code", "111111")]).await;
    post(&mut v, "/fallback", &[("user", USER), ("pin", PIN)]).await;
    let basic = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"))
    };
    let basic = format!("Basic {basic}");
    // What a header says of the address is not believed.
    let headers = [
        ("authorization", basic.as_str()),
        ("x-forwarded-for", "203.0.113.9"),
    ];
    for path in ["commands", "fallback", "eligibility"] {
        v.send(&format!("/api/v1/{path}"), &headers, "{}").await;
    }
    let press = json!({ "user": USER, "pin": PIN }).to_string();
    v.send("/api/v1/fallback", &headers[1..], press).await;
    let sources = console.sources.lock().expect("no panic").clone();
    assert_eq!(sources, [PEER.0; 12]);
}

#[tokio::test]
async fn the_way_home_needs_no_code() {
    let (console, router) = site();
    let mut v = Visitor::new(router);
    let basic = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(format!("{CAUTIOUS}:{PASSWORD}"))
    };
    let headers = [("authorization", format!("Basic {basic}"))];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let command = json!({ "command": { "command": "open_discovery" } }).to_string();
    let refused = v.send("/api/v1/commands", &headers, command).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(
        refused.text.contains("brings calls home and nothing else"),
        "{}",
        refused.text
    );
    let home = v.send("/api/v1/fallback", &headers, "{}").await;
    assert_eq!(home.status, StatusCode::OK, "{}", home.text);
    assert_eq!(console.presses.lock().expect("no panic").len(), 1);
}

#[tokio::test]
async fn a_second_factor_is_enrolled_without_script_and_only_by_who_knows_the_password() {
    let (console, router) = site();
    let mut v = Visitor::new(router);
    v.sign_in(USER, PASSWORD).await;
    assert!(v.get("/account").await.text.contains("Enrol a device"));
    let stolen = post(&mut v, "/account", &[("act", "begin"), ("proof", "guess")]).await;
    assert_eq!(stolen.status, StatusCode::UNAUTHORIZED);
    assert!(
        stolen.text.contains("Nothing was changed."),
        "{}",
        stolen.text
    );
    assert!(console.changes.lock().expect("no panic").is_empty());
    let forged = v
        .post("/account", &[("csrf", "x"), ("act", "end_all")])
        .await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);

    let begun = post(&mut v, "/account", &[("act", "begin"), ("proof", PASSWORD)]).await;
    assert!(begun.text.contains("<svg") && begun.text.contains("GEZDGNBVGY3TQOJQ"));
    assert!(
        begun.text.contains("otpauth://totp/Segue:dana?"),
        "{}",
        begun.text
    );
    let done = post(
        &mut v,
        "/account",
        &[("act", "confirm"), ("value", "492039")],
    )
    .await;
    assert!(done.text.contains("abcd-efgh-ijkl-mnop"), "{}", done.text);
    assert!(
        !v.get("/account").await.text.contains("abcd-efgh-ijkl-mnop"),
        "shown once"
    );
}

#[tokio::test]
async fn an_enrolment_that_was_left_open_is_shown_to_its_person_alone() {
    let (console, router) = site();
    let mut v = Visitor::new(router);
    v.sign_in(USER, PASSWORD).await;
    post(&mut v, "/account", &[("act", "begin"), ("proof", PASSWORD)]).await;
    assert!(v.get("/account").await.text.contains("GEZDGNBVGY3TQOJQ"));
    let later = at(AS_OF) + jiff::SignedDuration::from_secs(1);
    *console.stale_before.lock().expect("no panic") = Some(later);
    let left = v.get("/account").await.text;
    assert!(!left.contains("GEZDGNBVGY3TQOJQ") && !left.contains("class=\"qr\""));
    assert!(left.contains("/account/prove?next=/account"), "{left}");
    let confirm = [("act", "confirm"), ("value", "492039")];
    let refused = post(&mut v, "/account", &confirm).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        refused.text.contains("open /account/prove"),
        "{}",
        refused.text
    );
    let asked = v.get("/account/prove?next=/account").await.text;
    assert!(
        asked.contains("Before you change how you come in"),
        "{asked}"
    );
    // Shown once more, it goes on.
    *console.stale_before.lock().expect("no panic") = Some(at(AS_OF));
    let proof = [("proof", PASSWORD), ("next", "/account")];
    post(&mut v, "/account/prove", &proof).await;
    assert!(v.get("/account").await.text.contains("GEZDGNBVGY3TQOJQ"));
    let done = post(&mut v, "/account", &confirm).await;
    assert!(done.text.contains("abcd-efgh-ijkl-mnop"), "{}", done.text);
}

#[tokio::test]
async fn a_stolen_session_ends_when_the_password_changes() {
    let (_console, router) = site();
    let (mut owner, mut thief) = (Visitor::new(router.clone()), Visitor::new(router));
    owner.sign_in(USER, PASSWORD).await;
    thief.sign_in(USER, PASSWORD).await;
    assert_eq!(
        owner
            .get("/account")
            .await
            .text
            .matches("name=\"act\" value=\"end_session\"")
            .count(),
        2
    );
    let fields = [
        ("act", "password"),
        ("value", "another horse"),
        ("proof", PASSWORD),
    ];
    let changed = post(&mut owner, "/account", &fields).await;
    assert_eq!(changed.header("location"), "/login?next=/account");
    assert_eq!(thief.get("/").await.header("location"), "/login");
    assert_eq!(
        thief.get("/api/v1/live").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        thief.get("/live/events").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn one_session_is_ended_from_another() {
    let (_console, router) = site();
    let (mut here, mut there) = (Visitor::new(router.clone()), Visitor::new(router));
    there.sign_in(USER, PASSWORD).await;
    let key = {
        let text = there.get("/account").await.text;
        let from = text.find("value=\"end_session\"").expect("a session");
        let mark = "name=\"value\" value=\"";
        let at = text[from..].find(mark).expect("its key") + from + mark.len();
        text[at..].split('"').next().expect("a value").to_owned()
    };
    here.sign_in(USER, PASSWORD).await;
    post(
        &mut here,
        "/account",
        &[("act", "end_session"), ("value", &key)],
    )
    .await;
    assert_eq!(there.get("/").await.header("location"), "/login");
    assert_eq!(here.get("/account").await.status, StatusCode::OK);
    post(
        &mut here,
        "/account",
        &[("act", "end_session"), ("value", "someone else's")],
    )
    .await;
    assert_eq!(here.get("/account").await.status, StatusCode::OK);
}

#[tokio::test]
async fn who_signs_shows_once_more_who_they_are() {
    let (_console, router) = site();
    let mut v = Visitor::new(router);
    assert_eq!(
        v.get("/account/prove").await.header("location"),
        "/login?next=/sign"
    );
    v.sign_in(USER, PASSWORD).await;
    assert!(v.get("/account/prove").await.text.contains("Your password"));
    let wrong = post(&mut v, "/account/prove", &[("proof", "guess")]).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let right = post(
        &mut v,
        "/account/prove",
        &[("proof", PASSWORD), ("next", "/account")],
    )
    .await;
    assert_eq!(right.header("location"), "/account");
    let elsewhere = [("proof", PASSWORD), ("next", "https://evil.example")];
    assert_eq!(
        post(&mut v, "/account/prove", &elsewhere)
            .await
            .header("location"),
        "/"
    );
}
