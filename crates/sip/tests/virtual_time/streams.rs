//! Streams, as the core sees them: nothing is repeated, a broken connection is a refusal, answers go
//! back where the request came from.

use crate::sim::{CALLER, HOME, ME, OUT, Sim, addr, invite, request, response, to_tag_of};
use segue_sip::trunk::TrunkSettings;
use segue_sip::{Attempt, Hop, Mode, Target, Transport};
use std::num::NonZeroU32;

fn over(transport: Transport, text: &str) -> Hop {
    Hop::new(transport, addr(text))
}

fn tcp_then_home() -> Sim {
    let targets = vec![
        Target::new(over(Transport::Tcp, OUT)),
        Target::new(addr(HOME)),
    ];
    Sim::with(Mode::Proxy, targets, |c| {
        c.faces = vec![
            over(Transport::Tcp, ME),
            over(Transport::Tls, "192.0.2.100:5061"),
        ];
    })
}

#[test]
fn a_stream_target_is_named_so_and_never_asked_twice() {
    let mut sim = tcp_then_home();
    let out = sim.call("a", OUT);
    assert_eq!(out.hop, over(Transport::Tcp, OUT));
    assert!(
        out.header("Via")
            .starts_with("SIP/2.0/TCP 192.0.2.100:5060;")
    );
    sim.advance_ms(2_980);
    sim.nothing();
    // Another connection of the same host may bring the answer, another host may not.
    sim.receive_over(
        over(Transport::Tcp, "198.51.100.7:40000"),
        response(&out, 180, "x"),
    );
    sim.receive_over(
        over(Transport::Udp, "198.51.100.1:40000"),
        response(&out, 180, "x"),
    );
    sim.nothing();
    sim.receive_over(
        over(Transport::Tcp, "198.51.100.1:40000"),
        response(&out, 180, "o"),
    );
    sim.expect(CALLER, "SIP/2.0 180");
    sim.advance_ms(19_100);
    let cancel = sim.expect(OUT, "CANCEL");
    assert_eq!(cancel.hop.transport, Transport::Tcp);
    let home = sim.expect(HOME, "INVITE");
    assert!(home.header("Via").starts_with("SIP/2.0/UDP"));
    sim.receive(HOME, response(&home, 200, "h"));
    sim.expect(CALLER, "SIP/2.0 200");
    sim.advance_ms(10_000);
    sim.nothing();
    sim.ends_clean();
}

#[test]
fn case_15_a_connection_that_breaks_in_mid_invite_goes_to_the_next_target_at_once() {
    let mut sim = tcp_then_home();
    let out = sim.call("a", OUT);
    let head = &out.bytes[..out.bytes.len().min(512)];
    sim.core
        .on_refused(sim.now_us, over(Transport::Tcp, OUT), head, &mut sim.outbox);
    let home = sim.expect(HOME, "INVITE");
    sim.receive(HOME, response(&home, 200, "h"));
    sim.expect(CALLER, "SIP/2.0 200");
    assert_eq!(sim.outcome().2[0].attempt, Attempt::Unreachable);
    sim.ends_clean();
}

#[test]
fn case_15_a_connection_that_breaks_while_it_rings_leaves_the_call_to_its_timers() {
    let mut sim = tcp_then_home();
    let out = sim.call("a", OUT);
    let tcp = over(Transport::Tcp, OUT);
    sim.receive_over(tcp, response(&out, 180, "o"));
    sim.expect(CALLER, "SIP/2.0 180");
    sim.core
        .on_refused(sim.now_us, tcp, &out.bytes, &mut sim.outbox);
    sim.nothing();
    sim.advance_ms(22_100);
    sim.expect(HOME, "INVITE");
    sim.ends_clean();
}

#[test]
fn a_stream_caller_is_answered_on_its_connection_and_never_twice() {
    let mut sim = Sim::proxy(&[OUT]);
    let caller = over(Transport::Tls, "192.0.2.1:43210");
    sim.receive_over(caller, invite("a").replace("SIP/2.0/UDP", "SIP/2.0/TLS"));
    let trying = sim.expect("192.0.2.1:43210", "SIP/2.0 100");
    assert_eq!(trying.hop, caller);
    let out = sim.expect(OUT, "INVITE");
    assert!(out.headers("Via")[1].ends_with(";received=192.0.2.1;rport=43210"));
    sim.receive(OUT, response(&out, 486, "o"));
    sim.expect(OUT, "ACK");
    let busy = sim.expect("192.0.2.1:43210", "SIP/2.0 486");
    sim.advance_ms(10_000);
    sim.nothing();
    let ack = request("ACK", "a", &to_tag_of(&busy)).replace("SIP/2.0/UDP", "SIP/2.0/TLS");
    sim.receive_over(caller, ack);
    sim.nothing();
    sim.ends_clean();
}

#[test]
fn requests_within_a_dialog_cross_from_one_transport_to_the_other() {
    let mut sim = tcp_then_home();
    let caller = over(Transport::Tls, "192.0.2.1:43210");
    let bye = request("BYE", "b", ";tag=t")
        .replace("SIP/2.0/UDP", "SIP/2.0/TLS")
        .replacen("sip:7001@192.0.2.100 ", "sip:agent@198.51.100.1;transport=tcp ", 1)
        .replacen(
            "Max-Forwards",
            "Route: <sip:192.0.2.100:5061;transport=tls;lr>, <sip:192.0.2.100:5060;transport=tcp;lr>\r\nMax-Forwards",
            1,
        );
    sim.receive_over(caller, &bye);
    let passed = sim.expect("198.51.100.1:5060", "BYE");
    assert_eq!(passed.hop.transport, Transport::Tcp);
    assert!(passed.headers("Route").is_empty(), "both Routes were ours");
    sim.receive_over(passed.hop, response(&passed, 200, ""));
    let answer = sim.expect("192.0.2.1:43210", "SIP/2.0 200");
    assert_eq!(answer.hop, caller);
    sim.nothing();
}

#[test]
fn between_two_transports_the_router_stays_in_the_path_with_two_names() {
    let mut sim = tcp_then_home();
    let mut capped = TrunkSettings::new(over(Transport::Tcp, OUT), "outsourced", "sip:x");
    capped.calls_max = NonZeroU32::new(5);
    sim.watch(vec![capped]);
    let out = sim.call("a", OUT);
    assert_eq!(
        out.headers("Record-Route"),
        [
            "<sip:192.0.2.100:5060;transport=tcp;lr>",
            "<sip:192.0.2.100:5060;lr>"
        ]
    );
}
