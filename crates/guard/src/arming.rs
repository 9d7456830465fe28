//! A/A weeks decide whether a guard may act alone on statistics: the exhibit of the client's own weeks, for the rules it was
//! made with. Without one, or above 5 % false alarms, a Fail pages people and moves nothing.

use segue_domain::ids::ChunkId;
use segue_parity::calibration::{OwnWeeks, own_weeks};
use segue_parity::guard::record::Call;
use segue_parity::rules::SignedRules;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How often the guard would have sent an equal centre home on the client's own weeks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exhibit {
    /// The chunk it was made for.
    pub chunk: ChunkId,
    /// The rules it was made with.
    pub rules: SignedRules,
    /// Calls of those weeks.
    pub calls: u64,
    /// Days of those weeks.
    pub days: u32,
    /// What came out.
    pub shown: OwnWeeks,
}

const DAY_US: i64 = 86_400 * 1_000_000;

impl Exhibit {
    /// Plays the client's own calls to the guard of a chunk, split at random by caller `splits` times at the share `pi_bp`.
    pub fn of(
        chunk: &ChunkId,
        rules: &SignedRules,
        calls: &[Call],
        pi_bp: u16,
        splits: u32,
        seed: u64,
    ) -> Self {
        let days: BTreeSet<i64> = calls
            .iter()
            .map(|c| c.place.at_us.div_euclid(DAY_US))
            .collect();
        Self {
            chunk: chunk.clone(),
            rules: rules.clone(),
            calls: u64::try_from(calls.len()).unwrap_or(u64::MAX),
            days: u32::try_from(days.len()).unwrap_or(u32::MAX),
            shown: own_weeks(rules, calls, pi_bp, splits, seed),
        }
    }
}

/// Whether a guard may lower a share alone on statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arming {
    /// Calm on the client's own weeks.
    Armed,
    /// Nobody has shown it (`segue parity own-weeks`).
    NotShown,
    /// Shown with other rules than those in force.
    OtherRules,
    /// More than 5 % false alarms there.
    CriesWolf,
}

impl Arming {
    /// What an exhibit allows under the rules in force.
    pub fn of(exhibit: Option<&Exhibit>, rules: &SignedRules) -> Self {
        match exhibit {
            None => Self::NotShown,
            Some(exhibit) if !exhibit.rules.measures_as(rules) => Self::OtherRules,
            Some(exhibit) if exhibit.shown.may_arm => Self::Armed,
            Some(_) => Self::CriesWolf,
        }
    }

    /// In words, with the next step.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Armed => {
                "On the client's own weeks the guard stayed calm: it may act on a Fail where both signed that."
            }
            Self::NotShown => {
                "The guard acts on no statistics yet: show it on the client's own weeks first (`segue parity own-weeks`)."
            }
            Self::OtherRules => {
                "The client's own weeks were judged by other rules than those in force; show it again (`segue parity own-weeks`)."
            }
            Self::CriesWolf => {
                "On the client's own weeks the guard cried wolf more than once in twenty: it acts on no statistics; agree longer blocks (`access_block` of the margins) or other margins."
            }
        }
    }
}
