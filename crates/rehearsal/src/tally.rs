//! What callers lived through in one run: counts by type, by group of callers, by hour.

use serde::Serialize;

/// What became of some calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Calls that reached a queue.
    pub offered: u64,
    /// Callers who hung up, however soon.
    pub abandoned: u64,
    /// Callers who waited longer than the agreed long wait, those who hung up after it too.
    pub long_wait: u64,
    /// Callers who waited longer than ten minutes.
    pub very_long_wait: u64,
}

/// One hour of the calendar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hour {
    pub(crate) offered: u32,
    pub(crate) abandoned: u32,
    /// Triage callers who hung up or waited long.
    pub(crate) triage_harm: u32,
    /// Calls answered or given up at the outsourcer.
    pub(crate) outsourced: u32,
}

/// One run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) all: Count,
    pub(crate) by_route: Vec<Count>,
    pub(crate) by_segment: Vec<Count>,
    pub(crate) hours: Vec<Hour>,
}

/// A call that left its queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    pub(crate) abandoned: bool,
    pub(crate) long: bool,
    pub(crate) very_long: bool,
}

impl Count {
    fn add(&mut self, left: Left) {
        self.offered += 1;
        self.abandoned += u64::from(left.abandoned);
        self.long_wait += u64::from(left.long);
        self.very_long_wait += u64::from(left.very_long);
    }
}

impl Tally {
    pub(crate) fn new(routes: usize, segments: usize, hours: usize) -> Self {
        Self {
            all: Count::default(),
            by_route: vec![Count::default(); routes],
            by_segment: vec![Count::default(); segments],
            hours: vec![Hour::default(); hours],
        }
    }

    pub(crate) fn add(&mut self, route: usize, segment: usize, left: Left) {
        self.all.add(left);
        self.by_route[route].add(left);
        self.by_segment[segment].add(left);
    }
}
