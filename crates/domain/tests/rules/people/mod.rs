//! The people of the in-house centres (B11, B12, the people's part of A31, §7.4, §7.8, §7.15, §7.17).

mod legal_tables;

use crate::support::Story;
use segue_domain::{Actor, Role, Side};

pub(crate) use legal_tables::history as tables;

pub(crate) fn hr(side: Side) -> Actor {
    segue_example::of(side, Role::HumanResources)
}

pub(crate) fn compliance() -> Actor {
    segue_example::of(Side::Client, Role::Compliance)
}

/// Each kind of fact of this concern.
pub(crate) fn history() -> Story {
    tables()
}
