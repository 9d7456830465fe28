//! Means of per-call quality: handle time, satisfaction, quality reviews.

use super::Reading;
use crate::guard::record::{Arm, Place};
use crate::kpi::float;
use crate::rules::{Margin, MetricRule, SignedRules};
use crate::sequences::betting_interval::BettingInterval;
use crate::sequences::cusum::Cusum;
use crate::sequences::mean_bet::MeanBet;
use serde::{Deserialize, Serialize};

/// Handle times count up to this multiple of the stratum's baseline: one stuck call decides nothing.
const LONGEST_OF_BASELINE: f64 = 4.0;
/// Handle times averaged to one point of the trend, k and h of its sum: on average one false alarm in 930 points when
/// the mean is exactly what is allowed (`cusum::normal_run_length`).
const TREND_CALLS: u32 = 10;
const TREND_K: f64 = 0.5;
const TREND_H: f64 = 5.0;

/// The trend of outsourced handle times above what is allowed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Trend {
    spread_s: f64,
    sum: f64,
    calls: u32,
    cusum: Cusum,
    alarmed_us: Option<i64>,
}

impl Trend {
    fn add(&mut self, at_us: i64, seconds: f64, margin: Margin) {
        self.sum += ((seconds - margin.allowed) / self.spread_s).clamp(-4.0, 4.0);
        self.calls += 1;
        if self.calls == TREND_CALLS {
            let z = self.sum / f64::from(TREND_CALLS).sqrt();
            if self.cusum.add(z - TREND_K, TREND_H) {
                self.alarmed_us = Some(at_us);
            }
            (self.sum, self.calls) = (0.0, 0);
        }
    }
}

/// Evidence on one mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Scores {
    bet: MeanBet,
    duration: bool,
    outsourced: Option<BettingInterval>,
    floor: f64,
    trend: Option<Trend>,
    /// Seconds that the value 1 stands for in the first stratum; 1 for scores.
    unit: f64,
}

impl Scores {
    pub(super) fn new(rule: &MetricRule, signed: &SignedRules) -> Self {
        let duration = rule.name.is_duration();
        let trend = rule.spread_s.filter(|_| duration).map(|spread_s| Trend {
            spread_s: f64::from(spread_s.max(1)),
            sum: 0.0,
            calls: 0,
            cusum: Cusum::default(),
            alarmed_us: None,
        });
        Self {
            bet: MeanBet::default(),
            duration,
            outsourced: (!duration).then(|| BettingInterval::new(signed.alpha())),
            floor: f64::from(rule.floor_bp.unwrap_or(0)) / 10_000.0,
            trend,
            unit: if duration {
                LONGEST_OF_BASELINE * f64::from(rule.baseline)
            } else {
                1.0
            },
        }
    }

    /// What a value adds to the plain figure: seconds, or the percent missing from a full score.
    pub(super) fn whole(&self, value: f64) -> f64 {
        if self.duration {
            value
        } else {
            100.0 * (1.0 - value)
        }
    }

    /// One value: seconds, or a score from 0 to 1.
    pub(super) fn add(&mut self, pi: f64, place: &Place, value: f64, margin: Margin) {
        let out = place.arm == Arm::Outsourced;
        let allowed = margin.allowed - margin.baseline;
        if self.duration {
            let longest = LONGEST_OF_BASELINE * margin.baseline;
            self.bet.add(
                pi,
                out,
                (value / longest).clamp(0.0, 1.0),
                allowed / longest,
            );
        } else {
            self.bet.add(pi, out, 1.0 - value.clamp(0.0, 1.0), allowed);
        }
        if !out {
            return;
        }
        if let Some(interval) = &mut self.outsourced {
            interval.add(value.clamp(0.0, 1.0));
        }
        if let Some(trend) = &mut self.trend {
            trend.add(place.at_us, value, margin);
        }
    }

    pub(super) fn read(&self, alpha: f64, since_us: i64) -> Reading {
        let below_floor = self
            .outsourced
            .as_ref()
            .is_some_and(|outsourced| self.floor > 0.0 && outsourced.interval().1 < self.floor);
        let trend = self.trend.as_ref().and_then(|trend| trend.alarmed_us);
        Reading {
            weight_of_evidence: self.bet.values(),
            log_e_harm: self.bet.log_e_harm(),
            log_e_beyond_margin: self.bet.log_e_beyond_margin(),
            log_e_noninferior: self.bet.log_e_noninferior(),
            estimate_beyond_margin: self.bet.beyond_margin(),
            interval: self
                .bet
                .interval(alpha)
                .map(|(lower, upper)| (lower * self.unit, upper * self.unit)),
            alarm: below_floor || trend.is_some_and(|at_us| at_us >= since_us),
        }
    }
}

/// Calls between false alarms of the handle-time trend when the mean is exactly what is allowed; printed at signing.
pub(in crate::guard) fn trend_run_length() -> f64 {
    crate::sequences::cusum::normal_run_length(TREND_K, TREND_H, 0.0)
        * float(u64::from(TREND_CALLS))
}
