//! What an assessment shows: each metric's inputs, waits, and who did worse.

use super::Guard;
use super::assessment::{GroupInputs, Interval, MetricInputs, SegmentFigure, WaitFigure};
use super::record::Arm;
use crate::kpi::Ratio;
use crate::rules::{Instrument, Role};

impl Guard {
    pub(super) fn metric_inputs(&self, step_began_us: i64) -> Vec<MetricInputs> {
        let alpha = self.rules.alpha();
        let rules = self.rules.rules();
        let metrics = rules.metrics.iter().zip(&self.evidence).enumerate();
        metrics
            .map(|(metric, (rule, evidence))| {
                let read = evidence.read(alpha, step_began_us);
                let feed = rule.feed.as_ref().and_then(|feed| rules.feed(feed));
                let cadence_s = rules.cadence_s(rule);
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
                    stale: feed.is_some_and(|feed| {
                        self.feeds
                            .is_stale(feed, cadence_s, step_began_us, self.now_us)
                    }),
                    alarm: read.alarm,
                    knowledge_as_of_us: self.mature_until_us(metric),
                    can_see_harm_within_s: rules.can_see_within_s(rule),
                    late: self.readings[metric].late() + late_calls,
                }
            })
            .collect()
    }

    pub(super) fn wait_figures(&self) -> Vec<WaitFigure> {
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

    /// Every group of callers on every load-driven guardrail.
    pub(super) fn group_inputs(&self) -> Vec<GroupInputs> {
        let rules = self.rules.rules().metrics.iter().zip(&self.evidence);
        let guardrails = rules.filter(|(rule, _)| rule.role == Role::Guardrail);
        guardrails
            .flat_map(|(rule, evidence)| {
                evidence.groups().into_iter().map(|group| GroupInputs {
                    segment: group.segment,
                    metric: rule.name,
                    outsourced: group.outsourced,
                    blocks: group.blocks,
                    log_e_beyond_limit: group.log_e_beyond_limit,
                    beyond_limit: group.beyond_limit,
                    is_small: group.is_small,
                })
            })
            .collect()
    }

    /// Segments whose outsourced share is above their in-house share, the largest gap first.
    pub(super) fn worse_off(&self) -> Vec<SegmentFigure> {
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
