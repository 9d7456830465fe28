//! What each week of a chunk was like: its calls, complaints and minutes outside the service level, so that the headache
//! index has a trend and not only an end (A11).

use crate::Decided;
use crate::boards::{Board, Kind};
use crate::event::Event;
use crate::headaches::{self, Headaches};
use crate::ids::ChunkId;
use crate::lines::bad;
use crate::text;
use crate::transition::Transition;
use jiff::civil::{Date, Weekday};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Indices this close, in hundredths of a point, are level.
const LEVEL_HUNDREDTHS: f64 = 5.0;

/// Records one week of a chunk; recorded again, the newer figures count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordChunkWeek {
    /// The chunk.
    pub chunk: ChunkId,
    /// Its Monday, by the centre's calendar.
    #[schemars(with = "String")]
    pub week_of: Date,
    /// Calls of the chunk at the outsourcer.
    pub calls: u64,
    /// Complaints about them.
    #[serde(default)]
    pub complaints: u32,
    /// Unplanned minutes outside the service level.
    #[serde(default)]
    pub minutes_outside: u32,
    /// Where the figures come from.
    pub reference: String,
}

/// A week of a chunk stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkWeekRecorded {
    /// As told.
    #[serde(flatten)]
    pub week: RecordChunkWeek,
    /// When.
    pub at: Timestamp,
}

/// The weeks of each chunk by their Mondays, in state.
pub type ChunkWeeks = BTreeMap<ChunkId, BTreeMap<Date, ChunkWeekRecorded>>;

pub(crate) const BOARD: Kind = Kind {
    name: "headache-trend",
    says: "Trouble per 1,000 calls of each chunk, week by week: is the move getting smoother?",
    may_see: None,
    draw: |t, _, _| draw(t),
};

pub(crate) fn record(t: &Transition, c: &RecordChunkWeek, now: Timestamp) -> Decided {
    let site = &t.require_chunk(&c.chunk)?.planned.site;
    if c.week_of.weekday() != Weekday::Monday {
        return Err(bad(format!("a Monday; {} is none", c.week_of)));
    }
    let today = t.day_at(site, now);
    if c.week_of.saturating_add(7.days()) > today {
        return Err(bad(format!(
            "a week that is over; that of {} is not on {today}",
            c.week_of
        )));
    }
    if c.calls == 0 && (c.complaints > 0 || c.minutes_outside > 0) {
        return Err(bad(
            "the calls that the complaints and minutes belong to".into()
        ));
    }
    text::title("where the figures come from", &c.reference)?;
    let before = t.chunk_weeks.get(&c.chunk).and_then(|w| w.get(&c.week_of));
    if before.is_some_and(|before| before.week == *c) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::ChunkWeekRecorded(ChunkWeekRecorded {
        week: c.clone(),
        at: now,
    })])
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &ChunkWeekRecorded) {
    let weeks = t.chunk_weeks.entry(e.week.chunk.clone()).or_default();
    weeks.insert(e.week.week_of, e.clone());
}

/// The week's headaches, with the issues and fallbacks that are on record for it.
fn headaches(t: &Transition, week: &RecordChunkWeek) -> Headaches {
    let site = t.chunk(&week.chunk).map(|c| &c.planned.site);
    let end = week.week_of.saturating_add(7.days());
    let within = |at: Timestamp| {
        let day = site.map(|site| t.day_at(site, at));
        day.is_some_and(|day| (week.week_of..end).contains(&day))
    };
    Headaches {
        calls: week.calls,
        incidents_weighted: headaches::incidents(t, &week.chunk, within),
        complaints: week.complaints,
        minutes_outside: week.minutes_outside,
    }
}

fn trend(before: Option<f64>, now: Option<f64>) -> &'static str {
    let (Some(before), Some(now)) = (before, now) else {
        return "–";
    };
    match (now - before) * 100.0 {
        d if d.abs() < LEVEL_HUNDREDTHS => "level",
        d if d < 0.0 => "smoother",
        _ => "rougher",
    }
}

fn draw(t: &Transition) -> Board {
    let columns = [
        "chunk",
        "week of",
        "calls",
        "incidents",
        "complaints",
        "minutes outside",
        "per 1,000 calls",
        "trend",
    ];
    let mut board = Board::new("Headaches by week", &columns);
    for weeks in t.chunk_weeks.values() {
        let mut before = None;
        for recorded in weeks.values() {
            let own = headaches(t, &recorded.week);
            let index = own.index(&t.terms.headaches);
            board.row([
                recorded.week.chunk.to_string(),
                recorded.week.week_of.to_string(),
                own.calls.to_string(),
                own.incidents_weighted.to_string(),
                own.complaints.to_string(),
                own.minutes_outside.to_string(),
                index.map_or_else(|| "–".into(), |i| format!("{i:.1}")),
                trend(before, index).into(),
            ]);
            before = index.or(before);
        }
    }
    for (id, acceptance) in &t.acceptances {
        let in_house = &acceptance.proposed.outcome.headaches_in_house;
        if let Some(index) = in_house.index(&t.terms.headaches) {
            board.note(format!(
                "{id}: {index:.1} per 1,000 calls in-house before the move."
            ));
        }
    }
    board
}
