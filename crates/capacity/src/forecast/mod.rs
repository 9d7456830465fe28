//! How many calls will come, by quarter of an hour: robust level and trend × weekday × shrunk profile, holidays as explicit
//! factors, the clock's jumps flagged; a distribution, not a point (`planning.md`, Capacity 3).

pub mod backtest;
pub mod calendar;
pub mod handle;
pub mod history;
mod level;
pub mod predict;
mod profile;
mod robust;

use crate::error::CapacityError;
use calendar::Calendar;
use history::{DayCounts, SLOT_S, SLOTS, slot_of};
use jiff::civil::Date;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use level::Level;
use predict::{ClockChange, IntervalForecast};
use profile::Profiles;
use std::collections::BTreeMap;

/// The fewest usual days a forecast is learnt from: each weekday twice.
pub const DAYS_MIN: usize = 14;
/// A holiday that nobody has seen or given a factor is at least so uncertain.
const CV_OF_UNKNOWN_HOLIDAY: f64 = 0.3;
/// The most intervals of one forecast: a year.
const INTERVALS_MAX: usize = 366 * 96;

/// What a history teaches.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    level: Level,
    profiles: Profiles,
    /// Median factor of the past days of each holiday.
    holidays: BTreeMap<String, f64>,
}

impl Forecast {
    /// Learns from days, in any order. Days that are not wholly observed are left out; holidays teach only their own factor.
    ///
    /// # Errors
    /// Fewer than [`DAYS_MIN`] usual days, or no calls at all.
    pub fn learn(days: &[DayCounts], calendar: &Calendar) -> Result<Self, CapacityError> {
        let mut whole: Vec<_> = days.iter().filter(|day| day.is_whole()).collect();
        whole.sort_by_key(|day| day.date);
        let (special, usual): (Vec<_>, Vec<_>) = whole
            .into_iter()
            .partition(|day| calendar.on(day.date).is_some());
        let short = |have| CapacityError::History {
            what: "usual days",
            have,
            need: DAYS_MIN,
        };
        if usual.len() < DAYS_MIN {
            return Err(short(usual.len()));
        }
        let totals: Vec<_> = usual.iter().map(|day| (day.date, day.total())).collect();
        let level = Level::learn(&totals).ok_or_else(|| short(0))?;
        let mut seen = BTreeMap::<String, Vec<f64>>::new();
        for day in special {
            let expected = level.calls_on(day.date);
            if let Some(holiday) = calendar.on(day.date).filter(|_| expected > 0.0) {
                seen.entry(holiday.name.clone())
                    .or_default()
                    .push(day.total() / expected);
            }
        }
        let factor = |(name, factors): (String, Vec<f64>)| Some((name, robust::median(&factors)?));
        Ok(Self {
            level,
            profiles: Profiles::learn(&usual),
            holidays: seen.into_iter().filter_map(factor).collect(),
        })
    }

    /// Calls expected on a day, and the standard deviation of its factor over its mean.
    pub fn day(&self, date: Date, calendar: &Calendar) -> (f64, f64) {
        let (usual, cv) = (self.level.calls_on(date), self.level.cv);
        let Some(holiday) = calendar.on(date) else {
            return (usual, cv);
        };
        match holiday
            .factor
            .or_else(|| self.holidays.get(&holiday.name).copied())
        {
            Some(factor) => (usual * factor.max(0.0), cv),
            None => (usual, cv.max(CV_OF_UNKNOWN_HOLIDAY)),
        }
    }

    /// Every quarter of an hour from one instant to another, half-open. `from` is moved back to its quarter.
    ///
    /// # Errors
    /// More than a year.
    pub fn intervals(
        &self,
        zone: &TimeZone,
        calendar: &Calendar,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<IntervalForecast>, CapacityError> {
        let slot = SignedDuration::from_secs(SLOT_S);
        let mut at = from - SignedDuration::from_secs(from.as_second().rem_euclid(SLOT_S));
        let mut intervals = Vec::new();
        while at < to {
            if intervals.len() >= INTERVALS_MAX {
                return Err(CapacityError::TooMany {
                    what: "intervals",
                    have: INTERVALS_MAX + 1,
                    max: INTERVALS_MAX,
                });
            }
            intervals.push(self.interval(zone, calendar, at));
            at += slot;
        }
        Ok(intervals)
    }

    fn interval(&self, zone: &TimeZone, calendar: &Calendar, at: Timestamp) -> IntervalForecast {
        let local = zone.to_datetime(at);
        let (day, cv) = self.day(local.date(), calendar);
        let part = self.profiles.of(local.weekday())[slot_of(local) % SLOTS];
        let twice = matches!(
            zone.to_ambiguous_timestamp(local).offset(),
            AmbiguousOffset::Fold { .. }
        );
        let before = zone.to_datetime(at - SignedDuration::from_secs(SLOT_S));
        let skipped = local.duration_since(before) > SignedDuration::from_secs(SLOT_S);
        let clock = match (twice, skipped) {
            (true, _) => ClockChange::Repeated,
            (false, true) => ClockChange::AfterGap,
            (false, false) => ClockChange::None,
        };
        IntervalForecast {
            start: at,
            calls: day * part,
            cv: cv.hypot(self.profiles.variance.sqrt()),
            holiday: calendar.on(local.date()).map(|h| h.name.clone()),
            clock,
        }
    }
}
