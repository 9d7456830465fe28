//! Rows of a file judged by signed rules, as the guard would have: `segue parity check`.

use crate::guard::assessment::{Interval, MetricVerdict};
use crate::guard::record::{Arm, MetricId, Place, Reading};
use crate::guard::{Guard, Observed, Record, Verdict};
use crate::kpi::Ratio;
use crate::rules::{MetricName, Role, SignedRules, UnknownMetric};
use serde::Serialize;
use thiserror::Error;

/// Rows one check may hold: about a gigabyte.
pub const ROWS_MAX: usize = 16_000_000;
/// Rows told to the guard between two looks.
const ROWS_A_LOOK: usize = 100_000;

/// One row, as it stands in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row<'a> {
    /// When the call was offered (UTC, microseconds).
    pub at_us: i64,
    /// `in_house` or `outsourced`.
    pub arm: &'a str,
    /// π: the chance with which the split in force sent the call out, 0–1.
    pub propensity: f64,
    /// A stratum of the rules.
    pub stratum: &'a str,
    /// A metric of the rules.
    pub metric: &'a str,
    /// Rates: 1 bad, 0 good. Scores: 0–1, higher is better. Handle time: seconds. Mix: the place of the outcome level.
    pub value: f64,
}

/// Why a row cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RowFault {
    /// An arm nobody knows.
    #[error("the arm is \"{0}\"; write in_house or outsourced")]
    Arm(String),
    /// A propensity that is no chance.
    #[error(
        "the propensity {0} is no share from 0 to 1; log the routing share in force with each call"
    )]
    Propensity(String),
    /// A stratum the rules do not have.
    #[error("the rules have no stratum \"{0}\"; add it to strata, or name one that is there")]
    Stratum(String),
    /// A metric nobody knows.
    #[error("{0}")]
    Name(String),
    /// A metric the rules do not have.
    #[error("the rules do not judge {0}; a new metric is a new agreement")]
    Metric(MetricName),
    /// A value that cannot be.
    #[error("{metric} cannot be {value}; rates are 0 or 1, scores 0 to 1, handle times seconds")]
    Value {
        /// The metric.
        metric: MetricName,
        /// The value as written.
        value: String,
    },
    /// More rows than one check holds.
    #[error("more than {ROWS_MAX} rows; check one chunk or quarter at a time")]
    TooMany,
}

impl From<UnknownMetric> for RowFault {
    fn from(unknown: UnknownMetric) -> Self {
        Self::Name(unknown.to_string())
    }
}

/// A check under way.
#[derive(Debug)]
pub struct Check {
    guard: Guard,
    readings: Vec<Reading>,
}

/// One metric's line of the report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricLine {
    /// Which.
    pub name: MetricName,
    /// What it may do.
    pub role: Role,
    /// The verdict.
    pub verdict: Verdict,
    /// e-value against "not worse than equal"; 1/α or more proves worse.
    pub e_harm: f64,
    /// e-value against "worse than the margin"; 1/α or more proves not worse.
    pub e_noninferior: f64,
    /// Interval, anytime-valid but for means (asymptotic there): ratio of rates, difference of means, or bad share of blocks.
    pub interval: Option<Interval>,
    /// Values of both arms.
    pub calls: u64,
    /// In-house, bad of all.
    pub in_house: Ratio,
    /// Outsourced, bad of all.
    pub outsourced: Ratio,
    /// The verdict in a sentence.
    pub says: String,
}

/// What a file proves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CheckReport {
    /// Line by metric, in the order of the rules.
    pub metrics: Vec<MetricLine>,
    /// The verdict of all together.
    pub verdict: Verdict,
}

impl Check {
    /// A check by these rules.
    pub fn new(rules: SignedRules) -> Self {
        Self {
            guard: Guard::new(rules),
            readings: Vec::new(),
        }
    }

    /// One row, in any order.
    ///
    /// # Errors
    /// [`RowFault`] says what to write instead.
    pub fn add(&mut self, row: &Row<'_>) -> Result<(), RowFault> {
        if self.readings.len() >= ROWS_MAX {
            return Err(RowFault::TooMany);
        }
        let signed = self.guard.rules();
        let arm = match row.arm {
            "in_house" => Arm::InHouse,
            "outsourced" => Arm::Outsourced,
            other => return Err(RowFault::Arm(short(other))),
        };
        let pi_bp = basis_points(row.propensity)
            .ok_or_else(|| RowFault::Propensity(row.propensity.to_string()))?;
        let stratum = signed
            .rules()
            .stratum(row.stratum)
            .ok_or_else(|| RowFault::Stratum(short(row.stratum)))?;
        let name: MetricName = row.metric.parse()?;
        let metric: MetricId = signed.rules().metric(name).ok_or(RowFault::Metric(name))?;
        if !name.allows(row.value) {
            return Err(RowFault::Value {
                metric: name,
                value: row.value.to_string(),
            });
        }
        self.readings.push(Reading {
            key: self.readings.len() as u64,
            place: Place {
                at_us: row.at_us,
                arm,
                pi_bp,
                caller: None,
                stratum,
                segments: [None; 3],
            },
            metric,
            value: row.value,
        });
        Ok(())
    }

    /// The verdicts, as of the last row: every feed counts as complete up to there.
    pub fn finish(mut self) -> CheckReport {
        self.readings.sort_by_key(|reading| reading.place.at_us);
        let readings = std::mem::take(&mut self.readings);
        for rows in readings.chunks(ROWS_A_LOOK) {
            for reading in rows {
                // Every row was checked when it came; what the guard refuses now is none.
                let taken = self.guard.observe(&Record::Reading(*reading));
                debug_assert_eq!(taken, Observed::Counted, "{reading:?}");
            }
            if let Some(last) = rows.last() {
                self.guard.assess_complete(last.place.at_us);
            }
        }
        let end_us = readings.last().map_or(0, |last| last.place.at_us + 1);
        let assessment = self.guard.assess_complete(end_us);
        CheckReport {
            verdict: assessment.verdict,
            metrics: assessment.metrics.into_iter().map(line).collect(),
        }
    }
}

fn line(metric: MetricVerdict) -> MetricLine {
    MetricLine {
        name: metric.name,
        role: metric.role,
        verdict: metric.verdict,
        e_harm: e_value(metric.inputs.log_e_harm),
        e_noninferior: e_value(metric.inputs.log_e_noninferior),
        interval: metric.inputs.interval,
        calls: metric.inputs.in_house.denominator + metric.inputs.outsourced.denominator,
        in_house: metric.inputs.in_house,
        outsourced: metric.inputs.outsourced,
        says: metric.says,
    }
}

/// An e-value as a number JSON can hold.
fn e_value(log_e: f64) -> f64 {
    log_e.exp().min(1e300)
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to lie in 0–1 first"
)]
fn basis_points(share: f64) -> Option<u16> {
    (0.0..=1.0)
        .contains(&share)
        .then(|| (share * 10_000.0).round() as u16)
}
