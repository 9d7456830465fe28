//! Suggestions wait for discovery, hazards wait for nothing (B14); improvements wait for acceptance (B21).

use crate::fixture::{director, duty, manager};
use crate::support::{Story, fallback, propose_step};
use jiff::civil::date;
use segue_domain::discovery::OpenDiscovery;
use segue_domain::fallback::{VerifyReturn, WriteIncidentNote};
use segue_domain::ids::{HazardId, OpportunityId};
use segue_domain::suggestions::PostSuggestion;
use segue_domain::suggestions::hazards::{AnswerHazard, ReportHazard};
use segue_domain::suggestions::optimisation::{
    FinishOptimisation, RegisterOpportunity, ScheduleOptimisation,
};
use segue_domain::waivers::{ProposeWaiver, Waivable};
use segue_domain::{Actor, Code, Right, Role, Side, boards};
use segue_example::{Goal, clinical_lead, of};

const MSG: &str = "RVS-Main/MSG";

fn idea() -> PostSuggestion {
    PostSuggestion {
        text: "shorten the greeting".into(),
    }
}

fn hazard() -> ReportHazard {
    ReportHazard {
        text: "no interpreter after 22:00".into(),
    }
}

fn shorter(chunk: &str, change: &str) -> RegisterOpportunity {
    RegisterOpportunity {
        chunk: chunk.into(),
        change: change.into(),
        expected: "8 s less handle time, satisfaction as before".into(),
        suggestion: None,
    }
}

fn on_day(opportunity: &str, day: i8) -> ScheduleOptimisation {
    ScheduleOptimisation {
        opportunity: opportunity.into(),
        from: date(2027, 3, day),
    }
}

fn finished(opportunity: &str) -> FinishOptimisation {
    FinishOptimisation {
        opportunity: opportunity.into(),
        outcome: "kept: 7 s less, satisfaction 88 % as before".into(),
    }
}

/// Everybody who takes part, of both parties.
fn everybody() -> impl Iterator<Item = Actor> {
    let takes_part = |role: &Role| role.rights().contains(&Right::Report);
    let roles = Role::ALL.into_iter().filter(takes_part);
    roles.flat_map(|role| Side::BOTH.map(|side| of(side, role)))
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = Story::agreed();
    let by = manager(Side::Outsourcer);
    story.does(&by, idea());
    story.does(&by, hazard());
    let answer = AnswerHazard {
        hazard: "HZ-1".into(),
        answer: "interpreter by video until 07:00 from tonight".into(),
    };
    story.does(&by, answer);
    story.does(&by, shorter(MSG, "shorter greeting"));
    story.walks(&Goal::Accepted(MSG.into()));
    story.does(&by, on_day("O-1", 29));
    story.does(&by, finished("O-1"));
    story
}

#[test]
fn b14_nobody_suggests_anything_before_discovery_is_signed() {
    let mut story = Story::at(&Goal::Discovering { open: 3 });
    for actor in everybody() {
        let refused = story
            .when(&actor, idea())
            .refuses(Code::SuggestionLocked, "");
        assert_eq!(refused.missing, story.t.discovery.open_items(), "{actor:?}");
        assert_eq!(refused.missing.len(), 3);
    }
    // One signature is not both.
    story.walks(&Goal::Discovering { open: 0 });
    story.signs_discovery(Side::Client);
    story
        .when(&manager(Side::Client), idea())
        .refuses(Code::SuggestionLocked, "signature of CareBridge");
    story.signs_discovery(Side::Outsourcer);
    for actor in everybody() {
        story.when(&actor, idea()).records(&["suggestion_posted"]);
    }
    story
        .when(&of(Side::Client, Role::Viewer), idea())
        .refuses(Code::NotAuthorised, "report");
}

#[test]
fn b14_a_hazard_is_heard_from_everybody_at_any_time() {
    let mut stories = vec![Story::created(), Story::managed()];
    stories.push(Story::at(&Goal::Discovering { open: 3 }));
    stories.push(Story::agreed());
    for story in &stories {
        for actor in everybody() {
            story.when(&actor, hazard()).records(&["hazard_reported"]);
        }
    }
}

#[test]
fn b14_the_account_manager_is_told_of_a_hazard_or_else_both_sponsors() {
    let told = |mut story: Story| {
        story.does(&of(Side::Client, Role::TestCaller), hazard());
        let reported = &story.t.suggestions.hazards[&HazardId::from("HZ-1")].reported;
        let people: Vec<_> = reported.notified.iter().map(ToString::to_string).collect();
        (people, story)
    };
    assert_eq!(told(Story::created()).0, ["rvs-director", "cb-director"]);
    let (people, mut story) = told(Story::managed());
    assert_eq!(people, ["cb-account", "cb-deputy"]);
    // The same hazard again is known; once answered it may come back.
    story
        .when(&of(Side::Outsourcer, Role::Agent), hazard())
        .changes_nothing();
    let reader = manager(Side::Client);
    let rows = |story: &Story| boards::draw(&story.t, "hazards-reported", &reader, story.now);
    assert_eq!(rows(&story).unwrap().rows[0][5], "waiting for an answer");
    let answer = AnswerHazard {
        hazard: "HZ-1".into(),
        answer: "video interpreter from tonight".into(),
    };
    story
        .when(&of(Side::Outsourcer, Role::Agent), answer.clone())
        .refuses(Code::NotAuthorised, "prepare");
    story.does(&of(Side::Outsourcer, Role::AccountManager), answer);
    assert_eq!(
        rows(&story).unwrap().rows[0][5],
        "video interpreter from tonight"
    );
    story.when(&reader, hazard()).records(&["hazard_reported"]);
}

#[test]
fn b14_the_box_is_sealed_again_when_discovery_is() {
    let mut story = Story::discovered();
    let client = manager(Side::Client);
    story.does(&client, idea());
    let about = |story: &Story| {
        let board = boards::draw(&story.t, "suggestions", &client, story.now).unwrap();
        board.rows[0][3].clone()
    };
    assert_eq!(about(&story), "shorten the greeting");
    let evidence = segue_domain::discovery::CompleteDiscoveryItem {
        item: "baseline by type and hour".into(),
        evidence: "a better report".into(),
    };
    story.does(&client, evidence);
    assert_eq!(about(&story), "sealed");
}

#[test]
fn b21_the_script_of_a_live_chunk_changes_when_it_is_accepted() {
    let mut story = Story::agreed();
    let client = manager(Side::Client);
    story.does(&client, shorter(MSG, "shorter greeting"));
    story.goes_live(MSG, 20);
    story.hours_pass(48);
    story.when(&client, on_day("O-1", 4)).refuses(
        Code::OptimisationOverlap,
        "RVS-Main/MSG accepted by both; it is live",
    );
    story.finishes(MSG);
    story
        .when(&client, on_day("O-1", 29))
        .records(&["optimisation_scheduled"]);
}

#[test]
fn b21_both_may_waive_it_and_then_the_share_may_rise_too() {
    let mut story = Story::agreed();
    let client = manager(Side::Client);
    story.does(&client, shorter(MSG, "shorter greeting"));
    story.goes_live(MSG, 20);
    let waiver = ProposeWaiver {
        rule: Waivable::OptimisationOverlap,
        chunk: MSG.into(),
        reason: "the old greeting names a clinic that closed".into(),
    };
    story.does(&client, waiver);
    story.signs_waiver(&director(Side::Client), "W-1");
    story
        .when(&client, on_day("O-1", 4))
        .refuses(Code::OptimisationOverlap, "accepted");
    story.signs_waiver(&director(Side::Outsourcer), "W-1");
    story.does(&client, on_day("O-1", 4));
    story.raises(MSG, 50);
    story.stands(MSG, "live", 50);
}

#[test]
fn b21_one_change_at_a_time_and_none_while_the_chunk_moves() {
    let mut story = history();
    let client = manager(Side::Client);
    story.does(&client, shorter(MSG, "fewer questions"));
    story.does(&client, shorter(MSG, "other music"));
    story.does(&client, on_day("O-2", 29));
    story
        .when(&client, on_day("O-3", 30))
        .refuses(Code::OptimisationOverlap, "the outcome of O-2");
    assert!(
        story
            .t
            .suggestions
            .opportunities
            .contains_key(&OpportunityId::from("O-3"))
    );
    // It fell back while O-2 ran: out again only when O-2 is over.
    falls_back_and_is_ready_again(&mut story);
    story
        .when(&client, propose_step(MSG, 20))
        .refuses(Code::OptimisationOverlap, "the outcome of O-2");
    story.does(&client, finished("O-2"));
    story
        .when(&client, propose_step(MSG, 20))
        .records(&["step_proposed"]);
    story
        .when(&client, on_day("O-3", 30))
        .refuses(Code::OptimisationOverlap, "it is ready");
}

fn falls_back_and_is_ready_again(story: &mut Story) {
    let client = manager(Side::Client);
    story.does(&duty(Side::Client), fallback(MSG));
    let verify = VerifyReturn {
        incident: "INC-1".into(),
        evidence: "test call 12, answered by a person".into(),
    };
    story.does(&client, verify);
    let note = WriteIncidentNote {
        incident: "INC-1".into(),
        reference: "binder 4".into(),
        telephony_only: true,
    };
    story.does(&client, note);
    story.hours_pass(2);
    story.readies(MSG);
}

#[test]
fn b14_the_register_opens_with_discovery() {
    let mut story = Story::managed();
    let client = manager(Side::Client);
    story.does(&client, OpenDiscovery { items: Vec::new() });
    story
        .when(&client, shorter(MSG, "shorter greeting"))
        .refuses(Code::SuggestionLocked, "call flow walked for every number");
    Story::discovered()
        .when(&clinical_lead(), shorter(MSG, "shorter greeting"))
        .refuses(Code::ScheduleNotAgreed, "");
}

#[test]
fn b21_the_board_says_where_each_improvement_stands() {
    let mut story = history();
    let client = manager(Side::Client);
    story.does(&client, shorter(MSG, "fewer questions"));
    story.does(&client, shorter(MSG, "other music"));
    story.does(&client, on_day("O-2", 29));
    let board = boards::draw(&story.t, "suggestions", &client, story.now).unwrap();
    let stands = |row: &Vec<String>| (row[0].clone(), row[4].clone());
    let improvements: Vec<_> = board.rows.iter().map(stands).collect();
    let told = [
        ("O-1", "done: kept: 7 s less, satisfaction 88 % as before"),
        ("O-2", "from 2027-03-29"),
        ("O-3", "waits for acceptance"),
    ];
    for (name, standing) in told {
        assert!(
            improvements.contains(&(name.into(), standing.into())),
            "{improvements:?}"
        );
    }
}

#[test]
fn b21_a_change_is_scheduled_before_it_is_done_and_is_done_once() {
    let story = history();
    let by = manager(Side::Outsourcer);
    story.when(&by, on_day("O-1", 30)).refuses(
        Code::WrongState,
        "an opportunity that is not done, unlike O-1",
    );
    story.when(&by, finished("O-1")).changes_nothing();
    let other = FinishOptimisation {
        outcome: "taken back".into(),
        ..finished("O-1")
    };
    let words = "O-1 scheduled and not done";
    story.when(&by, other).refuses(Code::WrongState, words);
    let (unscheduled, ..) = story.before("schedule_optimisation");
    unscheduled
        .when(&by, finished("O-1"))
        .refuses(Code::WrongState, words);
}
