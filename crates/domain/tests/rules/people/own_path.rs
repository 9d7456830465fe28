//! Each member of staff sees their own path and nobody else's, and hears nothing first from a page (B11).

use super::{history, hr, ours, serve};
use crate::fixture::nurse;
use crate::support::{Story, changed};
use jiff::civil::date;
use segue_domain::people::communications::{Audience, TellAudience};
use segue_domain::people::paths::{
    DecidePaths, OfferPaths, PathDecision, PathOffer, StaffPath, Support,
};
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

#[test]
fn b11_an_offer_says_what_goes_with_it_and_whether_it_was_taken() {
    let mut story = Story::agreed();
    story.on(date(2027, 3, 1));
    let says = |story: &Story| {
        rows(&own(story, &as_staff("MS-D2")).unwrap())
            .pop()
            .unwrap()
    };
    for (path, words) in [
        (StaffPath::Retire, "retirement"),
        (StaffPath::Trainer, "trainer"),
    ] {
        let offer = PathOffer {
            staff: "MS-D2".into(),
            path,
            on: date(2027, 3, 1),
            retention_bonus: path == StaffPath::Trainer,
            support: [
                Support::AssistanceProgramme,
                Support::References,
                Support::Retraining,
            ]
            .into(),
        };
        story.does(
            &ours(),
            OfferPaths {
                offers: vec![offer],
            },
        );
        let bonus = if path == StaffPath::Trainer {
            ", with a bonus for staying"
        } else {
            ""
        };
        let told = format!(
            "path offered: {words}{bonus}, with the assistance programme, with references, with retraining | 2027-03-01 | "
        );
        assert_eq!(says(&story), format!("{told}yours to decide"));
        let accepted = path == StaffPath::Trainer;
        let decision = PathDecision {
            staff: "MS-D2".into(),
            path,
            accepted,
            on: date(2027, 3, 1),
        };
        story.does(
            &ours(),
            DecidePaths {
                decisions: vec![decision],
            },
        );
        let answer = if accepted {
            "taken on 2027-03-01"
        } else {
            "declined on 2027-03-01"
        };
        assert_eq!(says(&story), format!("{told}{answer}"));
    }
}

#[test]
fn b11_a_notice_runs_as_long_as_the_rules_that_bind_say() {
    let mut story = Story::agreed();
    story.on(date(2027, 3, 1));
    story.does(&ours(), serve("MS-D1", date(2027, 3, 1)));
    let says = |story: &Story| rows(&own(story, &as_staff("MS-D1")).unwrap());
    let row = |state: &str| vec![format!("notice served | 2027-03-01 | {state}")];
    assert_eq!(says(&story), row("runs until 2027-05-30"));
    let separates = |story: &Story, missing: &str| {
        story
            .when(&ours(), super::separate("MS-D1", date(2027, 12, 1)))
            .refuses(Code::NoticeRunning, missing);
    };
    let mut unknown = story.clone();
    unknown.t.people.workforce.clear();
    assert_eq!(says(&unknown), row("until when it runs is not known yet"));
    separates(
        &unknown,
        "the size and place of the workforce (`segue do record-workforce`)",
    );
    story.t.people.notice_rules.clear();
    assert_eq!(says(&story), row("until when it runs is not known yet"));
    separates(&story, "notice rules (`segue do adopt-notice-table`)");
}

#[test]
fn b11_a_day_that_was_planned_is_confirmed_or_slips() {
    let mut story = Story::agreed();
    story.on(date(2027, 3, 1));
    story.does(&ours(), serve("MS-D1", date(2027, 3, 1)));
    story.does(&ours(), serve("MS-D2", date(2027, 3, 1)));
    for staff in ["MS-D1", "MS-D2"] {
        story.does(&ours(), super::separate(staff, date(2027, 5, 30)));
    }
    let says = |story: &Story| {
        rows(&own(story, &as_staff("MS-D1")).unwrap())
            .pop()
            .unwrap()
    };
    assert_eq!(
        says(&story),
        "separation on | 2027-05-30 | planned, not confirmed"
    );
    story.does(&ours(), super::counsel("MS-D1"));
    assert_eq!(says(&story), "separation on | 2027-05-30 | planned");
    story.on(date(2027, 3, 2));
    let story = story.agree(super::separations::slipped());
    let slip = "separation on | 2027-05-30 | the move slipped: this day is not kept";
    assert!(says(&story).starts_with(slip), "{}", says(&story));
    assert!(
        says(&story).contains(", not before 2027-"),
        "{}",
        says(&story)
    );
}

#[test]
fn b11_what_one_wrote_down_is_credited_once_it_is_verified() {
    let mut story = history();
    let (_, actor, knowledge) = story.before("capture_knowledge");
    let written = changed(&knowledge, "/items/0/author", &serde_json::json!("RN-N2"));
    let written = changed(&written, "/items/0/item", &serde_json::json!("K-90"));
    story.does(&actor, written);
    let says = |story: &Story| rows(&own(story, &as_staff("RN-N2")).unwrap());
    let row =
        |state: &str| format!("know-how: who is told first at night | until 2028-01-04 | {state}");
    assert!(
        says(&story).contains(&row("waits for somebody to verify it")),
        "{:?}",
        says(&story)
    );
    let (_, verifier, command) = story.before("verify_knowledge");
    let verify = changed(&command, "/items", &serde_json::json!(["K-90"]));
    story.does(&verifier, verify);
    assert!(
        says(&story).contains(&row("verified, credited to you")),
        "{:?}",
        says(&story)
    );
    let other = rows(&own(&story, &as_staff("RN-N1")).unwrap());
    assert!(
        !other.iter().any(|row| row.starts_with("know-how: ")),
        "{other:?}"
    );
}
