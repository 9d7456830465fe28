//! The end of somebody's work here: never before notice ran, never while home still needs the person (B11, §7.8).
//!
//! Planned, confirmed by counsel, carried out on its day. When the move slips, the old date is not kept: another notice and
//! a decision about staying come first (scenario 13).

use super::notices::{self, Term, earliest};
use super::paths::StaffPath;
use super::still_needed::{self, Need};
use super::{key_persons, require_staff};
use crate::Decided;
use crate::event::Event;
use crate::ids::StaffId;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::schedule::days;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Plans the day from which somebody no longer works here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlanSeparation {
    /// The person.
    pub staff: StaffId,
    /// The first day without the person.
    #[schemars(with = "String")]
    pub on: Date,
    /// What the person goes to; notice runs for the end of employment alone.
    #[serde(default = "separate")]
    pub path: StaffPath,
}

/// Records whether somebody is asked, with a bonus, to stay longer after a date slipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DecideRetention {
    /// The person.
    pub staff: StaffId,
    /// Whether a bonus for staying is paid.
    pub bonus: bool,
}

/// Records that counsel confirmed a planned separation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ConfirmSeparation {
    /// The person.
    pub staff: StaffId,
    /// Where counsel's confirmation is kept.
    pub reference: String,
}

/// Says that the planned separation takes place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CarryOutSeparation {
    /// The person.
    pub staff: StaffId,
}

/// A separation is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeparationPlanned {
    /// The person.
    pub staff: StaffId,
    /// The first day without the person.
    pub on: Date,
    /// What the person goes to.
    pub path: StaffPath,
    /// What the day was computed from.
    pub terms: Vec<Term>,
    /// When it was planned.
    pub at: Timestamp,
}

/// It was decided about staying longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionDecided {
    /// The person.
    pub staff: StaffId,
    /// Whether a bonus for staying is paid.
    pub bonus: bool,
    /// When.
    pub at: Timestamp,
}

/// Counsel confirmed a separation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeparationConfirmed {
    /// The person.
    pub staff: StaffId,
    /// Where the confirmation is kept.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

/// A separation took place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeparationCarriedOut {
    /// The person.
    pub staff: StaffId,
    /// The first day without the person.
    pub on: Date,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A separation in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Separation {
    /// As planned last.
    pub planned: SeparationPlanned,
    /// The decision about staying longer, the last one.
    pub retention: Option<RetentionDecided>,
    /// Counsel's confirmation of this plan.
    pub confirmed: Option<SeparationConfirmed>,
    /// Once it took place.
    pub carried_out: Option<SeparationCarriedOut>,
}

/// How a planned separation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The day is as good as when it was planned.
    Keeps,
    /// The move slipped: the day is not kept, and the first one that is allowed may be known.
    Slipped(Option<Date>),
    /// It took place.
    CarriedOut,
}

fn separate() -> StaffPath {
    StaffPath::Separate
}

/// Everything that must lie behind before the person goes, each with its day.
pub fn terms(
    t: &Transition,
    staff: &StaffId,
    path: StaffPath,
    on: Date,
    now: Timestamp,
) -> Vec<Term> {
    let mut terms = match path {
        StaffPath::Separate => notices::clocks(t, staff),
        _ => Vec::new(),
    };
    terms.extend(
        still_needed::needs(t, staff, on, now)
            .iter()
            .map(Need::term),
    );
    terms
}

/// Whether a planned day still holds.
pub fn standing(t: &Transition, separation: &Separation, now: Timestamp) -> Standing {
    let planned = &separation.planned;
    if separation.carried_out.is_some() {
        return Standing::CarriedOut;
    }
    let site = t.people.staff.get(&planned.staff).map(|m| &m.site);
    let today = site.map_or(planned.on, |site| t.day_at(site, now));
    let terms = terms(t, &planned.staff, planned.path, planned.on, now);
    let window = i64::from(t.terms.people.separation_window_days);
    if terms.iter().all(|term| term.allows(planned.on)) && today <= days::after(planned.on, window)
    {
        return Standing::Keeps;
    }
    Standing::Slipped(earliest(&terms).map(|day| day.max(today)))
}

pub(crate) fn plan(t: &Transition, c: &PlanSeparation, now: Timestamp) -> Decided {
    let member = require_staff(t, &c.staff)?;
    if !c.path.leaves_the_phones() {
        return Err(bad(format!(
            "a path that ends the work here, not {}",
            c.path.words()
        )));
    }
    let before = t.people.separations.get(&c.staff);
    if before.is_some_and(|s| s.carried_out.is_some()) {
        return Err(bad("a person who is still here".into()));
    }
    if before.is_some_and(|s| s.planned.on == c.on && s.planned.path == c.path) {
        return Ok(Vec::new());
    }
    if c.on < t.day_at(&member.site, now) {
        return Err(bad(format!("a day to come, not {}", c.on)));
    }
    key_persons::require_stays(t, &c.staff, c.on)?;
    let needs = still_needed::needs(t, &c.staff, c.on, now);
    let terms = terms(t, &c.staff, c.path, c.on, now);
    if terms.iter().any(|term| !term.allows(c.on)) {
        return Err(too_early(t, &needs, &terms));
    }
    if let Some(before) = before {
        require_answer_to_slip(t, before, now)?;
    }
    Ok(vec![Event::SeparationPlanned(SeparationPlanned {
        staff: c.staff.clone(),
        on: c.on,
        path: c.path,
        terms,
        at: now,
    })])
}

/// Names the shifts and days, never the person: the answer may be read aloud in a meeting with the outsourcer.
fn too_early(t: &Transition, needs: &[Need], terms: &[Term]) -> Refusal {
    let code = if needs.is_empty() {
        Code::NoticeRunning
    } else {
        Code::FallbackCapacity
    };
    let earliest = match earliest(terms) {
        Some(day) => format!("earliest permitted date {day}, the latest of:"),
        None => "the earliest permitted date, the latest of (some are not known yet):".to_owned(),
    };
    let mut missing: Vec<_> = needs.iter().map(Need::words).collect();
    missing.push(earliest);
    missing.extend(terms.iter().map(Term::words));
    missing.push("counsel's confirmation; the dates are computed, not decided".into());
    missing.extend(notices::verify(t));
    Refusal::new(code)
        .missing_all(missing)
        .who("the client's human resources, with counsel")
        .how("plan a permitted date (`segue do plan-separation`), or let somebody else accept the fallback shift (`segue do accept-fallback-shifts`)")
}

/// After a slip, another notice and a decision about staying come before another date.
fn require_answer_to_slip(
    t: &Transition,
    before: &Separation,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Standing::Slipped(_) = standing(t, before, now) else {
        return Ok(());
    };
    let missing = owed_after_slip(t, before);
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Code::AdditionalNotice)
        .missing_all(missing)
        .who("the client's human resources, with counsel")
        .how("serve the additional notice (`segue do serve-notices`) and decide about staying (`segue do decide-retention`), then plan the new date"))
}

/// What a slipped separation still needs.
pub(crate) fn owed_after_slip(t: &Transition, separation: &Separation) -> Vec<String> {
    let planned = &separation.planned;
    let since = |at: Timestamp| at > planned.at;
    let notices = t.people.notices.get(&planned.staff);
    let told_anew = notices.is_some_and(|all| all.iter().any(|n| since(n.at)));
    let retention = separation.retention.as_ref().is_some_and(|r| since(r.at));
    let mut owed = Vec::new();
    if planned.path == StaffPath::Separate && !told_anew {
        owed.push(format!(
            "additional notice: {} is not kept, and nobody was told the new date",
            planned.on
        ));
    }
    if !retention {
        owed.push("retention decision: whether the person is asked to stay, with a bonus".into());
    }
    owed
}

fn require_planned<'t>(t: &'t Transition, staff: &StaffId) -> Result<&'t Separation, Refusal> {
    t.people.separations.get(staff).ok_or_else(|| {
        Refusal::new(Code::Unknown)
            .missing("a planned separation of this person")
            .who("the client's human resources")
            .how("plan it first (`segue do plan-separation`)")
    })
}

pub(crate) fn decide_retention(t: &Transition, c: &DecideRetention, now: Timestamp) -> Decided {
    require_planned(t, &c.staff)?;
    Ok(vec![Event::RetentionDecided(RetentionDecided {
        staff: c.staff.clone(),
        bonus: c.bonus,
        at: now,
    })])
}

pub(crate) fn confirm(t: &Transition, c: &ConfirmSeparation, now: Timestamp) -> Decided {
    let separation = require_planned(t, &c.staff)?;
    text::title("where counsel's confirmation is kept", &c.reference)?;
    if separation.confirmed.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::SeparationConfirmed(SeparationConfirmed {
        staff: c.staff.clone(),
        reference: c.reference.clone(),
        at: now,
    })])
}

pub(crate) fn carry_out(t: &Transition, c: &CarryOutSeparation, now: Timestamp) -> Decided {
    let member = require_staff(t, &c.staff)?;
    let separation = require_planned(t, &c.staff)?;
    if separation.carried_out.is_some() {
        return Ok(Vec::new());
    }
    let planned = &separation.planned;
    let today = t.day_at(&member.site, now);
    still_needed::require_free(t, &c.staff, today, now)?;
    if today < planned.on {
        return Err(Refusal::new(Code::NoticeRunning)
            .missing(format!("{}, the planned day; it is {today}", planned.on))
            .who("the client's human resources")
            .how("wait for the day"));
    }
    if standing(t, separation, now) != Standing::Keeps {
        let mut owed = owed_after_slip(t, separation);
        owed.push(format!("a new date: {} is not kept", planned.on));
        return Err(Refusal::new(Code::AdditionalNotice)
            .missing_all(owed)
            .who("the client's human resources, with counsel")
            .how("answer what is missing, then plan the new date (`segue do plan-separation`)"));
    }
    if separation.confirmed.is_none() {
        return Err(Refusal::new(Code::CounselOpen)
            .missing("counsel's confirmation of this date")
            .who("the client's human resources, with counsel")
            .how("record it (`segue do confirm-separation`)"));
    }
    Ok(vec![Event::SeparationCarriedOut(SeparationCarriedOut {
        staff: c.staff.clone(),
        on: planned.on,
        at: now,
    })])
}

pub(crate) fn apply_planned(t: &mut Transition, e: &SeparationPlanned) {
    let separation = Separation {
        planned: e.clone(),
        retention: None,
        confirmed: None,
        carried_out: None,
    };
    t.people.separations.insert(e.staff.clone(), separation);
}

pub(crate) fn apply_retention(t: &mut Transition, e: &RetentionDecided) {
    if let Some(separation) = t.people.separations.get_mut(&e.staff) {
        separation.retention = Some(e.clone());
    }
}

pub(crate) fn apply_confirmed(t: &mut Transition, e: &SeparationConfirmed) {
    if let Some(separation) = t.people.separations.get_mut(&e.staff) {
        separation.confirmed = Some(e.clone());
    }
}

pub(crate) fn apply_carried_out(t: &mut Transition, e: &SeparationCarriedOut) {
    if let Some(separation) = t.people.separations.get_mut(&e.staff) {
        separation.carried_out = Some(e.clone());
    }
}
