//! Text telephones: baresip plays one, SIPp only gives back what it hears, and a test line is one.

use crate::support::steps::{ANSWERS, answer, scenario};
use crate::support::{baresip, free_port, sipp, sound_file, there};
use segue_trials::agent::{Agent, AgentSettings, Place};
use segue_trials::test_line::TestLine;
use segue_trials::text_telephone::{TextReport, TextTrial, typed_sound};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::sync::oneshot;

async fn agent(name: &str) -> Agent {
    let settings = AgentSettings::new((Ipv4Addr::LOCALHOST, 0).into(), name);
    Agent::bind(settings).await.expect("a free port")
}

/// A word is asked for at an address.
async fn asks(word: &str, to: SocketAddr, reply_wait: Duration) -> TextReport {
    let caller = agent("caller").await;
    let trial = TextTrial {
        place: Place::new(format!("sip:7001@{to}")),
        word: word.to_owned(),
        reply_wait,
    };
    let report = trial.run(&caller.caller()).await.expect("placed");
    caller.stop().await;
    report
}

#[tokio::test]
async fn a_test_line_types_back_the_word() {
    let mut line = agent("line").await;
    let (at, (stop, stopped)) = (line.local_addr(), oneshot::channel::<()>());
    let serves = tokio::spawn(async move {
        let text = TestLine {
            text: true,
            ..TestLine::default()
        };
        let until = async {
            let _ = stopped.await;
        };
        text.serve(&mut line, until).await;
        line.stop().await;
    });
    let report = asks("RTBKL", at, Duration::from_secs(20)).await;
    assert_eq!(report.outcome, "typed_back", "{report:?}");
    // The word is enough: nobody waits for the "GA" after it.
    assert!(report.reply.starts_with("RTBKL"), "{report:?}");
    stop.send(()).expect("it still serves");
    serves.await.expect("no panic");
}

/// baresip's own sound, at its own pace: the word again and again, as an agent types who answers.
#[tokio::test]
async fn what_baresip_plays_as_a_text_telephone_is_read() {
    const BARESIP: &str = "/usr/bin/baresip";
    if !there(BARESIP, "baresip-core") {
        return;
    }
    let turn: Vec<i16> = typed_sound("RTBKL GA");
    let pause = vec![0; 16_000];
    let turns: Vec<i16> = [turn, pause].concat().repeat(8);
    let folder = tempfile::tempdir().expect("a folder");
    let (port, control) = (free_port(), free_port());
    let _baresip = baresip(BARESIP, folder.path(), (port, control), &sound_file(&turns));
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let report = asks("RTBKL", at, Duration::from_secs(15)).await;
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    assert_eq!(report.outcome, "typed_back", "{report:?} {log}");
    assert!(report.greeting.contains("RTBKL GA"), "{report:?}");
}

#[tokio::test]
async fn an_echo_is_nobody_who_typed_the_word_back() {
    const SIPP: &str = "/usr/bin/sipp";
    if !there(SIPP, "sip-tester") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let gives_back = scenario(&[ANSWERS, "<recv request=\"BYE\"/>\n", &answer("200 OK")]);
    std::fs::write(folder.path().join("echo.xml"), gives_back).expect("written");
    let (_sipp, port) = sipp(SIPP, folder.path(), "echo.xml");
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let report = asks("RTBKL", at, Duration::from_secs(3)).await;
    assert_eq!(report.outcome, "no_text", "{report:?}");
}
