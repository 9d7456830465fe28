//! Trunks: OPTIONS with hysteresis, the breaker, the caps, loops and floods.

use crate::sim::{CALLER, HOME, OUT, Sent, Sim, addr, invite, request, response, to_tag_of};
use segue_sip::trunk::{BreakerSettings, BreakerState, Health, TrunkSettings};
use segue_sip::{Attempt, Mode, Skip, Target};
use std::num::NonZeroU32;

fn trunk() -> TrunkSettings {
    TrunkSettings::new(addr(OUT), "outsourced", "sip:198.51.100.1")
}

fn answer_options(sim: &mut Sim, status: u16) {
    let asked = sim.expect(OUT, "OPTIONS sip:198.51.100.1 SIP/2.0");
    sim.receive(OUT, response(&asked, status, "o"));
}

/// Where a call goes first.
fn first_target(sim: &mut Sim, id: &str) -> Sent {
    sim.outbox.0.clear();
    sim.receive(CALLER, invite(id));
    sim.expect(CALLER, "SIP/2.0 100");
    let sent = sim.outbox.0.remove(0);
    assert!(sent.first_line().starts_with("INVITE"));
    sent
}

#[test]
fn options_decide_with_hysteresis_and_the_unknown_stays_home() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    sim.watch(vec![trunk().guarded()]);
    let asked = sim.expect(OUT, "OPTIONS");
    assert_eq!(sim.trunk().health, Health::Unknown);
    let home = first_target(&mut sim, "a");
    assert_eq!(home.to, addr(HOME), "nothing is known yet");
    sim.receive(HOME, response(&home, 200, "h"));
    sim.expect(CALLER, "SIP/2.0 200");
    assert_eq!(sim.outcome().2[0].attempt, Attempt::Skipped(Skip::Unknown));
    // Repeated like any request over UDP; any answer but 408 and 503 says that somebody is there.
    sim.advance_ms(510);
    assert_eq!(sim.expect(OUT, "OPTIONS"), asked);
    sim.receive(HOME, response(&asked, 200, "x"));
    assert_eq!(sim.trunk().health, Health::Unknown, "another's answer");
    sim.receive(OUT, response(&asked, 404, "o"));
    assert_eq!(sim.trunk().health, Health::Up);
    assert_eq!(first_target(&mut sim, "b").to, addr(OUT));
    for lost in 0..3 {
        assert_eq!(sim.trunk().health, Health::Up, "{lost} lost");
        sim.advance_ms(if lost == 0 { 10_010 } else { 5_010 });
        sim.outbox.0.clear();
        sim.advance_ms(2_000);
        sim.outbox.0.clear();
    }
    assert_eq!(sim.trunk().health, Health::Down);
    assert_eq!(first_target(&mut sim, "c").to, addr(HOME));
    for health in [Health::Down, Health::Up] {
        sim.outbox.0.clear();
        sim.advance_ms(5_020);
        answer_options(&mut sim, 200);
        assert_eq!(sim.trunk().health, health, "two answers in a row");
    }
    assert_eq!(first_target(&mut sim, "d").to, addr(OUT));
    assert_eq!(sim.trunk().counts.skipped_unwell, 2);
}

#[test]
fn a_closed_port_fails_options_at_once() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    sim.watch(vec![trunk().guarded()]);
    for _ in 0..3 {
        let asked = sim.expect(OUT, "OPTIONS");
        sim.icmp(OUT, &asked.bytes);
        sim.advance_ms(5_010);
    }
    assert_eq!(sim.trunk().health, Health::Down);
    assert_eq!(sim.trunk().counts.options_failed, 3);
}

#[test]
fn the_breaker_spares_callers_a_trunk_that_fails_and_tries_it_with_one() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let mut watched = trunk();
    watched.guarded = true;
    watched.breaker = Some(BreakerSettings::default());
    sim.watch(vec![watched]);
    for call in 0..5 {
        let out = first_target(&mut sim, &format!("f{call}"));
        assert_eq!(out.to, addr(OUT));
        sim.receive(OUT, response(&out, 503, "o"));
        sim.expect(OUT, "ACK");
        sim.expect(HOME, "INVITE");
    }
    assert_eq!(sim.trunk().breaker, BreakerState::Open);
    assert_eq!(first_target(&mut sim, "g").to, addr(HOME));
    sim.advance_ms(10_000);
    sim.outbox.0.clear();
    let trial = first_target(&mut sim, "h");
    assert_eq!(trial.to, addr(OUT), "one call tries");
    assert_eq!(first_target(&mut sim, "i").to, addr(HOME), "only one");
    sim.receive(OUT, response(&trial, 200, "o"));
    sim.expect(CALLER, "SIP/2.0 200");
    assert_eq!(sim.trunk().breaker, BreakerState::Closed);
    assert_eq!(first_target(&mut sim, "j").to, addr(OUT));
    let counts = sim.trunk().counts;
    assert_eq!((counts.tried, counts.failed, counts.answered), (7, 5, 1));
    assert_eq!((counts.skipped_unwell, sim.trunk().in_setup), (2, 1));
}

#[test]
fn in_house_is_measured_and_never_passed_by() {
    let mut sim = Sim::proxy(&[HOME, OUT]);
    let mut home = TrunkSettings::new(addr(HOME), "in-house", "sip:198.51.100.2");
    home.breaker = Some(BreakerSettings::default());
    sim.watch(vec![home]);
    for call in 0..8 {
        let first = first_target(&mut sim, &format!("f{call}"));
        assert_eq!(first.to, addr(HOME));
        sim.receive(HOME, response(&first, 503, "h"));
        sim.outbox.0.clear();
    }
    assert_eq!(sim.trunk().breaker, BreakerState::Open);
}

#[test]
fn calls_a_second_are_capped_and_the_rest_stays_home() {
    let targets = [OUT, HOME].map(|to| Target::new(addr(to))).to_vec();
    let mut sim = Sim::with(Mode::Proxy, targets, |c| c.calls_max = 1_000);
    sim.watch(vec![TrunkSettings {
        guarded: true,
        calls_per_s_max: NonZeroU32::new(10),
        ..trunk()
    }]);
    let mut out = 0;
    for call in 0..200 {
        let sent = first_target(&mut sim, &format!("n{call}"));
        out += usize::from(sent.to == addr(OUT));
        sim.receive(&sent.to.to_string(), response(&sent, 486, "x"));
        sim.outbox.0.clear();
        sim.advance_ms(10);
        sim.outbox.0.clear();
    }
    assert!((19..=21).contains(&out), "{out} in two seconds");
    assert_eq!(sim.trunk().counts.skipped_cap, 200 - out as u64);
}

#[test]
fn calls_at_a_time_are_capped_by_seeing_their_bye() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    sim.watch(vec![TrunkSettings {
        guarded: true,
        calls_max: NonZeroU32::new(2),
        ..trunk()
    }]);
    let mut ends = Vec::new();
    for id in ["a", "b"] {
        let out = first_target(&mut sim, id);
        assert_eq!(out.to, addr(OUT));
        assert_eq!(out.header("Record-Route"), "<sip:192.0.2.100:5060;lr>");
        sim.receive(OUT, response(&out, 200, &format!("o{id}")));
        let answer = sim.expect(CALLER, "SIP/2.0 200");
        ends.push((id, to_tag_of(&answer)));
    }
    assert_eq!((sim.trunk().in_progress, sim.trunk().in_setup), (2, 0));
    let home = first_target(&mut sim, "c");
    assert_eq!(home.to, addr(HOME), "full");
    assert!(
        home.headers("Record-Route").is_empty(),
        "only where a cap asks for it"
    );
    // The caller hangs up, through us because of Record-Route; a repeated BYE frees nothing twice.
    let (id, tag) = &ends[0];
    let bye = request("BYE", id, tag).replacen(
        "Max-Forwards",
        "Route: <sip:192.0.2.100:5060;lr>\r\nMax-Forwards",
        1,
    );
    let bye = bye.replacen("sip:7001@192.0.2.100 ", "sip:agent@198.51.100.1:5060 ", 1);
    for _ in 0..2 {
        sim.receive(CALLER, &bye);
        let passed = sim.expect(OUT, "BYE sip:agent@198.51.100.1:5060");
        assert!(passed.headers("Route").is_empty());
    }
    assert_eq!(sim.trunk().in_progress, 1);
    assert_eq!(first_target(&mut sim, "d").to, addr(OUT));
    assert_eq!(
        first_target(&mut sim, "e").to,
        addr(HOME),
        "one in setup counts"
    );
}

#[test]
fn a_call_in_circles_is_answered_482_long_before_its_hops_are_used_up() {
    let mut sim = Sim::proxy(&[OUT]);
    let mut out = sim.call("a", OUT);
    for hop in 0..7 {
        let via = format!("SIP/2.0\r\nVia: SIP/2.0/UDP {OUT};branch=z9hG4bKloop{hop}\r\n");
        sim.receive(OUT, out.text().replacen("SIP/2.0\r\n", &via, 1));
        sim.expect(OUT, "SIP/2.0 100");
        out = sim.expect(OUT, "INVITE");
    }
    let via = format!("SIP/2.0\r\nVia: SIP/2.0/UDP {OUT};branch=z9hG4bKloop\r\n");
    sim.receive(OUT, out.text().replacen("SIP/2.0\r\n", &via, 1));
    sim.expect(OUT, "SIP/2.0 482");
    sim.nothing();
    assert_eq!(sim.core.counters().loops, 1);
}

#[test]
fn a_flood_from_one_source_is_dropped_unread_and_costs_no_other() {
    let mut sim = Sim::with(Mode::Proxy, vec![Target::new(addr(OUT))], |c| {
        c.source_messages_per_s_max = NonZeroU32::new(50);
    });
    for n in 0..200 {
        sim.receive("192.0.2.66:5060", request("OPTIONS", &format!("f{n}"), ""));
    }
    assert!(sim.core.counters().rate_limited >= 149);
    sim.outbox.0.clear();
    sim.call("a", OUT);
}
