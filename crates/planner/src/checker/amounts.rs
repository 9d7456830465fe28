//! What the checker counts by the week: people, seats, testers, contacts, steps.

use super::Walk;
use crate::model::{Cell, Pool, Rule};
use segue_domain::ladder::Rung;

impl<'a> Walk<'a> {
    /// What is busy in the weeks before a first step: seats or testers.
    pub(super) fn before_first(
        &self,
        rule: &'a Rule,
        weeks: i64,
        max: u64,
        amount: impl Fn(&Cell) -> u64,
        what: &str,
    ) -> Vec<String> {
        let mut found = Vec::new();
        for week in -weeks..self.end {
            let busy = self
                .scoped(rule)
                .filter(|w| w.first - weeks <= week && week < w.first);
            let sum: u64 = busy.map(|w| amount(w.cell)).sum();
            if sum > 0 && week < 0 {
                found.push(format!(
                    "{sum} {what} in week {week}, before the plan begins"
                ));
            } else if sum > max {
                found.push(format!("{sum} {what} in week {week}, at most {max}"));
            }
        }
        found
    }

    pub(super) fn headcount(&self, rule: &'a Rule, people: &[Pool]) -> Vec<String> {
        let mut found = Vec::new();
        for week in 0..self.end {
            let needed = self.scoped(rule).map(|w| {
                let percent = u64::from(w.share(week));
                (u64::from(w.cell.people) * percent).div_ceil(100)
            });
            let (needed, there): (u64, u64) = (needed.sum(), there(people, week));
            if needed > there {
                found.push(format!(
                    "{needed} people needed in week {week}, {there} are there"
                ));
            }
        }
        found
    }

    /// `max` is in contacts times 100.
    pub(super) fn moved(&self, rule: &'a Rule, max: u64, words: &str) -> Vec<String> {
        let mut found = Vec::new();
        for week in 0..self.end {
            let moved: u64 = self.scoped(rule).map(|w| w.moved(week)).sum();
            if moved > max {
                let moved = moved.div_ceil(100);
                found.push(format!(
                    "{moved} contacts move in week {week}, at most {words}"
                ));
            }
        }
        found
    }

    pub(super) fn triage(&self, rule: &'a Rule, points: u64) -> Vec<String> {
        let mut found = Vec::new();
        for site in &self.model.sites {
            let ways = || {
                let own = self.scoped(rule).filter(|w| w.cell.site == site.id);
                own.filter(|w| w.rung == Rung::Triage)
            };
            let all: u64 = ways().map(|w| u64::from(w.cell.contacts_per_week)).sum();
            for week in 0..self.end {
                let moved: u64 = ways().map(|w| w.moved(week)).sum();
                if moved > points * all {
                    let site = &site.id;
                    found.push(format!(
                        "triage of {site} moves by more than {points} points in week {week}"
                    ));
                }
            }
        }
        found
    }

    pub(super) fn frequency(&self, rule: &'a Rule, max: u64, weeks: i64) -> Vec<String> {
        let mut found = Vec::new();
        for week in 0..self.end {
            let inside = |w: i64| week - weeks < w && w <= week;
            let steps = self
                .scoped(rule)
                .flat_map(|w| &w.steps)
                .filter(|(w, _)| inside(*w));
            let steps = u64::try_from(steps.count()).unwrap_or(u64::MAX);
            if steps > max {
                found.push(format!(
                    "{steps} steps in the {weeks} weeks to week {week}, at most {max}"
                ));
            }
        }
        found
    }

    pub(super) fn readiness(&self, rule: &'a Rule, kept: &[Pool]) -> Vec<String> {
        let mut found = Vec::new();
        for week in 0..self.end {
            let open = self.scoped(rule).filter(|w| week < w.closed);
            let (needed, kept): (u64, u64) =
                (open.map(|w| u64::from(w.cell.n95)).sum(), there(kept, week));
            if needed > kept {
                found.push(format!(
                    "in week {week} the open door needs {needed} people in-house, {kept} are kept"
                ));
            }
        }
        found
    }
}

/// The people of a pool in a week: the last entry that has begun.
fn there(pool: &[Pool], week: i64) -> u64 {
    let mut people = 0;
    for entry in pool {
        if i64::from(entry.week) <= week {
            people = u64::from(entry.people);
        }
    }
    people
}
