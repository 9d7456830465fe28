//! The rehearsal's plan risk, fed back: steps of call types that cost triage callers most are kept out of the weeks whose
//! worst hour was worst (planning handbook, the rehearsal).

use crate::model::Model;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use segue_domain::schedule::{Plan, days};
use serde::Deserialize;
use thiserror::Error;

/// Heaviest risk of a week or a call type.
const RISK_MAX: f64 = 1_000.0;

/// What the planner reads of a rehearsal's report (`segue rehearse --json`).
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Rehearsed {
    /// Each step's risk.
    pub risk: Vec<StepRisk>,
    /// Week by week.
    pub weeks: Vec<Week>,
    /// The zone of the weeks.
    pub zone: String,
}

/// One step's risk.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct StepRisk {
    /// The chunk.
    pub chunk: String,
    /// Expected extra triage callers who hang up or wait long.
    pub extra_triage_harm: f64,
}

/// A week of the rehearsal.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Week {
    /// Its begin.
    pub start: Timestamp,
    /// Part of the callers who hang up in its worst hour.
    pub plan_worst: f64,
}

/// Why a rehearsal says nothing about a plan.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RiskError {
    /// It was of other chunks.
    #[error(
        "the rehearsal speaks of chunk `{0}`, which does not move here; rehearse a plan with the same chunks"
    )]
    Chunk(String),
    /// A number that is none.
    #[error(
        "the rehearsal has a risk that is no number; give the report as `segue rehearse --json` printed it"
    )]
    Number,
    /// A zone that nobody knows.
    #[error(
        "the rehearsal is told in the zone `{0}`, which is not known; give the report as `segue rehearse --json` printed it"
    )]
    Zone(String),
}

/// Weighs a model by a rehearsal: a call type's risk is what its steps cost, a week's how many times worse its worst hour was
/// than that of the week in the middle. Weeks that were not rehearsed are usual ones.
///
/// # Errors
/// [`RiskError`] for a rehearsal of other chunks or without numbers.
pub fn weigh(model: &mut Model, outline: &Plan, told: &Rehearsed) -> Result<(), RiskError> {
    let numbers = told.risk.iter().map(|r| r.extra_triage_harm);
    let numbers = numbers.chain(told.weeks.iter().map(|w| w.plan_worst));
    if numbers.into_iter().any(|n| !n.is_finite()) {
        return Err(RiskError::Number);
    }
    for kind in &mut model.types {
        let mut harm = 0.0;
        for risk in &told.risk {
            let chunk = outline.chunks.iter().find(|c| c.id.as_str() == risk.chunk);
            let chunk = chunk.ok_or_else(|| RiskError::Chunk(risk.chunk.clone()))?;
            if chunk.call_type == kind.id {
                harm += risk.extra_triage_harm;
            }
        }
        kind.step_risk = whole(harm.ceil());
    }
    let zone = TimeZone::get(&told.zone).map_err(|_| RiskError::Zone(told.zone.clone()))?;
    let weeks: Vec<(Date, f64)> = told
        .weeks
        .iter()
        .map(|w| (w.start.to_zoned(zone.clone()).date(), w.plan_worst))
        .collect();
    let mut sorted: Vec<f64> = weeks.iter().map(|(_, worst)| *worst).collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    let risk = |week: u32| {
        let monday = model.monday(week);
        let over = |start: Date| start < days::after(monday, 7) && days::after(start, 7) > monday;
        let worst = weeks.iter().filter(|(start, _)| over(*start));
        let worst = worst.map(|(_, worst)| *worst).fold(0.0, f64::max);
        if middle > 0.0 {
            whole((worst / middle).round()).max(1)
        } else {
            1
        }
    };
    model.week_risk = (0..model.weeks).map(risk).collect();
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and a thousand"
)]
fn whole(risk: f64) -> u32 {
    risk.clamp(0.0, RISK_MAX) as u32
}
