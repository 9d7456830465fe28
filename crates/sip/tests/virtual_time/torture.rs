//! The torture messages through the core: each gets the answer the RFCs ask of a proxy, none a wrong one.

use crate::sim::{Sent, Sim, addr};
use segue_sip::allow::{AllowList, Network};
use segue_sip::{Mode, Target};
use sipx_testkit::{rfc4475, rfc5118};

const PEER: &str = "192.0.2.1:5060";

/// What a message is answered with: a status, `0` for silence, `1` for a call that is tried.
fn answer_of(bytes: &[u8]) -> u16 {
    let mut sim = Sim::with(
        Mode::Proxy,
        vec![Target::new(addr("198.51.100.1:5060"))],
        |c| {
            let all = ["0.0.0.0/0", "::/0"].map(|net| net.parse::<Network>().expect("a network"));
            c.peers = AllowList::new(all);
        },
    );
    sim.receive(PEER, bytes);
    let lines: Vec<String> = sim.outbox.0.iter().map(Sent::first_line).collect();
    if lines.iter().any(|line| line.starts_with("INVITE")) {
        return 1;
    }
    let status = lines.first().and_then(|line| line.split(' ').nth(1));
    status
        .and_then(|text| text.parse().ok())
        .unwrap_or_default()
}

#[test]
fn rfc4475_messages_are_answered_as_a_proxy_should() {
    let table = [
        // Calls, however they are written, are tried.
        ("longreq", 1),
        ("inv2543", 1),
        // Within a dialog, towards nobody known here.
        ("wsinv", 481),
        // Asked of the router itself.
        ("semiuri", 200),
        ("lwsdisp", 200),
        // Not for a router of calls.
        ("intmeth", 405),
        ("esc02", 405),
        ("regescrt", 405),
        // What a proxy must refuse, and how (RFC 4475 sections 3.1.2 and 3.3).
        ("mismatch01", 400),
        ("mismatch02", 400),
        ("insuf", 400),
        ("multi01", 400),
        ("bext01", 420),
        ("unkscm", 416),
        ("novelsc", 416),
        // Bytes that cannot be divided into headers are not answered at all.
        ("clerr", 0),
        ("mcl01", 0),
        ("ncl", 0),
        ("lwsruri", 0),
        ("badvers", 0),
        // Its Via cannot be read: there is nobody to answer.
        ("badinv01", 0),
        // Answers to nothing.
        ("unreason", 0),
        ("noreason", 0),
        ("bigcode", 0),
        ("scalarlg", 0),
        ("bcast", 0),
    ];
    let answered = table.map(|(name, _)| (name, answer_of(rfc4475::case(name).expect(name).bytes)));
    assert_eq!(answered, table);
}

#[test]
fn no_torture_message_gets_two_answers_or_leaves_a_call_behind() {
    let corpora = rfc4475::CASES.iter().map(|case| case.bytes.to_vec());
    let six = rfc5118::CASES.iter().map(|case| case.wire().to_vec());
    for bytes in corpora.chain(six) {
        let mut sim = Sim::with(Mode::Refuse(404), Vec::new(), |c| {
            let all = ["0.0.0.0/0", "::/0"].map(|net| net.parse::<Network>().expect("a network"));
            c.peers = AllowList::new(all);
        });
        sim.receive(PEER, &bytes);
        assert!(sim.outbox.0.len() <= 1, "{:?}", sim.lines());
        sim.ends_clean();
    }
}
