//! Waits counted by value, so that a quantile over millions of calls is exact and its memory bounded.

use std::collections::BTreeMap;

/// Whole seconds up to here are counted in a flat array; also where coarse counting turns to minutes.
const DENSE_SECONDS: usize = 3_600;

/// A counting histogram of waits in whole milliseconds.
///
/// Exact while at most [`Waits::SPARSE_VALUES_MAX`] different values occur that are not whole seconds within the
/// hour (an export in whole seconds never leaves that range). Past it the sub-second part is rounded up to whole
/// seconds, above one hour to whole minutes, and [`Waits::is_exact`] turns false: quantiles are then at most one
/// second (one minute) too long, never too short.
#[derive(Debug, Clone, Default)]
pub struct Waits {
    seconds: Vec<u64>,
    other_ms: BTreeMap<u64, u64>,
    calls: u64,
    coarse: bool,
}

impl Waits {
    /// Distinct sub-second or over-an-hour values kept exactly: about 5 MB at worst.
    pub const SPARSE_VALUES_MAX: usize = 100_000;

    /// Counts one wait.
    pub fn add(&mut self, wait_ms: u64) {
        self.calls += 1;
        self.count(
            if self.coarse {
                coarsen(wait_ms)
            } else {
                wait_ms
            },
            1,
        );
        if self.other_ms.len() > Self::SPARSE_VALUES_MAX {
            self.coarsen();
        }
    }

    /// Counts all of `other`'s waits too; the result is the same in whatever parts and order waits were counted.
    pub fn merge(&mut self, other: &Self) {
        if other.coarse {
            self.coarsen();
        }
        self.calls += other.calls;
        for (wait_ms, calls) in other.values() {
            let wait_ms = if self.coarse {
                coarsen(wait_ms)
            } else {
                wait_ms
            };
            self.count(wait_ms, calls);
        }
        if self.other_ms.len() > Self::SPARSE_VALUES_MAX {
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        if self.coarse {
            return;
        }
        self.coarse = true;
        for (value_ms, calls) in std::mem::take(&mut self.other_ms) {
            self.count(coarsen(value_ms), calls);
        }
    }

    /// Waits with their counts, some of them none.
    fn values(&self) -> impl Iterator<Item = (u64, u64)> {
        let seconds = (0_u64..).map(|second| second * 1000);
        seconds
            .zip(self.seconds.iter().copied())
            .chain(self.other_ms.iter().map(|(value, calls)| (*value, *calls)))
            .filter(|(_, calls)| *calls > 0)
    }

    fn count(&mut self, wait_ms: u64, calls: u64) {
        let second = usize::try_from(wait_ms / 1000).unwrap_or(usize::MAX);
        if wait_ms.is_multiple_of(1000) && second <= DENSE_SECONDS {
            if self.seconds.len() <= second {
                self.seconds.resize(second + 1, 0);
            }
            self.seconds[second] += calls;
        } else {
            *self.other_ms.entry(wait_ms).or_default() += calls;
        }
    }

    /// Calls counted.
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// Whether every quantile is exact.
    pub const fn is_exact(&self) -> bool {
        !self.coarse
    }

    /// The shortest wait that at least `percent` of the calls did not exceed (nearest rank), in milliseconds.
    pub fn percentile_ms(&self, percent: u8) -> Option<u64> {
        let rank = (self.calls * u64::from(percent.min(100)))
            .div_ceil(100)
            .max(1);
        let mut values: Vec<(u64, u64)> = self.values().collect();
        values.sort_unstable();
        let mut seen = 0;
        values.into_iter().find_map(|(value_ms, calls)| {
            seen += calls;
            (seen >= rank).then_some(value_ms)
        })
    }
}

fn coarsen(wait_ms: u64) -> u64 {
    let seconds = wait_ms.div_ceil(1000);
    if seconds <= 3600 {
        seconds * 1000
    } else {
        seconds.div_ceil(60) * 60_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nearest_rank_on_a_handful() {
        let mut waits = Waits::default();
        assert_eq!(waits.percentile_ms(90), None);
        for second in 1..=10 {
            waits.add(second * 1000);
        }
        assert_eq!(waits.percentile_ms(90), Some(9_000));
        assert_eq!(waits.percentile_ms(91), Some(10_000));
        assert_eq!(waits.percentile_ms(0), Some(1_000));
        assert_eq!(waits.percentile_ms(100), Some(10_000));
    }

    proptest! {
        #[test]
        fn in_parts_or_whole_it_is_the_same(waits in prop::collection::vec(0_u64..20_000_000, 1..400), cut in 0_usize..400) {
            let count = |waits: &[u64]| {
                let mut counted = Waits::default();
                for wait in waits {
                    counted.add(*wait);
                }
                counted
            };
            let (a, b) = waits.split_at(cut.min(waits.len()));
            let mut merged = count(a);
            merged.merge(&count(b));
            let whole = count(&waits);
            prop_assert_eq!(merged.calls(), whole.calls());
            for percent in [0, 10, 50, 90, 99, 100] {
                prop_assert_eq!(merged.percentile_ms(percent), whole.percentile_ms(percent));
            }
        }
    }

    #[test]
    fn past_the_bound_it_says_so_and_errs_long_by_less_than_a_second() {
        let mut waits = Waits::default();
        let bound = u64::try_from(Waits::SPARSE_VALUES_MAX).unwrap();
        for value in 0..2 * bound {
            waits.add(value * 7 + 1);
        }
        assert!(!waits.is_exact());
        let exact = (2 * bound * 9 / 10 - 1) * 7 + 1;
        let shown = waits.percentile_ms(90).unwrap();
        assert!(
            (exact..exact + 1000).contains(&shown),
            "{shown} for {exact}"
        );
        assert!(waits.other_ms.len() < 100);
    }

    proptest! {
        #[test]
        fn agrees_with_sorting(mut values in prop::collection::vec(0_u64..5_000_000, 1..300), percent in 1_u8..=100) {
            let mut waits = Waits::default();
            for value in &mut values {
                if *value % 2 == 0 { *value -= *value % 1000; }
                waits.add(*value);
            }
            values.sort_unstable();
            let rank = (values.len() * usize::from(percent)).div_ceil(100).max(1);
            prop_assert_eq!(waits.percentile_ms(percent), Some(values[rank - 1]));
            prop_assert!(waits.is_exact());
        }
    }
}
