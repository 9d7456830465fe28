//! Nobody goes before notice ran, nor while home still needs the person; a slip voids the date (B11, scenarios 12, 13).

use super::{carry_out, counsel, ours, separate, serve, stay};
use crate::fixture;
use crate::support::Story;
use jiff::Span;
use jiff::civil::date;
use segue_domain::agents::Credential;
use segue_domain::ladder::Rung;
use segue_domain::people::disconnections::Release;
use segue_domain::people::fallback_roster::{AcceptFallbackShifts, FallbackShift};
use segue_domain::people::paths::StaffPath;
use segue_domain::people::roster::{RosterStaff, StaffMember};
use segue_domain::people::separations::PlanSeparation;
use segue_domain::schedule::Plan;
use segue_domain::{Code, boards};

/// The plan is agreed; it is 1 March 2027, and notice is served.
fn noticed(staff: &[&str]) -> Story {
    let mut story = Story::agreed();
    let served = date(2027, 3, 1);
    story.on(served);
    for id in staff {
        story.does(&ours(), serve(id, served));
    }
    story
}

/// A fourth triage nurse accepts the nights from a day on.
pub(super) fn joins_the_nights(story: &mut Story, from: jiff::civil::Date) {
    let nurse = StaffMember {
        staff: "RN-N4".into(),
        site: "RVS-Main".into(),
        skill: Rung::Triage,
        credential: Credential::RegisteredNurse,
        licence_until: Some(date(2030, 1, 31)),
        shifts: ["nights".into()].into(),
        fte_percent: 60,
        tenure_years: 1,
        manager: false,
        union: true,
    };
    story.does(&ours(), RosterStaff { staff: vec![nurse] });
    let shift = FallbackShift {
        staff: "RN-N4".into(),
        rung: Rung::Triage,
        shift: "nights".into(),
        from,
    };
    let accepted = vec![shift];
    story.does(&ours(), AcceptFallbackShifts { accepted });
}

#[test]
fn b11_s12_the_last_triage_nurses_stay_until_acceptance_and_hold() {
    let story = noticed(&["RN-N1"]);
    let refused = story
        .when(&ours(), separate("RN-N1", date(2027, 4, 30)))
        .refuses(Code::FallbackCapacity, "nights 3→2");
    // Last step 28 June, 14 days of soak, 30 days of hold.
    for says in [
        "earliest permitted date 2027-08-11",
        "US: notice served 2027-03-01 + 60 d: 2027-04-30",
        "US-NJ: notice served 2027-03-01 + 90 d: 2027-05-30",
        "acceptance and hold of RVS-Main/TRIAGE",
        "a replacement on the fallback roster",
        "counsel's confirmation",
    ] {
        assert!(refused.to_string().contains(says), "{says}: {refused}");
    }
    assert!(!refused.to_string().contains("RN-N1"), "{refused}");
    story
        .when(&ours(), separate("RN-N1", date(2027, 8, 10)))
        .refuses(Code::FallbackCapacity, "nights 3→2");
    story
        .when(&ours(), separate("RN-N1", date(2027, 8, 11)))
        .records(&["separation_planned"]);
}

#[test]
fn b11_s12_a_replacement_lets_the_person_go() {
    let mut story = noticed(&["RN-N1"]);
    joins_the_nights(&mut story, date(2027, 6, 15));
    story
        .when(&ours(), separate("RN-N1", date(2027, 6, 14)))
        .refuses(Code::FallbackCapacity, "earliest permitted date 2027-06-15");
    story.does(&ours(), separate("RN-N1", date(2027, 6, 15)));
    // The replacement replaces one, not two; nor may somebody go earlier and leave two when the first one goes.
    story.does(&ours(), serve("RN-N2", date(2027, 3, 1)));
    for day in [date(2027, 5, 31), date(2027, 7, 1)] {
        story
            .when(&ours(), separate("RN-N2", day))
            .refuses(Code::FallbackCapacity, "nights 3→2");
    }
}

#[test]
fn b11_no_date_before_notice_served_and_the_days_of_every_rule_that_binds() {
    let mut story = Story::agreed();
    story.on(date(2027, 3, 1));
    // Three take messages by day, two must: one may go.
    story
        .when(&ours(), separate("MS-D1", date(2027, 12, 1)))
        .refuses(Code::NoticeRunning, "notice served");
    story.does(&ours(), serve("MS-D1", date(2027, 3, 1)));
    story
        .when(&ours(), separate("MS-D1", date(2027, 5, 29)))
        .refuses(
            Code::NoticeRunning,
            "US-NJ: notice served 2027-03-01 + 90 d",
        );
    story.does(&ours(), separate("MS-D1", date(2027, 5, 30)));
    story.does(&ours(), serve("MS-D2", date(2027, 3, 1)));
    // Message stays open until 15 March, 5 days of soak, 30 days of hold: on 30 May it may be over.
    story
        .when(&ours(), separate("MS-D2", date(2027, 5, 30)))
        .records(&["separation_planned"]);
    story
        .when(&ours(), serve("MS-D3", date(2027, 3, 2)))
        .refuses(Code::BadFact, "2027-03-02 is after 2027-03-01");
}

#[test]
fn reassignment_needs_no_notice_but_home_needs_the_person_all_the_same() {
    let story = noticed(&[]);
    let go = |path, on| PlanSeparation {
        staff: "RN-N1".into(),
        on,
        path,
    };
    for path in [
        StaffPath::Reassign,
        StaffPath::JoinOutsourcer,
        StaffPath::Retire,
    ] {
        let refused = story
            .when(&ours(), go(path, date(2027, 4, 30)))
            .refuses(Code::FallbackCapacity, "nights 3→2");
        assert!(!refused.to_string().contains("notice served"), "{refused}");
    }
    story
        .when(&ours(), go(StaffPath::Trainer, date(2027, 4, 30)))
        .refuses(Code::BadFact, "trainer");
}

#[test]
fn d7_8_a_planned_separation_takes_effect_only_after_closed() {
    let mut story = noticed(&["RN-N1"]);
    story.does(&ours(), separate("RN-N1", date(2027, 8, 11)));
    story.does(&ours(), counsel("RN-N1"));
    story.on(date(2027, 8, 11));
    // Nothing was accepted meanwhile.
    story.when(&ours(), carry_out("RN-N1")).refuses(
        Code::ReadinessUntilClosed,
        "acceptance and hold of RVS-Main/TRIAGE",
    );
}

#[test]
fn counsel_confirms_and_access_ends_the_same_day() {
    let mut story = noticed(&["MS-D1"]);
    story.does(&ours(), separate("MS-D1", date(2027, 5, 30)));
    story
        .when(&ours(), carry_out("MS-D1"))
        .refuses(Code::NoticeRunning, "2027-05-30, the planned day");
    story.on(date(2027, 5, 30));
    story
        .when(&ours(), carry_out("MS-D1"))
        .refuses(Code::CounselOpen, "counsel's confirmation");
    story.does(&ours(), counsel("MS-D1"));
    let mut late = story.clone();
    late.on(date(2027, 6, 14));
    late.when(&ours(), carry_out("MS-D1"))
        .refuses(Code::AdditionalNotice, "2027-05-30 is not kept");
    story.does(&ours(), carry_out("MS-D1"));
    let open = |story: &Story| {
        let board = boards::draw(&story.t, "people", &ours(), story.now).unwrap();
        let row = board
            .rows
            .into_iter()
            .find(|row| row[0] == "MS-D1")
            .unwrap();
        row[6].clone()
    };
    assert_eq!(open(&story), "access removal, due the same day");
    story.does(&ours(), super::release("MS-D1", Release::Access));
    assert_eq!(open(&story), "");
}

/// The example's plan, every date 45 days later.
pub(super) fn slipped() -> Plan {
    let mut plan = fixture::plan();
    for step in plan.chunks.iter_mut().flat_map(|c| &mut c.steps) {
        step.from = step.from.checked_add(Span::new().days(45)).unwrap();
    }
    plan
}

#[test]
fn b11_s13_when_the_move_slips_the_old_date_is_not_kept() {
    let mut story = noticed(&["MS-D1", "MS-D2"]);
    for staff in ["MS-D1", "MS-D2"] {
        story.does(&ours(), separate(staff, date(2027, 5, 30)));
    }
    story.on(date(2027, 3, 2));
    let mut story = story.agree(slipped());
    let board = boards::draw(&story.t, "notices", &ours(), story.now).unwrap();
    let text = format!("{board:?}");
    for says in [
        "SLIPPED, not kept",
        "additional notice",
        "retention decision",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    story
        .when(&ours(), separate("MS-D2", date(2027, 6, 30)))
        .refuses(
            Code::AdditionalNotice,
            "additional notice: 2027-05-30 is not kept",
        );
    story.does(&ours(), serve("MS-D2", date(2027, 3, 2)));
    let refused = story
        .when(&ours(), separate("MS-D2", date(2027, 6, 30)))
        .refuses(Code::AdditionalNotice, "retention decision");
    assert_eq!(refused.missing.len(), 1, "{refused}");
    story.does(&ours(), stay("MS-D2"));
    story.does(&ours(), separate("MS-D2", date(2027, 6, 30)));
    // The other one was forgotten: on the old day nobody goes.
    story.does(&ours(), counsel("MS-D1"));
    story.on(date(2027, 5, 30));
    story
        .when(&ours(), carry_out("MS-D1"))
        .refuses(Code::ReadinessUntilClosed, "RVS-Main message days");
}

#[test]
fn only_human_resources_of_the_client_plan_separations() {
    let story = noticed(&["MS-D1"]);
    let on = date(2027, 5, 30);
    for other in [
        fixture::director(segue_domain::Side::Client),
        fixture::manager(segue_domain::Side::Outsourcer),
        super::hr(segue_domain::Side::Outsourcer),
    ] {
        story
            .when(&other, separate("MS-D1", on))
            .refuses(Code::NotAuthorised, "");
    }
}
