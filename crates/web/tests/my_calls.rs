//! The form for trial calls: what a person sees of their own calls, and what is recorded of one.
#[path = "support/console.rs"]
mod console;
#[path = "support/visitor.rs"]
mod visitor;

use axum::http::StatusCode;
use console::{MemoryConsole, PASSWORD, USER, example};
use segue_web::{App, Settings, router};
use serde_json::json;
use std::sync::Arc;
use visitor::Visitor;

#[tokio::test]
async fn a_person_reports_a_call_from_a_telephone_and_only_once_it_says_how_it_went() {
    let console = MemoryConsole::new(example());
    let app = App::new(Arc::clone(&console) as Arc<_>, Settings::new([7; 32]));
    let mut v = Visitor::new(router(app));
    let outside = v.get("/my-calls").await;
    assert_eq!(outside.header("location"), "/login?next=/my-calls");
    v.sign_in(USER, PASSWORD).await;
    let page = v.get("/my-calls").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("1 call for you to place") && page.text.contains("1 placed so far"));
    assert!(page.text.contains("message × night") && !page.text.contains("message × day"));
    let (csrf, command) = (page.hidden("csrf"), page.hidden("command"));
    let sent = |passed: &'static str, csrf: &str| {
        [
            ("csrf", csrf.to_owned()),
            ("command", format!("{command}-1")),
            ("chunk", "MSG".to_owned()),
            ("cell", "message × night".to_owned()),
            ("card", "M-03".to_owned()),
            ("agent", " ".to_owned()),
            ("note", "recording 17".to_owned()),
            ("passed", passed.to_owned()),
        ]
    };
    for (form, status) in [
        (sent("yes", "forged"), StatusCode::FORBIDDEN),
        (sent("", &csrf), StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let fields: Vec<_> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let answer = v.post("/my-calls", &fields).await;
        assert_eq!(answer.status, status);
        assert!(answer.text.contains("Nothing was recorded."));
    }
    assert!(console.submitted.lock().expect("no panic").is_empty());
    let form = sent("no", &csrf);
    let fields: Vec<_> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let answer = v.post("/my-calls", &fields).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("Thank you: it is recorded."));
    let submitted = console.submitted.lock().expect("no panic").clone();
    let expected = json!({
        "command": "record_test_call", "chunk": "MSG", "cell": "message × night", "passed": false,
        "scenario": "M-03", "agent": null, "evidence": "recording 17",
    });
    assert_eq!(submitted, [expected]);
}
