//! What happened in one or many simulations.

use std::fmt;

#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) out: u64,
    pub(crate) home: u64,
    pub(crate) held: u64,
    pub(crate) cut_off: u64,
    pub(crate) presses: u64,
    pub(crate) complete: u64,
    pub(crate) incomplete: u64,
    pub(crate) crashes: u64,
    pub(crate) stops: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.out += other.out;
        self.home += other.home;
        self.held += other.held;
        self.cut_off += other.cut_off;
        self.presses += other.presses;
        self.complete += other.complete;
        self.incomplete += other.incomplete;
        self.crashes += other.crashes;
        self.stops += other.stops;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} calls out, {} home, {} held out while cut off, {} home by the cut-off; {} presses: {} complete, {} never \
             complete before the storm ended, 0 lost; {} crashes, {} standstills",
            self.out,
            self.home,
            self.held,
            self.cut_off,
            self.presses,
            self.complete,
            self.incomplete,
            self.crashes,
            self.stops
        )
    }
}
