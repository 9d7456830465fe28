//! The pages in-process: sign-in, the home button by every door, live updates, headers.

#[path = "support/console.rs"]
mod console;
#[path = "support/setup.rs"]
mod setup;
#[path = "support/visitor.rs"]
mod visitor;

use axum::http::StatusCode;
use console::{MemoryConsole, PASSWORD, PIN, USER, example};
use futures_util::StreamExt;
use segue_web::{App, Door, serve};
use setup::{settings, signed_in, visitor, visitor_with};
use std::sync::Arc;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_stranger_sees_no_state_but_the_home_button() {
    let (_, mut v) = visitor();
    let live = v.get("/").await;
    assert_eq!(
        (live.status, live.header("location")),
        (StatusCode::SEE_OTHER, "/login")
    );
    for path in ["/login", "/duty", "/nowhere"] {
        let page = v.get(path).await;
        assert!(
            page.text.contains("Bring every call home"),
            "{path} has the home control"
        );
        assert!(
            page.text.contains("name=\"pin\""),
            "{path} asks for the PIN"
        );
        assert!(
            page.text.contains("EXAMPLE DATA"),
            "{path} says that it is an example"
        );
        for secret in ["Riverside", "CareBridge", "RVS-Main", "TRI-D", "10:42"] {
            assert!(
                !page.text.contains(secret),
                "{path} tells a stranger {secret}"
            );
        }
    }
    assert_eq!(v.get("/live/events").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(v.get("/api/v1/live").await.status, StatusCode::UNAUTHORIZED);
    assert!(
        v.get("/live/now")
            .await
            .text
            .contains("You are signed out.")
    );
}

#[tokio::test]
async fn sign_in_shows_the_live_page_and_sign_out_ends_it() {
    let (_, mut v) = signed_in().await;
    let page = v.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text
            .contains("<h1>Calls go where they were agreed. 3 chunks wait.</h1>")
    );
    assert!(page.text.contains("in-house manager, Riverside Health"));
    let out = v.post("/logout", &[("csrf", "wrong")]).await;
    assert_eq!(out.status, StatusCode::FORBIDDEN);
    assert_eq!(v.get("/").await.status, StatusCode::OK, "still signed in");
    let out = v.post("/logout", &[("csrf", &page.hidden("csrf"))]).await;
    assert_eq!(out.header("location"), "/login");
    assert_eq!(v.get("/").await.header("location"), "/login");
}

#[tokio::test]
async fn sign_in_refuses_wrong_passwords_foreign_forms_and_too_many_tries() {
    let (_, mut v) = visitor();
    let wrong = v.sign_in(USER, "wrong").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text.contains("do not go together"));
    assert!(
        wrong.text.contains("value=\"dana\""),
        "what was typed stays"
    );
    assert!(
        !wrong.text.contains("value=\"wrong\""),
        "the password does not"
    );
    let fields = [("csrf", "00"), ("user", USER), ("password", PASSWORD)];
    let foreign = v.post("/login", &fields).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    for _ in 0..4 {
        v.sign_in(USER, "wrong").await;
    }
    let throttled = v.sign_in(USER, PASSWORD).await;
    assert_eq!(throttled.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(throttled.header("retry-after"), "30");
    assert_eq!(v.get("/").await.header("location"), "/login");
}

#[tokio::test]
async fn sign_in_leads_only_to_own_pages() {
    let (_, mut v) = visitor();
    let csrf = v.get("/login?next=https://elsewhere.example/").await;
    assert!(!csrf.text.contains("elsewhere"));
    let csrf = csrf.hidden("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("user", USER),
        ("password", PASSWORD),
        ("next", "//evil"),
    ];
    assert_eq!(v.post("/login", &fields).await.header("location"), "/");
}

#[tokio::test]
async fn sign_in_leads_back_to_the_page_that_was_asked_for() {
    for page in [
        "/account",
        "/boards",
        "/discovery",
        "/my-calls",
        "/nodes",
        "/parity",
        "/plan/calendar",
        "/plan/draft",
        "/plan/week",
        "/sign",
    ] {
        let (_, mut v) = visitor();
        let asked = v.get(page).await;
        let sign_in = asked.header("location").to_owned();
        let csrf = v.get(&sign_in).await.hidden("csrf");
        let fields = [
            ("csrf", csrf.as_str()),
            ("user", USER),
            ("password", PASSWORD),
            ("next", sign_in.strip_prefix("/login?next=").unwrap()),
        ];
        assert_eq!(v.post("/login", &fields).await.header("location"), page);
    }
}

#[tokio::test]
async fn a_signed_in_person_brings_calls_home_by_form() {
    let (console, mut v) = signed_in().await;
    let page = v.get("/").await;
    let (csrf, command) = (page.hidden("csrf"), page.hidden("command"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("command", &command),
        ("scope", "all"),
    ];
    let pressed = v.post("/fallback", &fields).await;
    assert_eq!(pressed.status, StatusCode::SEE_OTHER, "{}", pressed.text);
    assert_eq!(pressed.header("location"), format!("/fallback/{command}"));
    let result = v.get(pressed.header("location")).await;
    assert!(
        result.text.contains("Home on 1 of 1, not verified yet"),
        "{}",
        result.text
    );
    assert!(result.text.contains("incident 17"));
    let requests = console.presses.lock().unwrap().clone();
    let request = &requests[&command];
    assert_eq!(
        (request.scope.as_str(), request.door),
        ("all", Door::Account)
    );
    assert_eq!(request.person.user, USER);
    assert!(v.get("/").await.text.contains("Every new call goes home."));

    console.change(|view| view.home[0].verified_at = Some(console::at("2027-04-13T14:43:51Z")));
    let result = v.get(&format!("/fallback/{command}/now")).await;
    assert!(
        result.text.contains("Home on 1 of 1, verified"),
        "{}",
        result.text
    );
    let live = v.get("/").await;
    assert!(live.text.contains("Home, verified 10:43:51 EDT"));
    assert!(live.text.contains("answered a call 41\u{a0}s later"));
}

#[tokio::test]
async fn a_retry_is_the_same_incident_and_says_so() {
    let (_, mut v) = signed_in().await;
    let page = v.get("/duty").await;
    let (csrf, command) = (page.hidden("csrf"), page.hidden("command"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("command", &command),
        ("scope", "all"),
    ];
    v.post("/fallback", &fields).await;
    let again = v.post("/fallback", &fields).await;
    let result = v.get(again.header("location")).await;
    assert!(result.text.contains("no second incident"));
    assert!(
        v.get("/")
            .await
            .text
            .contains("Every call is sent home already.")
    );
}

#[tokio::test]
async fn a_foreign_form_changes_nothing() {
    let (console, mut v) = signed_in().await;
    let refused = v
        .post("/fallback", &[("csrf", "00"), ("scope", "TRI-D")])
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("Nothing has changed"));
    assert!(
        refused.text.contains("<details class=\"home\" open>"),
        "the panel is open again"
    );
    assert!(
        refused.text.contains("value=\"TRI-D\" checked"),
        "the choice is kept"
    );
    let csrf = v.get("/").await.hidden("csrf");
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "cross-site"),
    ];
    let cross = v
        .send("/fallback", &headers, format!("csrf={csrf}&scope=all"))
        .await;
    assert_eq!(cross.status, StatusCode::FORBIDDEN);
    assert!(console.presses.lock().unwrap().is_empty());
}

fn fields<'a>(of: &'a [(&'a str, String)]) -> Vec<(&'a str, &'a str)> {
    of.iter().map(|(k, v)| (*k, v.as_str())).collect()
}

#[tokio::test]
async fn name_and_pin_bring_calls_home_without_a_session() {
    let (console, mut v) = visitor();
    let page = v.get("/duty").await;
    let (csrf, command) = (page.hidden("csrf"), page.hidden("command"));
    let with = |pin: &'static str| {
        [
            ("csrf", csrf.clone()),
            ("command", command.clone()),
            ("scope", "all".to_owned()),
            ("user", USER.to_owned()),
            ("pin", pin.to_owned()),
        ]
    };
    let none = v.post("/fallback", &fields(&with(""))).await;
    assert_eq!(none.status, StatusCode::UNAUTHORIZED);
    let wrong = v.post("/fallback", &fields(&with("00000000"))).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text.contains("Nothing has changed. Try again"));
    assert!(!wrong.text.contains("00000000"), "the PIN is not sent back");
    assert!(wrong.text.contains("value=\"dana\""));
    assert_eq!(
        wrong.hidden("command"),
        command,
        "the retry stays the same command"
    );
    assert!(console.presses.lock().unwrap().is_empty());

    let right = v.post("/fallback", &fields(&with(PIN))).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "{}", right.text);
    let result = v.get(right.header("location")).await;
    assert!(result.text.contains("Home on 1 of 1"));
    assert!(
        !result.text.contains("Riverside"),
        "a PIN opens no other state"
    );
    assert_eq!(console.presses.lock().unwrap()[&command].door, Door::Pin);
    assert_eq!(
        v.get("/").await.header("location"),
        "/login",
        "a PIN signs nobody in"
    );
}

#[tokio::test]
async fn a_pin_is_throttled_and_others_are_not() {
    let (_, mut v) = visitor();
    let csrf = v.get("/duty").await.hidden("csrf");
    let try_pin = |user: &'static str| {
        [
            ("csrf", csrf.clone()),
            ("user", user.into()),
            ("pin", "1".to_owned()),
        ]
    };
    let mut statuses = Vec::new();
    for user in [USER, USER, USER, USER, USER, USER, "someone-else"] {
        let fields = try_pin(user);
        let fields: Vec<_> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        statuses.push(v.post("/fallback", &fields).await.status.as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 401]);
}

#[tokio::test]
async fn after_idle_logoff_the_open_form_still_works_by_pin() {
    let mut short = settings();
    short.idle_logoff = Duration::from_secs(1);
    let (console, mut v) = visitor_with(short);
    v.sign_in(USER, PASSWORD).await;
    let page = v.get("/").await;
    let (csrf, command) = (page.hidden("csrf"), page.hidden("command"));
    let signed_out = async {
        // The poll is no act: it must not keep the session alive.
        while !v
            .get("/live/now")
            .await
            .text
            .contains("You are signed out.")
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, signed_out)
        .await
        .expect("the session ends");
    let fields = [
        ("csrf", csrf.as_str()),
        ("command", &command),
        ("scope", "all"),
    ];
    let asked = v.post("/fallback", &fields).await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    assert!(
        asked
            .text
            .contains("Your name and duty PIN bring the calls home")
    );
    let mut fields = fields.to_vec();
    fields.extend([("user", USER), ("pin", PIN)]);
    assert_eq!(
        v.post("/fallback", &fields).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(console.presses.lock().unwrap().contains_key(&command));
}

#[tokio::test]
async fn a_press_goes_on_when_the_visitor_is_gone() {
    let (console, mut v) = signed_in().await;
    console.gate.send_replace(false);
    let page = v.get("/").await;
    let (csrf, command) = (page.hidden("csrf"), page.hidden("command"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("command", &command),
        ("scope", "all"),
    ];
    // The connection breaks while the press is under way: its handler is dropped.
    let mut entered = console.entered.subscribe();
    tokio::select! {
        _ = v.post("/fallback", &fields) => panic!("the gate is shut"),
        reached = entered.wait_for(|n| *n > 0) => assert!(reached.is_ok()),
    }
    assert_eq!(
        v.get(&format!("/fallback/{command}")).await.status,
        StatusCode::NOT_FOUND
    );
    console.gate.send_replace(true);
    let done = async {
        while v.get(&format!("/fallback/{command}")).await.status != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, done)
        .await
        .expect("the press ends well");
    assert!(console.presses.lock().unwrap().contains_key(&command));
}

#[tokio::test]
async fn live_events_end_with_the_session() {
    let mut short = settings();
    short.idle_logoff = Duration::from_secs(1);
    let (_, mut v) = visitor_with(short);
    v.sign_in(USER, PASSWORD).await;
    let open = v.stream("/live/events").await;
    let rest = axum::body::to_bytes(open.into_body(), 1 << 20);
    let rest = tokio::time::timeout(DEADLINE, rest)
        .await
        .expect("the stream ends")
        .unwrap();
    let rest = String::from_utf8(rest.to_vec()).unwrap();
    assert!(
        rest.trim_end().ends_with("event: reload\ndata: ended"),
        "{rest}"
    );
    assert_eq!(
        v.stream("/live/events").await.status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn live_events_send_every_part_first_and_then_what_changed() {
    let (console, mut v) = signed_in().await;
    let response = v.stream("/live/events?page=live").await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body().into_data_stream();
    let mut seen = String::new();
    let first = async {
        while !seen.contains("event: journal\n") || !seen.ends_with("\n\n") {
            let bytes = body.next().await.expect("open").expect("bytes");
            seen.push_str(std::str::from_utf8(&bytes).expect("UTF-8"));
        }
    };
    tokio::time::timeout(DEADLINE, first)
        .await
        .expect("the first parts arrive");
    for name in [
        "clock", "announce", "say", "lines", "join", "locks", "nodes", "journal",
    ] {
        assert!(
            seen.contains(&format!("event: {name}\n")),
            "{name} is missing"
        );
    }
    console.change(|view| view.lines[0].chunks[0].outsourced.live_calls = Some(7));
    let mut seen = String::new();
    let next = async {
        while !seen.ends_with("\n\n") {
            let bytes = body.next().await.expect("open").expect("bytes");
            seen.push_str(std::str::from_utf8(&bytes).expect("UTF-8"));
        }
    };
    tokio::time::timeout(DEADLINE, next)
        .await
        .expect("the change arrives");
    assert!(
        seen.starts_with("event: lines\n"),
        "only the part that changed: {seen}"
    );
    assert!(seen.contains("id=\"out-MSG\">7<"));
}

#[tokio::test]
async fn live_connections_are_bounded_and_the_poll_stays() {
    let mut one = settings();
    one.events_connections_max = 1;
    let (_, mut v) = visitor_with(one);
    v.sign_in(USER, PASSWORD).await;
    let open = v.stream("/live/events").await;
    assert_eq!(open.status(), StatusCode::OK);
    assert_eq!(
        v.stream("/live/events").await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
    let poll = v.get("/live/now?page=duty").await;
    assert!(poll.text.contains("id=\"f-verified\" hx-swap-oob"));
    drop(open);
    assert_eq!(
        v.stream("/live/events").await.status(),
        StatusCode::OK,
        "the place is free again"
    );
}

#[tokio::test]
async fn every_answer_carries_the_content_policy_and_cookies_are_sealed() {
    let (_, mut v) = signed_in().await;
    for path in [
        "/",
        "/duty",
        "/nowhere",
        "/healthz",
        "/api/v1/live",
        "/assets/0/none.css",
    ] {
        let answer = v.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"));
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        if path != "/assets/0/none.css" {
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }
    let mut secure = settings();
    secure.secure_cookies = true;
    let (_, mut v) = visitor_with(secure);
    let first = v.get("/login").await;
    let cookie = first.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Secure"] {
        assert!(cookie.contains(part), "{part} is missing in {cookie}");
    }
    let signed_in = v.sign_in(USER, PASSWORD).await;
    let cookie = signed_in.header("set-cookie");
    for part in ["segue_session=", "HttpOnly", "SameSite=Strict", "Secure"] {
        assert!(cookie.contains(part), "{part} is missing in {cookie}");
    }
}

#[tokio::test]
async fn assets_are_immutable_and_linked_by_their_hash() {
    let (_, mut v) = visitor();
    let page = v.get("/login").await.text;
    let linked: Vec<&str> = page
        .split('"')
        .filter(|part| part.starts_with("/assets/"))
        .collect();
    assert_eq!(linked.len(), 6);
    for path in linked {
        let asset = v.get(path).await;
        assert_eq!(asset.status, StatusCode::OK, "{path}");
        assert!(
            asset.header("cache-control").contains("immutable"),
            "{path}"
        );
        assert!(!asset.text.is_empty());
    }
}

#[tokio::test]
async fn the_server_shuts_down_with_a_live_connection_open() {
    let console = MemoryConsole::new(example());
    let app = App::new(Arc::clone(&console) as Arc<_>, settings());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, app, async {
        let _ended = stopped.await;
    }));
    let http = reqwest::Client::new();
    let page = http.get(format!("{base}/login")).send().await.unwrap();
    let form = page.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let text = page.text().await.unwrap();
    let csrf = text
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let no_redirect = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let signed_in = no_redirect
        .build()
        .unwrap()
        .post(format!("{base}/login"))
        .header("cookie", &form)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!(
            "csrf={csrf}&user={USER}&password={}",
            PASSWORD.replace(' ', "+")
        ))
        .send()
        .await
        .unwrap();
    assert_eq!(
        *console.sources.lock().unwrap(),
        [std::net::Ipv4Addr::LOCALHOST]
    );
    let session = signed_in.headers()["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let events = http
        .get(format!("{base}/live/events"))
        .header("cookie", format!("{form}; {session}"))
        .send()
        .await
        .unwrap();
    assert_eq!(events.status(), 200);
    stop.send(()).unwrap();
    tokio::time::timeout(DEADLINE, server)
        .await
        .expect("ends in time")
        .expect("no panic");
    let rest = tokio::time::timeout(DEADLINE, events.text())
        .await
        .expect("the stream ends");
    assert!(
        rest.unwrap().contains("event: reload"),
        "and says that it ended"
    );
}
