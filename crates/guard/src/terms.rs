//! A guard's rules from what both parties signed: margins, thresholds and baseline; nothing is decided here.

use crate::segments;
use segue_domain::Transition;
use segue_domain::chunks::Chunk;
use segue_domain::contingency::library::TriggerKind;
use segue_domain::contingency::triggers::SetTrigger;
use segue_domain::parity::AccessBlock;
use segue_parity::rules::{
    ConductRules, FailProof, FeedRule, FloorRules, MetricName, MetricRule, PART_MIN, Role,
    RuleFaults, Rules, SignedRules,
};
use std::collections::BTreeMap;

/// The feed of ACD events, by the name rules give it.
pub(crate) const FEED: &str = "acd";
/// Both centres' feeds speak at least this often; silent for twice as long is stale.
const CADENCE_S: u32 = 300;
/// "Had we not moved" is replayed in blocks of three hours, from midnight UTC on; access is judged on
/// these, on their hours, or on longer ones.
pub const BLOCK_MIN: u32 = PART_MIN;
/// A record may come this much later than its call.
const MATURITY_S: u32 = 900;
const DAY_S: u32 = 86_400;

/// Why a chunk cannot be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CannotWatch {
    /// There is nothing to hold the outsourcer against.
    NoBaseline,
    /// Margins and baseline make no rules.
    Rules(RuleFaults),
}

impl std::fmt::Display for CannotWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoBaseline => f.write_str(
                "there is no baseline of this call type at its centre; record it (`segue do record-baseline`)",
            ),
            Self::Rules(faults) => faults.fmt(f),
        }
    }
}

impl std::error::Error for CannotWatch {}

/// The rules of a chunk.
///
/// # Errors
/// [`CannotWatch`], with what to do.
#[expect(
    clippy::too_many_lines,
    reason = "one list: the rules that the signed terms give"
)]
pub fn rules(t: &Transition, chunk: &Chunk) -> Result<SignedRules, CannotWatch> {
    let planned = &chunk.planned;
    let base = t
        .baselines
        .of(&planned.site, &planned.call_type)
        .filter(|base| base.offered > 0)
        .ok_or(CannotWatch::NoBaseline)?;
    let margins = &t.terms.margins;
    let late = base.offered.saturating_sub(base.answered_within);
    let soak_days = t
        .rung(&planned.call_type)
        .map_or(0, |rung| t.terms.soak.days(rung));
    let make = |name: MetricName, role: Role, margin_bp: u32, baseline: u32| MetricRule {
        name,
        role,
        margin_bp,
        baseline,
        baseline_by_stratum: BTreeMap::new(),
        target_bp: Some(baseline),
        threshold_s: t.terms.service_level_threshold_s,
        short_abandon_s: t.terms.short_abandon_s,
        floor_bp: None,
        feed: Some(FEED.into()),
        maturity_s: MATURITY_S,
        provable_in_days: Some(soak_days),
        events_min: 5,
        fail: FailProof::WorseThanEqual,
        weight: 1,
        block_min: block_min(margins.access_block),
        spread_s: name.is_duration().then_some(baseline),
    };
    let (service, abandonment) = (
        margins.service_level_points * 100,
        margins.abandonment_points * 100,
    );
    let acts = |kind: TriggerKind| {
        let set = t.contingency.triggers.get(&kind);
        set.is_some_and(SetTrigger::acts)
    };
    let abandoned = bad_bp(base.abandoned, base.offered);
    Rules {
        agreement: format!("{} at epoch {}", planned.id, chunk.epoch),
        alpha_bp: 500,
        metrics: vec![
            make(
                MetricName::NotWithinThreshold,
                Role::Guardrail,
                service,
                bad_bp(late, base.offered),
            ),
            make(
                MetricName::Abandonment,
                Role::Guardrail,
                abandonment,
                abandoned,
            ),
            make(
                MetricName::HandleTime,
                Role::Signal,
                margins.aht_percent * 100,
                base.aht_s,
            ),
            make(
                MetricName::NeverAnswered,
                Role::Watch,
                abandonment,
                abandoned,
            ),
        ],
        strata: vec!["all".into()],
        segments: segments::names(),
        dispositions: Vec::new(),
        feeds: vec![FeedRule {
            name: FEED.into(),
            cadence_s: CADENCE_S,
        }],
        floors: floor_rules(t),
        conduct: ConductRules {
            // Of the floors only "nobody answers" may act alone, and that the domain does itself (§7.1).
            automatic_on_floor: false,
            automatic_on_fail: acts(TriggerKind::GuardrailFail),
            soak_s: soak_days * DAY_S, // none agreed: as long as the slowest guardrail needs
            cool_down_s: t.terms.cool_down_h * 3_600,
            ..ConductRules::default()
        },
    }
    .check()
    .map_err(CannotWatch::Rules)
}

/// The floors a guard holds the outsourcer to under these terms. A rehearsal asks
/// [`segue_parity::guard::floors::broken_in`] with them at the end of every 15 minutes, and so judges as the guard does.
pub fn floor_rules(t: &Transition) -> FloorRules {
    FloorRules {
        threshold_s: t.terms.service_level_threshold_s,
        short_abandon_s: t.terms.short_abandon_s,
        ..FloorRules::default()
    }
}

/// Blocks as a guard's rules name them.
const fn block_min(agreed: AccessBlock) -> Option<u32> {
    match agreed {
        AccessBlock::OneHour => Some(60),
        AccessBlock::ThreeHours => Some(BLOCK_MIN),
        AccessBlock::SixHours => Some(2 * BLOCK_MIN),
        AccessBlock::WholeDay => None,
    }
}

/// The shortest block that may be agreed where the evidence needs blocks of so many minutes; nothing: whole days.
pub const fn block_that_fits(needed_min: Option<u32>) -> AccessBlock {
    match needed_min {
        Some(..=60) => AccessBlock::OneHour,
        Some(61..=BLOCK_MIN) => AccessBlock::ThreeHours,
        Some(181..=360) => AccessBlock::SixHours,
        _ => AccessBlock::WholeDay,
    }
}

/// A bad share in basis points; at least one, because nothing can be held against a baseline that is never bad.
fn bad_bp(bad: u64, all: u64) -> u32 {
    u32::try_from(bad.saturating_mul(10_000) / all.max(1))
        .unwrap_or(10_000)
        .max(1)
}
