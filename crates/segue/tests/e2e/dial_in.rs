//! The dial-in line through the real binary: the code that My calls shows, entered as telephone events from a telephone that
//! nobody registered.

use crate::support::centre::closed_port;
use crate::support::page::Visitor;
use crate::support::serve::Serving;
use crate::support::world::{CHUNK, CLIENT, PASSWORD, Targets, World};
use segue_trials::agent::{Agent, AgentSettings, Leg, Place};
use segue_trials::tone::Tone;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);
const TELEPHONE: &str = "+16095550188";

/// A trial call handed out to the client's person, in the first cell of the chunk.
fn handed_out(world: &World) {
    let coverage = world.client(&["show", "coverage"]);
    let rows = coverage["rows"].as_array().expect("rows");
    let own = rows.iter().find(|row| row[0] == CHUNK).expect("a cell");
    let callers = json!({ "callers": [{ "person": CLIENT, "team": "Night shift" }] });
    let calls = json!({ "calls": [{ "person": CLIENT, "chunk": CHUNK, "cell": own[1], "due_on": "2099-01-05" }] });
    for (command, file, body) in [
        ("name-test-callers", "callers.json", callers),
        ("assign-test-calls", "calls.json", calls),
    ] {
        let file = world.write(file, &body);
        world.client(&["do", command, "--file", &file]);
    }
}

/// The code on My calls; empty where there is none.
async fn code(visitor: &mut Visitor) -> String {
    let page = visitor.get("/my-calls").await;
    let after = page.text.split_once("Dial-in code <strong>");
    let code = after.and_then(|(_, rest)| rest.split_once('<'));
    code.map(|(code, _)| code.to_owned()).unwrap_or_default()
}

async fn calls(from: &str, caller: Option<&str>, line: SocketAddr) -> (Agent, Leg) {
    let agent = AgentSettings::new(
        (from.parse::<std::net::IpAddr>().expect("an address"), 0).into(),
        "desk",
    );
    let agent = Agent::bind(agent).await.expect("a port");
    let place = Place {
        caller: caller.map(str::to_owned),
        audio: Some(Tone::Silence),
        ..Place::new(format!("sip:177@{line}"))
    };
    let leg = agent.caller().place(place).await.expect("placed");
    (agent, leg)
}

/// Enters codes one after the other; the tone after each.
async fn enters(line: SocketAddr, codes: &[&str]) -> Vec<Tone> {
    let (agent, leg) = calls("127.0.0.1", Some(TELEPHONE), line).await;
    assert!(timeout(PATIENCE, leg.answered()).await.expect("in time"));
    let audio = leg.audio().expect("audio");
    let mut told = Vec::new();
    for code in codes {
        let asks = audio.until(|now| now.hearing == Some(Tone::Person));
        assert!(timeout(PATIENCE, asks).await.expect("in time"));
        audio.send_digits(code);
        let says = audio.until(|now| matches!(now.hearing, Some(Tone::Heard | Tone::Closed)));
        assert!(timeout(PATIENCE, says).await.expect("in time"));
        told.extend(audio.report().hearing);
    }
    leg.hang_up();
    agent.stop().await;
    told
}

/// Nobody calls it unasked, and nobody without a number.
async fn nobody_else_calls(line: SocketAddr) {
    for (from, caller, status) in [
        ("127.0.0.9", Some(TELEPHONE), 403),
        ("127.0.0.1", None, 433),
    ] {
        let (agent, leg) = calls(from, caller, line).await;
        assert!(!timeout(PATIENCE, leg.answered()).await.expect("in time"));
        assert_eq!(leg.progress().last_status, Some(status));
        agent.stop().await;
    }
}

/// A digit too many does not spoil the next code, and `#` ends one that is too short.
async fn a_code_of_too_many_or_too_few_digits(line: SocketAddr, visitor: &mut Visitor, used: &str) {
    let mut third = code(visitor).await;
    for _ in 0..50 {
        if third != used {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        third = code(visitor).await;
    }
    let (long, short, whole) = (format!("{used}9"), "1234#", format!("{third}#"));
    assert_eq!(
        enters(line, &[long.as_str(), short, whole.as_str()]).await,
        [Tone::Closed, Tone::Closed, Tone::Heard]
    );
}

/// An address that cannot be told to anybody is refused before anything starts.
#[test]
fn a_dial_in_line_has_an_address_of_its_own() {
    let world = World::new();
    for at in ["0.0.0.0:5099", "[::]:5099"] {
        let said = world.ask(
            None,
            &[
                "serve",
                "--sip",
                "127.0.0.1:0",
                "--http",
                "127.0.0.1:0",
                "--dial-in",
                at,
                "--dial-in-number",
                "177",
            ],
        );
        assert_eq!(said.code, 2, "{said:?}");
        assert!(
            said.err.contains("every address of this machine"),
            "{said:?}"
        );
    }
}

/// The codes used so far.
fn used(world: &World, export: &str) -> Vec<Value> {
    let facts = world.facts(export).into_iter();
    let used = facts.filter(|fact| fact["kind"] == "dial_in_code_used");
    let body = |fact: Value| fact["body"].as_str().expect("a body").to_owned();
    used.map(|fact| serde_json::from_str(&body(fact)).expect("JSON"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_from_my_calls_makes_any_telephone_a_test_telephone_once() {
    let world = World::live(Targets::nobody(), &[20]);
    handed_out(&world);
    let line = closed_port([127, 0, 0, 1]);
    let at = line.to_string();
    let serving = Serving::start_with(
        &world.data(),
        &["--dial-in", &at, "--dial-in-number", "extension 177"],
    );
    let mut visitor = Visitor::new(serving.http);
    let csrf = visitor.get("/login").await.hidden("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("user", CLIENT),
        ("password", PASSWORD),
        ("next", "/"),
    ];
    assert_eq!(visitor.post("/login", &fields).await.status, 303);
    visitor
        .get("/my-calls")
        .await
        .says("call extension 177 first");
    let first = code(&mut visitor).await;
    assert_eq!(first.len(), 8, "{first}");
    let wrong = if first == "00000000" {
        "11111111"
    } else {
        "00000000"
    };

    assert_eq!(
        enters(line, &[wrong, &first]).await,
        [Tone::Closed, Tone::Heard]
    );
    let known = used(&world, "once.jsonl");
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!(
        (&known[0]["person"], &known[0]["chunk"]),
        (&json!(CLIENT), &json!(CHUNK))
    );
    let told = format!("{known:?}");
    assert!(
        !told.contains("6095550188"),
        "a number reached the journal: {told}"
    );

    // Used once: the page shows another one, and the old one is nobody's.
    let mut second = code(&mut visitor).await;
    for _ in 0..50 {
        if second != first {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        second = code(&mut visitor).await;
    }
    assert_ne!(second, first);
    assert_eq!(
        enters(line, &[&first, &second]).await,
        [Tone::Closed, Tone::Heard]
    );
    assert_eq!(used(&world, "twice.jsonl").len(), 2);

    a_code_of_too_many_or_too_few_digits(line, &mut visitor, &second).await;
    nobody_else_calls(line).await;
    assert_eq!(serving.stop(), 0);
}
