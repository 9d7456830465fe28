//! Load-driven shares: whole blocks of the outsourced arm against signed target and counterfactual.

use super::Reading;
use super::groups::{GroupReading, Groups};
use crate::guard::record::{Arm, Counterfactual, Place};
use crate::kpi::float;
use crate::rules::{MetricRule, PART_MIN};
use crate::sequences::block_bet::{Block, BlockBet};
use crate::sequences::empirical_bernstein::EmpiricalBernstein;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const MINUTE_US: i64 = 60 * 1_000_000;
const DAY_MIN: u32 = 1_440;
/// Parts of blocks, and counterfactual ones, that may be open at once.
const OPEN_MAX: usize = 4_096;
/// A block that is mature waits so long for its counterfactual, where one is to come; then the target alone judges it.
const WAIT_US: i64 = 30 * MINUTE_US;

/// "Had we not moved" is replayed in steps of this length.
fn told_us() -> i64 {
    i64::from(PART_MIN) * MINUTE_US
}

/// Calls of a block, and the bad ones among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Open {
    pub(super) calls: u64,
    pub(super) bad: u64,
}

/// Evidence on one load-driven share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Blocks {
    bet: BlockBet,
    shares: EmpiricalBernstein,
    target: f64,
    margin: f64,
    block_us: i64,
    /// Blocks were of three hours before there were parts of them.
    #[serde(default = "told_us")]
    part_us: i64,
    /// By part of a block: "had we not moved" is known for parts of three hours, and a block is held against that of its own calls.
    open: BTreeMap<i64, Open>,
    counterfactual: BTreeMap<i64, f64>,
    /// The first block that is not closed.
    closed_until: i64,
    /// Whether a counterfactual of each block is to come.
    #[serde(default)]
    awaits: bool,
    /// The same for each group of callers.
    #[serde(default)]
    groups: Groups,
}

impl Blocks {
    pub(super) fn new(rule: &MetricRule, alpha: f64) -> Self {
        Self {
            bet: BlockBet::default(),
            shares: EmpiricalBernstein::new(alpha),
            target: f64::from(rule.target_bp.unwrap_or(rule.baseline)) / 10_000.0,
            margin: f64::from(rule.margin_bp) / 10_000.0,
            block_us: i64::from(rule.block_min.unwrap_or(DAY_MIN)) * MINUTE_US,
            part_us: i64::from(rule.told_min()) * MINUTE_US,
            open: BTreeMap::new(),
            counterfactual: BTreeMap::new(),
            closed_until: i64::MIN,
            awaits: false,
            groups: Groups::default(),
        }
    }

    /// Whether each block's counterfactual is to come: then blocks wait for it, for a while.
    pub(super) const fn await_counterfactual(&mut self, awaits: bool) {
        self.awaits = awaits;
    }

    /// One call; only the outsourced arm is judged, the in-house arm empties as calls move.
    pub(super) fn add(&mut self, place: &Place, bad: bool) {
        if place.arm == Arm::InHouse {
            return;
        }
        let part = self.part(place.at_us);
        let open = self.open.entry(part).or_default();
        open.calls += 1;
        open.bad += u64::from(bad);
        self.groups.add(place.segments, part, bad);
    }

    fn part(&self, at_us: i64) -> i64 {
        at_us.div_euclid(self.part_us)
    }

    fn block_of(&self, part: i64) -> i64 {
        part.div_euclid(self.parts())
    }

    fn parts(&self) -> i64 {
        self.block_us / self.part_us
    }

    pub(super) fn counterfactual(&mut self, told: &Counterfactual) -> bool {
        let part = self.part(told.at_us);
        let is_open = self.block_of(part) >= self.closed_until;
        let fits = (0.0..=1.0).contains(&told.bad_share) && is_open;
        if fits {
            self.counterfactual.insert(part, told.bad_share);
            while self.counterfactual.len() > OPEN_MAX {
                self.counterfactual.pop_first();
            }
        }
        fits
    }

    /// The first block that is not judged yet: it runs, or "had we not moved" of a part of it is still to come.
    fn end(&self, until_us: i64) -> i64 {
        let ended = until_us.div_euclid(self.block_us);
        let is_awaited = |part: &&i64| {
            let part_over_us = (**part + 1).saturating_mul(self.part_us);
            // Shorter blocks wait until all of the hours that are replayed at once are over.
            let over_us = -(-part_over_us).div_euclid(told_us()) * told_us();
            !self.counterfactual.contains_key(*part) && until_us.saturating_sub(over_us) < WAIT_US
        };
        let mut open = self.open.keys().filter(|_| self.awaits);
        open.find(is_awaited)
            .map_or(ended, |first| ended.min(self.block_of(*first)))
    }

    /// Bets on every block that has ended.
    pub(super) fn complete(&mut self, until_us: i64) {
        let end = self.end(until_us);
        self.closed_until = self.closed_until.max(end);
        let first = end.saturating_mul(self.parts());
        let rest = self.open.split_off(&first);
        let parts: Vec<(i64, Open)> = std::mem::replace(&mut self.open, rest)
            .into_iter()
            .collect();
        let per_block = self.parts();
        let block = |part: &(i64, Open)| part.0.div_euclid(per_block);
        let (target, margin, known) = (self.target, self.margin, &self.counterfactual);
        let whole = |parts: &[(i64, Open)]| block_of(parts, known, target, margin);
        for parts in parts.chunk_by(|a, b| block(a) == block(b)) {
            let all = whole(parts);
            self.bet.add(all);
            self.groups.close(parts, whole);
            self.shares.add(float(all.bad) / float(all.calls.max(1)));
        }
        self.counterfactual = self.counterfactual.split_off(&first);
    }

    /// What is known of each group of callers.
    pub(super) fn groups(&self) -> Vec<GroupReading> {
        self.groups.read()
    }

    pub(super) fn read(&self) -> Reading {
        Reading {
            weight_of_evidence: self.bet.blocks(),
            log_e_harm: self.bet.log_e_harm(),
            log_e_beyond_margin: self.bet.log_e_beyond_margin(),
            // Where more than one block in a hundred lies beyond the cap, the capped bet proves nothing.
            log_e_noninferior: if 100 * self.bet.beyond_cap() > self.bet.blocks() {
                f64::MIN
            } else {
                self.bet.log_e_noninferior()
            },
            estimate_beyond_margin: self.bet.beyond_margin(),
            interval: (self.bet.blocks() > 0).then(|| self.shares.interval()),
            alarm: false,
        }
    }
}

/// A block of its parts: "had we not moved" weighed by the calls that really went out. Where that is not known the target stands.
fn block_of(
    parts: &[(i64, Open)],
    had_we_not_moved: &BTreeMap<i64, f64>,
    target: f64,
    margin: f64,
) -> Block {
    let (mut calls, mut bad, mut unmoved) = (0, 0, 0.0);
    for (part, open) in parts {
        calls += open.calls;
        bad += open.bad;
        let share = had_we_not_moved.get(part).copied();
        unmoved += share.unwrap_or(target) * float(open.calls);
    }
    let reference = target.max(unmoved / float(calls.max(1)));
    Block {
        calls,
        bad,
        reference,
        allowed: reference + margin,
    }
}
