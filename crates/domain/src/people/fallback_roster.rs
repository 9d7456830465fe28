//! Who accepted to come when calls come home, and how many of them could be reached the last time somebody asked (A31).

use super::fallback_minimums::Cover;
use super::roster::{hours_of, require_shift};
use super::{project_manager, require_site, require_staff};
use crate::Decided;
use crate::event::Event;
use crate::ids::{ShiftId, StaffId};
use crate::ladder::Rung;
use crate::lines::bad;
use crate::overlap::first_common;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One person's word to answer in one shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FallbackShift {
    /// The person.
    pub staff: StaffId,
    /// The calls the person would take.
    pub rung: Rung,
    /// The shift.
    pub shift: ShiftId,
    /// The first day of it.
    #[schemars(with = "String")]
    pub from: Date,
}

/// Records who accepted fallback shifts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AcceptFallbackShifts {
    /// The shifts.
    pub accepted: Vec<FallbackShift>,
}

/// Takes somebody off a fallback shift, as they asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WithdrawFallbackShift {
    /// The person.
    pub staff: StaffId,
    /// The shift.
    pub shift: ShiftId,
}

/// Records how many of the fallback roster could be reached: a count, nobody's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordReachability {
    /// Where.
    #[serde(flatten)]
    pub cover: Cover,
    /// How many could be reached.
    pub reachable: u32,
}

/// People accepted fallback shifts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FallbackShiftsAccepted {
    /// The shifts.
    pub accepted: Vec<FallbackShift>,
    /// When.
    pub at: Timestamp,
}

/// Somebody no longer takes a fallback shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FallbackShiftWithdrawn {
    /// The person.
    pub staff: StaffId,
    /// The shift.
    pub shift: ShiftId,
    /// When.
    pub at: Timestamp,
}

/// Somebody counted who could be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachabilityRecorded {
    /// Where.
    #[serde(flatten)]
    pub cover: Cover,
    /// How many could be reached.
    pub reachable: u32,
    /// When.
    pub at: Timestamp,
}

pub(crate) fn accept(t: &Transition, c: &AcceptFallbackShifts, now: Timestamp) -> Decided {
    text::list("fallback shifts", &c.accepted)?;
    let mut roster = t.people.fallback_roster.clone();
    let mut accepted = Vec::new();
    for shift in &c.accepted {
        check(t, &roster, shift)?;
        if !roster.contains(shift) {
            replace(&mut roster, shift);
            accepted.push(shift.clone());
        }
    }
    if accepted.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::FallbackShiftsAccepted(
        FallbackShiftsAccepted { accepted, at: now },
    )])
}

fn check(t: &Transition, roster: &[FallbackShift], new: &FallbackShift) -> Result<(), Refusal> {
    let member = require_staff(t, &new.staff)?;
    let hours = require_shift(t, &member.site, &new.shift)?;
    if !member.may_take(new.rung, new.from) {
        return Err(bad(format!(
            "skill, credential and a licence in force on {} of {} for {} calls",
            new.from, new.staff, new.rung
        )));
    }
    let from = t.midnight_at(&member.site, new.from);
    let mut twice = project_manager::is_chosen(t, &new.staff)
        .then(|| "leads the implementation, which is work of its own".to_owned());
    for other in roster.iter().filter(|o| o.staff == new.staff) {
        let theirs = hours_of(t, &member.site, &other.shift).filter(|_| other.shift != new.shift);
        let both = |theirs| {
            first_common(
                std::slice::from_ref(theirs),
                std::slice::from_ref(hours),
                &from,
            )
        };
        if theirs.map(both).transpose()?.flatten().is_some() {
            twice = Some(format!("is counted on {} at the same hours", other.shift));
        }
    }
    match twice {
        None => Ok(()),
        Some(why) => Err(Refusal::new(Code::DoubleBooking)
            .missing(format!("another person for {}: {} {why}", new.shift, new.staff))
            .who("the client's human resources")
            .how("let somebody else accept the shift, or withdraw the other one (`segue do withdraw-fallback-shift`)")),
    }
}

pub(crate) fn withdraw(t: &Transition, c: &WithdrawFallbackShift, now: Timestamp) -> Vec<Event> {
    let own = |s: &FallbackShift| s.staff == c.staff && s.shift == c.shift;
    if !t.people.fallback_roster.iter().any(own) {
        return Vec::new();
    }
    vec![Event::FallbackShiftWithdrawn(FallbackShiftWithdrawn {
        staff: c.staff.clone(),
        shift: c.shift.clone(),
        at: now,
    })]
}

pub(crate) fn record_reachability(
    t: &Transition,
    c: &RecordReachability,
    now: Timestamp,
) -> Decided {
    require_site(t, &c.cover.site)?;
    require_shift(t, &c.cover.site, &c.cover.shift)?;
    Ok(vec![Event::ReachabilityRecorded(ReachabilityRecorded {
        cover: c.cover.clone(),
        reachable: c.reachable,
        at: now,
    })])
}

/// A person has one entry per shift.
fn replace(roster: &mut Vec<FallbackShift>, new: &FallbackShift) {
    roster.retain(|s| s.staff != new.staff || s.shift != new.shift);
    roster.push(new.clone());
}

pub(crate) fn apply_accepted(t: &mut Transition, e: &FallbackShiftsAccepted) {
    for shift in &e.accepted {
        replace(&mut t.people.fallback_roster, shift);
    }
}

pub(crate) fn apply_withdrawn(t: &mut Transition, e: &FallbackShiftWithdrawn) {
    let roster = &mut t.people.fallback_roster;
    roster.retain(|s| s.staff != e.staff || s.shift != e.shift);
}

pub(crate) fn apply_reachability(t: &mut Transition, e: &ReachabilityRecorded) {
    t.people.reachable.retain(|r| r.cover != e.cover);
    t.people.reachable.push(e.clone());
}
