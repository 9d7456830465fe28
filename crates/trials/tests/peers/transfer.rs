//! Callers handed on to the nurse: by a test line, by SIPp and by baresip as the agent; and agents who do it wrong.

use crate::support::steps::{ANSWERS, answer, request, scenario, word};
use crate::support::{baresip, free_port, sipp, there, wave};
use segue_trials::agent::{Agent, AgentSettings, Caller, Place, Timers};
use segue_trials::test_line::{Shown, TestLine, Transfer};
use segue_trials::transfer::{TransferKind, TransferReport, TransferTrial};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(20);
const OWN: &str = "+16095550123";

async fn agent(name: &str) -> Agent {
    let timers = Timers {
        b_ms: 3_000,
        linger_ms: 500,
        ..Timers::default()
    };
    Agent::bind(AgentSettings {
        timers,
        ..AgentSettings::new((Ipv4Addr::LOCALHOST, 0).into(), name)
    })
    .await
    .expect("a free port")
}

/// A test line at work.
struct Line {
    addr: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Vec<Shown>>,
}

impl Line {
    async fn start(line: TestLine) -> Self {
        let mut far_end = agent("line").await;
        let (addr, (stop, stopped)) = (far_end.local_addr(), oneshot::channel());
        let served = tokio::spawn(async move {
            let until = async {
                let _ = stopped.await;
            };
            let shown = line.serve(&mut far_end, until).await;
            far_end.stop().await;
            shown
        });
        Self { addr, stop, served }
    }

    /// The agent's line, which transfers to this number there.
    async fn agent(nurse: SocketAddr, number: &str, announced: bool) -> Self {
        let to = format!("sip:{number}@{nurse}");
        Self::start(TestLine {
            transfer: Some(Transfer { to, announced }),
            ..TestLine::default()
        })
        .await
    }

    /// Numbers it was shown: who called, and what.
    async fn shown(self) -> Vec<(Option<String>, String)> {
        self.stop.send(()).expect("it still serves");
        let shown = timeout(PATIENCE, self.served).await.expect("in time");
        let shown = shown.expect("no panic").into_iter();
        shown.map(|s| (s.caller, s.dialled)).collect()
    }
}

/// A transfer by whoever answers there; the nurse is called where the escalation numbers are.
async fn tried(
    caller: &Caller,
    to: SocketAddr,
    nurse: SocketAddr,
    by_line: bool,
) -> TransferReport {
    let trial = TransferTrial {
        agent: Place {
            caller: Some(OWN.into()),
            ..Place::new(format!("sip:7001@{to}"))
        },
        agent_is_line: by_line,
        numbers: vec!["7900".into()],
        begin_wait: Duration::from_secs(8),
        nurse_wait: Duration::from_secs(8),
        nurse_is_line: true,
    };
    let onward = |number: &str| Place {
        caller: Some(OWN.into()),
        ..Place::new(format!("sip:{number}@{nurse}"))
    };
    trial.run(caller, onward).await.expect("placed")
}

/// What every transfer that went well has in common.
fn is_well(report: &TransferReport) {
    assert_eq!(report.outcome, "transferred", "{report:?}");
    assert_eq!(report.number.as_deref(), Some("7900"));
    assert_eq!(
        [
            report.audio_in,
            report.audio_out,
            report.agent_stayed,
            report.agent_released
        ],
        [Some(true); 4],
        "{report:?}"
    );
    assert_eq!(report.caller_shown.as_deref(), Some("16095550123"));
    assert_eq!(report.dialled_shown.as_deref(), Some("7900"));
    assert_eq!(report.caller_kept, None, "{report:?}");
}

#[tokio::test]
async fn a_blind_transfer_rings_the_nurse_and_is_not_warm() {
    let nurse = Line::start(TestLine {
        ring: Duration::from_millis(300),
        ..TestLine::default()
    })
    .await;
    let far_end = Line::agent(nurse.addr, "7900", false).await;
    let caller = agent("caller").await;
    let report = tried(&caller.caller(), far_end.addr, nurse.addr, true).await;
    is_well(&report);
    assert_eq!(report.kind, Some(TransferKind::Blind));
    assert!(!report.is_warm());
    assert!(report.nurse_ring_ms >= Some(250), "{report:?}");
    assert!(report.nurse_after_ms >= report.nurse_ring_ms, "{report:?}");
    assert_eq!(nurse.shown().await, [(Some(OWN.into()), "7900".into())]);
    far_end.shown().await;
    caller.stop().await;
}

#[tokio::test]
async fn an_announced_transfer_is_warm_and_counts_the_wait_from_the_hold() {
    let nurse = Line::start(TestLine {
        ring: Duration::from_millis(600),
        ..TestLine::default()
    })
    .await;
    let far_end = Line::agent(nurse.addr, "7900", true).await;
    let caller = agent("caller").await;
    let report = tried(&caller.caller(), far_end.addr, nurse.addr, true).await;
    is_well(&report);
    assert_eq!(report.kind, Some(TransferKind::Announced));
    assert!(report.is_warm());
    // The caller's own call does not ring: the nurse has answered already. The wait holds her ringing for the agent.
    assert_eq!(report.nurse_ring_ms, Some(0), "{report:?}");
    assert!(report.nurse_after_ms >= Some(600), "{report:?}");
    let shown = nurse.shown().await;
    assert_eq!(
        shown,
        [
            (Some("7001".into()), "7900".into()),
            (Some(OWN.into()), "7900".into())
        ]
    );
    far_end.shown().await;
    caller.stop().await;
}

#[tokio::test]
async fn a_nurse_who_does_not_take_the_call_leaves_the_caller_with_the_agent() {
    let mut nurse = agent("nurse").await;
    let at = nurse.local_addr();
    let busy = tokio::spawn(async move {
        while let Some(incoming) = nurse.incoming().await {
            incoming.refuse(486, None);
        }
    });
    let caller = agent("caller").await;
    for (announced, outcome) in [(false, "nurse_refused_486"), (true, "not_transferred")] {
        let far_end = Line::agent(at, "7900", announced).await;
        let report = tried(&caller.caller(), far_end.addr, at, true).await;
        assert_eq!(report.outcome, outcome, "{report:?}");
        assert_eq!(report.caller_kept, Some(true), "{report:?}");
        assert_eq!((report.audio_in, report.nurse_after_ms), (None, None));
        far_end.shown().await;
    }
    busy.abort();
    caller.stop().await;
}

#[tokio::test]
async fn no_number_but_an_escalation_number_is_called_whoever_asks_for_it() {
    let nurse = Line::start(TestLine::default()).await;
    let caller = agent("caller").await;
    for number in ["911", "7001", "+79005550123"] {
        let far_end = Line::agent(nurse.addr, number, false).await;
        let report = tried(&caller.caller(), far_end.addr, nurse.addr, true).await;
        assert_eq!(report.outcome, "transferred_elsewhere", "{report:?}");
        assert_eq!(report.number.as_deref(), Some(number));
        assert_eq!(
            report.caller_kept,
            Some(true),
            "the agent hears of it: {report:?}"
        );
        far_end.shown().await;
    }
    assert_eq!(nurse.shown().await, []);
    caller.stop().await;
}

#[tokio::test]
async fn a_call_that_replaces_none_of_the_lines_calls_is_refused() {
    let line = Line::start(TestLine::default()).await;
    let caller = agent("caller").await;
    for named in ["nobody@127.0.0.1;to-tag=1;from-tag=2", "garbage"] {
        let place = Place {
            headers: vec![("Replaces".into(), named.into())],
            ..Place::new(format!("sip:7900@{}", line.addr))
        };
        let leg = caller.caller().place(place).await.expect("placed");
        assert!(!timeout(PATIENCE, leg.answered()).await.expect("in time"));
        assert_eq!(leg.progress().last_status, Some(481), "{named}");
    }
    line.shown().await;
    caller.stop().await;
}

/// An agent who answers, sends the caller on, hears how it went, and hangs up.
const RINGS: &str = r"<send><![CDATA[
SIP/2.0 180 Ringing
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:agent@[local_ip]:[local_port]>
Content-Length: 0

]]></send>
";

#[tokio::test]
async fn sipp_as_the_agent_sends_the_caller_on_and_is_told() {
    const SIPP: &str = "/usr/bin/sipp";
    if !there(SIPP, "sip-tester") {
        return;
    }
    let nurse = Line::start(TestLine::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let refers = format!("Refer-To: <sip:7900@{}>\n", nurse.addr);
    let scenario = scenario(&[
        RINGS,
        ANSWERS,
        "<pause milliseconds=\"300\"/>\n",
        &request("REFER", 7, &refers, ""),
        "<recv response=\"202\"/>\n",
        &word("100", "under_way"),
        &answer("200 OK"),
        &word("200", "answered"),
        &answer("200 OK"),
        &request("BYE", 8, "", ""),
        "<recv response=\"200\"/>\n",
    ]);
    std::fs::write(folder.path().join("agent.xml"), scenario).expect("written");
    let (mut sipp, port) = sipp(SIPP, folder.path(), "agent.xml");
    sleep(Duration::from_millis(500)).await;
    let caller = agent("caller").await;
    let to = format!("127.0.0.1:{port}").parse().expect("an address");
    let report = tried(&caller.caller(), to, nurse.addr, false).await;
    let errors = || std::fs::read_to_string(folder.path().join("errors.log")).unwrap_or_default();
    assert_eq!(report.outcome, "transferred", "{report:?} {}", errors());
    is_well(&report);
    assert_eq!(report.kind, Some(TransferKind::Blind));
    let ended = tokio::task::spawn_blocking(move || sipp.0.wait().expect("it ends"));
    let ended = timeout(PATIENCE, ended)
        .await
        .expect("in time")
        .expect("no panic");
    assert!(ended.success(), "every step of the agent's: {}", errors());
    nurse.shown().await;
    caller.stop().await;
}

#[tokio::test]
async fn baresip_as_the_agent_sends_the_caller_on_and_hangs_up() {
    const BARESIP: &str = "/usr/bin/baresip";
    if !there(BARESIP, "baresip-core") {
        return;
    }
    let nurse = Line::start(TestLine::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let (port, control) = (free_port(), free_port());
    let voice = wave(1_000, 20);
    let _baresip = baresip(BARESIP, folder.path(), (port, control), &voice);
    sleep(Duration::from_secs(1)).await;
    let order = format!(
        r#"{{"command":"transfer","params":"sip:7900@{}"}}"#,
        nurse.addr
    );
    // The agent listens for two seconds, then presses the key for a transfer.
    let pressed = tokio::spawn(async move {
        sleep(Duration::from_secs(2)).await;
        let mut desk = TcpStream::connect(("127.0.0.1", control)).await?;
        let netstring = format!("{}:{order},", order.len());
        desk.write_all(netstring.as_bytes()).await?;
        sleep(PATIENCE).await;
        Ok::<_, std::io::Error>(desk)
    });
    let caller = agent("caller").await;
    let to = format!("127.0.0.1:{port}").parse().expect("an address");
    let report = tried(&caller.caller(), to, nurse.addr, false).await;
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    assert_eq!(report.outcome, "transferred", "{report:?} {log}");
    is_well(&report);
    assert_eq!(report.kind, Some(TransferKind::Blind));
    pressed.abort();
    assert_eq!(nurse.shown().await, [(Some(OWN.into()), "7900".into())]);
    caller.stop().await;
}
