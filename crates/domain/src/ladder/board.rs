//! The ladder as people read it: easy to hard, with what locks each rung, inversions and reviews.

use super::{Place, locked_by};
use crate::boards::{Board, Kind};
use crate::chunks::PlannedChunk;
use crate::ids::ChunkId;
use crate::ladder::Rung;
use crate::text;
use crate::transition::Transition;
use crate::waivers;
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

pub(crate) const BOARD: Kind = Kind {
    name: "ladder",
    says: "The plan from easy to hard, what locks each rung, and what is under review",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

/// How hard a chunk's work is (A18): the rung first, then handle time, systems, licence, languages, hours.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difficulty {
    /// Where its type stands on the ladder.
    pub place: Option<Place>,
    /// Average handle time in-house, seconds.
    pub aht_s: u32,
    /// Systems an agent touches.
    pub systems: usize,
    /// Whether it takes a nurse's licence.
    pub licence: bool,
    /// Languages beside English.
    pub languages: usize,
    /// Percent of its hours outside Monday to Friday, 8 to 18.
    pub off_hours_percent: u32,
}

/// How hard a planned chunk is.
pub fn difficulty(t: &Transition, chunk: &PlannedChunk) -> Difficulty {
    let call_type = t.call_types.iter().find(|k| k.id == chunk.call_type);
    let baseline = t.baselines.of(&chunk.site, &chunk.call_type);
    let foreign = chunk.languages.iter().filter(|l| l.as_str() != "English");
    Difficulty {
        place: t.place(&chunk.call_type),
        aht_s: baseline.map_or(0, |figures| figures.aht_s),
        systems: call_type.map_or(0, |k| k.systems.len()),
        licence: t.rung(&chunk.call_type) >= Some(Rung::Consult),
        languages: foreign.count(),
        off_hours_percent: off_hours(t, chunk),
    }
}

/// Looks at each hour of the week in which the chunk begins.
fn off_hours(t: &Transition, chunk: &PlannedChunk) -> u32 {
    let windows: Vec<_> = chunk
        .windows
        .iter()
        .filter_map(|w| w.parse().ok())
        .collect();
    let zone = t
        .site_zone(&chunk.site)
        .and_then(|name| TimeZone::get(name).ok());
    let Ok(begin) = chunk
        .starts_on()
        .unwrap_or_default()
        .to_zoned(zone.unwrap_or(TimeZone::UTC))
    else {
        return 0;
    };
    let (mut open, mut off) = (0, 0);
    for hour in 0..7 * 24 {
        let at = begin.saturating_add(jiff::SignedDuration::from_hours(hour));
        if windows.is_empty() || windows.iter().any(|w| w.contains(at.timestamp())) {
            open += 1;
            let weekend = matches!(at.weekday(), Weekday::Saturday | Weekday::Sunday);
            off += u32::from(weekend || !(8..18).contains(&at.hour()));
        }
    }
    (off * 100).checked_div(open).unwrap_or_default()
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let columns = [
        "chunk",
        "rung",
        "handle time",
        "systems",
        "licence",
        "languages",
        "off hours",
        "begins",
        "state",
        "notes",
    ];
    let mut board = Board::new("The ladder, easy to hard", &columns);
    let Some(version) = t.schedule.agreed().or_else(|| t.schedule.newest()) else {
        board.note("No plan yet.");
        return board;
    };
    let plan = &version.proposed.plan;
    let mut chunks: Vec<_> = plan.chunks.iter().map(|c| (difficulty(t, c), c)).collect();
    chunks.sort_by(|a, b| (&a.1.site, &a.0, &a.1.id).cmp(&(&b.1.site, &b.0, &b.1.id)));
    for (hard, chunk) in &chunks {
        let easier = chunks
            .iter()
            .filter(|(h, c)| c.site == chunk.site && h < hard);
        let later: Vec<_> = easier
            .filter(|(_, c)| c.starts_on() > chunk.starts_on())
            .map(|(_, c)| format!("INVERSION: {} is easier and begins later", c.id))
            .collect();
        let state = t
            .chunk(&chunk.id)
            .map_or("proposed", crate::chunks::Chunk::words);
        let notes = later
            .into_iter()
            .chain(lock(t, &chunk.id))
            .chain(review(t, &chunk.id, now))
            .chain(waivers::stamps(t, &chunk.id).map(str::to_owned));
        board.row([
            chunk.id.to_string(),
            hard.place.map(|p| p.to_string()).unwrap_or_default(),
            format!("{} s", hard.aht_s),
            hard.systems.to_string(),
            if hard.licence { "nurse" } else { "" }.to_owned(),
            chunk
                .languages
                .iter()
                .cloned()
                .collect::<Vec<_>>()
                .join(", "),
            format!("{} %", hard.off_hours_percent),
            chunk.starts_on().map(|d| d.to_string()).unwrap_or_default(),
            state.to_owned(),
            notes.collect::<Vec<_>>().join(" · "),
        ]);
    }
    board
}

/// `Triage locked: consult not yet accepted (RVS-Main/CONSULT live at 50 %)`.
fn lock(t: &Transition, id: &ChunkId) -> Option<String> {
    let chunk = t.chunk(id).filter(|c| !c.is_out() && !c.is_accepted())?;
    let locked = locked_by(t, &chunk.planned.site, id);
    let hardest = locked
        .iter()
        .filter_map(|id| t.chunk(id))
        .max_by_key(|c| t.place(&c.planned.call_type))?;
    let own = t.place(&chunk.planned.call_type)?.to_string();
    let own = own[..1].to_uppercase() + &own[1..];
    let missing: Vec<_> = locked
        .iter()
        .filter_map(|id| t.chunk(id))
        .map(|c| format!("{} {} at {} %", c.planned.id, c.words(), c.share.percent()))
        .collect();
    let rung = t.place(&hardest.planned.call_type)?;
    Some(format!(
        "{own} locked: {rung} not yet accepted ({})",
        missing.join(", ")
    ))
}

fn review(t: &Transition, id: &ChunkId, now: Timestamp) -> Option<String> {
    let review = t.reviews.get(id)?;
    let due = review.due(t);
    let late = if now > due { ", OVERDUE" } else { "" };
    Some(format!(
        "UNDER REVIEW until {}{late}: easier work fell back ({})",
        text::minute(due),
        review.incident
    ))
}
