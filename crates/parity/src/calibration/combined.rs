//! Bets that put hours, stakes or metrics together, beside the guard's one bet on all hours of one metric: for comparison only.
//!
//! All see the blocks that the guard sees: the outsourced arm, redials left out, as long as the world's own weeks make them.

use super::stream::{DAY_US, Stream};
use super::world::{HOURS, MARGIN, TARGET, World, WorldKind};
use crate::guard::record::{Arm, Call, Outcome};
use crate::kpi::float;
use crate::sequences::block_bet::{SPREAD, STAKES};
use crate::sequences::log_mean;
use std::collections::HashMap;

const HOUR_US: i64 = 3_600 * 1_000_000;
const REDIAL_US: i64 = 1_800 * 1_000_000;
/// Opening hours are put together by three.
const BANDS: usize = 4;
/// Abandonment, not with a person within 30 s, hung up (those within five seconds too).
const METRICS: usize = 3;
/// Days over which the other two metrics of a centre on target are measured where waits come from queues.
const MEASURED_DAYS: u32 = 6_000;
/// An hour's own share counts for half once so many bad calls were expected in it.
const HALF_OWN: f64 = 20.0;
/// As in the rules of the calibration: fewer blocks prove nothing.
const BLOCKS_MIN: u64 = 5;
/// Evidence beyond this is not kept apart.
const LOG_MOST: f64 = 23.0;

/// One way of putting bets together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Combined {
    /// The guard's bet, on this module's blocks: one mixture of stakes, all hours pooled.
    Pooled,
    /// A bet for each band of hours against that band's share in the client's own weeks; the mean of their e-values.
    BandsAveraged,
    /// The product of the same e-values.
    BandsMultiplied,
    /// One bet, each block against the shares of its own hours.
    OwnHours,
    /// Half of the wealth on the stake that grows fastest at the margin, half on that at twice the margin.
    MarginStakes,
    /// Half of the wealth as the guard stakes it, half on the margins.
    BothStakes,
    /// Own hours, with the stakes for the margins.
    OwnHoursMarginStakes,
    /// Three metrics, each with a third of α.
    MetricsSplit,
    /// The mean of the three e-values with all of α, as the guard's judge takes it.
    MetricsAveraged,
}

impl Combined {
    /// Bets on abandonment.
    pub const BETS: [Self; 7] = [
        Self::Pooled,
        Self::BandsAveraged,
        Self::BandsMultiplied,
        Self::OwnHours,
        Self::MarginStakes,
        Self::BothStakes,
        Self::OwnHoursMarginStakes,
    ];
    /// Abandonment alone, and the ways to put three metrics together.
    pub const METRICS: [Self; 3] = [Self::Pooled, Self::MetricsSplit, Self::MetricsAveraged];
    const COUNT: usize = 9;

    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pooled => "pooled",
            Self::BandsAveraged => "bands averaged",
            Self::BandsMultiplied => "bands multiplied",
            Self::OwnHours => "own hours",
            Self::MarginStakes => "stakes for the margins",
            Self::BothStakes => "half and half",
            Self::OwnHoursMarginStakes => "own hours, stakes for the margins",
            Self::MetricsSplit => "three metrics, α split",
            Self::MetricsAveraged => "three metrics, averaged",
        }
    }

    const fn place(self) -> usize {
        match self {
            Self::Pooled => 0,
            Self::BandsAveraged => 1,
            Self::BandsMultiplied => 2,
            Self::OwnHours => 3,
            Self::MarginStakes => 4,
            Self::BothStakes => 5,
            Self::OwnHoursMarginStakes => 6,
            Self::MetricsSplit => 7,
            Self::MetricsAveraged => 8,
        }
    }
}

/// What would be signed for these bets from four weeks of a centre on target.
#[derive(Debug, Clone)]
pub struct CombinedTerms {
    world: World,
    block_us: i64,
    /// The shares of a centre on target, where waits come from queues.
    shares: [f64; METRICS],
    /// Times what is asked of the whole, by opening hour.
    hours: [f64; HOURS.len()],
    /// The stakes for once and twice the margin; and the same where each block is held against its own hours.
    stakes: [f64; 2],
    stakes_of_hours: [f64; 2],
}

/// A block of the client's own weeks.
#[derive(Debug, Clone, Copy, Default)]
struct Baseline {
    calls: f64,
    bad: f64,
    expected: f64,
}

impl CombinedTerms {
    /// The terms for blocks of so many minutes in a world whose outsourced centre is on target.
    pub fn of(on_target: &World, block_min: u32) -> Self {
        let mut terms = Self {
            world: on_target.clone(),
            block_us: i64::from(block_min.max(1)) * 60 * 1_000_000,
            shares: shares_on_target(on_target),
            hours: [1.0; HOURS.len()],
            stakes: [0.0; 2],
            stakes_of_hours: [0.0; 2],
        };
        let intervals = on_target.own_baseline();
        terms.stakes = terms.stakes_from(&intervals);
        terms.hours = terms.hours_from(&intervals);
        terms.stakes_of_hours = terms.stakes_from(&intervals);
        terms
    }

    /// The fractions staked for once and for twice the margin.
    pub const fn margin_stakes(&self) -> [f64; 2] {
        self.stakes
    }

    /// The bad share that is as good as agreed, as the guard's rules and "had we not moved" have it.
    fn reference(&self, metric: usize, day: u32, hour: usize) -> f64 {
        let abandoned = TARGET * self.world.season(day, hour).max(1.0);
        if metric > 0 && self.world.kind.queues() {
            return self.shares[metric];
        }
        if metric == 1 {
            // Waits of mean 10 s, over 30 s.
            return abandoned + (1.0 - abandoned) * (-3.0_f64).exp();
        }
        abandoned
    }

    /// Each open interval of the own weeks: its start, opening hour, calls, bad calls, and what is asked of all hours alike.
    fn open(&self, intervals: &[(u64, u64)]) -> impl Iterator<Item = (i64, usize, Baseline)> {
        let open = (0_i64..).zip(intervals).filter(|(_, told)| told.0 > 0);
        open.map(|(place, (calls, bad))| {
            let at_us = place * HOUR_US / 4;
            let day = u32::try_from(at_us / DAY_US).unwrap_or(0);
            let hour = opening_hour(at_us);
            let told = Baseline {
                calls: float(*calls),
                bad: float(*bad),
                expected: float(*calls) * self.reference(0, day, hour),
            };
            (at_us, hour, told)
        })
    }

    /// How much worse than the whole each hour is, drawn towards the whole while little is known, the whole staying the same.
    fn hours_from(&self, intervals: &[(u64, u64)]) -> [f64; HOURS.len()] {
        let mut by_hour = [Baseline::default(); HOURS.len()];
        for (_, hour, told) in self.open(intervals) {
            by_hour[hour].bad += told.bad;
            by_hour[hour].expected += told.expected;
        }
        let expected: f64 = by_hour.iter().map(|hour| hour.expected).sum();
        let bad: f64 = by_hour.iter().map(|hour| hour.bad).sum();
        let level = (bad / expected).max(f64::MIN_POSITIVE);
        let times = by_hour.map(|hour| (hour.bad / level + HALF_OWN) / (hour.expected + HALF_OWN));
        let pairs = by_hour.iter().zip(times);
        let whole: f64 = pairs.map(|(hour, times)| hour.expected * times).sum();
        times.map(|times| times * expected / whole)
    }

    /// The fraction of the largest block's reference whose wealth grows fastest where the share is once, or twice, the margin above
    /// it: mean over second moment, with the spread that the blocks of the own weeks have.
    fn stakes_from(&self, intervals: &[(u64, u64)]) -> [f64; 2] {
        let mut blocks: Vec<(i64, Baseline)> = Vec::new();
        for (at_us, hour, told) in self.open(intervals) {
            let block = at_us.div_euclid(self.block_us);
            if blocks.last().is_none_or(|last| last.0 != block) {
                blocks.push((block, Baseline::default()));
            }
            if let Some((_, sum)) = blocks.last_mut() {
                sum.calls += told.calls;
                sum.bad += told.bad;
                sum.expected += told.expected * self.hours[hour];
            }
        }
        let sum =
            |of: &dyn Fn(&Baseline) -> f64| blocks.iter().map(|block| of(&block.1)).sum::<f64>();
        let level = sum(&|b| b.bad) / sum(&|b| b.expected);
        let squares = sum(&|b| (b.bad - level * b.expected).powi(2));
        let drawn = sum(&|b| level * b.expected * (1.0 - level * b.expected / b.calls));
        let spread = (squares / drawn).max(1.0);
        let expected = blocks.iter().map(|block| block.1.expected);
        let largest = expected.fold(0.0, f64::max);
        [1.0, 2.0].map(|times| {
            let above = times * MARGIN;
            let second = sum(&|b| {
                let share = b.expected / b.calls + above;
                spread * b.calls * share * (1.0 - share) + (above * b.calls).powi(2)
            });
            (largest * sum(&|b| above * b.calls) / second).clamp(0.02, 0.95)
        })
    }
}

/// What a call is to each metric; nothing where it is in no population of it.
fn bad_of(call: &Call) -> [Option<bool>; METRICS] {
    match call.outcome {
        Outcome::Abandoned { wait_ms } => {
            let counted = (wait_ms >= 5_000).then_some(true);
            [counted, counted, Some(true)]
        }
        Outcome::Answered { wait_ms } => [Some(false), Some(wait_ms > 30_000), Some(false)],
        _ => [None; METRICS],
    }
}

fn opening_hour(at_us: i64) -> usize {
    let hour = usize::try_from(at_us.rem_euclid(DAY_US) / HOUR_US).unwrap_or(0);
    hour.saturating_sub(8).min(HOURS.len() - 1)
}

/// Who called last when: redials are no attempts of their own.
#[derive(Debug, Clone, Default)]
struct Attempts(HashMap<u64, i64>);

impl Attempts {
    fn is_redial(&mut self, call: &Call) -> bool {
        let at_us = call.place.at_us;
        let caller = call.place.caller;
        let before = caller.and_then(|caller| self.0.insert(caller, at_us));
        before.is_some_and(|before| at_us - before < REDIAL_US)
    }
}

fn shares_on_target(world: &World) -> [f64; METRICS] {
    if !world.kind.queues() {
        return [TARGET; METRICS];
    }
    let mut stream = Stream::new(world, 0x7e57, 2);
    let mut attempts = Attempts::default();
    let mut counts = [[0.0; 2]; METRICS];
    for day in 0..MEASURED_DAYS {
        for call in stream.day(day) {
            if attempts.is_redial(&call) || call.place.arm == Arm::InHouse {
                continue;
            }
            for (count, bad) in counts.iter_mut().zip(bad_of(&call)) {
                if let Some(bad) = bad {
                    count[0] += f64::from(u8::from(bad));
                    count[1] += 1.0;
                }
            }
        }
    }
    counts.map(|count| count[0] / count[1])
}

/// Wealth spread over stakes, on blocks that count by their bad calls, as in [`crate::sequences::block_bet`].
#[derive(Debug, Clone)]
struct Game {
    stakes: Vec<(f64, f64)>,
    wealth: Vec<f64>,
    largest: f64,
}

impl Game {
    fn new(stakes: impl Iterator<Item = (f64, f64)>) -> Self {
        let stakes: Vec<_> = stakes.collect();
        Self {
            wealth: vec![0.0; stakes.len()],
            stakes,
            largest: 0.0,
        }
    }

    fn as_guard() -> Self {
        Self::new(SPREAD.into_iter().zip(STAKES))
    }

    fn halves(stakes: [f64; 2]) -> Self {
        Self::new(stakes.into_iter().map(|stake| (0.5, stake)))
    }

    fn add(&mut self, bad: f64, expected: f64) {
        if expected <= 0.0 {
            return;
        }
        self.largest = if self.largest > 0.0 {
            self.largest
        } else {
            expected
        };
        let size = (expected / self.largest).min(1.0);
        let outcome = size * (bad - expected) / expected;
        for (log, (_, stake)) in self.wealth.iter_mut().zip(&self.stakes) {
            *log += (stake * outcome).ln_1p();
        }
        self.largest = self.largest.max(expected);
    }

    fn log_e(&self) -> f64 {
        let weights = self.stakes.iter().map(|(weight, _)| *weight);
        log_mean(weights.zip(self.wealth.iter().copied()))
    }
}

/// The calls of one band in the open block.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    calls: [f64; METRICS],
    bad: [f64; METRICS],
    expected: [f64; METRICS],
    expected_own: f64,
}

/// When one way had more evidence of harm than ever before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spoken {
    /// Day from 1, calls of both arms, ln of the e-value.
    peaks: Vec<(u32, u64, f64)>,
}

impl Spoken {
    /// The day (from 1) and calls of both arms at which it would have cried harm, asked for this e-value.
    pub fn cried(&self, asked: f64) -> Option<(u32, u64)> {
        let mut peaks = self.peaks.iter();
        let peak = peaks.find(|peak| peak.2 >= asked.ln())?;
        Some((peak.0, peak.1))
    }

    /// The most evidence of harm that it had by the end of a day, an e-value.
    pub fn most_by(&self, day: u32) -> f64 {
        let until = self.peaks.iter().take_while(|peak| peak.0 <= day);
        until.last().map_or(0.0, |peak| peak.2.exp())
    }

    fn say(&mut self, day: u32, told: u64, log: f64) {
        let most = self.peaks.last().map_or(0.0, |peak| peak.2);
        if log > most && most < LOG_MOST {
            self.peaks.push((day, told, log));
        }
    }
}

/// All ways of one run.
#[derive(Debug, Clone, PartialEq)]
pub struct CombinedSpoken([Spoken; Combined::COUNT]);

impl CombinedSpoken {
    /// What one way said.
    pub const fn of(&self, way: Combined) -> &Spoken {
        &self.0[way.place()]
    }
}

/// All ways on the calls of one run.
#[derive(Debug, Clone)]
pub struct PeerCombined<'t> {
    terms: &'t CombinedTerms,
    attempts: Attempts,
    told: u64,
    block: i64,
    blocks: u64,
    open: [Cell; BANDS],
    /// Bad calls above what is allowed.
    excess: [f64; METRICS],
    metrics: [Game; METRICS],
    bands: [Game; BANDS],
    own_hours: Game,
    margins: Game,
    own_hours_margins: Game,
    spoken: CombinedSpoken,
}

impl<'t> PeerCombined<'t> {
    /// Nothing seen yet.
    pub fn new(terms: &'t CombinedTerms) -> Self {
        Self {
            terms,
            attempts: Attempts::default(),
            told: 0,
            block: 0,
            blocks: 0,
            open: [Cell::default(); BANDS],
            excess: [0.0; METRICS],
            metrics: std::array::from_fn(|_| Game::as_guard()),
            bands: std::array::from_fn(|_| Game::as_guard()),
            own_hours: Game::as_guard(),
            margins: Game::halves(terms.stakes),
            own_hours_margins: Game::halves(terms.stakes_of_hours),
            spoken: CombinedSpoken(std::array::from_fn(|_| Spoken::default())),
        }
    }

    /// One call, as it happens.
    pub fn add(&mut self, day: u32, call: &Call) {
        let block = call.place.at_us.div_euclid(self.terms.block_us);
        if block != self.block {
            self.close();
            self.block = block;
        }
        self.told += 1;
        if self.attempts.is_redial(call) || call.place.arm == Arm::InHouse {
            return;
        }
        let hour = opening_hour(call.place.at_us);
        let cell = &mut self.open[hour * BANDS / HOURS.len()];
        for (metric, bad) in bad_of(call).into_iter().enumerate() {
            let Some(bad) = bad else { continue };
            let reference = self.terms.reference(metric, day, hour);
            cell.calls[metric] += 1.0;
            cell.bad[metric] += f64::from(u8::from(bad));
            cell.expected[metric] += reference;
            if metric == 0 {
                cell.expected_own += reference * self.terms.hours[hour];
            }
        }
    }

    /// The run is over.
    pub fn finish(mut self) -> CombinedSpoken {
        self.close();
        self.spoken
    }

    /// The day, from 1, on which the block is known, and the calls of both arms by then: where the outsourced centre reports late,
    /// two days after it ended.
    fn known(&self) -> (u32, u64) {
        let last_us = (self.block + 1) * self.terms.block_us - 1;
        let day = u32::try_from(last_us.div_euclid(DAY_US)).unwrap_or(0) + 1;
        if self.terms.world.kind != WorldKind::ReportingDelay {
            return (day, self.told);
        }
        let meanwhile = 2 * u64::from(self.terms.world.calls_per_day);
        (day + 2, self.told + meanwhile)
    }

    fn close(&mut self) {
        let cells = std::mem::take(&mut self.open);
        let sum = |of: fn(&Cell, usize) -> f64, metric| -> f64 {
            cells.iter().map(|cell| of(cell, metric)).sum()
        };
        if sum(|cell, metric| cell.calls[metric], 0) <= 0.0 {
            return;
        }
        for metric in 0..METRICS {
            let bad = sum(|cell, metric| cell.bad[metric], metric);
            let expected = sum(|cell, metric| cell.expected[metric], metric);
            let calls = sum(|cell, metric| cell.calls[metric], metric);
            self.metrics[metric].add(bad, expected);
            self.excess[metric] += bad - expected - MARGIN * calls;
            if metric == 0 {
                self.margins.add(bad, expected);
                let own = sum(|cell, _| cell.expected_own, metric);
                self.own_hours.add(bad, own);
                self.own_hours_margins.add(bad, own);
            }
        }
        for (band, cell) in self.bands.iter_mut().zip(cells) {
            band.add(cell.bad[0], cell.expected_own);
        }
        self.blocks += 1;
        if self.blocks >= BLOCKS_MIN {
            self.speak();
        }
    }

    /// As in the guard, nobody is sent home whose own calls are not beyond the margin.
    fn speak(&mut self) {
        let (day, told) = self.known();
        let pooled = self.metrics[0].log_e();
        if self.excess[0] > 0.0 {
            let bands = self.bands.each_ref().map(Game::log_e);
            let margins = self.margins.log_e();
            let logs = [
                (Combined::Pooled, pooled),
                (Combined::BandsAveraged, mean(&bands)),
                (Combined::BandsMultiplied, bands.iter().sum()),
                (Combined::OwnHours, self.own_hours.log_e()),
                (Combined::MarginStakes, margins),
                (Combined::BothStakes, mean(&[pooled, margins])),
                (
                    Combined::OwnHoursMarginStakes,
                    self.own_hours_margins.log_e(),
                ),
            ];
            for (way, log) in logs {
                self.spoken.0[way.place()].say(day, told, log);
            }
        }
        let logs = self.metrics.each_ref().map(Game::log_e);
        let third = float(METRICS as u64).ln();
        let (mut split, mut top) = (f64::NEG_INFINITY, 0);
        for (metric, log) in logs.into_iter().enumerate() {
            if self.excess[metric] > 0.0 {
                split = split.max(log - third);
            }
            if log > logs[top] {
                top = metric;
            }
        }
        let averaged = if self.excess[top] > 0.0 {
            mean(&logs).max(split)
        } else {
            split
        };
        self.spoken.0[Combined::MetricsSplit.place()].say(day, told, split);
        self.spoken.0[Combined::MetricsAveraged.place()].say(day, told, averaged);
    }
}

/// ln of the mean of e-values.
fn mean(logs: &[f64]) -> f64 {
    let each = 1.0 / float(logs.len() as u64);
    log_mean(logs.iter().map(|log| (each, *log)))
}
