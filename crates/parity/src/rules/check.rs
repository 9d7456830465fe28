//! What is wrong with rules before anybody signs them: every fault at once, each with its next step.

use super::{Instrument, MetricRule, Role, Rules, SignedRules};
use std::collections::BTreeSet;
use thiserror::Error;

/// Strata, metrics, segments and feeds one agreement may have: what a guard keeps is bounded by them.
const STRATA_MAX: usize = 2_016;
const METRICS_MAX: usize = 32;
const SEGMENTS_MAX: usize = 64;
const FEEDS_MAX: usize = 32;
const DISPOSITIONS_MAX: usize = 40;

/// One thing that keeps rules from being signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RuleFault {
    /// α outside 0.01–10 %.
    #[error(
        "alpha_bp is {0}; the chance of rolling back an equal centre is 1 to 1000 basis points"
    )]
    Alpha(u32),
    /// No metric, or too many.
    #[error("{what}: {count}, and 1 to {max} are possible; split the agreement by chunk")]
    Count {
        /// What there are too many or none of.
        what: &'static str,
        /// How many.
        count: usize,
        /// The bound.
        max: usize,
    },
    /// The same name twice.
    #[error("{what} \"{name}\" is there twice; keep one")]
    Twice {
        /// What kind of name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A Guardrail or Gate without a feed.
    #[error("{0} is a guardrail or gate without a feed; name its feed, or make it a signal")]
    NoFeed(String),
    /// A feed nobody declared.
    #[error("{metric} names the feed \"{feed}\", which is not in feeds; add it with its cadence_s")]
    UnknownFeed {
        /// The metric.
        metric: String,
        /// The feed.
        feed: String,
    },
    /// A cadence of zero.
    #[error("feed \"{0}\" has cadence_s 0; a feed that never has to speak cannot be missed")]
    NoCadence(String),
    /// A Guardrail or Gate whose margin nobody showed to be provable.
    #[error(
        "MARGIN_UNPROVABLE: {0} is a guardrail or gate without provable_in_days; ask `segue parity budget` what this volume can prove"
    )]
    Unprovable(String),
    /// A margin of nothing.
    #[error("{0} has margin_bp 0; an equal centre could never pass, agree a margin")]
    NoMargin(String),
    /// A baseline from which no ratio can be made.
    #[error(
        "{metric}: a baseline of {baseline} plus the margin is no share between 0 and 1; correct the baseline"
    )]
    Baseline {
        /// The metric.
        metric: String,
        /// The baseline as written.
        baseline: u32,
    },
    /// A load-driven metric without its target.
    #[error(
        "{0} is load-driven and has no target_bp; it is judged against the signed target, never against an emptied centre alone"
    )]
    NoTarget(String),
    /// A block that does not divide the day.
    #[error(
        "{metric}: block_min {minutes} does not divide a day; use 60, 120, 180 or leave it out for whole days"
    )]
    Block {
        /// The metric.
        metric: String,
        /// The length as written.
        minutes: u32,
    },
    /// S longer than T.
    #[error("{0}: short_abandon_s is longer than threshold_s; short must end before served does")]
    ShortLongerThanThreshold(String),
    /// A role its instrument must not have.
    #[error("{metric} cannot be a {role}: {why}")]
    Role {
        /// The metric.
        metric: String,
        /// The role as written.
        role: &'static str,
        /// Why not.
        why: &'static str,
    },
    /// A stratum nobody declared.
    #[error(
        "{metric} has a baseline for the stratum \"{stratum}\", which is not in strata; add it or drop it"
    )]
    UnknownStratum {
        /// The metric.
        metric: String,
        /// The stratum.
        stratum: String,
    },
    /// A step that could be over before harm shows.
    #[error(
        "conduct.soak_s is {soak_s}, and the slowest guardrail sees harm only within {slowest_s} s; agree at least that, or leave soak_s out"
    )]
    SoakTooShort {
        /// As written.
        soak_s: u32,
        /// What the slowest guardrail takes.
        slowest_s: u64,
    },
    /// The mix of outcome levels without their names.
    #[error("disposition_mix needs at least two dispositions, most urgent first")]
    NoDispositions,
}

/// Every fault of one set of rules.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the rules cannot be signed: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct RuleFaults(pub Vec<RuleFault>);

impl Rules {
    /// Checks all of it and fixes every margin's ratio.
    ///
    /// # Errors
    /// Every fault found, in the order of the file.
    pub fn check(self) -> Result<SignedRules, RuleFaults> {
        let mut faults = Vec::new();
        if !(1..=1_000).contains(&self.alpha_bp) {
            faults.push(RuleFault::Alpha(self.alpha_bp));
        }
        self.counts(&mut faults);
        self.names(&mut faults);
        for feed in self.feeds.iter().filter(|feed| feed.cadence_s == 0) {
            faults.push(RuleFault::NoCadence(feed.name.clone()));
        }
        for metric in &self.metrics {
            self.role(metric, &mut faults);
            self.numbers(metric, &mut faults);
        }
        let (soak_s, slowest_s) = (self.conduct.soak_s, self.slowest_guardrail_s());
        if soak_s > 0 && u64::from(soak_s) < slowest_s {
            faults.push(RuleFault::SoakTooShort { soak_s, slowest_s });
        }
        if faults.is_empty() {
            Ok(SignedRules::new(self))
        } else {
            Err(RuleFaults(faults))
        }
    }

    fn counts(&self, faults: &mut Vec<RuleFault>) {
        let counted = [
            ("metrics", self.metrics.len(), 1, METRICS_MAX),
            ("strata", self.strata.len(), 1, STRATA_MAX),
            ("segments", self.segments.len(), 0, SEGMENTS_MAX),
            ("feeds", self.feeds.len(), 0, FEEDS_MAX),
            ("dispositions", self.dispositions.len(), 0, DISPOSITIONS_MAX),
        ];
        for (what, count, min, max) in counted {
            if count < min || count > max {
                faults.push(RuleFault::Count { what, count, max });
            }
        }
    }

    fn names(&self, faults: &mut Vec<RuleFault>) {
        let metrics: Vec<String> = self.metrics.iter().map(|m| m.name.to_string()).collect();
        let feeds: Vec<String> = self.feeds.iter().map(|f| f.name.clone()).collect();
        let all = [
            ("metric", &metrics),
            ("stratum", &self.strata),
            ("segment", &self.segments),
            ("feed", &feeds),
            ("disposition", &self.dispositions),
        ];
        for (what, names) in all {
            let mut seen = BTreeSet::new();
            for name in names.iter().filter(|name| !seen.insert(name.as_str())) {
                let name = name.clone();
                faults.push(RuleFault::Twice { what, name });
            }
        }
    }

    fn role(&self, metric: &MetricRule, faults: &mut Vec<RuleFault>) {
        let name = metric.name.to_string();
        let decides = matches!(metric.role, Role::Guardrail | Role::Gate);
        match &metric.feed {
            None if decides => faults.push(RuleFault::NoFeed(name.clone())),
            Some(feed) if self.feed(feed).is_none() => faults.push(RuleFault::UnknownFeed {
                metric: name.clone(),
                feed: feed.clone(),
            }),
            _ => {}
        }
        if decides && metric.provable_in_days.is_none() {
            faults.push(RuleFault::Unprovable(name.clone()));
        }
        let why = match metric.name.instrument() {
            Instrument::Drift if decides => {
                Some("a mix of outcomes shows drift, not harm; make it a signal")
            }
            Instrument::Sentinel if decides => {
                Some("a sample finds rare harm but proves no margin; make it a signal")
            }
            _ => None,
        };
        if let Some(why) = why {
            faults.push(RuleFault::Role {
                metric: name,
                role: "guardrail or gate",
                why,
            });
        }
        if metric.name.instrument() == Instrument::Drift && self.dispositions.len() < 2 {
            faults.push(RuleFault::NoDispositions);
        }
    }

    fn numbers(&self, metric: &MetricRule, faults: &mut Vec<RuleFault>) {
        let name = metric.name.to_string();
        for stratum in metric.baseline_by_stratum.keys() {
            if self.stratum(stratum).is_none() {
                faults.push(RuleFault::UnknownStratum {
                    metric: name.clone(),
                    stratum: stratum.clone(),
                });
            }
        }
        if metric.name.instrument() == Instrument::Drift {
            return;
        }
        if metric.margin_bp == 0 {
            faults.push(RuleFault::NoMargin(name.clone()));
        }
        let baselines = metric
            .baseline_by_stratum
            .values()
            .chain([&metric.baseline]);
        for &baseline in baselines {
            let share = !metric.name.is_duration();
            if baseline == 0 || (share && baseline.saturating_add(metric.margin_bp) >= 10_000) {
                let metric = name.clone();
                faults.push(RuleFault::Baseline { metric, baseline });
            }
        }
        if metric.short_abandon_s > metric.threshold_s {
            faults.push(RuleFault::ShortLongerThanThreshold(name.clone()));
        }
        if metric.name.instrument() == Instrument::BlockBet {
            if !metric.target_bp.is_some_and(|bp| (1..10_000).contains(&bp)) {
                faults.push(RuleFault::NoTarget(name.clone()));
            }
            if let Some(minutes) = metric.block_min
                && (minutes == 0 || 1_440 % minutes != 0)
            {
                let metric = name;
                faults.push(RuleFault::Block { metric, minutes });
            }
        }
    }
}
