//! Who is on call, by service and position: where nobody is, a page goes nowhere.

use super::store::{Row, is_words};
use crate::tables::Table;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One duty. A position, not a name; how to reach it stands in the schedule's own system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnCall {
    /// The service: `paediatrics`.
    pub service: String,
    /// The position: `attending`, `back-up`.
    pub position: String,
    /// From then on.
    pub from: Timestamp,
    /// Up to then.
    pub to: Timestamp,
}

impl Row for OnCall {
    const TABLE: Table = Table::Oncall;

    fn key(&self) -> String {
        format!("{}\t{}\t{}", self.service, self.position, self.from)
    }

    fn over_at(&self) -> Timestamp {
        self.to
    }

    fn fault(&self) -> Option<&'static str> {
        match () {
            () if !is_words(&self.service) || !is_words(&self.position) => {
                Some("service or position is empty, too long or a number")
            }
            () if self.to <= self.from => Some("to does not lie after from"),
            () => None,
        }
    }
}

/// A time at which a service has nobody on call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DutyGap {
    /// The service.
    pub service: String,
    /// From then on.
    pub from: Timestamp,
    /// Up to then.
    pub to: Timestamp,
}

/// The gaps between a service's first and last duty, whatever the position.
pub fn duty_gaps(duties: &[OnCall]) -> Vec<DutyGap> {
    let mut services: BTreeMap<&str, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
    for duty in duties {
        let service = services.entry(&duty.service).or_default();
        service.push((duty.from, duty.to));
    }
    let mut gaps = Vec::new();
    for (service, mut times) in services {
        times.sort_unstable();
        let mut covered = times.first().map(|(from, _)| *from);
        for (from, to) in times {
            if let Some(until) = covered.filter(|until| from > *until) {
                gaps.push(DutyGap {
                    service: service.to_owned(),
                    from: until,
                    to: from,
                });
            }
            covered = covered.max(Some(to));
        }
    }
    gaps
}
