//! The discovery workbench and its report: what is drawn is said, what is withheld stays so, and the report needs nothing else.

#[path = "support/console.rs"]
mod console;
#[path = "support/visitor.rs"]
mod visitor;

use console::{MemoryConsole, PASSWORD, USER, example};
use segue_web::{App, Settings, router};
use std::sync::Arc;
use visitor::Visitor;

fn visitor() -> Visitor {
    let console = MemoryConsole::new(example());
    Visitor::new(router(App::new(console as Arc<_>, Settings::new([7; 32]))))
}

#[tokio::test]
async fn the_workbench_draws_says_and_tabulates_what_was_found() {
    let mut v = visitor();
    assert_eq!(v.get("/discovery").await.status, 303);
    v.sign_in(USER, PASSWORD).await;
    let page = v.get("/discovery?rows=201").await.text;
    for words in [
        "<a href=\"/discovery\" aria-current=\"page\">Discovery</a>",
        "<td class=\"h7\">357</td>",
        "<td><abbr title=\"withheld\">x</abbr></td>",
        "0–5 s: 9,000 answered, 10 hung up.",
        "TRIAGE, then voicemail (not in the written flow), then abandoned",
        "1,400, not written down",
        "Written down, and no call reached it: CONSULT",
        "12 contacts went further ways.",
        "Triage &#60;rn&#62;",
        "EHR-triage-notes write, protocol-software read",
        "<td class=\"num\">10482</td><td>missing hang-up</td>",
        "<a href=\"/discovery?rows=401#h-q\">Further rows</a>",
        "Labor Day, 7 Sep 2026",
        "No carrier&#39;s records are imported.",
        "toll-free record",
        "<dt>Callbacks on time</dt><dd>94.1 % (160 of 170)</dd>",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("<main>1") && !page.contains("<rn>"));
    let charts = page.matches("role=\"img\"").count();
    assert_eq!(charts, 4, "waits, leaving, types, one line's ways");
    assert_eq!(page.matches("<desc id=").count(), charts);
}

#[tokio::test]
async fn the_report_is_a_file_that_needs_nothing_else() {
    let mut v = visitor();
    assert_eq!(v.get("/discovery/report").await.status, 303);
    v.sign_in(USER, PASSWORD).await;
    let report = v.get("/discovery/report").await;
    let name = report.headers["content-disposition"].to_str().unwrap();
    assert!(name.starts_with("attachment"), "{name}");
    let text = report.text;
    assert!(text.contains("--fs-s") && text.contains("Signed by"));
    assert!(text.contains("Tue 13 Apr 2027, 10:42 EDT"), "{text}");
    for outside in ["href=\"/", "<link", "<script", "src=\"", "url(http"] {
        assert!(!text.contains(outside), "{outside}");
    }
}
