//! Faults that were found once, each by the test that showed it.

use crate::fixture::{self, director, duty, manager};
use crate::support::{Story, fallback, lower, outcome, propose_plan, propose_step};
use jiff::civil::date;
use segue_domain::acceptance::{ProposeAcceptance, Verdict};
use segue_domain::parties::Terms;
use segue_domain::windows::ShiftWindow;
use segue_domain::{Code, Side};

const MSG: &str = "RVS-Main/MSG";

/// The example plan with one date moved by a day: another hash.
fn moved() -> segue_domain::schedule::Plan {
    let mut plan = fixture::plan();
    plan.chunks[5].steps[2].from = date(2027, 9, 14);
    plan
}

#[test]
fn a_gate_signed_under_one_plan_is_not_completed_under_the_next() {
    let mut story = Story::agreed();
    story.proves(MSG);
    let command = story.sign_gate(Side::Client, MSG);
    story.does(&director(Side::Client), command);
    let mut story = story.agree(moved());
    let command = story.sign_gate(Side::Outsourcer, MSG);
    let events = story.does(&director(Side::Outsourcer), command);
    let names: Vec<_> = events.iter().map(segue_domain::Event::name).collect();
    assert_eq!(names, ["gate_signed"], "two signatures on two hashes");
    story.stands(MSG, "agreed", 0);
}

#[test]
fn a_gate_that_passed_under_one_plan_can_be_signed_under_the_next() {
    let mut story = Story::agreed();
    story.readies(MSG);
    let mut story = story.agree(moved());
    story.stands(MSG, "agreed", 0);
    for side in Side::BOTH {
        let command = story.sign_gate(side, MSG);
        story.does(&director(side), command);
    }
    story.stands(MSG, "ready", 0);
}

#[test]
fn a_step_proposed_under_one_plan_is_not_approved_under_the_next() {
    let mut story = Story::agreed();
    story.waits_for(MSG, 20);
    story.readies(MSG);
    let step = story.proposes_step(MSG, 20);
    story.approves(Side::Client, &step);
    let mut story = story.agree(moved());
    story.readies(MSG);
    let command = story.approval(Side::Outsourcer, &step);
    story
        .when(&director(Side::Outsourcer), command)
        .refuses(Code::HashMismatch, "S-1");
    story.stands(MSG, "ready", 0);
}

#[test]
fn a_chunk_lowered_to_zero_and_planned_anew_passes_its_gate_again() {
    let mut story = Story::agreed();
    story.goes_live(MSG, 20);
    story.does(&duty(Side::Client), lower(MSG, 0));
    let mut other = moved();
    other.chunks[0].windows = vec![ShiftWindow::new("Mon-Fri 19:00-07:00", fixture::ZONE)];
    other.stays_home.push(fixture::by_day(&other.chunks[0]));
    let mut story = story.agree(other);
    story.stands(MSG, "agreed", 0);
    story.waits_for(MSG, 20);
    story.proves(MSG);
    story
        .when(&manager(Side::Client), propose_step(MSG, 20))
        .refuses(Code::WrongState, "agreed");
}

#[test]
fn no_number_however_large_makes_the_rules_panic() {
    let mut facts = fixture::create();
    facts.terms = Terms {
        approval_window_min: u32::MAX,
        cool_down_h: u32::MAX,
        hold_days: u32::MAX,
        evidence_valid_days: u32::MAX,
        ..Terms::default()
    };
    let mut story = Story::new();
    story.does(&manager(Side::Client), facts);
    story.record(&Story::discovered().facts[1..]);
    let mut story = story.agree(fixture::plan());
    story.finishes(MSG);
    story.goes_live("RVS-Main/APPT", 20);
    story.does(&duty(Side::Client), fallback("RVS-Main/APPT"));
    story
        .when(
            &director(Side::Client),
            story.sign_gate(Side::Client, "RVS-Main/APPT"),
        )
        .refuses(Code::CoolDown, "4294967295 h");
    let mut story = Story::agreed();
    story.goes_live(MSG, 100);
    let mut huge = outcome(Verdict::Pass);
    huge.answered_within = u64::MAX;
    let ask = ProposeAcceptance {
        chunk: MSG.into(),
        outcome: huge,
    };
    story
        .when(&manager(Side::Client), ask)
        .refuses(Code::AcceptanceNotReady, "add up");
}

#[test]
fn a_window_is_read_whole_or_refused() {
    let many = vec!["Mon 08:00-09:00"; 22].join(", ");
    let plan = |text: &str| {
        let mut plan = fixture::plan();
        plan.chunks[0].windows = vec![ShiftWindow::new(text, fixture::ZONE)];
        propose_plan(plan)
    };
    Story::discovered()
        .when(&manager(Side::Client), plan(&many))
        .refuses(Code::WindowInvalid, "21");
    let found = ShiftWindow::new("Sun 24:00-Mon 06:00", fixture::ZONE)
        .parse()
        .unwrap()
        .occurrences(date(2027, 1, 4), date(2027, 1, 10));
    assert_eq!(found.len(), 1, "Sunday's midnight is Monday's first minute");
}
