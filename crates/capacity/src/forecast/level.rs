//! Calls of a whole day: a level that moves slowly, times a factor of the weekday; learnt on logarithms, robustly.

use super::robust::{self, median, spread};
use crate::numbers::real;
use jiff::civil::{Date, Weekday};

/// Days to each side whose median is the level of a day while weekdays are learnt.
const WINDOW_DAYS: f64 = 10.0;
/// Rounds of learning weekdays from levels and levels from weekdays.
const ROUNDS: usize = 4;
/// Days that a slope is learnt from.
const SLOPE_DAYS: f64 = 42.0;
/// Each day ahead the slope counts for so much less (a damped trend).
const DAMPING: f64 = 0.9;
/// Weight of the newest day in the level.
const SMOOTHING: f64 = 0.15;
/// A day further off than so many spreads counts as being at that distance.
const CLIP: f64 = 2.5;
/// Days ahead at which the usual error is measured.
const AHEAD_DAYS: f64 = 14.0;

/// Calls of a day, and how wrong that usually is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Level {
    /// Logarithm of the weekday's factor, Monday first; none for a weekday without calls.
    weekdays: [Option<f64>; 7],
    /// Logarithm of the level after the last day.
    end: f64,
    /// Its change from one day to the next.
    slope: f64,
    last: Date,
    /// Standard deviation of the day factor over its mean, beyond Poisson.
    pub(super) cv: f64,
}

/// Fewer such errors say less than the distances to the level do.
const ERRORS_MIN: usize = 10;

/// One usual day: number of the day, weekday, logarithm of its calls.
type Day = (f64, usize, f64);

impl Level {
    /// Learns from days with their calls, oldest first; none where there were no calls at all.
    pub(super) fn learn(days: &[(Date, f64)]) -> Option<Self> {
        let (first, last) = (days.first()?.0, days.last()?.0);
        let logs: Vec<Day> = days
            .iter()
            .filter(|(_, calls)| *calls > 0.0)
            .map(|(date, calls)| {
                (
                    days_between(first, *date),
                    index_of(date.weekday()),
                    calls.ln(),
                )
            })
            .collect();
        // A weekday is closed where most of its days had no calls; a lone call then is no opening.
        let open: Vec<bool> = (0..7).map(|weekday| is_open(days, weekday)).collect();
        let logs: Vec<Day> = logs.into_iter().filter(|day| open[day.1]).collect();
        if logs.is_empty() {
            return None;
        }
        let weekdays = weekdays(&logs);
        let residuals: Vec<_> = logs
            .iter()
            .map(|(at, weekday, log)| (*at, log - weekdays[*weekday].unwrap_or(0.0)))
            .collect();
        let last_at = days_between(first, last);
        let recent: Vec<_> = residuals
            .iter()
            .filter(|(at, _)| *at > last_at - SLOPE_DAYS)
            .copied()
            .collect();
        let slope = trusted_slope(&recent);
        // Without its slope, or the smoothed level would lag behind it.
        let flat: Vec<_> = residuals
            .iter()
            .map(|(at, value)| (*at, value - slope * (at - last_at)))
            .collect();
        let (end, errors) = smooth(&flat);
        let poisson = median(
            &days
                .iter()
                .filter(|(_, c)| *c > 0.0)
                .map(|(_, c)| 1.0 / c)
                .collect::<Vec<_>>(),
        );
        let variance = mean_square(&errors) - poisson.unwrap_or(0.0);
        Some(Self {
            weekdays,
            end,
            slope,
            last,
            cv: variance.max(0.0).sqrt(),
        })
    }

    /// Calls expected on a usual day.
    pub(super) fn calls_on(&self, date: Date) -> f64 {
        let Some(weekday) = self.weekdays[index_of(date.weekday())] else {
            return 0.0;
        };
        let ahead = days_between(self.last, date).max(0.0);
        // 1 + d + d² + …: the damped slope, added up.
        let damped = DAMPING * (1.0 - DAMPING.powf(ahead)) / (1.0 - DAMPING);
        (self.end + self.slope * damped + weekday).exp()
    }
}

/// Monday is 0.
pub(super) fn index_of(weekday: Weekday) -> usize {
    usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0)
}

fn days_between(from: Date, to: Date) -> f64 {
    f64::from(from.until(to).map_or(0, |span| span.get_days()))
}

fn is_open(days: &[(Date, f64)], weekday: usize) -> bool {
    let calls: Vec<_> = days
        .iter()
        .filter(|(d, _)| index_of(d.weekday()) == weekday)
        .map(|(_, c)| *c)
        .collect();
    median(&calls).is_some_and(|middle| middle > 0.0)
}

/// Factors of the weekdays, as logarithms, and levels around each day, in turns.
fn weekdays(logs: &[Day]) -> [Option<f64>; 7] {
    let mut factors = [None; 7];
    for day in logs {
        factors[day.1] = Some(0.0);
    }
    for _ in 0..ROUNDS {
        let residuals: Vec<_> = logs
            .iter()
            .map(|d| (d.0, d.2 - factors[d.1].unwrap_or(0.0)))
            .collect();
        let levels: Vec<_> = logs
            .iter()
            .map(|day| {
                let near = residuals
                    .iter()
                    .filter(|r| (r.0 - day.0).abs() <= WINDOW_DAYS);
                median(&near.map(|r| r.1).collect::<Vec<_>>()).unwrap_or(0.0)
            })
            .collect();
        for (weekday, factor) in factors.iter_mut().enumerate().filter(|(_, f)| f.is_some()) {
            let own = logs.iter().zip(&levels).filter(|(day, _)| day.1 == weekday);
            *factor = median(&own.map(|(day, level)| day.2 - level).collect::<Vec<_>>());
        }
    }
    factors
}

/// The level after the last day, and how far off it was two weeks ahead.
fn smooth(residuals: &[(f64, f64)]) -> (f64, Vec<f64>) {
    let start: Vec<_> = residuals.iter().take(7).map(|r| r.1).collect();
    let mut level = median(&start).unwrap_or(0.0);
    let scale = spread(&residuals.iter().map(|r| r.1).collect::<Vec<_>>()).max(0.01);
    let (mut levels, mut errors) = (Vec::<(f64, f64)>::new(), Vec::new());
    for (i, (at, value)) in residuals.iter().enumerate() {
        let known = levels
            .iter()
            .rev()
            .find(|(then, _)| *then <= at - AHEAD_DAYS);
        if let Some((_, then)) = known {
            errors.push(value - then);
        }
        // The first days weigh alike; later ones fade.
        let weight = SMOOTHING.max(1.0 / real(i + 1));
        level += weight * (value - level).clamp(-CLIP * scale, CLIP * scale);
        levels.push((*at, level));
    }
    if errors.len() < ERRORS_MIN {
        errors = residuals.iter().map(|r| r.1 - level).collect();
    }
    (level, errors)
}

/// Mean of the squared errors, bias included; the wildest are drawn in, so that one outage is not taken for the rule.
fn mean_square(errors: &[f64]) -> f64 {
    let limit = 4.0 * spread(errors).max(0.01);
    let squares = errors.iter().map(|e| e.clamp(-limit, limit).powi(2));
    squares.sum::<f64>() / real(errors.len().max(1))
}

/// The slope, as far as it stands out of its own error.
fn trusted_slope(recent: &[(f64, f64)]) -> f64 {
    let steep = robust::slope(recent);
    let middle = median(&recent.iter().map(|r| r.0).collect::<Vec<_>>()).unwrap_or(0.0);
    let width: f64 = recent.iter().map(|r| (r.0 - middle).powi(2)).sum();
    if width <= 0.0 {
        return 0.0;
    }
    let rest: Vec<_> = recent.iter().map(|r| r.1 - steep * r.0).collect();
    let error = spread(&rest).powi(2) / width;
    steep * steep.powi(2) / (steep.powi(2) + error).max(f64::MIN_POSITIVE)
}
