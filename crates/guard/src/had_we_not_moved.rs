//! "Had we not moved": the blocks that the program replayed and recorded are told to the guard as the baseline of what depends on
//! load, each once; and what they add up to, for whoever reads the guard's figures beside them.

use crate::terms::BLOCK_MIN;
use jiff::Timestamp;
use segue_domain::Transition;
use segue_domain::chunks::Chunk;
use segue_domain::counterfactual::StaffingKey;
use segue_domain::counterfactual::replayed::{ReplayedBlock, ShareBp, Sums};
use segue_parity::guard::record::Counterfactual;
use segue_parity::guard::{Guard, Observed, Record};
use segue_parity::rules::MetricName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What one guard was told of the counterfactual.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Told {
    /// The blocks, by their first instant, as far back as they are kept.
    blocks: BTreeSet<Timestamp>,
    /// Those that count beside the evidence the guard has now.
    sums: Sums,
}

impl Told {
    /// What the blocks beside the guard's evidence add up to; nothing where there are none.
    pub(crate) fn sums(&self) -> Option<Sums> {
        (self.sums.blocks > 0).then_some(self.sums)
    }

    /// Evidence begins afresh: what was told before it stays told, and counts no more.
    pub(crate) fn begin_afresh(&mut self) {
        self.sums = Sums::default();
    }

    /// Tells the guard what is new since `began`, and whether more is to come.
    pub(crate) fn tell(
        &mut self,
        guard: &mut Guard,
        t: &Transition,
        chunk: &Chunk,
        began: Option<Timestamp>,
    ) {
        let key = StaffingKey::of(&chunk.planned);
        guard.await_counterfactual(t.counterfactuals.agreed(&key).is_some());
        let Some(replayed) = t.counterfactuals.replayed(&key) else {
            return;
        };
        let is_of_now = |block: &&ReplayedBlock| began.is_none_or(|began| block.until > began);
        for block in replayed.blocks().filter(is_of_now) {
            if self.blocks.insert(block.from) && is_told(guard, block) {
                self.sums.add(block);
            }
        }
        let oldest = replayed.blocks().next().map(|block| block.from);
        self.blocks.retain(|from| Some(*from) >= oldest);
    }
}

/// Whether the guard took the block for any of its metrics: one that is judged already takes none.
fn is_told(guard: &mut Guard, block: &ReplayedBlock) -> bool {
    let mut taken = false;
    for (name, share) in shares(&block.sums()) {
        let (Some(metric), Some(share)) = (guard.rules().rules().metric(name), share) else {
            continue;
        };
        let told_min = guard.rules().rules().metrics[usize::from(metric.0)].told_min();
        // Where blocks are hours, each hour of what was replayed is held against the whole of it.
        let told_us = i64::from(told_min.min(BLOCK_MIN)) * 60_000_000;
        let mut at_us = block.from.as_microsecond();
        while at_us < block.until.as_microsecond() {
            let record = Record::Counterfactual(Counterfactual {
                metric,
                at_us,
                bad_share: f64::from(share.expected) / 10_000.0,
            });
            taken |= guard.observe(&record) == Observed::Counted;
            at_us += told_us;
        }
    }
    taken
}

/// The bad share that each load-driven measure would have had. At home nobody is lost between two systems: who was never
/// answered is who hung up.
pub fn shares(sums: &Sums) -> [(MetricName, Option<ShareBp>); 3] {
    [
        (MetricName::NotWithinThreshold, sums.late()),
        (MetricName::Abandonment, sums.hung_up()),
        (MetricName::NeverAnswered, sums.hung_up()),
    ]
}
