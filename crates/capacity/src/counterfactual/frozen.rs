//! One block of real arrivals through the staffing that both froze, as it is recorded. No dice: the same arrivals and the same
//! signed staffing give the same block, byte for byte, on any node and on any later day.

use super::{Estimate, FrozenInterval, Rules, counterfactual};
use crate::error::CapacityError;
use crate::load::Patience;
use crate::numbers::people_near;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use segue_domain::counterfactual::frozen_staffing::FrozenStaffing;
use segue_domain::counterfactual::replayed::{Expected, INTERVAL_S, ReplayedBlock, Sums};
use segue_domain::windows::painted::{CELLS, DAY_NAMES};
use std::collections::BTreeMap;

/// Quarters of an hour in a day.
const CELLS_OF_DAY: usize = CELLS / 7;
/// The day of rows that count a holiday.
const HOLIDAY: &str = "holiday";

/// What is asked of a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The block's first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
    /// Calls that came by quarter of an hour, up to `until`: as many whole blocks as lead in, then the block.
    pub arrivals: Vec<u32>,
    /// The holidays among their local days: on these the staffing's own rows are on the phones.
    pub holidays: BTreeMap<Date, String>,
    /// T, in seconds.
    pub within_s: u32,
    /// S, in seconds.
    pub short_abandon_s: u32,
}

impl Asked {
    /// What a recorded block was asked with: replayed again it must give the same.
    pub fn of(block: &ReplayedBlock) -> Self {
        Self {
            from: block.from,
            until: block.until,
            arrivals: block.arrivals.clone(),
            holidays: block.holidays.clone(),
            within_s: block.within_s,
            short_abandon_s: block.short_abandon_s,
        }
    }

    fn intervals(&self, interval_s: i64) -> usize {
        let length_s = self.until.duration_since(self.from).as_secs();
        usize::try_from(length_s / interval_s).unwrap_or(0)
    }
}

/// Counts by quarter of an hour as a report gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Of the week, Monday 00:00 first.
    pub week: Vec<u32>,
    /// Of holidays by name, midnight first; without a name: of each that has none of its own.
    pub holidays: BTreeMap<Option<String>, Vec<u32>>,
}

/// Reads counts by quarter of an hour from rows of `weekday,time,agents` (`Mon,07:15,9`), as an ACD's report of agents on the
/// phones gives them; what no row names has nobody. A holiday's day is `holiday`, with its name where it is one alone
/// (`holiday Thanksgiving,08:00,2`). A first line without a number is a heading.
///
/// # Errors
/// The first row that is no day, no quarter of an hour, no number, or there twice.
pub fn read_counts(text: &str) -> Result<Counted, CapacityError> {
    let mut week = vec![None; CELLS];
    let mut holidays: BTreeMap<Option<String>, Vec<Option<u32>>> = BTreeMap::new();
    for (n, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || (n == 0 && !line.bytes().any(|b| b.is_ascii_digit())) {
            continue;
        }
        let row = row(line).and_then(|row| {
            let cells: &mut [Option<u32>] = match row.day {
                Day::OfWeek(day) => week.get_mut(day * CELLS_OF_DAY..)?,
                Day::Holiday(name) => holidays
                    .entry(name)
                    .or_insert_with(|| vec![None; CELLS_OF_DAY]),
            };
            let place = cells.get_mut(row.quarter)?;
            place.replace(row.agents).is_none().then_some(())
        });
        row.ok_or_else(|| CapacityError::StaffingRow {
            line: n + 1,
            text: line.chars().take(40).collect(),
        })?;
    }
    let nobody = |cells: Vec<Option<u32>>| cells.into_iter().map(Option::unwrap_or_default);
    let holidays = holidays.into_iter();
    Ok(Counted {
        week: nobody(week).collect(),
        holidays: holidays
            .map(|(name, cells)| (name, nobody(cells).collect()))
            .collect(),
    })
}

enum Day {
    OfWeek(usize),
    Holiday(Option<String>),
}

struct Row {
    day: Day,
    quarter: usize,
    agents: u32,
}

fn day(text: &str) -> Option<Day> {
    let begins = |name: &str| {
        let begin = text.get(..name.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(name))
    };
    if begins(HOLIDAY) {
        let name = text.get(HOLIDAY.len()..)?.trim();
        return Some(Day::Holiday((!name.is_empty()).then(|| name.to_owned())));
    }
    let day = DAY_NAMES.iter().position(|name| begins(name))?;
    Some(Day::OfWeek(day))
}

fn row(line: &str) -> Option<Row> {
    let mut parts = line.split([',', ';', '\t']).map(str::trim);
    let (of, time, agents) = (parts.next()?, parts.next()?, parts.next()?);
    let (hour, minute) = time.split_once(':')?;
    let (hour, minute): (usize, usize) = (hour.parse().ok()?, minute.parse().ok()?);
    let is_quarter = hour < 24 && minute < 60 && minute.is_multiple_of(15);
    (is_quarter && parts.next().is_none()).then_some(Row {
        day: day(of)?,
        quarter: hour * 4 + minute / 15,
        agents: agents.parse().ok()?,
    })
}

/// Who is on the phones at each local time, by the staffing that both signed.
struct OnPhones<'a> {
    week: Vec<u32>,
    /// Each holiday asked for.
    holidays: BTreeMap<Date, Vec<u32>>,
    zone: &'a TimeZone,
}

impl<'a> OnPhones<'a> {
    /// A holiday that nobody signed a row for is not guessed from its weekday.
    fn of(
        staffing: &FrozenStaffing,
        holidays: &BTreeMap<Date, String>,
        zone: &'a TimeZone,
    ) -> Result<Self, CapacityError> {
        let signed = holidays.iter().map(|(date, name)| {
            let day = staffing.holiday(name);
            let unknown = || CapacityError::UnknownHoliday {
                name: name.clone(),
                date: *date,
            };
            day.ok_or_else(unknown).map(|day| (*date, day))
        });
        Ok(Self {
            week: staffing.week(),
            holidays: signed.collect::<Result<_, _>>()?,
            zone,
        })
    }

    fn at(&self, at: Timestamp) -> u32 {
        let local = self.zone.to_datetime(at);
        let cell = FrozenStaffing::cell(local);
        let agents = match self.holidays.get(&local.date()) {
            Some(day) => day.get(cell % CELLS_OF_DAY),
            None => self.week.get(cell),
        };
        agents.copied().unwrap_or(0)
    }
}

/// Replays a block through a staffing, by the wall clock of its centre.
///
/// # Errors
/// Arrivals that are no whole blocks, a holiday that nobody signed a staffing for, or whatever [`counterfactual`] cannot follow.
pub fn replay(
    staffing: &FrozenStaffing,
    zone: &TimeZone,
    asked: Asked,
) -> Result<ReplayedBlock, CapacityError> {
    replay_in(INTERVAL_S, staffing, zone, asked)
}

/// The same of a block that runs, for whoever looks on: its arrivals are counts by so many seconds, no longer than a quarter of an
/// hour. It is no block of the record, and no evidence.
///
/// # Errors
/// As [`replay`].
pub fn so_far(
    interval_s: u16,
    staffing: &FrozenStaffing,
    zone: &TimeZone,
    asked: Asked,
) -> Result<Sums, CapacityError> {
    let block = replay_in(interval_s.clamp(1, 900).into(), staffing, zone, asked)?;
    Ok(block.sums())
}

fn replay_in(
    interval_s: i64,
    staffing: &FrozenStaffing,
    zone: &TimeZone,
    asked: Asked,
) -> Result<ReplayedBlock, CapacityError> {
    let own = asked.intervals(interval_s);
    let all = asked.arrivals.len();
    if own == 0 || all == 0 || !all.is_multiple_of(own) {
        return Err(CapacityError::History {
            what: "quarters of an hour with arrivals",
            have: all,
            need: own.max(1),
        });
    }
    let on_phones = OnPhones::of(staffing, &asked.holidays, zone)?;
    let before = (1..=all).rev();
    let intervals = asked.arrivals.iter().zip(before).map(|(calls, back)| {
        let back_s = interval_s.saturating_mul(i64::try_from(back).unwrap_or(i64::MAX));
        let back = SignedDuration::from_secs(back_s);
        let start = asked.until.checked_sub(back).unwrap_or(asked.from);
        FrozenInterval {
            start,
            calls: *calls,
            aht_s: f64::from(staffing.aht_s),
            agents: on_phones.at(start),
        }
    });
    let intervals: Vec<_> = intervals.collect();
    let rules = Rules {
        patience: Patience::of(staffing.patience_s.map(f64::from))?,
        within_s: f64::from(asked.within_s),
        short_s: f64::from(asked.short_abandon_s),
        // A quarter of an hour at most.
        interval_s: f64::from(u32::try_from(interval_s).unwrap_or(900)),
        show_up: f64::from(staffing.show_up_bp) / 10_000.0,
        block_intervals: own,
    };
    let blocks = counterfactual(&intervals, &rules)?;
    let Some(block) = blocks.last() else {
        return Err(CapacityError::History {
            what: "blocks",
            have: 0,
            need: 1,
        });
    };
    let (hung_up, late) = (expected(block.abandoned), expected(block.late));
    // Who comes in the last seconds of a block leaves in the next: never more than leave at all.
    let (hung_up, late) = (
        at_most(hung_up, block.offered),
        at_most(late, block.offered),
    );
    let short_x100 = hundredths(block.short)
        .min(hung_up.mean_x100)
        .min(late.mean_x100);
    Ok(ReplayedBlock {
        from: asked.from,
        until: asked.until,
        staffing: staffing.hash.clone(),
        arrivals: asked.arrivals,
        holidays: asked.holidays,
        within_s: asked.within_s,
        short_abandon_s: asked.short_abandon_s,
        offered: block.offered,
        short_x100,
        hung_up,
        late,
    })
}

/// Whoever waits over from the block before may hang up in this one; of its own callers no more than all are lost.
fn at_most(expected: Expected, offered: u32) -> Expected {
    Expected {
        mean_x100: expected.mean_x100.min(u64::from(offered) * 100),
        ..expected
    }
}

fn expected(estimate: Estimate) -> Expected {
    Expected {
        mean_x100: hundredths(estimate.mean),
        sd_x100: hundredths(estimate.sd),
    }
}

fn hundredths(callers: f64) -> u64 {
    u64::from(people_near(callers.max(0.0) * 100.0))
}
