//! "Had we not moved" (B13): both freeze the staffing of before, nobody changes it alone, and each block is recorded once.

use crate::fixture::{director, manager};
use crate::support::{Story, signed_by};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use segue_domain::calendar::DeclareHoliday;
use segue_domain::counterfactual::frozen_staffing::{
    FreezeStaffing, FrozenStaffing, SignFrozenStaffing, StaffedHoliday, StaffedHours, staffed_hours,
};
use segue_domain::counterfactual::replayed::{Expected, RecordCounterfactual, ReplayedBlock};
use segue_domain::counterfactual::{StaffingKey, left_out};
use segue_domain::{Actor, Code, Event, Role, Side, boards};
use std::collections::BTreeMap;

const MSG: &str = "RVS-Main/MSG";

fn key() -> StaffingKey {
    StaffingKey {
        site: "RVS-Main".into(),
        call_type: "MSG".into(),
    }
}

fn hours(hours: &str, agents: u32) -> StaffedHours {
    StaffedHours {
        hours: hours.into(),
        agents,
    }
}

fn freeze() -> FreezeStaffing {
    FreezeStaffing {
        key: key(),
        staffed: vec![
            hours("Mon-Fri 07:00-19:00", 9),
            hours("daily 19:00-07:00", 3),
        ],
        holidays: Vec::new(),
        patience_s: Some(90),
        show_up_bp: 10_000,
        first_day: date(2026, 10, 5),
        last_day: date(2027, 1, 3),
        reference: "workforce report 12, agents on the phones".into(),
    }
}

fn sign(story: &Story, side: Side) -> SignFrozenStaffing {
    let mut all = story.t.counterfactuals.staffings();
    let (_, frozen) = all.find(|(known, _)| **known == key()).unwrap();
    SignFrozenStaffing {
        key: key(),
        signature: signed_by(side, &frozen.proposed.as_ref().unwrap().hash),
    }
}

fn signs(story: &mut Story, side: Side) {
    let command = sign(story, side);
    story.does(&director(side), command);
}

fn frozen() -> Story {
    frozen_by(Story::agreed(), freeze())
}

fn frozen_by(mut story: Story, freeze: FreezeStaffing) -> Story {
    story.does(&manager(Side::Client), freeze);
    signs(&mut story, Side::Client);
    signs(&mut story, Side::Outsourcer);
    story
}

/// Two holidays in the calendar: one on the day of the last block, one later.
fn with_holidays() -> Story {
    let mut story = Story::agreed();
    let (today, later) = (founders(&story), date(2027, 7, 5));
    for (date, name) in [(today, "Founders' Day"), (later, "Independence Day")] {
        let name = name.into();
        story.does(&manager(Side::Client), DeclareHoliday { date, name });
    }
    story
}

fn founders(story: &Story) -> Date {
    story.t.day_at(&"RVS-Main".into(), last_block(story))
}

fn holiday(name: Option<&str>, staffed: &[(&str, u32)]) -> StaffedHoliday {
    StaffedHoliday {
        holiday: name.map(Into::into),
        staffed: staffed.iter().map(|(h, n)| hours(h, *n)).collect(),
    }
}

fn program() -> Actor {
    Actor::new("segue", Side::Client, &[Role::Duty]).watching_nodes()
}

fn block(story: &Story, from: Timestamp, arrivals: Vec<u32>) -> RecordCounterfactual {
    let offered: u32 = arrivals.iter().rev().take(12).sum();
    RecordCounterfactual {
        key: key(),
        block: ReplayedBlock {
            from,
            until: from + SignedDuration::from_hours(3),
            staffing: story.t.counterfactuals.agreed(&key()).unwrap().hash.clone(),
            arrivals,
            holidays: BTreeMap::new(),
            within_s: 30,
            short_abandon_s: 5,
            offered,
            short_x100: 40,
            hung_up: Expected {
                mean_x100: 1_000,
                sd_x100: 300,
            },
            late: Expected {
                mean_x100: 2_400,
                sd_x100: 500,
            },
        },
    }
}

/// The last block of three hours that is over.
fn last_block(story: &Story) -> Timestamp {
    let length_s = 3 * 3_600;
    let now_s = story.now.as_second();
    Timestamp::from_second((now_s / length_s - 1) * length_s).unwrap()
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    let mut story = frozen();
    let from = last_block(&story);
    let command = block(&story, from, vec![20; 24]);
    story.does(&program(), command);
    story
}

#[test]
fn b13_a_staffing_counts_once_both_have_signed_it_and_the_last_signed_counts_until_then() {
    let mut story = Story::agreed();
    story
        .when(&manager(Side::Outsourcer), freeze())
        .refuses(Code::NotAuthorised, "person of the client");
    story.does(&manager(Side::Client), freeze());
    story
        .when(&manager(Side::Client), freeze())
        .changes_nothing();
    signs(&mut story, Side::Client);
    let agreed = |story: &Story| story.t.counterfactuals.agreed(&key()).cloned();
    assert_eq!(agreed(&story), None, "one signature binds nobody");
    signs(&mut story, Side::Outsourcer);
    let first = agreed(&story).unwrap();
    assert_eq!((first.aht_s, first.patience_s), (90, Some(90)));
    // Another one, after calls went out: the first goes on counting until both have signed.
    story.goes_live(MSG, 20);
    let fewer = FreezeStaffing {
        staffed: vec![hours("daily 07:00-19:00", 2)],
        ..freeze()
    };
    story.does(&manager(Side::Client), fewer);
    signs(&mut story, Side::Client);
    assert_eq!(agreed(&story), Some(first.clone()));
    signs(&mut story, Side::Outsourcer);
    assert_ne!(agreed(&story), Some(first));
}

#[test]
fn a_staffing_of_an_emptied_centre_is_none() {
    let mut story = frozen();
    story.goes_live(MSG, 20);
    let since = FreezeStaffing {
        last_day: story.t.day_at(&"RVS-Main".into(), story.now),
        ..freeze()
    };
    story.hours_pass(24);
    story.when(&manager(Side::Client), since).refuses(
        Code::BadFact,
        "when calls of MSG at RVS-Main went out for the first time",
    );
}

#[test]
fn hours_are_whole_quarters_named_once() {
    let story = Story::agreed();
    let when = |change: fn(&mut FreezeStaffing)| {
        let mut command = freeze();
        change(&mut command);
        story.when(&manager(Side::Client), command)
    };
    when(|c| c.staffed = vec![hours("Mon 08:05-09:00", 3)]).refuses(Code::BadFact, "08:05");
    when(|c| c.staffed.push(hours("Tue 18:45-19:15", 4))).refuses(Code::BadFact, "names one again");
    when(|c| c.staffed = vec![hours("whenever", 4)]).refuses(Code::WindowInvalid, "whenever");
    when(|c| c.staffed = vec![hours("daily 08:00-09:00", 0)]).refuses(Code::BadFact, "one agent");
    when(|c| c.staffed = vec![hours("daily 08:00-09:00", 9_999)]).refuses(Code::BadFact, "5000");
    when(|c| c.patience_s = None).refuses(Code::BadFact, "patience_s");
    when(|c| c.show_up_bp = 0).refuses(Code::BadFact, "basis points");
    when(|c| c.last_day = date(2030, 1, 1)).refuses(Code::BadFact, "days that are over");
    when(|c| c.key.call_type = "FAX".into())
        .refuses(Code::Unknown, "a baseline of FAX at RVS-Main");
}

#[test]
fn the_week_is_read_by_the_wall_clock() {
    let story = frozen();
    let week = story.t.counterfactuals.agreed(&key()).unwrap().week();
    let at = |local: &str| week[FrozenStaffing::cell(local.parse().unwrap())];
    assert_eq!(at("2027-03-01T06:59:59"), 3);
    assert_eq!(at("2027-03-01T07:00:00"), 9);
    assert_eq!(at("2027-03-05T18:59:59"), 9);
    assert_eq!(at("2027-03-06T12:00:00"), 0, "nobody is named there");
    assert_eq!(at("2027-03-07T23:59:59"), 3);
}

/// Whatever was counted by quarter of an hour is frozen as counted.
#[test]
fn a_week_of_counts_and_its_words_are_the_same() {
    let story = Story::agreed();
    let count = |cell: u32| match cell {
        300..=330 => 0,
        // Another number in every quarter: more than one text of hours holds.
        _ if cell < 200 => 1 + cell * 7 % 13,
        _ => 4,
    };
    let week: Vec<u32> = (0..672).map(count).collect();
    let frozen = FreezeStaffing {
        staffed: staffed_hours(&week).unwrap(),
        ..freeze()
    };
    let facts = story
        .when(&manager(Side::Client), frozen)
        .records(&["staffing_freeze_proposed"]);
    let [Event::StaffingFreezeProposed(proposed)] = facts.as_slice() else {
        panic!("{facts:?}")
    };
    assert_eq!(proposed.staffing.week(), week);
    assert_eq!(staffed_hours(&week[1..]), None);
}

#[test]
fn the_program_records_each_block_once_and_nobody_else_does() {
    let mut story = frozen();
    let from = last_block(&story);
    let command = block(&story, from, vec![20; 24]);
    story
        .when(&manager(Side::Client), command.clone())
        .refuses(Code::NotAuthorised, "record counterfactual");
    story.does(&program(), command.clone());
    story.when(&program(), command).changes_nothing();
    let replayed = story.t.counterfactuals.replayed(&key()).unwrap();
    assert_eq!((replayed.sums.blocks, replayed.sums.offered), (1, 240));
    let share = replayed.sums.hung_up().unwrap();
    // 9.6 of 239.6, ± 1.96 × 3.
    assert_eq!((share.expected, share.low, share.high), (400, 155, 646));
    assert_eq!(share.words(), "4.0 % (1.6–6.5)");
    let shown = boards::draw(
        &story.t,
        "had-we-not-moved",
        &director(Side::Outsourcer),
        story.now,
    );
    assert_eq!(shown.unwrap().rows[0][2..4], ["240", "4.0 % (1.6–6.5)"]);
}

#[test]
fn a_block_that_cannot_be_is_refused() {
    let story = frozen();
    let from = last_block(&story);
    let when = |change: fn(&mut RecordCounterfactual)| {
        let mut command = block(&story, from, vec![20; 24]);
        change(&mut command);
        story.when(&program(), command)
    };
    when(|c| c.block.staffing = "00".repeat(32)).refuses(Code::Unknown, "both have signed");
    when(|c| c.block.until += SignedDuration::from_hours(6)).refuses(Code::BadFact, "is over");
    when(|c| c.block.from += SignedDuration::from_secs(1)).refuses(Code::BadFact, "whole quarters");
    when(|c| c.block.offered += 1).refuses(Code::BadFact, "add up");
    when(|c| c.block.hung_up.mean_x100 = 99_000).refuses(Code::BadFact, "than called");
    when(|c| c.block.short_x100 = 2_000).refuses(Code::BadFact, "than called");
}

/// What both signed before there were rows of holidays is the same bytes still.
#[test]
fn a_staffing_without_holidays_has_the_hash_it_was_signed_by() {
    let recorded = include_str!("../events/v1/staffing_freeze_proposed.json");
    let Event::StaffingFreezeProposed(recorded) = serde_json::from_str(recorded).unwrap() else {
        panic!("another kind")
    };
    let story = frozen();
    let agreed = story.t.counterfactuals.agreed(&key()).unwrap();
    assert_eq!(agreed.hash, recorded.staffing.hash);
    assert_eq!(recorded.staffing.holiday("Founders' Day"), None);
}

#[test]
fn b13_a_holiday_is_staffed_by_its_own_row_which_both_sign() {
    let both = FreezeStaffing {
        holidays: vec![
            holiday(
                Some("Founders' Day"),
                &[("daily 08:00-12:00", 2), ("daily 22:00-06:00", 1)],
            ),
            holiday(None, &[("always", 0)]),
        ],
        ..freeze()
    };
    let story = frozen_by(with_holidays(), both);
    let agreed = story.t.counterfactuals.agreed(&key()).unwrap();
    let day = agreed.holiday("Founders' Day").unwrap();
    assert_eq!(
        (day.len(), day[0], day[24], day[32], day[88]),
        (96, 1, 0, 2, 1)
    );
    assert_eq!(
        agreed.holiday("Independence Day"),
        Some(vec![0; 96]),
        "nobody, which is known"
    );
    assert_ne!(
        agreed.hash,
        frozen().t.counterfactuals.agreed(&key()).unwrap().hash
    );
    let drawn = |story: &Story| {
        let reader = director(Side::Outsourcer);
        boards::draw(&story.t, "frozen-staffing", &reader, story.now).unwrap()
    };
    let board = drawn(&story);
    assert_eq!(
        board.rows[0][3],
        "Founders' Day: 2 daily 08:00-12:00, 1 daily 22:00-06:00; any other: 0 always"
    );
    assert!(!board.notes.iter().any(|note| note.contains("not known")));
    let plain = drawn(&frozen_by(with_holidays(), freeze()));
    assert_eq!(plain.rows[0][3], "not known");
    let said = "not known for a holiday: Founders' Day (2027-01-04), Independence Day (2027-07-05)";
    assert!(
        plain.notes.iter().any(|note| note.contains(said)),
        "{:?}",
        plain.notes
    );
}

#[test]
fn rows_of_holidays_are_days_of_the_calendar_named_once() {
    let story = with_holidays();
    let when = |holidays: Vec<StaffedHoliday>| {
        let command = FreezeStaffing {
            holidays,
            ..freeze()
        };
        story.when(&manager(Side::Client), command)
    };
    let noon = [("daily 08:00-12:00", 2)];
    when(vec![holiday(Some("Labor Day"), &noon)]).refuses(Code::BadFact, "which Labor Day is not");
    when(vec![holiday(None, &noon), holiday(None, &noon)])
        .refuses(Code::BadFact, "any other holiday is named again");
    when(vec![holiday(None, &[("Mon-Fri 08:00-12:00", 2)])])
        .refuses(Code::BadFact, "every day alike");
    when(vec![holiday(None, &[])]).refuses(Code::BadFact, "every day alike");
}

/// A holiday is not its weekday: without a row the day is left out, and with one the record says which day it was.
#[test]
fn b13_no_block_of_a_holiday_is_recorded_without_its_own_staffing() {
    let mut story = frozen_by(with_holidays(), freeze());
    let from = last_block(&story);
    let command = block(&story, from, vec![20; 24]);
    story
        .when(&program(), command)
        .refuses(Code::Unknown, "it is not known for a holiday");
    assert!(
        left_out(&story.t, &key(), story.now).is_empty(),
        "nothing went out yet"
    );
    story.goes_live(MSG, 20);
    let reader = director(Side::Client);
    let board = boards::draw(&story.t, "had-we-not-moved", &reader, story.now).unwrap();
    assert!(!board.notes.iter().any(|note| note.contains("left out")));

    let row = FreezeStaffing {
        holidays: vec![holiday(None, &[("daily 08:00-12:00", 2)])],
        ..freeze()
    };
    let mut story = frozen_by(with_holidays(), row);
    let from = last_block(&story);
    let mut command = block(&story, from, vec![20; 24]);
    story
        .when(&program(), command.clone())
        .refuses(Code::BadFact, "as the calendar has them");
    command.block.holidays = [(founders(&story), "Founders' Day".into())].into();
    story.does(&program(), command);
}

#[test]
fn b13_a_holiday_since_calls_went_out_is_said_to_be_left_out() {
    let mut story = frozen();
    story.goes_live(MSG, 20);
    let today = story.t.day_at(&"RVS-Main".into(), story.now);
    let name = "Founders' Day".to_owned();
    story.does(&manager(Side::Client), DeclareHoliday { date: today, name });
    let days = left_out(&story.t, &key(), story.now + SignedDuration::from_mins(1));
    assert_eq!(days.keys().collect::<Vec<_>>(), [&today]);
    let at = story.now + SignedDuration::from_mins(1);
    let board = boards::draw(&story.t, "had-we-not-moved", &director(Side::Client), at).unwrap();
    let said = format!("not known for a holiday and left out: Founders' Day ({today})");
    assert!(
        board.notes.iter().any(|note| note.contains(&said)),
        "{:?}",
        board.notes
    );
}

#[test]
fn a_staffing_waits_for_the_signatures_that_it_lacks() {
    let mut story = Story::agreed();
    story.does(&manager(Side::Client), freeze());
    let about = format!("frozen staffing of {}", key());
    let open = |story: &Story, side: Side| {
        let open = segue_domain::to_sign::to_sign(&story.t, &director(side), story.now);
        let mut open = open
            .into_iter()
            .filter(|open| open.command == "sign_frozen_staffing");
        open.next().map(|open| open.about)
    };
    let signed = |story: &Story| story.board("frozen-staffing", Side::Client);
    for side in Side::BOTH {
        assert_eq!(open(&story, side).as_ref(), Some(&about));
    }
    assert!(
        signed(&story).contains("not by Riverside Health, CareBridge"),
        "{}",
        signed(&story)
    );
    signs(&mut story, Side::Client);
    assert_eq!(open(&story, Side::Client), None);
    assert_eq!(open(&story, Side::Outsourcer), Some(about));
    assert!(
        signed(&story).contains("not by CareBridge"),
        "{}",
        signed(&story)
    );
    signs(&mut story, Side::Outsourcer);
    assert_eq!(open(&story, Side::Outsourcer), None);
    assert!(signed(&story).contains("by both"), "{}", signed(&story));
}
