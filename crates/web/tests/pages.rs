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

use console::{MemoryConsole, PASSWORD, USER, example};
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
        for path in ["/", "/duty", "/nowhere"] {
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
    assert_eq!(pages.len(), 19);
    pages
}

/// A transition of which nothing is known yet.
fn empty() -> segue_web::view::LiveView {
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
