//! Home must be able to answer: too few freezes the way forward, never the way home (A31, B12, scenario 19).

use super::{MSG, ours, reachable, readiness, separate, serve, triage_nights, withdraw};
use crate::fixture::{director, duty, manager};
use crate::support::{Story, fallback, propose_step};
use jiff::civil::date;
use segue_domain::chunks::CutOffAction;
use segue_domain::fallback::Scope;
use segue_domain::ladder::Rung;
use segue_domain::people::fallback_capacity::{
    Capacity, capacity, capacity_warnings, cut_off_action,
};
use segue_domain::people::fallback_minimums::{
    FallbackMinimum, ProposeFallbackMinimums, SignFallbackMinimums,
};
use segue_domain::people::fallback_roster::{AcceptFallbackShifts, FallbackShift};
use segue_domain::people::paths::{DecidePaths, OfferPaths, PathDecision, PathOffer, StaffPath};
use segue_domain::people::roster::{DefineShifts, Shift};
use segue_domain::windows::ShiftWindow;
use segue_domain::{Code, Side, boards};

fn have(story: &Story) -> u32 {
    capacity(&story.t, &triage_nights(), story.now).have
}

fn accepts(staff: &str, rung: Rung, shift: &str) -> AcceptFallbackShifts {
    let shift = FallbackShift {
        staff: staff.into(),
        rung,
        shift: shift.into(),
        from: date(2027, 1, 4),
    };
    AcceptFallbackShifts {
        accepted: vec![shift],
    }
}

#[test]
fn a31_too_few_at_home_freeze_the_way_forward_and_nothing_moves_back() {
    let mut story = Story::agreed();
    story.goes_live(MSG, 20);
    for staff in ["MS-N1", "MS-N2"] {
        story.does(&ours(), withdraw(staff, "nights"));
    }
    story.waits_for(MSG, 50);
    story
        .when(&manager(Side::Client), propose_step(MSG, 50))
        .refuses(Code::GateRed, "capacity 1 of 2: RVS-Main message nights");
    story.stands(MSG, "live", 20);
    story
        .when(&duty(Side::Outsourcer), fallback("all"))
        .records(&["fell_back"]);
}

#[test]
fn a31_no_gate_without_an_agreed_minimum() {
    let mut story = Story::discovered().agree(crate::fixture::plan());
    story.waits_for(MSG, 20);
    let gate = story.sign_gate(Side::Client, MSG);
    story
        .when(&director(Side::Client), gate)
        .refuses(Code::GateRed, "no agreed minimum of people at home");
}

#[test]
fn minimums_bind_when_both_parties_and_the_clinical_lead_signed() {
    let mut story = Story::agreed();
    let five = FallbackMinimum {
        cover: triage_nights(),
        need: 5,
    };
    let propose = ProposeFallbackMinimums {
        minimums: vec![five],
    };
    story.does(&manager(Side::Outsourcer), propose);
    let need = |story: &Story| capacity(&story.t, &triage_nights(), story.now).need;
    let signers = [
        director(Side::Client),
        director(Side::Outsourcer),
        segue_example::clinical_lead(),
    ];
    for signer in signers {
        assert_eq!(need(&story), 3);
        let proposed = story.t.people.minimums.proposed.as_ref().unwrap();
        let signature = segue_example::sign(&signer, &proposed.hash);
        story.does(&signer, SignFallbackMinimums { signature });
    }
    assert_eq!(need(&story), 5);
}

#[test]
fn a31_s19_whoever_brings_calls_home_is_told_how_many_are_there() {
    let mut story = Story::agreed();
    // 2:00 in New York.
    story.now = "2027-02-02T07:00:00Z".parse().unwrap();
    assert!(capacity_warnings(&story.t, &Scope::All, story.now).is_empty());
    story.does(&duty(Side::Client), reachable(1));
    assert_eq!(
        capacity_warnings(&story.t, &Scope::All, story.now),
        ["capacity 1 of 3, expected ASA n/a (overload), call-in started: RVS-Main triage nights"]
    );
    let north = Scope::Site("RVS-North".into());
    assert!(capacity_warnings(&story.t, &north, story.now).is_empty());
    story.hours_pass(12);
    let by_day = capacity_warnings(&story.t, &Scope::All, story.now);
    assert!(by_day.is_empty(), "{by_day:?}");
    // The count is a day old: the roster counts again.
    story.hours_pass(12);
    assert_eq!(have(&story), 3);
    story
        .when(&duty(Side::Outsourcer), reachable(3))
        .refuses(Code::NotAuthorised, "person of the client");
}

#[test]
fn who_may_not_take_the_calls_is_not_counted() {
    let mut story = Story::agreed();
    for (staff, rung) in [("MS-N1", Rung::Triage), ("CN-N1", Rung::Triage)] {
        story
            .when(&ours(), accepts(staff, rung, "nights"))
            .refuses(Code::BadFact, "skill, credential and a licence");
    }
    assert_eq!(have(&story), 3);
    story.now = "2035-02-01T17:00:00Z".parse().unwrap();
    assert_eq!(have(&story), 0, "licences ended on 31 January");
}

#[test]
fn b12_whoever_leads_the_implementation_is_not_counted_on_the_phones() {
    let mut story = Story::agreed();
    story
        .when(&ours(), accepts("MG-1", Rung::Message, "days"))
        .refuses(Code::DoubleBooking, "leads the implementation");
    // The other way round: on the roster first, then project manager.
    let (staff, path, on) = ("RN-N1".into(), StaffPath::ProjectManager, story.day());
    let offer = PathOffer {
        staff,
        path,
        on,
        retention_bonus: false,
        support: [].into(),
    };
    let decision = PathDecision {
        staff: offer.staff.clone(),
        path,
        accepted: true,
        on,
    };
    let offers = vec![offer];
    story.does(&ours(), OfferPaths { offers });
    let decisions = vec![decision];
    story.does(&ours(), DecidePaths { decisions });
    assert_eq!(
        capacity(&story.t, &triage_nights(), story.now),
        Capacity { have: 2, need: 3 }
    );
    let board = boards::draw(
        &story.t,
        "fallback-roster",
        &duty(Side::Outsourcer),
        story.now,
    );
    let notes = board.unwrap().notes.join("; ");
    assert!(
        notes.contains("double booking: 1 accepted shift"),
        "{notes}"
    );
    assert!(notes.contains("capacity 2 of 3"), "{notes}");
}

#[test]
fn nobody_is_counted_in_two_shifts_at_the_same_hours() {
    let mut story = Story::agreed();
    let late = Shift {
        site: "RVS-Main".into(),
        shift: "late".into(),
        hours: ShiftWindow::new("daily 14:00-22:00", crate::fixture::ZONE),
    };
    story.does(&ours(), DefineShifts { shifts: vec![late] });
    story
        .when(&ours(), accepts("RN-N1", Rung::Triage, "late"))
        .refuses(Code::DoubleBooking, "nights at the same hours");
}

const TRIAGE: &str = "RVS-Main/TRIAGE";

/// Triage stands before its second step; everything but the recorded readiness is as it should be.
fn triage_before_its_next_step() -> Story {
    let mut story = Story::agreed();
    story.goes_live(TRIAGE, 10);
    story.waits_for(TRIAGE, 20);
    story
}

#[test]
fn a31_a_low_readiness_freezes_the_way_forward_and_a_new_one_opens_it() {
    let mut story = triage_before_its_next_step();
    let by = manager(Side::Client);
    story.does(&by, readiness(6_300, 3));
    story.when(&by, propose_step(TRIAGE, 20)).refuses(
        Code::GateRed,
        "readiness 63.00 % of RVS-Main triage nights, below 95.00 %: keep 3 people there",
    );
    story.stands(TRIAGE, "live", 10);
    // It does not open by itself, and a good figure does not last.
    story.hours_pass(48);
    story
        .when(&by, propose_step(TRIAGE, 20))
        .refuses(Code::GateRed, "readiness 63.00 %");
    story.does(&by, readiness(9_500, 3));
    story.proves(TRIAGE);
    story.does(&by, readiness(9_500, 3));
    story
        .when(&by, propose_step(TRIAGE, 20))
        .records(&["step_proposed"]);
    story.hours_pass(24);
    story.when(&by, propose_step(TRIAGE, 20)).refuses(
        Code::GateRed,
        "a readiness of RVS-Main triage nights not older than 24 h",
    );
    story
        .when(&duty(Side::Outsourcer), fallback("all"))
        .records(&["fell_back"]);
}

/// No timer brings calls to people who could not answer them; a person may, and is warned.
#[test]
fn a31_a_node_that_is_cut_off_holds_what_home_could_not_answer() {
    let mut story = triage_before_its_next_step();
    let by = manager(Side::Client);
    let action = |story: &Story, chunk: &str| cut_off_action(&story.t, story.chunk(chunk));
    assert_eq!(action(&story, TRIAGE), CutOffAction::Home, "as signed");
    story.does(&by, readiness(9_499, 3));
    assert_eq!(
        action(&story, TRIAGE),
        CutOffAction::HoldLastAgreedAndPage,
        "94.99 %"
    );
    assert_eq!(action(&story, MSG), CutOffAction::Home, "other people");
    story.does(&by, readiness(9_500, 3));
    assert_eq!(action(&story, TRIAGE), CutOffAction::Home, "95 %");
}

/// Keeping exactly the agreed number is not readiness: whom N95 needs stays.
#[test]
fn b11_nobody_goes_whom_readiness_needs() {
    let mut story = Story::agreed();
    let served = date(2027, 3, 1);
    story.on(served);
    story.does(&ours(), serve("RN-D1", served));
    let cover = |shift: &str| segue_domain::people::fallback_minimums::Cover {
        shift: shift.into(),
        ..triage_nights()
    };
    let days = capacity(&story.t, &cover("days"), story.now);
    let mut recorded = readiness(9_900, days.have);
    recorded.cover = cover("days");
    story.does(&manager(Side::Client), recorded);
    let kept = capacity(&story.t, &cover("days"), story.now);
    assert_eq!((kept.have, kept.need), (days.have, days.have));
    let step = format!("days {}→{}", days.have, days.have - 1);
    story
        .when(&ours(), separate("RN-D1", date(2027, 6, 1)))
        .refuses(Code::FallbackCapacity, &step);
}

#[test]
fn a_readiness_is_a_probability_with_its_inputs() {
    let story = Story::agreed();
    let by = manager(Side::Client);
    story
        .when(&by, readiness(10_001, 3))
        .refuses(Code::BadFact, "readiness of 0 to 10000 basis points");
    let mut unproved = readiness(9_600, 3);
    unproved.figures.inputs = "see mail".into();
    story
        .when(&by, unproved)
        .refuses(Code::BadFact, "64 hexadecimal digits");
    story
        .when(&manager(Side::Outsourcer), readiness(9_600, 3))
        .refuses(Code::NotAuthorised, "");
}
