//! Fallback readiness as recorded: how likely home answers as promised, were every call to come back, and how many people that
//! takes. It is computed elsewhere, from call records and a forecast; here it is a fact that gates and separations stand on.
//!
//! Too low keeps the gate red; it moves nothing back (§7.7). What is computed once has to be kept up: an old figure says nothing of tonight.

use super::fallback_minimums::{Cover, FallbackMinimum};
use super::require_site;
use super::roster::require_shift;
use crate::Decided;
use crate::basis_points::percent;
use crate::canonical::hours_after;
use crate::event::Event;
use crate::lines::bad;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The whole, in basis points.
const WHOLE_BP: u32 = 10_000;
/// More people than any centre keeps.
pub const KEEP_MAX: u32 = 5_000;

/// What was computed for one centre, rung and shift; readiness in basis points, at its worst interval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReadinessFigures {
    /// With who is there.
    pub now_bp: u32,
    /// With who can be there within 15 minutes.
    pub within_15min_bp: u32,
    /// With who can be there within 2 hours.
    pub within_2h_bp: u32,
    /// With who can be there within a day.
    pub within_24h_bp: u32,
    /// People to keep so that home is ready (N₉₅).
    pub keep: u32,
    /// When the worst interval begins.
    #[schemars(with = "String")]
    pub worst_interval: Timestamp,
    /// Hash of everything it was computed from.
    pub inputs: String,
}

/// Records the readiness of one centre, rung and shift, as computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordReadiness {
    /// Where.
    #[serde(flatten)]
    pub cover: Cover,
    /// The figures.
    #[serde(flatten)]
    pub figures: ReadinessFigures,
}

/// A readiness was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadinessRecorded {
    /// Where.
    #[serde(flatten)]
    pub cover: Cover,
    /// The figures.
    #[serde(flatten)]
    pub figures: ReadinessFigures,
    /// When.
    pub at: Timestamp,
}

pub(crate) fn record(t: &Transition, c: &RecordReadiness, now: Timestamp) -> Decided {
    require_site(t, &c.cover.site)?;
    require_shift(t, &c.cover.site, &c.cover.shift)?;
    let f = &c.figures;
    let parts = [f.now_bp, f.within_15min_bp, f.within_2h_bp, f.within_24h_bp];
    if parts.iter().any(|bp| *bp > WHOLE_BP) || f.keep > KEEP_MAX {
        return Err(bad(format!(
            "readiness of 0 to {WHOLE_BP} basis points, and at most {KEEP_MAX} people to keep"
        )));
    }
    if f.inputs.len() != 64 || !f.inputs.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(bad(
            "the SHA-256 of what it was computed from, 64 hexadecimal digits".into(),
        ));
    }
    Ok(vec![Event::ReadinessRecorded(ReadinessRecorded {
        cover: c.cover.clone(),
        figures: f.clone(),
        at: now,
    })])
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &ReadinessRecorded) {
    t.people.readiness.retain(|r| r.cover != e.cover);
    t.people.readiness.push(e.clone());
}

/// The last recorded readiness of a cover.
pub fn last<'t>(t: &'t Transition, cover: &Cover) -> Option<&'t ReadinessRecorded> {
    t.people.readiness.iter().find(|r| r.cover == *cover)
}

/// How many have to be able to answer: the agreed minimum, or what readiness takes where that is more.
pub fn need(t: &Transition, minimum: &FallbackMinimum) -> u32 {
    let keep = last(t, &minimum.cover).map_or(0, |r| r.figures.keep);
    minimum.need.max(keep)
}

/// What the recorded readiness holds against a step forward.
pub(crate) fn objection(t: &Transition, cover: &Cover, now: Timestamp) -> Option<String> {
    let recorded = last(t, cover)?;
    let terms = &t.terms.people;
    if recorded.figures.now_bp < terms.readiness_min_bp {
        return Some(format!(
            "readiness {} of {cover}, below {}: keep {} people there (`segue door`)",
            percent(recorded.figures.now_bp.into()),
            percent(terms.readiness_min_bp.into()),
            recorded.figures.keep
        ));
    }
    let stale = hours_after(recorded.at, terms.readiness_valid_h) <= now;
    stale.then(|| {
        format!(
            "a readiness of {cover} not older than {} h (`segue door --record`)",
            terms.readiness_valid_h
        )
    })
}
