//! What may be said of an effect: nothing, or that it is larger than elsewhere and than before.

use super::effect::Figures;
use super::{
    BeforeAfter, Control, Excluded, LeaveOneOut, PlaceboInterval, Rank, ReportRules, Unit, says,
};
use serde::{Deserialize, Serialize};

/// The verdict of a period report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportVerdict {
    /// Larger than at the other areas and than on earlier dates.
    LargerThanElsewhere,
    /// These data do not set the area apart.
    NotAttributable,
}

/// Why an effect is not attributable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The controls moved the same way by at least as much as what is left over.
    ControlsMovedAsMuch,
    /// Too many areas that changed nothing show an effect as large.
    AreasAsLarge,
    /// So few areas that even the largest effect is not rare.
    TooFewAreas,
    /// The area itself showed effects as large on dates when nothing changed.
    DatesAsLarge,
    /// Leaving out one control turns the effect round.
    OneControlDecides,
}

/// The answer to a question about a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The area that changed.
    pub area: String,
    /// The first period of the change.
    pub from: String,
    /// First and last period before, first and last period after.
    pub windows: [String; 4],
    /// The area's rates.
    pub rates: BeforeAfter,
    /// After less before, as shares.
    pub change: f64,
    /// The control areas.
    pub controls: Vec<Control>,
    /// Areas that are none, and why.
    pub excluded: Vec<Excluded>,
    /// The middle of the controls' changes.
    pub control_change: f64,
    /// The area's change less the controls'.
    pub effect: f64,
    /// Where the effect stands among placebo areas, each in units of its own unrest.
    pub rank_areas: Rank,
    /// Where it stands among placebo dates of its own area.
    pub rank_dates: Rank,
    /// The effect without each control.
    pub leave_one_out: LeaveOneOut,
    /// Where the true effect may lie.
    pub interval: PlaceboInterval,
    /// The verdict.
    pub verdict: ReportVerdict,
    /// Everything that speaks against the area, in order of weight; empty where nothing does.
    pub why: Vec<Why>,
}

impl Report {
    /// Whether the area stands out.
    pub fn attributable(&self) -> bool {
        self.verdict == ReportVerdict::LargerThanElsewhere
    }

    /// The answer in sentences, for people; `metric` as they call it.
    pub fn says(&self, metric: &str, unit: Unit) -> String {
        says::says(self, metric, unit)
    }
}

pub(super) fn judge(figures: Figures, rules: &ReportRules) -> Report {
    let why = reasons(&figures, rules);
    let verdict = if why.is_empty() {
        ReportVerdict::LargerThanElsewhere
    } else {
        ReportVerdict::NotAttributable
    };
    Report {
        area: figures.area,
        from: figures.from,
        windows: figures.windows,
        rates: figures.rates,
        change: figures.change,
        controls: figures.controls,
        excluded: figures.excluded,
        control_change: figures.control_change,
        effect: figures.effect,
        rank_areas: figures.rank_areas,
        rank_dates: figures.rank_dates,
        leave_one_out: figures.leave_one_out,
        interval: figures.interval,
        verdict,
        why,
    }
}

fn reasons(figures: &Figures, rules: &ReportRules) -> Vec<Why> {
    let (effect, common) = (figures.effect, figures.control_change);
    let areas = figures.rank_areas;
    let dates = figures.rank_dates;
    let largest = Rank {
        larger_than: areas.of,
        of: areas.of,
    };
    let share = rules.area_share_percent_max;
    let out = &figures.leave_one_out;
    [
        (
            Why::ControlsMovedAsMuch,
            common * figures.change > 0.0 && common.abs() >= effect.abs(),
        ),
        (Why::TooFewAreas, !largest.is_rare(share)),
        (
            Why::AreasAsLarge,
            largest.is_rare(share) && !areas.is_rare(share),
        ),
        (
            Why::DatesAsLarge,
            dates.of >= u64::from(rules.dates_min) && !dates.is_rare(rules.date_share_percent_max),
        ),
        (Why::OneControlDecides, out.lower <= 0.0 && out.upper >= 0.0),
    ]
    .into_iter()
    .filter_map(|(why, holds)| holds.then_some(why))
    .collect()
}
