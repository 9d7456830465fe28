//! Targets of average handle time, and the floor under them: callers who ask in depth are not hurried (B9).

use super::CultureKind;
use super::traits::TraitKind;
use crate::Decided;
use crate::baseline::BaselineKey;
use crate::event::Event;
use crate::ids::{CallTypeId, SegmentId};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Longest handle time that can be meant: half a day.
const AHT_S_MAX: u32 = 43_200;

/// Sets the handle time that is planned and judged by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SetAhtTarget {
    /// Of what; without a segment, of all callers who have no target of their own.
    #[serde(flatten)]
    pub key: BaselineKey,
    /// Average handle time, in seconds.
    pub aht_s: u32,
}

/// A target of handle time stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AhtTargetSet {
    /// Of what.
    #[serde(flatten)]
    pub key: BaselineKey,
    /// Seconds.
    pub aht_s: u32,
    /// When.
    pub at: Timestamp,
}

pub(crate) fn set(t: &Transition, c: &SetAhtTarget, now: Timestamp) -> Decided {
    let key = &c.key;
    if t.baselines.nearest(key).is_none() {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("a baseline of {} at {}", key.call_type, key.site))
            .how("record the baseline first (`segue do record-baseline`)"));
    }
    if let Some(segment) = &key.segment
        && !t.culture.segments.contains_key(segment)
    {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("segment `{segment}`"))
            .how("record the segment first (`segue do record-segment`)"));
    }
    if !(1..=AHT_S_MAX).contains(&c.aht_s) {
        return Err(bad(format!("a handle time between 1 and {AHT_S_MAX} s")));
    }
    refuse(below_floor(t, key, c.aht_s))?;
    if t.culture.aht_targets.get(key) == Some(&c.aht_s) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::AhtTargetSet(AhtTargetSet {
        key: key.clone(),
        aht_s: c.aht_s,
        at: now,
    })])
}

/// A trait or a baseline may have come after the target was set.
pub(crate) fn check_plan(t: &Transition) -> Result<(), Refusal> {
    let targets = t.culture.aht_targets.iter();
    refuse(
        targets
            .flat_map(|(key, aht_s)| below_floor(t, key, *aht_s))
            .collect(),
    )
}

fn refuse(missing: Vec<String>) -> Result<(), Refusal> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Code::EquityFloor)
        .missing_all(missing)
        .who("the implementation teams of both parties")
        .how("plan at least the baseline for them (`segue do set-aht-target`); a segment may have a target of its own"))
}

/// Whom the target would hurry: callers with a trait of information depth whose baseline is longer.
fn below_floor(t: &Transition, key: &BaselineKey, aht_s: u32) -> Vec<String> {
    let governed = |segment: &Option<SegmentId>| {
        if key.segment.is_some() {
            return *segment == key.segment;
        }
        let own = BaselineKey {
            segment: segment.clone(),
            ..key.clone()
        };
        segment.is_none() || !t.culture.aht_targets.contains_key(&own)
    };
    let mut groups = in_depth(t, &key.call_type);
    if key.segment.is_some() && groups.contains(&None) {
        // What everybody expects, this segment expects as well.
        groups.insert(key.segment.clone());
    }
    let missing = groups.into_iter().filter(governed).filter_map(|segment| {
        let of = BaselineKey {
            segment,
            ..key.clone()
        };
        let baseline_s = t.baselines.nearest(&of)?.aht_s;
        let who = of.segment.map_or("all callers".into(), |s| format!("segment {s}"));
        let call_type = &key.call_type;
        let text = format!(
            "at least {baseline_s} s, not {aht_s} s, for {call_type} of {who}, who ask in depth: the baseline is {baseline_s} s"
        );
        (aht_s < baseline_s).then_some(text)
    });
    missing.collect()
}

/// Groups of the type's callers who ask in depth; `None` is everybody.
fn in_depth(t: &Transition, call_type: &CallTypeId) -> BTreeSet<Option<SegmentId>> {
    let cards = t.culture.traits.values().filter(|card| {
        card.facts.kind == TraitKind::InformationDepth
            && card.facts.culture == CultureKind::CallerCulture
            && card.concerns(t, call_type)
    });
    cards.map(|card| card.facts.segment.clone()).collect()
}

pub(crate) fn apply(t: &mut Transition, e: &AhtTargetSet) {
    t.culture.aht_targets.insert(e.key.clone(), e.aht_s);
}
