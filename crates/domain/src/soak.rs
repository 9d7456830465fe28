//! Soak: how long a chunk stands at its last step before anybody accepts it (A8, §4.4).

use crate::ladder::Rung;
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
