//! Segments of callers: who calls, as far as it makes a difference (B5).

use super::SourceKind;
use crate::Decided;
use crate::basis_points;
use crate::event::Event;
use crate::ids::{self, CallTypeId, SegmentId};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What sets a segment apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SegmentBy {
    /// Where callers live: the city.
    City,
    /// Where callers live: the state.
    State,
    /// The number they dial.
    Line,
    /// The language they speak.
    Language,
    /// Their age, or their child's.
    Age,
    /// How well they read and reckon.
    Literacy,
    /// What they expect.
    Expectation,
}

/// A segment of callers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Segment {
    /// Its name: `spanish`.
    pub segment: SegmentId,
    /// What sets it apart.
    pub by: SegmentBy,
    /// Who these callers are.
    pub says: String,
    /// The call type it is counted in; absent means all calls.
    #[serde(default)]
    pub call_type: Option<CallTypeId>,
    /// Calls of the segment.
    pub calls: u64,
    /// Calls it is counted among.
    pub of_calls: u64,
    /// What kind of evidence there is.
    pub source: SourceKind,
    /// Where the evidence is.
    pub reference: String,
}

/// Records a segment of callers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordSegment {
    /// The segment.
    #[serde(flatten)]
    pub facts: Segment,
}

/// A segment of callers is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentRecorded {
    /// The segment.
    #[serde(flatten)]
    pub facts: Segment,
    /// When.
    pub at: Timestamp,
}

/// How many traits describe the segment.
pub(super) fn traits_of(t: &Transition, segment: &SegmentId) -> usize {
    let of = |card: &&super::TraitCard| card.facts.segment.as_ref() == Some(segment);
    t.culture.traits.values().filter(of).count()
}

/// Callers are divided into segments, and every large one is described.
pub(super) fn findings(t: &Transition) -> Vec<String> {
    if t.culture.segments.is_empty() {
        return vec!["segments of callers".into()];
    }
    let min_bp = t.terms.culture.segment_share_min_bp;
    let is_large = |s: &Segment| !basis_points::is_less(s.calls, s.of_calls, min_bp);
    let bare = |(id, s): &(&SegmentId, &Segment)| is_large(s) && traits_of(t, id) == 0;
    let says = |(id, s): (&SegmentId, &Segment)| {
        let share = basis_points::of(i128::from(s.calls), s.of_calls);
        format!(
            "profile of segment {id}, {} of its calls",
            basis_points::percent(share)
        )
    };
    t.culture.segments.iter().filter(bare).map(says).collect()
}

pub(crate) fn record(t: &Transition, c: &RecordSegment, now: Timestamp) -> Decided {
    let s = &c.facts;
    ids::check("segment", s.segment.as_str())?;
    super::check_said("who these callers are", &s.says, &s.reference)?;
    if s.of_calls == 0 || s.calls > s.of_calls {
        return Err(bad(
            "calls of the segment ≤ calls it is counted among, above zero".into(),
        ));
    }
    if let Some(kind) = &s.call_type
        && t.rung(kind).is_none()
    {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("call type `{kind}` of segment {}", s.segment))
            .how("name a call type of the transition"));
    }
    if t.culture.segments.get(&s.segment) == Some(s) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::SegmentRecorded(SegmentRecorded {
        facts: s.clone(),
        at: now,
    })])
}

pub(crate) fn apply(t: &mut Transition, e: &SegmentRecorded) {
    let segments = &mut t.culture.segments;
    segments.insert(e.facts.segment.clone(), e.facts.clone());
}
