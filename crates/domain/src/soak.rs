//! Soak: how long a chunk stands at its last step before anybody accepts it (A8, §4.4).

use crate::acceptance::OutcomeRecord;
use crate::canonical;
use crate::chunks::{Chunk, ChunkState};
use crate::ladder::Rung;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Days of observation before acceptance, by the rung of the call type. All of it is settled in the signed terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Soak {
    /// Days for messages.
    pub message_days: u32,
    /// Days for appointments.
    pub appointment_days: u32,
    /// Days for consult.
    pub consult_days: u32,
    /// Days for triage.
    pub triage_days: u32,
    /// Whole weekends that the soak of triage holds at least.
    pub triage_weekends: u32,
    /// Mondays that the soak of triage holds at least.
    pub triage_mondays: u32,
}

impl Default for Soak {
    fn default() -> Self {
        Self {
            message_days: 5,
            appointment_days: 7,
            consult_days: 10,
            triage_days: 14,
            triage_weekends: 2,
            triage_mondays: 1,
        }
    }
}

impl Soak {
    /// No observation at all.
    pub fn none() -> Self {
        Self {
            message_days: 0,
            appointment_days: 0,
            consult_days: 0,
            triage_days: 0,
            triage_weekends: 0,
            triage_mondays: 0,
        }
    }

    /// Days of observation for a rung.
    pub fn days(&self, rung: Rung) -> u32 {
        match rung {
            Rung::Message => self.message_days,
            Rung::Appointment => self.appointment_days,
            Rung::Consult => self.consult_days,
            Rung::Triage => self.triage_days,
        }
    }
}

/// Days looked ahead for the weekends and Mondays of a soak.
const AHEAD_DAYS_MAX: u32 = 400;

/// When a chunk has stood long enough at its last step; `None` while it is not there.
pub fn until(t: &Transition, chunk: &Chunk) -> Option<Timestamp> {
    let since = chunk.share_since?;
    if chunk.state != ChunkState::Live || chunk.share < chunk.planned.last_share() {
        return None;
    }
    let rung = t.rung(&chunk.planned.call_type)?;
    let soak = &t.terms.soak;
    let end = canonical::hours_after(since, soak.days(rung).saturating_mul(24));
    if rung < Rung::Triage {
        return Some(end);
    }
    let zone = t
        .site_zone(&chunk.planned.site)
        .and_then(|name| TimeZone::get(name).ok());
    let zone = zone.unwrap_or(TimeZone::UTC);
    let first = since.to_zoned(zone.clone()).date();
    let (mut weekends, mut mondays) = (0, 0);
    let mut day = first.tomorrow().ok()?;
    for _ in 0..AHEAD_DAYS_MAX {
        if weekends >= soak.triage_weekends && mondays >= soak.triage_mondays {
            break;
        }
        // A weekend counts when its Saturday and its Sunday are whole days of the soak.
        weekends += u32::from(day.weekday() == Weekday::Sunday && first.tomorrow().ok()? < day);
        mondays += u32::from(day.weekday() == Weekday::Monday);
        day = day.tomorrow().ok()?;
    }
    let whole_days = day.to_zoned(zone).ok()?.timestamp();
    Some(end.max(whole_days))
}

pub(crate) fn findings(
    t: &Transition,
    chunk: &Chunk,
    _outcome: &OutcomeRecord,
    now: Timestamp,
) -> Vec<String> {
    let open = until(t, chunk).filter(|until| now < *until);
    let text = |until| {
        let ends = text::minute(until);
        format!("the observation at the last step (soak), which ends at {ends}")
    };
    open.map(text).into_iter().collect()
}
