//! The twelve questions: what is asked of the console, what is shown, and that a form can be sent twice.

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
async fn twelve_answers_are_read_shown_and_refused_in_the_form() {
    let console = MemoryConsole::new(example());
    let app = App::new(Arc::clone(&console) as Arc<_>, Settings::new([7; 32]));
    let mut v = Visitor::new(router(app));
    let outside = v.get("/plan/draft").await;
    assert_eq!(outside.header("location"), "/login?next=/plan/draft");
    v.sign_in(USER, PASSWORD).await;
    let page = v.get("/plan/draft").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("min=\"2027-04-13\"") && page.text.contains("value=\"dana\""));
    let (csrf, command) = (page.hidden("csrf"), page.hidden("command"));
    let fields = |first_step: &'static str, csrf: &str| {
        [
            ("csrf", csrf.to_owned()),
            ("command", command.clone()),
            ("zone", "America/New_York".into()),
            ("centre", "RVS-Main".into()),
            ("call_type", "MSG".into()),
            ("call_type", "TRIAGE".into()),
            ("moves", "daily 22:00-08:00".into()),
            ("stays", "daily 08:00-22:00".into()),
            ("population", "both".into()),
            ("states", "NJ, NY".into()),
            ("languages", "English Spanish".into()),
            ("first_step", first_step.into()),
            ("pace", "usual".into()),
            ("people", "8".into()),
            ("cohort", "four".into()),
            ("cohort_every_days", "14".into()),
            ("owner", " dana ".into()),
            ("do", "draft".into()),
        ]
    };
    let window = |window: &str| json!({ "window": window, "zone": "America/New_York" });
    let expected = json!({
        "centres": ["RVS-Main"], "call_types": ["MSG", "TRIAGE"],
        "hours": { "within": { "moves": window("daily 22:00-08:00"), "stays": window("daily 08:00-22:00") } },
        "population": "both", "states": ["NJ", "NY"], "languages": ["English", "Spanish"],
        "first_step": "2027-06-01", "pace": "usual", "people": 8, "cohort": "four",
        "cohort_every_days": 14, "owner": "dana",
    });
    for (first_step, csrf, status, says) in [
        (
            "2027-06-01",
            "forged",
            StatusCode::FORBIDDEN,
            "too old or came from another site",
        ),
        (
            "2027-04-14",
            csrf.as_str(),
            StatusCode::CONFLICT,
            "RVS-Main/MSG compressed 9 days",
        ),
        (
            "2027-06-01",
            csrf.as_str(),
            StatusCode::OK,
            "A draft of 1 line.",
        ),
    ] {
        let form = fields(first_step, csrf);
        let form: Vec<_> = form.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let answer = v.post("/plan/draft", &form).await;
        assert_eq!(answer.status, status, "{says}");
        assert!(answer.text.contains(says), "{}", answer.text);
        // What was typed is still there.
        let typed = format!("type=\"date\" required min=\"2027-04-13\" value=\"{first_step}\"");
        assert!(answer.text.contains(&typed), "{}", answer.text);
    }
    assert_eq!(*console.answered.lock().expect("no panic"), expected);
}
