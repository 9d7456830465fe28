//! The account manager's cockpit: what is late, what nobody took up, what comes next (B17).

use super::{next_check_due, on_duty};
use crate::boards::{Board, Kind};
use crate::chunks::Chunk;
use crate::gates;
use crate::issues;
use crate::routing_changes::Step;
use crate::share::TrafficShare;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

pub(crate) const BOARD: Kind = Kind {
    name: "account-manager",
    says: "Steps against their dates, issues past their clock, the weekly question, the next gate",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

fn draw(t: &Transition, now: Timestamp) -> Board {
    let mut board = Board::new("Account manager", &["matter", "due", "standing"]);
    for chunk in t.chunks.values() {
        steps(t, chunk, now, &mut board);
    }
    for due in issues::escalations(t, now) {
        board.row([
            due.issue.to_string(),
            text::minute(due.at),
            format!("not acknowledged; goes to the {:?}", due.to).to_lowercase(),
        ]);
    }
    if let Some(due) = next_check_due(t) {
        let standing = if now >= due { "overdue" } else { "open" };
        board.row([
            "weekly: in the client's interest?".into(),
            text::minute(due),
            standing.into(),
        ]);
    }
    if let Some((id, red)) = next_gate(t, now) {
        board.note(format!("Next gate: {id}, {red} findings."));
    }
    board.note(format!(
        "On duty: {}.",
        on_duty(t).map_or("nobody", |person| person.as_str())
    ));
    let s = &t.stewardship;
    if let Some(check) = s.checks.last() {
        let answer = if check.in_clients_interest {
            "yes"
        } else {
            "NO"
        };
        board.note(format!(
            "In the client's interest: {answer} ({}).",
            check.evidence
        ));
    }
    if let Some(rated) = s.ratings.last() {
        board.note(format!("Rated {} of 5 by the client.", rated.rating));
    }
    board.note(format!("Present at {} of 3 occasions.", s.present_at.len()));
    board
}

/// Each step against its date: taken so many days late, overdue, or to come.
fn steps(t: &Transition, chunk: &Chunk, now: Timestamp, board: &mut Board) {
    let zone = t
        .site_zone(&chunk.planned.site)
        .and_then(|name| TimeZone::get(name).ok())
        .unwrap_or(TimeZone::UTC);
    let today = now.to_zoned(zone.clone()).date();
    for planned in &chunk.planned.steps {
        let Ok(share) = planned.share_percent.parse() else {
            continue;
        };
        let taken = taken_at(t, chunk, share).map(|at| at.to_zoned(zone.clone()).date());
        let standing = match taken {
            Some(date) => variance(planned.from, date),
            None if today > planned.from => {
                format!("overdue by {} days", days(planned.from, today))
            }
            None => "to come".into(),
        };
        board.row([
            format!("{} to {} %", chunk.planned.id, share.percent()),
            planned.from.to_string(),
            standing,
        ]);
    }
}

/// When a share of a chunk took effect last.
fn taken_at(t: &Transition, chunk: &Chunk, share: TrafficShare) -> Option<Timestamp> {
    let of =
        |s: &&Step| s.done && s.proposed.chunk == chunk.planned.id && s.proposed.share == share;
    let signed = |s: &Step| {
        let all = [
            &s.agreement.client,
            &s.agreement.outsourcer,
            &s.agreement.clinical,
        ];
        all.into_iter().flatten().map(|signed| signed.at).max()
    };
    t.steps.values().filter(of).filter_map(signed).max()
}

fn variance(planned: Date, taken: Date) -> String {
    match days(planned, taken) {
        0 => "on its date".into(),
        late => format!("{late} days after its date"),
    }
}

fn days(from: Date, to: Date) -> i32 {
    to.since(from).map_or(0, |span| span.get_days())
}

/// The first chunk by date that is not out yet, with what keeps its gate red.
fn next_gate(t: &Transition, now: Timestamp) -> Option<(String, usize)> {
    let waiting = t.chunks.values().filter(|c| !c.is_out());
    let next = waiting.min_by_key(|c| c.planned.starts_on())?;
    let id = &next.planned.id;
    Some((id.to_string(), gates::red(t, id, now).len()))
}
