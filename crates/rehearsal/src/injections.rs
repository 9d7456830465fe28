//! What goes wrong on purpose, and what the people plan asks for: the file of `segue rehearse --inject`.
//!
//! Local times are those of the client's first centre.

use jiff::civil::{Date, DateTime};
use segue_domain::people::paths::StaffPath;
use serde::{Deserialize, Serialize};

/// Injections of one script at most.
pub const INJECTIONS_MAX: usize = 1_000;

/// Whose people are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Centre {
    /// The client's own.
    InHouse,
    /// The outsourcer's.
    Outsourced,
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Injection {
    /// A test call of a chunk fails; it is trained and tested again that many days later.
    TestFailure {
        /// The chunk.
        chunk: String,
        /// The day, from 9:00 on.
        on: Date,
        /// Days until the next test.
        days: u32,
    },
    /// Calls take longer at the outsourcer.
    HandleTime {
        /// By so many percent.
        percent: u32,
        /// The first day.
        from: Date,
        /// The first day on which it is over.
        to: Date,
    },
    /// People do not come to work.
    Absent {
        /// Where.
        centre: Centre,
        /// So many percent of those rostered.
        percent: u32,
        /// The first day.
        from: Date,
        /// The first day on which it is over.
        to: Date,
    },
    /// The outsourcer's trunk is dead: calls fall through to in-house.
    TrunkOutage {
        /// From then on.
        at: DateTime,
        /// For so long.
        minutes: u32,
    },
    /// The outsourcer's records do not arrive: floors see nothing.
    FeedSilence {
        /// From then on.
        at: DateTime,
        /// For so long.
        minutes: u32,
    },
    /// Whoever is paged decides later.
    LateDecision {
        /// By so much.
        minutes: u32,
    },
    /// Whoever is called back takes longer.
    RecallDelay {
        /// By so much.
        minutes: u32,
    },
    /// The journal cannot be reached.
    DatabaseLoss {
        /// From then on.
        at: DateTime,
        /// For so long.
        minutes: u32,
    },
}

/// Somebody of the in-house centre leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The person, by pseudonym.
    pub staff: String,
    /// The first day without the person.
    pub on: Date,
    /// What the person goes to.
    #[serde(default = "separate")]
    pub path: StaffPath,
}

fn separate() -> StaffPath {
    StaffPath::Separate
}

/// Everything a rehearsal is played with beside plan and calls.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// What is assumed of people.
    pub assumptions: crate::Assumptions,
    /// What goes wrong.
    pub injection: Vec<Injection>,
    /// Who leaves the in-house centre, and when: each asks the rules once the plan is agreed.
    pub release: Vec<Release>,
}
