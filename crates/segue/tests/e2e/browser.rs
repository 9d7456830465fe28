//! A headless chromium on the real binary: sign in, watch a live count change, press, see home, see it verified by a
//! real call; the same without JavaScript.

use crate::chromium::{self, Browser, Look};
use crate::support::centre::Centre;
use crate::support::serve::Serving;
use crate::support::sipp::{self, Load, callers};
use crate::support::world::{CLIENT, DIALLED, PASSWORD, Targets, World};
use serde_json::json;
use std::time::Duration;

/// The outsourcer's calls now of the chunk that is out.
const OUT_NOW: &str = r#"[id="out-RVS-Main/MSG"]"#;

struct Site {
    in_house: Centre,
    outsourced: Centre,
    world: World,
    serving: Serving,
}

fn site() -> Site {
    let (in_house, outsourced) = (Centre::at([127, 0, 0, 2]), Centre::at([127, 0, 0, 3]));
    let targets = Targets {
        in_house: in_house.addr,
        outsourced: outsourced.addr,
        last_resort: in_house.addr,
    };
    let world = World::live(targets, &[100]);
    let serving = Serving::start(&world.data());
    Site {
        in_house,
        outsourced,
        world,
        serving,
    }
}

impl Site {
    fn base(&self) -> String {
        format!("http://{}", self.serving.http)
    }

    /// Real calls of callers who called never before.
    fn calls(&self, series: u32, count: usize) {
        let load = Load::each(&callers(series, count), DIALLED, 20);
        tokio::task::block_in_place(|| load.place(self.serving.sip));
    }

    /// A centre reports over its feed that people took every call it has had.
    async fn report(&self, centre: &Centre, token: &str) {
        let mut body = String::new();
        for (n, seen) in centre.calls().into_values().enumerate() {
            for (kind, at_us) in [
                ("arrived", seen.arrived_us),
                ("answered", seen.arrived_us + 1),
            ] {
                let event = json!({
                    "event_id": format!("{kind}-{n}"), "centre": "floor", "kind": kind, "at_us": at_us,
                    "source_call_id": seen.segue_call, "segue_call": seen.segue_call, "dialled": seen.dialled,
                    "to_number": null, "caller": seen.caller, "call_type": "message", "agent": null,
                    "wait_ms": null, "talk_ms": null, "acceleration": 1.0,
                });
                body.push_str(&event.to_string());
                body.push('\n');
            }
        }
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client");
        let sent = http
            .post(format!("{}/api/v1/calls", self.base()))
            .bearer_auth(token)
            .body(body);
        let answer = sent.send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("text"));
        assert!(
            status.is_success() && text.contains("\"quarantined\":0"),
            "{status} {text}"
        );
    }

    fn fallbacks(&self) -> usize {
        let facts = tokio::task::block_in_place(|| self.world.facts("export.jsonl"));
        facts
            .into_iter()
            .filter(|line| line["kind"] == "fell_back")
            .count()
    }
}

async fn sign_in(b: &Browser, base: &str) {
    b.open(&format!("{base}/login")).await;
    b.fill("#user", CLIENT).await;
    b.fill("#password", PASSWORD).await;
    b.click("main button").await;
    b.sees("main", "RVS-Main").await;
}

async fn press(b: &Browser) {
    b.click(".home > summary").await;
    b.click(".home-go").await;
    b.sees("h1", "Every new call goes home.").await;
    b.sees("main", "Home on 1 of 1, not verified yet").await;
}

/// Opens the page again and again, as a person without JavaScript does.
async fn reloads_until(b: &Browser, url: &str, css: &str, words: &str) {
    let mut seen = Ok(String::new());
    for _ in 0..100 {
        b.open(url).await;
        seen = b.text(css).await;
        if seen.as_ref().is_ok_and(|text| text.contains(words)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{css} never said {words:?}: {seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn watch_a_count_change_press_and_see_home_verified() {
    if !sipp::available() || !chromium::available() {
        return;
    }
    let site = site();
    chromium::with(Look::DESK, async |b| {
        sign_in(b, &site.base()).await;
        site.calls(555, 2);
        site.report(&site.outsourced, &site.world.outsourcer).await;
        b.sees(OUT_NOW, "2").await;
        site.calls(556, 1);
        site.report(&site.outsourced, &site.world.outsourcer).await;
        b.sees(OUT_NOW, "3").await;

        press(b).await;
        site.calls(557, 1);
        assert_eq!((site.in_house.count(), site.outsourced.count()), (1, 3));
        site.report(&site.in_house, &site.world.client).await;
        b.sees("main", "Home on 1 of 1, verified").await;
        assert_eq!(b.complaints().await, Vec::<String>::new());
    })
    .await;
    assert_eq!(site.fallbacks(), 1);
    assert_eq!(site.serving.stop(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_without_javascript() {
    if !sipp::available() || !chromium::available() {
        return;
    }
    let site = site();
    chromium::with(Look::DESK.without_javascript(), async |b| {
        sign_in(b, &site.base()).await;
        site.calls(555, 2);
        site.report(&site.outsourced, &site.world.outsourcer).await;
        reloads_until(b, &site.base(), OUT_NOW, "2").await;

        press(b).await;
        site.calls(557, 1);
        assert_eq!((site.in_house.count(), site.outsourced.count()), (1, 2));
        site.report(&site.in_house, &site.world.client).await;
        let result = format!("{}{}", site.base(), b.path().await);
        reloads_until(b, &result, "main", "Home on 1 of 1, verified").await;
    })
    .await;
    assert_eq!(site.fallbacks(), 1);
    assert_eq!(site.serving.stop(), 0);
}
