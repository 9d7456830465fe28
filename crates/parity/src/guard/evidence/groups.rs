//! Groups of callers (when, language, age) in one load-driven share: each is held against the limit that everybody was promised, in
//! the same blocks, for the hours of its own calls. A group below one in twenty calls is judged together with the other small ones.

use super::blocks::Open;
use crate::guard::record::Segments;
use crate::kpi::Ratio;
use crate::sequences::block_bet::{Block, BlockBet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A group is judged by itself from one in so many calls on (`statistics.md`, verdicts 11).
const OWN_FROM_ONE_IN: u64 = 20;

/// What is known of one group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Group {
    open: BTreeMap<i64, Open>,
    bet: BlockBet,
    judged: Open,
    /// Whether its last block was judged together with the small ones.
    #[serde(default)]
    is_small: bool,
}

/// Evidence on every group, in constant memory.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Groups {
    /// Those that the rules name.
    named: Vec<Group>,
    /// What the small ones among them add up to.
    small: Group,
    /// Calls of everybody in the blocks judged so far.
    calls: u64,
}

/// What a group's evidence says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::guard) struct GroupReading {
    /// The group, by its place in the rules; nothing: the small ones together.
    pub(in crate::guard) segment: Option<u16>,
    pub(in crate::guard) outsourced: Ratio,
    pub(in crate::guard) blocks: u64,
    pub(in crate::guard) log_e_beyond_limit: f64,
    pub(in crate::guard) beyond_limit: bool,
    pub(in crate::guard) is_small: bool,
}

impl Groups {
    /// One call of the outsourced arm.
    pub(super) fn add(&mut self, segments: Segments, part: i64, bad: bool) {
        for segment in segments.into_iter().flatten().map(usize::from) {
            if self.named.len() <= segment {
                self.named.resize_with(segment + 1, Group::default);
            }
            let open = self.named[segment].open.entry(part).or_default();
            open.calls += 1;
            open.bad += u64::from(bad);
        }
    }

    /// A block of everybody is judged: so are its groups, each against what was promised for the hours of its own calls. Which group
    /// stands for itself is decided by the blocks before this one, so that no bet knows its own outcome.
    pub(super) fn close(&mut self, parts: &[(i64, Open)], block: impl Fn(&[(i64, Open)]) -> Block) {
        let before = self.calls;
        let mut small: Vec<_> = parts
            .iter()
            .map(|(part, _)| (*part, Open::default()))
            .collect();
        for group in &mut self.named {
            let of_part = |(part, _): &(i64, Open)| (*part, group.open.remove(part));
            let own: Vec<_> = parts.iter().map(of_part).collect();
            if own.iter().all(|(_, open)| open.is_none()) {
                continue;
            }
            group.is_small = group.judged.calls * OWN_FROM_ONE_IN < before;
            let own: Vec<_> = own
                .into_iter()
                .map(|(part, open)| (part, open.unwrap_or_default()))
                .collect();
            if group.is_small {
                for ((_, sum), (_, open)) in small.iter_mut().zip(&own) {
                    sum.count(*open);
                }
            } else {
                group.bet.add(block(&own));
            }
            for (_, open) in own {
                group.judged.count(open);
            }
        }
        self.small.bet.add(block(&small));
        for (_, open) in small {
            self.small.judged.count(open);
        }
        self.calls += parts.iter().map(|(_, open)| open.calls).sum::<u64>();
    }

    /// Every group that has had a call judged.
    pub(super) fn read(&self) -> Vec<GroupReading> {
        let of = |segment: Option<u16>, group: &Group| GroupReading {
            segment,
            outsourced: Ratio {
                numerator: group.judged.bad,
                denominator: group.judged.calls,
            },
            blocks: group.bet.blocks(),
            log_e_beyond_limit: group.bet.log_e_beyond_margin(),
            beyond_limit: group.bet.beyond_margin(),
            is_small: group.is_small,
        };
        let own = (0_u16..).zip(&self.named);
        let own = own.map(|(segment, group)| of(Some(segment), group));
        own.chain([of(None, &self.small)])
            .filter(|reading| reading.outsourced.denominator > 0)
            .collect()
    }
}

impl Open {
    fn count(&mut self, other: Self) {
        self.calls += other.calls;
        self.bad += other.bad;
    }
}
