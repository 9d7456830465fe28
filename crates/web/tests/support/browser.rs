//! A real browser for tests: Debian's chromium, driven over the `WebDriver` protocol (W3C
//! `WebDriver`, sections 8 to 17) through chromedriver. Needs only `futures-util`,
//! `reqwest`, `serde_json`, `tempfile` and `tokio`, so that other rooms can include this file by its path.
//!
//! Where chromium is missing a test prints SKIPPED; with `SEGUE_REQUIRE_PEERS=1` it fails.
#![allow(
    dead_code,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::allow_attributes,
    reason = "test support: each user needs a part of it, and waiting needs a deadline"
)]

use futures_util::FutureExt;
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const CHROMIUM: &str = "/usr/bin/chromium";
const CHROMEDRIVER: &str = "/usr/bin/chromedriver";
const DEADLINE: Duration = Duration::from_secs(30);
const CLOSE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(50);

/// How to look at a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    pub(crate) javascript: bool,
    pub(crate) width_px: u32,
    pub(crate) height_px: u32,
}

impl Look {
    pub(crate) const DESK: Self = Self {
        javascript: true,
        width_px: 1440,
        height_px: 900,
    };
    pub(crate) const PHONE: Self = Self {
        javascript: true,
        width_px: 360,
        height_px: 740,
    };

    pub(crate) const fn without_javascript(self) -> Self {
        Self {
            javascript: false,
            ..self
        }
    }
}

/// One browser with one window.
pub(crate) struct Browser {
    http: reqwest::Client,
    session: String,
    chromium_pid: Option<u64>,
    _driver: Child,
    _profile: TempDir,
}

/// False, with a visible line, where chromium is missing and may be.
pub(crate) fn available() -> bool {
    let there = Path::new(CHROMIUM).exists() && Path::new(CHROMEDRIVER).exists();
    if !there {
        let required = std::env::var("SEGUE_REQUIRE_PEERS").is_ok_and(|v| v == "1");
        assert!(
            !required,
            "chromium and chromedriver are required: apt-get install chromium-driver"
        );
        println!("SKIPPED: no {CHROMIUM} or {CHROMEDRIVER}; install chromium-driver");
    }
    there
}

/// Runs a scenario in a fresh browser and closes it, whatever happens.
pub(crate) async fn with(look: Look, scenario: impl AsyncFnOnce(&Browser)) {
    if !available() {
        return;
    }
    let browser = Browser::start(look).await;
    let ended = AssertUnwindSafe(scenario(&browser)).catch_unwind().await;
    browser.end().await;
    if let Err(failed) = ended {
        std::panic::resume_unwind(failed);
    }
}

impl Browser {
    async fn start(look: Look) -> Self {
        let mut driver = Command::new(CHROMEDRIVER)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver starts");
        let mut lines = BufReader::new(driver.stdout.take().expect("piped")).lines();
        let port = loop {
            let line = lines
                .next_line()
                .await
                .expect("readable")
                .expect("chromedriver says its port");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        // Keep reading, so that the driver never blocks on a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let profile = tempfile::tempdir().expect("a temporary folder");
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(DEADLINE)
            .build()
            .expect("a client");
        let base = format!("http://127.0.0.1:{port}");
        let capabilities = capabilities(look, profile.path());
        let answer = command(&http, "POST", &format!("{base}/session"), &capabilities)
            .await
            .expect("chromium starts");
        let id = answer["sessionId"].as_str().expect("a session id");
        let session = format!("{base}/session/{id}");
        let chromium_pid = answer["capabilities"]["goog:processID"].as_u64();
        Self {
            http,
            session,
            chromium_pid,
            _driver: driver,
            _profile: profile,
        }
    }

    /// Closes the browser; one that no longer answers is ended by its process id.
    async fn end(&self) {
        let closing = command(&self.http, "DELETE", &self.session, &Value::Null);
        if matches!(tokio::time::timeout(CLOSE, closing).await, Ok(Ok(_))) {
            return;
        }
        if let Some(pid) = self.chromium_pid {
            let _ended = Command::new("kill").arg(pid.to_string()).status().await;
        }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Result<Value, String> {
        command(
            &self.http,
            method,
            &format!("{}{path}", self.session),
            &body,
        )
        .await
    }

    pub(crate) async fn open(&self, url: &str) {
        self.ask("POST", "/url", json!({ "url": url }))
            .await
            .expect("the page opens");
    }

    /// The path of the page shown.
    pub(crate) async fn path(&self) -> String {
        let url = self
            .ask("GET", "/url", Value::Null)
            .await
            .expect("an address");
        let url = url.as_str().expect("text").to_owned();
        url.splitn(4, '/')
            .nth(3)
            .map_or_else(|| "/".to_owned(), |path| format!("/{path}"))
    }

    /// Waits until a page of this path is shown.
    pub(crate) async fn until_path(&self, path: &str) {
        self.until(&format!("the page {path}"), async || {
            let shown = self.path().await;
            if shown == path {
                Ok(())
            } else {
                Err(format!("it is {shown}"))
            }
        })
        .await;
    }

    async fn element(&self, css: &str) -> Result<String, String> {
        let body = json!({ "using": "css selector", "value": css });
        let found = self.ask("POST", "/element", body).await?;
        let id = found
            .as_object()
            .and_then(|o| o.values().next())
            .and_then(Value::as_str);
        Ok(format!("/element/{}", id.ok_or("no element id")?))
    }

    /// Clicks what the selector finds, once it can be clicked.
    pub(crate) async fn click(&self, css: &str) {
        self.until(&format!("{css} can be clicked"), async || {
            let element = self.element(css).await?;
            self.ask("POST", &format!("{element}/click"), json!({}))
                .await
        })
        .await;
    }

    /// Presses the pointer at one point of what the selector finds and lifts it at another; points are offsets from its
    /// left upper corner in CSS pixels, within the window.
    pub(crate) async fn stroke(&self, css: &str, from: [f64; 2], to: [f64; 2]) {
        let corner = format!(
            "return (r => [r.left, r.top])(document.querySelector('{css}').getBoundingClientRect())"
        );
        let corner = self.eval(&corner).await;
        let go = |[x, y]: [f64; 2]| {
            let at = |side: usize, by: f64| (corner[side].as_f64().expect("a number") + by).round();
            json!({ "type": "pointerMove", "duration": 50, "x": at(0, x), "y": at(1, y) })
        };
        let press = |what: &str| json!({ "type": what, "button": 0 });
        let steps = json!([go(from), press("pointerDown"), go(to), press("pointerUp")]);
        let pointer = json!({ "type": "pointer", "id": "mouse", "actions": steps });
        self.ask("POST", "/actions", json!({ "actions": [pointer] }))
            .await
            .expect("the pointer moves");
    }

    /// Types into a field.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        self.until(&format!("{css} takes text"), async || {
            let element = self.element(css).await?;
            self.ask("POST", &format!("{element}/value"), json!({ "text": text }))
                .await
        })
        .await;
    }

    /// The visible text of what the selector finds.
    pub(crate) async fn text(&self, css: &str) -> Result<String, String> {
        let element = self.element(css).await?;
        let text = self
            .ask("GET", &format!("{element}/text"), Value::Null)
            .await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the visible text contains the words.
    pub(crate) async fn sees(&self, css: &str, words: &str) {
        self.until(&format!("{css} says {words:?}"), async || {
            let text = self.text(css).await?;
            if text.contains(words) {
                Ok(Value::Null)
            } else {
                Err(format!("it says {text:?}"))
            }
        })
        .await;
    }

    /// Position and size of what the selector finds: x, y, width, height in CSS pixels.
    pub(crate) async fn rect(&self, css: &str) -> [f64; 4] {
        let element = self.element(css).await.expect("the element is there");
        let rect = self
            .ask("GET", &format!("{element}/rect"), Value::Null)
            .await
            .expect("a rect");
        ["x", "y", "width", "height"].map(|key| rect[key].as_f64().expect("a number"))
    }

    /// The value of a script expression, which starts with `return`.
    pub(crate) async fn eval(&self, script: &str) -> Value {
        let body = json!({ "script": script, "args": [] });
        self.ask("POST", "/execute/sync", body)
            .await
            .expect("the script runs")
    }

    /// What the browser complained about: blocked scripts and styles, missing files, errors.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self
            .ask("POST", "/se/log", json!({ "type": "browser" }))
            .await
            .expect("a log");
        let entries = log.as_array().expect("a list").iter();
        entries
            .filter(|e| e["level"] == "SEVERE")
            .map(|e| e["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Plugs in a security key that knows its owner (W3C Web Authentication, section 11: automation).
    pub(crate) async fn plug_in_authenticator(&self) {
        let body = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserConsenting": true, "isUserVerified": true,
        });
        let plugged = self.ask("POST", "/webauthn/authenticator", body).await;
        plugged.expect("an authenticator");
    }

    /// Writes what the window shows to a PNG.
    pub(crate) async fn picture(&self, file: &Path) {
        use base64::Engine;
        let picture = self.ask("GET", "/screenshot", Value::Null).await;
        let picture = picture.expect("a picture");
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(picture.as_str().expect("base64"))
            .expect("base64");
        std::fs::write(file, bytes).expect("written");
    }

    async fn until<T>(&self, what: &str, try_it: impl AsyncFn() -> Result<T, String>) -> T {
        let begun = Instant::now();
        loop {
            match try_it().await {
                Ok(done) => return done,
                Err(why) => assert!(begun.elapsed() < DEADLINE, "not in time: {what}: {why}"),
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

fn capabilities(look: Look, profile: &Path) -> Value {
    let mut options = json!({
        "binary": CHROMIUM,
        "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", "--hide-scrollbars",
            format!("--user-data-dir={}", profile.display()),
            format!("--window-size={},{}", look.width_px, look.height_px),
        ],
    });
    if look.width_px < 500 {
        // A desktop window is never this narrow; an emulated phone is.
        options["mobileEmulation"] = json!({ "deviceMetrics": {
            "width": look.width_px, "height": look.height_px, "pixelRatio": 1, "touch": false,
        }});
    }
    if !look.javascript {
        options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
    }
    json!({ "capabilities": { "alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": { "browser": "ALL" },
    }}})
}

async fn command(
    http: &reqwest::Client,
    method: &str,
    url: &str,
    body: &Value,
) -> Result<Value, String> {
    let method = method
        .parse()
        .map_err(|_| format!("{method} is no HTTP method"))?;
    let mut request = http.request(method, url);
    if !body.is_null() {
        request = request.json(body);
    }
    let answer = request.send().await.map_err(|e| e.to_string())?;
    let failed = !answer.status().is_success();
    let mut answer: Value = answer.json().await.map_err(|e| e.to_string())?;
    let value = answer["value"].take();
    if failed {
        Err(value["message"].as_str().unwrap_or("no message").to_owned())
    } else {
        Ok(value)
    }
}
