//! How far one centre's clock runs ahead of another's, from the calls that both saw (`domain.md` §3.3, scenario 27).
//!
//! A call that one centre hands over ends there when it arrives at the other. Waits are taken within one centre and need
//! no correction; a caller's journey across both does.

use crate::error::CallsError;
use crate::read::{batches, damaged};
use crate::seal::Seal;
use crate::store::CallStore;
use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, RecordBatch};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Clocks further apart than this are not skewed but set wrong; an hour is a missed change of daylight saving.
const APART_US_MAX: i64 = 2 * 3_600 * 1_000_000;
/// Fewer calls leave the median without a 95 % interval.
const CALLS_MIN: usize = 6;
/// Two-sided 95 % of the normal distribution, for the ranks around a median.
const Z_95: f64 = 1.96;

/// One clock against another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Skew {
    /// How far the other clock is ahead, in milliseconds; negative when it is behind.
    pub ahead_ms: i64,
    /// Half the width of the distribution-free 95 % interval of that median, in milliseconds.
    pub plus_minus_ms: i64,
    /// Calls that both saw.
    pub calls: usize,
}

impl Skew {
    /// The median of the differences (there − here, milliseconds); nothing from fewer than six calls.
    pub fn of(mut differences_ms: Vec<i64>) -> Option<Self> {
        let calls = differences_ms.len();
        if calls < CALLS_MIN {
            return None;
        }
        differences_ms.sort_unstable();
        let median = differences_ms[calls / 2];
        #[expect(
            clippy::cast_precision_loss,
            reason = "counts of calls are far below 2^52"
        )]
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between nothing and half the calls"
        )]
        let ranks = ((calls as f64).sqrt() * Z_95 / 2.0).ceil() as usize;
        let low = differences_ms[(calls / 2).saturating_sub(ranks)];
        let high = differences_ms[(calls / 2 + ranks).min(calls - 1)];
        Some(Self {
            ahead_ms: median,
            plus_minus_ms: (median - low).max(high - median),
            calls,
        })
    }

    /// An instant of the other centre's log on our own clock.
    pub fn on_our_clock(&self, there: Timestamp) -> Timestamp {
        there
            .checked_sub(SignedDuration::from_millis(self.ahead_ms))
            .unwrap_or(there)
    }
}

/// The skew of source `there` against source `here`, from the calls that `here` transferred and `there` received.
///
/// Nothing where fewer than six calls can be paired beyond doubt: the same caller, once on each side within two hours.
pub fn skew(calls: &CallStore, here: &str, there: &str) -> Result<Option<Skew>, CallsError> {
    let (mut left, mut arrived) = (BTreeMap::new(), BTreeMap::new());
    for path in calls.parts(Some(here), Date::MIN..=Date::MAX)? {
        read((&path, &calls.seal), Side::HandsOver, &mut left)?;
    }
    for path in calls.parts(Some(there), Date::MIN..=Date::MAX)? {
        read((&path, &calls.seal), Side::Receives, &mut arrived)?;
    }
    Ok(Skew::of(differences_ms(&left, &arrived)))
}

/// When each caller was seen, in microseconds.
type Seen = BTreeMap<[u8; 32], Vec<i64>>;

fn differences_ms(left: &Seen, arrived: &Seen) -> Vec<i64> {
    let mut differences = Vec::new();
    for (caller, leaves) in left {
        let arrivals = arrived.get(caller).map_or(&[][..], Vec::as_slice);
        for at in leaves {
            let near = |other: &&i64| (**other - at).abs() <= APART_US_MAX;
            let beyond_doubt = leaves.iter().filter(near).count() == 1;
            let mut arrivals = arrivals.iter().filter(near);
            if let (true, Some(arrival), None) = (beyond_doubt, arrivals.next(), arrivals.next()) {
                differences.push((arrival - at) / 1_000);
            }
        }
    }
    differences
}

#[derive(Clone, Copy)]
enum Side {
    HandsOver,
    Receives,
}

fn read((path, seal): (&Path, &Seal), side: Side, seen: &mut Seen) -> Result<(), CallsError> {
    let time = match side {
        Side::HandsOver => "ended_at",
        Side::Receives => "arrived_at",
    };
    for batch in batches(path, &["caller_hash", "transfer_to", "is_test", time], seal)? {
        note(&batch?, side, time, seen)
            .ok_or_else(|| damaged(path, "a column is missing".into()))?;
    }
    Ok(())
}

fn note(batch: &RecordBatch, side: Side, time: &str, seen: &mut Seen) -> Option<()> {
    let callers = batch
        .column_by_name("caller_hash")?
        .as_fixed_size_binary_opt()?;
    let transfers = batch
        .column_by_name("transfer_to")?
        .as_string_opt::<i32>()?;
    let tests = batch.column_by_name("is_test")?.as_boolean_opt()?;
    let times = batch
        .column_by_name(time)?
        .as_primitive_opt::<TimestampMicrosecondType>()?;
    for row in 0..batch.num_rows() {
        let handed = matches!(side, Side::Receives) || transfers.is_valid(row);
        if !handed || tests.value(row) || callers.is_null(row) || times.is_null(row) {
            continue;
        }
        if let Ok(caller) = callers.value(row).try_into() {
            seen.entry(caller).or_default().push(times.value(row));
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_its_interval_shrug_off_a_few_wild_pairs() {
        let mut differences: Vec<i64> = (0..40).map(|n| 187_000 + (n % 5 - 2) * 1_000).collect();
        differences.extend([3_600_000, -500_000, 0]);
        let skew = Skew::of(differences).unwrap();
        assert_eq!((skew.ahead_ms, skew.calls), (187_000, 43));
        assert!((1..=2_000).contains(&skew.plus_minus_ms), "{skew:?}");
        let there: Timestamp = "2027-03-01T10:03:37Z".parse().unwrap();
        assert_eq!(skew.on_our_clock(there).to_string(), "2027-03-01T10:00:30Z");
    }

    #[test]
    fn five_calls_say_nothing() {
        assert_eq!(Skew::of(vec![1; 5]), None);
        assert!(Skew::of(vec![1; 6]).is_some());
    }

    #[test]
    fn a_caller_seen_twice_on_one_side_is_no_pair() {
        let s = 1_000_000;
        let left = Seen::from([
            ([1; 32], vec![0]),
            ([2; 32], vec![0, 60 * s]),
            ([3; 32], vec![0]),
        ]);
        let arrived = Seen::from([
            ([1; 32], vec![187 * s, 9_000 * s]),
            ([2; 32], vec![187 * s]),
            ([3; 32], vec![100 * s, 200 * s]),
        ]);
        assert_eq!(differences_ms(&left, &arrived), [187_000]);
    }
}
