//! The exit checklist: what happens to patient data when the two parties part (164.504(e)(2)(ii)(J)).

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::event::Event;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One item of the list.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ExitItem {
    /// The outsourcer returned or destroyed patient data.
    ReturnOrDestroy,
    /// So did its subcontractors.
    SubcontractorsReturnOrDestroy,
    /// Recordings are the client's again.
    RecordingsReturned,
    /// Access to the client's systems is gone.
    AccessRemoved,
    /// Keys shared for the work are destroyed.
    KeysDestroyed,
}

/// Says that an item of the exit checklist is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CompleteExitItem {
    /// The item.
    pub item: ExitItem,
    /// Where the certificate is.
    pub reference: String,
}

/// An item of the exit checklist is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitItemCompleted {
    /// The item.
    pub item: ExitItem,
    /// By which party.
    pub by: Side,
    /// Where the certificate is.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

impl ExitItem {
    /// Every item.
    pub const ALL: [Self; 5] = [
        Self::ReturnOrDestroy,
        Self::SubcontractorsReturnOrDestroy,
        Self::RecordingsReturned,
        Self::AccessRemoved,
        Self::KeysDestroyed,
    ];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::ReturnOrDestroy => "patient data returned or destroyed",
            Self::SubcontractorsReturnOrDestroy => {
                "patient data at subcontractors returned or destroyed"
            }
            Self::RecordingsReturned => "recordings returned",
            Self::AccessRemoved => "access removed",
            Self::KeysDestroyed => "keys destroyed",
        }
    }
}

pub(crate) fn complete(
    t: &Transition,
    c: &CompleteExitItem,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    text::title("where the certificate is", &c.reference)?;
    if t.compliance.exit.contains_key(&c.item) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::ExitItemCompleted(ExitItemCompleted {
        item: c.item,
        by: actor.side,
        reference: c.reference.clone(),
        at: now,
    })])
}

pub(crate) fn apply_completed(t: &mut Transition, e: &ExitItemCompleted) {
    t.compliance.exit.insert(e.item, e.clone());
}
