//! The calls that are replayed: the client's own records, or a forecast drawn into calls.

use crate::error::RehearsalError;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use segue_capacity::simulate::{Dice, INTERVAL_US, micros};
use std::collections::BTreeMap;

/// Calls of one rehearsal at most, all weeks together.
pub const CALLS_MAX: usize = 20_000_000;

/// How a recorded call left the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A person answered: the caller's patience was longer than the wait.
    Answered,
    /// The caller hung up: the patience was the wait.
    Abandoned,
}

/// One call as it was, without anything that tells who called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// When it joined the queue, UTC µs.
    pub at_us: i64,
    /// Its number: the place in [`Calls::dialled`].
    pub route: u16,
    /// Its group of callers: the place in [`Calls::segments`].
    pub segment: u16,
    /// The same for the same caller; nothing for anonymous ones.
    pub caller: Option<u64>,
    /// Time in the queue, µs.
    pub wait_us: i64,
    /// How it left the queue; `None` for a forecast call, of whose patience nothing is known.
    pub ending: Option<Ending>,
    /// The agent's time, µs, where it is known.
    pub handle_us: Option<i64>,
}

/// Calls with the names they refer to.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    /// Numbers as Segue sees them dialled.
    pub dialled: Vec<String>,
    /// Groups of callers, for "who did worse".
    pub segments: Vec<String>,
    /// The calls, in order of time.
    pub calls: Vec<Recorded>,
}

/// What is expected in one 15-minute interval on one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    /// Its begin, UTC µs.
    pub from_us: i64,
    /// The number: the place in [`Calls::dialled`].
    pub route: u16,
    /// Calls expected.
    pub calls: f64,
    /// Mean handle time, seconds.
    pub aht_s: f64,
}

/// Draws calls from a forecast: Poisson in each interval, exponential handle times, every caller another one.
pub fn from_forecast(dialled: Vec<String>, expected: &[Expected], seed: u64) -> Calls {
    let mut dice = Dice::seeded(seed, u64::MAX);
    let mut calls = Vec::new();
    for interval in expected {
        for _ in 0..dice.poisson(interval.calls) {
            let within = dice.unit() * segue_capacity::simulate::seconds(INTERVAL_US);
            calls.push(Recorded {
                at_us: interval.from_us + micros(within),
                route: interval.route,
                segment: 0,
                caller: Some(dice.bits()),
                wait_us: 0,
                ending: None,
                handle_us: Some(micros(dice.exponential(interval.aht_s))),
            });
        }
    }
    calls.sort_by_key(|c| c.at_us);
    Calls {
        dialled,
        segments: vec!["everybody".into()],
        calls,
    }
}

/// The calls played over other days: each day gets a recorded day of the same weekday, in turn, at the same local hours.
///
/// # Errors
/// [`RehearsalError::BadInput`] when there are no calls, or more than [`CALLS_MAX`] would be played.
pub fn over_days(
    recorded: &[Recorded],
    zone: &TimeZone,
    from: Date,
    to: Date,
) -> Result<Vec<Recorded>, RehearsalError> {
    let days = by_day(recorded, zone)?;
    let mut of_weekday: BTreeMap<i8, Vec<Date>> = BTreeMap::new();
    for day in days.keys() {
        let weekday = day.weekday().to_monday_zero_offset();
        of_weekday.entry(weekday).or_default().push(*day);
    }
    let mut turns: BTreeMap<i8, usize> = BTreeMap::new();
    let mut played = Vec::new();
    for day in from.series(1.day()).take_while(|day| *day < to) {
        let weekday = day.weekday().to_monday_zero_offset();
        let Some(of_weekday) = of_weekday.get(&weekday) else {
            continue;
        };
        let turn = turns.entry(weekday).or_default();
        let source = of_weekday[*turn % of_weekday.len()];
        *turn += 1;
        let shift_us = midnight_us(day, zone)? - midnight_us(source, zone)?;
        let range = days.get(&source).cloned().unwrap_or_default();
        // Who called in one week of the record is somebody else when that week comes round again: an episode is 72 hours.
        played.extend(recorded[range].iter().map(|call| Recorded {
            at_us: call.at_us + shift_us,
            ..*call
        }));
        if played.len() > CALLS_MAX {
            return Err(RehearsalError::BadInput(format!(
                "more than {CALLS_MAX} calls between {from} and {to}: hand in fewer weeks or fewer lines"
            )));
        }
    }
    // A day of 23 or 25 hours overlaps its neighbour by one.
    played.sort_by_key(|call| call.at_us);
    Ok(played)
}

type Range = std::ops::Range<usize>;

/// The calls of each day on record: places in the list, which is in order of time.
pub(crate) fn by_day(
    recorded: &[Recorded],
    zone: &TimeZone,
) -> Result<BTreeMap<Date, Range>, RehearsalError> {
    let mut days: BTreeMap<Date, Range> = BTreeMap::new();
    let mut until_us = i64::MIN;
    let mut today = Date::MIN;
    for (n, call) in recorded.iter().enumerate() {
        if call.at_us >= until_us {
            today = local(call.at_us, zone)?.date();
            let tomorrow = today.checked_add(1.day()).unwrap_or(Date::MAX);
            until_us = midnight_us(tomorrow, zone)?;
            days.insert(today, n..n);
        }
        if let Some(range) = days.get_mut(&today) {
            range.end = n + 1;
        }
    }
    if days.is_empty() {
        return Err(RehearsalError::BadInput(
            "no calls: import call records first (`segue calls import`), or name a file with --calls".into(),
        ));
    }
    Ok(days)
}

pub(crate) fn local(at_us: i64, zone: &TimeZone) -> Result<jiff::Zoned, RehearsalError> {
    let at = Timestamp::from_microsecond(at_us)
        .map_err(|e| RehearsalError::BadInput(format!("a call at no time: {e}")))?;
    Ok(at.to_zoned(zone.clone()))
}

pub(crate) fn midnight_us(day: Date, zone: &TimeZone) -> Result<i64, RehearsalError> {
    let midnight = zone
        .to_timestamp(day.at(0, 0, 0, 0))
        .map_err(|e| RehearsalError::BadInput(format!("{day} has no midnight: {e}")))?;
    Ok(midnight.as_microsecond())
}
