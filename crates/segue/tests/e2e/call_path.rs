//! The call path beyond the split: open cases, marked test calls, orders for places that cannot ask, probes, Connect without Segue.

use crate::support::centre::closed_port;
use crate::support::clock::now;
use crate::support::serve::Serving;
use crate::support::sipp::{self, Load, callers};
use crate::support::stage::Stage;
use crate::support::world::{CHUNK, DIALLED, Targets, World};
use segue_journal::facts::{Cursor, Decision, Facts};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use std::time::Duration;

async fn decisions(world: &World) -> Vec<Decision> {
    let facts = Facts::open(&world.data().join("facts.db"))
        .await
        .expect("facts");
    let long_ago = Cursor::from(jiff::Timestamp::UNIX_EPOCH);
    facts
        .decisions_since(&long_ago, 1_000)
        .await
        .expect("decisions")
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client")
}

/// Whoever waits for the outsourcer's callback reaches the outsourcer, until the case is closed or calls come home.
#[tokio::test]
async fn a_caller_with_an_open_case_reaches_the_side_that_promised() {
    if !sipp::available() {
        return;
    }
    let stage = Stage::live(&[100]);
    let caller = callers(580, 1).remove(0);
    let call = || Load::each(std::slice::from_ref(&caller), DIALLED, 10).place(stage.serving.sip);
    call();
    assert_eq!(stage.outsourced.count(), 1, "promised there");
    // At 1 % this caller would stay home.
    stage.world.client(&[
        "do",
        "lower-share",
        "--chunk",
        CHUNK,
        "--share-percent",
        "1",
    ]);
    let now_us = now().as_microsecond();
    let tell = async |kind: &str, case: &str, caller: &str| {
        let row = json!({ "kind": kind, "centre": "bridge", "at_us": now_us, "case_id": case, "caller": caller, "dialled": DIALLED });
        let sent = client()
            .post(format!("http://{}/api/v1/calls", stage.serving.http))
            .header(
                "Authorization",
                format!("Bearer {}", stage.world.outsourcer),
            )
            .body(row.to_string());
        let answer: Value = sent
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        answer
    };
    let opened = tell("case_opened", "CB-17", &caller).await;
    assert_eq!(
        (&opened["accepted"], &opened["quarantined"]),
        (&json!(1), &json!(0)),
        "{opened}"
    );
    let stranger = tell("case_opened", "CB-18", "+16095810000").await;
    assert_eq!(stranger["quarantined"], json!(1), "{stranger}");
    assert!(!stranger.to_string().contains("5810000"), "{stranger}");
    call();
    assert_eq!((stage.outsourced.count(), stage.in_house.count()), (2, 0));
    let decided = decisions(&stage.world).await;
    let last = decided
        .iter()
        .rfind(|d| d.rule == "open_case")
        .expect("the rule");
    assert_eq!((last.arm.as_str(), last.pi_bp), ("outsourced", 10_000));
    let closed = tell("case_closed", "CB-17", &caller).await;
    assert_eq!(closed["accepted"], json!(1), "{closed}");
    call();
    assert_eq!(
        (stage.outsourced.count(), stage.in_house.count()),
        (2, 1),
        "closed: the share decides again"
    );
}

/// Test calls that Segue places are marked; the same call without the client's key is not.
#[tokio::test]
async fn trial_calls_are_marked_and_only_under_the_clients_key() {
    if !sipp::available() {
        return;
    }
    let stage = Stage::live(&[20]);
    Load::each(&callers(581, 2), DIALLED, 10).place(stage.serving.sip);
    let via = stage.serving.sip.to_string();
    let said = stage.world.ask(
        Some(&stage.world.client),
        &["trial", "share", CHUNK, "--via", &via],
    );
    assert_eq!(said.code, 0, "{said:?}");
    let decided = decisions(&stage.world).await;
    let tests = decided.iter().filter(|d| d.is_test).count();
    assert!(tests >= 2 && decided.len() - tests == 2, "{decided:?}");
}

fn order<'a>(verb: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let number = [
        "route",
        verb,
        "--mechanism",
        "cpr",
        "--number",
        "8005550142",
        "--out",
        "6095550199",
        "--home",
        "6095550110",
    ];
    [&number[..], more].concat()
}

/// An order is placed by a command of the site's, recorded with what it answered, and red until it is proved.
#[expect(clippy::too_many_lines, reason = "one story, step after step")]
#[test]
fn an_order_is_placed_recorded_and_proved() {
    let world = World::live(Targets::nobody(), &[20]);
    let apply = |share: &str, how: &[&str]| {
        let more = [&["--share", share, "--chunk", CHUNK], how].concat();
        world.ask(Some(&world.client), &order("apply", &more))
    };
    let told = world.path("told.txt");
    let run = format!("cat > {} && echo accepted by the carrier", told.display());
    let refused = apply("21", &["--run", &run]);
    assert_eq!(
        (refused.code, told.exists()),
        (3, false),
        "nothing is changed before it may be: {refused:?}"
    );
    let broken = apply("20", &["--run", "exit 7"]);
    assert_eq!(broken.code, 4, "{broken:?}");
    let placed = apply("20", &["--run", &run]).done();
    assert_eq!(placed["order"], "RO-1");
    let record = fs::read_to_string(&told).expect("told");
    assert!(
        record.contains("PERCENT 20") && record.contains("PERCENT 80"),
        "{record}"
    );
    let shown = || {
        world
            .ask(Some(&world.client), &["show", "route-orders"])
            .done()
            .to_string()
    };
    assert!(shown().contains("is not proved"), "{}", shown());
    let verify = |more: &[&str]| {
        let more = [&["--share", "20"], more].concat();
        world.ask(Some(&world.client), &order("verify", &more))
    };
    let reached = ["--reached", "out", "--reached", "home"];
    let half = verify(&reached);
    assert_eq!(half.code, 5, "arrivals are still to be looked at: {half:?}");
    let arrivals = ["--out-calls", "205", "--home-calls", "795", "--record"];
    let proved = verify(&[&reached[..], &arrivals].concat()).done();
    assert_eq!(
        (&proved["holds"], &proved["order"]),
        (&json!(true), &json!("RO-1"))
    );
    assert!(
        shown().contains("holds") && !shown().contains("not proved"),
        "{}",
        shown()
    );
    let diff = world.ask(None, &order("diff", &["--share", "20"])).done();
    assert_eq!(diff["changes"], json!([]));
    let diff = world
        .ask(
            None,
            &order(
                "diff",
                &["--share", "30", "--window", "Mon-Fri 19:00-07:00"],
            ),
        )
        .done();
    assert!(
        diff["changes"].to_string().contains("hours: always → "),
        "{diff}"
    );
    let facts = world.facts("orders.jsonl");
    let kinds = |kind: &str| facts.iter().filter(|fact| fact["kind"] == kind).count();
    assert_eq!(
        (kinds("route_order_placed"), kinds("route_order_verified")),
        (1, 1)
    );
    let evidence = fs::read_dir(world.data().join("trials"))
        .expect("evidence")
        .count();
    assert!(evidence >= 2);
}

/// A token is run once at the place; the signed result arrives, and the matrix shows it.
#[expect(clippy::too_many_lines, reason = "one story, step after step")]
#[test]
fn a_probe_is_asked_run_and_accepted_once() {
    let world = World::live(Targets::nobody(), &[20]);
    let serving = Serving::start(&world.data());
    let targets = world.write(
        "targets.json",
        &json!([
            { "resource": "EHR-scheduling", "check": "dns", "host": "localhost" },
            { "resource": "EHR-scheduling", "check": "tls", "host": "localhost", "port": closed_port([127, 0, 0, 1]).port() },
        ]),
    );
    let url = format!("http://{}", serving.http);
    let ask = [
        "probe",
        "ask",
        "--place",
        "CareBridge Manila",
        "--targets",
        &targets,
        "--url",
        &url,
    ];
    let asked = world.client(&ask);
    let token = asked["token"].as_str().expect("a token").to_owned();
    // Whoever runs it has no data directory of the transition's, and no account.
    let elsewhere = world.path("elsewhere");
    fs::create_dir(&elsewhere).expect("a folder");
    let result = world.path("result.json");
    let out = result.display().to_string();
    let run = |out: &str| {
        crate::support::cli::segue(
            &elsewhere,
            None,
            &["--json", "probe", "run", &token, "--out", out],
        )
    };
    let ran = run(&out);
    assert_eq!(ran.code, 5, "the closed port was found wanting: {ran:?}");
    assert_eq!(
        (&ran.json()["sent"], &ran.json()["results"][0]["outcome"]),
        (&json!(true), &json!("reached"))
    );
    let matrix = world
        .ask(Some(&world.client), &["show", "access"])
        .done()
        .to_string();
    assert!(
        matrix.contains("from CareBridge Manila") && matrix.contains("cannot be reached"),
        "{matrix}"
    );
    let again = world
        .ask(
            Some(&world.outsourcer),
            &["do", "report-probe", "--file", &out],
        )
        .done();
    assert_eq!(
        again["events"],
        json!([]),
        "the same result by hand changes nothing"
    );
    let second = run(&world.path("second.json").display().to_string());
    assert_eq!(
        (second.code, &second.json()["sent"]),
        (5, &json!(false)),
        "a token answers once: {second:?}"
    );
    let facts = world.facts("probes.jsonl");
    let reported = facts
        .iter()
        .filter(|fact| fact["kind"] == "probe_reported")
        .count();
    let refused = facts
        .iter()
        .filter(|fact| fact["kind"] == "command_refused")
        .count();
    assert_eq!(
        (reported, refused),
        (1, 0),
        "a stranger's knock leaves no fact"
    );
    drop(serving);
}

const LAMBDA: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/route/connect-lambda.mjs"
);

/// The function of an Amazon Connect flow, run with Node: it asks Segue, and routes home within the second once Segue is killed.
#[test]
fn connect_routes_home_once_segue_is_killed() {
    let node = Command::new("node").arg("--version").output();
    if !node.is_ok_and(|node| node.status.success()) {
        let required = std::env::var("SEGUE_REQUIRE_PEERS").is_ok_and(|v| v == "1");
        assert!(!required, "Node is required: run scripts/setup");
        println!("SKIPPED: no node; run scripts/setup");
        return;
    }
    let world = World::live(Targets::nobody(), &[100]);
    let tokens = world.path("tokens");
    fs::write(&tokens, "* connect-token\n").expect("written");
    let door = closed_port([127, 0, 0, 1]);
    let serving = Serving::start_with(
        &world.data(),
        &[
            "--route-http",
            &door.to_string(),
            "--route-tokens",
            &tokens.display().to_string(),
        ],
    );
    let ask = || {
        let event = json!({ "Details": { "ContactData": {
            "ContactId": "c1", "CustomerEndpoint": { "Address": "+16095550110" }, "SystemEndpoint": { "Address": "+18005550142" } },
            "Parameters": { "dialled": DIALLED } } });
        let script = format!(
            "import {{ handler }} from {LAMBDA:?}; console.log(JSON.stringify(await handler({event})));"
        );
        let ran = Command::new("node")
            .args(["--input-type=module", "-e", &script])
            .env("SEGUE_URL", format!("http://{door}/route/v1/connect"))
            .env("SEGUE_TOKEN", "connect-token")
            .env("HOME_NUMBER", "+16095550110")
            .output()
            .expect("node runs");
        let text = String::from_utf8_lossy(&ran.stdout).into_owned();
        serde_json::from_str::<Value>(&text).unwrap_or_else(|_| panic!("{ran:?}"))
    };
    let asked = ask();
    assert_eq!(
        (&asked["route"], &asked["arm"]),
        (&json!("segue"), &json!("outsourced")),
        "{asked}"
    );
    serving.kill();
    let home = ask();
    assert_eq!(
        (&home["route"], &home["number_1"]),
        (&json!("home"), &json!("+16095550110")),
        "{home}"
    );
}
