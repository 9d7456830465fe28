//! Whether home could answer: people who accepted, may take the calls, are still there and can be reached, against the
//! agreed minimum (A31). Too few freezes the way forward; it never stops the way home.

use super::fallback_minimums::{Cover, FallbackMinimum};
use super::fallback_roster::FallbackShift;
use super::project_manager;
use super::readiness::{self, Until};
use super::recorded_readiness;
use super::roster::{hours_of, leaves_on};
use crate::boards::{Board, Kind};
use crate::canonical::hours_after;
use crate::chunks::{Chunk, ChunkState, CutOffAction};
use crate::fallback::Scope;
use crate::gates::{Finding, GateLeg};
use crate::ids::StaffId;
use crate::overlap::first_common;
use crate::schedule::days;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;

pub(crate) const BOARD: Kind = Kind {
    name: "fallback-roster",
    says: "How many could answer at home, by centre, rung and shift, against the agreed minimum",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

/// How many could answer, and how many must be able to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// People who could answer.
    pub have: u32,
    /// The agreed minimum, or what readiness takes where that is more; 0 where none is agreed.
    pub need: u32,
}

impl Capacity {
    /// Whether there are enough.
    pub fn is_enough(self) -> bool {
        self.have >= self.need
    }
}

/// How many could answer now.
pub fn capacity(t: &Transition, cover: &Cover, now: Timestamp) -> Capacity {
    let minimum = t.people.minimums.agreed.iter().find(|m| m.cover == *cover);
    let rostered = have_on(t, cover, t.day_at(&cover.site, now), None);
    Capacity {
        have: reached(t, cover, now).map_or(rostered, |reached| reached.min(rostered)),
        need: minimum.map_or(0, |m| recorded_readiness::need(t, m)),
    }
}

/// How many of the fallback roster were reached when somebody last tried, as long as that count is valid.
pub fn reached(t: &Transition, cover: &Cover, now: Timestamp) -> Option<u32> {
    let counted = t.people.reachable.iter().find(|r| r.cover == *cover)?;
    let valid = now < hours_after(counted.at, t.terms.people.reachable_valid_h);
    valid.then_some(counted.reachable)
}

/// How many are on the fallback roster on a day, without one person.
pub(crate) fn have_on(t: &Transition, cover: &Cover, on: Date, without: Option<&StaffId>) -> u32 {
    let counts = |s: &&FallbackShift| {
        may_answer(t, s, cover, on)
            && Some(&s.staff) != without
            && leaves_on(t, &s.staff).is_none_or(|day| on < day)
    };
    let have = t.people.fallback_roster.iter().filter(counts).count();
    u32::try_from(have).unwrap_or(u32::MAX)
}

/// Whether an accepted shift counts for a cover on a day, were the person still there.
pub(crate) fn may_answer(t: &Transition, s: &FallbackShift, cover: &Cover, on: Date) -> bool {
    let member = t.people.staff.get(&s.staff);
    s.rung == cover.rung
        && s.shift == cover.shift
        && s.from <= on
        && member.is_some_and(|m| m.site == cover.site && m.may_take(cover.rung, on))
        && !project_manager::is_chosen(t, &s.staff)
}

/// The fewest there will be from a day until another, without one person: others leave in between, and licences end.
pub(crate) fn fewest(
    t: &Transition,
    cover: &Cover,
    from: Date,
    to: Date,
    without: &StaffId,
) -> u32 {
    let staff = || t.people.fallback_roster.iter().map(|s| &s.staff);
    let leaving = staff().filter_map(|id| leaves_on(t, id));
    let lapsing = staff()
        .filter_map(|id| t.people.staff.get(id)?.licence_until)
        .map(|last| days::after(last, 1));
    let days = leaving
        .chain(lapsing)
        .filter(|day| from < *day && *day < to);
    let counts = days.map(|day| have_on(t, cover, day, Some(without)));
    counts.fold(have_on(t, cover, from, Some(without)), u32::min)
}

/// The minimums that a chunk's calls fall under when they come home.
pub fn minimums_of<'t>(
    t: &'t Transition,
    chunk: &'t Chunk,
) -> impl Iterator<Item = &'t FallbackMinimum> + 't {
    let planned = &chunk.planned;
    let rung = t.rung(&planned.call_type);
    t.people.minimums.agreed.iter().filter(move |m| {
        let cover = &m.cover;
        let open = |hours| {
            let from = planned.starts_on().unwrap_or(Date::MIN);
            let from = t.midnight_at(&planned.site, from);
            // A window nobody can read hides nothing.
            planned.windows.is_empty()
                || first_common(std::slice::from_ref(hours), &planned.windows, &from)
                    .map_or(true, |at| at.is_some())
        };
        cover.site == planned.site
            && Some(cover.rung) == rung
            && hours_of(t, &cover.site, &cover.shift).is_some_and(open)
    })
}

/// What a node that is cut off does with the chunk's calls: as signed, but no timer brings them to people who, by the readiness
/// recorded last, could not answer them (design: nodes). Nobody in-house answers a closed chunk's calls any more.
pub fn cut_off_action(t: &Transition, chunk: &Chunk) -> CutOffAction {
    let is_low = |cover| {
        let recorded = recorded_readiness::last(t, cover);
        recorded.is_some_and(|r| r.figures.now_bp < t.terms.people.readiness_min_bp)
    };
    if chunk.state == ChunkState::Closed || minimums_of(t, chunk).any(|m| is_low(&m.cover)) {
        CutOffAction::HoldLastAgreedAndPage
    } else {
        chunk.planned.cut_off_action
    }
}

/// What keeps the fallback leg of a chunk's gate red.
pub(crate) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let mut minimums = minimums_of(t, chunk).peekable();
    if minimums.peek().is_none() {
        let says = format!(
            "no agreed minimum of people at home for the calls of {}",
            chunk.planned.id
        );
        return vec![GateLeg::Fallback.finds(says)];
    }
    let short = minimums.flat_map(|m| {
        let capacity = capacity(t, &m.cover, now);
        let too_few = (!capacity.is_enough()).then(|| {
            format!(
                "capacity {} of {}: {}",
                capacity.have, capacity.need, m.cover
            )
        });
        let objection = recorded_readiness::objection(t, &m.cover, now);
        too_few.into_iter().chain(objection)
    });
    short.map(|says| GateLeg::Fallback.finds(says)).collect()
}

/// What to tell whoever brings calls home while too few are there; it warns and never refuses (scenario 19).
pub fn capacity_warnings(t: &Transition, scope: &Scope, now: Timestamp) -> Vec<String> {
    let on_shift = |m: &FallbackMinimum| {
        let hours = hours_of(t, &m.cover.site, &m.cover.shift);
        hours.is_some_and(|h| h.parse().is_ok_and(|window| window.contains(now)))
    };
    let mut short: Vec<_> = t
        .chunks
        .iter()
        .filter(|(id, chunk)| scope.covers(id, chunk))
        .flat_map(|(_, chunk)| minimums_of(t, chunk))
        .filter(|m| on_shift(m))
        .map(|m| (&m.cover, capacity(t, &m.cover, now)))
        .filter(|(_, capacity)| !capacity.is_enough())
        .collect();
    short.sort_by_key(|(cover, _)| *cover);
    short.dedup_by_key(|(cover, _)| *cover);
    let says = |(cover, c): (&Cover, Capacity)| {
        format!(
            "capacity {} of {}, expected ASA n/a (overload), call-in started: {cover}",
            c.have, c.need
        )
    };
    short.into_iter().map(says).collect()
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let columns = ["centre", "rung", "shift", "have", "need", "needed until"];
    let mut board = Board::new("Fallback roster", &columns);
    for minimum in &t.people.minimums.agreed {
        let cover = &minimum.cover;
        let capacity = capacity(t, cover, now);
        let until = readiness::of_rung(t, &cover.site, cover.rung, now);
        if !capacity.is_enough() && until != Until::Closed {
            board.note(format!(
                "capacity {} of {}: {cover}; the way forward is frozen, the way home is open",
                capacity.have, capacity.need
            ));
        }
        let until = match until {
            Until::Closed => "closed".to_owned(),
            Until::NoPlan => "no plan yet".to_owned(),
            Until::Day(day, _) => format!("{day} at the earliest"),
        };
        board.row([
            cover.site.to_string(),
            cover.rung.to_string(),
            cover.shift.to_string(),
            capacity.have.to_string(),
            capacity.need.to_string(),
            until,
        ]);
    }
    if t.incidents.values().any(|i| i.verified.is_none()) {
        board.notes.extend(capacity_warnings(t, &Scope::All, now));
    }
    let twice = (t.people.fallback_roster.iter())
        .filter(|s| project_manager::is_chosen(t, &s.staff))
        .count();
    if twice > 0 {
        board.note(format!(
            "double booking: {twice} accepted shifts of somebody who leads the implementation are not counted"
        ));
    }
    board
}
