//! When calls come, of which types, how long they wait and when callers leave: counts, each ratio from integers.

use super::history::{Call, Name, Names};
use super::hours::{HourCounts, TypeHours};
use super::ratio::Ratio;
use crate::record::Outcome;
use jiff::civil::Date;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Upper ends of the waits told apart, whole seconds; the last class has none.
pub const WAIT_ENDS_S: [u64; 12] = [5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1_800];

/// One hour of the week.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct HourCell {
    /// Offered calls.
    pub offered: u64,
    /// Of them, abandoned.
    pub abandoned: u64,
    /// Handling of the answered, ms over calls of which it is known.
    pub handle_ms: Ratio,
}

/// One class of waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct WaitClass {
    /// Waits at least so long, seconds.
    pub from_s: u64,
    /// And shorter than this; nothing in the last class.
    pub to_s: Option<u64>,
    /// Answered after such a wait.
    pub answered: u64,
    /// Hung up after such a wait.
    pub abandoned: u64,
}

/// One call type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TypeShare {
    /// The type; `unclassified` for the residue.
    pub call_type: String,
    /// Its share of the offered calls.
    pub share: Ratio,
    /// Abandoned of offered.
    pub abandoned: Ratio,
    /// Handling, ms over calls of which it is known.
    pub handle_ms: Ratio,
    /// When its calls come.
    pub hours: TypeHours,
}

/// A holiday's calls beside those of the same weekday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holiday {
    /// The local day.
    pub date: Date,
    /// What people call it.
    pub name: String,
    /// Offered on it.
    pub offered: u64,
    /// Offered on the history's other days of that weekday, over those days; holidays are not among them.
    pub usual: Ratio,
}

/// The profile of a history.
#[derive(Debug, Clone, Serialize)]
pub struct Profile {
    /// Weekday (Monday first) × hour, on the wall clock of the offered time.
    pub week: Vec<Vec<HourCell>>,
    /// The distribution of waits, and when callers leave.
    pub waits: Vec<WaitClass>,
    /// Offered calls without a known wait: in no class.
    pub wait_unknown: u64,
    /// The types, most frequent first.
    pub types: Vec<TypeShare>,
    /// Calls of no type: over 2 %, or any that reach clinical queues, keep discovery open (A16).
    pub unclassified: Ratio,
    /// The holidays within the history, in order.
    pub holidays: Vec<Holiday>,
}

/// Collects a profile.
pub(super) struct Collector {
    week: [[HourCell; 24]; 7],
    waits: [(u64, u64); WAIT_ENDS_S.len() + 1],
    wait_unknown: u64,
    types: HashMap<Name, TypeCell>,
    days: BTreeMap<Date, u64>,
}

#[derive(Default)]
struct TypeCell {
    cell: HourCell,
    hours: HourCounts,
}

impl HourCell {
    fn add(&mut self, call: &Call) {
        self.offered += 1;
        self.abandoned += u64::from(call.outcome == Outcome::Abandoned);
        if let Some(ms) = call.handle_ms {
            self.handle_ms.numerator = self.handle_ms.numerator.saturating_add(ms);
            self.handle_ms.denominator += 1;
        }
    }
}

impl Collector {
    pub(super) fn new() -> Self {
        Self {
            week: [[HourCell::default(); 24]; 7],
            waits: [(0, 0); WAIT_ENDS_S.len() + 1],
            wait_unknown: 0,
            types: HashMap::new(),
            days: BTreeMap::new(),
        }
    }

    /// Takes an offered call of a local day.
    pub(super) fn offered(&mut self, day: Date, call: &Call) {
        *self.days.entry(day).or_default() += 1;
        if let Some(cell) = self
            .week
            .get_mut(call.weekday)
            .and_then(|day| day.get_mut(call.hour))
        {
            cell.add(call);
        }
        let kind = self.types.entry(call.kind).or_default();
        kind.cell.add(call);
        kind.hours.add(call.weekday, call.hour);
        let Some(wait_ms) = call.wait_ms else {
            self.wait_unknown += 1;
            return;
        };
        let class = WAIT_ENDS_S.partition_point(|end_s| end_s * 1_000 <= wait_ms);
        if let Some(class) = self.waits.get_mut(class) {
            let place = if call.outcome == Outcome::Answered {
                &mut class.0
            } else {
                &mut class.1
            };
            *place += 1;
        }
    }

    /// Offered calls so far.
    pub(super) fn offered_calls(&self) -> u64 {
        self.types.values().map(|kind| kind.cell.offered).sum()
    }

    /// The profile; `holidays` by local day.
    pub(super) fn finish(self, names: &Names, holidays: &BTreeMap<Date, String>) -> Profile {
        let offered = self.offered_calls();
        let none = self.types.get(&Names::NONE);
        let none = none.map_or(0, |kind| kind.cell.offered);
        let share = |(name, TypeCell { cell, hours }): (&Name, &TypeCell)| TypeShare {
            call_type: if *name == Names::NONE {
                crate::baseline::UNCLASSIFIED.to_owned()
            } else {
                names.text(*name).to_owned()
            },
            share: Ratio::new(cell.offered, offered),
            abandoned: Ratio::new(cell.abandoned, cell.offered),
            handle_ms: cell.handle_ms,
            hours: hours.hours(),
        };
        let mut types: Vec<TypeShare> = self.types.iter().map(share).collect();
        types.sort_by(|a, b| {
            let key = |one: &TypeShare| {
                (
                    std::cmp::Reverse(one.share.numerator),
                    one.call_type.clone(),
                )
            };
            key(a).cmp(&key(b))
        });
        let starts = std::iter::once(0).chain(WAIT_ENDS_S);
        let ends = WAIT_ENDS_S.into_iter().map(Some).chain([None]);
        let classes = starts.zip(ends).zip(self.waits);
        Profile {
            week: self.week.iter().map(|day| day.to_vec()).collect(),
            waits: classes
                .map(|((from_s, to_s), (answered, abandoned))| WaitClass {
                    from_s,
                    to_s,
                    answered,
                    abandoned,
                })
                .collect(),
            wait_unknown: self.wait_unknown,
            types,
            unclassified: Ratio::new(none, offered),
            holidays: self.holidays(holidays),
        }
    }

    fn holidays(&self, holidays: &BTreeMap<Date, String>) -> Vec<Holiday> {
        let found = holidays.iter().filter_map(|(date, name)| {
            let offered = *self.days.get(date)?;
            let mut usual = Ratio::new(0, 0);
            for (day, calls) in &self.days {
                if day.weekday() == date.weekday() && !holidays.contains_key(day) {
                    usual.numerator += calls;
                    usual.denominator += 1;
                }
            }
            Some(Holiday {
                date: *date,
                name: name.clone(),
                offered,
                usual,
            })
        });
        found.collect()
    }
}
