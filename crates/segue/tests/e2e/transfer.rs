//! A caller handed on to the nurse, through the real binary: agent and nurse as processes at their own addresses, the node
//! between them, and what is recorded of it.

use crate::support::centre::closed_port;
use crate::support::cli::{Said, binary, spawn};
use crate::support::serve::Serving;
use crate::support::world::{CHUNK, DIALLED, Targets, World};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::Child;

/// A test line as a process; ended with the test.
struct Line {
    child: Child,
    addr: SocketAddr,
}

impl Line {
    fn at(ip: &str, more: &[&str]) -> Self {
        let folder = std::env::temp_dir();
        let bound = format!("{ip}:0");
        let args = ["trial", "answer", "--sip", &bound, "--seconds", "120"];
        let mut child = spawn(&folder, None, &[&args[..], more].concat());
        let mut errors = BufReader::new(child.stderr.take().expect("piped"));
        let mut said = String::new();
        errors.read_line(&mut said).expect("where it listens");
        let addr = said.trim().strip_prefix("segue: test line on udp ");
        let addr = addr.unwrap_or_else(|| panic!("an address in {said}"));
        Self {
            child,
            addr: addr.parse().expect("an address"),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The newest fact of a kind.
fn last(world: &World, export: &str, kind: &str) -> Value {
    let facts = world.facts(export);
    let fact = facts.iter().rev().find(|fact| fact["kind"] == kind);
    let body = fact.unwrap_or_else(|| panic!("a {kind}"))["body"].clone();
    serde_json::from_str(body.as_str().expect("a body")).expect("JSON")
}

/// The path, and how its transfers are tried.
struct Path {
    world: World,
    via: String,
}

impl Path {
    fn tried(&self, more: &[&str]) -> Said {
        let own = [
            "trial",
            "transfer",
            "RVS-Main-TFN",
            DIALLED,
            "--via",
            &self.via,
            "--agent-line",
        ];
        self.world
            .ask(Some(&self.world.client), &[&own[..], more].concat())
    }

    /// A transfer that does not pass; what was seen of it.
    fn fails(&self, more: &[&str]) -> Value {
        let said = self.tried(more);
        assert_eq!(said.code, 5, "{said:?}");
        said.json()["transfer"].clone()
    }

    fn a_warm_transfer_is_recorded(&self) {
        let own = ["--nurse-line", "--record", "--command-id", "warm-1"];
        let warm = self.tried(&own).done();
        let seen = &warm["transfer"];
        for (key, expected) in [
            ("faults", json!([])),
            ("outcome", json!("transferred")),
            ("kind", json!("announced")),
            ("number", json!("7900")),
            ("warm", json!(true)),
            ("past_split", json!(true)),
            // The agent's own call to her, and the caller's.
            ("escalation_calls", json!(2)),
            ("went_out", json!(0)),
            ("audio_in", json!(true)),
            ("audio_out", json!(true)),
            ("dialled_shown", json!("7900")),
        ] {
            assert_eq!(seen[key], expected, "{key} in {warm}");
        }
        assert!(
            seen["bucket"].as_u64() < Some(2_000),
            "first to go out: {warm}"
        );
        assert!(seen["nurse_after_ms"].as_u64() >= Some(300), "{warm}");
        let reference = warm["reference"].as_str().expect("a reference");
        assert!(self.world.data().join(reference).exists());
        let checked = last(&self.world, "checked.jsonl", "telephony_checked");
        let check = &checked["checks"][0];
        assert_eq!(
            [&check["kind"], &check["outcome"], &checked["reference"]],
            [
                &json!("warm_transfer"),
                &json!("passed"),
                &warm["reference"]
            ]
        );
        let tested = last(&self.world, "tested.jsonl", "escalation_tested");
        assert_eq!(
            [&tested["number"], &tested["warm"], &tested["past_split"]],
            [&json!("7900"), &json!(true), &json!(true)]
        );
        let chunks = tested["chunks"].as_array().expect("chunks");
        assert!(chunks.contains(&json!(CHUNK)), "{tested}");
        // The check and the test went under one id; a retry of both calls nobody and records nothing.
        let again = self.tried(&own).done();
        assert_eq!(again["repeated"], json!(true), "{again}");
        let tested_again = last(&self.world, "again.jsonl", "escalation_tested");
        assert_eq!(tested_again["at"], tested["at"]);
    }

    /// What is recorded of a transfer that failed is no test that passed.
    fn a_blind_transfer_is_recorded_as_failed(&self, to: &str) {
        let said = self.tried(&["--nurse-line", "--record", "--to", to]);
        assert_eq!(said.code, 5, "{said:?}");
        let tested = last(&self.world, "failed.jsonl", "escalation_tested");
        assert_eq!(
            [&tested["failed"], &tested["warm"]],
            [&json!(true), &json!(false)],
            "{tested}"
        );
        let gates = self.world.client(&["show", "gates"]).to_string();
        let red = "the last test of the escalation failed";
        assert!(gates.contains(red), "{gates}");
    }
}

#[test]
fn the_way_to_the_nurse_is_measured_recorded_and_never_out() {
    let node = closed_port([127, 0, 0, 1]);
    let to = format!("sip:7900@{node}");
    let nurse = Line::at("127.0.0.2", &["--ring-ms", "300"]);
    let agent = Line::at("127.0.0.3", &["--transfer-to", &to, "--announce"]);
    let hasty = Line::at("127.0.0.3", &["--transfer-to", &to]);
    let world = World::live(
        Targets {
            in_house: nurse.addr,
            outsourced: agent.addr,
            last_resort: closed_port([127, 0, 0, 4]),
        },
        &[20],
    );
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let serving = Serving::start_at(&world.data(), node, any);
    let via = node.to_string();
    let path = Path { world, via };
    path.a_warm_transfer_is_recorded();

    let blind = format!("sip:7001@{}", hasty.addr);
    let seen = path.fails(&["--nurse-line", "--to", &blind]);
    for (key, expected) in [
        ("outcome", json!("transferred")),
        ("kind", json!("blind")),
        ("warm", json!(false)),
        ("went_out", json!(0)),
    ] {
        assert_eq!(seen[key], expected, "{key} in {seen}");
    }
    assert!(seen["nurse_ring_ms"].as_u64() >= Some(250), "{seen}");
    assert!(seen["faults"].to_string().contains("blind"), "{seen}");

    path.a_blind_transfer_is_recorded_as_failed(&blind);

    // Nobody is at the nurse's telephone: the caller is not lost.
    drop(nurse);
    let seen = path.fails(&["--to", &blind]);
    for (key, expected) in [
        ("caller_kept", json!(true)),
        ("past_split", json!(true)),
        ("went_out", json!(0)),
    ] {
        assert_eq!(seen[key], expected, "{key} in {seen}");
    }
    assert_eq!(serving.stop(), 0);
}

#[test]
fn a_test_line_hands_nobody_on_to_the_emergency_service() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = binary(&folder.path().join("data"), None)
        .args([
            "trial",
            "answer",
            "--sip",
            "127.0.0.3:0",
            "--transfer-to",
            "sip:911@127.0.0.1",
        ])
        .output()
        .expect("it runs");
    assert_eq!(said.status.code(), Some(2), "{said:?}");
}
