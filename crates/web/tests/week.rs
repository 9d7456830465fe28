//! A chunk's week: tried out, painted with a pointer, proposed to the other party.

#[path = "support/browser.rs"]
mod browser;
#[path = "support/console.rs"]
mod console;
#[path = "support/visitor.rs"]
mod visitor;

use axum::http::StatusCode;
use browser::Look;
use console::{MemoryConsole, PASSWORD, USER, example};
use segue_web::{App, Settings, router, serve};
use std::sync::Arc;
use visitor::Visitor;

fn app() -> (Arc<MemoryConsole>, Arc<App>) {
    let console = MemoryConsole::new(example());
    let app = App::new(Arc::clone(&console) as Arc<_>, Settings::new([7; 32]));
    (console, app)
}

#[tokio::test]
async fn share_and_hours_are_tried_out_and_then_proposed() {
    let (console, app) = app();
    let mut v = Visitor::new(router(app));
    assert_eq!(
        v.get("/plan/week").await.header("location"),
        "/login?next=/plan/week"
    );
    v.sign_in(USER, PASSWORD).await;
    let planned = v.get("/plan/week?chunk=RVS-Main/MSG").await;
    assert_eq!(planned.status, StatusCode::OK);
    for says in [
        "20 % of RVS-Main/MSG sends 140 of 1680 calls a week out.",
        "Most go out Sun 23:00\u{2013}24:00: 2.0 an hour, while 8.0 stay in-house.",
        "On 3 holidays nothing moves.",
        "12 calls of no call type or centre of the transition are not in it.",
        "<td class=\"num\"><span class=\"so\">0.0</span> <span class=\"si\">10.0</span></td>",
    ] {
        assert!(planned.text.contains(says), "{says}: {}", planned.text);
    }
    assert!(
        !planned.text.contains("Propose it"),
        "nothing is changed, so there is nothing to propose"
    );
    let tried = v
        .get("/plan/week?chunk=RVS-Main/MSG&step=2&share=40&window=always&painted=")
        .await;
    assert!(tried.text.contains("40 % of RVS-Main/MSG sends"));
    let (csrf, command) = (tried.hidden("csrf"), tried.hidden("command"));
    let form = |csrf| {
        [
            ("chunk", "RVS-Main/MSG"),
            ("step", "2"),
            ("share", "40"),
            ("window", "always"),
            ("reason", "nights are thin"),
            ("csrf", csrf),
            ("command", command.as_str()),
        ]
    };
    let forged = v.post("/plan/week", &form("forged")).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert!(console.submitted.lock().unwrap().is_empty());
    let proposed = v.post("/plan/week", &form(csrf.as_str())).await;
    assert!(
        proposed.text.contains("It is proposed."),
        "{}",
        proposed.text
    );
    assert_eq!(
        console.submitted.lock().unwrap()[0]["reason"],
        "nights are thin"
    );
}

#[tokio::test]
async fn what_is_withheld_is_in_no_number_and_is_said() {
    let (_, app) = app();
    let mut v = Visitor::new(router(app));
    v.sign_in(USER, PASSWORD).await;
    let limited = v.get("/plan/week?chunk=RVS-Main/TRIAGE").await;
    for says in [
        "20 % of RVS-Main/MSG, in these hours.",
        "Of the hours shown: Most go out Sun 23:00",
        "are withheld from you",
        "<abbr title=\"withheld\">x</abbr>",
        "y=\"35\">x</text>",
        "withheld calls of no call type",
    ] {
        assert!(limited.text.contains(says), "{says}: {}", limited.text);
    }
    let closed = v.get("/plan/week?chunk=CLOSED").await;
    assert_eq!(closed.status, StatusCode::FORBIDDEN);
    for says in [
        "The week cannot be shown.",
        "Call records belong to people whose agreements are in force.",
        "a business associate agreement in force",
    ] {
        assert!(closed.text.contains(says), "{says}: {}", closed.text);
    }
}

#[tokio::test]
async fn a_share_of_110_is_refused_in_the_form_and_what_was_typed_stays() {
    let (console, app) = app();
    let mut v = Visitor::new(router(app));
    v.sign_in(USER, PASSWORD).await;
    let refused = v.get("/plan/week?share=110&window=daily+08:00-17:00").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    for says in [
        "a share is a whole number from 0 to 100",
        "value=\"110\"",
        "value=\"daily 08:00-17:00\"",
    ] {
        assert!(refused.text.contains(says), "{says}: {}", refused.text);
    }
    assert!(console.submitted.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_is_painted_with_a_pointer() {
    let (_console, app) = app();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, app, std::future::pending()));
    browser::with(Look::DESK, async |b| {
        b.open(&format!("{base}/login")).await;
        b.fill("#user", USER).await;
        b.fill("#password", PASSWORD).await;
        b.click("main button").await;
        b.open(&format!("{base}/plan/week")).await;
        b.sees("h1", "sends 140 of 1680 calls a week out.").await;
        b.eval("document.querySelector('svg.week').scrollIntoView({block: 'center'}); return 1")
            .await;
        // Monday 12:00 to 13:00: four quarters that were empty.
        let scale = b.rect("svg.week").await[2] / 348.0;
        let at = |quarter: f64| [(36.0 + 22.0) * scale, (18.0 + quarter * 6.0 + 3.0) * scale];
        b.stroke("svg.week", at(48.0), at(51.0)).await;
        b.click("form[action='/plan/week'] button.main").await;
        b.sees("h1", "of 1680 calls a week out.").await;
        let share_of_one_hour = "sends 142 of 1680 calls a week out.";
        b.sees("h1", share_of_one_hour).await;
        assert_eq!(b.complaints().await, Vec::<String>::new());
    })
    .await;
}
