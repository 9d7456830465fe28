//! Is a load-driven share worse than its reference? A bet on whole blocks of time.
//!
//! Waits inside one queue hang together, so a call is no unit of evidence; a block (an hour, three hours, a day) is. A
//! block's bad share can fall below its reference r by at most r, however bad it may be above. So a bet of the fraction
//! c of r, factor 1 + c·(share − r)/r, stays positive for every c < 1: the stakes are 1/r times those that a difference
//! in [−1, 1] allows, which is where the speed comes from. A block counts by its calls times its
//! scale (r here), in parts of the largest so far, so that what is bet on are bad calls and not blocks or shares: busy hours are worse than
//! quiet ones at any centre, and where the reference rises with them a bad call counts the same in each.

use super::log_mean;
use crate::kpi::float;
use serde::{Deserialize, Deserializer, Serialize};

/// Fractions staked and how the wealth is spread over them: most of it where a block twice as bad as agreed pays best.
pub(crate) const STAKES: [f64; 5] = [0.1, 0.25, 0.5, 0.8, 0.95];
pub(crate) const SPREAD: [f64; 5] = [0.05, 0.15, 0.3, 0.35, 0.15];

/// A block larger than any before counts up to this often in a bet on non-inferiority when it is bad, and once when it is good.
const LARGEST: f64 = 1.25;

/// Above this multiple of what is allowed a block's share proves no more against non-inferiority than the multiple:
/// the floors answer for such blocks, and [`BlockBet::beyond_cap`] keeps them from passing unseen.
const CAP_OF_ALLOWED: f64 = 3.0;

/// One closed block of the outsourced arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Calls offered.
    pub calls: u64,
    /// Bad calls among them.
    pub bad: u64,
    /// The share that is as good as agreed: the larger of signed target and counterfactual.
    pub reference: f64,
    /// The share that is still allowed: reference plus margin.
    pub allowed: f64,
}

/// Evidence on blocks; constant memory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct BlockBet {
    harm: [f64; STAKES.len()],
    beyond_margin: [f64; STAKES.len()],
    noninferior: [f64; STAKES.len()],
    blocks: u64,
    /// Calls times scale of the largest block so far, of each game; below zero the calls of one whose scale is not known yet.
    #[serde(deserialize_with = "largest")]
    largest: [f64; 3],
    excess: f64,
    beyond_cap: u64,
}

impl BlockBet {
    /// Bets on one closed block. A block without calls is no evidence.
    pub fn add(&mut self, block: Block) {
        if block.calls == 0 || !(block.reference > 0.0 && block.allowed < 1.0) {
            return;
        }
        let calls = float(block.calls);
        let share = float(block.bad) / calls;
        let cap = (CAP_OF_ALLOWED * block.allowed).min(1.0);
        let scales = [block.reference, block.allowed, cap - block.allowed];
        let sizes = scales.map(|scale| calls * scale);
        for (largest, scale) in self.largest.iter_mut().zip(scales) {
            if *largest < 0.0 {
                *largest *= -scale;
            }
        }
        let [of_harm, of_beyond, of_good] =
            [0, 1, 2].map(|game| sizes[game] / self.largest[game].max(f64::MIN_POSITIVE));
        let harm = of_harm.min(1.0) * (share - block.reference) / block.reference;
        let beyond = of_beyond.min(1.0) * (share - block.allowed) / block.allowed;
        let good = (block.allowed - share.min(cap)) / (cap - block.allowed);
        let noninferior = if good < 0.0 {
            good * of_good.min(LARGEST) / LARGEST
        } else {
            good * of_good.min(1.0) / LARGEST
        };
        let games = [
            (&mut self.harm, harm),
            (&mut self.beyond_margin, beyond),
            (&mut self.noninferior, noninferior),
        ];
        for (wealth, outcome) in games {
            for (log, stake) in wealth.iter_mut().zip(STAKES) {
                *log += (stake * outcome).ln_1p();
            }
        }
        self.blocks += 1;
        for (largest, size) in self.largest.iter_mut().zip(sizes) {
            *largest = largest.max(size);
        }
        self.excess += float(block.bad) - block.allowed * calls;
        self.beyond_cap += u64::from(share > cap);
    }

    /// Blocks seen.
    pub const fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Blocks whose share was above three times what is allowed.
    pub const fn beyond_cap(&self) -> u64 {
        self.beyond_cap
    }

    /// Whether more calls were bad than reference and margin together allow.
    pub fn beyond_margin(&self) -> bool {
        self.excess > 0.0
    }

    /// ln of the e-value against "not worse than the reference".
    pub fn log_e_harm(&self) -> f64 {
        log_wealth(&self.harm)
    }

    /// ln of the e-value against "not worse than the margin".
    pub fn log_e_beyond_margin(&self) -> f64 {
        log_wealth(&self.beyond_margin)
    }

    /// ln of the e-value against "worse than the margin".
    pub fn log_e_noninferior(&self) -> f64 {
        log_wealth(&self.noninferior)
    }
}

/// As it is kept now; or the calls of the largest block, as it was kept while blocks counted by those alone.
fn largest<'de, D: Deserializer<'de>>(kept: D) -> Result<[f64; 3], D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Kept {
        Sizes([f64; 3]),
        Calls(f64),
    }
    Ok(match Kept::deserialize(kept)? {
        Kept::Sizes(sizes) => sizes,
        Kept::Calls(calls) => [-calls; 3],
    })
}

fn log_wealth(wealth: &[f64; STAKES.len()]) -> f64 {
    log_mean(SPREAD.into_iter().zip(wealth.iter().copied()))
}

/// The shortest block, in minutes, whose neighbours hang together little enough to be bet on one by one; `None`: whole days.
///
/// `intervals` are the client's own baseline: (calls, bad) per 15 minutes, whole days, before go-live. For a block length
/// the variance of whole days' excess is compared with the sum of its blocks' variances; up to 1.25 the blocks count as
/// separate evidence. Staffing that is thin for a whole day shows here, and makes days the unit.
pub fn block_length_min(intervals: &[(u64, u64)]) -> Option<u32> {
    const PER_DAY: usize = 96;
    let days: Vec<&[(u64, u64)]> = intervals.chunks_exact(PER_DAY).collect();
    if days.len() < 14 {
        return None;
    }
    let (calls, bad) = totals(intervals);
    let rate = float(bad) / float(calls.max(1));
    let excess = |cells: &[(u64, u64)]| {
        let (calls, bad) = totals(cells);
        float(bad) - rate * float(calls)
    };
    let daily = variance(&days.iter().map(|day| excess(day)).collect::<Vec<_>>());
    [60_u32, 120, 180, 360].into_iter().find(|minutes| {
        let long = usize::try_from(minutes / 15).unwrap_or(PER_DAY);
        let within: f64 = (0..PER_DAY / long)
            .map(|place| {
                let at = place * long..(place + 1) * long;
                let same_hour: Vec<f64> = days.iter().map(|day| excess(&day[at.clone()])).collect();
                variance(&same_hour)
            })
            .sum();
        daily <= 1.25 * within
    })
}

fn totals(cells: &[(u64, u64)]) -> (u64, u64) {
    cells
        .iter()
        .fold((0, 0), |(calls, bad), cell| (calls + cell.0, bad + cell.1))
}

fn variance(values: &[f64]) -> f64 {
    let count = float(values.len() as u64);
    let mean = values.iter().sum::<f64>() / count;
    values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / (count - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(blocks: u64, calls: u64, bad: u64) -> BlockBet {
        let mut bet = BlockBet::default();
        for _ in 0..blocks {
            bet.add(Block {
                calls,
                bad,
                reference: 0.05,
                allowed: 0.07,
            });
        }
        bet
    }

    /// Evidence is never reset, also not by a newer version.
    #[test]
    fn what_was_kept_before_blocks_counted_by_bad_calls_goes_on() {
        let bet = after(12, 100, 10);
        let mut kept = serde_json::to_value(&bet).unwrap();
        kept["largest"] = serde_json::json!(100);
        let mut read: BlockBet = serde_json::from_value(kept).unwrap();
        let mut bet = bet;
        for bet in [&mut bet, &mut read] {
            bet.add(Block {
                calls: 80,
                bad: 8,
                reference: 0.05,
                allowed: 0.07,
            });
        }
        assert!((bet.log_e_harm() - read.log_e_harm()).abs() < 1e-12);
        assert!((bet.log_e_noninferior() - read.log_e_noninferior()).abs() < 1e-12);
    }

    #[test]
    fn on_target_nothing_is_proved_against_it() {
        let bet = after(500, 100, 5);
        assert!(bet.log_e_harm() < 1e-9 && !bet.beyond_margin());
        assert!(bet.log_e_noninferior() > 3.0);
    }

    #[test]
    fn twice_the_target_is_found_within_a_dozen_blocks() {
        let bet = after(12, 100, 10);
        assert!(bet.log_e_harm() > 3.0 && bet.beyond_margin(), "{bet:?}");
    }

    #[test]
    fn nothing_bad_and_everything_bad_leave_the_wealth_finite() {
        for bad in [0, 100] {
            let bet = after(1_000, 100, bad);
            assert!(
                bet.harm
                    .iter()
                    .chain(&bet.noninferior)
                    .all(|log| log.is_finite())
            );
        }
        assert_eq!(after(3, 100, 100).beyond_cap(), 3);
    }

    /// References that move from block to block: what is lost in the busy ones is not made up for by quiet ones. A bad call counted
    /// several times less where more was allowed, and a centre beyond the limit as a whole was called as good.
    #[test]
    fn a_centre_beyond_the_limit_as_a_whole_is_not_called_as_good() {
        let mut proved = 0;
        for seed in 0..200_u64 {
            let mut bet = BlockBet::default();
            let mut dice = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mut draw = || {
                dice ^= dice << 13;
                dice ^= dice >> 7;
                dice ^= dice << 17;
                dice % 1_000
            };
            let mut ever = false;
            // A week of three-hour blocks; three in ten busy. 12 % are bad where 11.5 % are allowed.
            for block in 0..56 {
                let (reference, per_mille) = if block % 10 < 3 {
                    (0.20, 330)
                } else {
                    (0.05, 30)
                };
                let bad = (0..100).filter(|_| draw() < per_mille).count();
                bet.add(Block {
                    calls: 100,
                    bad: bad as u64,
                    reference,
                    allowed: reference + 0.02,
                });
                ever |= bet.log_e_noninferior() >= 20.0_f64.ln();
            }
            proved += u32::from(ever);
        }
        assert!(proved <= 10, "{proved} of 200");
    }

    #[test]
    fn days_are_the_unit_where_whole_days_are_thin() {
        let day = |bad: u64| vec![(20, bad); 96];
        let noise: Vec<_> = (0..28)
            .flat_map(|d| day(if d % 3 == 0 { 4 } else { 1 }))
            .collect();
        assert_eq!(block_length_min(&noise), None);
        let mut state = 7_u64;
        let independent: Vec<_> = (0..28 * 96)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (20, (state >> 33) % 3)
            })
            .collect();
        assert!(block_length_min(&independent).is_some());
    }
}
