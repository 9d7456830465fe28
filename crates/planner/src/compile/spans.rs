//! What windows, blackouts and precedences alone say: in which weeks each step can be at all.

use super::{Compiled, Precedence};
use std::collections::BTreeSet;

impl Compiled {
    /// The precedences that say the most: of several between the same two steps, the longest; sorted.
    pub(crate) fn tightest(&self) -> Vec<Precedence> {
        let mut all: Vec<_> = self.precedences.clone();
        all.sort_by_key(|p| (p.before, p.after, -p.weeks));
        let mut seen = BTreeSet::new();
        all.retain(|p| seen.insert((p.before, p.after)));
        all
    }

    /// The weeks in which each step can be at all, by windows, blackouts and precedences: `None` where that is never.
    pub(crate) fn spans(&self) -> Option<Vec<Vec<(i64, i64)>>> {
        let mut spans: Vec<Vec<_>> = self
            .steps
            .iter()
            .map(|n| vec![(0, self.weeks - 1); *n])
            .collect();
        for w in &self.windows {
            let span = &mut spans[w.step.cell][w.step.step];
            *span = (span.0.max(w.from), span.1.min(w.to));
        }
        let precedences = self.tightest();
        loop {
            let before = spans.clone();
            for p in &precedences {
                let first = spans[p.before.cell][p.before.step].0 + p.weeks;
                let last = spans[p.after.cell][p.after.step].1 - p.weeks;
                let after = &mut spans[p.after.cell][p.after.step].0;
                *after = (*after).max(first);
                let before = &mut spans[p.before.cell][p.before.step].1;
                *before = (*before).min(last);
            }
            for b in &self.banned {
                for span in &mut spans[b.cell] {
                    if (b.first..=b.last).contains(&span.0) {
                        span.0 = b.last + 1;
                    }
                    if (b.first..=b.last).contains(&span.1) {
                        span.1 = b.first - 1;
                    }
                }
            }
            if spans.iter().flatten().any(|(from, to)| from > to) {
                return None;
            }
            if spans == before {
                return Some(spans);
            }
        }
    }
}
