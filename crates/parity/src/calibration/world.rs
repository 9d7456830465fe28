//! The ten worlds, and what is true in them.

use super::dice::Dice;
use super::stream::Stream;
use crate::guard::record::{Arm, Outcome};
use std::collections::BTreeMap;

/// Opening hours of a day, and how many times the mean hour each is.
pub(super) const HOURS: [f64; 12] = [0.7, 1.0, 1.4, 1.5, 1.2, 0.9, 0.9, 1.1, 1.2, 0.9, 0.7, 0.5];
pub(super) const HOUR_S: f64 = 3_600.0;
pub(super) const PATIENCE_S: f64 = 180.0;
pub(super) const AHT_S: f64 = 300.0;
/// Bad shares of an equal centre.
pub(super) const TRANSFER: f64 = 0.05;
pub(super) const REPEAT: f64 = 0.06;
/// The signed target of abandonment; an honest centre is exactly at it.
pub(super) const TARGET: f64 = 0.05;
pub(super) const MARGIN: f64 = 0.02;
/// Not with a person within 30 s where waits are independent draws of mean 10 s: e⁻³ of the answered, and who left.
pub(super) const NOT_WITHIN: f64 = 0.097;

/// One way in which the world is not a textbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorldKind {
    /// Independent calls, the split at one half: what textbooks assume.
    Independent,
    /// Queues at both centres: the outsourced one exactly on target, the in-house one emptied and its staff kept.
    Queues,
    /// The same, and the in-house staff released as calls move.
    QueuesReleased,
    /// Both centres are thinly or generously staffed for whole days.
    StaffingNoise,
    /// Who leaves dials again within minutes, again and again.
    RedialChains,
    /// Ten callers make a fifth of the calls.
    HeavyNumbers,
    /// Who would wait long at the outsourcer is answered in-house.
    Overflow,
    /// The outsourced centre reports two days later than the other, bad calls later than good ones.
    ReportingDelay,
    /// Forty in a hundred callers are anonymous.
    Anonymous,
    /// Rates rise from 3 to 9 % while the share rises from 10 to 90 %.
    SeasonAndRamp,
    /// The share varies by hour, and so do the rates.
    ShareByHour,
}

impl WorldKind {
    /// All of them; queues come twice, with staff kept and released.
    pub const ALL: [Self; 11] = [
        Self::Independent,
        Self::Queues,
        Self::QueuesReleased,
        Self::StaffingNoise,
        Self::RedialChains,
        Self::HeavyNumbers,
        Self::Overflow,
        Self::ReportingDelay,
        Self::Anonymous,
        Self::SeasonAndRamp,
        Self::ShareByHour,
    ];

    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Independent => "independent",
            Self::Queues => "queues, staff kept",
            Self::QueuesReleased => "queues, staff released",
            Self::StaffingNoise => "staffing noise by day",
            Self::RedialChains => "redial chains",
            Self::HeavyNumbers => "heavy numbers",
            Self::Overflow => "overflow between arms",
            Self::ReportingDelay => "reporting delay by arm",
            Self::Anonymous => "anonymous callers",
            Self::SeasonAndRamp => "season + ramp",
            Self::ShareByHour => "share by hour",
        }
    }

    /// Whether waits come from queues (else abandonments are independent draws).
    pub(super) const fn queues(self) -> bool {
        matches!(
            self,
            Self::Queues
                | Self::QueuesReleased
                | Self::StaffingNoise
                | Self::RedialChains
                | Self::Overflow
        )
    }
}

/// How much worse the outsourced centre is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Harm {
    /// Times the in-house transfer rate.
    pub transfer: f64,
    /// Times the in-house rate of repeat contact.
    pub repeat: f64,
    /// Times the in-house handle time as reported (queues are staffed for it).
    pub handle_time: f64,
    /// The outsourced centre's true abandonment. What it is above the target is added to what is asked of each hour, where that
    /// changes: the larger of target and "had we not moved".
    pub abandonment: f64,
}

impl Harm {
    /// As good as in-house, and exactly on target.
    pub const NONE: Self = Self {
        transfer: 1.0,
        repeat: 1.0,
        handle_time: 1.0,
        abandonment: TARGET,
    };
}

/// Days that a world is tuned over; and how many where it matters.
const QUICK_DAYS: u32 = 600;
const LONG_DAYS: u32 = 24_000;

/// A world made ready: its queues tuned so that the outsourced centre's abandonment is what it should be.
#[derive(Debug, Clone)]
pub struct World {
    /// Which.
    pub kind: WorldKind,
    /// What is true in it.
    pub harm: Harm,
    /// Calls of both arms on a day.
    pub calls_per_day: u32,
    /// Days played.
    pub days: u32,
    /// The largest, and where nothing ramps the only, share.
    pub share: f64,
    /// Times the handle time at which the outsourced queue has its true abandonment.
    pub(super) pace: f64,
}

/// Agents at the outsourced centre for a share of `calls_per_day`: a little under the load of the mean hour plus two.
pub(super) fn agents(calls_per_day: u32, share: f64) -> u32 {
    let load = f64::from(calls_per_day) * share / 12.0 * AHT_S / HOUR_S;
    let mut agents = 2;
    while f64::from(agents) < load * 1.15 + 1.0 {
        agents += 1;
    }
    agents
}

impl World {
    /// Tunes the world's pace by bisection until the outsourced abandonment is what it should be.
    pub fn new(kind: WorldKind, harm: Harm, share: f64) -> Self {
        let mut world = Self {
            kind,
            harm,
            calls_per_day: 500,
            days: 30,
            share,
            pace: 1.0,
        };
        if kind.queues() {
            let (mut low, mut high) = (0.3, 3.0);
            for _ in 0..11 {
                world.pace = f64::midpoint(low, high);
                if world.abandonment(QUICK_DAYS) < harm.abandonment {
                    low = world.pace;
                } else {
                    high = world.pace;
                }
            }
        }
        world
    }

    /// The same world tuned forty times as long: 600 days leave about a fifth of a point of chance, which is enough to tell a
    /// centre at its margin from one within it. Takes some seconds.
    #[must_use]
    pub fn refined(mut self) -> Self {
        if !self.kind.queues() {
            return self;
        }
        for _ in 0..2 {
            let beside = |times: f64| {
                let mut world = self.clone();
                world.pace *= times;
                world.abandonment(QUICK_DAYS)
            };
            let slope = (beside(1.05) - beside(0.95)) / (0.1 * self.pace);
            if slope > 0.0 {
                self.pace += (self.harm.abandonment - self.abandonment(LONG_DAYS)) / slope;
            }
        }
        self
    }

    /// Abandonment of the calls assigned to the outsourcer over many days at this pace, redials left out.
    fn abandonment(&self, days: u32) -> f64 {
        let mut stream = Stream::new(self, 0x7e57, 0);
        let (mut calls, mut left) = (0_u32, 0_u32);
        let mut last_us = BTreeMap::new();
        for day in 0..days {
            for call in stream.day(day) {
                let before = call
                    .place
                    .caller
                    .and_then(|caller| last_us.insert(caller, call.place.at_us));
                let redial = before.is_some_and(|before| call.place.at_us - before < 1_800_000_000);
                let short =
                    matches!(call.outcome, Outcome::Abandoned { wait_ms } if wait_ms < 5_000);
                if call.place.arm == Arm::Outsourced && !redial && !short {
                    calls += 1;
                    left += u32::from(matches!(call.outcome, Outcome::Abandoned { .. }));
                }
            }
        }
        f64::from(left) / f64::from(calls.max(1))
    }

    /// (calls, abandoned) per 15 minutes of four weeks before the move, at a centre of this world on target: what the block
    /// length is signed from.
    pub(super) fn own_baseline(&self) -> Vec<(u64, u64)> {
        let mut stream = Stream::new(self, 0xba5e, 1);
        let mut intervals = vec![(0, 0); 28 * 96];
        for day in 0..28 {
            for call in stream.day(day) {
                let place = usize::try_from(call.place.at_us / 900_000_000).unwrap_or(usize::MAX);
                if call.place.arm == Arm::Outsourced
                    && let Some(interval) = intervals.get_mut(place)
                {
                    interval.0 += 1;
                    interval.1 += u64::from(matches!(call.outcome, Outcome::Abandoned { .. }));
                }
            }
        }
        intervals
    }

    /// Arrival times of a day in seconds.
    pub(super) fn arrivals(&self, dice: &mut Dice) -> Vec<f64> {
        let mut arrivals = Vec::new();
        for (hour, weight) in (0_u32..).zip(HOURS) {
            let gap_s = 12.0 * HOUR_S / (f64::from(self.calls_per_day) * weight);
            let mut at_s = dice.exponential(gap_s);
            while at_s < HOUR_S {
                arrivals.push(f64::from(hour) * HOUR_S + at_s);
                at_s += dice.exponential(gap_s);
            }
        }
        arrivals
    }

    /// Agents of a centre that is staffed for this share, today.
    pub(super) fn agents_on_a_day(&self, dice: &mut Dice, share: f64) -> u32 {
        let agents = agents(self.calls_per_day, share);
        if self.kind != WorldKind::StaffingNoise {
            return agents;
        }
        match dice.below(4) {
            0 => agents - 1,
            1 => agents + 1,
            _ => agents,
        }
    }

    /// Whether a caller who left dials again.
    pub(super) fn redials(&self, dice: &mut Dice) -> bool {
        self.kind == WorldKind::RedialChains && dice.chance(0.8)
    }

    /// Whether a caller who would wait this long at the outsourcer is answered in-house.
    pub(super) fn overflows(&self, wait_s: f64) -> bool {
        self.kind == WorldKind::Overflow && wait_s > 60.0
    }

    /// The share in force.
    pub(super) fn share_at(&self, day: u32, hour: usize) -> f64 {
        match self.kind {
            WorldKind::SeasonAndRamp => {
                0.1 + 0.8 * f64::from(day) / f64::from(self.days.max(2) - 1)
            }
            WorldKind::ShareByHour => [0.1, 0.9, 0.3, 0.7][hour % 4],
            _ => self.share,
        }
    }

    /// The outsourced centre's abandonment where the usual rates are so many times as high.
    pub(super) fn outside_abandonment(&self, season: f64) -> f64 {
        let worse = self.harm.abandonment - TARGET;
        if worse > 0.0 {
            TARGET * season.max(1.0) + worse
        } else {
            self.harm.abandonment * season
        }
    }

    /// Times the usual rates, at both centres: season, or hour.
    pub(super) fn season(&self, day: u32, hour: usize) -> f64 {
        match self.kind {
            WorldKind::SeasonAndRamp => {
                0.6 + 1.2 * f64::from(day) / f64::from(self.days.max(2) - 1)
            }
            WorldKind::ShareByHour => [0.4, 1.8, 0.7, 1.3][hour % 4],
            _ => 1.0,
        }
    }
}
