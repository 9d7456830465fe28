//! Case 15, the small soak: many calls of every fate; each is answered once and every slot is freed.

use crate::sim::{CALLER, HOME, OUT, Sent, Sim, addr, invite, request, response, to_tag_of};
use segue_sip::{Mode, Target};

const CALLS: usize = 20_000;

/// What the outsourced target does with the call of this number.
fn answer_of(number: usize, sent: &Sent) -> Option<String> {
    match number % 5 {
        0 => Some(response(sent, 200, "o")),
        1 => Some(response(sent, 503, "o")),
        2 => Some(response(sent, 486, "o")),
        3 => Some(response(sent, 180, "o")),
        _ => None,
    }
}

#[test]
fn case_15_many_calls_of_every_fate_leave_nothing_behind() {
    let targets = vec![Target::new(addr(OUT)), Target::new(addr(HOME))];
    let mut sim = Sim::with(Mode::Proxy, targets, |c| c.calls_max = 1 << 16);
    let mut finals = vec![0_u32; CALLS];
    for number in 0..CALLS {
        sim.receive(CALLER, invite(&format!("n{number}n")));
        if number % 7 == 0 {
            sim.receive(CALLER, request("CANCEL", &format!("n{number}n"), ""));
        }
        serve(&mut sim, &mut finals);
        if number % 10 == 0 {
            sim.advance_ms(10);
        }
    }
    for _ in 0..400 {
        sim.advance_ms(100);
        serve(&mut sim, &mut finals);
    }
    assert!(
        finals.iter().all(|count| *count >= 1),
        "every call has its final answer"
    );
    assert_eq!(sim.core.policy().asked, CALLS as u64);
    assert_eq!(
        sim.core.policy().outcomes.len(),
        CALLS,
        "and is told to the policy once"
    );
    sim.advance_ms(60_000);
    assert_eq!(sim.core.counters().live, 0);
}

/// Plays caller and both targets until nobody has anything to say.
fn serve(sim: &mut Sim, finals: &mut [u32]) {
    while !sim.outbox.0.is_empty() {
        for sent in std::mem::take(&mut sim.outbox).0 {
            let line = sent.first_line();
            let id = sent.header("Call-ID");
            let number: usize = id
                .split('n')
                .nth(1)
                .and_then(|n| n.parse().ok())
                .expect("ours");
            if sent.to == addr(CALLER) {
                if sent.header("CSeq") == "1 INVITE" && !line.starts_with("SIP/2.0 1") {
                    finals[number] += 1;
                    if !line.starts_with("SIP/2.0 2") {
                        sim.receive(
                            CALLER,
                            request("ACK", &format!("n{number}n"), &to_tag_of(&sent)),
                        );
                    }
                }
                continue;
            }
            let target = if sent.to == addr(OUT) { OUT } else { HOME };
            let answer = match line.split(' ').next().unwrap_or_default() {
                "INVITE" if target == HOME => Some(response(&sent, 200, "h")),
                "INVITE" => answer_of(number, &sent),
                "CANCEL" => Some(response(&sent, 200, "o")),
                "BYE" => Some(response(&sent, 200, "")),
                _ => None,
            };
            if let Some(answer) = answer {
                sim.receive(target, answer);
            }
        }
    }
}
