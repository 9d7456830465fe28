//! A/A weeks: before go-live the guard runs on the client's own data, split at random; both sides are the same centre.
//!
//! How often it would have sent an equal centre home there is a signed exhibit, and over 5 % it may not be armed. What
//! breaks the assumptions of its instruments at this client shows here, before it can hurt.

use super::dice::{Dice, bucket};
use super::upper_bound_99;
use crate::guard::record::{Arm, Call};
use crate::guard::{Guard, Record, Verdict};
use crate::kpi::Ratio;
use crate::rules::SignedRules;
use serde::{Deserialize, Serialize};

const DAY_US: i64 = 86_400 * 1_000_000;

/// The exhibit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OwnWeeks {
    /// Random splits in which a guardrail failed, of all that were tried.
    pub false_roll_backs: Ratio,
    /// The 99 % upper bound of their chance.
    pub upper: f64,
    /// Whether the guard may be armed: at most 5 % failed.
    pub may_arm: bool,
}

/// Splits `calls` (in-house, in any order) `splits` times at the share `pi_bp`, by caller, and plays each to a guard that looks
/// once a day.
pub fn own_weeks(
    rules: &SignedRules,
    calls: &[Call],
    pi_bp: u16,
    splits: u32,
    seed: u64,
) -> OwnWeeks {
    let mut calls = calls.to_vec();
    calls.sort_unstable_by_key(|call| (call.place.at_us, call.key));
    let failed = (0..splits).filter(|split| fails(rules, &calls, pi_bp, seed, u64::from(*split)));
    let false_roll_backs = Ratio {
        numerator: failed.count() as u64,
        denominator: u64::from(splits),
    };
    OwnWeeks {
        false_roll_backs,
        upper: upper_bound_99(false_roll_backs.numerator, false_roll_backs.denominator),
        may_arm: splits > 0 && !above_five_percent(false_roll_backs),
    }
}

fn above_five_percent(ratio: Ratio) -> bool {
    ratio.numerator * 20 > ratio.denominator
}

fn fails(rules: &SignedRules, calls: &[Call], pi_bp: u16, seed: u64, split: u64) -> bool {
    let mut guard = Guard::new(rules.clone());
    let mut dice = Dice::new(seed, split);
    let share = f64::from(pi_bp) / 10_000.0;
    let salt = seed.wrapping_add(split.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for day in
        calls.chunk_by(|a, b| a.place.at_us.div_euclid(DAY_US) == b.place.at_us.div_euclid(DAY_US))
    {
        let mut end_us = 0;
        for call in day {
            let out = match call.place.caller {
                Some(caller) => bucket(caller, salt) < share,
                None => dice.chance(share),
            };
            let mut call = *call;
            call.place.arm = if out { Arm::Outsourced } else { Arm::InHouse };
            call.place.pi_bp = pi_bp;
            let _ = guard.observe(&Record::Call(call));
            end_us = (call.place.at_us.div_euclid(DAY_US) + 1) * DAY_US;
        }
        if guard.assess_complete(end_us).verdict == Verdict::Fail {
            return true;
        }
    }
    false
}
