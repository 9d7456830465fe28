//! What period reports can say about a change at one area from one date: difference-in-differences with control areas.
//!
//! Before/after evidence is the weakest there is, so the answer is hedged by design (`statistics.md`, verdicts 13). The
//! effect is ranked among placebo areas, which changed nothing, and among placebo dates, on which the area changed
//! nothing; it must not hang on one control; and where the controls moved as much it is not attributable. The strongest
//! thing ever said is "larger than k of n areas": what made it so, these data do not know.
//!
//! Placebo ranking: A. Abadie, A. Diamond, J. Hainmueller, Journal of the American Statistical Association 105 (2010).

mod effect;
mod says;
mod series;
mod verdict;

pub use series::{CannotReport, Series};
pub use verdict::{Report, ReportVerdict, Why};

use crate::kpi::Ratio;
use serde::{Deserialize, Serialize};

/// What is asked of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question<'a> {
    /// The area that changed.
    pub area: &'a str,
    /// The first period of the change, by its label.
    pub from: &'a str,
    /// How the windows are cut and what counts as rare.
    pub rules: ReportRules,
}

/// Windows and bounds. Windows are whole cycles, so that each weekday is in both as often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportRules {
    /// Periods of one cycle: 7 for daily figures, 1 for monthly ones.
    pub cycle_periods: u32,
    /// The most cycles of the window before.
    pub before_cycles_max: u32,
    /// The most cycles of the window after.
    pub after_cycles_max: u32,
    /// An effect is rare among areas where at most this share of them, itself included, shows one as large (percent).
    pub area_share_percent_max: u32,
    /// The same among dates.
    pub date_share_percent_max: u32,
    /// Fewer placebo dates than this say nothing.
    pub dates_min: u32,
}

impl Default for ReportRules {
    /// Eight cycles before and four after: of the windows tried on real daily series, these found injected changes most
    /// often at the same rate of false findings (`docs/benchmarks.md`).
    fn default() -> Self {
        Self {
            cycle_periods: 1,
            before_cycles_max: 8,
            after_cycles_max: 4,
            area_share_percent_max: 5,
            date_share_percent_max: 10,
            dates_min: 5,
        }
    }
}

/// What a metric's value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// A share 0–1.
    Share,
    /// Seconds: the numerator is a sum of seconds.
    Seconds,
}

/// A rate in both windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeforeAfter {
    /// All of the window before.
    pub before: Ratio,
    /// All of the window after.
    pub after: Ratio,
}

impl BeforeAfter {
    /// After less before, as shares; nothing where either window is empty.
    pub fn change(self) -> Option<f64> {
        Some(self.after.value()? - self.before.value()?)
    }
}

/// One control area: what it did, and the effect it would have been credited with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// The area.
    pub area: String,
    /// Its rate in both windows.
    pub rates: BeforeAfter,
    /// After less before, as shares.
    pub change: f64,
    /// Its change less the middle of the other controls': a placebo effect.
    pub effect: f64,
    /// The placebo effect in units of the area's own unrest before the date.
    pub unrest_ratio: f64,
}

/// An area that is no control, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excluded {
    /// The area.
    pub area: String,
    /// Periods of both windows in which it has calls.
    pub periods: u64,
    /// Periods of both windows.
    pub of: u64,
}

/// A place among others: larger than `larger_than` of `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rank {
    /// Those with a smaller effect.
    pub larger_than: u64,
    /// All of them.
    pub of: u64,
}

impl Rank {
    fn among(size: f64, others: &[f64]) -> Self {
        let count = |list: &[f64]| u64::try_from(list.len()).unwrap_or(u64::MAX);
        let smaller: Vec<f64> = others.iter().copied().filter(|o| *o < size).collect();
        Self {
            larger_than: count(&smaller),
            of: count(others),
        }
    }

    /// Whether, counting the effect itself, at most this percentage is as large.
    const fn is_rare(self, percent_max: u32) -> bool {
        let as_large = self.of - self.larger_than + 1;
        as_large * 100 <= percent_max as u64 * (self.of + 1)
    }
}

/// The effect with each control left out once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeaveOneOut {
    /// The least.
    pub lower: f64,
    /// The most.
    pub upper: f64,
    /// The control whose absence moves it most.
    pub most_influential: String,
}

/// The effects of the placebo areas, turned round: where the true effect may lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlaceboInterval {
    /// Lower end, as a difference of shares.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
    /// What share of placebo effects it covers: 0.95, or less where there are too few areas.
    pub level: f64,
}

/// Answers the question.
///
/// # Errors
/// [`CannotReport`] where the series cannot hold an answer.
pub fn report(series: &Series, question: &Question<'_>) -> Result<Report, CannotReport> {
    let figures = effect::figures(series, question)?;
    Ok(verdict::judge(figures, &question.rules))
}
