//! The effect and everything it is ranked among; nothing is judged here.

use super::ReportRules;
use super::series::{CannotReport, Series, Windows, pooled, rates};
use super::{BeforeAfter, Control, Excluded, LeaveOneOut, PlaceboInterval, Question, Rank};
use crate::kpi::Ratio;

/// Whole cycles before the date without which an area's own unrest is unknown.
const BEFORE_CYCLES_MIN: usize = 2;
/// An area counts where it has calls in three quarters of the periods.
const FILLED: (u64, u64) = (3, 4);
/// What the interval covers where there are areas enough.
const LEVEL: f64 = 0.95;

/// All figures of the answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figures {
    pub(super) area: String,
    pub(super) from: String,
    pub(super) windows: [String; 4],
    pub(super) rates: BeforeAfter,
    pub(super) change: f64,
    pub(super) controls: Vec<Control>,
    pub(super) excluded: Vec<Excluded>,
    pub(super) control_change: f64,
    pub(super) effect: f64,
    pub(super) rank_areas: Rank,
    pub(super) rank_dates: Rank,
    pub(super) leave_one_out: LeaveOneOut,
    pub(super) interval: PlaceboInterval,
}

/// One area's figures over all periods.
struct Area {
    name: String,
    cells: Vec<Option<Ratio>>,
    rates: BeforeAfter,
    change: f64,
    unrest: f64,
}

pub(super) fn figures(series: &Series, asked: &Question<'_>) -> Result<Figures, CannotReport> {
    let periods = series.periods();
    let windows = windows(&periods, asked)?;
    let (own, others, excluded) = split(series, &periods, asked, &windows)?;
    let changes: Vec<f64> = others.iter().map(|area| area.change).collect();
    let control_change = median(&changes);
    let effect = own.change - control_change;
    let floor = 0.5 * median(&others.iter().map(|a| a.unrest).collect::<Vec<_>>());
    // The smallest unrest worth dividing by; where nobody moved before, all areas weigh the same.
    let unrest = |area: &Area| match area.unrest.max(floor) {
        u if u > 0.0 => u,
        _ => 1.0,
    };
    let controls: Vec<Control> = others
        .iter()
        .enumerate()
        .map(|(at, area)| {
            control(
                area,
                area.change - median(&without(&changes, at)),
                unrest(area),
            )
        })
        .collect();
    let ratios: Vec<f64> = controls.iter().map(|c| c.unrest_ratio).collect();
    let own_unrest = unrest(&own);
    let label = |at: usize| periods.get(at).copied().unwrap_or_default().to_owned();
    Ok(Figures {
        windows: [
            label(windows.before.start),
            label(windows.before.end - 1),
            label(windows.after.start),
            label(windows.after.end - 1),
        ],
        rank_areas: Rank::among(effect.abs() / own_unrest, &ratios),
        rank_dates: dates(&own, &others, &windows, &asked.rules),
        leave_one_out: leave_one_out(own.change, &others, &changes),
        interval: interval(effect, own_unrest, ratios),
        area: own.name,
        from: asked.from.to_owned(),
        rates: own.rates,
        change: own.change,
        controls,
        excluded,
        control_change,
        effect,
    })
}

fn cycle(rules: &ReportRules) -> usize {
    usize::try_from(rules.cycle_periods).unwrap_or(1).max(1)
}

/// Whole cycles on both sides of the date, at most those the rules allow.
fn windows(periods: &[&str], asked: &Question<'_>) -> Result<Windows, CannotReport> {
    let cycle = cycle(&asked.rules);
    let most = |cycles: u32| usize::try_from(cycles).unwrap_or(usize::MAX).max(1);
    let at = periods.partition_point(|period| *period < asked.from);
    let before = at / cycle;
    let after = (periods.len() - at) / cycle;
    if before < BEFORE_CYCLES_MIN || after == 0 {
        let label = |period: Option<&&str>| period.copied().unwrap_or("nothing").to_owned();
        return Err(CannotReport::NoWindow {
            from: asked.from.to_owned(),
            before,
            after,
            need: BEFORE_CYCLES_MIN,
            cycle,
            first: label(periods.first()),
            last: label(periods.last()),
        });
    }
    let before = before.min(most(asked.rules.before_cycles_max)) * cycle;
    let after = after.min(most(asked.rules.after_cycles_max)) * cycle;
    Ok(Windows {
        before: at - before..at,
        after: at..at + after,
    })
}

/// The area asked about, its controls, and those with too many gaps to be one.
fn split(
    series: &Series,
    periods: &[&str],
    asked: &Question<'_>,
    windows: &Windows,
) -> Result<(Area, Vec<Area>, Vec<Excluded>), CannotReport> {
    let table = series.table(periods);
    if !table.iter().any(|(name, _)| name == asked.area) {
        let known: Vec<&str> = series.areas().take(12).collect();
        return Err(CannotReport::UnknownArea {
            area: asked.area.to_owned(),
            known: known.join(", "),
        });
    }
    let of = u64::try_from(windows.before.len() + windows.after.len()).unwrap_or(u64::MAX);
    let common = common_blocks(&table, windows, cycle(&asked.rules));
    let (mut own, mut others, mut excluded) = (None, Vec::new(), Vec::new());
    for (name, cells) in table {
        let (rates, filled) = rates(&cells, windows);
        let enough = filled * FILLED.1 >= of * FILLED.0;
        match rates.change().filter(|_| enough) {
            Some(change) => {
                let unrest = unrest(&cells, windows, &common, cycle(&asked.rules));
                let area = Area {
                    name,
                    cells,
                    rates,
                    change,
                    unrest,
                };
                if area.name == asked.area {
                    own = Some(area);
                } else {
                    others.push(area);
                }
            }
            None if name == asked.area => {
                return Err(CannotReport::TooManyGaps {
                    area: name,
                    periods: filled,
                    of,
                });
            }
            None => excluded.push(Excluded {
                area: name,
                periods: filled,
                of,
            }),
        }
    }
    match own.filter(|_| !others.is_empty()) {
        Some(own) => Ok((own, others, excluded)),
        None => Err(CannotReport::NoControls),
    }
}

fn control(area: &Area, effect: f64, unrest: f64) -> Control {
    Control {
        area: area.name.clone(),
        rates: area.rates,
        change: area.change,
        effect,
        unrest_ratio: effect.abs() / unrest,
    }
}

/// The rate of each whole cycle before the date.
fn blocks(cells: &[Option<Ratio>], windows: &Windows, cycle: usize) -> Vec<Option<f64>> {
    let before = cells.get(windows.before.clone()).unwrap_or_default();
    before
        .chunks(cycle)
        .map(|cells| pooled(cells).0.value())
        .collect()
}

/// The middle of all areas in each cycle before the date: what season and news did to everybody.
fn common_blocks(
    table: &[(String, Vec<Option<Ratio>>)],
    windows: &Windows,
    cycle: usize,
) -> Vec<f64> {
    let all: Vec<_> = table
        .iter()
        .map(|(_, cells)| blocks(cells, windows, cycle))
        .collect();
    let count = windows.before.len() / cycle;
    (0..count)
        .map(|at| {
            let rates: Vec<f64> = all
                .iter()
                .filter_map(|blocks| blocks.get(at).copied().flatten())
                .collect();
            median(&rates)
        })
        .collect()
}

/// How much an area wanders from everybody else before the date, cycle by cycle (root mean square).
fn unrest(cells: &[Option<Ratio>], windows: &Windows, common: &[f64], cycle: usize) -> f64 {
    let off: Vec<f64> = blocks(cells, windows, cycle)
        .into_iter()
        .zip(common)
        .filter_map(|(rate, common)| Some(rate? - common))
        .collect();
    let mean = mean(&off);
    let squares: Vec<f64> = off.iter().map(|o| (o - mean).powi(2)).collect();
    self::mean(&squares).sqrt()
}

/// The same effect on dates before the true one, with windows short enough to end before it, beside the true one's with
/// windows as short.
fn dates(own: &Area, others: &[Area], windows: &Windows, rules: &ReportRules) -> Rank {
    let cycle = cycle(rules);
    let before = windows.before.len();
    let width = (before / 3 / cycle * cycle)
        .max(cycle)
        .min(windows.after.len());
    let effect = |at: usize| {
        let windows = Windows {
            before: at - width..at,
            after: at..at + width,
        };
        let changes: Vec<f64> = others
            .iter()
            .filter_map(|area| rates(&area.cells, &windows).0.change())
            .collect();
        let own = rates(&own.cells, &windows).0.change()?;
        (!changes.is_empty()).then(|| (own - median(&changes)).abs())
    };
    let (first, last) = (windows.before.start + width, windows.before.end - width);
    let placebo: Vec<f64> = (first..=last).filter_map(effect).collect();
    Rank::among(effect(windows.after.start).unwrap_or(0.0), &placebo)
}

fn leave_one_out(own: f64, others: &[Area], changes: &[f64]) -> LeaveOneOut {
    let all = own - median(changes);
    let mut found = LeaveOneOut {
        lower: all,
        upper: all,
        most_influential: String::new(),
    };
    let mut furthest = 0.0;
    for (at, area) in others.iter().enumerate() {
        let rest = without(changes, at);
        if rest.is_empty() {
            continue;
        }
        let effect = own - median(&rest);
        found.lower = found.lower.min(effect);
        found.upper = found.upper.max(effect);
        if (effect - all).abs() > furthest {
            furthest = (effect - all).abs();
            found.most_influential.clone_from(&area.name);
        }
    }
    found
}

/// The effect plus and minus what placebo effects of that unrest reach.
fn interval(effect: f64, unrest: f64, mut ratios: Vec<f64>) -> PlaceboInterval {
    ratios.sort_by(f64::total_cmp);
    let n = ratios.len();
    // The smallest number of placebo effects that cover the level, the true one counted among them.
    let covering = (1..=n).find(|&k| share(k, n + 1) >= LEVEL).unwrap_or(n);
    let reach = ratios
        .get(covering.saturating_sub(1))
        .copied()
        .unwrap_or(0.0)
        * unrest;
    PlaceboInterval {
        lower: effect - reach,
        upper: effect + reach,
        level: share(covering, n + 1),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "areas and periods are bounded far below 2^53"
)]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    values.iter().sum::<f64>() * share(1, values.len())
}

fn without(values: &[f64], at: usize) -> Vec<f64> {
    let mut rest = values.to_vec();
    rest.remove(at);
    rest
}

/// The middle; zero of nothing.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match (sorted.get(half), sorted.len() % 2) {
        (None, _) => 0.0,
        (Some(&middle), 1) => middle,
        (Some(&upper), _) => sorted
            .get(half.wrapping_sub(1))
            .map_or(upper, |&lower| f64::midpoint(lower, upper)),
    }
}
