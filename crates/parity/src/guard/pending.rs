//! Records wait here until their interval is mature, and leave in the order of the calls, not of their arrival.
//!
//! A centre that reports later than the other must not look better or worse for it: evidence is weighed up to the instant
//! before which both feeds are complete, and the order inside is that of time and key, so that arrival never matters.

use super::record::{Call, Reading};
use serde::{Deserialize, Serialize};

/// Records that may wait in one stream; a stream that is full is counted as late, and so shown.
const WAITING_MAX: usize = 1 << 18;

/// What has a time and a stable key.
pub(super) trait Timed: Copy {
    /// When its call was offered, and its key.
    fn order(&self) -> (i64, u64);
}

impl Timed for Call {
    fn order(&self) -> (i64, u64) {
        (self.place.at_us, self.key)
    }
}

impl Timed for Reading {
    fn order(&self) -> (i64, u64) {
        (self.place.at_us, self.key)
    }
}

/// One stream of records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Pending<T> {
    waiting: Vec<T>,
    mature_until_us: Option<i64>,
    late: u64,
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self {
            waiting: Vec::new(),
            mature_until_us: None,
            late: 0,
        }
    }
}

impl<T: Timed> Pending<T> {
    /// Takes a record in, unless its time has been judged already.
    pub(super) fn push(&mut self, record: T) -> bool {
        let judged = self
            .mature_until_us
            .is_some_and(|until| record.order().0 < until);
        if judged || self.waiting.len() >= WAITING_MAX {
            self.late += 1;
            return false;
        }
        self.waiting.push(record);
        true
    }

    /// Hands out everything before `until_us`, in order. Time only moves on.
    pub(super) fn mature(&mut self, until_us: i64) -> Vec<T> {
        let until_us = self
            .mature_until_us
            .map_or(until_us, |was| was.max(until_us));
        self.mature_until_us = Some(until_us);
        self.waiting.sort_unstable_by_key(Timed::order);
        let count = self
            .waiting
            .partition_point(|record| record.order().0 < until_us);
        let rest = self.waiting.split_off(count);
        std::mem::replace(&mut self.waiting, rest)
    }

    /// Records refused because they came too late.
    pub(super) const fn late(&self) -> u64 {
        self.late
    }
}
