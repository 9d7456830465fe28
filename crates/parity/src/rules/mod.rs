//! The signed rules of one chunk's agreement: what is measured, who acts on it, how much worse is allowed.
//!
//! Rules are data (TOML or JSON), signed by both and versioned; changing one is a new agreement. [`Rules::check`]
//! reports every fault at once and turns points into ratios once, so that nothing is decided later by a default.

mod check;
mod metric;
mod terms;

pub use check::{RuleFault, RuleFaults};
pub use metric::{Instrument, MetricName, UnknownMetric};
pub use terms::{Margin, SignedRules};

use crate::guard::record::{FeedId, MetricId, StratumId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a metric may do (`statistics.md`, verdicts 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Rolls back, and must pass before a promotion.
    Guardrail,
    /// Must pass before a promotion; never rolls back.
    Gate,
    /// Holds when worse; its silence never blocks.
    Signal,
    /// Shown; acts on nothing.
    Watch,
}

/// What proves a Fail: see [`crate::guard::verdict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailProof {
    /// Worse than equal is proved, and the best estimate is beyond the margin.
    #[default]
    WorseThanEqual,
    /// Worse than the margin itself is proved: slower, and never against a centre within the margin.
    WorseThanMargin,
}

/// One metric of the agreement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricRule {
    /// Its name in the trade; an unknown name is refused.
    pub name: MetricName,
    /// What it may do.
    pub role: Role,
    /// How much worse is agreed to be allowed: points of a rate or score in basis points (200 = 2 points), of handle time
    /// in basis points of the baseline's mean (1000 = 10 %).
    pub margin_bp: u32,
    /// The client's baseline: bad share in basis points (handle time: mean in seconds).
    pub baseline: u32,
    /// The baseline of strata that differ, by stratum name.
    #[serde(default)]
    pub baseline_by_stratum: BTreeMap<String, u32>,
    /// The signed target of a load-driven metric: bad share in basis points allowed by the contract.
    #[serde(default)]
    pub target_bp: Option<u32>,
    /// T of the access metrics, in seconds.
    #[serde(default = "default_threshold_s")]
    pub threshold_s: u32,
    /// S: an abandonment before it is short and in no population, in seconds.
    #[serde(default = "default_short_abandon_s")]
    pub short_abandon_s: u32,
    /// Standard deviation of the baseline's handle times in seconds: with it, a trend is looked for.
    #[serde(default)]
    pub spread_s: Option<u32>,
    /// A floor on the outsourced mean of a score (basis points): proved below it, a hold.
    #[serde(default)]
    pub floor_bp: Option<u32>,
    /// Its feed, by name.
    #[serde(default)]
    pub feed: Option<String>,
    /// How long after a call was offered its record may still come, in seconds: before that it is not mature.
    #[serde(default = "default_maturity_s")]
    pub maturity_s: u32,
    /// Days in which the agreed volume can prove the margin (`segue parity budget`).
    #[serde(default)]
    pub provable_in_days: Option<u32>,
    /// Bad events (rates), readings (scores) or blocks (load-driven) below which there is no verdict.
    #[serde(default = "default_events_min")]
    pub events_min: u32,
    /// What proves a Fail.
    #[serde(default)]
    pub fail: FailProof,
    /// Its share of α among metrics that roll back, in relative units.
    #[serde(default = "default_weight")]
    pub weight: u32,
    /// Block length in minutes of a load-driven metric; absent: a whole day, which no staffing noise can mislead.
    #[serde(default)]
    pub block_min: Option<u32>,
}

/// "Had we not moved" is told in parts of so many minutes where blocks are longer.
pub const PART_MIN: u32 = 180;

impl MetricRule {
    /// Minutes that one figure of "had we not moved" is for: the block, or a part of a longer one.
    pub const fn told_min(&self) -> u32 {
        match self.block_min {
            Some(minutes) if minutes % PART_MIN != 0 => minutes,
            _ => PART_MIN,
        }
    }
}

const fn default_threshold_s() -> u32 {
    30
}
const fn default_short_abandon_s() -> u32 {
    5
}
const fn default_maturity_s() -> u32 {
    3_600
}
const fn default_events_min() -> u32 {
    5
}
const fn default_weight() -> u32 {
    1
}

/// A source of records with the cadence both signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedRule {
    /// Its name.
    pub name: String,
    /// At least one beat in this many seconds; silent for twice as long is stale.
    pub cadence_s: u32,
}

/// Agreed floors that catch fast harm without statistics (`statistics.md`, verdicts 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FloorRules {
    /// Offered calls a window needs.
    pub offered_min: u32,
    /// Bad calls a window needs.
    pub bad_min: u32,
    /// Service level (basis points) below which two 15-minute intervals in a row break the floor.
    pub service_level_bp: u32,
    /// T of that service level, in seconds.
    pub threshold_s: u32,
    /// Abandonment (basis points) above which 30 minutes break the floor.
    pub abandonment_bp: u32,
    /// S of that abandonment, in seconds.
    pub short_abandon_s: u32,
    /// A call waiting longer than this breaks the floor at once, in seconds.
    pub longest_wait_s: u32,
    /// None answered of this many offered in 15 minutes breaks the floor.
    pub none_answered_of: u32,
}

impl Default for FloorRules {
    fn default() -> Self {
        Self {
            offered_min: 10,
            bad_min: 5,
            service_level_bp: 5_000,
            threshold_s: 30,
            abandonment_bp: 1_500,
            short_abandon_s: 5,
            longest_wait_s: 600,
            none_answered_of: 5,
        }
    }
}

/// When to act, wait and ask (`statistics.md`, verdicts 8–10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConductRules {
    /// Whether both signed that a broken floor brings calls home without a person.
    pub automatic_on_floor: bool,
    /// Whether both signed that a Guardrail's Fail returns to the last accepted share without a person.
    pub automatic_on_fail: bool,
    /// Healthy 15-minute intervals in a row before a hold is lifted.
    pub healthy_intervals: u32,
    /// First cool-down after a roll-back, in seconds; each further one doubles it.
    pub cool_down_s: u32,
    /// The longest cool-down, in seconds.
    pub cool_down_max_s: u32,
    /// Soak in seconds before a step may be judged a Pass; 0: as long as the slowest guardrail needs to see harm
    /// ([`Rules::soak_s`]). A shorter one is refused.
    pub soak_s: u32,
    /// After this time on a step without a Pass a person is asked, in seconds.
    pub deadline_s: u32,
    /// Unserved calls sent out above which nothing is promoted, in basis points.
    pub unserved_bp: u32,
    /// Redials within this time are one attempt by one caller, in seconds.
    pub redial_s: u32,
    /// A caller's episode: first arm and π hold for this time, in seconds.
    pub episode_s: u32,
    /// A caller's side is drawn once, so a second event of the same caller is no new draw: one event per caller and metric
    /// counts as evidence in this time, in seconds.
    pub caller_once_s: u32,
}

impl Default for ConductRules {
    fn default() -> Self {
        Self {
            automatic_on_floor: false,
            automatic_on_fail: false,
            healthy_intervals: 8,
            cool_down_s: 86_400,
            cool_down_max_s: 14 * 86_400,
            soak_s: 0,
            deadline_s: 60 * 86_400,
            unserved_bp: 50,
            redial_s: 1_800,
            episode_s: 72 * 3_600,
            caller_once_s: 30 * 86_400,
        }
    }
}

/// The rules of one chunk's agreement, as written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The agreement and its version, as both signed it.
    pub agreement: String,
    /// Chance, in basis points, of ever rolling back an equal centre on statistics; spent once, shared by all metrics.
    pub alpha_bp: u32,
    /// The metrics.
    pub metrics: Vec<MetricRule>,
    /// The strata by name; records name one of them.
    #[serde(default = "one_stratum")]
    pub strata: Vec<String>,
    /// Population segments by name, for "who did worse".
    #[serde(default)]
    pub segments: Vec<String>,
    /// Triage outcome levels by name, most urgent first.
    #[serde(default)]
    pub dispositions: Vec<String>,
    /// The feeds.
    #[serde(default)]
    pub feeds: Vec<FeedRule>,
    /// The floors.
    #[serde(default)]
    pub floors: FloorRules,
    /// When to act, wait and ask.
    #[serde(default)]
    pub conduct: ConductRules,
}

fn one_stratum() -> Vec<String> {
    vec!["all".to_owned()]
}

impl Rules {
    /// The stratum of this name.
    pub fn stratum(&self, name: &str) -> Option<StratumId> {
        place_of(self.strata.iter().map(String::as_str), name).map(StratumId)
    }

    /// The metric of this name.
    pub fn metric(&self, name: MetricName) -> Option<MetricId> {
        let index = self.metrics.iter().position(|metric| metric.name == name)?;
        u16::try_from(index).ok().map(MetricId)
    }

    /// The cadence of the feed a metric needs, in seconds; nothing where it names none.
    pub fn cadence_s(&self, metric: &MetricRule) -> u32 {
        let feed = metric.feed.as_ref().and_then(|feed| self.feed(feed));
        feed.map_or(0, |feed| self.feeds[usize::from(feed.0)].cadence_s)
    }

    /// Harm shows within this many seconds: a record's maturity, the feed's cadence, and the block it has to fill.
    pub fn can_see_within_s(&self, metric: &MetricRule) -> u64 {
        let block_s = match metric.name.instrument() {
            Instrument::BlockBet => 60 * u64::from(metric.block_min.unwrap_or(1_440)),
            _ => 0,
        };
        u64::from(metric.maturity_s) + u64::from(self.cadence_s(metric)) + block_s
    }

    /// The soak in force, in seconds: as signed, and never shorter than the slowest guardrail needs to see harm
    /// (`statistics.md`, verdicts 7).
    pub fn soak_s(&self) -> u64 {
        u64::from(self.conduct.soak_s).max(self.slowest_guardrail_s())
    }

    fn slowest_guardrail_s(&self) -> u64 {
        let guardrails = self.metrics.iter().filter(|m| m.role == Role::Guardrail);
        let seen = guardrails.map(|metric| self.can_see_within_s(metric));
        seen.max().unwrap_or(0)
    }

    /// The feed of this name.
    pub fn feed(&self, name: &str) -> Option<FeedId> {
        place_of(self.feeds.iter().map(|feed| feed.name.as_str()), name).map(FeedId)
    }
}

fn place_of<'a>(mut names: impl Iterator<Item = &'a str>, name: &str) -> Option<u16> {
    names
        .position(|known| known == name)
        .and_then(|index| u16::try_from(index).ok())
}
