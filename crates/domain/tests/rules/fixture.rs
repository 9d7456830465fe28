//! The example every test stands on (`segue-example`): Riverside Health moves RVS-Main and RVS-North to CareBridge.

use segue_domain::parties::CreateTransition;
use segue_domain::schedule::Plan;
use segue_domain::{Actor, Role, Side};
use segue_example::Example;

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
