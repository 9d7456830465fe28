//! Balance: whose first proposal the dates in force come from (A9). It warns and never refuses.

use super::Plan;
use crate::actor::Side;
use crate::ids::ChunkId;
use crate::transition::Transition;
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// How many dates of the newest agreed version, or else of the newest one, equal each party's first proposal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// As the client alone first proposed.
    pub client: u32,
    /// As the outsourcer alone first proposed.
    pub outsourcer: u32,
    /// As both first proposed.
    pub both: u32,
    /// As neither did.
    pub neither: u32,
}

/// The date of each step, by chunk and position.
type Dates<'p> = BTreeMap<(&'p ChunkId, usize), Date>;

fn dates(plan: &Plan) -> Dates<'_> {
    let mut dates = Dates::new();
    for chunk in &plan.chunks {
        for (n, step) in chunk.steps.iter().enumerate() {
            dates.insert((&chunk.id, n), step.from);
        }
    }
    dates
}

impl Balance {
    /// Counts; `None` while nothing is proposed.
    pub fn of(t: &Transition) -> Option<Self> {
        let schedule = &t.schedule;
        let shown = schedule.agreed().or_else(|| schedule.newest())?;
        let first = |side: Side| {
            let mut of_side = schedule
                .versions
                .iter()
                .filter(move |v| v.proposed.by == side);
            let plan = of_side.next().map(|v| dates(&v.proposed.plan));
            plan.unwrap_or_default()
        };
        let (client, outsourcer) = (first(Side::Client), first(Side::Outsourcer));
        let mut balance = Self::default();
        for (step, date) in dates(&shown.proposed.plan) {
            let as_first = |of: &Dates<'_>| of.get(&step) == Some(&date);
            let count = match (as_first(&client), as_first(&outsourcer)) {
                (true, true) => &mut balance.both,
                (true, false) => &mut balance.client,
                (false, true) => &mut balance.outsourcer,
                (false, false) => &mut balance.neither,
            };
            *count += 1;
        }
        Some(balance)
    }

    /// The party that set more than so many percent of the dates alone.
    pub fn dictated_by(&self, percent: u32) -> Option<Side> {
        let all = self.client + self.outsourcer + self.both + self.neither;
        let above = |n: u32| u64::from(n) * 100 > u64::from(percent) * u64::from(all);
        match () {
            () if above(self.client) => Some(Side::Client),
            () if above(self.outsourcer) => Some(Side::Outsourcer),
            () => None,
        }
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Dates as first proposed by: client {}, outsourcer {}, both {}, neither {}",
            self.client, self.outsourcer, self.both, self.neither
        )
    }
}
