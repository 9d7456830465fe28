//! The hardest cases of a stateful proxy, on virtual time. The number in a test's name is the case.

use crate::sim::{CALLER, HOME, OUT, Sent, Sim, addr, invite, request, response, to_tag_of};
use segue_sip::{Attempt, Mode, Target};

fn ack(sim: &mut Sim, id: &str, answer: &Sent) {
    sim.receive(CALLER, request("ACK", id, &to_tag_of(answer)));
}

#[test]
fn case_01_late_200_on_the_abandoned_leg_while_the_second_rings() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let out = sim.call("a", OUT);
    sim.advance_ms(3_010);
    sim.outbox.0.retain(|sent| sent.to != addr(OUT));
    let home = sim.expect(HOME, "INVITE");
    sim.receive(HOME, response(&home, 180, "h"));
    sim.expect(CALLER, "SIP/2.0 180");
    sim.receive(OUT, response(&out, 200, "o"));
    let answer = sim.expect(CALLER, "SIP/2.0 200");
    assert!(answer.header("To").ends_with("tag=o"));
    let cancel = sim.expect(HOME, "CANCEL");
    sim.nothing();
    sim.receive(HOME, response(&cancel, 200, "h"));
    sim.receive(HOME, response(&home, 487, "h"));
    let ack = sim.expect(HOME, "ACK");
    assert_eq!(ack.header("CSeq"), "1 ACK");
    sim.nothing();
    let (_, status, attempts) = sim.outcome();
    assert_eq!(*status, 200);
    assert_eq!(
        attempts.iter().map(|a| a.attempt).collect::<Vec<_>>(),
        [Attempt::Answered, Attempt::Cancelled]
    );
    sim.ends_clean();
}

#[test]
fn case_02_two_200s_in_both_orders_the_second_is_ended() {
    for late_first in [true, false] {
        let mut sim = Sim::proxy(&[OUT, HOME]);
        let out = sim.call("a", OUT);
        sim.advance_ms(3_010);
        sim.outbox.0.retain(|sent| sent.to != addr(OUT));
        let home = sim.expect(HOME, "INVITE");
        let (first, second) = if late_first {
            (
                (OUT, response(&out, 200, "o")),
                (HOME, response(&home, 200, "h")),
            )
        } else {
            (
                (HOME, response(&home, 200, "h")),
                (OUT, response(&out, 200, "o")),
            )
        };
        sim.receive(first.0, first.1);
        sim.expect(CALLER, "SIP/2.0 200");
        sim.nothing();
        sim.receive(second.0, &second.1);
        let ack = sim.expect(second.0, "ACK sip:agent@198.51.100.9:5080");
        let bye = sim.expect(second.0, "BYE sip:agent@198.51.100.9:5080");
        assert_eq!(
            (ack.header("CSeq"), bye.header("CSeq")),
            ("1 ACK".into(), "2 BYE".into())
        );
        sim.nothing();
        // Its repetition is acknowledged again, the BYE repeated by its own timer until answered.
        sim.receive(second.0, &second.1);
        sim.expect(second.0, "ACK");
        sim.nothing();
        sim.advance_ms(510);
        sim.expect(second.0, "BYE");
        sim.receive(second.0, response(&bye, 200, ""));
        sim.advance_ms(20_000);
        sim.nothing();
        sim.ends_clean();
    }
}

#[test]
fn case_03_cancel_before_any_1xx_is_held_until_it() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let out = sim.call("a", OUT);
    sim.receive(CALLER, request("CANCEL", "a", ""));
    sim.expect(CALLER, "SIP/2.0 200");
    sim.advance_ms(700);
    sim.nothing();
    sim.receive(OUT, response(&out, 180, "o"));
    let cancel = sim.expect(OUT, "CANCEL");
    sim.nothing();
    sim.receive(OUT, response(&cancel, 200, "o"));
    sim.receive(OUT, response(&out, 487, "o"));
    sim.expect(OUT, "ACK");
    let answer = sim.expect(CALLER, "SIP/2.0 487");
    sim.nothing();
    ack(&mut sim, "a", &answer);
    sim.advance_ms(5_000);
    sim.nothing();
    assert_eq!(sim.outcome().2[0].attempt, Attempt::Cancelled);
    sim.ends_clean();
}

#[test]
fn case_03_cancel_of_a_silent_target_is_answered_487_at_three_seconds() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    sim.call("a", OUT);
    sim.advance_ms(100);
    sim.receive(CALLER, request("CANCEL", "a", ""));
    sim.expect(CALLER, "SIP/2.0 200");
    sim.advance_ms(2_890);
    sim.nothing();
    sim.advance_ms(20);
    sim.expect(CALLER, "SIP/2.0 487");
    sim.nothing();
    assert_eq!(sim.outcome().2[0].attempt, Attempt::Cancelled);
    sim.ends_clean();
}

#[test]
fn case_04_cancel_crossing_200_the_200_wins() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let out = sim.call("a", OUT);
    sim.receive(OUT, response(&out, 180, "o"));
    sim.expect(CALLER, "SIP/2.0 180");
    sim.receive(CALLER, request("CANCEL", "a", ""));
    sim.expect(CALLER, "SIP/2.0 200");
    let cancel = sim.expect(OUT, "CANCEL");
    sim.receive(OUT, response(&out, 200, "o"));
    let answer = sim.expect(CALLER, "SIP/2.0 200");
    assert_eq!(answer.header("CSeq"), "1 INVITE");
    sim.receive(OUT, response(&cancel, 481, "o"));
    sim.nothing();
    assert_eq!(sim.outcome().1, 200);
    assert_eq!(sim.outcome().2[0].attempt, Attempt::Answered);
    sim.ends_clean();
}

#[test]
fn case_04_a_200_after_the_487_is_ended_not_left_open() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let out = sim.call("a", OUT);
    sim.receive(CALLER, request("CANCEL", "a", ""));
    sim.expect(CALLER, "SIP/2.0 200");
    sim.advance_ms(3_010);
    sim.expect(CALLER, "SIP/2.0 487");
    sim.receive(OUT, response(&out, 200, "o"));
    sim.expect(OUT, "ACK");
    sim.expect(OUT, "BYE");
    sim.nothing();
    sim.ends_clean();
}

#[test]
fn case_05_1xx_on_an_abandoned_leg_is_cancelled_and_stays_here() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let out = sim.call("a", OUT);
    sim.advance_ms(3_010);
    sim.outbox.0.retain(|sent| sent.to != addr(OUT));
    let home = sim.expect(HOME, "INVITE");
    sim.receive(OUT, response(&out, 180, "o"));
    let cancel = sim.expect(OUT, "CANCEL");
    sim.nothing();
    sim.receive(OUT, response(&out, 183, "o"));
    sim.nothing();
    sim.advance_ms(510);
    sim.expect(OUT, "CANCEL");
    sim.outbox.0.clear();
    sim.receive(OUT, response(&cancel, 200, "o"));
    sim.receive(OUT, response(&out, 487, "o"));
    sim.expect(OUT, "ACK");
    sim.receive(HOME, response(&home, 200, "h"));
    sim.expect(CALLER, "SIP/2.0 200");
    sim.nothing();
    sim.ends_clean();
}

#[test]
fn case_05_1xx_after_the_call_was_answered_elsewhere_is_still_cancelled() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let out = sim.call("a", OUT);
    sim.advance_ms(3_010);
    sim.outbox.0.retain(|sent| sent.to != addr(OUT));
    let home = sim.expect(HOME, "INVITE");
    sim.receive(HOME, response(&home, 200, "h"));
    sim.expect(CALLER, "SIP/2.0 200");
    sim.advance_ms(4_000);
    sim.nothing();
    sim.receive(OUT, response(&out, 180, "o"));
    sim.expect(OUT, "CANCEL");
    sim.nothing();
    sim.ends_clean();
}

#[test]
fn case_06_duplicates_of_503_and_200() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let out = sim.call("a", OUT);
    sim.receive(OUT, response(&out, 503, "o"));
    let first = sim.expect(OUT, "ACK");
    let home = sim.expect(HOME, "INVITE");
    sim.receive(OUT, response(&out, 503, "o"));
    let second = sim.expect(OUT, "ACK");
    assert_eq!(first, second);
    sim.nothing();
    sim.receive(HOME, response(&home, 200, "h"));
    let answer = sim.expect(CALLER, "SIP/2.0 200");
    sim.advance_ms(500);
    sim.receive(HOME, response(&home, 200, "h"));
    assert_eq!(sim.expect(CALLER, "SIP/2.0 200"), answer);
    sim.receive(OUT, response(&out, 503, "o"));
    sim.expect(OUT, "ACK");
    sim.nothing();
    sim.ends_clean();
}

#[test]
fn case_07_invite_repeated_in_every_state() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let out = sim.call("a", OUT);
    sim.receive(CALLER, invite("a"));
    sim.expect(CALLER, "SIP/2.0 100");
    sim.nothing();
    sim.receive(OUT, response(&out, 180, "o"));
    sim.expect(CALLER, "SIP/2.0 180");
    sim.receive(CALLER, invite("a"));
    sim.expect(CALLER, "SIP/2.0 180");
    sim.nothing();
    sim.receive(OUT, response(&out, 486, "o"));
    sim.expect(OUT, "ACK");
    let busy = sim.expect(CALLER, "SIP/2.0 486");
    sim.receive(CALLER, invite("a"));
    assert_eq!(sim.expect(CALLER, "SIP/2.0 486"), busy);
    ack(&mut sim, "a", &busy);
    for _ in 0..6 {
        sim.advance_ms(5_000);
        sim.receive(CALLER, invite("a"));
        sim.nothing();
    }
    assert_eq!(
        sim.core.policy().asked,
        1,
        "never rung twice within the life of a repetition"
    );
    sim.ends_clean();
}

#[test]
fn case_07_invite_repeated_after_200_is_absorbed() {
    let mut sim = Sim::proxy(&[OUT]);
    let out = sim.call("a", OUT);
    sim.receive(OUT, response(&out, 200, "o"));
    sim.expect(CALLER, "SIP/2.0 200");
    sim.advance_ms(31_900);
    sim.receive(CALLER, invite("a"));
    sim.nothing();
    sim.ends_clean();
}

#[test]
fn case_08_final_lost_upstream_is_repeated_until_the_ack_or_h() {
    let mut sim = Sim::proxy(&[OUT]);
    let out = sim.call("a", OUT);
    sim.receive(OUT, response(&out, 486, "o"));
    sim.expect(OUT, "ACK");
    let busy = sim.expect(CALLER, "SIP/2.0 486");
    for wait in [500, 1_000, 2_000, 4_000, 4_000] {
        sim.advance_ms(wait - 20);
        sim.nothing();
        sim.advance_ms(20);
        assert_eq!(sim.expect(CALLER, "SIP/2.0 486"), busy);
    }
    ack(&mut sim, "a", &busy);
    sim.advance_ms(25_000);
    sim.nothing();
    sim.ends_clean();

    let mut sim = Sim::proxy(&[OUT]);
    let out = sim.call("b", OUT);
    sim.receive(OUT, response(&out, 486, "o"));
    sim.advance_ms(31_900);
    assert_eq!(sim.core.counters().live, 1);
    sim.advance_ms(200);
    assert_eq!(
        sim.core.counters().live,
        0,
        "timer H ends it without an ACK"
    );
    sim.ends_clean();
}

#[test]
fn case_09_ack_of_a_200_goes_through_statelessly_to_known_peers_only() {
    let ack_to = |target: &str, branch: &str| {
        format!(
            "ACK sip:agent@{target} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{branch}\r\n\
             Max-Forwards: 70\r\nRoute: <sip:192.0.2.100:5060;lr>\r\nFrom: <sip:1@192.0.2.1>;tag=f\r\n\
             To: <sip:2@192.0.2.100>;tag=t\r\nCall-ID: c\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
        )
    };
    let mut sim = Sim::proxy(&[OUT]);
    sim.receive(CALLER, ack_to(OUT, "x"));
    let passed = sim.expect(OUT, "ACK sip:agent@198.51.100.1:5060");
    assert_eq!(
        passed.headers("Route").len(),
        0,
        "our own Route is taken off"
    );
    assert_eq!(passed.header("Max-Forwards"), "69");
    sim.receive(CALLER, ack_to("203.0.113.9:5060", "y"));
    sim.receive(CALLER, ack_to("192.0.2.100:5060", "z"));
    sim.nothing();
    assert_eq!(sim.core.counters().live, 0);
    sim.ends_clean();
}

#[test]
fn case_09_bye_through_us_comes_back_with_its_answer() {
    let mut sim = Sim::proxy(&[OUT]);
    let bye =
        request("BYE", "bye", ";tag=t").replace("sip:7001@192.0.2.100 ", "sip:a@198.51.100.1 ");
    sim.receive(CALLER, &bye);
    let passed = sim.expect(OUT, "BYE");
    sim.receive(OUT, response(&passed, 200, ""));
    let answer = sim.expect(CALLER, "SIP/2.0 200");
    assert_eq!(answer.headers("Via").len(), 1);
    // With another caller behind it, the seal does not fit: no reflector.
    let forged = response(&passed, 200, "").replace("UDP 192.0.2.1:5060", "UDP 192.0.2.7:5060");
    sim.receive(OUT, forged);
    sim.nothing();
    assert_eq!(sim.core.counters().stray, 1);
    let away = bye.replace("198.51.100.1 ", "203.0.113.9 ");
    sim.receive(CALLER, away);
    sim.expect(CALLER, "SIP/2.0 481");
    sim.ends_clean();
}

#[test]
fn case_10_network_refusal() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let out = sim.call("a", OUT);
    sim.icmp(OUT, &out.bytes[..40]);
    sim.icmp(OUT, b"");
    sim.icmp(HOME, &out.bytes);
    sim.nothing();
    let line = out.text().find("rport").expect("our Via") + 7;
    sim.icmp(OUT, &out.bytes[..line]);
    let home = sim.expect(HOME, "INVITE");
    sim.nothing();
    sim.icmp(OUT, &out.bytes);
    sim.nothing();
    sim.receive(HOME, response(&home, 180, "h"));
    sim.expect(CALLER, "SIP/2.0 180");
    sim.icmp(HOME, &home.bytes);
    sim.nothing();
    let ringing = response(&home, 180, "h");
    sim.icmp(CALLER, ringing.as_bytes());
    sim.nothing();
    sim.receive(HOME, response(&home, 200, "h"));
    sim.expect(CALLER, "SIP/2.0 200");
    assert_eq!(sim.outcome().2[0].attempt, Attempt::Unreachable);
    sim.ends_clean();
}

#[test]
fn case_10_all_targets_unreachable_is_500_at_once() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let out = sim.call("a", OUT);
    sim.icmp(OUT, &out.bytes);
    let home = sim.expect(HOME, "INVITE");
    sim.icmp(HOME, &home.bytes);
    sim.expect(CALLER, "SIP/2.0 500");
    sim.nothing();
    sim.ends_clean();
}

#[test]
fn case_12_best_response() {
    for (first, second, best) in [
        (503, 486, 486),
        (503, 503, 500),
        (503, 603, 603),
        (480, 503, 480),
        (503, 407, 407),
        (500, 404, 404),
        (408, 401, 401),
        (302, 503, 302),
    ] {
        let mut sim = Sim::proxy(&[OUT, HOME]);
        let out = sim.call("a", OUT);
        sim.receive(OUT, response(&out, first, "o"));
        sim.expect(OUT, "ACK");
        let home = sim.expect(HOME, "INVITE");
        sim.receive(HOME, response(&home, second, "h"));
        sim.expect(HOME, "ACK");
        sim.expect(CALLER, &format!("SIP/2.0 {best}"));
        sim.nothing();
        assert_eq!(sim.outcome().1, best);
        assert_eq!(sim.outcome().2.len(), 2);
        sim.ends_clean();
    }
}

#[test]
fn case_12_a_target_that_keeps_only_our_via_is_rebuilt() {
    let mut sim = Sim::proxy(&[OUT]);
    let out = sim.call("a", OUT);
    let whole = response(&out, 486, "o");
    let second = format!("Via: {}\r\n", out.headers("Via")[1]);
    sim.receive(OUT, whole.replace(&second, ""));
    sim.expect(OUT, "ACK");
    let busy = sim.expect(CALLER, "SIP/2.0 486");
    assert_eq!(busy.headers("Via"), vec![out.headers("Via")[1].clone()]);
    sim.ends_clean();
}

#[test]
fn case_14_forged_stray_and_foreign_answers_are_dropped() {
    let mut sim = Sim::proxy(&[OUT, HOME]);
    let out = sim.call("a", OUT);
    let answer = response(&out, 200, "o");
    sim.receive(HOME, &answer);
    let branch = out.header("Via");
    let digit = branch.find("z9hG4bKsg").expect("our branch") + 30;
    let other = if &branch[digit..=digit] == "0" {
        "1"
    } else {
        "0"
    };
    let forged = format!("{}{other}{}", &branch[..digit], &branch[digit + 1..]);
    sim.receive(OUT, answer.replace(&branch, &forged));
    sim.receive(OUT, answer.replace("1 INVITE", "1 OPTIONS"));
    sim.nothing();
    assert_eq!(sim.core.counters().stray, 3);
    sim.receive(OUT, &answer);
    sim.expect(CALLER, "SIP/2.0 200");
    sim.advance_ms(33_000);
    assert_eq!(sim.core.counters().live, 0);
    sim.receive(OUT, &answer);
    // The slot is used again: an answer of its former generation must not reach the new call.
    let again = sim.call("b", OUT);
    sim.receive(OUT, &answer);
    sim.nothing();
    sim.receive(OUT, response(&again, 200, "o"));
    sim.expect(CALLER, "SIP/2.0 200");
    sim.ends_clean();
}

#[test]
fn case_14_legacy_caller_without_a_branch_cookie() {
    let legacy = |text: String| text.replace("branch=z9hG4bK", "branch=");
    let mut sim = Sim::proxy(&[OUT]);
    sim.receive(CALLER, legacy(invite("a")));
    sim.expect(CALLER, "SIP/2.0 100");
    let out = sim.expect(OUT, "INVITE");
    sim.receive(CALLER, legacy(invite("a")));
    sim.expect(CALLER, "SIP/2.0 100");
    sim.receive(OUT, response(&out, 486, "o"));
    sim.expect(OUT, "ACK");
    let busy = sim.expect(CALLER, "SIP/2.0 486");
    sim.receive(CALLER, legacy(request("ACK", "a", &to_tag_of(&busy))));
    sim.advance_ms(10_000);
    sim.nothing();
    sim.ends_clean();
}

#[test]
fn case_14_a_spiral_is_a_new_transaction_and_the_hop_limit_ends_it() {
    let mut sim = Sim::with(Mode::Proxy, vec![Target::new(addr(OUT))], |c| {
        c.calls_max = 128;
        c.own_passes_max = u8::MAX;
    });
    let mut out = sim.call("a", OUT);
    for hop in 1..70 {
        let via = format!("SIP/2.0\r\nVia: SIP/2.0/UDP {OUT};branch=z9hG4bKspiral{hop}\r\n");
        sim.receive(OUT, out.text().replacen("SIP/2.0\r\n", &via, 1));
        sim.expect(OUT, "SIP/2.0 100");
        out = sim.expect(OUT, "INVITE");
    }
    assert_eq!(out.header("Max-Forwards"), "0");
    assert_eq!(
        sim.core.counters().live,
        70,
        "each pass is a call of its own"
    );
    let via = format!("SIP/2.0\r\nVia: SIP/2.0/UDP {OUT};branch=z9hG4bKspiral\r\n");
    sim.receive(OUT, out.text().replacen("SIP/2.0\r\n", &via, 1));
    sim.expect(OUT, "SIP/2.0 483");
    sim.nothing();
    sim.ends_clean();
}
