//! Orders to erase call records: by whom, how many, why; never whose (§7.2, minimum necessary).

use crate::Decided;
use crate::event::Event;
use crate::lines::bad;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is to be erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Erased {
    /// Every record of one caller, who is not named.
    OneCaller,
    /// Every record of days before one.
    DaysBefore {
        /// The first local day that stays.
        #[schemars(with = "String")]
        day: Date,
    },
}

impl Erased {
    /// As a board says it; never how many, for a few may be somebody.
    pub(super) fn words(self) -> String {
        match self {
            Self::OneCaller => "one caller's records".into(),
            Self::DaysBefore { day } => format!("records of days before {day}"),
        }
    }
}

/// Orders an erasure; whoever holds the records carries it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderErasure {
    /// What.
    pub erased: Erased,
    /// Records found when it was ordered; absent for one caller, of whose calls the journal tells nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// Why: `request of 3 March`, `retention of seven years`.
    pub reason: String,
}

/// An erasure was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureOrdered {
    /// What.
    pub erased: Erased,
    /// Records found when it was ordered; of one caller older journals have it, and nothing shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

pub(crate) fn order(c: &OrderErasure, now: Timestamp) -> Decided {
    text::title("why records are erased", &c.reason)?;
    match (c.erased, c.records) {
        (Erased::OneCaller, Some(_)) => {
            return Err(bad("no count of one caller's records".into()));
        }
        (Erased::DaysBefore { .. }, None | Some(0)) => {
            return Err(bad("at least one record to erase".into()));
        }
        (Erased::OneCaller, None) | (Erased::DaysBefore { .. }, Some(_)) => {}
    }
    Ok(vec![Event::ErasureOrdered(ErasureOrdered {
        erased: c.erased,
        records: c.records,
        reason: c.reason.clone(),
        at: now,
    })])
}

pub(crate) fn apply_ordered(t: &mut Transition, e: &ErasureOrdered) {
    t.compliance.erasures.push(e.clone());
}
