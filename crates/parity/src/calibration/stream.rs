//! One run of a world, as the records the guard would be told.

use super::centre::{Centre, Served};
use super::dice::{Dice, bucket};
use super::world::{AHT_S, HOUR_S, PATIENCE_S, REPEAT, TARGET, TRANSFER, World, WorldKind};
use crate::guard::record::{Arm, Call, Outcome, Place, StratumId};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub(super) const DAY_US: i64 = 86_400 * 1_000_000;
/// The centres open at eight.
const OPEN_S: f64 = 8.0 * HOUR_S;
const CALLERS: u32 = 40_000;
const EPISODE_DAYS: f64 = 3.0;

/// A call that will be made: microseconds, caller (absent: anonymous).
type Due = Reverse<(i64, Option<u32>)>;

/// A run.
pub(super) struct Stream<'w> {
    world: &'w World,
    dice: Dice,
    salt: u64,
    key: u64,
    due: BinaryHeap<Due>,
    /// By caller: when its episode began (days), and its arm and share then.
    sides: Vec<Option<(f64, Arm, u16)>>,
}

impl<'w> Stream<'w> {
    pub(super) fn new(world: &'w World, seed: u64, run: u64) -> Self {
        Self {
            world,
            dice: Dice::new(seed, run),
            salt: seed ^ run.wrapping_mul(0x2545_f491_4f6c_dd1d),
            key: 0,
            due: BinaryHeap::new(),
            sides: vec![None; CALLERS as usize],
        }
    }

    /// One day's calls, in the order of arrival.
    pub(super) fn day(&mut self, day: u32) -> Vec<Call> {
        let world = self.world;
        let start_us = i64::from(day) * DAY_US;
        for at_s in world.arrivals(&mut self.dice) {
            let caller = self.caller();
            self.due
                .push(Reverse((start_us + micros(OPEN_S + at_s), caller)));
        }
        let out_share = world.share_at(day, 0).max(0.05);
        let home_share = match world.kind {
            WorldKind::QueuesReleased => 1.0 - out_share,
            _ => 1.0,
        };
        let mut centres = [
            Centre::open(world.agents_on_a_day(&mut self.dice, home_share)),
            Centre::open(world.agents_on_a_day(&mut self.dice, out_share)),
        ];
        let end_us = start_us + DAY_US;
        let mut calls = Vec::new();
        while let Some(Reverse((at_us, caller))) = self.due.peek().copied() {
            if at_us >= end_us {
                break;
            }
            self.due.pop();
            calls.push(self.call(day, at_us, caller, &mut centres));
        }
        calls
    }

    fn caller(&mut self) -> Option<u32> {
        let anonymous = match self.world.kind {
            WorldKind::Anonymous => 0.4,
            _ => 0.02,
        };
        if self.dice.chance(anonymous) {
            return None;
        }
        if self.world.kind == WorldKind::HeavyNumbers && self.dice.chance(0.2) {
            return Some(self.dice.below(10));
        }
        Some(10 + self.dice.below(CALLERS - 10))
    }

    /// The side of a caller, sticky for an episode; anonymous callers are drawn call by call.
    fn side(&mut self, caller: Option<u32>, days: f64, share: f64) -> (Arm, u16) {
        let pi_bp = basis_points(share);
        let share = f64::from(pi_bp) / 10_000.0;
        let arm = |out: bool| if out { Arm::Outsourced } else { Arm::InHouse };
        let Some(caller) = caller else {
            return (arm(self.dice.chance(share)), pi_bp);
        };
        let drawn = (
            days,
            arm(bucket(u64::from(caller), self.salt) < share),
            pi_bp,
        );
        let side = &mut self.sides[caller as usize];
        let kept = match *side {
            Some(kept) if days - kept.0 < EPISODE_DAYS => kept,
            _ => drawn,
        };
        *side = Some(kept);
        (kept.1, kept.2)
    }

    fn call(
        &mut self,
        day: u32,
        at_us: i64,
        caller: Option<u32>,
        centres: &mut [Centre; 2],
    ) -> Call {
        let world = self.world;
        let clock_s = seconds(at_us - i64::from(day) * DAY_US);
        let hour = (0_usize..12)
            .find(|hour| {
                clock_s < OPEN_S + HOUR_S * f64::from(u8::try_from(hour + 1).unwrap_or(12))
            })
            .unwrap_or(11);
        let days = f64::from(day) + clock_s / 86_400.0;
        let (arm, pi_bp) = self.side(caller, days, world.share_at(day, hour));
        let season = world.season(day, hour);
        let out = arm == Arm::Outsourced;
        let times = |harm: f64| if out { harm } else { 1.0 };
        let handle_s = self.dice.handle_time(AHT_S * times(world.harm.handle_time));
        let served = if world.kind.queues() {
            self.queue(arm, clock_s, handle_s, centres)
        } else {
            let share = if out {
                world.outside_abandonment(season)
            } else {
                TARGET * season
            };
            if self.dice.chance(share) {
                Served::Left(40.0)
            } else {
                Served::After(self.dice.exponential(10.0))
            }
        };
        let (outcome, answered) = match served {
            Served::Left(wait_s) => (
                Outcome::Abandoned {
                    wait_ms: millis(wait_s),
                },
                false,
            ),
            Served::After(wait_s) => (
                Outcome::Answered {
                    wait_ms: millis(wait_s),
                },
                true,
            ),
        };
        self.follow_up(
            at_us,
            caller,
            answered,
            REPEAT * season * times(world.harm.repeat),
        );
        let transfer = TRANSFER * season * times(world.harm.transfer);
        self.key += 1;
        Call {
            key: self.key,
            place: Place {
                at_us,
                arm,
                pi_bp,
                caller: caller.map(u64::from),
                stratum: StratumId(0),
                segments: [None; 3],
            },
            outcome,
            answered_by: None,
            handle_ms: answered.then(|| millis(handle_s)),
            transferred: answered.then(|| self.dice.chance(transfer)),
            disposition: None,
        }
    }

    fn queue(&mut self, arm: Arm, at_s: f64, handle_s: f64, centres: &mut [Centre; 2]) -> Served {
        let [home, out] = centres;
        let patience_s = self.dice.exponential(PATIENCE_S);
        let now_s = at_s - OPEN_S;
        match arm {
            Arm::InHouse => home.offer(now_s, patience_s, handle_s),
            Arm::Outsourced if self.world.overflows(out.wait_s(now_s)) => {
                home.offer(now_s, patience_s, handle_s)
            }
            Arm::Outsourced => {
                let paced_s = handle_s / self.world.harm.handle_time * self.world.pace;
                out.offer(now_s, patience_s, paced_s)
            }
        }
    }

    /// Redials of who left, and repeat contacts of who was served.
    fn follow_up(&mut self, at_us: i64, caller: Option<u32>, answered: bool, repeat: f64) {
        if caller.is_none() {
            return;
        }
        let within_day = at_us.rem_euclid(DAY_US);
        let after_us = if !answered && self.world.redials(&mut self.dice) {
            micros(self.dice.exponential(240.0))
        } else if answered && self.dice.chance(repeat) {
            // The next day or the one after, at the same time of day or a little off.
            DAY_US * i64::from(1 + self.dice.below(2)) + micros(self.dice.exponential(60.0))
        } else {
            return;
        };
        let closes_us = micros(OPEN_S + 12.0 * HOUR_S);
        if (within_day + after_us).rem_euclid(DAY_US) < closes_us {
            self.due.push(Reverse((at_us + after_us, caller)));
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a time within years, rounded"
)]
fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

#[expect(clippy::cast_precision_loss, reason = "a time of day is exact")]
fn seconds(us: i64) -> f64 {
    us as f64 / 1e6
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to a day first"
)]
fn millis(seconds: f64) -> u32 {
    (seconds.clamp(0.0, 86_400.0) * 1_000.0).round() as u32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0–10000 first"
)]
fn basis_points(share: f64) -> u16 {
    (share.clamp(0.0, 1.0) * 10_000.0).round() as u16
}
