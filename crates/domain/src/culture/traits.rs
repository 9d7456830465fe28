//! Traits: one thing people expect, with a typical question, the habit it formed in-house, and what must follow from it:
//! a test scenario, a training item, an adaptation (B5–B7).

use super::adaptations::{Adaptation, AdaptationKind};
use super::{CultureKind, SourceKind};
use crate::Decided;
use crate::actor::Side;
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::{self, CallTypeId, ScenarioId, SegmentId, TrainingItemId, TraitId};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a trait is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TraitKind {
    /// How deep and technical questions go.
    InformationDepth,
    /// The language spoken.
    Language,
    /// How fast or slowly people want to be led.
    Pace,
    /// How formal the address is.
    Formality,
    /// How well people understand medical words.
    HealthLiteracy,
    /// Who else listens and decides: parents, children, an interpreter.
    Family,
    /// How much reassurance a worried caller needs.
    Reassurance,
    /// How doctors and practices want to be reached.
    Physicians,
}

impl TraitKind {
    fn words(self) -> &'static str {
        match self {
            Self::InformationDepth => "information depth",
            Self::Language => "language",
            Self::Pace => "pace",
            Self::Formality => "formality",
            Self::HealthLiteracy => "health literacy",
            Self::Family => "family",
            Self::Reassurance => "reassurance",
            Self::Physicians => "physicians",
        }
    }
}

/// One thing people expect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Trait {
    /// Its name: `in-depth-questions`.
    #[serde(rename = "trait")]
    pub id: TraitId,
    /// Whose culture it is part of.
    pub culture: CultureKind,
    /// What it is about.
    pub kind: TraitKind,
    /// The segment of callers; absent means everybody.
    #[serde(default)]
    pub segment: Option<SegmentId>,
    /// What is expected.
    pub says: String,
    /// A typical question.
    pub example_question: String,
    /// The in-house habit it produced.
    #[serde(default)]
    pub habit: Option<String>,
    /// What kind of evidence there is.
    pub source: SourceKind,
    /// Where the evidence is.
    pub reference: String,
}

/// Records a trait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordTrait {
    /// The trait.
    #[serde(flatten)]
    pub facts: Trait,
}

/// Names the test scenario or the training item made for a trait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LinkTrait {
    /// The trait.
    #[serde(rename = "trait")]
    pub id: TraitId,
    /// A script card for test calls.
    #[serde(default)]
    pub scenario: Option<ScenarioId>,
    /// A training item.
    #[serde(default)]
    pub training_item: Option<TrainingItemId>,
}

/// A trait is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraitRecorded {
    /// The trait.
    #[serde(flatten)]
    pub facts: Trait,
    /// When.
    pub at: Timestamp,
}

/// A trait has a test scenario or a training item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraitLinked {
    /// The trait.
    #[serde(rename = "trait")]
    pub id: TraitId,
    /// A script card.
    pub scenario: Option<ScenarioId>,
    /// A training item.
    pub training_item: Option<TrainingItemId>,
    /// When.
    pub at: Timestamp,
}

/// A trait in state, with what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TraitCard {
    /// The trait.
    pub facts: Trait,
    /// Script cards made for it.
    pub scenarios: BTreeSet<ScenarioId>,
    /// Training items made for it.
    pub training_items: BTreeSet<TrainingItemId>,
    /// What is changed for it.
    pub adaptations: BTreeMap<AdaptationKind, Adaptation>,
    /// Each party's reason why nothing need change.
    pub no_change: BTreeMap<Side, String>,
}

impl TraitCard {
    /// Whether callers of the type are meant.
    pub(super) fn concerns(&self, t: &Transition, call_type: &CallTypeId) -> bool {
        let segment = self.facts.segment.as_ref();
        let segment = segment.and_then(|id| t.culture.segments.get(id));
        let kind = segment.and_then(|s| s.call_type.as_ref());
        kind.is_none_or(|kind| kind == call_type)
    }

    /// What is not made yet: a script card, a training item.
    pub(super) fn unmade(&self) -> impl Iterator<Item = (GateLeg, &'static str)> {
        let scenario = (GateLeg::Processes, "test scenario");
        let training = (GateLeg::Agents, "training item");
        let scenario = self.scenarios.is_empty().then_some(scenario);
        let training = self.training_items.is_empty().then_some(training);
        scenario.into_iter().chain(training)
    }

    pub(super) fn about(&self) -> String {
        let segment = self.facts.segment.as_ref();
        let who = segment.map_or("everybody".into(), ToString::to_string);
        format!("{}, {who}", self.facts.kind.words())
    }
}

/// A script card and a training item of every trait that the chunk's callers have (B6, B7).
pub(crate) fn gate_findings(t: &Transition, chunk: &Chunk, _now: Timestamp) -> Vec<Finding> {
    let cards = t.culture.traits.iter();
    let concerned = cards.filter(|(_, card)| card.concerns(t, &chunk.planned.call_type));
    let unmade = |(id, card): (&TraitId, &TraitCard)| {
        let id = id.clone();
        let unmade: Vec<_> = card.unmade().collect();
        let says = move |(leg, what): (GateLeg, &str)| leg.finds(format!("{what} of trait {id}"));
        unmade.into_iter().map(says)
    };
    concerned.flat_map(unmade).collect()
}

pub(crate) fn record(t: &Transition, c: &RecordTrait, now: Timestamp) -> Decided {
    let f = &c.facts;
    ids::check("trait", f.id.as_str())?;
    super::check_said("what is expected", &f.says, &f.reference)?;
    text::title("a typical question", &f.example_question)?;
    if let Some(habit) = &f.habit {
        text::title("the in-house habit", habit)?;
    }
    if let Some(segment) = &f.segment {
        if f.culture != CultureKind::CallerCulture {
            return Err(bad("no segment: it is callers who have segments".into()));
        }
        if !t.culture.segments.contains_key(segment) {
            return Err(Refusal::new(Code::Unknown)
                .missing(format!("segment `{segment}` of trait {}", f.id))
                .how("record the segment first (`segue do record-segment`)"));
        }
    }
    let known = t.culture.traits.get(&f.id);
    if known.is_some_and(|card| card.facts == *f) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::TraitRecorded(TraitRecorded {
        facts: f.clone(),
        at: now,
    })])
}

pub(crate) fn link(t: &Transition, c: &LinkTrait, now: Timestamp) -> Decided {
    let card = require(t, &c.id)?;
    if let Some(scenario) = &c.scenario {
        ids::check("test scenario", scenario.as_str())?;
    }
    if let Some(item) = &c.training_item {
        ids::check("training item", item.as_str())?;
    }
    let is_new = c
        .scenario
        .as_ref()
        .is_some_and(|s| !card.scenarios.contains(s))
        || c.training_item
            .as_ref()
            .is_some_and(|i| !card.training_items.contains(i));
    if !is_new {
        return Ok(Vec::new());
    }
    Ok(vec![Event::TraitLinked(TraitLinked {
        id: c.id.clone(),
        scenario: c.scenario.clone(),
        training_item: c.training_item.clone(),
        at: now,
    })])
}

/// A trait, or the refusal that says where to see them.
pub(super) fn require<'t>(t: &'t Transition, id: &TraitId) -> Result<&'t TraitCard, Refusal> {
    t.culture.traits.get(id).ok_or_else(|| {
        Refusal::new(Code::Unknown)
            .missing(format!("trait `{id}`"))
            .how("see the names with `segue show adaptations`, or record it (`segue do record-trait`)")
    })
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &TraitRecorded) {
    let card = t.culture.traits.entry(e.facts.id.clone());
    let corrected = |card: &mut TraitCard| {
        card.facts = e.facts.clone();
        // Who said that nothing need change, said it of another trait.
        card.no_change.clear();
    };
    card.and_modify(corrected).or_insert_with(|| TraitCard {
        facts: e.facts.clone(),
        scenarios: BTreeSet::new(),
        training_items: BTreeSet::new(),
        adaptations: BTreeMap::new(),
        no_change: BTreeMap::new(),
    });
}

pub(crate) fn apply_linked(t: &mut Transition, e: &TraitLinked) {
    if let Some(card) = t.culture.traits.get_mut(&e.id) {
        card.scenarios.extend(e.scenario.clone());
        card.training_items.extend(e.training_item.clone());
    }
}
