//! The example every test stands on (`segue-example`): Riverside Health moves RVS-Main and RVS-North to CareBridge.

use segue_domain::chunks::PlannedChunk;
use segue_domain::covering::StaysHome;
use segue_domain::parties::CreateTransition;
use segue_domain::schedule::Plan;
use segue_domain::windows::ShiftWindow;
use segue_domain::{Actor, Role, Side};
use segue_example::Example;
use std::collections::BTreeSet;

pub(crate) use segue_example::key;

pub(crate) const ZONE: &str = "America/New_York";

pub(crate) fn director(side: Side) -> Actor {
    segue_example::of(side, Role::Signatory)
}

pub(crate) fn manager(side: Side) -> Actor {
    segue_example::of(side, Role::Implementation)
}

pub(crate) fn duty(side: Side) -> Actor {
    segue_example::of(side, Role::Duty)
}

pub(crate) fn nurse() -> Actor {
    segue_example::of(Side::Client, Role::TestCaller)
}

pub(crate) fn create() -> CreateTransition {
    Example::riverside().create
}

/// Easy before hard, one centre after the other.
pub(crate) fn plan() -> Plan {
    Example::riverside().plan
}

/// The hours of a chunk's calls beside weekday nights, staying home.
pub(crate) fn by_day(chunk: &PlannedChunk) -> StaysHome {
    StaysHome {
        line: chunk.lines[0].clone(),
        call_type: chunk.call_type.clone(),
        languages: BTreeSet::new(),
        population: None,
        windows: vec![ShiftWindow::new(
            "Mon-Fri 07:00-19:00, Sat 07:00-Mon 07:00",
            ZONE,
        )],
        reason: "the day shift stays in-house".into(),
    }
}
