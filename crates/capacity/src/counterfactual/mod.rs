//! "Had we not moved": the calls that really came, through the in-house staffing frozen at the agreement.
//!
//! It is the baseline of load-driven metrics, because moving calls out empties the in-house queue and leaves nothing to compare
//! with (`statistics.md`). Calls wait over from one interval into the next: the number of callers in the centre is followed through
//! the day by its Kolmogorov equations (the transient Erlang A), not taken as a new steady state every 15 minutes. The
//! uncertainty is that of the model: calls come and leave at random around the numbers observed, and not everybody shows up.
//!
//! Whoever gives up or waits longer than T is counted with the moments of a counting process, so that callers who
//! queue together, and are late together, widen the range as they should.

mod chain;
pub mod frozen;

use crate::error::{CapacityError, chance, quantity};
use crate::load::{Load, Patience};
use chain::{Chain, Conditions};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF};

/// Equally likely parts of the distribution of who shows up; the whole day lies in one of them.
const SHOW_UP_LEVELS: u32 = 5;
/// The day is begun as if its first interval had lasted for two hours already.
const WARM_UP_INTERVALS: usize = 8;
/// The most intervals of one answer: a week.
const INTERVALS_MAX: usize = 7 * 96;

/// One interval of the day that was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FrozenInterval {
    /// Its first instant.
    pub start: Timestamp,
    /// Calls that really came, on either side.
    pub calls: u32,
    /// Handle time in-house, before the move.
    pub aht_s: f64,
    /// Agents the frozen staffing has on the phones.
    pub agents: u32,
}

/// What is the same all day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// Patience of the callers.
    pub patience: Patience,
    /// T of the service level.
    pub within_s: f64,
    /// S: whoever leaves before it is in no population.
    pub short_s: f64,
    /// Length of an interval.
    pub interval_s: f64,
    /// The chance that a rostered agent is there; 1 where `agents` are those who were.
    pub show_up: f64,
    /// So many intervals are told as one block: 12 are three hours.
    pub block_intervals: usize,
}

/// An expected number of callers and its standard deviation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Expected.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
}

impl Estimate {
    /// About 95 % of days lie between these; never below nobody.
    pub fn range_95(&self) -> (f64, f64) {
        let reach = 1.96 * self.sd;
        ((self.mean - reach).max(0.0), self.mean + reach)
    }
}

/// What would have become of the calls of one block.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Its first instant.
    pub start: Timestamp,
    /// Calls that came.
    pub offered: u32,
    /// Callers who would have hung up.
    pub abandoned: Estimate,
    /// Callers not with a person within T, hang-ups included.
    pub late: Estimate,
    /// Callers expected to leave before S; in both numbers above.
    pub short: f64,
    /// Mean wait of all callers, hang-ups included; none where nobody called.
    pub mean_wait_s: Option<f64>,
}

impl Block {
    /// The line of a report.
    pub fn words(&self) -> String {
        let (low, high) = self.abandoned.range_95();
        format!(
            "Had we not moved: of {} callers {:.0} would have hung up ({low:.0} to {high:.0})",
            self.offered, self.abandoned.mean
        )
    }
}

/// The blocks of a day, in order.
///
/// # Errors
/// No quantity, no probability, more than a week of intervals, or a queue longer than this follows.
pub fn counterfactual(day: &[FrozenInterval], rules: &Rules) -> Result<Vec<Block>, CapacityError> {
    chance("show-up", rules.show_up)?;
    quantity("the time promised", rules.within_s, "seconds")?;
    quantity("the time of a short call", rules.short_s, "seconds")?;
    quantity("the interval", rules.interval_s, "seconds")?;
    if day.len() > INTERVALS_MAX {
        return Err(CapacityError::TooMany {
            what: "intervals",
            have: day.len(),
            max: INTERVALS_MAX,
        });
    }
    let levels: u32 = if rules.show_up < 1.0 {
        SHOW_UP_LEVELS
    } else {
        1
    };
    let mut runs = Vec::new();
    for level in 0..levels {
        let quantile = (f64::from(level) + 0.5) / f64::from(levels);
        runs.push(one_level(day, rules, quantile)?);
    }
    followed(mix(&runs))
}

/// What is no number must not be rounded to nobody.
fn followed(blocks: Vec<Block>) -> Result<Vec<Block>, CapacityError> {
    let is_lost = |b: &&Block| {
        let told = [b.abandoned.mean, b.late.mean, b.short];
        told.iter().any(|callers| !callers.is_finite())
    };
    match blocks.iter().find(is_lost) {
        Some(lost) => Err(CapacityError::NotFollowed(lost.start)),
        None => Ok(blocks),
    }
}

/// The day with as many people as come at one level of luck.
fn one_level(
    day: &[FrozenInterval],
    rules: &Rules,
    quantile: f64,
) -> Result<Vec<Block>, CapacityError> {
    let conditions: Vec<_> = day
        .iter()
        .map(|interval| conditions(interval, rules, quantile))
        .collect::<Result<_, _>>()?;
    let mut chain = Chain::new(&conditions)?;
    if let Some(first) = conditions.first() {
        for _ in 0..WARM_UP_INTERVALS {
            chain.pass(first);
        }
    }
    let size = rules.block_intervals.max(1);
    let blocks = day.chunks(size).zip(conditions.chunks(size));
    let told = blocks.filter_map(|(intervals, conditions)| {
        chain.count_afresh();
        for conditions in conditions {
            chain.pass(conditions);
        }
        let offered = intervals
            .iter()
            .fold(0_u32, |sum, i| sum.saturating_add(i.calls));
        Some(Block {
            start: intervals.first()?.start,
            offered,
            abandoned: chain.abandoned(),
            late: chain.late(),
            short: chain.short(),
            mean_wait_s: (offered > 0).then(|| chain.waited_s() / f64::from(offered)),
        })
    });
    Ok(told.collect())
}

fn conditions(
    interval: &FrozenInterval,
    rules: &Rules,
    quantile: f64,
) -> Result<Conditions, CapacityError> {
    let load = Load::new(f64::from(interval.calls), interval.aht_s)?;
    let agents = if rules.show_up < 1.0 {
        let come = Binomial::new(rules.show_up, u64::from(interval.agents));
        let come = come.map_or(0, |come| come.inverse_cdf(quantile));
        u32::try_from(come).unwrap_or(interval.agents)
    } else {
        interval.agents
    };
    Ok(Conditions {
        calls_per_s: load.calls_per_hour() / rules.interval_s.max(1.0),
        aht_s: load.aht_s().max(1.0),
        patience_s: match rules.patience {
            Patience::Endless => f64::INFINITY,
            Patience::Mean { patience_s } => patience_s.max(1.0),
        },
        agents,
        within_s: rules.within_s,
        short_s: rules.short_s,
        length_s: rules.interval_s,
    })
}

/// Equally likely days as one: their spread is uncertainty too.
fn mix(runs: &[Vec<Block>]) -> Vec<Block> {
    let Some((first, rest)) = runs.split_first() else {
        return Vec::new();
    };
    let part = 1.0 / crate::numbers::real(runs.len());
    let pooled = |i: usize, of: fn(&Block) -> Estimate| {
        let each = || runs.iter().filter_map(move |run| run.get(i)).map(of);
        let mean: f64 = each().map(|e| e.mean * part).sum();
        let variance: f64 = each()
            .map(|e| (e.sd.powi(2) + (e.mean - mean).powi(2)) * part)
            .sum();
        Estimate {
            mean,
            sd: variance.sqrt(),
        }
    };
    let wait = |i: usize, block: &Block| {
        let others = rest.iter().filter_map(|run| run.get(i)?.mean_wait_s);
        block
            .mean_wait_s
            .map(|wait_s| (wait_s + others.sum::<f64>()) * part)
    };
    let blocks = first.iter().enumerate();
    blocks
        .map(|(i, block)| Block {
            abandoned: pooled(i, |b| b.abandoned),
            late: pooled(i, |b| b.late),
            short: runs
                .iter()
                .filter_map(|run| Some(run.get(i)?.short * part))
                .sum(),
            mean_wait_s: wait(i, block),
            ..*block
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ran_away_is_not_told_as_nobody() {
        let block = |abandoned| Block {
            start: Timestamp::UNIX_EPOCH,
            offered: 3,
            abandoned: Estimate {
                mean: abandoned,
                sd: 0.0,
            },
            late: Estimate::default(),
            short: 0.0,
            mean_wait_s: None,
        };
        assert!(followed(vec![block(1.0)]).is_ok());
        let lost = followed(vec![block(1.0), block(f64::NAN)]);
        assert_eq!(lost, Err(CapacityError::NotFollowed(Timestamp::UNIX_EPOCH)));
    }
}
