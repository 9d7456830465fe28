//! The interface of verdicts, and the agreed floors behind it (`statistics.md`, Verdicts 6): fast harm, caught without
//! statistics. What breaks a floor is asked of the code the guard asks.

use segue_parity::guard::floors::{FloorInterval, broken_in};
use segue_parity::rules::FloorRules;
use serde::Serialize;

pub use segue_parity::guard::assessment::Floor;

/// What became of a chunk's calls at the outsourcer in one 15-minute interval, as far as it is known at its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interval {
    /// Answered or hung up.
    pub offered: u32,
    /// Answered within the threshold.
    pub answered_within: u32,
    /// Hung up.
    pub abandoned: u32,
    /// The longest wait of a call that ended or still waits, seconds.
    pub longest_wait_s: u32,
}

impl Interval {
    fn counted(self) -> FloorInterval {
        FloorInterval {
            offered: self.offered,
            within: self.answered_within,
            answered: self.offered.saturating_sub(self.abandoned),
            abandoned: self.abandoned,
            longest_wait_ms: self.longest_wait_s.saturating_mul(1_000),
        }
    }
}

/// What is thought of a chunk after an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is broken.
    Pass,
    /// A floor is broken: home.
    Fail(Floor),
    /// No records: never good, never a reason to go home. Nothing goes forward.
    NoData,
}

/// Judges a chunk, interval after interval.
pub trait Verdicts {
    /// The verdict after an interval; `None` when its records did not come.
    fn assess(&mut self, seen: Option<Interval>) -> Verdict;
}

/// The floors as both parties signed them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Floors {
    /// Calls in the window before service level and abandonment count.
    pub offered_min: u32,
    /// Bad ones among them: hung up, or not in time.
    pub bad_min: u32,
    /// Percent in time below which an interval is bad.
    pub service_level_percent: u32,
    /// Percent of hang-ups in the window above which it is bad.
    pub abandoned_percent: u32,
    /// The longest wait, seconds.
    pub longest_wait_s: u32,
    /// Calls of which none was answered in 15 minutes.
    pub none_answered_of: u32,
}

impl Default for Floors {
    fn default() -> Self {
        Self {
            offered_min: 10,
            bad_min: 5,
            service_level_percent: 50,
            abandoned_percent: 15,
            longest_wait_s: 600,
            none_answered_of: 5,
        }
    }
}

impl Floors {
    fn rules(self) -> FloorRules {
        FloorRules {
            offered_min: self.offered_min,
            bad_min: self.bad_min,
            service_level_bp: self.service_level_percent.saturating_mul(100),
            abandonment_bp: self.abandoned_percent.saturating_mul(100),
            longest_wait_s: self.longest_wait_s,
            none_answered_of: self.none_answered_of,
            ..FloorRules::default()
        }
    }
}

/// [`Floors`] over the intervals of one chunk, two at a time.
#[derive(Clone, Debug, Default)]
pub struct AgreedFloors {
    floors: Floors,
    before: Interval,
}

impl AgreedFloors {
    /// Judges by these floors.
    pub fn new(floors: Floors) -> Self {
        Self {
            floors,
            before: Interval::default(),
        }
    }
}

impl Verdicts for AgreedFloors {
    fn assess(&mut self, seen: Option<Interval>) -> Verdict {
        let Some(now) = seen else {
            // What was seen before the silence is no neighbour of what comes after it.
            self.before = Interval::default();
            return Verdict::NoData;
        };
        let before = std::mem::replace(&mut self.before, now);
        let broken = broken_in(before.counted(), now.counted(), &self.floors.rules());
        broken
            .first()
            .map_or(Verdict::Pass, |floor| Verdict::Fail(*floor))
    }
}

/// The floor in words.
pub(crate) fn words(floor: Floor) -> &'static str {
    match floor {
        Floor::ServiceLevel => "too few answered in time in two quarters of an hour running",
        Floor::Abandonment => "too many hung up within 30 minutes",
        Floor::LongestWait => "a caller waited too long",
        Floor::NoneAnswered => "nobody was answered in a quarter of an hour",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(offered: u32, answered_within: u32, abandoned: u32, longest_wait_s: u32) -> Interval {
        Interval {
            offered,
            answered_within,
            abandoned,
            longest_wait_s,
        }
    }

    #[test]
    fn each_floor_breaks_just_beyond_its_number() {
        use Floor::{Abandonment, LongestWait, ServiceLevel};
        let fail = Verdict::Fail;
        let pass = Verdict::Pass;
        let twice = |interval| (Some(interval), Some(interval));
        let cases = [
            (
                "half in time twice is no harm",
                twice(seen(10, 5, 0, 0)),
                pass,
            ),
            (
                "below half once is no harm",
                (Some(seen(10, 9, 0, 0)), Some(seen(10, 2, 0, 0))),
                pass,
            ),
            (
                "below half twice",
                twice(seen(10, 4, 0, 0)),
                fail(ServiceLevel),
            ),
            (
                "too few calls",
                (Some(seen(4, 0, 2, 0)), Some(seen(5, 0, 3, 0))),
                pass,
            ),
            ("ten calls, too few bad ones", twice(seen(5, 3, 2, 0)), pass),
            ("15 % is no harm", twice(seen(20, 16, 3, 0)), pass),
            (
                "above 15 %",
                (Some(seen(20, 16, 4, 0)), Some(seen(20, 16, 3, 0))),
                fail(Abandonment),
            ),
            (
                "ten minutes are no harm",
                (None, Some(seen(1, 0, 0, 600))),
                pass,
            ),
            (
                "one caller beyond",
                (None, Some(seen(1, 0, 0, 601))),
                fail(LongestWait),
            ),
            (
                "nobody answered",
                (None, Some(seen(5, 0, 5, 0))),
                fail(Floor::NoneAnswered),
            ),
            ("silence", (Some(seen(10, 0, 10, 0)), None), Verdict::NoData),
            (
                "silence between two bad ones",
                (None, Some(seen(10, 4, 0, 0))),
                pass,
            ),
        ];
        for (what, (before, now), verdict) in cases {
            let mut floors = AgreedFloors::new(Floors::default());
            floors.assess(before);
            assert_eq!(floors.assess(now), verdict, "{what}");
        }
    }
}
