//! What home is reached by and who may log in stays until `closed`: ports, trunks, access, licences (§7.8).

use super::readiness::{self, Until};
use super::{require_staff, still_needed};
use crate::Decided;
use crate::event::Event;
use crate::ids::{LineId, StaffId};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What would cut a line off from home.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// The number is ported to another carrier.
    Port,
    /// The trunk to the in-house centre is disconnected.
    Trunk,
}

/// What is let go of a person's ability to take calls.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// Access to the systems: the same day employment ends.
    Access,
    /// The licence: it is not renewed.
    Licence,
}

/// Plans the day a line is cut off from home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlanDisconnection {
    /// The line.
    pub line: LineId,
    /// What is done.
    pub cut: Cut,
    /// The day.
    #[schemars(with = "String")]
    pub on: Date,
}

/// Says that a planned disconnection takes place now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CarryOutDisconnection {
    /// The line.
    pub line: LineId,
    /// What is done.
    pub cut: Cut,
}

/// Lets access or a licence of a person go, today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReleaseStaff {
    /// The person.
    pub staff: StaffId,
    /// What is let go.
    pub release: Release,
}

/// A disconnection is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisconnectionPlanned {
    /// The line.
    pub line: LineId,
    /// What is done.
    pub cut: Cut,
    /// The day.
    pub on: Date,
    /// When it was planned.
    pub at: Timestamp,
}

/// A line is cut off from home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisconnectionCarriedOut {
    /// The line.
    pub line: LineId,
    /// What was done.
    pub cut: Cut,
    /// When.
    pub at: Timestamp,
}

/// Access or a licence of a person was let go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffReleased {
    /// The person.
    pub staff: StaffId,
    /// What was let go.
    pub release: Release,
    /// When.
    pub at: Timestamp,
}

/// A disconnection in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Disconnection {
    /// As planned.
    pub planned: DisconnectionPlanned,
    /// Once it took place.
    pub carried_out: Option<Timestamp>,
}

impl Cut {
    /// The cut in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Port => "port",
            Self::Trunk => "disconnection of the trunk",
        }
    }
}

/// Until when home has to be reached by a line.
pub fn line_needed(t: &Transition, line: &LineId, now: Timestamp) -> Until {
    readiness::until(t, |chunk| chunk.planned.lines.contains(line), now)
}

fn too_early(cut: Cut, line: &LineId, until: &Until) -> Refusal {
    let by = until.day().map(|day| format!(", {day} at the earliest"));
    Refusal::new(Code::ReadinessUntilClosed)
        .missing(format!(
            "{} before the {} of {line}{}",
            until.words(),
            cut.words(),
            by.unwrap_or_default()
        ))
        .who("both parties, who close the doors")
        .how("forward the calls meanwhile, and plan a later day (`segue do plan-disconnection`)")
}

pub(crate) fn plan(t: &Transition, c: &PlanDisconnection, now: Timestamp) -> Decided {
    if t.line(&c.line).is_none() {
        return Err(bad(format!("a line named `{}`", c.line)));
    }
    let until = line_needed(t, &c.line, now);
    let free = until == Until::Closed || until.day().is_some_and(|day| day <= c.on);
    if !free {
        return Err(too_early(c.cut, &c.line, &until));
    }
    if find(t, &c.line, c.cut).is_some_and(|d| d.planned.on == c.on) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::DisconnectionPlanned(DisconnectionPlanned {
        line: c.line.clone(),
        cut: c.cut,
        on: c.on,
        at: now,
    })])
}

pub(crate) fn carry_out(t: &Transition, c: &CarryOutDisconnection, now: Timestamp) -> Decided {
    let until = line_needed(t, &c.line, now);
    if until != Until::Closed {
        return Err(too_early(c.cut, &c.line, &until));
    }
    match find(t, &c.line, c.cut) {
        None => Err(bad(format!(
            "a planned {} of {} (`segue do plan-disconnection`)",
            c.cut.words(),
            c.line
        ))),
        Some(planned) if planned.carried_out.is_some() => Ok(Vec::new()),
        Some(_) => Ok(vec![Event::DisconnectionCarriedOut(
            DisconnectionCarriedOut {
                line: c.line.clone(),
                cut: c.cut,
                at: now,
            },
        )]),
    }
}

/// A line that was ported in spite of everything is known by its calls, not here; a person whose employment ended, or who
/// is not in a minimum, loses access at once.
pub(crate) fn release(t: &Transition, c: &ReleaseStaff, now: Timestamp) -> Decided {
    let member = require_staff(t, &c.staff)?;
    let today = t.day_at(&member.site, now);
    let gone = super::roster::leaves_on(t, &c.staff).is_some_and(|day| day <= today);
    let separation = t.people.separations.get(&c.staff);
    if !gone || separation.is_some_and(|s| s.carried_out.is_none()) {
        still_needed::require_free(t, &c.staff, today, now)?;
    }
    if is_released(t, &c.staff, c.release) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::StaffReleased(StaffReleased {
        staff: c.staff.clone(),
        release: c.release,
        at: now,
    })])
}

/// Whether access or licence of a person was let go.
pub fn is_released(t: &Transition, staff: &StaffId, release: Release) -> bool {
    let own = |r: &StaffReleased| r.staff == *staff && r.release == release;
    t.people.released.iter().any(own)
}

fn find<'t>(t: &'t Transition, line: &LineId, cut: Cut) -> Option<&'t Disconnection> {
    let mut all = t.people.disconnections.iter();
    all.find(|d| d.planned.line == *line && d.planned.cut == cut)
}

pub(crate) fn apply_planned(t: &mut Transition, e: &DisconnectionPlanned) {
    let all = &mut t.people.disconnections;
    all.retain(|d| d.planned.line != e.line || d.planned.cut != e.cut);
    all.push(Disconnection {
        planned: e.clone(),
        carried_out: None,
    });
}

pub(crate) fn apply_carried_out(t: &mut Transition, e: &DisconnectionCarriedOut) {
    let all = t.people.disconnections.iter_mut();
    for own in all.filter(|d| d.planned.line == e.line && d.planned.cut == e.cut) {
        own.carried_out = Some(e.at);
    }
}

pub(crate) fn apply_released(t: &mut Transition, e: &StaffReleased) {
    t.people.released.push(e.clone());
}
