//! Shift windows in an order (§3.2: time): the hours of the week in which the outsourcer's part goes out, as a mechanism that reads a
//! clock of its own is told them. Outside them every call goes home.
//!
//! Segue itself expands windows to UTC ([`compile`](crate::compile())); a carrier or a PBX reads its wall clock. Both say the same at
//! every instant but in a night when the clocks change, where the carrier may open an hour twice: the script says so.

use crate::mechanism::{Capable, Mechanism};
use crate::order::RefusedValue;
use jiff::civil::{Date, DateTime, Weekday};
use segue_domain::windows::{ShiftWindow, WeeklyWindow, merged};
use std::collections::{BTreeMap, BTreeSet};

const DAY_MIN: u32 = 24 * 60;
const DAYS: [(Weekday, &str); 7] = [
    (Weekday::Monday, "MON"),
    (Weekday::Tuesday, "TUE"),
    (Weekday::Wednesday, "WED"),
    (Weekday::Thursday, "THU"),
    (Weekday::Friday, "FRI"),
    (Weekday::Saturday, "SAT"),
    (Weekday::Sunday, "SUN"),
];

/// Hours of one day, as minutes from its midnight, half-open and in order.
type DayHours = Vec<(u32, u32)>;

/// The hours of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderHours {
    days: [DayHours; 7],
    holidays: BTreeMap<Date, DayHours>,
}

/// A part of a day, and whether calls go out in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayPart {
    from_min: u32,
    to_min: u32,
    /// Whether the order's share holds in it.
    pub open: bool,
}

/// A change of the hours within a week, or on a date that is not like its weekday.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// `MON`, or a date: its turns are in place of its weekday's.
    day: String,
    at_min: u32,
    /// Whether the share begins to hold.
    pub opens: bool,
}

impl OrderHours {
    /// The hours of windows on a mechanism; `None` where there are no windows: the share holds always.
    ///
    /// # Errors
    /// Every value that the mechanism cannot do: a window it cannot read, another zone than the order's, a boundary off its grid.
    pub fn of(
        mechanism: Mechanism,
        windows: &[ShiftWindow],
        zone: &str,
    ) -> Result<Option<Self>, Vec<RefusedValue>> {
        if windows.is_empty() {
            return Ok(None);
        }
        let mut refused = Vec::new();
        let mut read = Vec::new();
        for window in windows {
            match window.parse() {
                Ok(_) if window.zone != zone => refused.push(RefusedValue {
                    value: format!("{} in {}", window.window, window.zone),
                    nearest: vec![format!("an order in {}", window.zone)],
                }),
                Ok(weekly) => read.push(weekly),
                Err(refusal) => refused.push(RefusedValue {
                    value: window.window.clone(),
                    nearest: refusal.missing,
                }),
            }
        }
        let hours = Self::read(&read);
        refused.extend(hours.off_grid(u32::from(mechanism.capability().time_step_min)));
        if refused.is_empty() {
            Ok(Some(hours))
        } else {
            Err(refused)
        }
    }

    fn read(windows: &[WeeklyWindow]) -> Self {
        let holidays: BTreeSet<Date> = windows.iter().flat_map(WeeklyWindow::holidays).collect();
        let all =
            |of: &dyn Fn(&WeeklyWindow) -> DayHours| merged(windows.iter().flat_map(of).collect());
        Self {
            days: DAYS.map(|(day, _)| all(&|w| w.hours_of(day))),
            holidays: holidays
                .into_iter()
                .map(|date| (date, all(&|w| w.hours_on(date))))
                .collect(),
        }
    }

    /// Boundaries that the mechanism's clock does not have, each with the ones beside it.
    fn off_grid(&self, step_min: u32) -> Vec<RefusedValue> {
        let every = self.days.iter().chain(self.holidays.values()).flatten();
        let off: BTreeSet<u32> = every
            .flat_map(|(from, to)| [*from, *to])
            .filter(|at| at % step_min != 0)
            .collect();
        let refused = |at: u32| {
            let below = at / step_min * step_min;
            RefusedValue {
                value: clock(at),
                nearest: vec![clock(below), clock(below + step_min)],
            }
        };
        off.into_iter().map(refused).collect()
    }

    /// The week, days alike together: `MON-FRI`, and the parts of such a day from midnight to midnight.
    pub fn week(&self) -> Vec<(String, Vec<DayPart>)> {
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for day in 0..DAYS.len() {
            match groups.last_mut() {
                Some((_, last)) if self.days[*last] == self.days[day] => *last = day,
                _ => groups.push((day, day)),
            }
        }
        let name = |(first, last): (usize, usize)| {
            let (from, to) = (DAYS[first].1, DAYS[last].1);
            if first == last {
                from.to_owned()
            } else {
                format!("{from}-{to}")
            }
        };
        groups
            .into_iter()
            .map(|group| (name(group), parts(&self.days[group.0])))
            .collect()
    }

    /// Holidays that are not like their weekday, and their parts.
    pub fn holidays(&self) -> impl Iterator<Item = (Date, Vec<DayPart>)> {
        self.holidays
            .iter()
            .map(|(date, hours)| (*date, parts(hours)))
    }

    /// When the share begins and ceases to hold in an ordinary week, then on each date that is not like its weekday; empty where it
    /// never does either.
    pub fn turns(&self) -> Vec<Turn> {
        let mut turns = Vec::new();
        for (day, (_, name)) in DAYS.iter().enumerate() {
            let before = &self.days[(day + DAYS.len() - 1) % DAYS.len()];
            changes(&mut turns, name, Some(ends_open(before)), &self.days[day]);
        }
        for (date, hours) in &self.holidays {
            // Its midnight is always told: the weekday's turns before it may have been others.
            changes(&mut turns, &date.to_string(), None, hours);
            let next = date.tomorrow().unwrap_or(*date);
            let after = self.hours_on(next);
            if !self.holidays.contains_key(&next) && starts_open(after) != ends_open(hours) {
                changes(&mut turns, &next.to_string(), None, after);
            }
        }
        turns
    }

    /// Whether any date is not like its weekday.
    pub fn has_holidays(&self) -> bool {
        !self.holidays.is_empty()
    }

    /// Whether the share holds at a local time.
    pub fn is_open_at(&self, local: DateTime) -> bool {
        let minute = |hour: i8| u32::try_from(hour).unwrap_or(0);
        let at = 60 * minute(local.hour()) + minute(local.minute());
        let hours = self.hours_on(local.date());
        hours.iter().any(|(from, to)| (*from..*to).contains(&at))
    }

    fn hours_on(&self, date: Date) -> &DayHours {
        let weekday = date.weekday();
        let day = DAYS.iter().position(|(day, _)| *day == weekday);
        let ordinary = &self.days[day.unwrap_or(0)];
        self.holidays.get(&date).unwrap_or(ordinary)
    }

    /// The hours in words, a line for days alike and for each holiday.
    pub fn words(&self) -> Vec<String> {
        let line = |name: String, parts: Vec<DayPart>| {
            let open = parts.iter().filter(|part| part.open);
            let open: Vec<_> = open.map(ToString::to_string).collect();
            if open.is_empty() {
                format!("{name} home")
            } else {
                format!("{name} {}", open.join(", "))
            }
        };
        let week = self.week().into_iter();
        let holidays = self
            .holidays()
            .map(|(date, parts)| (date.to_string(), parts));
        week.chain(holidays).map(|(n, p)| line(n, p)).collect()
    }
}

impl std::fmt::Display for DayPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", clock(self.from_min), clock(self.to_min))
    }
}

impl std::fmt::Display for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.day, clock(self.at_min))
    }
}

/// The turns of one day; without what was before, its midnight is one.
fn changes(turns: &mut Vec<Turn>, day: &str, before: Option<bool>, hours: &DayHours) {
    let mut open = before;
    for part in parts(hours) {
        if open != Some(part.open) {
            open = Some(part.open);
            turns.push(Turn {
                day: day.to_owned(),
                at_min: part.from_min,
                opens: part.open,
            });
        }
    }
}

fn starts_open(hours: &DayHours) -> bool {
    hours.first().is_some_and(|(from, _)| *from == 0)
}

fn ends_open(hours: &DayHours) -> bool {
    hours.last().is_some_and(|(_, to)| *to == DAY_MIN)
}

/// A day from midnight to midnight.
fn parts(hours: &[(u32, u32)]) -> Vec<DayPart> {
    let mut parts = Vec::new();
    let mut push = |from_min, to_min, open| {
        if from_min < to_min {
            parts.push(DayPart {
                from_min,
                to_min,
                open,
            });
        }
    };
    let mut at = 0;
    for (from, to) in hours {
        push(at, *from, false);
        push(*from, *to, true);
        at = *to;
    }
    push(at, DAY_MIN, false);
    parts
}

fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
