//! A/A weeks decide whether a guard may act alone on statistics: the exhibit of the client's own weeks, for the rules it was
//! made with. Without one, or above 5 % false alarms, a Fail pages people and moves nothing.

use segue_domain::ids::ChunkId;
use segue_parity::calibration::OwnWeeks;
use segue_parity::rules::SignedRules;
use serde::{Deserialize, Serialize};

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
                "On the client's own weeks the guard cried wolf more than once in twenty: it acts on no statistics; agree other blocks or margins."
            }
        }
    }
}
