//! One population of calls counted once: from it every KPI of §2.3 is read.

use crate::kpi::{Counts, float};
use crate::waits::Waits;
use serde::Serialize;
use std::fmt;

/// The two limits a contract sets: served within T, and a leave before S is a short abandon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Thresholds {
    threshold_ms: u64,
    short_abandon_ms: u64,
}

/// S was set longer than T, so "short" and "within" would contradict each other.
#[derive(Debug, PartialEq, Eq)]
pub struct ShortLongerThanThreshold;

impl fmt::Display for ShortLongerThanThreshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the short-abandon limit is longer than the threshold; set --short-abandon-s to at most --threshold-s",
        )
    }
}

impl std::error::Error for ShortLongerThanThreshold {}

impl Thresholds {
    /// T and S in seconds; S ≤ T.
    pub fn new(threshold_s: u32, short_abandon_s: u32) -> Result<Self, ShortLongerThanThreshold> {
        if short_abandon_s > threshold_s {
            return Err(ShortLongerThanThreshold);
        }
        Ok(Self {
            threshold_ms: u64::from(threshold_s) * 1000,
            short_abandon_ms: u64::from(short_abandon_s) * 1000,
        })
    }
}

/// Running counts of one population; add each offered call once.
#[derive(Debug, Clone)]
pub struct Tally {
    thresholds: Thresholds,
    counts: Counts,
    answered_waits: Waits,
    answered_wait_sum_ms: u64,
    longest_wait_ms: Option<u64>,
    handle_sum_ms: u64,
    handled: u64,
    wait_unknown: u64,
    handle_unknown: u64,
}

impl Tally {
    /// An empty population under these limits.
    pub fn new(thresholds: Thresholds) -> Self {
        Self {
            thresholds,
            counts: Counts::default(),
            answered_waits: Waits::default(),
            answered_wait_sum_ms: 0,
            longest_wait_ms: None,
            handle_sum_ms: 0,
            handled: 0,
            wait_unknown: 0,
            handle_unknown: 0,
        }
    }

    /// A call answered by a person after `wait_ms`, then handled (talk + hold + after-call work) for `handle_ms`.
    ///
    /// An unknown duration is left out of the mean it would have entered and counted as such, never taken as zero.
    pub fn answered(&mut self, wait_ms: Option<u64>, handle_ms: Option<u64>) {
        self.counts.answered += 1;
        if let Some(wait_ms) = wait_ms {
            self.counts.answered_within += u64::from(wait_ms <= self.thresholds.threshold_ms);
            self.answered_wait_sum_ms += wait_ms;
            self.answered_waits.add(wait_ms);
        }
        self.waited(wait_ms);
        match handle_ms {
            Some(handle_ms) => {
                self.handle_sum_ms += handle_ms;
                self.handled += 1;
            }
            None => self.handle_unknown += 1,
        }
    }

    /// A call its caller left after `wait_ms` in the human queue.
    pub fn abandoned(&mut self, wait_ms: Option<u64>) {
        self.counts.abandoned += 1;
        if let Some(wait_ms) = wait_ms {
            self.counts.abandoned_within += u64::from(wait_ms <= self.thresholds.threshold_ms);
            self.counts.short_abandoned += u64::from(wait_ms < self.thresholds.short_abandon_ms);
        }
        self.waited(wait_ms);
    }

    /// Adds another part of the same population, counted under the same limits.
    pub fn merge(&mut self, other: &Self) {
        self.counts.add(&other.counts);
        self.answered_waits.merge(&other.answered_waits);
        self.answered_wait_sum_ms += other.answered_wait_sum_ms;
        self.longest_wait_ms = self.longest_wait_ms.max(other.longest_wait_ms);
        self.handle_sum_ms += other.handle_sum_ms;
        self.handled += other.handled;
        self.wait_unknown += other.wait_unknown;
        self.handle_unknown += other.handle_unknown;
    }

    fn waited(&mut self, wait_ms: Option<u64>) {
        self.longest_wait_ms = self.longest_wait_ms.max(wait_ms);
        self.wait_unknown += u64::from(wait_ms.is_none());
    }

    /// The integers every ratio is made of.
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// ASA: mean wait of answered calls with a known wait, in seconds; abandoned calls are not in it.
    pub fn asa_s(&self) -> Option<f64> {
        mean_s(self.answered_wait_sum_ms, self.answered_waits.calls())
    }

    /// The wait that 90 % of answered calls did not exceed, in seconds.
    pub fn p90_wait_s(&self) -> Option<f64> {
        self.answered_waits.percentile_ms(90).map(seconds)
    }

    /// Whether [`Self::p90_wait_s`] is exact (see [`Waits`]).
    pub const fn p90_is_exact(&self) -> bool {
        self.answered_waits.is_exact()
    }

    /// The longest wait of any offered call, answered or abandoned, in seconds: averages hide it.
    pub fn longest_wait_s(&self) -> Option<f64> {
        self.longest_wait_ms.map(seconds)
    }

    /// AHT: mean of talk + hold + after-call work over answered calls whose handling is known, in seconds.
    pub fn aht_s(&self) -> Option<f64> {
        mean_s(self.handle_sum_ms, self.handled)
    }

    /// Offered calls whose wait is unknown: in A or B, in no wait figure.
    pub const fn wait_unknown(&self) -> u64 {
        self.wait_unknown
    }

    /// Answered calls whose handling time is unknown: in A, not in AHT.
    pub const fn handle_unknown(&self) -> u64 {
        self.handle_unknown
    }
}

fn seconds(ms: u64) -> f64 {
    float(ms) / 1000.0
}

fn mean_s(sum_ms: u64, calls: u64) -> Option<f64> {
    (calls > 0).then(|| seconds(sum_ms) / float(calls))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kpi::ServiceLevelFormula;

    fn tally() -> Tally {
        Tally::new(Thresholds::new(20, 5).unwrap())
    }

    #[test]
    fn limits_are_inclusive_for_within_and_exclusive_for_short() {
        let mut tally = tally();
        for wait_ms in [0, 20_000, 20_001] {
            tally.answered(Some(wait_ms), Some(60_000));
        }
        for wait_ms in [4_999, 5_000, 20_000, 21_000] {
            tally.abandoned(Some(wait_ms));
        }
        assert_eq!(
            *tally.counts(),
            Counts {
                answered: 3,
                abandoned: 4,
                answered_within: 2,
                abandoned_within: 3,
                short_abandoned: 1,
            }
        );
        assert_eq!(tally.longest_wait_s(), Some(21.0));
        assert_eq!(tally.p90_wait_s(), Some(20.001));
        assert_eq!(tally.aht_s(), Some(60.0));
    }

    #[test]
    fn unknown_is_neither_zero_nor_until_now() {
        let mut tally = tally();
        tally.answered(Some(10_000), Some(100_000));
        tally.answered(None, None);
        tally.abandoned(None);
        assert_eq!(tally.asa_s(), Some(10.0));
        assert_eq!(tally.aht_s(), Some(100.0));
        assert_eq!((tally.wait_unknown(), tally.handle_unknown()), (2, 1));
        assert_eq!(tally.counts().offered(), 3);
        let level = ServiceLevelFormula::SlAbandonNegative.ratio(tally.counts());
        assert_eq!((level.numerator, level.denominator), (1, 3));
    }

    #[test]
    fn an_empty_population_has_no_values() {
        let tally = tally();
        assert_eq!(tally.asa_s(), None);
        assert_eq!(tally.p90_wait_s(), None);
        assert_eq!(tally.longest_wait_s(), None);
        assert_eq!(tally.aht_s(), None);
    }

    #[test]
    fn short_may_not_outlast_the_threshold() {
        assert_eq!(Thresholds::new(5, 6), Err(ShortLongerThanThreshold));
    }
}
