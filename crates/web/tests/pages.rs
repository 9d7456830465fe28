//! What every page keeps: the design's checks that need no browser, and a picture of the live
//! page for the example.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers outside the test functions may panic too"
)]

#[path = "support/console.rs"]
mod console;
#[path = "support/visitor.rs"]
mod visitor;

use console::{MemoryConsole, PASSWORD, USER, at, example};
use segue_web::view::{AlarmView, HomeLatch, LiveView};
use segue_web::{App, Settings, router};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use visitor::Visitor;

const TOKENS: &str = include_str!("../assets/tokens.css");
const SHEETS: [(&str, &str); 3] = [
    ("tokens.css", TOKENS),
    ("base.css", include_str!("../assets/base.css")),
    ("app.css", include_str!("../assets/app.css")),
];

/// Every page there is, signed out and in, calm and home, and with nothing known at all.
async fn pages() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for (name, view) in [("example", example()), ("empty", empty())] {
        let console = MemoryConsole::new(view);
        let app = App::new(console as Arc<_>, Settings::new([7; 32]));
        let mut v = Visitor::new(router(app));
        for path in ["/login", "/duty", "/nowhere"] {
            pages.push((format!("{name} signed out {path}"), v.get(path).await.text));
        }
        pages.push((
            format!("{name} wrong password"),
            v.sign_in(USER, "wrong").await.text,
        ));
        v.sign_in(USER, PASSWORD).await;
        for path in [
            "/",
            "/duty",
            "/nowhere",
            "/boards",
            "/boards/gates",
            "/boards/people",
            "/my-calls",
            "/nodes",
            "/parity",
            "/plan/calendar",
            "/plan/week",
            "/account",
            "/sign",
            "/discovery?rows=201",
        ] {
            pages.push((format!("{name} {path}"), v.get(path).await.text));
        }
        let page = v.get("/").await;
        let (csrf, command) = (page.hidden("csrf"), page.hidden("command"));
        let refused = v
            .post("/fallback", &[("csrf", &csrf), ("scope", "NOWHERE")])
            .await;
        pages.push((format!("{name} refusal"), refused.text));
        let fields = [
            ("csrf", csrf.as_str()),
            ("command", &command),
            ("scope", "all"),
        ];
        let pressed = v.post("/fallback", &fields).await;
        if let Some(to) = pressed.headers.get("location") {
            let to = to.to_str().expect("ASCII").to_owned();
            for path in [to.as_str(), "/", "/duty"] {
                pages.push((format!("{name} home {path}"), v.get(path).await.text));
            }
        }
    }
    assert_eq!(pages.len(), 41);
    pages
}

/// A transition of which nothing is known yet.
fn empty() -> LiveView {
    let mut view = example();
    view.phases.clear();
    view.last_hour = None;
    view.lines.clear();
    view.scopes.clear();
    view.nodes.clear();
    view.join = None;
    view.journal.clear();
    view.chain = None;
    view.checks.clear();
    view.blind_spots.clear();
    view
}

/// The start tags of a page with their attributes, as written.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<')
        .skip(1)
        .filter(|t| t.starts_with(|c: char| c.is_ascii_alphabetic()))
        .filter_map(|t| t.split('>').next())
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let mark = format!(" {name}=\"");
    tag.split(&mark).nth(1)?.split('"').next()
}

#[tokio::test]
async fn no_page_has_a_style_attribute_an_inline_script_or_a_handler() {
    for (name, html) in pages().await {
        assert!(!html.contains("<style"), "{name} has an inline sheet");
        for tag in tags(&html) {
            assert_eq!(attribute(tag, "style"), None, "{name}: {tag}");
            assert!(!tag.contains(" on"), "{name} has a handler: {tag}");
            assert!(!tag.contains("hx-on"), "{name} has a handler: {tag}");
            if tag.starts_with("script") {
                assert!(
                    attribute(tag, "src").is_some(),
                    "{name} has an inline script"
                );
            }
        }
    }
}

#[tokio::test]
async fn every_page_has_the_home_button_once_and_one_heading() {
    for (name, html) in pages().await {
        assert_eq!(html.matches("<details class=\"home\"").count(), 1, "{name}");
        assert_eq!(html.matches("class=\"home-go\"").count(), 1, "{name}");
        assert_eq!(html.matches("action=\"/fallback\"").count(), 1, "{name}");
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert_eq!(html.matches("<main ").count(), 1, "{name}");
        assert!(html.contains("<html lang=\"en\">"), "{name}");
        assert!(html.contains("EXAMPLE DATA"), "{name}");
    }
}

#[tokio::test]
async fn ids_are_unique_and_every_reference_finds_its_element() {
    for (name, html) in pages().await {
        let mut ids = BTreeSet::new();
        for id in tags(&html).filter_map(|t| attribute(t, "id")) {
            assert!(ids.insert(id), "{name}: the id {id} is there twice");
        }
        for tag in tags(&html) {
            for list in ["aria-labelledby", "aria-describedby", "for"] {
                for id in attribute(tag, list)
                    .into_iter()
                    .flat_map(str::split_whitespace)
                {
                    assert!(ids.contains(id), "{name}: nothing has the id {id} of {tag}");
                }
            }
            if tag.starts_with("use") {
                let id = attribute(tag, "href").unwrap().trim_start_matches('#');
                assert!(ids.contains(id), "{name}: the sprite has no {id}");
            }
            if tag.starts_with("th") && !tag.starts_with("thead") {
                assert!(
                    attribute(tag, "scope").is_some(),
                    "{name}: a header without scope: {tag}"
                );
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_known_is_never_a_number() {
    let app = App::new(
        MemoryConsole::new(empty()) as Arc<_>,
        Settings::new([7; 32]),
    );
    let mut v = Visitor::new(router(app));
    v.sign_in(USER, PASSWORD).await;
    let page = v.get("/").await.text;
    for words in [
        "Where calls go now is not known.",
        "No calls in the last hour, or none known yet.",
        "No line is known yet.",
        "No record of any centre has come in.",
        "No routing node has reported.",
        "The journal is empty.",
        "Chain not verified yet.",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let main = page
        .split("<main")
        .nth(1)
        .unwrap()
        .split("</main>")
        .next()
        .unwrap();
    for number in [">0<", ">0\u{a0}%<", ">100\u{a0}%<", ">0\u{a0}s<"] {
        assert!(!main.contains(number), "an invented {number}");
    }
}

/// The live page of the example after a change.
async fn live_page(edit: impl FnOnce(&mut LiveView)) -> String {
    let mut view = example();
    edit(&mut view);
    let app = App::new(MemoryConsole::new(view) as Arc<_>, Settings::new([7; 32]));
    let mut v = Visitor::new(router(app));
    v.sign_in(USER, PASSWORD).await;
    v.get("/").await.text
}

fn latch(scope: &str) -> HomeLatch {
    HomeLatch {
        scope: scope.into(),
        incident: Some("17".into()),
        pressed_at: at("2027-04-13T14:40:00Z"),
        by: "duty manager, Riverside Health".into(),
        nodes_home: 2,
        nodes_total: 2,
        journalled: true,
        verified_at: None,
    }
}

#[tokio::test]
async fn the_finding_says_no_more_than_is_known() {
    let silent = live_page(|view| {
        let mut node = view.nodes[0].clone();
        (node.id, node.reachable) = ("node-2".into(), false);
        view.nodes.push(node);
    });
    let silent = silent.await;
    assert!(silent.contains("<h1>One node’s calls cannot be seen.</h1>"));
    assert!(silent.contains("No answer from node-2."));

    let differ = live_page(|view| {
        let mut node = view.nodes[0].clone();
        (node.id, node.table_hash) = ("node-2".into(), Some("00".repeat(32)));
        view.nodes.push(node);
    });
    assert!(
        differ
            .await
            .contains("<h1>The nodes do not all run the same table.</h1>")
    );

    let calm = live_page(|view| {
        for chunk in view.lines.iter_mut().flat_map(|l| &mut l.chunks) {
            chunk.locks.clear();
            chunk.out_percent = Some(0);
        }
    });
    let calm = calm.await;
    assert!(calm.contains("<h1>Every call goes in-house.</h1>"));
    assert!(
        calm.contains("No call goes out now."),
        "the home panel says so"
    );

    let alarm = live_page(|view| {
        view.alarm = Some(AlarmView {
            what: "Callers cannot reach CareBridge".into(),
            title: "CareBridge is not answering since 10:38 EDT.".into(),
            detail: "Their trunk refuses every call (503).".into(),
            since: at("2027-04-13T14:38:00Z"),
        });
    });
    assert!(
        alarm
            .await
            .contains("<h1>CareBridge is not answering since 10:38 EDT.</h1>")
    );
}

#[tokio::test]
async fn home_is_said_as_far_as_it_has_got() {
    let part = live_page(|view| view.home = vec![latch("TRI-D")]).await;
    assert!(part.contains("<h1>New calls of TRI-D go home.</h1>"));
    assert!(part.contains("TRI-D: Home on 2 of 2, not verified yet"));

    let whole = live_page(|view| view.home = vec![latch("all")]).await;
    assert!(whole.contains("<h1>Every new call goes home.</h1>"));
    assert!(whole.contains("No person in-house has answered a call yet."));
    assert!(!whole.contains("Every call is answered in-house."));

    let one_node = live_page(|view| {
        view.home = vec![HomeLatch {
            nodes_home: 1,
            journalled: false,
            ..latch("all")
        }];
    });
    let one_node = one_node.await;
    assert!(one_node.contains("<h1>New calls go home on 1 of 2 nodes.</h1>"));
    assert!(one_node.contains("Journalling is pending."));
    assert!(!one_node.contains("Home, verified"));

    let verified = live_page(|view| {
        view.home = vec![HomeLatch {
            verified_at: Some(at("2027-04-13T14:40:41Z")),
            ..latch("all")
        }];
    });
    let verified = verified.await;
    assert!(verified.contains("<h1>Every call is answered in-house.</h1>"));
    assert!(verified.contains("Home, verified 10:40:41 EDT"));
}

#[tokio::test]
async fn a_poor_match_rate_is_no_data() {
    let poor = live_page(|view| view.join.as_mut().unwrap().matched = 1_220).await;
    assert!(
        poor.contains("No data, 98.7\u{a0}%"),
        "1,220 of 1,236 is below 99 %"
    );
    let good = live_page(|view| view.join.as_mut().unwrap().matched = 1_224).await;
    assert!(good.contains("<span>99.0\u{a0}%</span>"));
    let none = live_page(|view| view.join.as_mut().unwrap().due = 0).await;
    assert!(none.contains("Decisions with a record"));
}

#[tokio::test]
async fn text_from_others_stays_text() {
    let page = live_page(|view| {
        view.journal[0].text = "<script>alert(1)</script>\r\ndata: x".into();
        view.lines[0].chunks[0].call_type = "\"><img src=x onerror=1>".into();
    });
    let page = page.await;
    assert!(
        !page.contains("<script>alert") && !page.contains("<img"),
        "it is escaped"
    );
}

/// The picture is said as well as drawn, at both widths, with its numbers in a table beside it.
#[tokio::test]
async fn the_parity_page_says_what_its_picture_shows() {
    let app = App::new(
        MemoryConsole::new(example()) as Arc<_>,
        Settings::new([7; 32]),
    );
    let mut v = Visitor::new(router(app));
    v.sign_in(USER, PASSWORD).await;
    let page = v.get("/parity").await.text;
    assert_eq!(
        page.matches("The agreed limit is 79.0 %, 3 points below in-house.")
            .count(),
        2
    );
    for said in [
        "We cannot yet say that CareBridge answers triage as fast as in-house.",
        "76.3 to 83.3",
        "Who did worse",
        "26 of 35",
        "deputy account manager, CareBridge",
        "Not watched",
        "as of 10:25 EST",
        "What is not known",
        "In-house readiness was not recorded",
    ] {
        assert!(page.contains(said), "{said}");
    }
}

#[tokio::test]
async fn the_live_page_of_the_example() {
    let app = App::new(
        MemoryConsole::new(example()) as Arc<_>,
        Settings::new([7; 32]),
    );
    let mut v = Visitor::new(router(app));
    v.sign_in(USER, PASSWORD).await;
    let page = v.get("/").await;
    let mut html = page.text.clone();
    for (secret, word) in [
        (page.hidden("csrf"), "CSRF"),
        (page.hidden("command"), "COMMAND"),
    ] {
        html = html.replace(&secret, word);
    }
    let assets: Vec<String> = html
        .split('"')
        .filter(|part| part.starts_with("/assets/"))
        .map(ToOwned::to_owned)
        .collect();
    for url in assets {
        html = html.replace(
            &url,
            &format!("/assets/HASH/{}", url.rsplit('/').next().unwrap()),
        );
    }
    insta::assert_snapshot!("live_page_of_the_example", html);
}

/// The values of one token set by name.
fn token_set(from: &str) -> BTreeMap<&str, &str> {
    let start = TOKENS
        .find(from)
        .unwrap_or_else(|| panic!("tokens.css has no {from}"));
    let block = TOKENS[start..]
        .split('{')
        .nth(1)
        .unwrap()
        .split('}')
        .next()
        .unwrap();
    block
        .split(';')
        .filter_map(|pair| pair.trim().rsplit("*/").next()?.trim().split_once(':'))
        .map(|(name, value)| (name.trim().trim_start_matches("--"), value.trim()))
        .collect()
}

#[test]
fn the_two_dark_sets_are_equal() {
    let preferred = token_set(":root:not([data-theme=light])");
    let chosen = token_set(":root[data-theme=dark]");
    assert!(preferred.len() > 20);
    assert_eq!(preferred, chosen);
}

/// Relative luminance, WCAG 2.2.
fn luminance(colour: &str) -> f64 {
    let digits = colour.trim_start_matches('#');
    let digits: String = if digits.len() == 3 {
        digits.chars().flat_map(|c| [c, c]).collect()
    } else {
        digits.to_owned()
    };
    let channel = |i: usize| {
        let c = f64::from(u8::from_str_radix(&digits[i..i + 2], 16).unwrap()) / 255.0;
        if c <= 0.04045 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

fn contrast(a: &str, b: &str) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_and_marks_stand_out_in_both_themes() {
    const TEXT: [(&str, &str); 27] = [
        ("ink", "page"),
        ("ink", "surface"),
        ("ink", "sunk"),
        ("ink-2", "page"),
        ("ink-2", "surface"),
        ("ink-2", "sunk"),
        ("on-ink", "ink"),
        ("in", "page"),
        ("in", "surface"),
        ("in", "in-tint"),
        ("on-in", "in"),
        ("out", "page"),
        ("out", "surface"),
        ("out", "out-tint"),
        ("harm", "page"),
        ("harm", "surface"),
        ("on-harm", "harm"),
        ("on-hold", "hold"),
        ("on-proved", "proved"),
        ("page", "ink"),
        ("h-lo", "h1"),
        ("h-lo", "h2"),
        ("h-lo", "h3"),
        ("h-lo", "h4"),
        ("h-hi", "h5"),
        ("h-hi", "h6"),
        ("h-hi", "h7"),
    ];
    const MARKS: [(&str, &str); 6] = [
        ("edge", "page"),
        ("edge", "surface"),
        ("unknown", "page"),
        ("unknown", "surface"),
        ("proved", "page"),
        ("harm", "page"),
    ];
    let light = token_set(":root {");
    let dark = token_set(":root[data-theme=dark]");
    for (theme, set) in [("light", &light), ("dark", &dark)] {
        for (pairs, least) in [(&TEXT[..], 4.5), (&MARKS[..], 3.0)] {
            for (front, back) in pairs {
                let found = contrast(set[front], set[back]);
                assert!(
                    found >= least,
                    "{theme}: {front} on {back} is {found:.2}, below {least}"
                );
            }
        }
    }
}

#[test]
fn the_contrast_formula_is_the_standard_one() {
    assert!((contrast("#000", "#fff") - 21.0).abs() < 1e-9);
    assert!((contrast("#767676", "#ffffff") - 4.54).abs() < 0.01);
}

#[test]
fn sheets_use_only_tokens_that_exist_and_no_force() {
    let known = token_set(":root {");
    for (name, sheet) in SHEETS {
        assert!(
            !sheet
                .replace("No !important", "")
                .replace("no !important", "")
                .contains("!important"),
            "{name}"
        );
        for token in sheet.split("var(--").skip(1) {
            let token = token.split([')', ',']).next().unwrap().trim();
            assert!(
                known.contains_key(token),
                "{name} uses --{token}, which no token defines"
            );
        }
    }
}

/// The calendar says in words what its picture draws: dates with what they move from, whose rules bind, what both get.
#[tokio::test]
async fn the_calendar_tells_what_it_draws() {
    let app = App::new(
        MemoryConsole::new(example()) as Arc<_>,
        Settings::new([7; 32]),
    );
    let mut v = Visitor::new(router(app));
    let away = v.get("/plan/calendar").await;
    assert_eq!(away.status, 303);
    v.sign_in(USER, PASSWORD).await;
    let page = v.get("/plan/calendar").await.text;
    for words in [
        "<a href=\"/plan/calendar\" aria-current=\"page\">Plan</a>",
        "<del>Wed 14 Apr 2027</del> <ins>Mon 10 May 2027</ins>",
        "<td>CareBridge</td><td>at most 12 nurses trained per week <code>C-3</code></td>",
        "<td class=\"num\">74.0 of 100</td>",
        "no wish with a date",
        "RVS-North/APPT &#38; more",
        "href=\"/plan/calendar.ics\"",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert_eq!(
        page.matches("class=\"bo\"").count(),
        7,
        "a bar for each step"
    );
    assert!(!page.contains("<calls>"));
}
