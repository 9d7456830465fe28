//! One-time codes for trial calls from any telephone (A24).

use super::{MSG, board, history, quality};
use crate::fixture::{manager, nurse};
use crate::support::{Story, test_call};
use jiff::SignedDuration;
use segue_domain::caller::{CallerHash, CallerKey};
use segue_domain::dial_in::{HOLDS, UseDialInCode, entitled};
use segue_domain::{Actor, Code, Side};
use std::collections::BTreeSet;

const DAY: &str = "message × day × English";

fn telephone() -> CallerHash {
    CallerKey::new(&[3; 32]).hash("+16095550188")
}

fn code_of(cell: &str, used_before: u32) -> UseDialInCode {
    UseDialInCode {
        chunk: MSG.into(),
        cell: cell.into(),
        telephone: telephone().to_string(),
        used_before,
    }
}

/// The person, as the program names them once it has heard their code.
fn heard(who: &Actor) -> Actor {
    who.clone().heard_on_the_dial_in_line()
}

fn codes(story: &Story, who: &Actor) -> Vec<String> {
    let own = entitled(&story.t).filter(|e| e.call.person == who.person);
    own.map(|e| e.code(&CallerKey::new(&[3; 32]), &story.t))
        .collect()
}

#[test]
fn a24_a_code_makes_a_telephone_one_of_the_campaigns_for_a_quarter_of_an_hour() {
    let mut story = history();
    let numbers = |story: &Story| story.t.test_numbers.clone();
    let before = story.now;
    assert!(!numbers(&story).is_test(&telephone(), before));
    story.minutes_pass(1);
    story.does(&heard(&nurse()), code_of(DAY, 0));
    let at = story.now;
    let tests = numbers(&story);
    for (when, is_test) in [
        (before, false),
        (at, true),
        (at + HOLDS - SignedDuration::from_micros(1), true),
        (at + HOLDS, false),
    ] {
        assert_eq!(tests.is_test(&telephone(), when), is_test, "{when}");
    }
    assert!(
        !tests.is_test(&CallerHash([7; 32]), at),
        "no other telephone"
    );
    // A second code later: the first quarter of an hour stays what it was.
    story.minutes_pass(60);
    story.does(&heard(&nurse()), code_of(DAY, 1));
    assert!(numbers(&story).is_test(&telephone(), at));
    let shown = board(&story, "test-numbers", &manager(Side::Client)).join("\n");
    assert!(shown.contains("2 telephones more"), "{shown}");
    assert!(
        !shown.contains("rvs-nurse"),
        "who tests is not for the other party: {shown}"
    );
}

#[test]
fn a24_a_code_is_the_persons_own_good_once_and_gone_with_the_call() {
    let mut story = history();
    let first = codes(&story, &nurse());
    assert_eq!(first, codes(&story, &nurse()), "it stands until it is used");
    let everybody: Vec<_> = [nurse(), quality()]
        .iter()
        .flat_map(|who| codes(&story, who))
        .collect();
    let different: BTreeSet<_> = everybody.iter().collect();
    assert_eq!(different.len(), everybody.len());
    assert!(
        everybody
            .iter()
            .all(|c| c.len() == 8 && c.bytes().all(|b| b.is_ascii_digit()))
    );

    story.does(&heard(&nurse()), code_of(DAY, 0));
    assert_ne!(codes(&story, &nurse()), first);
    story
        .when(&heard(&nurse()), code_of(DAY, 0))
        .refuses(Code::BadFact, "used once");
    story
        .when(&heard(&nurse()), code_of(DAY, 2))
        .refuses(Code::BadFact, "used once");
    story
        .when(&heard(&nurse()), code_of("message × night × Hindi", 0))
        .refuses(Code::Unknown, "a trial call of message × night × Hindi");
    let mut number = code_of(DAY, 1);
    number.telephone = "+16095550188".into();
    let refused = story.when(&heard(&nurse()), number);
    let refused = refused.refuses(Code::BadFact, "a number is never sent");
    assert!(!refused.to_string().contains("5550188"), "{refused}");
    story
        .when(&heard(&manager(Side::Outsourcer)), code_of(DAY, 1))
        .refuses(Code::NotAuthorised, "person of the client");

    story.minutes_pass(1);
    story.does(&nurse(), test_call(MSG, DAY, true));
    assert_eq!(codes(&story, &nurse()), [""; 0], "the call is placed");
    story
        .when(&heard(&nurse()), code_of(DAY, 1))
        .refuses(Code::Unknown, "still has to place");
}

/// Whoever could name a telephone could take a patient's calls out of every guard's evidence.
#[test]
fn a24_no_person_says_that_a_code_was_entered() {
    let story = history();
    for who in [nurse(), quality(), manager(Side::Client)] {
        story.when(&who, code_of(DAY, 0)).refuses(
            Code::NotAuthorised,
            "say what was heard on the dial-in line",
        );
    }
}
