//! Agents by interval from a history: forecast, handle times and patience in, requirements out.

use super::plan::{IntervalLoad, Requirement, Rules, requirements};
use crate::error::CapacityError;
use crate::forecast::calendar::Calendar;
use crate::forecast::predict::ClockChange;
use crate::history::Learnt;
use crate::load::Load;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// One interval, forecast and staffed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StaffedInterval {
    /// What it asks for.
    pub requirement: Requirement,
    /// Expected calls.
    pub calls: f64,
    /// In one interval of ten, no more calls come.
    pub calls_p10: u32,
    /// In nine intervals of ten, no more calls come.
    pub calls_p90: u32,
    /// The holiday that day, if it is one.
    pub holiday: Option<String>,
    /// What the clock does.
    pub clock: ClockChange,
}

/// Staffs every interval from one instant to another.
///
/// # Errors
/// More than a year, or an interval that no centre could staff.
pub fn staff(
    learnt: &Learnt,
    zone: &TimeZone,
    calendar: &Calendar,
    (from, to): (Timestamp, Timestamp),
    rules: &Rules,
) -> Result<Vec<StaffedInterval>, CapacityError> {
    let forecast = learnt.forecast.intervals(zone, calendar, from, to)?;
    let load = |i: &crate::forecast::predict::IntervalForecast| {
        let load = Load::new(i.calls_per_hour(), learnt.aht_s_at(zone, i.start))?;
        Ok(IntervalLoad {
            start: i.start,
            load,
        })
    };
    let loads = forecast
        .iter()
        .map(load)
        .collect::<Result<Vec<_>, CapacityError>>()?;
    let requirements = requirements(&loads, rules)?;
    let both = forecast.into_iter().zip(requirements);
    let staffed = both.map(|(i, requirement)| StaffedInterval {
        requirement,
        calls: i.calls,
        calls_p10: i.quantile(0.1),
        calls_p90: i.quantile(0.9),
        holiday: i.holiday,
        clock: i.clock,
    });
    Ok(staffed.collect())
}
