//! The page in a real browser, with and without JavaScript, at a desk and on a phone.
#![expect(
    clippy::unwrap_used,
    reason = "helpers outside the test functions may panic too"
)]

#[path = "support/browser.rs"]
mod browser;
#[path = "support/console.rs"]
mod console;

use browser::{Browser, Look};
use console::{MemoryConsole, PASSWORD, PIN, USER, at, example};
use segue_web::view::LiveView;
use segue_web::{App, Settings, serve};
use std::sync::Arc;
use std::time::Duration;

/// A server on a free loopback port; it ends with the test's runtime.
async fn server(view: LiveView) -> (Arc<MemoryConsole>, String) {
    let console = MemoryConsole::new(view);
    let app = App::new(Arc::clone(&console) as Arc<_>, Settings::new([7; 32]));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, app, std::future::pending()));
    (console, base)
}

async fn sign_in(b: &Browser, base: &str) {
    b.open(&format!("{base}/login")).await;
    b.fill("#user", USER).await;
    b.fill("#password", PASSWORD).await;
    b.click("main button").await;
    b.sees("h1", "Calls go where they were agreed.").await;
}

fn message_calls(console: &MemoryConsole, calls: u64) {
    console.change(|view| view.lines[0].chunks[0].outsourced.live_calls = Some(calls));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_in_watch_a_count_change_press_and_see_home() {
    let (console, base) = server(example()).await;
    browser::with(Look::DESK, async |b| {
        sign_in(b, &base).await;
        b.sees("#out-MSG", "3").await;
        message_calls(&console, 4);
        b.sees("#out-MSG", "4").await;

        // An update neither closes the panel nor moves the focus.
        b.click(".home > summary").await;
        b.sees(".home > summary", "Cancel: leave calls as they are")
            .await;
        message_calls(&console, 5);
        b.sees("#out-MSG", "5").await;
        b.sees(".home > summary", "Cancel: leave calls as they are")
            .await;
        assert_eq!(
            b.eval("return document.activeElement.tagName").await,
            "SUMMARY"
        );

        b.click(".home-go").await;
        b.sees("h1", "Every new call goes home.").await;
        b.sees("main", "Home on 1 of 1, not verified yet").await;
        assert!(b.path().await.starts_with("/fallback/"));
        // A person in-house answers the test call: the open result page says so by itself.
        console.change(|view| view.home[0].verified_at = Some(at("2027-04-13T14:43:51Z")));
        b.sees("main", "Home on 1 of 1, verified").await;
        b.open(&base).await;
        b.sees("main", "Home, verified 10:43:51 EDT").await;
        assert_eq!(b.complaints().await, Vec::<String>::new());
    })
    .await;
    assert!(!browser::available() || console.presses.lock().unwrap().len() == 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_without_javascript() {
    let (console, base) = server(example()).await;
    browser::with(Look::DESK.without_javascript(), async |b| {
        sign_in(b, &base).await;
        b.sees("noscript", "This page does not update by itself here.")
            .await;
        b.sees("#out-MSG", "3").await;
        message_calls(&console, 4);
        b.click("noscript a").await;
        b.sees("#out-MSG", "4").await;
        b.click(".home > summary").await;
        b.click(".home-go").await;
        b.sees("h1", "Every new call goes home.").await;
        b.sees("main", "Home on 1 of 1, not verified yet").await;
        console.change(|view| view.home[0].verified_at = Some(at("2027-04-13T14:43:51Z")));
        b.click("main a.button").await;
        b.sees("main", "Home on 1 of 1, verified").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_with_a_pin_brings_calls_home_without_javascript() {
    let (_console, base) = server(example()).await;
    browser::with(Look::PHONE.without_javascript(), async |b| {
        b.open(&format!("{base}/duty")).await;
        b.click(".home > summary").await;
        b.fill("#home-user", USER).await;
        b.fill("#home-pin", "00000000").await;
        b.click(".home-go").await;
        b.sees("#home-error", "Nothing has changed.").await;
        b.fill("#home-pin", PIN).await;
        b.click(".home-go").await;
        b.sees("main", "Home on 1 of 1, not verified yet").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_server_is_said_aloud_and_old_counts_are_not_taken_for_new() {
    let console = MemoryConsole::new(example());
    let app = App::new(Arc::clone(&console) as Arc<_>, Settings::new([7; 32]));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(serve(listener, app, async {
        let _ended = stopped.await;
    }));
    browser::with(Look::DESK, async |b| {
        sign_in(b, &base).await;
        b.sees("#out-MSG", "3").await;
        stop.send(()).unwrap();
        serving.await.unwrap();
        b.sees("#lost", "Live updates stopped.").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_left_open_signs_out_and_its_home_button_asks_for_the_pin() {
    let console = MemoryConsole::new(example());
    let mut settings = Settings::new([7; 32]);
    settings.idle_logoff = Duration::from_secs(3);
    let app = App::new(Arc::clone(&console) as Arc<_>, settings);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, app, std::future::pending()));
    browser::with(Look::DESK, async |b| {
        sign_in(b, &base).await;
        b.click(".home > summary").await;
        b.sees("h1", "You are signed out.").await;
        b.sees(".home > summary", "Cancel: leave calls as they are")
            .await;
        b.click(".home-go").await;
        b.sees(
            "#home-error",
            "Your name and duty PIN bring the calls home.",
        )
        .await;
        b.fill("#home-user", USER).await;
        b.fill("#home-pin", PIN).await;
        b.click(".home-go").await;
        b.sees("main", "Home on 1 of 1, not verified yet").await;
    })
    .await;
}

/// Names and numbers as long as they may come.
fn long() -> LiveView {
    let mut view = example();
    view.transition = "Riverside Community Health Partners to CareBridge Nurse Triage".into();
    view.outsourcer = "CareBridge Nurse Triage".into();
    let chunk = &mut view.lines[0].chunks[3];
    chunk.code = "NORTHWEST-TRIAGE-NIGHTS".into();
    chunk.call_type = "Otorhinolaryngology appointments, weekends".into();
    chunk.outsourced.live_calls = Some(1_234);
    chunk.outsourced.waiting_calls = Some(12_345);
    chunk.outsourced.longest_wait_s = Some(3_599.0);
    chunk.outsourced.p90_wait_s = Some(754.0);
    view.nodes[0].position = Some(123_456_789);
    view
}

/// What a signed-in person looks at.
const PAGES: [&str; 6] = [
    "/",
    "/discovery?rows=201",
    "/plan/calendar",
    "/plan/week",
    "/parity",
    "/duty",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_phone_nothing_scrolls_sideways_and_home_is_in_reach() {
    let (_short, short) = server(example()).await;
    let (_long, long) = server(long()).await;
    browser::with(Look::PHONE, async |b| {
        for base in [&short, &long] {
            for path in ["/login", "/duty", "/nowhere"] {
                fits(b, &format!("{base}{path}")).await;
            }
            sign_in(b, base).await;
            for path in PAGES.into_iter().chain(["/nowhere"]) {
                fits(b, &format!("{base}{path}")).await;
            }
            b.click(".home-go").await;
            b.sees("main", "Home on 1 of 1").await;
            let result = b.path().await;
            for path in [result.as_str(), "/", "/duty"] {
                fits(b, &format!("{base}{path}")).await;
            }
        }
    })
    .await;
}

/// Opens a page and its home panel: no sideways scroll, the first press within the window, the
/// second press not under the first.
async fn fits(b: &Browser, url: &str) {
    b.open(url).await;
    let width = b.eval("return document.documentElement.scrollWidth").await;
    assert!(
        width.as_u64() <= Some(360),
        "{url} is {width} px wide on a screen of 360"
    );
    let window = b.eval("return window.innerHeight").await.as_f64().unwrap();
    let first = "return (r => [r.left, r.top, r.right, r.bottom])\
                 (document.querySelector('.home > summary').getBoundingClientRect())";
    let second = "return (r => [r.left, r.top, r.right, r.bottom])\
                  (document.querySelector('.home-go').getBoundingClientRect())";
    let numbers = |v: serde_json::Value| -> Vec<f64> {
        v.as_array()
            .unwrap()
            .iter()
            .map(|n| n.as_f64().unwrap())
            .collect()
    };
    let before = numbers(b.eval(first).await);
    assert!(
        before[1] >= 0.0 && before[3] <= window,
        "{url}: home is out of reach: {before:?}"
    );
    assert!(
        before[3] - before[1] >= 44.0,
        "{url}: home is too small to hit"
    );
    b.click(".home > summary").await;
    b.sees(".home > summary", "Cancel").await;
    let (cancel, go) = (numbers(b.eval(first).await), numbers(b.eval(second).await));
    for (name, at) in [("the first press", &before), ("cancel", &cancel)] {
        let apart = go[3] <= at[1] || go[1] >= at[3] || go[2] <= at[0] || go[0] >= at[2];
        assert!(
            apart,
            "{url}: the second press {go:?} lies under {name} {at:?}"
        );
    }
    assert!(
        go[1] >= 0.0 && go[3] <= window,
        "{url}: the second press is out of reach: {go:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_a_desk_home_is_on_every_page_and_the_second_press_elsewhere() {
    let (_console, base) = server(example()).await;
    browser::with(Look::DESK, async |b| {
        for path in ["/login", "/duty", "/nowhere"] {
            desk(b, &format!("{base}{path}")).await;
        }
        sign_in(b, &base).await;
        for path in PAGES.into_iter().chain(["/nowhere"]) {
            desk(b, &format!("{base}{path}")).await;
        }
    })
    .await;
}

async fn desk(b: &Browser, url: &str) {
    b.open(url).await;
    let [x, y, width, height] = b.rect(".home > summary").await;
    assert!(
        x + width <= 1440.0 && y + height <= 900.0,
        "{url}: home is out of reach"
    );
    b.click(".home > summary").await;
    b.sees(".home > summary", "Cancel").await;
    let [_, go_y, _, _] = b.rect(".home-go").await;
    assert!(
        go_y >= y + height,
        "{url}: the second press lies under the first"
    );
}

/// The accessibility rules of axe-core (WCAG 2.2 A and AA and its best practices).
const AXE: &str = include_str!("vendor/axe-core-4.14.1/axe.min.js");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_at_a_desk() {
    let (_console, base) = server(example()).await;
    browser::with(Look::DESK, async |b| accessible(b, &base).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn axe_finds_nothing_on_a_phone() {
    let (_console, base) = server(example()).await;
    browser::with(Look::PHONE, async |b| accessible(b, &base).await).await;
}

async fn accessible(b: &Browser, base: &str) {
    for path in ["/login", "/duty", "/nowhere"] {
        axe(b, &format!("{base}{path}"), true).await;
    }
    sign_in(b, base).await;
    for path in PAGES {
        axe(b, &format!("{base}{path}"), false).await;
        axe(b, &format!("{base}{path}"), true).await;
    }
    b.click(".home-go").await;
    b.sees("main", "Home on 1 of 1").await;
    axe(b, &format!("{base}{}", b.path().await), false).await;
}

/// Both themes of a page, with the home panel closed or open.
async fn axe(b: &Browser, url: &str, home_open: bool) {
    b.open(url).await;
    if home_open {
        b.click(".home > summary").await;
        b.sees(".home > summary", "Cancel").await;
        // Half-faded text would have half the contrast.
        b.eval("return Promise.all(document.getAnimations().map(a => a.finished)).then(() => 1)")
            .await;
    }
    b.eval(&format!("{AXE}; return 1")).await;
    for theme in ["light", "dark"] {
        b.eval(&format!(
            "document.documentElement.dataset.theme = '{theme}'; return 1"
        ))
        .await;
        let found = b
            .eval(
                "return axe.run({resultTypes: ['violations']}).then(r => r.violations.map(\
                 v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 120)).join(' | ')))",
            )
            .await;
        assert_eq!(
            found,
            serde_json::json!([]),
            "{url} {theme}, home open: {home_open}"
        );
    }
}
