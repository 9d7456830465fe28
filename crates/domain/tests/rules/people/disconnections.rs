//! Numbers, trunks, access and licences stay until the chunks that need them are closed (§7.8).

use super::{MSG, ours, port, port_now, release};
use crate::fixture::{self, manager};
use crate::support::Story;
use jiff::civil::date;
use segue_domain::people::disconnections::Release;
use segue_domain::{Code, Side, boards};

#[test]
fn d7_8_no_number_is_ported_before_every_chunk_on_it_is_closed() {
    let mut story = Story::agreed();
    let by = manager(Side::Client);
    // The last chunk of the line is triage: 28 June, 14 days of soak, 30 days of hold.
    story
        .when(&by, port(date(2027, 8, 10)))
        .refuses(Code::ReadinessUntilClosed, "2027-08-11 at the earliest");
    story.does(&by, port(date(2027, 8, 11)));
    story.on(date(2027, 8, 11));
    let refused = story
        .when(&by, port_now())
        .refuses(Code::ReadinessUntilClosed, "RVS-Main/TRIAGE");
    assert!(
        refused
            .to_string()
            .contains("before the port of RVS-Main-TFN")
    );
    let board = boards::draw(&story.t, "notices", &ours(), story.now).unwrap();
    let row = board.rows.iter().find(|row| row[0] == "port").unwrap();
    assert!(
        row[4].starts_with("too early: acceptance and hold of"),
        "{row:?}"
    );
    story
        .when(&manager(Side::Outsourcer), port(date(2028, 1, 1)))
        .refuses(Code::NotAuthorised, "person of the client");
}

#[test]
fn d7_8_a_line_that_no_plan_moves_stays() {
    let story = Story::discovered();
    story
        .when(&manager(Side::Client), port(date(2028, 1, 1)))
        .refuses(Code::ReadinessUntilClosed, "an agreed plan for these calls");
}

#[test]
fn d7_8_hold_over_is_not_closed() {
    let mut plan = fixture::plan();
    plan.chunks.truncate(1);
    let mut story = Story::discovered().agree(plan);
    story.finishes(MSG);
    story.hours_pass(24 * 60);
    story
        .when(&manager(Side::Client), port_now())
        .refuses(Code::ReadinessUntilClosed, MSG);
    // Two of three message takers by day must stay as well.
    story.does(&ours(), super::withdraw("MS-D3", "days"));
    story
        .when(&ours(), release("MS-D1", Release::Access))
        .refuses(Code::ReadinessUntilClosed, "message days 2→1");
    story.closes(MSG);
    story.does(&manager(Side::Client), port(story.day()));
    story.does(&manager(Side::Client), port_now());
    story.does(&ours(), release("MS-D1", Release::Access));
}

#[test]
fn d7_8_no_licence_is_let_go_that_home_needs() {
    let story = Story::agreed();
    story
        .when(&ours(), release("RN-N1", Release::Licence))
        .refuses(Code::ReadinessUntilClosed, "triage nights 3→2");
    story
        .when(&ours(), release("MS-D1", Release::Access))
        .records(&["staff_released"]);
}
