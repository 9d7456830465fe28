//! The existing managers are asked to lead the implementation before anybody from outside (B12).

use super::{hand_over, ours};
use crate::fixture::manager;
use crate::support::Story;
use jiff::civil::date;
use segue_domain::ids::StaffId;
use segue_domain::people::key_persons::KeyPost;
use segue_domain::people::paths::{DecidePaths, OfferPaths, PathDecision, PathOffer, StaffPath};
use segue_domain::people::project_manager::{AppointProjectManager, Learning};
use segue_domain::people::roster::RosterStaff;
use segue_domain::{Code, Side};

fn external() -> AppointProjectManager {
    AppointProjectManager {
        staff: None,
        backfill_percent: 0,
        authority: [].into(),
        learning: [].into(),
        afterwards: None,
    }
}

fn internal(staff: &str) -> AppointProjectManager {
    AppointProjectManager {
        staff: Some(staff.into()),
        backfill_percent: 80,
        learning: [Learning::Planning].into(),
        afterwards: Some(StaffPath::Reassign),
        ..external()
    }
}

/// A second manager, whom nobody has asked.
fn second_manager() -> Story {
    let mut story = Story::agreed();
    let mut member = story.t.people.staff[&StaffId::from("MG-1")].clone();
    member.staff = "MG-2".into();
    story.does(
        &ours(),
        RosterStaff {
            staff: vec![member],
        },
    );
    story
}

fn asks(story: &mut Story) {
    let offer = PathOffer {
        staff: "MG-2".into(),
        path: StaffPath::ProjectManager,
        on: story.day(),
        retention_bonus: false,
        support: [].into(),
    };
    let offers = vec![offer];
    story.does(&ours(), OfferPaths { offers });
}

fn answers(story: &mut Story, accepted: bool) {
    let decision = PathDecision {
        staff: "MG-2".into(),
        path: StaffPath::ProjectManager,
        accepted,
        on: story.day(),
    };
    let decisions = vec![decision];
    story.does(&ours(), DecidePaths { decisions });
}

#[test]
fn b12_offered_and_decided_for_each_manager_before_anybody_from_outside() {
    let mut story = second_manager();
    story
        .when(&ours(), external())
        .refuses(Code::ManagersFirst, "MG-2");
    asks(&mut story);
    story
        .when(&ours(), external())
        .refuses(Code::ManagersFirst, "MG-2");
    answers(&mut story, false);
    story
        .when(&ours(), external())
        .records(&["project_manager_appointed"]);
}

#[test]
fn b12_only_a_manager_who_said_yes_is_appointed_with_a_plan() {
    let mut story = second_manager();
    story
        .when(&ours(), internal("MG-2"))
        .refuses(Code::ManagersFirst, "MG-2");
    asks(&mut story);
    answers(&mut story, true);
    let mut bare = internal("MG-2");
    bare.afterwards = None;
    story
        .when(&ours(), bare)
        .refuses(Code::BadFact, "a plan for afterwards");
    story
        .when(&ours(), internal("MG-2"))
        .records(&["project_manager_appointed"]);
}

#[test]
fn the_project_manager_is_not_exchanged_around_a_go_live() {
    let mut story = second_manager();
    asks(&mut story);
    answers(&mut story, true);
    // RVS-Main/MSG goes live on 1 March.
    for day in [date(2027, 2, 15), date(2027, 3, 14)] {
        story.on(day);
        story
            .when(&ours(), internal("MG-2"))
            .refuses(Code::KeyPersonLock, "RVS-Main/MSG");
    }
    story.on(date(2027, 2, 14));
    story
        .when(&ours(), internal("MG-2"))
        .records(&["project_manager_appointed"]);
}

#[test]
fn the_post_of_the_project_manager_is_handed_over_after_each_appointment() {
    let mut story = second_manager();
    let hands_over = || hand_over(KeyPost::ProjectManager);
    story.does(&manager(Side::Client), hands_over());
    story
        .when(&manager(Side::Client), hands_over())
        .changes_nothing();
    asks(&mut story);
    answers(&mut story, true);
    story.does(&ours(), internal("MG-2"));
    story
        .when(&manager(Side::Client), hands_over())
        .records(&["key_post_handed_over"]);
}

#[test]
fn an_answer_needs_a_question() {
    let story = second_manager();
    let decision = PathDecision {
        staff: "MG-2".into(),
        path: StaffPath::Trainer,
        accepted: true,
        on: story.day(),
    };
    let decide = DecidePaths {
        decisions: vec![decision],
    };
    story
        .when(&ours(), decide)
        .refuses(Code::Unknown, "an offer of trainer");
    let stranger = super::hr(Side::Outsourcer);
    story
        .when(&stranger, external())
        .refuses(Code::NotAuthorised, "person of the client");
}
