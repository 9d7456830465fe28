//! Trials through the real binary: the share proved by two calls, a path checked against a test line, the drill with the
//! clock, and the paper for the day everything is down.

use crate::support::cli::spawn;
use crate::support::clock::wait_for;
use crate::support::serve::Serving;
use crate::support::stage::Stage;
use crate::support::world::{CHUNK, DIALLED, World};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Child;

/// A test line as a process of its own, as it runs at the outsourcer's site; where it listens.
fn test_line(stage: &Stage, seconds: &str) -> (Child, String) {
    let args = [
        "--json",
        "trial",
        "answer",
        "--sip",
        "127.0.0.3:0",
        "--recorded",
        "--seconds",
        seconds,
    ];
    let mut child = spawn(&stage.world.data(), None, &args);
    let mut errors = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    errors
        .read_line(&mut line)
        .expect("it says where it listens");
    let addr = line.trim().strip_prefix("segue: test line on udp ");
    let addr = addr
        .unwrap_or_else(|| panic!("an address in {line}"))
        .to_owned();
    (child, addr)
}

#[test]
fn two_calls_prove_the_share_and_a_share_that_does_not_run_pauses_the_chunk() {
    let stage = Stage::live(&[20, 40]);
    let via = stage.serving.sip.to_string();
    let proved = stage
        .world
        .client(&["trial", "share", CHUNK, "--via", &via]);
    assert_eq!(
        (
            &proved["holds"],
            &proved["paused"],
            &proved["share_percent"]
        ),
        (&json!(true), &json!(false), &json!(20)),
        "{proved}"
    );
    let calls = proved["calls"].as_array().expect("calls");
    let sides: Vec<_> = calls
        .iter()
        .map(|c| (&c["dialled"], &c["decided"]))
        .collect();
    let dialled = json!(DIALLED);
    assert_eq!(
        sides,
        [
            (&dialled, &json!("outsourced")),
            (&dialled, &json!("in_house"))
        ],
        "{proved}"
    );
    let bucket = |n: usize| calls[n]["bucket"].as_u64().expect("a bucket");
    assert!(bucket(0) < 2_000 && bucket(1) >= 2_000, "{proved}");
    assert_eq!((stage.outsourced.count(), stage.in_house.count()), (1, 1));

    // Again, and after a raise: numbers that an episode holds are passed over.
    let again = stage
        .world
        .client(&["trial", "share", CHUNK, "--via", &via]);
    assert_eq!(again["holds"], true, "{again}");
    stage.world.raise(40);
    let position = stage.world.status()["position"].clone();
    wait_for("the node runs the new table", || {
        (stage.world.status()["nodes"][0]["position"] == position).then_some(())
    });
    let raised = stage
        .world
        .client(&["trial", "share", CHUNK, "--via", &via]);
    assert_eq!(
        (&raised["holds"], &raised["share_percent"]),
        (&json!(true), &json!(40)),
        "{raised}"
    );

    a_lost_queue_pauses_the_chunk(stage);
}

/// Where a line's callers are kept apart, who goes out is drawn with the line's own key: here and at the node.
#[test]
fn a_share_is_proved_where_callers_are_kept_apart() {
    let stage = Stage::of(|targets| World::live_apart(targets, &[20]));
    let via = stage.serving.sip.to_string();
    let proved = stage
        .world
        .client(&["trial", "share", CHUNK, "--via", &via]);
    assert_eq!(
        (&proved["holds"], &proved["paused"]),
        (&json!(true), &json!(false)),
        "{proved}"
    );
    assert_eq!((stage.outsourced.count(), stage.in_house.count()), (1, 1));
    assert_eq!(stage.serving.stop(), 0);
}

fn a_lost_queue_pauses_the_chunk(stage: Stage) {
    let via = stage.serving.sip.to_string();
    // The outsourcer's queue is gone: its callers are answered in-house, and that is not what was agreed.
    let Stage {
        outsourced,
        in_house,
        world,
        serving,
        last: _last,
    } = stage;
    let before = in_house.count();
    drop(outsourced);
    let said = world.ask(
        Some(&world.client),
        &["trial", "share", CHUNK, "--via", &via],
    );
    assert_eq!(said.code, 5, "{said:?}");
    let wrong = said.json();
    assert_eq!(
        (&wrong["holds"], &wrong["paused"]),
        (&json!(false), &json!(true)),
        "{wrong}"
    );
    assert_eq!(in_house.count() - before, 2, "no test caller was lost");
    let facts = world.facts("export.jsonl");
    let paused = facts.iter().find(|fact| fact["kind"] == "chunk_paused");
    let paused = paused.expect("a pause")["body"].as_str().expect("a body");
    // Why it stands still can be looked up: both calls by their own numbers, and the file; no caller.
    let calls = wrong["calls"].as_array().expect("calls").iter();
    let calls: Vec<_> = calls.map(|call| call["call"].clone()).collect();
    let body: Value = serde_json::from_str(paused).expect("JSON");
    assert_eq!(
        (&body["calls"], &body["reference"]),
        (&json!(calls), &wrong["reference"])
    );
    assert_eq!(calls.len(), 2, "{wrong}");
    for call in wrong["calls"].as_array().expect("calls") {
        let caller = call["caller"].as_str().expect("a number");
        assert!(!paused.contains(caller.trim_start_matches('+')), "{paused}");
    }
    assert_eq!(serving.stop(), 0);
}

/// 911 is never called by a test.
fn refused_for_an_emergency(stage: &Stage, line: &str) -> i32 {
    let emergency = stage.world.ask(
        None,
        &[
            "trial",
            "path",
            line,
            DIALLED,
            "--to",
            "sip:911@127.0.0.1:5060",
        ],
    );
    emergency.code
}

/// The line of the chunk's number, as a proof of its share names it.
fn line_of(stage: &Stage, via: &str) -> String {
    let proved = stage.world.client(&["trial", "share", CHUNK, "--via", via]);
    let line = proved["calls"][0]["line"].as_str();
    line.expect("a line").to_owned()
}

#[test]
fn a_path_is_checked_against_a_test_line_and_recorded() {
    let stage = Stage::live(&[20]);
    let via = stage.serving.sip.to_string();
    let line = line_of(&stage, &via);
    let (answering, addr) = test_line(&stage, "12");
    let to = format!("sip:{DIALLED}@{addr}");
    let checked = stage.world.client(&[
        "trial",
        "path",
        &line,
        DIALLED,
        "--to",
        &to,
        "--via",
        &via,
        "--test-line",
        "--calls-at-once",
        "20",
        "--record",
    ]);
    let kinds: Vec<_> = checked["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .map(|c| &c["kind"])
        .collect();
    for kind in [
        "reach",
        "two_way_audio",
        "dtmf",
        "ani_shown",
        "hold",
        "recording_announcement",
        "concurrency",
        "loop_detection",
    ] {
        assert!(kinds.contains(&&json!(kind)), "{kind} in {checked}");
    }
    assert!(
        checked["checks"]
            .as_array()
            .expect("checks")
            .iter()
            .all(|c| c["outcome"] == "passed"),
        "{checked}"
    );
    let reference = checked["reference"].as_str().expect("a reference");
    assert!(stage.world.data().join(reference).exists(), "{reference}");
    let facts = stage.world.facts("export.jsonl");
    let recorded = facts
        .iter()
        .rev()
        .find(|fact| fact["kind"] == "telephony_checked");
    let body = recorded.expect("recorded")["body"]
        .as_str()
        .expect("a body")
        .to_owned();
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["reference"], reference);
    let answered = answering.wait_with_output().expect("it ends");
    let told: Value = serde_json::from_slice(&answered.stdout).expect("JSON");
    assert_eq!(told["calls"].as_array().map(Vec::len), Some(21), "{told}");
    assert_eq!(refused_for_an_emergency(&stage, &line), 2);
    assert_eq!(stage.serving.stop(), 0);
}

#[test]
fn a_cut_trunk_loses_no_call() {
    let stage = Stage::live(&[50]);
    let via = stage.serving.sip.to_string();
    let line = line_of(&stage, &via);
    let Stage {
        outsourced,
        world,
        serving,
        in_house: _in_house,
        last: _last,
    } = stage;
    drop(outsourced);
    // What the cut is for, and nothing else, is checked: the path itself is dead on purpose.
    let checked = world
        .ask(
            None,
            &[
                "trial",
                "path",
                &line,
                DIALLED,
                "--via",
                &via,
                "--trunk-cut",
            ],
        )
        .done();
    assert_eq!(
        outcomes(&checked),
        [("loop_detection", "passed"), ("trunk_failover", "passed")],
        "{checked}"
    );
    assert_eq!(serving.stop(), 0);
}

/// Kind and outcome of each check.
fn outcomes(checked: &Value) -> Vec<(&str, &str)> {
    let checks = checked["checks"].as_array().expect("checks");
    checks
        .iter()
        .map(|c| {
            (
                c["kind"].as_str().expect("a kind"),
                c["outcome"].as_str().expect("an outcome"),
            )
        })
        .collect()
}

#[test]
fn a_drill_under_load_brings_the_first_call_home_in_time_and_loses_none() {
    let stage = Stage::live(&[50]);
    let via = stage.serving.sip.to_string();
    let drill = ["drill", CHUNK, "--via", &via, "--calls", "200"];
    let asked = stage.world.ask(Some(&stage.world.client), &drill);
    assert_eq!(asked.code, 2, "a drill says first what it does: {asked:?}");
    assert_eq!(stage.world.line()["state"], "live");
    let under = |id: &str| {
        let own = [&drill[..], &["--bring-calls-home", "--command-id", id]].concat();
        stage.world.ask(Some(&stage.world.client), &own)
    };
    let drilled = under("drill-1").done();
    assert_eq!(
        (&drilled["calls"], &drilled["calls_lost"]),
        (&json!(200), &json!(0)),
        "{drilled}"
    );
    assert!(drilled["first_call_s"].as_u64() <= Some(60), "{drilled}");
    assert!(drilled["incident"].is_string(), "{drilled}");
    assert_eq!(stage.world.line()["state"], "returned");
    assert!(stage.outsourced.count() > 0 && stage.in_house.count() > 0);
    let facts = stage.world.facts("export.jsonl");
    let recorded = facts
        .iter()
        .rev()
        .find(|fact| fact["kind"] == "drill_recorded")
        .expect("recorded");
    let body: Value =
        serde_json::from_str(recorded["body"].as_str().expect("a body")).expect("JSON");
    assert_eq!(
        (&body["calls"], &body["calls_lost"], &body["first_call_s"]),
        (&json!(200), &json!(0), &drilled["first_call_s"])
    );

    // A retry under the same id is answered from the journal: no button is pressed, no load is placed.
    let calls = || (stage.outsourced.count(), stage.in_house.count());
    let placed = calls();
    let again = under("drill-1").done();
    assert_eq!(again["repeated"], true, "{again}");
    assert_eq!(again["events"][0]["reference"], body["reference"]);
    // An id under which something was recorded, such as a press, and no drill, is refused before anything moves.
    let reused = under("drill-1-drill");
    assert_eq!(reused.code, 2, "{reused:?}");
    assert!(reused.err.contains("another id"), "{reused:?}");
    assert_eq!(calls(), placed);
    let after = stage.world.facts("after.jsonl");
    let drills = |facts: &[Value]| {
        facts
            .iter()
            .filter(|f| f["kind"] == "drill_recorded")
            .count()
    };
    assert_eq!(drills(&after), drills(&facts), "nothing more was recorded");
    assert_eq!(stage.serving.stop(), 0);
}

#[test]
fn a_path_that_stops_hearing_us_is_known_to_the_watch() {
    let stage = Stage::live(&[20]);
    let (mut answering, addr) = test_line(&stage, "60");
    let heartbeat = format!("all=sip:7099@{addr}");
    assert_eq!(stage.serving.stop(), 0);
    let serving = Serving::start_with(
        &stage.world.data(),
        &["--heartbeat", &heartbeat, "--heartbeat-every", "5"],
    );
    let mut exports = 0;
    let mut beats = |world: &World| {
        exports += 1;
        let facts = world.facts(&format!("export-{exports}.jsonl")).into_iter();
        let seen = facts.filter(|fact| fact["kind"] == "observation_recorded");
        let body = |fact: Value| fact["body"].as_str().map(str::to_owned);
        seen.filter_map(body)
            .filter(|body| body.contains("heartbeat"))
            .collect::<Vec<_>>()
    };
    std::thread::sleep(std::time::Duration::from_secs(9));
    assert_eq!(
        beats(&stage.world),
        Vec::<String>::new(),
        "a path that is well is no news"
    );
    answering.kill().expect("killed");
    answering.wait().expect("ended");
    wait_for("the watch knows", || {
        let known = beats(&stage.world);
        known
            .iter()
            .any(|body| body.contains("failed"))
            .then_some(())
    });
    assert_eq!(serving.stop(), 0);
}

#[test]
fn after_a_fallback_the_node_calls_its_own_number() {
    let stage = Stage::live(&[100]);
    assert_eq!(stage.serving.stop(), 0);
    let own = "+12015550199";
    let serving = Serving::start_with(&stage.world.data(), &["--verify-from", own]);
    stage
        .world
        .client(&["fallback", "--scope", CHUNK, "--reason", "trunk is down"]);
    let call = wait_for("the node's own call in-house", || {
        let calls = stage.in_house.calls().into_values();
        calls.into_iter().find(|call| call.caller == own)
    });
    assert_eq!(call.dialled, DIALLED);
    assert_eq!(stage.outsourced.count(), 0);
    assert_eq!(serving.stop(), 0);
}

#[test]
fn the_runbook_lies_ready_every_day_and_needs_nothing_else() {
    let stage = Stage::live(&[20]);
    let folder = stage.world.data().join("runbook");
    let path = wait_for("today's runbook", || {
        let mut files = folder
            .read_dir()
            .ok()?
            .filter_map(Result::ok)
            .map(|f| f.path());
        files.find(|p| p.extension().is_some_and(|e| e == "html"))
    });
    let html = std::fs::read_to_string(path).expect("a file");
    let http = format!("http://{}/duty", stage.serving.http);
    let in_house = stage.in_house.addr.to_string();
    for needed in [
        CHUNK,
        http.as_str(),
        in_house.as_str(),
        "--as YOUR-NAME fallback --scope all",
    ] {
        assert!(html.contains(needed), "{needed}");
    }
    let contacts = stage.world.data().join("runbook-contacts.txt");
    std::fs::write(contacts, "# by hand\nDuty manager: 555-0100\n").expect("written");
    let out = stage.world.path("paper.html");
    let made = stage
        .world
        .ask(
            None,
            &["runbook", "--out", out.to_str().expect("a plain path")],
        )
        .done();
    assert_eq!(made["contacts"], 1, "{made}");
    let paper = std::fs::read_to_string(out).expect("a file");
    assert!(paper.contains("555-0100") && !paper.contains("by hand\n"));
    assert!(paper.contains("N-07"), "who is called in: {paper}");
    let other = stage.world.path("other.html");
    let other = other.to_str().expect("a plain path");
    let args = ["runbook", "--outsourcer", "--out", other];
    stage.world.ask(None, &args).done();
    let paper = std::fs::read_to_string(other).expect("a file");
    assert!(paper.contains(CHUNK) && !paper.contains("N-07"), "{paper}");
    assert_eq!(stage.serving.stop(), 0);
}
