//! Each member of staff sees their own path and nobody else's, and hears nothing first from a page (B11).

use super::{history, hr, ours};
use crate::fixture::nurse;
use crate::support::Story;
use jiff::civil::date;
use segue_domain::people::communications::{Audience, TellAudience};
use segue_domain::people::paths::StaffPath;
use segue_domain::people::separations::PlanSeparation;
use segue_domain::{Actor, Code, Role, Side, boards};

fn own(story: &Story, reader: &Actor) -> Result<boards::Board, segue_domain::Refusal> {
    boards::draw(&story.t, "own-path", reader, story.now)
}

fn as_staff(staff: &str) -> Actor {
    Actor::new("a.nurse", Side::Client, &[Role::Agent]).on_the_roster_as(staff.into())
}

#[test]
fn b11_each_sees_their_own_path_and_nobody_elses() {
    let story = history();
    let staff: Vec<_> = story.t.people.staff.keys().cloned().collect();
    assert!(staff.len() > 1, "{staff:?}");
    for one in &staff {
        let board = own(&story, &as_staff(one.as_str())).unwrap();
        let shown = serde_json::to_string(&board).unwrap();
        for other in staff.iter().filter(|other| *other != one) {
            assert!(
                !shown.contains(other.as_str()),
                "{one} sees {other}: {shown}"
            );
        }
    }
}

#[test]
fn b11_without_a_pseudonym_or_at_the_outsourcer_there_is_no_path() {
    let story = history();
    let other_side =
        Actor::new("x", Side::Outsourcer, &[Role::Agent]).on_the_roster_as("RN-01".into());
    for reader in [nurse(), ours(), hr(Side::Outsourcer), other_side] {
        assert_eq!(own(&story, &reader).unwrap_err().code, Code::NotAuthorised);
    }
    let stranger = own(&story, &as_staff("XX-99")).unwrap();
    assert!(stranger.rows.is_empty() && stranger.notes[0].contains("not on the in-house roster"));
}

fn rows(board: &boards::Board) -> Vec<String> {
    board.rows.iter().map(|row| row.join(" | ")).collect()
}

#[test]
fn b11_notice_last_day_and_thanks_are_ones_own() {
    let story = history();
    let leaving = rows(&own(&story, &as_staff("MS-D1")).unwrap());
    assert!(
        leaving
            .iter()
            .any(|row| row.starts_with("notice served |") && row.contains("runs until")),
        "{leaving:?}"
    );
    assert!(
        leaving
            .iter()
            .any(|row| row.starts_with("separation on |") && row.ends_with("taken place")),
        "{leaving:?}"
    );
    let thanked = rows(&own(&story, &as_staff("RN-N1")).unwrap());
    assert!(
        thanked
            .iter()
            .any(|row| row.starts_with("thanks for knowledge written down |")),
        "{thanked:?}"
    );
}

#[test]
fn b11_nobody_hears_it_from_a_page_first() {
    let mut story = Story::agreed();
    let today = date(2027, 3, 1);
    story.on(today);
    let joins = PlanSeparation {
        staff: "RN-N4".into(),
        on: date(2028, 3, 1),
        path: StaffPath::JoinOutsourcer,
    };
    super::separations::joins_the_nights(&mut story, today);
    story.does(&ours(), joins);
    let says = |story: &Story| rows(&own(story, &as_staff("RN-N4")).unwrap());
    assert_eq!(
        says(&story),
        Vec::<String>::new(),
        "nobody has told them yet"
    );
    let told = TellAudience {
        site: "RVS-Main".into(),
        audience: Audience::AffectedStaff,
        on: today,
        in_person: true,
    };
    story.does(&ours(), told);
    assert!(says(&story)[0].starts_with("joining the outsourcer on | 2028-03-01"));
}
