//! Case 15, the full table: calls are passed on without memory, and yet the last resort is behind them.

use crate::sim::{CALLER, HOME, OUT, Sim, THIRD, addr, invite, request, response, to_tag_of};
use segue_sip::trunk::TrunkSettings;
use segue_sip::{Mode, Shed, Target};

#[test]
fn case_15_a_full_table_sheds_home_without_memory() {
    let mut sim = Sim::with(Mode::Proxy, vec![Target::new(addr(OUT))], |c| {
        c.calls_max = 2;
    });
    for id in ["a", "b"] {
        sim.call(id, OUT);
    }
    sim.receive(CALLER, invite("c"));
    let shed = sim.expect(HOME, "INVITE");
    sim.nothing();
    assert_eq!(sim.core.counters().live, 2);
    sim.receive(HOME, response(&shed, 180, "h"));
    sim.expect(CALLER, "SIP/2.0 180");
    sim.receive(CALLER, request("CANCEL", "c", ""));
    let cancel = sim.expect(HOME, "CANCEL");
    assert_eq!(
        cancel.header("Via"),
        shed.header("Via"),
        "CANCEL meets its INVITE"
    );
    sim.receive(HOME, response(&cancel, 200, "h"));
    sim.expect(CALLER, "SIP/2.0 200");
    sim.receive(HOME, response(&shed, 487, "h"));
    let answer = sim.expect(CALLER, "SIP/2.0 487");
    sim.receive(CALLER, request("ACK", "c", &to_tag_of(&answer)));
    sim.expect(HOME, "ACK");
    sim.nothing();
    sim.core.policy_mut().shed = Shed::Redirect(vec![Target::new(addr(HOME))]);
    sim.receive(CALLER, invite("d"));
    let moved = sim.expect(CALLER, "SIP/2.0 302");
    assert_eq!(
        moved.header("Contact"),
        "<sip:7001@198.51.100.2:5060>;q=1.0"
    );
    sim.core.policy_mut().shed = Shed::Refuse;
    sim.receive(CALLER, invite("e"));
    sim.expect(CALLER, "SIP/2.0 503");
    sim.ends_clean();
}

/// A table filled by one call; what comes now is shed to in-house, then to the last resort.
fn full() -> Sim {
    let mut sim = Sim::with(Mode::Proxy, vec![Target::new(addr(OUT))], |c| {
        c.calls_max = 1;
    });
    sim.call("a", OUT);
    let targets = [HOME, THIRD].map(|to| Target::new(addr(to)));
    sim.core.policy_mut().shed = Shed::Proxy(targets.to_vec());
    sim
}

#[test]
fn case_15_a_shed_call_that_in_house_refuses_reaches_the_last_resort() {
    let mut sim = full();
    sim.receive(CALLER, invite("c"));
    let home = sim.expect(HOME, "INVITE");
    // 100 would stop the caller's INVITE from coming again, and that is all the memory there is.
    sim.receive(HOME, response(&home, 100, ""));
    sim.nothing();
    sim.receive(HOME, response(&home, 503, "h"));
    let ack = sim.expect(HOME, "ACK");
    assert_eq!(ack.header("Via"), home.header("Via"));
    sim.nothing();
    // Its repetition is acknowledged as well and moves nothing further.
    sim.advance_ms(490);
    sim.receive(CALLER, invite("c"));
    let last = sim.expect(THIRD, "INVITE");
    sim.nothing();
    sim.receive(THIRD, response(&last, 180, "t"));
    sim.expect(CALLER, "SIP/2.0 180");
    sim.receive(THIRD, response(&last, 200, "t"));
    sim.expect(CALLER, "SIP/2.0 200");
    sim.nothing();
    assert_eq!(sim.core.counters().live, 1, "nothing of it was kept");
}

#[test]
fn case_15_a_shed_call_whose_in_house_port_is_closed_reaches_the_last_resort() {
    let mut sim = full();
    sim.receive(CALLER, invite("c"));
    let home = sim.expect(HOME, "INVITE");
    sim.icmp(HOME, &home.bytes);
    sim.receive(CALLER, invite("c"));
    let last = sim.expect(THIRD, "INVITE");
    // Both gone: the caller is told, and may ask elsewhere.
    sim.receive(THIRD, response(&last, 503, "t"));
    let refused = sim.expect(CALLER, "SIP/2.0 503");
    sim.receive(CALLER, request("ACK", "c", &to_tag_of(&refused)));
    sim.expect(THIRD, "ACK");
    sim.nothing();
}

#[test]
fn case_15_what_rang_is_never_rung_elsewhere() {
    let mut sim = full();
    sim.receive(CALLER, invite("c"));
    let home = sim.expect(HOME, "INVITE");
    sim.receive(HOME, response(&home, 180, "h"));
    sim.expect(CALLER, "SIP/2.0 180");
    sim.receive(HOME, response(&home, 480, "h"));
    sim.expect(CALLER, "SIP/2.0 480");
    sim.nothing();
}

#[test]
fn case_15_calls_are_shed_past_an_in_house_that_is_known_to_be_down() {
    let mut sim = full();
    let mut home = TrunkSettings::new(addr(HOME), "in-house", "sip:198.51.100.2");
    home.options = Some(segue_sip::trunk::OptionsSettings::default());
    sim.watch(vec![home]);
    sim.advance_ms(40_000);
    sim.outbox.0.clear();
    sim.receive(CALLER, invite("b"));
    sim.expect(OUT, "INVITE");
    sim.receive(CALLER, invite("c"));
    sim.expect(THIRD, "INVITE");
}

#[test]
fn case_15_after_a_stall_of_a_minute_every_call_goes_on_and_every_slot_is_freed() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    for id in ["a", "b", "c"] {
        sim.call(id, OUT);
    }
    // The machine slept: all timers of a minute come due in one step.
    sim.now_us += 60_000_000;
    sim.core.on_time(sim.now_us, &mut sim.outbox);
    for _ in 0..3 {
        let home = sim.expect(HOME, "INVITE");
        sim.receive(HOME, response(&home, 200, "h"));
        sim.expect(CALLER, "SIP/2.0 200");
    }
    sim.ends_clean();
}

#[test]
fn case_15_the_table_of_the_policy_changes_in_mid_fork() {
    // A roll-back swaps the table while the outsourcer's phone rings: this call keeps the targets it
    // was given, the next one follows the new table.
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let out = sim.call("a", OUT);
    sim.core.policy_mut().targets = vec![Target::new(addr(HOME))];
    sim.receive(OUT, response(&out, 503, "o"));
    sim.expect(OUT, "ACK");
    let home = sim.expect(HOME, "INVITE");
    sim.receive(HOME, response(&home, 200, "h"));
    sim.expect(CALLER, "SIP/2.0 200");
    sim.call("b", HOME);
    sim.ends_clean();
}
