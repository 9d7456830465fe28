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
mod figures;
pub mod floors;
mod judge;
mod pending;
pub mod record;
mod say;
pub mod verdict;
mod weigh;

pub use assessment::{Action, Assessment, Situation};
pub use judge::{group_comparisons, is_harmed, judge};
pub use record::{Observed, Record};
pub use verdict::Verdict;
pub use weigh::value_of;

use crate::kpi::Ratio;
use crate::rules::{Instrument, Role, SignedRules};
use crate::sequences::quantile_interval::WaitQuantile;
use crate::sequences::sample_ratio::SampleRatio;
use assessment::Inputs;
use callers::Callers;
use conduct::Conduct;
use evidence::Evidence;
use feeds::Feeds;
use floors::FloorWatch;
use pending::Pending;
use record::{Arm, Beat, Call, FeedId, Outcome, Place, Reading};
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

    /// Takes rules that both have signed anew. Where what is measured changed, that is a new agreement with an α of its own:
    /// evidence begins afresh, and cool-down, floors and feeds go on. Where only floors or conduct changed, evidence stays.
    /// True: evidence began afresh.
    pub fn renew(&mut self, rules: SignedRules) -> bool {
        if self.rules.measures_as(&rules) {
            self.rules = rules;
            return false;
        }
        let old = std::mem::replace(self, Self::new(rules));
        self.now_us = old.now_us;
        self.floors = old.floors;
        self.conduct = old.conduct;
        if self.rules.rules().feeds == old.rules.rules().feeds {
            self.feeds = old.feeds;
        }
        true
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

    /// Whether "had we not moved" is told of each block: then a block waits for it, half an hour after it is mature at most.
    pub fn await_counterfactual(&mut self, awaits: bool) {
        for evidence in &mut self.evidence {
            evidence.await_counterfactual(awaits);
        }
    }

    fn observe_beat(&mut self, beat: Beat) -> Observed {
        taken(self.feeds.beat(beat))
    }

    fn observe_call(&mut self, call: &Call) -> Observed {
        if !self.is_possible(&call.place) {
            return Observed::Refused;
        }
        let place = &call.place;
        let floors = &self.rules.rules().floors;
        self.floors
            .add(place.arm, place.at_us, call.outcome, floors);
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
                .segments
                .into_iter()
                .flatten()
                .all(|segment| usize::from(segment) < segments)
    }

    /// Judges everything of a history that is complete until then: every feed has spoken, and the slowest metric is mature.
    pub(crate) fn assess_complete(&mut self, complete_us: i64) -> Assessment {
        let rules = self.rules.rules();
        let oldest_s = rules.metrics.iter().map(|metric| metric.maturity_s).max();
        let now_us = complete_us.saturating_add(i64::from(oldest_s.unwrap_or(0)) * 1_000_000);
        for feed in 0..u16::try_from(rules.feeds.len()).unwrap_or(0) {
            for arm in Arm::BOTH {
                let taken = self.observe(&Record::Beat(Beat {
                    feed: FeedId(feed),
                    arm,
                    complete_until_us: now_us,
                }));
                debug_assert_eq!(taken, Observed::Counted);
            }
        }
        self.assess(now_us, Situation::default())
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
            groups: self.group_inputs(),
        };
        judge(&self.rules, inputs, metrics, self.worse_off())
    }
}

const fn taken(taken: bool) -> Observed {
    if taken {
        Observed::Counted
    } else {
        Observed::Refused
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
                signed.rules().can_see_within_s(rule)
            ));
        }
    }
    let groups = group_comparisons(signed);
    if groups > 0 {
        says.push(format!(
            "Groups of callers: {groups} comparisons share {}; so large at most is the chance that any group is ever held for at a centre that keeps the limit for everybody, as far as one block's luck is not the next one's.",
            say::percent_bp(signed.rules().alpha_bp)
        ));
    }
    says.push(format!(
        "No step is over before {} s: the soak, and never less than the slowest guardrail needs to see harm.",
        signed.rules().soak_s()
    ));
    says
}
