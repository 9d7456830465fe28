//! Somebody who speaks, and a line that only gives back what we say: SIPp as either, wherever a trial says that it heard somebody.

use crate::support::steps::{ANSWERS, answer, calls, request, scenario, speaking};
use crate::support::{Peer, sipp_as, sipp_speaking, there};
use segue_trials::agent::{Agent, AgentSettings, Place};
use segue_trials::delivery::{DeliveryReport, DeliveryTrial};
use segue_trials::test_call::{TestCall, TestCallResult};
use segue_trials::test_line::{TestLine, Transfer};
use segue_trials::tone::Tone;
use segue_trials::transfer::{TransferReport, TransferTrial};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tempfile::TempDir;

const SIPP: &str = "/usr/bin/sipp";

async fn agent(name: &str) -> Agent {
    let settings = AgentSettings::new((Ipv4Addr::LOCALHOST, 0).into(), name);
    Agent::bind(settings).await.expect("a free port")
}

/// A telephone of SIPp's.
struct Phone {
    addr: SocketAddr,
    _peer: Peer,
    folder: TempDir,
}

impl Phone {
    /// Goes through a scenario, speaking or giving back what it hears; `more` are options of SIPp's.
    fn of(scenario: &str, speaks: bool, more: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("phone.xml");
        let (peer, port) = if speaks {
            std::fs::write(file, speaking(scenario)).expect("written");
            sipp_speaking(SIPP, folder.path(), "phone.xml", more)
        } else {
            std::fs::write(file, scenario).expect("written");
            let more = [&["-rtp_echo"][..], more].concat();
            sipp_as(SIPP, folder.path(), "phone.xml", &more)
        };
        Self {
            addr: (Ipv4Addr::LOCALHOST, port).into(),
            _peer: peer,
            folder,
        }
    }

    /// Is answered, and stays until the other side hangs up.
    fn answered(speaks: bool) -> Self {
        let stays = [ANSWERS, "<recv request=\"BYE\"/>\n", &answer("200 OK")];
        Self::of(&scenario(&stays), speaks, &[])
    }

    /// An agent who takes a message for two seconds.
    fn takes_a_message(speaks: bool) -> Self {
        let takes = [
            ANSWERS,
            "<pause milliseconds=\"2000\"/>\n",
            &request("BYE", 7, "", ""),
            "<recv response=\"200\"/>\n",
        ];
        Self::of(&scenario(&takes), speaks, &[])
    }

    /// Calls the telephone on call for four seconds.
    fn calls(to: SocketAddr, speaks: bool) -> Self {
        let stays = calls("7990", &["<pause milliseconds=\"4000\"/>\n"]);
        Self::of(&stays, speaks, &[&to.to_string()])
    }

    fn errors(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("errors.log")).unwrap_or_default()
    }
}

/// A message is left with an agent and delivered by a caller, who speak or only give back what they hear.
async fn delivered(speak: bool) -> DeliveryReport {
    let taken = Phone::takes_a_message(speak);
    let (caller, mut on_call) = (agent("caller").await, agent("on-call").await);
    let trial = DeliveryTrial {
        agent: Place::new(format!("sip:7001@{}", taken.addr)),
        talk: Duration::from_secs(10),
        within: Duration::from_secs(6),
    };
    let delivers = Phone::calls(on_call.local_addr(), speak);
    let report = trial.run(&caller.caller(), &mut on_call).await;
    caller.stop().await;
    on_call.stop().await;
    let errors = [taken.errors(), delivers.errors()];
    let report = report.expect("placed");
    assert_eq!(report.calls.len(), 1, "{report:?} {errors:?}");
    report
}

#[tokio::test]
async fn a_message_is_delivered_by_somebody_who_speaks() {
    if !there(SIPP, "sip-tester") {
        return;
    }
    let report = delivered(true).await;
    assert_eq!(report.outcome, "delivered", "{report:?}");
    assert_eq!(report.agent_heard, Some(true), "{report:?}");
}

#[tokio::test]
async fn an_echo_of_ours_delivers_no_message_and_takes_none() {
    if !there(SIPP, "sip-tester") {
        return;
    }
    let report = delivered(false).await;
    assert_eq!(report.outcome, "not_delivered", "{report:?}");
    assert_eq!(report.agent_heard, Some(false), "{report:?}");
}

/// A call that says nothing, as the last resort is called.
async fn called_silently(phone: &Phone) -> TestCallResult {
    let caller = agent("caller").await;
    let mut test = TestCall::new(format!("sip:7001@{}", phone.addr));
    test.place.audio = Some(Tone::Silence);
    let result = test.run(&caller.caller()).await.expect("placed");
    caller.stop().await;
    assert!(result.answered, "{result:?} {}", phone.errors());
    result
}

#[tokio::test]
async fn a_silent_call_tells_who_speaks_from_a_line_that_is_only_answered() {
    if !there(SIPP, "sip-tester") {
        return;
    }
    let (speaks, echoes) = (Phone::answered(true), Phone::answered(false));
    let (somebody, nobody) = tokio::join!(called_silently(&speaks), called_silently(&echoes));
    assert_eq!(somebody.audio_in, Some(true), "{somebody:?}");
    assert_eq!(nobody.audio_in, Some(false), "{nobody:?}");
    assert!(nobody.received_packets > 0, "it was given back: {nobody:?}");
}

/// A test line as the agent sends the caller on to the nurse, a person or nobody.
async fn transferred(speaks: bool) -> TransferReport {
    let nurse = Phone::answered(speaks);
    let mut line = agent("line").await;
    let at = line.local_addr();
    let to = format!("sip:7900@{}", nurse.addr);
    let serves = tokio::spawn(async move {
        let agent = TestLine {
            transfer: Some(Transfer {
                to,
                announced: false,
            }),
            ..TestLine::default()
        };
        agent.serve(&mut line, std::future::pending()).await;
    });
    let caller = agent("caller").await;
    let trial = TransferTrial {
        agent: Place::new(format!("sip:7001@{at}")),
        agent_is_line: true,
        numbers: vec!["7900".into()],
        begin_wait: Duration::from_secs(8),
        nurse_wait: Duration::from_secs(8),
        nurse_is_line: false,
    };
    let onward = |number: &str| Place::new(format!("sip:{number}@{}", nurse.addr));
    let report = trial.run(&caller.caller(), onward).await.expect("placed");
    serves.abort();
    caller.stop().await;
    assert_eq!(
        report.outcome,
        "transferred",
        "{report:?} {}",
        nurse.errors()
    );
    report
}

#[tokio::test]
async fn a_nurse_is_heard_where_she_speaks_and_not_where_her_line_echoes() {
    if !there(SIPP, "sip-tester") {
        return;
    }
    let (somebody, nobody) = tokio::join!(transferred(true), transferred(false));
    assert_eq!(somebody.audio_in, Some(true), "{somebody:?}");
    assert_eq!(nobody.audio_in, Some(false), "{nobody:?}");
}
