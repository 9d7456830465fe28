//! "Had we not moved" (B13): the in-house staffing that both froze, and what became of real arrivals replayed through it.
//!
//! Moving calls out empties the in-house queue, so what stays there is nothing to compare with. What depends on load is held
//! against the signed target and against this. Both parties sign the staffing, because a thinner one allows the outsourcer more.

pub mod frozen_staffing;
pub mod replayed;

use crate::chunks::PlannedChunk;
use crate::ids::{CallTypeId, SiteId};
use frozen_staffing::{Frozen, FrozenStaffing};
use replayed::Replayed;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The calls that one staffing answers: all of a type at a centre, whichever chunk moves them.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct StaffingKey {
    /// The centre.
    pub site: SiteId,
    /// The call type.
    pub call_type: CallTypeId,
}

impl StaffingKey {
    /// The calls a chunk is part of.
    pub fn of(chunk: &PlannedChunk) -> Self {
        Self {
            site: chunk.site.clone(),
            call_type: chunk.call_type.clone(),
        }
    }
}

impl fmt::Display for StaffingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.call_type, self.site)
    }
}

/// Frozen staffings and what was replayed through them, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Counterfactuals {
    #[serde(serialize_with = "crate::canonical::entries")]
    pub(crate) frozen: BTreeMap<StaffingKey, Frozen>,
    #[serde(serialize_with = "crate::canonical::entries")]
    pub(crate) replayed: BTreeMap<StaffingKey, Replayed>,
}

impl Counterfactuals {
    /// The staffing both have signed; nothing where none is frozen.
    pub fn agreed(&self, key: &StaffingKey) -> Option<&FrozenStaffing> {
        self.frozen.get(key)?.agreed.as_ref()
    }

    /// Every staffing, agreed or only proposed.
    pub fn staffings(&self) -> impl Iterator<Item = (&StaffingKey, &Frozen)> {
        self.frozen.iter()
    }

    /// What was replayed so far; nothing where nothing was.
    pub fn replayed(&self, key: &StaffingKey) -> Option<&Replayed> {
        self.replayed.get(key)
    }
}
