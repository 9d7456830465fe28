//! Rules as signed: checked, with every margin turned into the numbers the instruments use, once.

use super::{MetricRule, Rules};
use crate::guard::record::{MetricId, StratumId};
use serde::{Deserialize, Serialize};

/// One metric's margin in one stratum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Margin {
    /// Baseline bad share 0–1 (handle time: mean in seconds).
    pub baseline: f64,
    /// What is allowed: bad share 0–1 (handle time: mean in seconds).
    pub allowed: f64,
    /// allowed ÷ baseline, above 1.
    pub ratio: f64,
}

/// Rules that passed [`Rules::check`]; the only ones a guard takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SignedRules {
    rules: Rules,
    margins: Vec<Vec<Margin>>,
}

impl SignedRules {
    pub(super) fn new(rules: Rules) -> Self {
        let margins = rules
            .metrics
            .iter()
            .map(|metric| rules.strata.iter().map(|s| margin(metric, s)).collect())
            .collect();
        Self { rules, margins }
    }

    /// The rules as written.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The margin of a metric in a stratum.
    pub fn margin(&self, metric: MetricId, stratum: StratumId) -> Option<Margin> {
        let by_stratum = self.margins.get(usize::from(metric.0))?;
        by_stratum.get(usize::from(stratum.0)).copied()
    }

    /// Whether both measure the same in the same way, so that evidence under one is evidence under the other; floors, conduct
    /// and the agreement's name may differ.
    pub fn measures_as(&self, other: &Self) -> bool {
        let (a, b) = (&self.rules, &other.rules);
        let names = |r: &Rules| (r.strata.clone(), r.segments.clone(), r.dispositions.clone());
        let callers = |r: &Rules| {
            let c = &r.conduct;
            (c.redial_s, c.episode_s, c.caller_once_s)
        };
        a.alpha_bp == b.alpha_bp
            && a.metrics == b.metrics
            && a.feeds == b.feeds
            && names(a) == names(b)
            && callers(a) == callers(b)
    }

    /// α, 0–1.
    pub fn alpha(&self) -> f64 {
        f64::from(self.rules.alpha_bp) / 10_000.0
    }
}

fn margin(metric: &MetricRule, stratum: &str) -> Margin {
    let baseline = metric
        .baseline_by_stratum
        .get(stratum)
        .copied()
        .unwrap_or(metric.baseline);
    let share = f64::from(metric.margin_bp) / 10_000.0;
    let (baseline, allowed) = if metric.name.is_duration() {
        let mean_s = f64::from(baseline);
        (mean_s, mean_s * (1.0 + share))
    } else {
        let bad = f64::from(baseline) / 10_000.0;
        (bad, bad + share)
    };
    Margin {
        baseline,
        allowed,
        ratio: allowed / baseline,
    }
}
