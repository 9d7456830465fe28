//! A day of scripted traffic on virtual time, through the domain's own decisions: an outsourcer that silently degrades,
//! one that stays well while the in-house centre empties, and an in-house centre that fails as well.
#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod agreed;
mod counterfactual;
mod desk;
mod restart;
mod rig;

use jiff::SignedDuration;
use rig::{Centre, Day};
use segue_domain::contingency::library::TriggerKind;
use segue_domain::contingency::triggers::SetTriggers;
use segue_domain::contingency::watch::Hold;
use segue_domain::{Role, Side};
use segue_example::of;
use segue_guard::Turn;
use segue_parity::guard::{Action, Verdict};

#[test]
fn an_outsourcer_that_silently_degrades_is_found_and_the_calls_come_home() {
    let mut day = Day::live(true);
    day.play(180, Centre::Well, Centre::Well);
    assert_eq!(day.alarms(), [], "three good hours raise nothing");
    day.play(180, Centre::Well, Centre::Slow);
    assert!(
        day.alarms().contains(&TriggerKind::HandleTime),
        "{:?}",
        day.alarms()
    );
    assert!(day.is_out(), "longer calls alone move nothing");
    day.play(60, Centre::Well, Centre::HangUps);
    assert!(
        day.alarms().contains(&TriggerKind::Abandonment),
        "{:?}",
        day.alarms()
    );
    assert!(
        day.advised().contains(&"bring every call home"),
        "{:?}",
        day.advised()
    );
    let voicemail_from = day.now;
    day.play(60, Centre::Well, Centre::Voicemail);
    let (at, reason) = day.home().unwrap();
    assert_eq!(reason, "nobody answers, as both parties agreed");
    assert!(!day.is_out());
    assert!(
        at.duration_since(voicemail_from) <= SignedDuration::from_mins(20),
        "{at}"
    );
}

#[test]
fn without_signatures_the_same_day_only_pages() {
    let mut day = Day::live(false);
    day.play(120, Centre::Well, Centre::Well);
    day.play(60, Centre::Well, Centre::Voicemail);
    assert!(day.alarms().contains(&TriggerKind::NobodyAnswers));
    assert!(day.advised().contains(&"bring every call home"));
    assert_eq!(day.home(), None, "nobody signed that this needs no person");
    assert!(day.is_out());
}

/// 80 % moved: the in-house centre has next to nothing to do and answers at once. That is no harm of the outsourcer.
#[test]
fn a_healthy_outsourcer_beside_an_emptied_centre_is_left_alone() {
    let mut day = Day::live(true);
    day.emptied_bp = Some(8_000);
    day.play(600, Centre::Well, Centre::Well);
    assert_eq!(day.alarms(), []);
    assert_eq!(day.home(), None);
    let moved = [
        Action::GoHome,
        Action::PageGoHome,
        Action::ReturnToLastAccepted,
        Action::PageReturn,
    ];
    assert!(
        day.turns
            .iter()
            .all(|turn| !moved.contains(&turn.assessment.action))
    );
}

#[test]
fn calls_never_come_home_by_themselves_into_a_centre_that_fails_too() {
    let mut day = Day::live(true);
    day.play(120, Centre::Well, Centre::Well);
    day.play(90, Centre::HangUps, Centre::Well);
    day.play(90, Centre::Voicemail, Centre::Voicemail);
    assert_eq!(day.home(), None);
    assert!(day.is_out());
    assert!(
        day.turns
            .iter()
            .any(|turn| turn.assessment.action == Action::Freeze)
    );
    assert!(
        day.advised()
            .iter()
            .any(|says| says.starts_with("move nothing"))
    );
}

/// Nothing breaks a floor, but the margin on abandonment is broken day after day.
#[test]
fn a_statistical_fail_returns_to_the_last_accepted_share_and_home_if_it_goes_on() {
    let mut day = Day::live_at(50, true);
    day.look_every_min = 15;
    let leak = |day: &mut Day, until: u8| {
        let hours = (0..6 * 24).take_while(|_| {
            day.play(60, Centre::Well, Centre::Leaky);
            day.share() > until
        });
        hours.count()
    };
    let found_in_h = leak(&mut day, 20);
    assert_eq!(
        day.share(),
        20,
        "{:?}",
        day.turns.last().unwrap().assessment.reasons
    );
    assert!(day.advised().contains(&"return to the last accepted share"));
    day.play(24 * 60, Centre::Well, Centre::Well);
    assert_eq!(day.share(), 20, "what was proved once is not proved twice");
    assert_eq!(day.home(), None);
    let home_in_h = leak(&mut day, 0);
    assert_eq!(
        day.home().unwrap().1,
        "guardrail fail, as both parties agreed"
    );
    assert!(
        found_in_h < 72 && home_in_h < 120,
        "{found_in_h} h, then {home_in_h} h"
    );
}

#[test]
fn a_return_that_the_desk_did_not_take_is_asked_again() {
    let mut day = Day::live_at(50, true);
    day.look_every_min = 15;
    day.deaf = 3;
    for _ in 0..3 * 24 {
        day.play(60, Centre::Well, Centre::Leaky);
        if day.share() < 50 {
            break;
        }
    }
    assert_eq!((day.share(), day.deaf), (20, 0));
}

/// Signed when the guard began to look, and not any more: nothing is lowered without both.
#[test]
fn a_return_whose_signatures_are_gone_lowers_nothing() {
    let mut day = Day::live_at(50, true);
    day.look_every_min = 15;
    day.play(60, Centre::Well, Centre::Well);
    let mut trigger = day.t.contingency.triggers[&TriggerKind::GuardrailFail]
        .trigger
        .clone();
    trigger.automatic = false;
    let triggers = vec![trigger];
    day.does(
        &of(Side::Client, Role::Implementation),
        SetTriggers { triggers },
    );
    day.play(60 * 24 * 3, Centre::Well, Centre::Leaky);
    assert_eq!(day.share(), 50);
    assert!(day.alarms().contains(&TriggerKind::GuardrailFail));
}

#[test]
fn an_unsigned_statistical_fail_pages_and_blocks() {
    let mut day = Day::live_at(50, false);
    day.look_every_min = 15;
    day.play(60 * 24 * 6, Centre::Well, Centre::Leaky);
    assert_eq!(day.share(), 50);
    assert!(day.alarms().contains(&TriggerKind::GuardrailFail));
    assert!(day.advised().contains(&"return to the last accepted share"));
}

#[test]
fn a_silent_feed_is_no_harm_and_no_success() {
    let mut day = Day::live(true);
    day.play(120, Centre::Well, Centre::Well);
    day.outsourced_feed = false;
    let before = day.turns.len();
    day.play(60, Centre::Well, Centre::Well);
    let last = day.turns.last().unwrap();
    assert_eq!(last.assessment.action, Action::HoldAndPage);
    assert_eq!(last.assessment.verdict, Verdict::NoData);
    let pages = day.turns[before..]
        .iter()
        .filter(|turn| turn.page.is_some());
    assert_eq!(pages.count(), 1, "one page for one silence");
    assert_eq!(day.home(), None);
    // The journal knows it, and the gate is red for it; after it the hold is lifted slowly.
    assert_eq!(day.held(), Some(Hold::FeedSilent));
    day.outsourced_feed = true;
    day.play(30, Centre::Well, Centre::Well);
    assert_eq!(day.held(), Some(Hold::Evidence));
    day.play(150, Centre::Well, Centre::Well);
    assert_eq!(day.held(), None);
}

/// Whoever has no feed is told so; nothing is held by what never spoke.
#[test]
fn a_feed_that_never_spoke_holds_nothing() {
    let mut day = Day::live(true);
    day.outsourced_feed = false;
    day.play(120, Centre::Well, Centre::Well);
    let last = day.turns.last().unwrap();
    assert_eq!(last.assessment.action, Action::HoldAndPage);
    assert_eq!(day.held(), None);
}

#[test]
fn the_same_day_gives_the_same_verdict_bytes() {
    let played = || {
        let mut day = Day::live(true);
        day.play(90, Centre::Well, Centre::Slow);
        let bytes = |turn: &Turn| serde_json::to_vec(&turn.assessment).unwrap();
        day.turns.iter().map(bytes).collect::<Vec<_>>()
    };
    assert_eq!(played(), played());
}
