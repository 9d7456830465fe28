//! "Had we not moved" (B13): the in-house staffing that both froze, and what became of real arrivals replayed through it.
//!
//! Moving calls out empties the in-house queue, so what stays there is nothing to compare with. What depends on load is held
//! against the signed target and against this. Both parties sign the staffing, because a thinner one allows the outsourcer more.

pub mod frozen_staffing;
pub mod replayed;

use crate::chunks::PlannedChunk;
use crate::ids::{CallTypeId, SiteId};
use crate::transition::Transition;
use frozen_staffing::{Frozen, FrozenStaffing};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use replayed::Replayed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The calls that one staffing answers: all of a type at a centre, whichever chunk moves them.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct StaffingKey {
    /// The centre.
    pub site: SiteId,
    /// The call type.
    pub call_type: CallTypeId,
}

impl StaffingKey {
    /// The calls a chunk is part of.
    pub fn of(chunk: &PlannedChunk) -> Self {
        Self {
            site: chunk.site.clone(),
            call_type: chunk.call_type.clone(),
        }
    }
}

impl fmt::Display for StaffingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.call_type, self.site)
    }
}

/// Frozen staffings and what was replayed through them, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Counterfactuals {
    #[serde(serialize_with = "crate::canonical::entries")]
    pub(crate) frozen: BTreeMap<StaffingKey, Frozen>,
    #[serde(serialize_with = "crate::canonical::entries")]
    pub(crate) replayed: BTreeMap<StaffingKey, Replayed>,
}

impl Counterfactuals {
    /// The staffing both have signed; nothing where none is frozen.
    pub fn agreed(&self, key: &StaffingKey) -> Option<&FrozenStaffing> {
        self.frozen.get(key)?.agreed.as_ref()
    }

    /// Every staffing, agreed or only proposed.
    pub fn staffings(&self) -> impl Iterator<Item = (&StaffingKey, &Frozen)> {
        self.frozen.iter()
    }

    /// What was replayed so far; nothing where nothing was.
    pub fn replayed(&self, key: &StaffingKey) -> Option<&Replayed> {
        self.replayed.get(key)
    }
}

/// The holidays of the calendar on the local days of `[from, until)` at a site, with what people call them.
pub fn holidays(
    t: &Transition,
    site: &SiteId,
    from: Timestamp,
    until: Timestamp,
) -> BTreeMap<Date, String> {
    if until <= from {
        return BTreeMap::new();
    }
    let last = until - SignedDuration::from_micros(1);
    let days = t.day_at(site, from)..=t.day_at(site, last);
    let declared = t.calendar.holidays.range(days);
    declared.map(|(day, h)| (*day, h.name.clone())).collect()
}

/// The holidays among the days of `[from, until)` for which both signed no staffing: no replay knows who was there. Nothing where no
/// staffing is agreed at all.
pub fn unknown_holidays(
    t: &Transition,
    key: &StaffingKey,
    from: Timestamp,
    until: Timestamp,
) -> BTreeMap<Date, String> {
    let Some(agreed) = t.counterfactuals.agreed(key) else {
        return BTreeMap::new();
    };
    let mut days = holidays(t, &key.site, from, until);
    days.retain(|_, name| agreed.holiday(name).is_none());
    days
}

/// The holidays that the replay leaves out so far: since calls of this type went out for the first time.
pub fn left_out(t: &Transition, key: &StaffingKey, now: Timestamp) -> BTreeMap<Date, String> {
    match first_out(t, key) {
        Some(first) => unknown_holidays(t, key, first, now),
        None => BTreeMap::new(),
    }
}

/// When calls of this type went out for the first time.
pub(crate) fn first_out(t: &Transition, key: &StaffingKey) -> Option<Timestamp> {
    let chunks = t
        .chunks
        .values()
        .filter(|chunk| StaffingKey::of(&chunk.planned) == *key);
    let went_out = chunks.filter_map(|chunk| {
        let ramp = t.ramps.get(&chunk.planned.id)?;
        Some(ramp.iter().find(|point| point.share.is_out())?.at)
    });
    went_out.min()
}

/// Days off in words: `Thanksgiving (2026-11-26)`.
pub fn holiday_words(days: &BTreeMap<Date, String>) -> String {
    let each: Vec<_> = days
        .iter()
        .map(|(day, name)| format!("{name} ({day})"))
        .collect();
    each.join(", ")
}
