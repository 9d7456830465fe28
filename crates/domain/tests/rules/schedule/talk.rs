//! A3, A6, A7, A9: whose turn it is, who set the dates, and the plan in lanes.

use super::{client, history, on_dates, outsourcer, training};
use crate::fixture::{self, director, nurse};
use crate::support::{Story, fallback, propose_plan};
use jiff::civil::date;
use segue_domain::schedule::balance::Balance;
use segue_domain::schedule::items::{Activity, CompletePlanItem, Lane, lines};
use segue_domain::schedule::messages::{WriteMessage, turn};
use segue_domain::{Code, Side, boards};
use segue_example::Goal;

fn schedule_board(story: &Story, reader: Side) -> String {
    story.board("schedule", reader)
}

#[test]
fn a6_it_is_the_turn_of_whoever_has_not_answered() {
    let mut story = Story::discovered();
    assert_eq!(turn(&story.t), None);
    story.proposes(Side::Client, fixture::plan());
    story.hours_pass(26);
    assert!(
        schedule_board(&story, Side::Outsourcer)
            .contains("Your turn: CareBridge, to sign or answer version 1, for 26 h")
    );
    assert!(schedule_board(&story, Side::Client).contains("Their turn: CareBridge"));
    story.signs_plan(Side::Outsourcer, 1);
    story.hours_pass(2);
    assert!(
        schedule_board(&story, Side::Client)
            .contains("Your turn: Riverside Health, to sign or answer version 1, for 2 h")
    );
    story.signs_plan(Side::Client, 1);
    assert!(
        schedule_board(&story, Side::Client)
            .contains("Riverside Health, the clinical lead, to sign")
    );
    story.lead_signs_plan(1);
    assert_eq!(turn(&story.t), None);
}

#[test]
fn a6_messages_are_attributed_and_hold_no_callers_data() {
    let mut story = Story::discovered();
    let say = |text: &str, version| WriteMessage {
        text: text.into(),
        version,
        chunk: None,
    };
    story
        .when(&client(), say("call MRN 0048213 first", None))
        .refuses(Code::CallerData, "record number");
    story
        .when(&client(), say("what about version 2?", Some(2)))
        .refuses(Code::Unknown, "version 2");
    story.does(&nurse(), say("nights are thin in July", None));
    assert!(
        schedule_board(&story, Side::Outsourcer)
            .contains("rvs-nurse (Riverside Health): nights are thin in July")
    );
}

/// A7, A9: the same on both sides, for as long as it takes.
#[test]
fn a7_a9_dates_of_one_party_are_proposed_and_drive_nothing() {
    for (side, says) in [
        (Side::Client, "PROPOSED (client only)"),
        (Side::Outsourcer, "PROPOSED (outsourcer only)"),
    ] {
        let mut story = Story::discovered();
        story.proposes(side, fixture::plan());
        story.signs_plan(side, 1);
        story.hours_pass(45 * 24);
        assert!(schedule_board(&story, Side::Client).contains(says));
        let step = crate::support::propose_step("RVS-Main/MSG", 20);
        let refused = story
            .when(&fixture::manager(side), step)
            .refuses(Code::ScheduleNotAgreed, "version 1");
        assert!(
            refused.missing[0].starts_with(&story.t.parties.name(side.other())),
            "{refused}"
        );
        assert!(story.t.schedule.agreed.is_none());
    }
}

#[test]
fn a9_the_board_says_whose_dates_they_are() {
    let mut story = Story::discovered();
    let first = fixture::plan();
    story.proposes(Side::Client, first.clone());
    let note = schedule_board(&story, Side::Client);
    assert!(
        note.contains("client 21, outsourcer 0, both 0, neither 0"),
        "{note}"
    );
    assert!(
        note.contains("More than 80 % of the dates are as Riverside Health alone"),
        "{note}"
    );
    // The outsourcer answers with other dates for one chunk, and they meet in the middle for another.
    let mut answer = first.clone();
    on_dates(
        &mut answer,
        5,
        &[date(2027, 9, 1), date(2027, 9, 8), date(2027, 9, 15)],
    );
    on_dates(
        &mut answer,
        4,
        &[date(2027, 8, 4), date(2027, 8, 11), date(2027, 8, 18)],
    );
    story.proposes(Side::Outsourcer, answer.clone());
    on_dates(
        &mut answer,
        4,
        &[date(2027, 8, 3), date(2027, 8, 10), date(2027, 8, 18)],
    );
    answer.chunks[3].steps[5].from = date(2027, 6, 29);
    let last = story.proposes(Side::Client, answer);
    story.all_sign_plan(last);
    assert_eq!(
        Balance::of(&story.t),
        Some(Balance {
            client: 0,
            outsourcer: 4,
            both: 14,
            neither: 3
        })
    );
}

#[test]
fn a3_every_line_has_an_owner_a_date_and_a_step_back() {
    let story = history();
    let plan = &story.t.schedule.agreed().unwrap().proposed.plan;
    let all = lines(&story.t, plan);
    assert_eq!(all.len(), 22);
    for line in &all {
        assert!(line.owner.is_some(), "{line:?}");
        let routing = line.lane == Lane::Routing;
        assert!(
            !routing || line.rollback.starts_with("fall back to sip:"),
            "{line:?}"
        );
        assert!(!line.rollback.is_empty());
    }
    let board = boards::draw(&story.t, "plan", &client(), story.now).unwrap();
    assert_eq!(board.rows[0][5], "done");
    let routing: Vec<_> = board
        .rows
        .iter()
        .filter(|row| row[0] == "routing")
        .collect();
    assert_eq!(
        (routing[0][5].as_str(), routing[1][5].as_str()),
        ("next", "open")
    );
}

#[test]
fn a3_a_routing_line_is_done_once_its_share_is_out() {
    let mut story = Story::at(&Goal::Live("RVS-Main/MSG".into(), 25));
    let done = |story: &Story| -> Vec<_> {
        let plan = &story.t.schedule.agreed().unwrap().proposed.plan;
        let lines = lines(&story.t, plan).into_iter();
        lines
            .filter(|line| line.done)
            .map(|line| line.what)
            .collect()
    };
    assert_eq!(done(&story), ["RVS-Main/MSG to 20 %"]);
    story.does(&fixture::duty(Side::Client), fallback("all"));
    assert!(done(&story).is_empty());
}

#[test]
fn a3_items_are_whole() {
    type Change = fn(&mut segue_domain::schedule::items::PlanItem);
    let story = Story::discovered();
    let good = || {
        training(
            "train-1",
            "RVS-Main/MSG",
            8,
            date(2027, 1, 11),
            date(2027, 1, 29),
        )
    };
    let mut many = vec![good(), good()];
    let with = |items: Vec<_>| {
        let mut plan = fixture::plan();
        plan.items = items;
        story.when(&client(), propose_plan(plan))
    };
    with(std::mem::take(&mut many)).refuses(Code::BadFact, "unique");
    let changes: [(Change, &str); 6] = [
        (|i| i.owner = "".into(), "one owner"),
        (|i| i.rollback.clear(), "step back"),
        (|i| i.due = date(2027, 1, 10), "on or after its first day"),
        (|i| i.people = 0, "people"),
        (|i| i.chunk = Some("RVS-Main/FAX".into()), "RVS-Main/FAX"),
        (
            |i| i.due = date(2027, 3, 1),
            "before RVS-Main/MSG goes live",
        ),
    ];
    for (change, names) in changes {
        let mut item = good();
        change(&mut item);
        with(vec![item]).refuses(Code::BadFact, names);
    }
    let mut drill = good();
    (drill.activity, drill.people) = (Activity::Drill, 0);
    with(vec![
        good(),
        segue_domain::schedule::items::PlanItem {
            id: "drill-1".into(),
            ..drill
        },
    ])
    .records(&["plan_proposed"]);
}

#[test]
fn an_item_is_done_when_its_plan_is_agreed() {
    let mut story = Story::discovered();
    let done = |item: &str| CompletePlanItem {
        item: item.into(),
        reference: "list 4".into(),
    };
    story
        .when(&outsourcer(), done("train-1"))
        .refuses(Code::ScheduleNotAgreed, "");
    story = history();
    story
        .when(&outsourcer(), done("train-9"))
        .refuses(Code::Unknown, "train-9");
    story
        .when(&director(Side::Outsourcer), done("train-1"))
        .records(&["plan_item_completed"]);
}
