//! The numbers of testing before trusting, as signed: every default is a practitioner's until the contract says otherwise.

use crate::ids::CallTypeId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Settings of test calls, training, access, telephony and maturity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct TestingTerms {
    /// Different people of the client who must have tested a call type (A24).
    pub callers_min: u32,
    /// Agents of a training sample, in percent of those with records (A23).
    pub sample_percent: u32,
    /// Agents of a training sample at least (A23).
    pub sample_agents_min: u32,
    /// Percent of a sample that must agree (A23).
    pub sample_agree_percent: u32,
    /// Days for which a proof of access holds (A27).
    pub access_valid_days: u32,
    /// Days for which a telephony check holds (A28).
    pub telephony_valid_days: u32,
    /// Calls at once that a path must carry, in percent of the baseline's peak (A28).
    pub concurrency_percent: u32,
    /// Longest ringing before somebody answers.
    pub ring_ms_max: u32,
    /// Longest silence between dialling and ringing.
    pub post_dial_delay_ms_max: u32,
    /// Lowest mean opinion score of the audio, times 100.
    pub mos_x100_min: u32,
    /// Longest time to an interpreter.
    pub interpreter_s_max: u32,
    /// Supervised calls after which an agent may be released (A19).
    pub supervised_calls_min: u32,
    /// Released calls after which an agent works at full speed, and may take the next type (A19).
    pub released_calls_min: u32,
    /// Quality score that releases, and that opens the next type (A19).
    pub qa_percent_min: u8,
    /// Load of an agent who is not at full speed (A19).
    pub reduced_load_percent: u8,
    /// Rostered agents a call type needs at least, where the contract says so (§7.17); one everywhere else.
    pub agents_min: BTreeMap<CallTypeId, u32>,
}

impl Default for TestingTerms {
    fn default() -> Self {
        Self {
            callers_min: 2,
            sample_percent: 10,
            sample_agents_min: 5,
            sample_agree_percent: 95,
            access_valid_days: 14,
            telephony_valid_days: 7,
            concurrency_percent: 120,
            ring_ms_max: 20_000,
            post_dial_delay_ms_max: 4_000,
            mos_x100_min: 350,
            interpreter_s_max: 60,
            supervised_calls_min: 10,
            released_calls_min: 50,
            qa_percent_min: 90,
            reduced_load_percent: 60,
            agents_min: BTreeMap::new(),
        }
    }
}
