//! The door of one transition: which groups must be able to answer, what would come home to each, and who is there.
//!
//! Groups, people and shares come from the facts of the transition; calls, handle times and patience from call records, or, where there
//! are none, from the baseline's busiest hour. What has no source is named with the import that brings it: unknown is said, never
//! guessed.

pub mod calls;
pub mod demand;
mod people;

use crate::error::CapacityError;
use crate::history::CallHistory;
use crate::readiness::ReadinessTerms;
use crate::readiness::group::{Group, GroupInterval, GroupReadiness, group_readiness};
use crate::readiness::people::Recall;
use crate::readiness::site::{SiteReadiness, site_readiness};
use demand::Source;
use jiff::{SignedDuration, Timestamp};
use people::Shifts;
use segue_domain::Transition;
use segue_domain::chunks::ChunkState;
use segue_domain::ids::{ShiftId, SiteId};
use segue_domain::ladder::Rung;
use segue_domain::people::readiness::{Until, of_rung};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How far ahead the worst interval is looked for when acceptance is further away or unknown.
const LOOK_AHEAD_H: i64 = 7 * 24;
/// Length of an interval.
const INTERVAL_MIN: i64 = 15;

/// A centre and the hardest calls its people take.
pub type GroupKey = (SiteId, Rung);

/// What nobody has measured yet and is therefore assumed; shown with every answer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Assumptions {
    /// Thresholds, and the chance that a rostered person is there.
    pub terms: ReadinessTerms,
    /// The chance that somebody with notice stays until its end.
    pub stays: f64,
    /// How soon people on call or at other work come.
    pub recall: Recall,
    /// How wrong a forecast is that is no forecast but a busiest hour.
    pub cv: f64,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            terms: ReadinessTerms::default(),
            stays: 0.9,
            recall: Recall::ASSUMED,
            cv: 0.10,
        }
    }
}

impl Assumptions {
    /// With the readiness that both parties signed.
    pub fn signed(t: &Transition) -> Self {
        let mut assumed = Self::default();
        assumed.terms.ready = f64::from(t.terms.people.readiness_min_bp) / 10_000.0;
        assumed
    }
}

/// Where a group's calls come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Imported call records: each interval has its own forecast.
    CallRecords,
    /// The busiest hour of the recorded baseline, all day.
    BaselineBusiestHour,
}

/// One group, as far as it is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DoorGroup {
    /// Who.
    pub group: Group,
    /// Where its calls come from; none where nothing tells.
    pub basis: Option<Basis>,
    /// Its readiness; none where something is missing.
    pub readiness: Option<GroupReadiness>,
    /// The same by shift, as it is recorded for gates and separations.
    pub shifts: Vec<ShiftReadiness>,
    /// What is missing, and what brings it.
    pub missing: Vec<String>,
    /// What stands in for figures nobody has measured.
    pub assumed: Vec<String>,
}

/// A group in one shift.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShiftReadiness {
    /// The shift.
    pub shift: ShiftId,
    /// Its readiness; `worst` is what counts.
    pub readiness: GroupReadiness,
}

/// The door.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Door {
    /// When it was looked at.
    pub at: Timestamp,
    /// Every group whose chunks are not closed.
    pub groups: Vec<DoorGroup>,
    /// The minimum over the groups; none while one of them is unknown.
    pub least: Option<SiteReadiness>,
    /// What was assumed.
    pub assumptions: Assumptions,
}

/// The door of a transition, or of one centre of it.
///
/// # Errors
/// A recorded figure is no quantity, or no centre could answer what would come.
pub fn door(
    t: &Transition,
    calls: &BTreeMap<GroupKey, CallHistory>,
    site: Option<&SiteId>,
    now: Timestamp,
    assumptions: &Assumptions,
) -> Result<Door, CapacityError> {
    let wanted = group_keys(t).into_iter();
    let wanted = wanted.filter(|(at, _)| site.is_none_or(|site| site == at));
    let groups = wanted
        .map(|key| one_group(t, &key, calls.get(&key), now, assumptions))
        .collect::<Result<Vec<_>, _>>()?;
    let known: Option<Vec<_>> = groups.iter().map(|g| g.readiness.clone()).collect();
    Ok(Door {
        at: now,
        least: known.as_deref().and_then(site_readiness),
        groups,
        assumptions: *assumptions,
    })
}

/// The groups that calls would come home to: every centre and rung with a chunk whose door is open.
fn group_keys(t: &Transition) -> BTreeSet<GroupKey> {
    let open = t.chunks.values().filter(|c| c.state != ChunkState::Closed);
    open.filter_map(|c| Some((c.planned.site.clone(), t.rung(&c.planned.call_type)?)))
        .collect()
}

fn one_group(
    t: &Transition,
    key: &GroupKey,
    calls: Option<&CallHistory>,
    now: Timestamp,
    assumptions: &Assumptions,
) -> Result<DoorGroup, CapacityError> {
    let (site, rung) = key;
    let mut told = DoorGroup {
        group: Group {
            site: site.to_string(),
            skill: rung.to_string(),
            licence: None,
        },
        basis: None,
        readiness: None,
        shifts: Vec::new(),
        missing: people::missing(t, site, *rung),
        assumed: Vec::new(),
    };
    let source = Source::find(t, key, calls, now, assumptions, &mut told)?;
    let Some(source) = source.filter(|_| told.missing.is_empty()) else {
        return Ok(told);
    };
    let (from, to) = look_ahead(t, site, *rung, now);
    let shifts = Shifts::between(t, site, from, to);
    let interval = |(start, demand)| GroupInterval {
        start,
        demand,
        patience: source.patience,
        target: source.target,
        people: people::there(t, key, &shifts, start, assumptions),
    };
    let intervals: Vec<_> = source
        .demand(t, from, to)?
        .into_iter()
        .map(interval)
        .collect();
    let terms = &assumptions.terms;
    for shift in shifts.names() {
        let own: Vec<_> = intervals
            .iter()
            .filter(|i| shifts.on(i.start).any(|name| name == shift))
            .cloned()
            .collect();
        if !own.is_empty() {
            told.shifts.push(ShiftReadiness {
                shift: shift.clone(),
                readiness: group_readiness(told.group.clone(), &own, terms)?,
            });
        }
    }
    told.readiness = Some(group_readiness(told.group.clone(), &intervals, terms)?);
    Ok(told)
}

/// From the interval that holds `now` to the day the last chunk of the group may be closed, a week at most, a day at least.
fn look_ahead(t: &Transition, site: &SiteId, rung: Rung, now: Timestamp) -> (Timestamp, Timestamp) {
    let quarter_s = INTERVAL_MIN * 60;
    let from = now - SignedDuration::from_secs(now.as_second().rem_euclid(quarter_s));
    let from = from - SignedDuration::from_micros(from.as_microsecond().rem_euclid(1_000_000));
    let hours = match of_rung(t, site, rung, now) {
        Until::Day(day, _) => t
            .midnight_at(site, day)
            .timestamp()
            .duration_since(now)
            .as_hours(),
        Until::Closed | Until::NoPlan => LOOK_AHEAD_H,
    };
    (
        from,
        from + SignedDuration::from_hours(hours.clamp(24, LOOK_AHEAD_H)),
    )
}
