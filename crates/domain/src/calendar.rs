//! Days and hours at which routes are left alone (§4.4): Friday afternoons, the day before a holiday, surge weeks, the
//! hours around a change of daylight saving. Only forward steps wait; a call comes home at any hour.

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::chunks::Chunk;
use crate::event::Event;
use crate::ids::PersonId;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::share::TrafficShare;
use crate::text;
use crate::transition::Transition;
use crate::waivers::{Waivable, is_waived};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// When routes are left alone, in the centre's own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct ChangeFreeze {
    /// On Fridays from this full hour on; absent for never.
    pub friday_from_h: Option<u8>,
    /// On the day before a declared holiday.
    pub day_before_holiday: bool,
    /// In declared surge weeks: vaccination, influenza.
    pub surge_weeks: bool,
    /// Hours before and after a change of daylight saving.
    pub daylight_saving_h: u32,
}

impl Default for ChangeFreeze {
    fn default() -> Self {
        Self {
            friday_from_h: Some(12),
            day_before_holiday: true,
            surge_weeks: true,
            daylight_saving_h: 2,
        }
    }
}

/// Declares a holiday: either party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeclareHoliday {
    /// The local date.
    #[schemars(with = "String")]
    pub date: Date,
    /// What people call it.
    pub name: String,
}

/// Declares a surge: either party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeclareSurge {
    /// Its first local date.
    #[schemars(with = "String")]
    pub from: Date,
    /// Its last.
    #[schemars(with = "String")]
    pub to: Date,
    /// What is expected.
    pub reason: String,
}

/// A holiday was declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HolidayDeclared {
    /// The local date.
    pub date: Date,
    /// What people call it.
    pub name: String,
    /// The party that declared it.
    pub by: Side,
    /// The person who did.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// A surge was declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurgeDeclared {
    /// Its first local date.
    pub from: Date,
    /// Its last.
    pub to: Date,
    /// What is expected.
    pub reason: String,
    /// The party that declared it.
    pub by: Side,
    /// The person who did.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// What was declared, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Calendar {
    /// Holidays by date.
    pub holidays: BTreeMap<Date, HolidayDeclared>,
    /// Surges by their first date.
    pub surges: BTreeMap<Date, SurgeDeclared>,
}

pub(crate) const BOARD: Kind = Kind {
    name: "calendar",
    says: "Holidays and surge weeks around which routes are left alone",
    may_see: None,
    draw: |t, _, _| draw(t),
};

pub(crate) fn declare_holiday(
    t: &Transition,
    c: &DeclareHoliday,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    text::title("what people call the holiday", &c.name)?;
    let known = &t.calendar.holidays;
    if known.contains_key(&c.date) {
        return Ok(Vec::new());
    }
    require_room(known.len())?;
    Ok(vec![Event::HolidayDeclared(HolidayDeclared {
        date: c.date,
        name: c.name.clone(),
        by: actor.side,
        person: actor.person.clone(),
        at: now,
    })])
}

pub(crate) fn declare_surge(
    t: &Transition,
    c: &DeclareSurge,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    text::title("what is expected of the surge", &c.reason)?;
    if c.to < c.from {
        return Err(bad(format!(
            "a surge that ends on {} or later, not on {}",
            c.from, c.to
        )));
    }
    let known = &t.calendar.surges;
    if known
        .get(&c.from)
        .is_some_and(|s| s.to == c.to && s.reason == c.reason)
    {
        return Ok(Vec::new());
    }
    require_room(known.len())?;
    Ok(vec![Event::SurgeDeclared(SurgeDeclared {
        from: c.from,
        to: c.to,
        reason: c.reason.clone(),
        by: actor.side,
        person: actor.person.clone(),
        at: now,
    })])
}

fn require_room(known: usize) -> Result<(), Refusal> {
    if known < text::LIST_MAX {
        return Ok(());
    }
    Err(bad(format!(
        "at most {} entries of the calendar",
        text::LIST_MAX
    )))
}

/// Refuses a forward step while routes are left alone.
pub(crate) fn check_step(
    t: &Transition,
    chunk: &Chunk,
    _share: TrafficShare,
    now: Timestamp,
) -> Result<(), Refusal> {
    let zone = t
        .site_zone(&chunk.planned.site)
        .and_then(|name| TimeZone::get(name).ok());
    let local = now.to_zoned(zone.unwrap_or(TimeZone::UTC));
    let frozen = frozen(t, &local);
    if frozen.is_empty() || is_waived(t, Waivable::ChangeFreeze, &chunk.planned.id) {
        return Ok(());
    }
    Err(Refusal::new(Code::ChangeFreeze)
        .missing_all(frozen)
        .who("both parties")
        .how("take the step at another time; where it cannot wait, both parties and the clinical lead sign why (`segue do propose-waiver --rule change_freeze`)"))
}

fn frozen(t: &Transition, local: &Zoned) -> Vec<String> {
    let (rule, today) = (&t.terms.change_freeze, local.date());
    let mut why = Vec::new();
    if let Some(hour) = rule.friday_from_h
        && today.weekday() == Weekday::Friday
        && local.hour().unsigned_abs() >= hour
    {
        let at = local.strftime("%H:%M");
        why.push(format!(
            "another time than Friday {at}: nothing changes on a Friday from {hour}:00 on"
        ));
    }
    let tomorrow = today.tomorrow().unwrap_or(today);
    if let Some(holiday) = t
        .calendar
        .holidays
        .get(&tomorrow)
        .filter(|_| rule.day_before_holiday)
    {
        why.push(format!(
            "another day than the one before {} ({tomorrow})",
            holiday.name
        ));
    }
    let mut surges = t.calendar.surges.values().filter(|_| rule.surge_weeks);
    if let Some(surge) = surges.find(|s| s.from <= today && today <= s.to) {
        why.push(format!(
            "a day outside {} to {}: {}",
            surge.from, surge.to, surge.reason
        ));
    }
    if let Some(at) = daylight_saving(local, rule.daylight_saving_h) {
        let hours = rule.daylight_saving_h;
        why.push(format!(
            "an hour not within {hours} h of the change of daylight saving at {at}"
        ));
    }
    why
}

/// The change of the clock within so many hours.
fn daylight_saving(local: &Zoned, hours: u32) -> Option<Timestamp> {
    let span = SignedDuration::from_hours(i64::from(hours));
    let (from, to) = (
        local.timestamp().checked_sub(span).ok()?,
        local.timestamp().checked_add(span).ok()?,
    );
    let next = local.time_zone().following(from).next()?.timestamp();
    (next < to).then_some(next)
}

pub(crate) fn apply_holiday(t: &mut Transition, e: &HolidayDeclared) {
    t.calendar.holidays.insert(e.date, e.clone());
}

pub(crate) fn apply_surge(t: &mut Transition, e: &SurgeDeclared) {
    t.calendar.surges.insert(e.from, e.clone());
}

fn draw(t: &Transition) -> Board {
    let mut board = Board::new("Calendar", &["from", "to", "what", "declared by"]);
    for h in t.calendar.holidays.values() {
        board.row([
            h.date.to_string(),
            h.date.to_string(),
            h.name.clone(),
            t.parties.name(h.by),
        ]);
    }
    for s in t.calendar.surges.values() {
        board.row([
            s.from.to_string(),
            s.to.to_string(),
            s.reason.clone(),
            t.parties.name(s.by),
        ]);
    }
    board
        .note("A holiday that changes the hours of a chunk stands in its windows, signed by both.");
    board
}
