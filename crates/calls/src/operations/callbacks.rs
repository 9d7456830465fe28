//! Promised callbacks: kept, late, never made. A promise that was not kept at all counts against compliance like a late one (§2.3).

use super::store::{Row, is_name};
use crate::tables::Table;
use crate::understanding::Ratio;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How soon a patient must be called back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// At once.
    Emergent,
    /// Within a quarter of an hour.
    Urgent,
    /// Within the hour.
    Routine,
}

/// A promise to call back. Neither number nor name: those are in the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// The promise's id in its source.
    pub promise: String,
    /// The call type.
    #[serde(default)]
    pub call_type: Option<String>,
    /// How urgent.
    pub urgency: Urgency,
    /// When it was promised.
    pub promised_at: Timestamp,
    /// By when.
    pub due_at: Timestamp,
    /// When the call back began; absent while nobody has called.
    #[serde(default)]
    pub started_at: Option<Timestamp>,
}

impl Row for Callback {
    const TABLE: Table = Table::Callbacks;

    fn key(&self) -> String {
        self.promise.clone()
    }

    fn over_at(&self) -> Timestamp {
        self.due_at
    }

    fn fault(&self) -> Option<&'static str> {
        match () {
            () if !is_name(&self.promise) => Some("promise is empty or too long"),
            () if self.due_at < self.promised_at => Some("due_at lies before promised_at"),
            () if self.started_at.is_some_and(|at| at < self.promised_at) => {
                Some("started_at lies before promised_at")
            }
            () => None,
        }
    }
}

/// How promises were kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Promises {
    /// Called back by the time promised.
    pub kept: u64,
    /// Called back later.
    pub late: u64,
    /// The time is over and nobody has called.
    pub unmade: u64,
    /// Nobody has called, and there is time left: in no figure.
    pub not_due: u64,
    /// Kept of all whose time is over or that were called.
    pub compliance: Ratio,
}

/// Callback compliance.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CallbackKpis {
    /// All promises.
    pub all: Promises,
    /// By urgency.
    pub by_urgency: BTreeMap<Urgency, Promises>,
    /// From promise to call, ms over the calls made.
    pub mean_ms: Ratio,
    /// The longest from promise to call, or to now where nobody has called a due one, seconds.
    pub longest_s: u64,
}

impl Promises {
    fn add(&mut self, callback: &Callback, now: Timestamp) {
        let place = match callback.started_at {
            Some(at) if at <= callback.due_at => &mut self.kept,
            Some(_) => &mut self.late,
            None if now >= callback.due_at => &mut self.unmade,
            None => &mut self.not_due,
        };
        *place += 1;
        self.compliance = Ratio::new(self.kept, self.kept + self.late + self.unmade);
    }
}

/// The KPIs of promises as of an instant.
pub fn callback_kpis(callbacks: &[Callback], now: Timestamp) -> CallbackKpis {
    let mut kpis = CallbackKpis::default();
    for callback in callbacks {
        kpis.all.add(callback, now);
        let of = kpis.by_urgency.entry(callback.urgency).or_default();
        of.add(callback, now);
        let until = callback.started_at.unwrap_or(now);
        let ms = until.duration_since(callback.promised_at).as_millis();
        let ms = u64::try_from(ms).unwrap_or(0);
        if callback.started_at.is_some() {
            kpis.mean_ms.numerator = kpis.mean_ms.numerator.saturating_add(ms);
            kpis.mean_ms.denominator += 1;
        }
        if callback.started_at.is_some() || now >= callback.due_at {
            kpis.longest_s = kpis.longest_s.max(ms / 1_000);
        }
    }
    kpis
}
