//! The guard of one chunk: told records in any order, asked at any time, the same in production and in a rehearsal.
//!
//! ```text
//! Rules (TOML) → check → SignedRules → Guard::new
//! Guard::observe(record)        as records arrive, late and out of order included
//! Guard::assess(now, situation) → Assessment { verdicts, action, reasons, inputs }
//! judge(rules, inputs of an assessment) → the same Assessment, bytes included
//! ```
//!
//! A guard never acts: the loop around it does what [`Action`] says, with a command of the domain. It reads no clock
//! and keeps a bounded amount per metric and stratum; serialised and read back it goes on as if nothing had happened.

pub mod assessment;
pub mod budget;
mod callers;
mod conduct;
mod evidence;
mod feeds;
pub mod floors;
mod judge;
mod pending;
pub mod record;
mod say;
pub mod verdict;

pub use assessment::{Action, Assessment, Situation};
pub use judge::judge;
pub use record::{Observed, Record};
pub use verdict::Verdict;

use crate::kpi::Ratio;
use crate::rules::{Instrument, MetricName, MetricRule, Role, SignedRules};
use crate::sequences::quantile_interval::WaitQuantile;
use crate::sequences::sample_ratio::SampleRatio;
use assessment::{Inputs, Interval, MetricInputs, SegmentFigure, WaitFigure};
use callers::Callers;
use conduct::Conduct;
use evidence::Evidence;
use feeds::Feeds;
use floors::FloorWatch;
use pending::Pending;
use record::{Arm, Beat, Call, MetricId, Outcome, Place, Reading};
use serde::{Deserialize, Serialize};

/// The guard of one chunk under one agreement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    rules: SignedRules,
    now_us: i64,
    feeds: Feeds,
    calls: Pending<Call>,
    readings: Vec<Pending<Reading>>,
    callers: Callers,
    evidence: Vec<Evidence>,
    floors: FloorWatch,
    sample_ratio: SampleRatio,
    unserved: Ratio,
    /// By segment and metric: in-house bad, in-house all, outsourced bad, outsourced all.
    segments: Vec<[u64; 4]>,
    waits: [WaitQuantile; 2],
    conduct: Conduct,
}

impl Guard {
    /// A guard that knows nothing yet.
    pub fn new(rules: SignedRules) -> Self {
        let written = rules.rules();
        let metrics = written.metrics.len();
        Self {
            now_us: i64::MIN,
            feeds: Feeds::new(written),
            calls: Pending::default(),
            readings: (0..metrics).map(|_| Pending::default()).collect(),
            callers: Callers::default(),
            evidence: written
                .metrics
                .iter()
                .map(|rule| Evidence::new(rule, &rules))
                .collect(),
            floors: FloorWatch::default(),
            sample_ratio: SampleRatio::default(),
            unserved: Ratio {
                numerator: 0,
                denominator: 0,
            },
            segments: vec![[0; 4]; written.segments.len() * metrics],
            waits: [WaitQuantile::default(), WaitQuantile::default()],
            conduct: Conduct::default(),
            rules,
        }
    }

    /// The rules it judges by.
    pub fn rules(&self) -> &SignedRules {
        &self.rules
    }

    /// Takes one record in. Floors see it at once, evidence when its interval is mature.
    pub fn observe(&mut self, record: &Record) -> Observed {
        match record {
            Record::Call(call) => self.observe_call(call),
            Record::Reading(reading) => self.observe_reading(reading),
            Record::Counterfactual(block) => {
                let evidence = self.evidence.get_mut(usize::from(block.metric.0));
                taken(evidence.is_some_and(|evidence| evidence.counterfactual(block)))
            }
            Record::Beat(beat) => self.observe_beat(*beat),
        }
    }

    fn observe_beat(&mut self, beat: Beat) -> Observed {
        taken(self.feeds.beat(beat))
    }

    fn observe_call(&mut self, call: &Call) -> Observed {
        if !self.is_possible(&call.place) {
            return Observed::Refused;
        }
        self.floors.add(call, &self.rules.rules().floors);
        if matches!(call.outcome, Outcome::Waiting { .. }) {
            return Observed::Counted;
        }
        if self.calls.push(*call) {
            Observed::Counted
        } else {
            Observed::Late
        }
    }

    fn observe_reading(&mut self, reading: &Reading) -> Observed {
        let metric = usize::from(reading.metric.0);
        let Some(rule) = self.rules.rules().metrics.get(metric) else {
            return Observed::Refused;
        };
        if !rule.name.allows(reading.value) || !self.is_possible(&reading.place) {
            return Observed::Refused;
        }
        if self.readings[metric].push(*reading) {
            Observed::Counted
        } else {
            Observed::Late
        }
    }

    fn is_possible(&self, place: &Place) -> bool {
        let rules = self.rules.rules();
        let segments = rules.segments.len();
        usize::from(place.stratum.0) < rules.strata.len()
            && place.pi_bp <= 10_000
            && place
                .segment
                .is_none_or(|segment| usize::from(segment) < segments)
    }

    /// Judges what is mature by `now_us` (UTC, microseconds). Time may not run backwards: an earlier instant is answered
    /// as the latest one asked about.
    pub fn assess(&mut self, now_us: i64, situation: Situation) -> Assessment {
        self.now_us = self.now_us.max(now_us);
        self.weigh();
        let first = self.judged(situation);
        let healthy = judge::healthy(&first);
        let before = self.conduct;
        self.conduct
            .look(self.now_us, healthy, &self.rules.rules().conduct);
        if before == self.conduct {
            return first;
        }
        self.judged(situation)
    }

    /// Tells the guard that its chunk was rolled back at `at_us`: starts the cool-down, which doubles each time. The
    /// evidence stays: a chunk that comes forward again does not start from nothing.
    pub fn rolled_back(&mut self, at_us: i64) {
        self.conduct.rolled_back(at_us, &self.rules.rules().conduct);
    }

    fn judged(&self, situation: Situation) -> Assessment {
        let metrics = self.metric_inputs(situation.step_began_us);
        let inputs = Inputs {
            now_us: self.now_us,
            situation,
            agreement: self.rules.rules().agreement.clone(),
            floors: self
                .floors
                .broken(Arm::Outsourced, self.now_us, &self.rules.rules().floors),
            unserved: self.unserved,
            log_e_combined: judge::log_e_combined(&self.rules, &metrics),
            log_e_sample_ratio: self.sample_ratio.log_e(),
            healthy_intervals: self.conduct.healthy_intervals(),
            holding: self.conduct.holding(),
            cool_down_until_us: self.conduct.cool_down_until_us(),
            waits: self.wait_figures(),
        };
        judge(&self.rules, inputs, metrics, self.worse_off())
    }

    /// Weighs everything that has become mature.
    fn weigh(&mut self) {
        let calls_until = (0..self.evidence.len())
            .filter(|metric| self.reads_calls(*metric))
            .filter_map(|metric| self.mature_until_us(metric))
            .min();
        if let Some(until_us) = calls_until {
            for call in self.calls.mature(until_us) {
                self.weigh_call(&call);
            }
        }
        for metric in 0..self.evidence.len() {
            let Some(until_us) = self.mature_until_us(metric) else {
                continue;
            };
            for reading in self.readings[metric].mature(until_us) {
                self.weigh_reading(metric, &reading);
            }
            let complete = calls_until.map_or(until_us, |calls| calls.min(until_us));
            self.evidence[metric].complete(complete);
        }
    }

    /// Whether the metric is read off calls, and not only off readings.
    fn reads_calls(&self, metric: usize) -> bool {
        let rule = &self.rules.rules().metrics[metric];
        !rule.name.is_score() && rule.name.instrument() != Instrument::Sentinel
    }

    /// Everything offered before this instant is known and old enough, for a metric.
    fn mature_until_us(&self, metric: usize) -> Option<i64> {
        let rule = &self.rules.rules().metrics[metric];
        let old_enough = self
            .now_us
            .saturating_sub(i64::from(rule.maturity_s) * 1_000_000);
        let Some(feed) = &rule.feed else {
            return Some(old_enough);
        };
        let feed = self.rules.rules().feed(feed)?;
        Some(old_enough.min(self.feeds.complete_until_us(feed)?))
    }

    fn weigh_call(&mut self, call: &Call) {
        if call.place.arm == Arm::Outsourced {
            self.unserved.denominator += 1;
            self.unserved.numerator += u64::from(call.outcome == Outcome::Unserved);
        }
        let mut attempt = self
            .callers
            .attempt(call.place, &self.rules.rules().conduct);
        let counted = attempt.counted;
        if attempt.redial {
            return;
        }
        if attempt.new_caller {
            self.sample_ratio
                .add(call.place.pi_bp, call.place.arm == Arm::Outsourced);
        }
        if let Outcome::Answered { wait_ms } | Outcome::Abandoned { wait_ms } = call.outcome {
            self.waits[call.place.arm.index()].add(wait_ms);
        }
        for metric in 0..self.evidence.len() {
            let rule = &self.rules.rules().metrics[metric];
            let value = match rule.name {
                MetricName::RepeatContact => Some(f64::from(u8::from(attempt.repeat))),
                _ => value_of(call, rule),
            };
            self.evidence[metric].exposed(attempt.place.arm, value.is_some());
            let Some(value) = value else { continue };
            // Load-driven shares count where the call went, per-call quality where its episode began.
            let place = if rule.name.instrument() == Instrument::BlockBet {
                call.place
            } else {
                attempt.place
            };
            self.weigh_value(metric, &place, value, || attempt.once(metric));
        }
        if attempt.counted != counted {
            self.callers.keep(&attempt);
        }
    }

    fn weigh_reading(&mut self, metric: usize, reading: &Reading) {
        let mut callers = std::mem::take(&mut self.callers);
        let conduct = self.rules.rules().conduct;
        let once = || callers.once(&reading.place, metric, &conduct);
        self.weigh_value(metric, &reading.place, reading.value, once);
        self.callers = callers;
    }

    fn weigh_value(
        &mut self,
        metric: usize,
        place: &Place,
        value: f64,
        once: impl FnOnce() -> bool,
    ) {
        let id = MetricId(u16::try_from(metric).unwrap_or(u16::MAX));
        let Some(margin) = self.rules.margin(id, place.stratum) else {
            return;
        };
        self.evidence[metric].add(place, value, margin, once);
        if let Some(segment) = place.segment {
            let row = usize::from(segment) * self.evidence.len() + metric;
            if let Some(cell) = self.segments.get_mut(row) {
                let arm = 2 * place.arm.index();
                cell[arm] += u64::from(value >= 0.5);
                cell[arm + 1] += 1;
            }
        }
    }

    fn metric_inputs(&self, step_began_us: i64) -> Vec<MetricInputs> {
        let alpha = self.rules.alpha();
        let rules = self.rules.rules();
        let metrics = rules.metrics.iter().zip(&self.evidence).enumerate();
        metrics
            .map(|(metric, (rule, evidence))| {
                let read = evidence.read(alpha, step_began_us);
                let feed = rule.feed.as_ref().and_then(|feed| rules.feed(feed));
                let cadence_s = feed.map_or(0, |feed| rules.feeds[usize::from(feed.0)].cadence_s);
                let late_calls = if self.reads_calls(metric) {
                    self.calls.late()
                } else {
                    0
                };
                MetricInputs {
                    in_house: evidence.figure(Arm::InHouse),
                    outsourced: evidence.figure(Arm::Outsourced),
                    weight_of_evidence: read.weight_of_evidence,
                    log_e_harm: read.log_e_harm,
                    log_e_beyond_margin: read.log_e_beyond_margin,
                    log_e_noninferior: read.log_e_noninferior,
                    estimate_beyond_margin: read.estimate_beyond_margin,
                    interval: read
                        .interval
                        .map(|(lower, upper)| Interval { lower, upper }),
                    stale: feed
                        .is_some_and(|feed| self.feeds.is_stale(feed, cadence_s, self.now_us)),
                    alarm: read.alarm,
                    knowledge_as_of_us: self.mature_until_us(metric),
                    can_see_harm_within_s: can_see_within_s(rule, cadence_s),
                    late: self.readings[metric].late() + late_calls,
                }
            })
            .collect()
    }

    fn wait_figures(&self) -> Vec<WaitFigure> {
        Arm::BOTH
            .into_iter()
            .filter_map(|arm| {
                let waits = &self.waits[arm.index()];
                let (p90_s, lower_s, upper_s) = waits.interval_s(0.9, self.rules.alpha())?;
                Some(WaitFigure {
                    arm,
                    calls: waits.waits(),
                    p90_s,
                    lower_s,
                    upper_s,
                })
            })
            .collect()
    }

    /// Segments whose outsourced share is above their in-house share, the largest gap first.
    fn worse_off(&self) -> Vec<SegmentFigure> {
        const CALLS_MIN: u64 = 20;
        const SHOWN: usize = 5;
        let rules = &self.rules.rules().metrics;
        let mut figures: Vec<SegmentFigure> = self
            .segments
            .iter()
            .enumerate()
            .map(|(row, [home_bad, home, out_bad, out])| SegmentFigure {
                segment: u16::try_from(row / rules.len()).unwrap_or(u16::MAX),
                metric: rules[row % rules.len()].name,
                in_house: Ratio {
                    numerator: *home_bad,
                    denominator: *home,
                },
                outsourced: Ratio {
                    numerator: *out_bad,
                    denominator: *out,
                },
            })
            .filter(|figure| {
                let counted = matches!(
                    figure.metric.instrument(),
                    Instrument::EventShare | Instrument::BlockBet
                );
                counted && figure.outsourced.denominator >= CALLS_MIN && figure.gap() > 0.0
            })
            .collect();
        figures.sort_by(|a, b| b.gap().total_cmp(&a.gap()));
        figures.truncate(SHOWN);
        figures
    }
}

const fn taken(taken: bool) -> Observed {
    if taken {
        Observed::Counted
    } else {
        Observed::Refused
    }
}

/// Harm shows within this time: a record's maturity, the feed's cadence, and the block it has to fill.
fn can_see_within_s(rule: &MetricRule, cadence_s: u32) -> u64 {
    let block_s = match rule.name.instrument() {
        Instrument::BlockBet => 60 * u64::from(rule.block_min.unwrap_or(1_440)),
        _ => 0,
    };
    u64::from(rule.maturity_s) + u64::from(cadence_s) + block_s
}

/// What a call says about a metric; nothing where it is in no population of it.
fn value_of(call: &Call, rule: &MetricRule) -> Option<f64> {
    let short = |wait_ms: u32| u64::from(wait_ms) < u64::from(rule.short_abandon_s) * 1_000;
    let bad = |bad: bool| Some(f64::from(u8::from(bad)));
    match (rule.name, call.outcome) {
        (_, Outcome::Waiting { .. }) => None,
        (
            MetricName::NotWithinThreshold | MetricName::Abandonment | MetricName::NeverAnswered,
            Outcome::Abandoned { wait_ms },
        ) => (!short(wait_ms)).then_some(1.0),
        (MetricName::NotWithinThreshold, Outcome::Answered { wait_ms }) => {
            bad(u64::from(wait_ms) > u64::from(rule.threshold_s) * 1_000)
        }
        (MetricName::Abandonment | MetricName::NeverAnswered, Outcome::Answered { .. }) => {
            bad(false)
        }
        (MetricName::NotWithinThreshold | MetricName::NeverAnswered, Outcome::Unserved) => {
            bad(true)
        }
        (MetricName::Transfer, _) => call.transferred.and_then(bad),
        (MetricName::HandleTime, _) => call.handle_ms.map(|ms| f64::from(ms) / 1_000.0),
        (MetricName::DispositionMix, _) => call.disposition.map(f64::from),
        _ => None,
    }
}

/// What is printed when rules are signed: how often what needs no margin would alarm by chance.
pub fn at_signing(signed: &SignedRules) -> Vec<String> {
    let mut says = Vec::new();
    for rule in &signed.rules().metrics {
        match rule.name.instrument() {
            Instrument::Sentinel => {
                let p = f64::from(rule.baseline) / 10_000.0;
                says.push(format!(
                    "{}: at the baseline one false alarm in about {:.0} re-triaged calls.",
                    rule.name,
                    evidence::sentinel_run_length(p)
                ));
            }
            Instrument::InverseShareBet if rule.spread_s.is_some() => says.push(format!(
                "{}: at the allowed mean one false trend in about {:.0} calls.",
                rule.name,
                evidence::trend_run_length()
            )),
            _ => {}
        }
        if rule.role == Role::Guardrail {
            says.push(format!(
                "{}: \"worse\" rolls back; harm shows within {} s of a call.",
                rule.name,
                can_see_within_s(rule, 0)
            ));
        }
    }
    says
}
