//! Nurses' authority to practise: licences, the compact, and who may take a call of a patient in a state (§2.4).
//!
//! What counts is where the patient is when the call is taken, asked on every call: an area code is no location.

pub mod compact;
pub mod eligibility;
pub mod route;

mod board;
mod gate;

pub(crate) use board::BOARD;
pub use eligibility::{Eligibility, eligible};
pub(crate) use gate::{findings, may_take};
pub use route::{Routing, route_eligible};

use crate::Decided;
use crate::event::Event;
use crate::ids::{AgentId, CallTypeId, StateCode, is_usable};
use crate::lines::bad;
use crate::refusal::Refusal;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the parties agree about licences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LicenceTerms {
    /// A state with at least so many basis points of a centre's callers needs a nurse who may advise there.
    pub state_share_min_bp: u16,
    /// A licence that expires within so many days is announced.
    pub warning_days: u32,
    /// A multistate licence counts so many days after the nurse moved to another state.
    pub residence_change_days: u16,
    /// Where no nurse may advise, the physician on call calls back within so many minutes.
    pub physician_callback_max_min: u32,
}

impl Default for LicenceTerms {
    fn default() -> Self {
        Self {
            state_share_min_bp: 100,
            warning_days: 14,
            residence_change_days: 60,
            physician_callback_max_min: 15,
        }
    }
}

/// How far a licence reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LicenceKind {
    /// The state that issued it.
    Single,
    /// Every active member of the compact, while the issuing state is the nurse's primary state of residence.
    Multistate,
}

/// Whether it may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LicenceStatus {
    /// It may.
    #[default]
    Active,
    /// A board of nursing restricts it.
    Encumbered,
    /// It may not, for now.
    Suspended,
    /// It is gone.
    Lapsed,
}

/// The nurse's primary residence is no longer in the issuing state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResidenceChange {
    /// Where the nurse lives now.
    pub to: StateCode,
    /// Since when.
    #[schemars(with = "String")]
    pub on: Date,
}

/// One licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Licence {
    /// The state that issued it; of a multistate licence, the nurse's primary state of residence.
    pub state: StateCode,
    /// How far it reaches.
    pub kind: LicenceKind,
    /// The last day it counts, whole, in its zone; open where nobody asked.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub expires: Option<Date>,
    /// The IANA zone its last day ends in.
    pub zone: String,
    /// Whether it may be used.
    #[serde(default)]
    pub status: LicenceStatus,
    /// Set when the nurse moved.
    #[serde(default)]
    pub moved: Option<ResidenceChange>,
}

/// A licence of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentLicence {
    /// The outsourcer's number for the nurse.
    pub agent: AgentId,
    /// The licence.
    #[serde(flatten)]
    pub licence: Licence,
}

/// Records licences; one of the same agent and state is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordLicences {
    /// The licences.
    pub licences: Vec<AgentLicence>,
}

/// Licences stand as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicencesRecorded {
    /// The licences.
    pub licences: Vec<AgentLicence>,
    /// When.
    pub at: Timestamp,
}

/// A call that no nurse may take here and now went to the physician on call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEscalated {
    /// The call type.
    pub call_type: CallTypeId,
    /// Where the patient was.
    pub patient_state: StateCode,
    /// The physician calls back by then.
    pub callback_by: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// Licences and what they led to, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Licences {
    /// By agent.
    pub of: BTreeMap<AgentId, Vec<Licence>>,
    /// The compact's members, as adopted.
    pub compact: Vec<compact::CompactRow>,
    /// Escalations, newest last; the last ones only.
    pub escalated: Vec<CallEscalated>,
}

/// Escalations kept in state; the journal has all.
const ESCALATED_MAX: usize = 50;

impl Licence {
    /// The instant from which it no longer counts: the end of its last day, where it was issued.
    pub fn ends_at(&self) -> Option<Timestamp> {
        let after = self.expires?.tomorrow().ok()?;
        after.to_zoned(self.time_zone()).ok().map(|z| z.timestamp())
    }

    /// The date where it was issued.
    pub(crate) fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.time_zone()).date()
    }

    fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC)
    }

    fn check(&self, agent: &AgentId) -> Result<(), Refusal> {
        self.state.check()?;
        if let Some(moved) = &self.moved {
            moved.to.check()?;
        }
        if TimeZone::get(&self.zone).is_err() {
            return Err(bad(format!("`{}` of {agent} as an IANA zone", self.zone)));
        }
        if self.expires.is_none() {
            return Err(bad(format!(
                "the last day of the {} licence of {agent}",
                self.state
            )));
        }
        Ok(())
    }
}

impl LicenceKind {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Single => "single-state",
            Self::Multistate => "multistate",
        }
    }
}

/// The licences of an agent.
pub fn licences_of<'t>(t: &'t Transition, agent: &AgentId) -> &'t [Licence] {
    t.licences.of.get(agent).map_or(&[], Vec::as_slice)
}

pub(crate) fn record(t: &Transition, c: &RecordLicences, now: Timestamp) -> Decided {
    text::list("licences", &c.licences)?;
    for AgentLicence { agent, licence } in &c.licences {
        if !is_usable(agent.as_str()) {
            return Err(bad(format!("`{agent}` as an agent number")));
        }
        licence.check(agent)?;
    }
    let is_new = |l: &&AgentLicence| !licences_of(t, &l.agent).contains(&l.licence);
    let licences: Vec<_> = c.licences.iter().filter(is_new).cloned().collect();
    if licences.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::LicencesRecorded(LicencesRecorded {
        licences,
        at: now,
    })])
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &LicencesRecorded) {
    for AgentLicence { agent, licence } in &e.licences {
        let own = t.licences.of.entry(agent.clone()).or_default();
        own.retain(|l| l.state != licence.state);
        own.push(licence.clone());
    }
}

pub(crate) fn apply_escalated(t: &mut Transition, e: &CallEscalated) {
    let kept = &mut t.licences.escalated;
    kept.push(e.clone());
    let too_many = kept.len().saturating_sub(ESCALATED_MAX);
    kept.drain(..too_many);
}
