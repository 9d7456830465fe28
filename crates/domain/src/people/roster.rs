//! The in-house roster: pseudonyms, skills, credentials, shifts. No names, no measures of single people.

use super::{require_site, require_staff};
use crate::Decided;
use crate::agents::Credential;
use crate::event::Event;
use crate::ids::{ShiftId, SiteId, StaffId, is_usable};
use crate::ladder::Rung;
use crate::lines::bad;
use crate::refusal::Refusal;
use crate::text;
use crate::transition::Transition;
use crate::windows::ShiftWindow;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Longest pseudonym, in characters.
const PSEUDONYM_CHARS_MAX: usize = 16;

/// A shift of a centre: `nights`, with its local hours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Shift {
    /// The centre.
    pub site: SiteId,
    /// What the centre calls it.
    pub shift: ShiftId,
    /// When it is.
    #[serde(flatten)]
    pub hours: ShiftWindow,
}

/// One in-house employee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StaffMember {
    /// The pseudonym: `RN-07`.
    pub staff: StaffId,
    /// The centre.
    pub site: SiteId,
    /// The hardest calls the person takes.
    pub skill: Rung,
    /// Qualification.
    pub credential: Credential,
    /// The last day of the licence, for nurses.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub licence_until: Option<Date>,
    /// The shifts the person works.
    #[serde(default)]
    pub shifts: BTreeSet<ShiftId>,
    /// Percent of a full-time post.
    pub fte_percent: u8,
    /// Whole years of service.
    #[serde(default)]
    pub tenure_years: u8,
    /// Whether the person manages others.
    #[serde(default)]
    pub manager: bool,
    /// Whether a union represents the person.
    #[serde(default)]
    pub union: bool,
}

/// Defines the shifts of the centres; one that exists is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DefineShifts {
    /// The shifts.
    pub shifts: Vec<Shift>,
}

/// Puts staff on the in-house roster, or changes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RosterStaff {
    /// The people; one already on the roster is replaced.
    pub staff: Vec<StaffMember>,
}

/// Records that somebody leaves of their own accord: a fact, which no rule stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordResignation {
    /// The person.
    pub staff: StaffId,
    /// The first day the person is no longer there.
    #[schemars(with = "String")]
    pub on: Date,
}

/// Shifts are defined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftsDefined {
    /// As they stand now.
    pub shifts: Vec<Shift>,
    /// When.
    pub at: Timestamp,
}

/// Staff are on the in-house roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffRostered {
    /// As they stand now.
    pub staff: Vec<StaffMember>,
    /// When.
    pub at: Timestamp,
}

/// Somebody resigned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffResigned {
    /// The person.
    pub staff: StaffId,
    /// The first day the person is no longer there.
    pub on: Date,
    /// When it became known.
    pub at: Timestamp,
}

impl StaffMember {
    /// Whether the person may take calls of a rung on a day: nurses, with a licence in force, where nurses advise.
    pub fn may_take(&self, rung: Rung, on: Date) -> bool {
        let nurse = self.credential >= Credential::RegisteredNurse
            && self.licence_until.is_some_and(|until| on <= until);
        self.skill >= rung && (rung < Rung::Consult || nurse)
    }
}

/// A shift's hours.
pub fn hours_of<'t>(t: &'t Transition, site: &SiteId, shift: &ShiftId) -> Option<&'t ShiftWindow> {
    let mut shifts = t.people.shifts.iter();
    shifts
        .find(|s| s.site == *site && s.shift == *shift)
        .map(|s| &s.hours)
}

pub(crate) fn require_shift<'t>(
    t: &'t Transition,
    site: &SiteId,
    shift: &ShiftId,
) -> Result<&'t ShiftWindow, Refusal> {
    hours_of(t, site, shift).ok_or_else(|| {
        bad(format!(
            "a shift `{shift}` of {site} (`segue do define-shifts`)"
        ))
    })
}

/// The first day the person is no longer there, as far as anybody knows.
pub fn leaves_on(t: &Transition, staff: &StaffId) -> Option<Date> {
    let planned = t.people.separations.get(staff).map(|s| s.planned.on);
    let resigned = t.people.resigned.get(staff).copied();
    planned.into_iter().chain(resigned).min()
}

/// Capitals, digits and `-`, short, with a digit: a name does not fit, and neither does a telephone number.
fn is_pseudonym(staff: &StaffId) -> bool {
    let text = staff.as_str();
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
    (1..=PSEUDONYM_CHARS_MAX).contains(&text.len())
        && text.chars().all(plain)
        && text.chars().any(|c| c.is_ascii_digit())
        && text::caller_data(text).is_none()
}

pub(crate) fn define_shifts(t: &Transition, c: &DefineShifts, now: Timestamp) -> Decided {
    text::list("shifts", &c.shifts)?;
    for shift in &c.shifts {
        require_site(t, &shift.site)?;
        if !is_usable(shift.shift.as_str()) {
            return Err(bad(format!("`{}` as the name of a shift", shift.shift)));
        }
        shift.hours.parse()?;
    }
    let new = |s: &&Shift| !t.people.shifts.contains(s);
    let shifts: Vec<_> = c.shifts.iter().filter(new).cloned().collect();
    if shifts.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::ShiftsDefined(ShiftsDefined {
        shifts,
        at: now,
    })])
}

pub(crate) fn roster(t: &Transition, c: &RosterStaff, now: Timestamp) -> Decided {
    text::list("members of staff", &c.staff)?;
    for member in &c.staff {
        if !is_pseudonym(&member.staff) {
            return Err(bad(format!(
                "a pseudonym of capitals, digits and `-`, for example RN-07, not `{}`",
                member.staff
            )));
        }
        require_site(t, &member.site)?;
        for shift in &member.shifts {
            require_shift(t, &member.site, shift)?;
        }
        if !(1..=100).contains(&member.fte_percent) {
            return Err(bad(format!(
                "1 to 100 % of a full-time post for {}",
                member.staff
            )));
        }
    }
    let changed = |m: &&StaffMember| t.people.staff.get(&m.staff) != Some(m);
    let staff: Vec<_> = c.staff.iter().filter(changed).cloned().collect();
    if staff.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::StaffRostered(StaffRostered { staff, at: now })])
}

pub(crate) fn resign(t: &Transition, c: &RecordResignation, now: Timestamp) -> Decided {
    require_staff(t, &c.staff)?;
    if t.people.resigned.get(&c.staff) == Some(&c.on) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::StaffResigned(StaffResigned {
        staff: c.staff.clone(),
        on: c.on,
        at: now,
    })])
}

pub(crate) fn apply_shifts(t: &mut Transition, e: &ShiftsDefined) {
    for shift in &e.shifts {
        let shifts = &mut t.people.shifts;
        shifts.retain(|s| s.site != shift.site || s.shift != shift.shift);
        shifts.push(shift.clone());
    }
}

pub(crate) fn apply_rostered(t: &mut Transition, e: &StaffRostered) {
    let named = |m: &StaffMember| (m.staff.clone(), m.clone());
    let staff: BTreeMap<_, _> = e.staff.iter().map(named).collect();
    t.people.staff.extend(staff);
}

pub(crate) fn apply_resigned(t: &mut Transition, e: &StaffResigned) {
    t.people.resigned.insert(e.staff.clone(), e.on);
}
