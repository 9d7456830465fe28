//! One's own path, contributions and thanks, for each member of the in-house staff alone (B11).
//!
//! Nothing of it says what the person was not told before: the affected staff hear first, from a person, never from a page.

use super::communications::{Audience, told_on};
use super::notices;
use super::paths::{Path, Support};
use super::roster::StaffMember;
use super::separations::{Separation, Standing, standing};
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::ids::StaffId;
use crate::transition::Transition;
use jiff::Timestamp;

pub(crate) const BOARD: Kind = Kind {
    name: "own-path",
    says: "Your own path, what you wrote down and what you are thanked for: for nobody but you",
    may_see: Some(|reader| reader.side == Side::Client && reader.staff.is_some()),
    draw,
};

fn draw(t: &Transition, reader: &Actor, now: Timestamp) -> Board {
    let mut board = Board::new("Your path", &["what", "day", "state"]);
    let member = reader
        .staff
        .as_ref()
        .and_then(|staff| t.people.staff.get(staff));
    let Some(member) = member else {
        board.note("You are not on the in-house roster; ask your human resources.");
        return board;
    };
    for path in t.people.paths.get(&member.staff).into_iter().flatten() {
        // An offer is made by a person, on its day.
        if path.offer.on <= t.day_at(&member.site, now) {
            board.row(offered(path));
        }
    }
    draw_leaving(t, member, now, &mut board);
    draw_work(t, &member.staff, &mut board);
    board.note(
        "Your access, numbers and place on the roster stay until the calls you answer are accepted, held and closed.",
    );
    board.note(
        "Answers to a mood pulse are counted in groups of five or more and are never yours alone.",
    );
    board
}

fn offered(path: &Path) -> [String; 3] {
    let offer = &path.offer;
    let mut what = format!("path offered: {}", offer.path.words());
    if offer.retention_bonus {
        what.push_str(", with a bonus for staying");
    }
    for support in &offer.support {
        what.push_str(match support {
            Support::AssistanceProgramme => ", with the assistance programme",
            Support::References => ", with references",
            Support::Retraining => ", with retraining",
        });
    }
    let state = match &path.decision {
        None => "yours to decide".to_owned(),
        Some(decided) if decided.accepted => format!("taken on {}", decided.on),
        Some(decided) => format!("declined on {}", decided.on),
    };
    [what, offer.on.to_string(), state]
}

/// Notice and last day, as far as a person told them.
fn draw_leaving(t: &Transition, member: &StaffMember, now: Timestamp, board: &mut Board) {
    let served = t.people.notices.get(&member.staff).into_iter().flatten();
    for notice in served {
        let clocks = notices::clocks(t, &member.staff);
        let runs = notices::earliest(&clocks);
        let state = runs.map_or_else(
            || "until when it runs is not known yet".to_owned(),
            |day| format!("runs until {day}"),
        );
        board.row([
            "notice served".to_owned(),
            notice.served_on.to_string(),
            state,
        ]);
    }
    if let Some(on) = t.people.resigned.get(&member.staff) {
        let state = "as you decided".to_owned();
        board.row(["your last day before".to_owned(), on.to_string(), state]);
    }
    let was_told = told_on(t, &member.site, Audience::AffectedStaff).is_some()
        || t.people.notices.contains_key(&member.staff);
    if let Some(separation) = t.people.separations.get(&member.staff).filter(|_| was_told) {
        board.row(leaves(t, separation, now));
    }
}

fn leaves(t: &Transition, separation: &Separation, now: Timestamp) -> [String; 3] {
    let state = match standing(t, separation, now) {
        Standing::CarriedOut => "taken place".to_owned(),
        Standing::Keeps if separation.confirmed.is_none() => "planned, not confirmed".to_owned(),
        Standing::Keeps => "planned".to_owned(),
        Standing::Slipped(Some(day)) => {
            format!("the move slipped: this day is not kept, not before {day}")
        }
        Standing::Slipped(None) => "the move slipped: this day is not kept".to_owned(),
    };
    let what = format!("{} on", separation.planned.path.words());
    [what, separation.planned.on.to_string(), state]
}

fn draw_work(t: &Transition, staff: &StaffId, board: &mut Board) {
    for known in t.knowledge.all().filter(|k| k.item.author == *staff) {
        let state = match &known.verified_by {
            Some(_) => "verified, credited to you".to_owned(),
            None => "waits for somebody to verify it".to_owned(),
        };
        let what = format!("know-how: {}", known.item.title);
        board.row([what, format!("until {}", known.item.review_by), state]);
    }
    for thanks in &t.people.thanks {
        let known = thanks.knowledge.as_ref().and_then(|id| t.knowledge.get(id));
        let is_author = known.is_some_and(|k| k.item.author == *staff);
        if is_author || thanks.staff.as_ref() == Some(staff) {
            let what = format!("thanks for {}", thanks.contribution.words());
            let day = t.today(thanks.at).to_string();
            board.row([what, day, format!("from the {}", thanks.by)]);
        }
    }
}
