//! The JSON API in-process: who acts, refusals, the feed, health and measurements.

#[path = "support/console.rs"]
mod console;
#[path = "support/setup.rs"]
mod setup;
#[path = "support/visitor.rs"]
mod visitor;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use console::{FEED_TOKEN, PASSWORD, PIN, READ_TOKEN, USER};
use setup::{settings, signed_in, visitor, visitor_with};

#[tokio::test]
async fn a_refusal_is_a_full_answer_on_the_page_and_in_json() {
    let (_, mut v) = signed_in().await;
    let csrf = v.get("/").await.hidden("csrf");
    let page = v
        .post("/fallback", &[("csrf", &csrf), ("scope", "NOWHERE")])
        .await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for part in [
        "SCOPE_UNKNOWN",
        "Missing",
        "Who can fix it",
        "How",
        "a site or chunk named NOWHERE",
    ] {
        assert!(page.text.contains(part), "{part} is missing");
    }
    let token = [("x-csrf-token", csrf.as_str())];
    let raise = r#"{"command":{"name":"raise","chunk":"TRI-D"},"command_id":"11111111-a"}"#;
    let refused = v.send("/api/v1/commands", &token, raise).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(
        refused.json(),
        serde_json::json!({ "refusal": {
            "code": "PARITY_NOT_PROVED",
            "rule": "A share rises only when the quality at the present share is proved.",
            "missing": ["service level: 500 of about 1,500 calls"],
            "who": "Nobody needs to act; calls decide",
            "how": "Keep 25 % until about Thu 6 May, then assess again.",
        }})
    );
    let range = r#"{"command":{"name":"share","share_percent":110}}"#;
    let refused = v.send("/api/v1/commands", &token, range).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.json()["refusal"]["code"], "SHARE_OUT_OF_RANGE");
    let done = v
        .send("/api/v1/commands", &token, r#"{"command":{"name":"note"}}"#)
        .await;
    assert_eq!(
        (done.status, &done.json()["position"]),
        (StatusCode::OK, &48_214.into())
    );
}

#[tokio::test]
async fn the_api_asks_who_acts_and_for_json() {
    let (_, mut v) = signed_in().await;
    let body = r#"{"command":{"name":"note"}}"#;
    let no_token = v.send("/api/v1/commands", &[], body).await;
    assert_eq!(no_token.status, StatusCode::FORBIDDEN);
    assert!(no_token.json()["error"]["next_step"].is_string());
    v.forget("segue_session");
    let nobody = v.send("/api/v1/commands", &[], body).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    let basic = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
    let basic = [("authorization", basic.as_str())];
    assert_eq!(
        v.send("/api/v1/commands", &basic, body).await.status,
        StatusCode::OK
    );
    let broken = v.send("/api/v1/commands", &basic, "{").await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
    let large = "x".repeat(300 * 1024);
    let large = v.send("/api/v1/commands", &basic, large).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_program_brings_calls_home_with_the_keys_of_the_command_line() {
    let (_, mut v) = visitor();
    let wrong = format!(r#"{{"user":"{USER}","pin":"nope"}}"#);
    let wrong = v.send("/api/v1/fallback", &[], wrong).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let press = format!(r#"{{"user":"{USER}","pin":"{PIN}","scope":"TRI-D"}}"#);
    let done = v.send("/api/v1/fallback", &[], press).await;
    assert_eq!(done.status, StatusCode::OK);
    let done = done.json();
    for key in [
        "incident",
        "scope",
        "nodes_home",
        "nodes_total",
        "journalled",
        "latency_ms",
        "verified",
    ] {
        assert!(!done[key].is_null(), "{key} is missing in {done}");
    }
    assert_eq!(
        (&done["scope"], &done["verified"]),
        (&"TRI-D".into(), &false.into())
    );
}

#[tokio::test]
async fn the_feed_takes_batches_of_its_site_only() {
    let mut small = settings();
    small.batch_bytes_max = 1_000;
    let (_, mut v) = visitor_with(small);
    let batch = "{\"call\":1}\n{\"call\":2}\nnot json\n";
    assert_eq!(
        v.send("/api/v1/calls", &[], batch).await.status,
        StatusCode::UNAUTHORIZED
    );
    let foreign = [("authorization", "Bearer of-another-site")];
    let answer = v.send("/api/v1/calls", &foreign, batch).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    let own = format!("Bearer {FEED_TOKEN}");
    let own = [("authorization", own.as_str())];
    let taken = v.send("/api/v1/calls", &own, batch).await;
    assert_eq!(taken.status, StatusCode::OK);
    let taken = taken.json();
    assert_eq!(
        (&taken["read"], &taken["accepted"], &taken["quarantined"]),
        (&3.into(), &2.into(), &1.into())
    );
    assert_eq!(taken["rows"][0]["line"], 3);
    let large = v.send("/api/v1/calls", &own, "x".repeat(1_001)).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(
        large.json()["error"]["next_step"]
            .as_str()
            .unwrap()
            .contains("smaller")
    );
}

#[tokio::test]
async fn a_board_is_the_same_in_json_and_on_the_page_and_closed_to_strangers() {
    let (_, mut stranger) = visitor();
    for path in ["/api/v1/boards", "/api/v1/boards/gates"] {
        let status = stranger.get(path).await.status;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(
        stranger.get("/boards/gates").await.status,
        StatusCode::SEE_OTHER
    );
    let (_, mut v) = signed_in().await;
    let listed = v.get("/api/v1/boards").await.json();
    assert_eq!(listed[0]["name"], "gates");
    let board = v.get("/api/v1/boards/gates").await.json();
    assert_eq!(board["rows"][1][2], "red");
    let page = v.get("/boards/gates").await;
    assert_eq!(page.status, StatusCode::OK);
    // What people wrote is text, and a lamp has a shape beside its word.
    assert!(
        page.text.contains("&#60;b&#62;a reference"),
        "{}",
        page.text
    );
    assert!(page.text.contains(r##"href="#harm"/></svg><span>red"##));
    for (path, status) in [
        ("/boards/people", StatusCode::FORBIDDEN),
        ("/api/v1/boards/people", StatusCode::CONFLICT),
    ] {
        let refused = v.get(path).await;
        assert_eq!(refused.status, status, "{path}");
        assert!(refused.text.contains("NOT_AUTHORISED"), "{path}");
    }
}

#[tokio::test]
async fn metrics_need_their_token() {
    let (_, mut v) = visitor();
    assert_eq!(v.get("/metrics").await.status, StatusCode::NOT_FOUND);
    let mut with = settings();
    with.metrics_token = Some("scrape".into());
    let (_, mut v) = visitor_with(with);
    assert_eq!(v.get("/metrics").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(v.get("/healthz").await.json()["status"], "ok");
}

#[tokio::test]
async fn who_may_take_a_call_is_told_to_known_people_who_say_where_the_patient_is() {
    let asked = r#"{"patient_state":"NJ","agents":["N-21"]}"#;
    let (_, mut stranger) = visitor();
    let unknown = stranger.send("/api/v1/eligibility", &[], asked).await;
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
    let (_, mut v) = signed_in().await;
    let csrf = v.get("/").await.hidden("csrf");
    let token = [("x-csrf-token", csrf.as_str())];
    let told = v.send("/api/v1/eligibility", &token, asked).await;
    assert_eq!(told.status, StatusCode::OK);
    let told = told.json();
    assert_eq!(told["eligible"], serde_json::json!(["N-21"]));
    assert_eq!(told["table_checked_on"], "2026-07-02");
    assert_eq!(told["banner"], "verify with counsel");
    let nowhere = v.send("/api/v1/eligibility", &token, "{}").await;
    assert_eq!(nowhere.status, StatusCode::CONFLICT);
    assert_eq!(nowhere.json()["refusal"]["code"], "PATIENT_LOCATION");
}

/// The calendar feed is for people of both parties: by session, or by a token that may read and nothing else.
#[tokio::test]
async fn a_calendar_subscribes_with_a_token_that_may_only_read() {
    let feed = "/plan/calendar.ics";
    let (_, mut v) = signed_in().await;
    let own = v.get(feed).await;
    assert_eq!(own.status, StatusCode::OK);
    assert_eq!(own.header("content-type"), "text/calendar; charset=utf-8");
    assert!(own.text.starts_with("BEGIN:VCALENDAR\r\n"));
    v.forget("segue_session");
    let nobody = v.get(feed).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    assert!(nobody.header("www-authenticate").starts_with("Basic"));
    for (secret, status) in [
        (READ_TOKEN, StatusCode::OK),
        (PASSWORD, StatusCode::OK),
        ("segue_another", StatusCode::UNAUTHORIZED),
    ] {
        let basic = format!("Basic {}", STANDARD.encode(format!("{USER}:{secret}")));
        let request = Request::get(feed)
            .header("authorization", &basic)
            .body(Body::empty())
            .unwrap();
        assert_eq!(v.open(request).await.status(), status, "{secret}");
        let act = [("authorization", basic.as_str())];
        let acts = v
            .send("/api/v1/commands", &act, r#"{"command":{"name":"note"}}"#)
            .await;
        let may = secret == PASSWORD;
        assert_eq!(
            acts.status == StatusCode::OK,
            may,
            "{secret} reads and does not act"
        );
    }
}

/// Whoever ran a probe is signed in nowhere: the report itself is judged.
#[tokio::test]
async fn a_probes_report_needs_no_login_and_is_judged_by_itself() {
    let (_, mut v) = visitor();
    let taken = v.send("/api/v1/probes", &[], r#"{"probe":"PR-1"}"#).await;
    assert_eq!(taken.status, StatusCode::OK);
    assert_eq!(taken.json()["events"][0], "probe_reported");
    let forged = v.send("/api/v1/probes", &[], r#"{"probe":"PR-2"}"#).await;
    assert_eq!(forged.status, StatusCode::CONFLICT);
    assert_eq!(forged.json()["refusal"]["code"], "SIGNATURE_INVALID");
    let garbage = v.send("/api/v1/probes", &[], "{").await;
    assert_eq!(garbage.status, StatusCode::BAD_REQUEST);
}
