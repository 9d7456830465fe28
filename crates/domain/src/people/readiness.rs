//! Readiness at home until `closed` (§7.8): which chunks still need people, lines and licences, and until when.

use crate::chunks::{Chunk, ChunkState, PlannedChunk};
use crate::ids::SiteId;
use crate::ladder::Rung;
use crate::schedule::days;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;

/// Until when something at home is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Until {
    /// Every chunk that needed it is closed.
    Closed,
    /// No plan moves these calls yet: home is all there is.
    NoPlan,
    /// The doors may close on that day at the earliest, by the plan as it stands; these chunks are open.
    Day(Date, Vec<String>),
}

impl Until {
    /// The day, where one is known.
    pub fn day(&self) -> Option<Date> {
        match self {
            Self::Day(day, _) => Some(*day),
            Self::Closed | Self::NoPlan => None,
        }
    }

    /// What has to be closed, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Closed => "nothing".into(),
            Self::NoPlan => "an agreed plan for these calls, and its acceptance and hold".into(),
            Self::Day(_, open) => format!("acceptance and hold of {}", open.join(", ")),
        }
    }
}

/// Until when the people of a centre and rung are needed.
pub fn of_rung(t: &Transition, site: &SiteId, rung: Rung, now: Timestamp) -> Until {
    let needs = |c: &Chunk| c.planned.site == *site && t.rung(&c.planned.call_type) == Some(rung);
    until(t, needs, now)
}

/// Until when whatever these chunks need is needed.
pub(crate) fn until(t: &Transition, needs: impl Fn(&Chunk) -> bool, now: Timestamp) -> Until {
    let mut chunks = t.chunks.values().filter(|c| needs(c)).peekable();
    if chunks.peek().is_none() {
        return Until::NoPlan;
    }
    let open: Vec<_> = chunks.filter(|c| c.state != ChunkState::Closed).collect();
    let names = open.iter().map(|c| c.planned.id.to_string()).collect();
    match open.iter().map(|c| closes_on(t, c, now)).max() {
        None => Until::Closed,
        Some(day) => Until::Day(day, names),
    }
}

/// The first day the door of a chunk may be closed, as far as the plan tells; it moves on with every day of delay.
fn closes_on(t: &Transition, chunk: &Chunk, now: Timestamp) -> Date {
    let site = &chunk.planned.site;
    // Not closed yet: tomorrow at the earliest.
    let tomorrow = days::after(t.day_at(site, now), 1);
    if let ChunkState::Held { hold_until, .. } = chunk.state {
        return t.day_at(site, hold_until).max(tomorrow);
    }
    door_may_close_on(t, &chunk.planned, tomorrow)
}

/// The first day the door of a planned chunk may be closed, when its last step is not before a day.
pub(crate) fn door_may_close_on(t: &Transition, planned: &PlannedChunk, not_before: Date) -> Date {
    let last = planned.steps.iter().map(|step| step.from).max();
    let soak = t
        .rung(&planned.call_type)
        .map_or(0, |rung| t.terms.soak.days(rung));
    let days = i64::from(soak) + i64::from(t.terms.hold_days);
    days::after(last.map_or(not_before, |last| last.max(not_before)), days)
}
