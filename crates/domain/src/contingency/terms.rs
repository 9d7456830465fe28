//! The settings of this concern that both sign.

use super::plan::Mechanism;
use serde::{Deserialize, Serialize};

/// Settings of contingency; the defaults are a practitioner's (§7, A30–A32).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct ContingencyTerms {
    /// A drill older than this does not count.
    pub drill_valid_days: u32,
    /// Calls that a drill has under way at least.
    pub drill_calls_min: u32,
    /// Target of the return where Segue or a cloud ACD changes the route.
    pub api_rto_s: u32,
    /// Target of the return where a PBX forwards.
    pub pbx_forward_rto_s: u32,
    /// Target of the return where a responsible organisation changes a toll-free record.
    pub resp_org_rto_s: u32,
    /// A printed runbook older than this is pointed out.
    pub runbook_valid_days: u32,
    /// From an escalation to a nurse at most.
    pub escalation_answer_s: u32,
    /// A 911/988 drill older than this does not count.
    pub emergency_drill_valid_days: u32,
    /// A last resort is called at least this often.
    pub last_resort_valid_days: u32,
    /// Between a fallback for telephony alone and the next way out.
    pub telephony_cool_down_h: u32,
    /// A fallback by the outsourcer has its reason within this time.
    pub reason_within_h: u32,
    /// False alarms a quarter that an automatic trigger may be expected to have, in basis points: 10,000 is one.
    pub false_alarms_per_quarter_bp_max: u32,
    /// A snapshot of open work older than this leaves a gap that is pointed out.
    pub open_work_age_min: u32,
}

impl Default for ContingencyTerms {
    fn default() -> Self {
        Self {
            drill_valid_days: 30,
            drill_calls_min: 200,
            api_rto_s: 60,
            pbx_forward_rto_s: 300,
            resp_org_rto_s: 900,
            runbook_valid_days: 7,
            escalation_answer_s: 30,
            emergency_drill_valid_days: 90,
            last_resort_valid_days: 7,
            telephony_cool_down_h: 2,
            reason_within_h: 24,
            false_alarms_per_quarter_bp_max: 10_000,
            open_work_age_min: 5,
        }
    }
}

impl ContingencyTerms {
    /// The target of the return by mechanism, in seconds.
    pub fn rto_s(&self, mechanism: Mechanism) -> u32 {
        match mechanism {
            Mechanism::Api => self.api_rto_s,
            Mechanism::PbxForward => self.pbx_forward_rto_s,
            Mechanism::RespOrg => self.resp_org_rto_s,
        }
    }
}
