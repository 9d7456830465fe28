//! The ramp: each planned share with its date beside the day it was reached, and every way back (A14).

use crate::boards::{Board, Kind};
use crate::chunks::Chunk;
use crate::ids::ChunkId;
use crate::schedule::days;
use crate::share::TrafficShare;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeMap;

/// A share that came into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Since when.
    pub at: Timestamp,
    /// The share.
    pub share: TrafficShare,
}

/// Every share each chunk ever had, oldest first, in state.
pub type Ramps = BTreeMap<ChunkId, Vec<Point>>;

pub(crate) const BOARD: Kind = Kind {
    name: "ramp",
    says: "Each chunk's planned shares beside what was reached when: ahead, behind, brought home",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

/// A chunk's share is another one from now on.
pub(crate) fn note(t: &mut Transition, chunk: &ChunkId, share: TrafficShare, at: Timestamp) {
    let ramp = t.ramps.entry(chunk.clone()).or_default();
    if ramp.last().is_none_or(|last| last.share != share) {
        ramp.push(Point { at, share });
    }
}

/// The day on which a share was reached for good: it, or a larger one, has been in force since.
fn reached_on(t: &Transition, chunk: &Chunk, share: TrafficShare) -> Option<Date> {
    let ramp = t.ramps.get(&chunk.planned.id)?;
    let since = ramp.iter().rev().take_while(|p| p.share >= share).last()?;
    Some(t.day_at(&chunk.planned.site, since.at))
}

fn standing(planned: Date, reached: Option<Date>, today: Date) -> String {
    let late = |on: Date| days::number(on) - days::number(planned);
    let days = |n: i64, way: &str| match n {
        1 => format!("1 day {way}"),
        n => format!("{n} days {way}"),
    };
    match reached.map(late) {
        Some(0) => "as planned".into(),
        Some(n) if n > 0 => days(n, "late"),
        Some(n) => days(-n, "early"),
        None if today > planned => days(late(today), "behind"),
        None => "to come".into(),
    }
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let columns = ["chunk", "share", "planned", "reached", "standing"];
    let mut board = Board::new("Ramp", &columns);
    for (id, chunk) in &t.chunks {
        let today = t.day_at(&chunk.planned.site, now);
        for step in &chunk.planned.steps {
            let share = step.share_percent.parse().ok();
            let reached = share.and_then(|share| reached_on(t, chunk, share));
            board.row([
                id.to_string(),
                share.map_or_else(|| "–".into(), |share| format!("{} %", share.percent())),
                step.from.to_string(),
                reached.map_or_else(|| "–".into(), |on| on.to_string()),
                standing(step.from, reached, today),
            ]);
        }
        let points = t.ramps.get(id).map(Vec::as_slice).unwrap_or_default();
        for (from, to) in points.iter().zip(points.iter().skip(1)) {
            if to.share < from.share {
                board.note(format!(
                    "{id} went from {} % to {} % on {}.",
                    from.share.percent(),
                    to.share.percent(),
                    t.day_at(&chunk.planned.site, to.at)
                ));
            }
        }
    }
    board
}
