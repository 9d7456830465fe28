//! Who is there: each person of the in-house roster in one state, counted once, in one group.

use super::{Assumptions, GroupKey};
use crate::readiness::people::{Headcount, PersonState};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use segue_domain::Transition;
use segue_domain::ids::{ShiftId, SiteId, StaffId};
use segue_domain::ladder::Rung;
use segue_domain::people::fallback_capacity::reached;
use segue_domain::people::fallback_minimums::Cover;
use segue_domain::people::fallback_roster::FallbackShift;
use segue_domain::people::paths::StaffPath;
use segue_domain::people::project_manager;
use segue_domain::people::roster::{StaffMember, leaves_on};
use segue_domain::windows::Occurrence;
use std::collections::BTreeMap;

/// The shifts of a centre as they come in time.
pub(super) struct Shifts {
    of: Vec<(ShiftId, Vec<Occurrence>)>,
}

impl Shifts {
    pub(super) fn between(t: &Transition, site: &SiteId, from: Timestamp, to: Timestamp) -> Self {
        // A shift that began up to a week before may still be on.
        let first = t.day_at(site, from - SignedDuration::from_hours(8 * 24));
        let last = t.day_at(site, to);
        let shifts = t.people.shifts.iter().filter(|s| s.site == *site);
        let of = shifts.filter_map(|shift| {
            let window = shift.hours.parse().ok()?;
            Some((shift.shift.clone(), window.occurrences(first, last)))
        });
        Self { of: of.collect() }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &ShiftId> {
        self.of.iter().map(|(name, _)| name)
    }

    /// The shifts that are on at an instant.
    pub(super) fn on(&self, at: Timestamp) -> impl Iterator<Item = &ShiftId> {
        let on = move |o: &Occurrence| o.start <= at && at < o.end;
        let shifts = self.of.iter();
        shifts
            .filter(move |(_, times)| times.iter().any(on))
            .map(|(name, _)| name)
    }
}

/// What the roster lacks for a group to be counted.
pub(super) fn missing(t: &Transition, site: &SiteId, rung: Rung) -> Vec<String> {
    let mut missing = Vec::new();
    if !t.people.shifts.iter().any(|s| s.site == *site) {
        missing.push(format!("shifts of {site} (`segue do define-shifts`)"));
    }
    let skilled = |m: &&StaffMember| m.site == *site && m.skill >= rung;
    if !t.people.staff.values().any(|m| skilled(&m)) {
        missing.push(format!("{rung} staff of {site} (`segue do roster-staff`)"));
    }
    missing
}

/// The people of a group at an instant; who is in two shifts at once is one person.
pub(super) fn there(
    t: &Transition,
    (site, rung): &GroupKey,
    shifts: &Shifts,
    at: Timestamp,
    assumptions: &Assumptions,
) -> Vec<Headcount> {
    let on = t.day_at(site, at);
    let mut states: BTreeMap<&StaffId, PersonState> = BTreeMap::new();
    for shift in shifts.on(at) {
        let cover = Cover {
            site: site.clone(),
            rung: *rung,
            shift: shift.clone(),
        };
        // Of the fallback roster nobody counts beyond how many were reached; who works the shift anyhow is there.
        let mut reached = reached(t, &cover, at);
        for member in t.people.staff.values().filter(|m| m.site == *site) {
            let Some(state) = state_in(t, member, &cover, on, assumptions) else {
                continue;
            };
            let rostered = accepted(t, member, &cover, on).is_some();
            if let Some(left) = reached
                .as_mut()
                .filter(|_| rostered && state != PersonState::Released)
            {
                if *left == 0 {
                    continue;
                }
                *left -= 1;
            }
            states.entry(&member.staff).or_insert(state);
        }
    }
    let mut people: Vec<Headcount> = Vec::new();
    for state in states.into_values() {
        match people.iter_mut().find(|h| h.state == state) {
            Some(alike) => alike.people += 1,
            None => people.push(Headcount { state, people: 1 }),
        }
    }
    people
}

/// The fallback shift that a person accepted and that has begun.
fn accepted<'t>(
    t: &'t Transition,
    member: &StaffMember,
    cover: &Cover,
    on: Date,
) -> Option<&'t FallbackShift> {
    let mut roster = t.people.fallback_roster.iter();
    roster.find(|s| s.staff == member.staff && s.shift == cover.shift && s.from <= on)
}

/// What a person is worth to a group in a shift; none for people of other groups, shifts or posts.
fn state_in(
    t: &Transition,
    member: &StaffMember,
    cover: &Cover,
    on: Date,
    assumptions: &Assumptions,
) -> Option<PersonState> {
    let accepted = accepted(t, member, cover, on);
    let works = member.shifts.contains(&cover.shift);
    // Whoever accepted calls of one rung for this shift counts there and nowhere else.
    let rung = accepted.map_or(member.skill, |s| s.rung);
    if rung != cover.rung || (accepted.is_none() && !works) {
        return None;
    }
    if !member.may_take(cover.rung, on) || project_manager::is_chosen(t, &member.staff) {
        return None;
    }
    let show_up = assumptions.terms.show_up;
    let recall = PersonState::Reassigned {
        recall: assumptions.recall,
    };
    Some(if is_released(t, &member.staff) {
        PersonState::Released
    } else if leaves_on(t, &member.staff).is_some_and(|day| day <= on) {
        if reassigned(t, &member.staff) {
            recall
        } else {
            PersonState::Released
        }
    } else if !works {
        recall
    } else if t.people.notices.contains_key(&member.staff) {
        PersonState::OnNotice {
            show_up,
            stays: assumptions.stays,
        }
    } else {
        PersonState::Active { show_up }
    })
}

fn is_released(t: &Transition, staff: &StaffId) -> bool {
    t.people.released.iter().any(|r| r.staff == *staff)
}

/// Whether the person went to other work at the client, from where one can be called back.
fn reassigned(t: &Transition, staff: &StaffId) -> bool {
    let separation = t.people.separations.get(staff);
    separation.is_some_and(|s| s.planned.path == StaffPath::Reassign)
        && !t.people.resigned.contains_key(staff)
}
