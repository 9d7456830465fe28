//! The people of the in-house centres: paths, legal notice, who can still answer at home, thanks (B11, B12, A31, §7.8).
//!
//! Staff are pseudonyms that only the client's human resources resolve; the outsourcer's people see counts. Nothing here
//! measures a single person (§7.15).

mod board;
pub mod commitments;
pub mod communications;
pub mod disconnections;
pub mod fallback_capacity;
pub mod fallback_minimums;
pub mod fallback_roster;
pub mod key_persons;
pub mod mood;
pub mod notice_rules;
pub mod notices;
pub(crate) mod own_path;
pub mod paths;
pub mod project_manager;
pub mod readiness;
pub mod recognition;
pub mod recorded_readiness;
pub mod roster;
pub mod separations;
mod still_needed;

use crate::ids::{CallTypeId, CommitmentId, SiteId, StaffId};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) use board::{NOTICES, PEOPLE};

/// What the parties agree about people (a practitioner's defaults).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct PeopleTerms {
    /// Days before a go-live from which its key persons stay.
    pub key_persons_stay_from_days: u16,
    /// Days after a go-live until which its key persons stay.
    pub key_persons_stay_until_days: u16,
    /// How long it counts how many of the fallback roster could be reached.
    pub reachable_valid_h: u32,
    /// Home has to be so likely to answer as promised, in basis points, or the way forward is frozen.
    pub readiness_min_bp: u32,
    /// How long a recorded readiness counts.
    pub readiness_valid_h: u32,
    /// Days after the date in a notice within which employment may end; later, another notice is due.
    pub separation_window_days: u16,
    /// Agents that the outsourcer keeps free for each call type at any time, of those it shares with other clients.
    pub concurrent_minimums: BTreeMap<CallTypeId, u32>,
}

impl Default for PeopleTerms {
    fn default() -> Self {
        Self {
            key_persons_stay_from_days: 14,
            key_persons_stay_until_days: 30,
            reachable_valid_h: 24,
            readiness_min_bp: 9_500,
            readiness_valid_h: 24,
            separation_window_days: 14,
            concurrent_minimums: BTreeMap::new(),
        }
    }
}

/// The people's part of the state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct People {
    /// Days of notice by law, as adopted.
    pub notice_rules: Vec<notice_rules::NoticeRule>,
    /// Size and place of each centre's workforce, for the law's thresholds.
    pub workforce: BTreeMap<SiteId, notice_rules::RecordWorkforce>,
    /// The in-house shifts.
    pub shifts: Vec<roster::Shift>,
    /// The in-house staff.
    pub staff: BTreeMap<StaffId, roster::StaffMember>,
    /// Who leaves of their own accord, and when.
    pub resigned: BTreeMap<StaffId, jiff::civil::Date>,
    /// Paths offered to each, oldest first.
    pub paths: BTreeMap<StaffId, Vec<paths::Path>>,
    /// How many must be able to answer at home.
    pub minimums: fallback_minimums::Minimums,
    /// Who accepted to come when calls come home.
    pub fallback_roster: Vec<fallback_roster::FallbackShift>,
    /// How many of them could be reached, the last time somebody asked.
    pub reachable: Vec<fallback_roster::ReachabilityRecorded>,
    /// How ready home was, the last time it was computed, by centre, rung and shift.
    pub readiness: Vec<recorded_readiness::ReadinessRecorded>,
    /// Notices served to each, oldest first.
    pub notices: BTreeMap<StaffId, Vec<notices::NoticesServed>>,
    /// Planned ends of employment here.
    pub separations: BTreeMap<StaffId, separations::Separation>,
    /// Access and licences let go.
    pub released: Vec<disconnections::StaffReleased>,
    /// Planned ports and disconnections.
    pub disconnections: Vec<disconnections::Disconnection>,
    /// Who was told, in the order of telling.
    pub told: Vec<communications::AudienceTold>,
    /// Thanks, oldest first.
    pub thanks: Vec<recognition::ThanksGiven>,
    /// Pulses that may be shown, oldest first.
    pub mood: Vec<mood::MoodPulseTaken>,
    /// Who leads the implementation for the client.
    pub project_manager: Option<project_manager::ProjectManagerAppointed>,
    /// Changes of key persons, oldest first.
    pub key_changes: Vec<key_persons::KeyChange>,
    /// Commitments to the people.
    pub commitments: BTreeMap<CommitmentId, commitments::Commitment>,
}

/// A member of the in-house staff. The refusal repeats only what was typed.
pub(crate) fn require_staff<'t>(
    t: &'t Transition,
    staff: &StaffId,
) -> Result<&'t roster::StaffMember, Refusal> {
    t.people.staff.get(staff).ok_or_else(|| {
        Refusal::new(Code::Unknown)
            .missing(format!("`{staff}` on the in-house roster"))
            .who("the client's human resources")
            .how("put the person on the roster (`segue do roster-staff`)")
    })
}

/// Refuses a site that does not exist.
pub(crate) fn require_site(t: &Transition, site: &SiteId) -> Result<(), Refusal> {
    if t.site_zone(site).is_some() {
        return Ok(());
    }
    Err(bad(format!("a centre named `{site}`")))
}
