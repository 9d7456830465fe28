//! Parity: the outsourced centre against the baseline, same formula, same clock, measure by measure (B13, §7.3, §7.13).

use crate::acceptance::OutcomeRecord;
use crate::boards::{Board, Kind};
use crate::chunks::{Chunk, PlannedChunk};
use crate::ids::{CallTypeId, SiteId};
use crate::proof::{self, Counts, Difference, Verdict};
use crate::refusal::{Code, Refusal};
use crate::schedule::Plan;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// By how much the outsourced centre may be worse, as both signed it (§7.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Margins {
    /// Service level, in points.
    pub service_level_points: u32,
    /// Abandonment, in points.
    pub abandonment_points: u32,
    /// Average handle time, in percent of the baseline's.
    pub aht_percent: u32,
    /// Quality reviews, in points.
    pub qa_points: u32,
    /// Satisfied callers, in points.
    pub satisfaction_points: u32,
    /// The chance with which a truly equal centre should prove it, in percent: what sample sizes are computed for.
    pub proof_chance_percent: u32,
    /// On which blocks of time access is judged: answer in time, and hang-ups.
    #[serde(skip_serializing_if = "AccessBlock::is_usual")]
    pub access_block: AccessBlock,
}

/// A block of time is one piece of evidence on access: waits inside it hang together. Where whole days are busy or thin, blocks of a
/// day hang together less than shorter ones do (`segue parity own-weeks` says which the client's own weeks need), and harm shows later.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AccessBlock {
    /// From each full hour on.
    OneHour,
    /// From midnight UTC on.
    #[default]
    ThreeHours,
    /// From midnight UTC on.
    SixHours,
    /// UTC.
    WholeDay,
}

impl AccessBlock {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::OneHour => "an hour",
            Self::ThreeHours => "three hours",
            Self::SixHours => "six hours",
            Self::WholeDay => "a whole day",
        }
    }

    /// Terms that were signed before this could be agreed stay the same bytes.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Margins {
    fn default() -> Self {
        Self {
            service_level_points: 3,
            abandonment_points: 2,
            aht_percent: 10,
            qa_points: 2,
            satisfaction_points: 3,
            proof_chance_percent: 70,
            access_block: AccessBlock::default(),
        }
    }
}

/// One critical measure of a chunk, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// The verdict.
    pub verdict: Verdict,
    /// Measure, figures, interval, margin and what would prove it, in one sentence.
    pub says: String,
}

pub(crate) const BOARD: Kind = Kind {
    name: "parity",
    says: "Each chunk's outcome against the baseline, and the calls that its margin needs",
    may_see: None,
    draw: |t, _, _| draw(t),
};

/// Compares two rates and says so.
pub(crate) fn compare(
    what: &str,
    baseline: Counts,
    pilot: Counts,
    margin_points: u32,
    chance_percent: u32,
) -> Measure {
    let verdict = proof::verdict(baseline, pilot, margin_points);
    let mut says = format!("{what} {}", verdict.words());
    if verdict != Verdict::NoData {
        let difference = Difference::of(baseline, pilot);
        says = format!(
            "{says}: {:.1} % of {} against {:.1} % of {}, {}…{} points, margin −{margin_points}",
            pilot.rate() * 100.0,
            pilot.all,
            baseline.rate() * 100.0,
            baseline.all,
            signed(difference.low),
            signed(difference.high),
        );
    }
    if matches!(verdict, Verdict::NotProved | Verdict::NoData) {
        let needed = proof::calls_needed(baseline, pilot, margin_points, chance_percent);
        // Writing to a text cannot fail.
        let _ = match needed {
            Some(calls) => write!(
                says,
                "; need about {} calls",
                thousands(proof::about(calls))
            ),
            None => write!(says, "; the baseline is too small to prove this margin"),
        };
    }
    Measure { verdict, says }
}

/// `−5.9`, `+1.5`: with the typographer's minus, as the handbook prints it.
fn signed(points: f64) -> String {
    let sign = if points < 0.0 { '−' } else { '+' };
    format!("{sign}{:.1}", points.abs())
}

/// `1,500`.
fn thousands(n: u64) -> String {
    if n < 1_000 {
        return n.to_string();
    }
    format!("{},{:03}", thousands(n / 1_000), n % 1_000)
}

/// Every measure of an outcome against the chunk's baseline.
pub fn measures(t: &Transition, planned: &PlannedChunk, outcome: &OutcomeRecord) -> Vec<Measure> {
    let Some(base) = t.baselines.of(&planned.site, &planned.call_type) else {
        return vec![Measure {
            verdict: Verdict::NoData,
            says: format!("baseline of {} at {}", planned.call_type, planned.site),
        }];
    };
    let margins = &t.terms.margins;
    let chance = margins.proof_chance_percent;
    let kept =
        |offered: u64, abandoned: u64| Counts::new(offered.saturating_sub(abandoned), offered);
    vec![
        compare(
            "service level",
            Counts::new(base.answered_within, base.offered),
            Counts::new(outcome.answered_within, outcome.offered),
            margins.service_level_points,
            chance,
        ),
        compare(
            "calls not abandoned",
            kept(base.offered, base.abandoned),
            kept(outcome.offered, outcome.abandoned),
            margins.abandonment_points,
            chance,
        ),
        handle_time(base.aht_s, outcome, margins.aht_percent),
    ]
}

/// Handle time by its mean: its spread is not in the record.
fn handle_time(baseline_s: u32, outcome: &OutcomeRecord, margin_percent: u32) -> Measure {
    if outcome.answered == 0 {
        return Measure {
            verdict: Verdict::NoData,
            says: "handle time NO DATA: calls answered and their handle time in sum".into(),
        };
    }
    let mean_s = outcome.handle_s / outcome.answered;
    let most_s = u64::from(baseline_s) * (100 + u64::from(margin_percent)) / 100;
    let verdict = if mean_s <= most_s {
        Verdict::Pass
    } else {
        Verdict::Worse
    };
    let says = format!(
        "handle time {}: {mean_s} s of {} calls against {baseline_s} s, margin +{margin_percent} %",
        verdict.words(),
        outcome.answered
    );
    Measure { verdict, says }
}

/// What the counts do not prove: a verdict handed in is no proof.
pub(crate) fn findings(
    t: &Transition,
    chunk: &Chunk,
    outcome: &OutcomeRecord,
    _: Timestamp,
) -> Vec<String> {
    let measures = measures(t, &chunk.planned, outcome);
    let mut missing: Vec<_> = measures
        .iter()
        .filter(|m| m.verdict != Verdict::Pass)
        .map(|m| m.says.clone())
        .collect();
    if measures.iter().any(|m| m.verdict == Verdict::Worse) {
        missing.push(format!(
            "proposed: bring it home (`segue do fallback --scope {}`)",
            chunk.planned.id
        ));
    }
    missing
}

/// Calls that the service-level margin of a type at a centre needs, from its baseline; `None` where no number would do or none is known.
pub(crate) fn calls_needed(t: &Transition, site: &SiteId, call_type: &CallTypeId) -> Option<u64> {
    let base = t.baselines.of(site, call_type)?;
    let margins = &t.terms.margins;
    proof::calls_needed(
        Counts::new(base.answered_within, base.offered),
        Counts::default(),
        margins.service_level_points,
        margins.proof_chance_percent,
    )
}

/// Calls that go out from the first step to the end of soak and hold, at most: the last share all the time.
fn calls_to_come(t: &Transition, planned: &PlannedChunk) -> Option<u64> {
    let base = t.baselines.of(&planned.site, &planned.call_type)?;
    let shares = planned
        .steps
        .iter()
        .filter_map(|s| s.share_percent.parse().ok());
    let share = shares.max()?.percent();
    let dates = planned.steps.iter().map(|s| s.from);
    let ramp = dates.clone().max()?.since(dates.min()?).ok()?.get_days();
    let soak = t.terms.soak.days(t.rung(&planned.call_type)?);
    let days = u64::try_from(ramp).unwrap_or(0) + u64::from(soak.max(t.terms.hold_days));
    Some(
        u64::from(base.weekly_contacts)
            .saturating_mul(days)
            .saturating_mul(u64::from(share))
            / 700,
    )
}

/// Refuses a plan with a chunk whose margin no planned volume can prove (§7.13).
pub(crate) fn check_provable(t: &Transition, plan: &Plan) -> Result<(), Refusal> {
    let short = |planned: &PlannedChunk| {
        t.baselines.of(&planned.site, &planned.call_type)?;
        let needed = calls_needed(t, &planned.site, &planned.call_type);
        let come = calls_to_come(t, planned)?;
        let points = t.terms.margins.service_level_points;
        match needed {
            Some(needed) if needed <= come => None,
            Some(needed) => Some(format!(
                "about {} calls of {} to prove a margin of {points} points; the plan brings at most {}",
                thousands(proof::about(needed)),
                planned.id,
                thousands(come)
            )),
            None => Some(format!(
                "a baseline of {} large enough to prove a margin of {points} points",
                planned.id
            )),
        }
    };
    let missing: Vec<_> = plan.chunks.iter().filter_map(short).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Code::MarginUnprovable)
        .missing_all(missing)
        .who("both parties, who sign the margins")
        .how("agree a wider margin, a longer soak or larger chunks before anybody signs"))
}

fn draw(t: &Transition) -> Board {
    let mut board = Board::new("Parity", &["chunk", "measure", "verdict"]);
    for (id, chunk) in &t.chunks {
        if let Some(acceptance) = t.acceptances.get(id) {
            for measure in measures(t, &chunk.planned, &acceptance.proposed.outcome) {
                board.row([
                    id.to_string(),
                    measure.says,
                    measure.verdict.words().to_owned(),
                ]);
            }
        }
        if let Some(needed) = calls_needed(t, &chunk.planned.site, &chunk.planned.call_type) {
            let come = calls_to_come(t, &chunk.planned).unwrap_or_default();
            board.note(format!(
                "{id}: about {} calls prove the margin; the plan brings {}",
                thousands(proof::about(needed)),
                thousands(come)
            ));
        }
    }
    board.note(format!("Formula {}.", t.terms.service_level_formula));
    board.note(format!(
        "Access is judged on blocks of {}.",
        t.terms.margins.access_block.words()
    ));
    board
}
