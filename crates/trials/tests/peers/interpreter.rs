//! An interpreter brought in: by a test line as the agent, and not at all by SIPp, who answers and hangs up.

use crate::support::{sipp, there};
use segue_trials::agent::{Agent, AgentSettings, Place};
use segue_trials::interpreter::{InterpreterReport, InterpreterTrial};
use segue_trials::test_line::TestLine;
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

const HANGS_UP: &str = r#"<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="agent">
<recv request="INVITE" rrs="true"><action>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
</action></recv>
<Reference variables="from,to"/>
<send retrans="500"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:agent@[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=agent 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000

]]></send>
<recv request="ACK"/>
<pause milliseconds="500"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: [$to];tag=[call_number]
To: [$from]
Call-ID: [call_id]
CSeq: 7 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>"#;

#[tokio::test]
async fn an_agent_who_hangs_up_has_called_no_interpreter() {
    const SIPP: &str = "/usr/bin/sipp";
    if !there(SIPP, "sip-tester") {
        return;
    }
    let mut interpreter = agent("interpreter").await;
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("agent.xml"), HANGS_UP).expect("written");
    let (_sipp, port) = sipp(SIPP, folder.path(), "agent.xml");
    let at = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let report = tried(at, &mut interpreter, false).await;
    assert_eq!(report.outcome, "interpreter_not_called", "{report:?}");
    assert_eq!(report.answered_after_ms, None);
    interpreter.stop().await;
}
