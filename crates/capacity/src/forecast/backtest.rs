//! How good the forecast would have been: learnt from the days before, compared with the days after, beside a seasonal naive one.

use super::calendar::Calendar;
use super::history::DayCounts;
use super::predict::{ClockChange, IntervalForecast};
use super::{DAYS_MIN, Forecast};
use crate::error::CapacityError;
use crate::numbers::real;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackTestPlan {
    /// Days learnt from before the first forecast.
    pub learn_days: usize,
    /// Days forecast each time.
    pub ahead_days: usize,
    /// Days between one forecast and the next.
    pub every_days: usize,
}

/// What came out, over all quarters of an hour forecast.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct BackTest {
    /// Forecasts made.
    pub forecasts: usize,
    /// Quarters of an hour compared.
    pub intervals: usize,
    /// Calls that came.
    pub calls: f64,
    /// Sum of errors ÷ calls, by quarter of an hour.
    pub wape: f64,
    /// The same of "as on the last such weekday".
    pub naive_wape: f64,
    /// Sum of errors of whole days ÷ calls.
    pub day_wape: f64,
    /// The same of the naive one.
    pub naive_day_wape: f64,
    /// Part of the quarters whose calls lay between the 10 % and 90 % quantiles, both included.
    pub coverage_80: f64,
    /// The same between 2.5 % and 97.5 %.
    pub coverage_95: f64,
}

/// Forecasts again and again, each time only from what was known then. Days without calls at all on either side are skipped.
///
/// # Errors
/// Too few days for one forecast.
pub fn backtest(
    days: &[DayCounts],
    calendar: &Calendar,
    plan: BackTestPlan,
) -> Result<BackTest, CapacityError> {
    let learn = plan.learn_days.max(DAYS_MIN);
    if days.len() <= learn {
        return Err(CapacityError::History {
            what: "days",
            have: days.len(),
            need: learn + 1,
        });
    }
    let mut sums = BackTest::default();
    for origin in (learn..days.len()).step_by(plan.every_days.max(1)) {
        let (known, rest) = days.split_at(origin);
        let forecast = Forecast::learn(known, calendar)?;
        sums.forecasts += 1;
        for day in rest.iter().take(plan.ahead_days) {
            compare(&mut sums, &forecast, known, day, calendar);
        }
    }
    let (calls, intervals) = (sums.calls.max(1.0), real(sums.intervals.max(1)));
    Ok(BackTest {
        wape: sums.wape / calls,
        naive_wape: sums.naive_wape / calls,
        day_wape: sums.day_wape / calls,
        naive_day_wape: sums.naive_day_wape / calls,
        coverage_80: sums.coverage_80 / intervals,
        coverage_95: sums.coverage_95 / intervals,
        ..sums
    })
}

fn compare(
    sums: &mut BackTest,
    forecast: &Forecast,
    known: &[DayCounts],
    day: &DayCounts,
    calendar: &Calendar,
) {
    let (expected, cv) = forecast.day(day.date, calendar);
    let weekday = day.date.weekday();
    let naive = known
        .iter()
        .rev()
        .find(|d| d.date.weekday() == weekday && d.total() > 0.0);
    let came = day.total();
    if came <= 0.0 && expected <= 0.0 {
        return;
    }
    sums.calls += came;
    sums.day_wape += (came - expected).abs();
    sums.naive_day_wape += (came - naive.map_or(0.0, DayCounts::total)).abs();
    let profile = forecast.profiles.of(weekday);
    for (slot, part) in profile.iter().enumerate() {
        let Some(Some(came)) = day.slots.get(slot).copied() else {
            continue;
        };
        let interval = IntervalForecast {
            start: Timestamp::UNIX_EPOCH,
            calls: expected * part,
            cv: cv.hypot(forecast.profiles.variance.sqrt()),
            holiday: None,
            clock: ClockChange::None,
        };
        let before = naive
            .and_then(|d| d.slots.get(slot).copied().flatten())
            .unwrap_or(0.0);
        sums.wape += (came - interval.calls).abs();
        sums.naive_wape += (came - before).abs();
        // Quarters when the centre is closed are always right and would flatter.
        if came <= 0.0 && interval.calls < 0.01 {
            continue;
        }
        sums.intervals += 1;
        let within = |low: f64, high: f64| {
            let (low, high) = (interval.quantile(low), interval.quantile(high));
            f64::from(u8::from(came >= f64::from(low) && came <= f64::from(high)))
        };
        sums.coverage_80 += within(0.1, 0.9);
        sums.coverage_95 += within(0.025, 0.975);
    }
}
