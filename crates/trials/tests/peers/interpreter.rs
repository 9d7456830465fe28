//! An interpreter brought in: by a test line as the agent, and not at all by SIPp, who answers and hangs up.

use crate::support::steps::{ANSWERS, request, scenario};
use crate::support::{sipp, there};
use segue_trials::agent::{Agent, AgentSettings, Place};
use segue_trials::interpreter::{InterpreterReport, InterpreterTrial};
use segue_trials::test_line::TestLine;
use segue_trials::tone::Tone;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::sync::oneshot;

async fn agent(name: &str) -> Agent {
    let settings = AgentSettings::new((Ipv4Addr::LOCALHOST, 0).into(), name);
    Agent::bind(settings).await.expect("a free port")
}

async fn tried(to: SocketAddr, interpreter: &mut Agent, by_line: bool) -> InterpreterReport {
    let caller = agent("caller").await;
    let trial = InterpreterTrial {
        agent: Place {
            caller: Some("+16095550123".into()),
            ..Place::new(format!("sip:7001@{to}"))
        },
        agent_is_line: by_line,
        wait: Duration::from_secs(8),
    };
    let report = trial.run(&caller.caller(), interpreter).await;
    caller.stop().await;
    report.expect("placed")
}

#[tokio::test]
async fn caller_and_interpreter_hear_each_other_through_the_agents_line() {
    let (mut line, mut interpreter) = (agent("line").await, agent("interpreter").await);
    let third = Some(format!("sip:7960@{}", interpreter.local_addr()));
    let (at, (stop, stopped)) = (line.local_addr(), oneshot::channel::<()>());
    let serves = tokio::spawn(async move {
        let brings_in = TestLine {
            third,
            ..TestLine::default()
        };
        let until = async {
            let _ = stopped.await;
        };
        brings_in.serve(&mut line, until).await;
        line.stop().await;
    });
    let report = tried(at, &mut interpreter, true).await;
    assert_eq!(report.outcome, "three_on_the_line", "{report:?}");
    let hears = [
        report.caller_hears,
        report.interpreter_hears,
        report.agent_stayed,
    ];
    assert_eq!(hears, [Some(true); 3], "{report:?}");
    assert!(
        report.joined_after_ms >= report.answered_after_ms,
        "{report:?}"
    );
    assert_eq!(report.caller_shown.as_deref(), Some("7001"), "{report:?}");
    stop.send(()).expect("it still serves");
    serves.await.expect("no panic");
    interpreter.stop().await;
}

/// An agent who parks the caller in a queue of their own, as a centre of ours plays one, and speaks with the interpreter alone.
#[tokio::test]
async fn music_of_a_queue_is_no_interpreter() {
    let (mut far_end, mut interpreter) = (agent("agent").await, agent("interpreter").await);
    let (at, third) = (far_end.local_addr(), interpreter.local_addr());
    let speaks = tokio::spawn(async move {
        let caller = far_end.incoming().await.expect("arrives").answer();
        caller.audio().expect("audio").play(Tone::Hold);
        let place = Place::new(format!("sip:7960@{third}"));
        let other = far_end.caller().place(place).await.expect("placed");
        assert!(other.answered().await);
        let waits = caller.audio().expect("audio");
        assert!(waits.until(|now| now.heard(Tone::Caller)).await);
        tokio::time::sleep(Duration::from_secs(2)).await;
        other.hang_up();
        caller.ended().await;
        far_end.stop().await;
    });
    let report = tried(at, &mut interpreter, false).await;
    assert_eq!(report.outcome, "not_joined", "{report:?}");
    assert_eq!(report.caller_hears, Some(false), "{report:?}");
    speaks.await.expect("no panic");
    interpreter.stop().await;
}

#[tokio::test]
async fn an_agent_who_hangs_up_has_called_no_interpreter() {
    const SIPP: &str = "/usr/bin/sipp";
    if !there(SIPP, "sip-tester") {
        return;
    }
    let mut interpreter = agent("interpreter").await;
    let folder = tempfile::tempdir().expect("a folder");
    let hangs_up = scenario(&[
        ANSWERS,
        "<pause milliseconds=\"500\"/>\n",
        &request("BYE", 7, "", ""),
        "<recv response=\"200\"/>\n",
    ]);
    std::fs::write(folder.path().join("agent.xml"), hangs_up).expect("written");
    let (_sipp, port) = sipp(SIPP, folder.path(), "agent.xml");
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let report = tried(at, &mut interpreter, false).await;
    assert_eq!(report.outcome, "interpreter_not_called", "{report:?}");
    assert_eq!(report.answered_after_ms, None);
    interpreter.stop().await;
}
