//! The words on a transfer (RFC 3515 §2.4.4) in their order, whatever the network and a slow peer make of it: SIPp on the other
//! side.

use crate::support::steps::{ANSWERS, answer, request, scenario, word};
use crate::support::{Peer, sipp, there};
use segue_trials::agent::{Agent, AgentSettings, Leg, Place, Progress};
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);
const SIPP: &str = "/usr/bin/sipp";

/// A word on the transfer that SIPp sends.
fn tells(status: &str, cseq: u32) -> String {
    let more =
        "Event: refer\nSubscription-State: active\nContent-Type: message/sipfrag;version=2.0\n";
    let heard = "<recv response=\"200\"/>\n";
    request("NOTIFY", cseq, more, &format!("SIP/2.0 {status}\n")) + heard
}

/// An agent and its call to SIPp with the rest of a scenario.
struct Call {
    folder: tempfile::TempDir,
    sipp: Peer,
    agent: Agent,
    leg: Leg,
}

async fn call(rest: &str) -> Call {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = scenario(&[ANSWERS, rest]);
    std::fs::write(folder.path().join("peer.xml"), scenario).expect("written");
    let (sipp, port) = sipp(SIPP, folder.path(), "peer.xml");
    let settings = AgentSettings::new((Ipv4Addr::LOCALHOST, 0).into(), "caller");
    let agent = Agent::bind(settings).await.expect("a free port");
    // The INVITE is repeated until SIPp listens.
    let place = Place::new(format!("sip:7001@127.0.0.1:{port}"));
    let leg = agent.caller().place(place).await.expect("placed");
    let answered = timeout(PATIENCE, leg.answered()).await;
    assert_eq!(answered, Ok(true), "SIPp answers");
    Call {
        folder,
        sipp,
        agent,
        leg,
    }
}

impl Call {
    /// SIPp went through its whole scenario; what this side knows then.
    async fn whole(self) -> Progress {
        let Self {
            folder,
            mut sipp,
            agent,
            leg,
        } = self;
        let ended = tokio::task::spawn_blocking(move || sipp.0.wait().expect("it ends"));
        let ended = timeout(PATIENCE, ended).await.expect("in time");
        let errors = std::fs::read_to_string(folder.path().join("errors.log"));
        let errors = errors.unwrap_or_default();
        assert!(ended.expect("no panic").success(), "{errors}");
        let known = leg.progress();
        drop(leg);
        agent.stop().await;
        known
    }
}

#[tokio::test]
async fn the_last_word_on_a_transfer_is_not_kept_back_by_a_first_one_that_nobody_answers() {
    if !there(SIPP, "sip-tester") {
        return;
    }
    let refer = request("REFER", 7, "Refer-To: <sip:7900@127.0.0.1:9>\n", "");
    let rest = [
        refer.as_str(),
        "<recv response=\"202\"/>\n",
        &word("100", "under_way"),
        &word("486", "busy"),
        &answer("200 OK"),
    ]
    .concat();
    let call = call(&rest).await;
    let asked = call.leg.until(|now| now.referred.is_some());
    let asked = timeout(PATIENCE, asked).await.expect("in time");
    assert!(asked.referred.is_some(), "{asked:?}");
    call.leg.tell_transfer_begins();
    assert!(call.leg.tell_transfer(486).await, "it is taken");
    call.whole().await;
}

#[tokio::test]
async fn a_word_that_was_overtaken_is_not_the_last_one() {
    if !there(SIPP, "sip-tester") {
        return;
    }
    let rest = [
        "<recv request=\"REFER\"/>\n",
        &answer("202 Accepted"),
        &tells("200 OK", 9),
        &tells("100 Trying", 8),
    ]
    .concat();
    let call = call(&rest).await;
    assert!(call.leg.transfer("sip:7900@127.0.0.1:9").await);
    let told = call.leg.until(|now| now.transfer_status.is_some());
    let told = timeout(PATIENCE, told).await.expect("in time");
    assert_eq!(told.transfer_status, Some(200));
    // SIPp ends when both words were answered.
    assert_eq!(call.whole().await.transfer_status, Some(200));
}
