//! What the guard answers: verdicts with the inputs they were reached from, and the one action they allow.

use super::record::Arm;
use super::verdict::Verdict;
use crate::kpi::Ratio;
use crate::rules::{MetricName, Role};
use serde::{Deserialize, Serialize};

/// What people and systems around the guard say at the time of an assessment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent fact of the moment"
)]
pub struct Situation {
    /// A person pressed home, or a latch is set: above everything else.
    pub home_pressed: bool,
    /// A person holds the step.
    pub held: bool,
    /// No route to the outsourcer: every trunk down, or three heartbeats failed.
    pub no_route: bool,
    /// In-house cannot take the calls either (readiness below what was agreed, or its own floor broken).
    pub in_house_unhealthy: bool,
    /// The step is the largest planned: non-inferiority is decided there, once.
    pub largest_step: bool,
    /// When the step began (UTC, microseconds).
    pub step_began_us: i64,
}

impl Default for Situation {
    fn default() -> Self {
        Self {
            home_pressed: false,
            held: false,
            no_route: false,
            in_house_unhealthy: false,
            largest_step: true,
            step_began_us: 0,
        }
    }
}

/// The one thing to do now, in order of authority: button, hard failure, statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Calls are home by a person's hand; nothing a statistic may add.
    StayHome,
    /// Bring every call home now: both signed that this needs no person.
    GoHome,
    /// Page the duty manager with "bring every call home" as the recommended action.
    PageGoHome,
    /// Return to the last accepted share, metered by fallback readiness: both signed that this needs no person.
    ReturnToLastAccepted,
    /// Page with "return to the last accepted share" as the recommended action.
    PageReturn,
    /// In-house is unhealthy too: move nothing, page; the button still works.
    Freeze,
    /// Stay on the step and raise nothing; a group of callers is worse off than anybody was promised, so a person is paged.
    HoldForGroup,
    /// Stay on the step and raise nothing; data are missing, so a person is paged.
    HoldAndPage,
    /// Stay on the step and raise nothing.
    Hold,
    /// Stay: the evidence goes on growing.
    Stay,
    /// The deadline is over without a verdict: ask a person.
    AskPerson,
    /// Ask both parties to approve the next step.
    AskApprovals,
}

/// An interval that holds at every time at once, in the unit of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

/// What one metric's verdict was reached from; with the rules, all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricInputs {
    /// Bad events and calls, or readings, in-house (numerator: bad).
    pub in_house: Ratio,
    /// The same for the outsourced arm.
    pub outsourced: Ratio,
    /// Bad events, readings or blocks that count towards the signed minimum.
    pub weight_of_evidence: u64,
    /// ln of the e-value against "not worse than equal".
    pub log_e_harm: f64,
    /// ln of the e-value against "not worse than the margin".
    pub log_e_beyond_margin: f64,
    /// ln of the e-value against "worse than the margin": proves non-inferiority.
    pub log_e_noninferior: f64,
    /// Whether the best estimate lies beyond the margin.
    pub estimate_beyond_margin: bool,
    /// Interval, anytime-valid but for means (asymptotic there): ratio of rates, difference of means, or bad share of blocks.
    pub interval: Option<Interval>,
    /// Whether a feed it needs has been silent for more than twice its cadence.
    pub stale: bool,
    /// Its own alarm: a score below its floor, a sentinel above its limit, a mix that drifted.
    pub alarm: bool,
    /// Everything offered before this instant is in it (UTC, microseconds).
    pub knowledge_as_of_us: Option<i64>,
    /// Harm shows within this many seconds: maturity plus the slower of cadence and block.
    pub can_see_harm_within_s: u64,
    /// Records that came after their interval had been judged.
    pub late: u64,
}

/// One metric, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricVerdict {
    /// Which.
    pub name: MetricName,
    /// What it may do.
    pub role: Role,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in one sentence with the figures and how fresh they are.
    pub says: String,
    /// What it was reached from.
    pub inputs: MetricInputs,
}

/// A floor that is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Floor {
    /// Service level below the floor in two consecutive 15-minute intervals.
    ServiceLevel,
    /// Abandonment above the floor in 30 minutes.
    Abandonment,
    /// A call waits, or waited, too long.
    LongestWait,
    /// None of the calls offered in 15 minutes was answered.
    NoneAnswered,
}

/// What the whole assessment was reached from, beside the metrics' own inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inputs {
    /// The time asked about (UTC, microseconds).
    pub now_us: i64,
    /// What people and systems said.
    pub situation: Situation,
    /// The agreement the rules belong to.
    pub agreement: String,
    /// Floors broken at the outsourced centre.
    pub floors: Vec<Floor>,
    /// Calls sent out without an explaining record, of calls sent out.
    pub unserved: Ratio,
    /// ln of the combined e-value of everything that may roll back: it alone spends α.
    pub log_e_combined: f64,
    /// ln of the Bayes factor against the split that π promised, on callers.
    pub log_e_sample_ratio: f64,
    /// Healthy 15-minute intervals in a row.
    pub healthy_intervals: u32,
    /// Whether a hold still waits for enough of them.
    pub holding: bool,
    /// End of the cool-down, where one runs (UTC, microseconds).
    pub cool_down_until_us: Option<i64>,
    /// The wait that nine in ten did not exceed, by arm: averages hide the longest.
    pub waits: Vec<WaitFigure>,
    /// What is known of each group of callers at the outsourced centre.
    #[serde(default)]
    pub groups: Vec<GroupInputs>,
}

/// One group of callers at the outsourced centre, held against the limit that everybody was promised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupInputs {
    /// The group, by its place in the rules; nothing: all groups below one in twenty calls, together.
    pub segment: Option<u16>,
    /// The metric.
    pub metric: MetricName,
    /// Bad calls, and all, in blocks that are judged.
    pub outsourced: Ratio,
    /// Blocks that were bet on.
    pub blocks: u64,
    /// ln of the e-value against "within the limit".
    pub log_e_beyond_limit: f64,
    /// Whether the best estimate lies beyond the limit.
    pub beyond_limit: bool,
    /// Whether its calls are judged together with those of the other small groups now: then the three above say nothing of it.
    #[serde(default)]
    pub is_small: bool,
}

/// The 90 % quantile of one arm's waits, with an interval that holds at every time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WaitFigure {
    /// The arm.
    pub arm: Arm,
    /// Calls with a known wait.
    pub calls: u64,
    /// The quantile, to about 3 %, in seconds.
    pub p90_s: f64,
    /// Lower end in seconds; open while there are too few calls.
    pub lower_s: Option<f64>,
    /// Upper end in seconds; open while there are too few calls.
    pub upper_s: Option<f64>,
}

/// The answer for one instant. [`super::judge()`] gives it again from its own inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// What it was reached from.
    pub inputs: Inputs,
    /// Every metric, in the order of the rules.
    pub metrics: Vec<MetricVerdict>,
    /// The verdict on the step.
    pub verdict: Verdict,
    /// What to do now.
    pub action: Action,
    /// Why, in sentences, the deciding one first.
    pub reasons: Vec<String>,
    /// Who did worse: segments of the outsourced arm, worst first.
    pub worse_off: Vec<SegmentFigure>,
}

/// One segment's bad share at each centre.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentFigure {
    /// The segment, by its place in the rules.
    pub segment: u16,
    /// The metric.
    pub metric: MetricName,
    /// In-house.
    pub in_house: Ratio,
    /// Outsourced.
    pub outsourced: Ratio,
}

impl SegmentFigure {
    /// Outsourced share less in-house share, 0–1; an arm without calls counts as zero.
    pub fn gap(&self) -> f64 {
        self.outsourced.value().unwrap_or(0.0) - self.in_house.value().unwrap_or(0.0)
    }
}
