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

/// Orders an erasure; whoever holds the records carries it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderErasure {
    /// What.
    pub erased: Erased,
    /// Records found when it was ordered.
    pub records: u64,
    /// Why: `request of 3 March`, `retention of seven years`.
    pub reason: String,
}

/// An erasure was ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureOrdered {
    /// What.
    pub erased: Erased,
    /// Records found when it was ordered.
    pub records: u64,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

pub(crate) fn order(c: &OrderErasure, now: Timestamp) -> Decided {
    text::title("why records are erased", &c.reason)?;
    if c.records == 0 {
        return Err(bad("at least one record to erase".into()));
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
