//! What both parties see of the schedule: constraints side by side, dates with who proposed and what binds them, and
//! the plan in lanes.

use super::balance::Balance;
use super::constraints::{ConstraintDeclared, in_force};
use super::items::{self, Lane};
use super::judge::{self, Calendar, What};
use super::messages::{self, Turn};
use super::{PlanVersion, compromise, days, movable_without, notice, rush};
use crate::actor::{Actor, Side};
use crate::boards::{self, Board, Kind};
use crate::people;
use crate::transition::Transition;
use crate::waivers::Waivable;
use jiff::Timestamp;

/// How many of the last messages are shown.
const MESSAGES_SHOWN: usize = 10;

pub(crate) const CONSTRAINTS: Kind = Kind {
    name: "constraints",
    says: "What each party can and cannot do, why, and what would fit both",
    may_see: None,
    draw: |t, _, now| draw_constraints(t, now),
};

pub(crate) const SCHEDULE: Kind = Kind {
    name: "schedule",
    says: "Every date: agreed or proposed by one party, what binds it, how it is rushed, whose turn it is",
    may_see: None,
    draw: draw_schedule,
};

pub(crate) const PLAN: Kind = Kind {
    name: "plan",
    says: "The whole plan in lanes: what is next, who owns it, when it is due, the step back",
    may_see: None,
    draw: |t, _, now| draw_plan(t, now),
};

/// The version people look at: the agreed one, else the newest.
fn shown(t: &Transition) -> Option<&PlanVersion> {
    t.schedule.agreed().or_else(|| t.schedule.newest())
}

fn draw_constraints(t: &Transition, now: Timestamp) -> Board {
    let columns = [
        "party",
        "constraint",
        "limit",
        "hard or weight",
        "reason",
        "way of working",
        "broken by",
    ];
    let mut board = Board::new("Constraints", &columns);
    let newest = t.schedule.newest().map(|v| &v.proposed.plan);
    let broken = newest
        .map(|plan| judge::broken(t, plan, now))
        .unwrap_or_default();
    for side in Side::BOTH {
        for c in in_force(t).filter(|c| c.by == side) {
            let of = broken
                .iter()
                .filter(|b| b.constraint.constraint == c.constraint);
            let dates: Vec<_> = of.map(|b| format!("{} on {}", b.name, b.on)).collect();
            board.row([
                t.parties.name(side),
                c.constraint.to_string(),
                c.words(),
                weight(c),
                c.declared.reason.clone(),
                paradigm(c),
                dates.join(", "),
            ]);
        }
    }
    for conflict in compromise::conflicts(t) {
        let (a, b) = (&conflict.client, &conflict.outsourcer);
        let offers: Vec<_> = conflict.offers.iter().map(ToString::to_string).collect();
        board.note(format!(
            "{} ({}: {}) and {} ({}: {}) cannot both hold. What would fit: {}",
            a.constraint,
            a.words(),
            a.declared.reason,
            b.constraint,
            b.words(),
            b.declared.reason,
            offers.join(", or ")
        ));
    }
    for side in Side::BOTH {
        let movable = newest.map(|plan| movable_without(t, plan, side, now));
        for m in movable.unwrap_or_default() {
            board.note(format!(
                "Without the constraints of {}, {} could be on {} instead of {}.",
                t.parties.name(side),
                m.name,
                m.could_be,
                m.on
            ));
        }
    }
    board
}

fn weight(c: &ConstraintDeclared) -> String {
    if c.is_hard() {
        "hard".into()
    } else {
        c.declared.weight.to_string()
    }
}

fn paradigm(c: &ConstraintDeclared) -> String {
    let practice = |p: &super::constraints::Paradigm| format!("{}: {}", p.practice, p.says);
    c.declared
        .paradigm
        .as_ref()
        .map(practice)
        .unwrap_or_default()
}

/// Whether a version's dates drive anything yet.
fn standing(t: &Transition, version: &PlanVersion) -> String {
    let proposed = &version.proposed;
    if t.schedule.agreed == Some(proposed.version) {
        return "AGREED".into();
    }
    let needs = t.needs_of_plan(&proposed.plan);
    let missing = version.agreement.missing_names(&t.parties, needs);
    match version.agreement.missing().as_slice() {
        [] => format!("PROPOSED (without {})", missing.join(", ")),
        [side] => format!("PROPOSED ({} only)", side.other()),
        _ => format!("PROPOSED ({} only)", proposed.by),
    }
}

fn draw_schedule(t: &Transition, reader: &Actor, now: Timestamp) -> Board {
    let columns = ["date", "what", "standing", "binds", "rush"];
    let mut board = Board::new("Schedule", &columns);
    for version in shown_versions(t) {
        let plan = &version.proposed.plan;
        let calendar = Calendar::of(t, plan, now);
        let mut dates: Vec<_> = calendar.dates.iter().collect();
        dates.sort_by_key(|dated| dated.on);
        let standing = standing(t, version);
        let standing = format!("version {} {standing}", version.proposed.version);
        for dated in dates {
            let bound = judge::binding(t, &calendar, dated);
            let bound: Vec<_> = bound
                .iter()
                .map(|c| format!("{} {} ({})", t.parties.name(c.by), c.constraint, c.words()))
                .collect();
            let rush = match dated.what {
                What::Step(chunk, 1) => rush_of(t, version, chunk, now),
                _ => String::new(),
            };
            board.row([
                dated.on.to_string(),
                dated.name(),
                standing.clone(),
                bound.join(", "),
                rush,
            ]);
        }
    }
    // When notice is served is known first to those it is about: whoever may not see it there does not see it here.
    let may_see = boards::may_see(&people::NOTICES, reader);
    if let Some(newest) = shown_versions(t).last().filter(|_| may_see) {
        for meter in notice::meters(t, &newest.proposed.plan, now) {
            board.note(format!("{meter}."));
        }
    }
    note_talk(t, reader, now, &mut board);
    board
}

/// Whose turn it is, whose dates they are, and what was said last.
fn note_talk(t: &Transition, reader: &Actor, now: Timestamp, board: &mut Board) {
    board.note(t.schedule.standing());
    if let Some(turn) = messages::turn(t) {
        board.note(turn_words(t, &turn, reader, now));
    }
    if let Some(balance) = Balance::of(t) {
        board.note(format!("{balance}."));
        if let Some(side) = balance.dictated_by(t.terms.balance_note_percent) {
            board.note(format!(
                "More than {} % of the dates are as {} alone first proposed: does the plan balance the needs of both?",
                t.terms.balance_note_percent,
                t.parties.name(side)
            ));
        }
    }
    let skip = t.schedule.messages.len().saturating_sub(MESSAGES_SHOWN);
    for m in t.schedule.messages.iter().skip(skip) {
        let version = m.message.version.map(|v| format!(" on version {v}"));
        let chunk = m.message.chunk.as_ref().map(|c| format!(" on {c}"));
        let about: String = version.into_iter().chain(chunk).collect();
        let (by, text) = (t.parties.name(m.by), &m.message.text);
        board.note(format!("{} {} ({by}){about}: {text}", m.at, m.person));
    }
}

/// The agreed version, and a newer one that is being talked about.
fn shown_versions(t: &Transition) -> impl Iterator<Item = &PlanVersion> {
    let newest = t.schedule.newest();
    let open = newest.filter(|v| t.schedule.agreed != Some(v.proposed.version));
    t.schedule.agreed().into_iter().chain(open)
}

/// How far a chunk is below its floors, and who asked for it.
fn rush_of(
    t: &Transition,
    version: &PlanVersion,
    chunk: &crate::chunks::PlannedChunk,
    now: Timestamp,
) -> String {
    let found = rush::compressed(t, &version.proposed.plan, chunk, now);
    if found.is_none() {
        return String::new();
    }
    let waived = |w: &&crate::waivers::Waiver| {
        w.proposed.rule == Waivable::Rush && w.proposed.chunk == chunk.id
    };
    let asked = t.waivers.values().find(waived).map(|w| &w.proposed);
    let (by, why) = asked.map_or((version.proposed.by, ""), |w| (w.by, w.reason.as_str()));
    let separator = if why.is_empty() { "" } else { ": " };
    format!("{found}; asked by {}{separator}{why}", t.parties.name(by))
}

fn turn_words(t: &Transition, turn: &Turn, reader: &Actor, now: Timestamp) -> String {
    let whose = if turn.side == reader.side {
        "Your turn"
    } else {
        "Their turn"
    };
    let lead = if turn.clinical {
        ", the clinical lead"
    } else {
        ""
    };
    format!(
        "{whose}: {}{lead}, to sign or answer version {}, for {} h. Silence is never consent.",
        t.parties.name(turn.side),
        turn.version,
        turn.age_h(now)
    )
}

fn draw_plan(t: &Transition, now: Timestamp) -> Board {
    let columns = ["lane", "what", "owner", "due", "step back", "state"];
    let mut board = Board::new("Plan", &columns);
    let Some(version) = shown(t) else {
        board.note("No plan is proposed yet.");
        return board;
    };
    let today = super::today(t, None, now);
    let all = items::lines(t, &version.proposed.plan);
    for lane in Lane::ALL {
        let mut next = true;
        for line in all.iter().filter(|line| line.lane == lane) {
            let state = match () {
                () if line.done => "done".to_owned(),
                () if line.due < today => {
                    format!(
                        "overdue {} days",
                        days::number(today) - days::number(line.due)
                    )
                }
                () if next => "next".to_owned(),
                () => "open".to_owned(),
            };
            next &= line.done;
            let owner = line.owner.as_ref().map(ToString::to_string);
            board.row([
                lane.to_string(),
                line.what.clone(),
                owner.unwrap_or_else(|| "nobody: name an account manager".into()),
                line.due.to_string(),
                line.rollback.clone(),
                state,
            ]);
        }
    }
    board.note(format!(
        "Version {} {}, hash {}.",
        version.proposed.version,
        standing(t, version),
        version.proposed.hash
    ));
    board
}
