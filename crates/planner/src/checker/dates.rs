//! What the checker asks of dates: waiting times, limits by the calendar, orders, centres in motion.

use super::{Walk, Way};
use crate::model::{Cell, Gate, Rule};

impl<'a> Walk<'a> {
    pub(super) fn gaps(&self, rule: &'a Rule, needed: impl Fn(&Cell, u32) -> i64) -> Vec<String> {
        let mut found = Vec::new();
        for way in self.scoped(rule) {
            for (n, pair) in way.steps.windows(2).enumerate() {
                let ((from, share), (to, _)) = (pair[0], pair[1]);
                let needed = needed(way.cell, share);
                if to - from < needed {
                    found.push(format!(
                        "{} stands {} weeks at step {}, not {needed}",
                        way.name,
                        to - from,
                        n + 1
                    ));
                }
            }
        }
        found
    }

    pub(super) fn dated(
        &self,
        rule: &'a Rule,
        at: impl Fn(&Way<'_>) -> i64,
        what: &str,
        ok: impl Fn(i64) -> bool,
        limit: u32,
    ) -> Vec<String> {
        let wrong = self.scoped(rule).filter(|w| !ok(at(w)));
        wrong
            .map(|w| {
                format!(
                    "{} {what} in week {}, the limit is week {limit}",
                    w.name,
                    at(w)
                )
            })
            .collect()
    }

    /// Every pair that stands in an order, the later one not before the earlier one's gate.
    fn ordered(
        &self,
        rule: &'a Rule,
        gate: Gate,
        before: impl Fn(&Way<'_>, &Way<'_>) -> bool,
    ) -> Vec<String> {
        let mut found = Vec::new();
        for later in self.scoped(rule) {
            for earlier in self.scoped(rule).filter(|e| before(e, later)) {
                let open = match gate {
                    Gate::Accepted => earlier.accepted,
                    Gate::Stood { step, weeks } => {
                        let n = usize::try_from(step).unwrap_or(1).min(earlier.steps.len());
                        earlier
                            .steps
                            .get(n - 1)
                            .map_or(0, |(w, _)| w + i64::from(weeks))
                    }
                };
                if later.first < open {
                    found.push(format!(
                        "{} begins in week {}, before week {open} when {} lets it",
                        later.name, later.first, earlier.name
                    ));
                }
            }
        }
        found
    }

    pub(super) fn easy_first(&self, rule: &'a Rule, gate: Gate) -> Vec<String> {
        self.ordered(rule, gate, |e, l| {
            e.cell.site == l.cell.site && e.rung < l.rung
        })
    }

    pub(super) fn shift_order(&self, rule: &'a Rule, gate: Gate) -> Vec<String> {
        let place = |c: &Cell| self.model.shifts.iter().position(|s| *s == c.shift);
        self.ordered(rule, gate, |e, l| {
            e.cell.site == l.cell.site
                && e.cell.kind == l.cell.kind
                && place(e.cell) < place(l.cell)
        })
    }

    /// Steps that stay where they are, and the others not before a week.
    pub(super) fn settled(&self, rule: &'a Rule, weeks: &[u32], from: u32) -> Vec<String> {
        let mut found = Vec::new();
        for way in self.scoped(rule) {
            if way.steps.len() < weeks.len() {
                let (has, wants) = (way.steps.len(), weeks.len());
                found.push(format!("{} has {has} steps, {wants} are settled", way.name));
            }
            for (n, (week, _)) in way.steps.iter().enumerate() {
                let (name, step) = (&way.name, n + 1);
                match weeks.get(n) {
                    Some(stays) if i64::from(*stays) != *week => found.push(format!(
                        "{name} has step {step} in week {week}, settled for week {stays}"
                    )),
                    None if *week < i64::from(from) => found.push(format!(
                        "{name} has step {step} in week {week}, not before week {from}"
                    )),
                    _ => {}
                }
            }
        }
        found
    }

    pub(super) fn motion(&self, rule: &'a Rule, max: u32) -> Vec<String> {
        let mut found = Vec::new();
        for week in 0..self.end {
            let moving = self.model.sites.iter().filter(|site| {
                let ways = || self.scoped(rule).filter(|w| w.cell.site == site.id);
                let first = ways().map(|w| w.first).min();
                let done = ways().map(|w| w.accepted).max();
                first.is_some_and(|f| f <= week) && done.is_some_and(|d| week < d)
            });
            let moving: Vec<_> = moving.map(|s| s.id.as_str()).collect();
            if moving.len() > usize::try_from(max).unwrap_or(usize::MAX) {
                found.push(format!(
                    "{} are in motion in week {week}, at most {max}",
                    moving.join(", ")
                ));
            }
        }
        found
    }
}
