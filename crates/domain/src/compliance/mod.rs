//! What law and contract ask for, as dated records: the business associate agreement before any patient data, the
//! outsourcer's subcontractors, accreditation, recording, languages; and the clocks of a security incident (§2.1, §2.4).

pub mod callers;
pub mod erasure;
pub mod exit;
pub mod incidents;
pub mod records;

mod board;
mod gate;
mod phi;

pub(crate) use board::{BOARD, INCIDENTS_BOARD};
pub(crate) use gate::findings;
pub use phi::{require_phi_allowed, require_records_allowed};

use records::{Filed, Subcontracted};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What the parties agree about evidence and its clocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ComplianceTerms {
    /// Functions for which the outsourcer says whom it uses.
    pub subcontracted: BTreeSet<Subcontracted>,
    /// Whether the outsourcer's accreditation must cover the highest rung moved.
    pub accreditation_required: bool,
    /// A language of at least so many basis points of a centre's callers has an interpreter path.
    pub language_share_min_bp: u16,
    /// Longest time to an interpreter.
    pub interpreter_max_s: u32,
    /// Languages beside English in which notices are given.
    pub notice_languages_min: u8,
    /// The outsourcer tells the client of a security incident within so many hours of its discovery.
    pub incident_notice_h: u32,
    /// Those concerned are told of a breach within so many days of its discovery.
    pub breach_notice_days: u32,
    /// A record that expires within so many days is marked.
    pub expiry_warning_days: u32,
}

impl Default for ComplianceTerms {
    fn default() -> Self {
        Self {
            subcontracted: Subcontracted::ALL.into(),
            accreditation_required: true,
            language_share_min_bp: 500,
            interpreter_max_s: 60,
            notice_languages_min: 15,
            incident_notice_h: 24,
            breach_notice_days: 60,
            expiry_warning_days: 60,
        }
    }
}

/// Evidence of law and contract, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Compliance {
    /// Every record by its name.
    pub records: BTreeMap<crate::ids::EvidenceId, Filed>,
    /// Who calls, by centre.
    pub callers: BTreeMap<crate::ids::SiteId, callers::CallersDescribed>,
    /// Security incidents by name.
    pub incidents: BTreeMap<crate::ids::SecurityIncidentId, incidents::SecurityIncident>,
    /// What is done of the exit checklist.
    pub exit: BTreeMap<exit::ExitItem, exit::ExitItemCompleted>,
    /// Erasures of call records, oldest first.
    pub erasures: Vec<erasure::ErasureOrdered>,
}
