//! Verdicts: exclusive, ordered, and nothing else may be said about a metric (`statistics.md`, verdicts 1).

use serde::{Deserialize, Serialize};

/// What the evidence says about one metric, or about a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Not worse by more than the margin: proved.
    Pass,
    /// Worse is proved, and beyond the margin (see [`crate::rules::FailProof`]).
    Fail,
    /// Worse than equal is proved, within the margin: hold.
    WorseWithinMargin,
    /// Neither is proved yet.
    Inconclusive,
    /// Stale, or too few.
    NoData,
}
