//! What stands around a call: allow-list, limits, OPTIONS, hops, redirect, sources behind NAT.

use crate::sim::{CALLER, HOME, OUT, Sim, addr, invite, request, response, to_tag_of};
use segue_sip::{Mode, Stranger, Target};

#[test]
fn strangers_get_silence_or_403_and_are_counted() {
    let mut sim = Sim::proxy(&[OUT]);
    sim.receive("203.0.113.5:5060", invite("a"));
    sim.receive("203.0.113.5:5060", b"not SIP at all");
    sim.nothing();
    assert_eq!(
        (sim.core.counters().strangers, sim.core.counters().malformed),
        (2, 0)
    );
    let mut sim = Sim::with(Mode::Proxy, vec![Target::new(addr(OUT))], |c| {
        c.stranger = Stranger::Forbid;
    });
    sim.receive("203.0.113.5:5060", request("ACK", "a", ""));
    sim.nothing();
    sim.receive("203.0.113.5:5060", invite("a"));
    sim.expect("203.0.113.5:5060", "SIP/2.0 403");
    assert_eq!(sim.core.policy().asked, 0);
}

#[test]
fn options_hops_extensions_methods_and_sizes() {
    let mut sim = Sim::proxy(&[OUT]);
    sim.receive(CALLER, request("OPTIONS", "o", ""));
    let ok = sim.expect(CALLER, "SIP/2.0 200");
    assert!(ok.header("Allow").contains("INVITE"));
    sim.receive(
        CALLER,
        invite("a").replace("Max-Forwards: 70", "Max-Forwards: 0"),
    );
    sim.expect(CALLER, "SIP/2.0 483");
    sim.receive(
        CALLER,
        invite("b").replace("Contact:", "Proxy-Require: gold\r\nContact:"),
    );
    assert_eq!(
        sim.expect(CALLER, "SIP/2.0 420").header("Unsupported"),
        "gold"
    );
    sim.receive(CALLER, request("REGISTER", "r", ""));
    sim.expect(CALLER, "SIP/2.0 405");
    sim.receive(CALLER, invite("c").replace("Call-ID: c@192.0.2.1\r\n", ""));
    sim.expect(CALLER, "SIP/2.0 400");
    sim.receive(CALLER, b"\r\n\r\n");
    sim.receive(CALLER, b"INVITE nonsense");
    sim.receive(CALLER, vec![b'x'; 20_000]);
    sim.nothing();
    let counters = sim.core.counters();
    assert_eq!(
        (counters.malformed, counters.oversized, counters.live),
        (2, 1, 0)
    );
    sim.receive(CALLER, request("CANCEL", "unknown", ""));
    sim.expect(CALLER, "SIP/2.0 481");
}

#[test]
fn redirect_orders_its_contacts_and_absorbs_the_ack() {
    let mut first = Target::new(addr(OUT));
    first.uri = Some("sip:line-a@198.51.100.1:5060".into());
    let mut sim = Sim::with(Mode::Redirect, vec![first, Target::new(addr(HOME))], |_| {});
    sim.receive(CALLER, invite("a"));
    let moved = sim.expect(CALLER, "SIP/2.0 302");
    assert_eq!(
        moved.headers("Contact"),
        [
            "<sip:line-a@198.51.100.1:5060>;q=1.0",
            "<sip:7001@198.51.100.2:5060>;q=0.9"
        ]
    );
    assert_eq!(moved.header("X-Segue-Call").len(), 32);
    sim.receive(CALLER, invite("a"));
    assert_eq!(sim.expect(CALLER, "SIP/2.0 302"), moved);
    sim.advance_ms(510);
    assert_eq!(
        sim.expect(CALLER, "SIP/2.0 302"),
        moved,
        "repeated until the ACK"
    );
    sim.receive(CALLER, request("ACK", "a", &to_tag_of(&moved)));
    sim.advance_ms(4_900);
    sim.nothing();
    assert_eq!(sim.core.counters().live, 1);
    sim.advance_ms(200);
    assert_eq!(sim.core.counters().live, 0);
    assert_eq!(sim.outcome().1, 302);
    assert_eq!(sim.core.policy().asked, 1);
}

#[test]
fn a_policy_without_targets_or_with_a_refusal_is_heard() {
    let mut sim = Sim::new(Mode::Proxy, &[]);
    sim.receive(CALLER, invite("a"));
    sim.expect(CALLER, "SIP/2.0 503");
    let mut sim = Sim::new(Mode::Refuse(404), &[OUT]);
    sim.receive(CALLER, invite("a"));
    let answer = sim.expect(CALLER, "SIP/2.0 404");
    sim.receive(CALLER, request("ACK", "a", &to_tag_of(&answer)));
    sim.nothing();
    sim.ends_clean();
}

#[test]
fn answers_go_where_the_packet_came_from() {
    let mut sim = Sim::proxy(&[OUT]);
    let behind = invite("a").replace(
        "Via: SIP/2.0/UDP 192.0.2.1:5060;branch",
        "v: SIP/2.0/UDP 10.0.0.7 ;rport;branch",
    );
    sim.receive("192.0.2.44:33333", behind);
    let trying = sim.expect("192.0.2.44:33333", "SIP/2.0 100");
    let via = "SIP/2.0/UDP 10.0.0.7;branch=z9hG4bKa;received=192.0.2.44;rport=33333";
    assert_eq!(trying.header("v"), via);
    let out = sim.expect(OUT, "INVITE");
    assert_eq!(out.header("v"), via);
    let mut answer = response(&out, 486, "o");
    answer = answer.replacen("From:", &format!("v: {via}\r\nFrom:"), 1);
    sim.receive(OUT, answer);
    sim.expect("192.0.2.44:33333", "SIP/2.0 486");
}

#[test]
fn the_call_token_travels_and_the_body_is_untouched() {
    let mut sim = Sim::proxy(&[OUT]);
    let out = sim.call("a", OUT);
    assert_eq!(out.header("X-Segue-Call"), format!("{:032x}", 1));
    assert!(out.text().ends_with(crate::sim::SDP));
    assert!(out.headers("Record-Route").is_empty());
}
