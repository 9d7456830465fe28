//! Call records, sorted to the groups that would have to answer them.

use super::GroupKey;
use crate::history::{Call, CallHistory};
use segue_domain::Transition;
use segue_domain::ids::{CallTypeId, SiteId};
use std::collections::BTreeMap;

/// Sorts calls to groups, one by one.
#[derive(Debug)]
pub struct Sorter<'t> {
    t: &'t Transition,
    groups: BTreeMap<GroupKey, CallHistory>,
    unsorted: u64,
}

impl<'t> Sorter<'t> {
    /// Nothing sorted yet.
    pub const fn new(t: &'t Transition) -> Self {
        Self {
            t,
            groups: BTreeMap::new(),
            unsorted: 0,
        }
    }

    /// Sorts one call.
    pub fn add(&mut self, call: &Call<'_>) {
        match self.key(call) {
            Some(key) => self.groups.entry(key).or_default().add(call),
            None => self.unsorted += 1,
        }
    }

    /// The calls of each group, and how many belong to none: no known type, or a number of no centre.
    pub fn finish(self) -> (BTreeMap<GroupKey, CallHistory>, u64) {
        (self.groups, self.unsorted)
    }

    fn key(&self, call: &Call<'_>) -> Option<GroupKey> {
        let rung = self.t.rung(&CallTypeId::from(call.call_type?))?;
        Some((self.site_of(call.dnis)?, rung))
    }

    /// The centre of the line that was reached; where there is one centre, that one.
    pub fn site_of(&self, dnis: Option<&str>) -> Option<SiteId> {
        let reached = |dnis: &str| {
            let mut lines = self.t.lines.iter();
            lines.find(|line| line.number == dnis || line.id.as_str() == dnis)
        };
        if let Some(line) = dnis.and_then(reached) {
            return Some(line.site.clone());
        }
        match self.t.sites.as_slice() {
            [only] => Some(only.id.clone()),
            _ => None,
        }
    }
}
