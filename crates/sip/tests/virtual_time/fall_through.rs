//! The main path: answered by the first target, refused by it, silent, or ringing for too long.

use crate::sim::{CALLER, HOME, OUT, Sim, THIRD, addr, response};
use segue_sip::{Attempt, FallThrough, Mode, Target};

#[test]
fn plain_call_is_answered_by_the_first_target() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let out = sim.call("a", OUT);
    sim.receive(OUT, response(&out, 180, "o"));
    let ringing = sim.expect(CALLER, "SIP/2.0 180");
    assert_eq!(ringing.headers("Via").len(), 1, "our Via is taken off");
    sim.receive(OUT, response(&out, 200, "o"));
    sim.expect(CALLER, "SIP/2.0 200");
    sim.nothing();
    let (token, status, attempts) = sim.outcome();
    assert_eq!((*token, *status, attempts.len()), (1, 200, 1));
    assert_eq!(attempts[0].attempt, Attempt::Answered);
    sim.ends_clean();
}

#[test]
fn refusals_fall_through_and_others_do_not() {
    for (status, next) in [
        (408, true),
        (480, true),
        (500, true),
        (503, true),
        (302, true),
    ] {
        falls(status, next);
    }
    for status in [401, 404, 407, 486, 603, 600, 415] {
        falls(status, false);
    }
}

fn falls(status: u16, next: bool) {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let out = sim.call("a", OUT);
    sim.receive(OUT, response(&out, status, "o"));
    sim.expect(OUT, "ACK");
    if next {
        sim.expect(HOME, "INVITE");
    } else {
        sim.expect(CALLER, &format!("SIP/2.0 {status}"));
    }
    sim.nothing();
    sim.ends_clean();
}

#[test]
fn by_choice_404_486_and_603_fall_through_too() {
    for status in [404, 486, 603] {
        let mut first = Target::new(addr(OUT));
        first.fall_through = FallThrough::default().with(404).with(486).with(603);
        let mut sim = Sim::with(Mode::Proxy, vec![first, Target::new(addr(HOME))], |_| {});
        let out = sim.call("a", OUT);
        sim.receive(OUT, response(&out, status, "o"));
        sim.expect(OUT, "ACK");
        sim.expect(HOME, "INVITE");
        sim.ends_clean();
    }
}

#[test]
fn by_choice_a_usual_code_is_the_callers_answer() {
    let mut first = Target::new(addr(OUT));
    first.fall_through = FallThrough::default().without(480);
    let mut sim = Sim::with(Mode::Proxy, vec![first, Target::new(addr(HOME))], |_| {});
    let out = sim.call("a", OUT);
    sim.receive(OUT, response(&out, 480, "o"));
    sim.expect(OUT, "ACK");
    sim.expect(CALLER, "SIP/2.0 480");
    sim.ends_clean();
}

#[test]
fn silence_goes_home_after_three_seconds_and_three_invites() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    sim.call("a", OUT);
    sim.advance_ms(490);
    sim.nothing();
    sim.advance_ms(20);
    sim.expect(OUT, "INVITE");
    sim.advance_ms(1_000);
    sim.expect(OUT, "INVITE");
    sim.advance_ms(1_480);
    sim.nothing();
    sim.advance_ms(20);
    let home = sim.expect(HOME, "INVITE");
    sim.nothing();
    sim.receive(HOME, response(&home, 200, "h"));
    sim.expect(CALLER, "SIP/2.0 200");
    assert_eq!(sim.outcome().2[0].attempt, Attempt::Silent);
    assert!((3_000..3_020).contains(&sim.outcome().2[0].elapsed_ms));
    sim.ends_clean();
}

#[test]
fn only_100_goes_home_after_seven_seconds_and_ringing_after_twenty_two() {
    let mut sim = Sim::proxy(&[OUT, HOME, THIRD]);
    let out = sim.call("a", OUT);
    sim.receive(OUT, response(&out, 100, ""));
    sim.nothing();
    sim.advance_ms(6_990);
    sim.nothing();
    sim.advance_ms(20);
    let cancel = sim.expect(OUT, "CANCEL");
    assert_eq!(cancel.header("CSeq"), "1 CANCEL");
    assert_eq!(
        cancel.header("Via"),
        out.header("Via"),
        "CANCEL carries the INVITE's branch"
    );
    let home = sim.expect(HOME, "INVITE");
    sim.receive(HOME, response(&home, 180, "h"));
    sim.expect(CALLER, "SIP/2.0 180");
    sim.outbox.0.clear();
    sim.advance_ms(21_980);
    assert!(
        sim.lines().iter().all(|line| line.contains("CANCEL")),
        "{:?}",
        sim.lines()
    );
    sim.outbox.0.clear();
    sim.advance_ms(30);
    sim.expect(HOME, "CANCEL");
    sim.expect(THIRD, "INVITE");
    sim.ends_clean();
}
