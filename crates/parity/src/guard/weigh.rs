//! From mature records to evidence: attempts, populations, whose event it was.

use super::Guard;
use super::record::{Arm, Call, MetricId, Outcome, Place, Reading};
use crate::rules::{Instrument, MetricName, MetricRule};

impl Guard {
    /// Weighs everything that has become mature.
    pub(super) fn weigh(&mut self) {
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
    pub(super) fn reads_calls(&self, metric: usize) -> bool {
        let rule = &self.rules.rules().metrics[metric];
        !rule.name.is_score() && rule.name.instrument() != Instrument::Sentinel
    }

    /// Everything offered before this instant is known and old enough, for a metric.
    pub(super) fn mature_until_us(&self, metric: usize) -> Option<i64> {
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
        for segment in place.segments.into_iter().flatten() {
            let row = usize::from(segment) * self.evidence.len() + metric;
            if let Some(cell) = self.segments.get_mut(row) {
                let arm = 2 * place.arm.index();
                cell[arm] += u64::from(value >= 0.5);
                cell[arm + 1] += 1;
            }
        }
    }
}

/// What a call says about a metric; nothing where it is in no population of it.
pub fn value_of(call: &Call, rule: &MetricRule) -> Option<f64> {
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
