//! The register of opportunities: carried out after acceptance, one change at a time, so that parity can be judged (B21).

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::chunks::Chunk;
use crate::event::Event;
use crate::ids::{ChunkId, OpportunityId, PersonId, SuggestionId};
use crate::refusal::{Code, Refusal};
use crate::share::TrafficShare;
use crate::text;
use crate::transition::Transition;
use crate::waivers::{Waivable, is_waived};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Puts an opportunity on the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RegisterOpportunity {
    /// The chunk it would change.
    pub chunk: ChunkId,
    /// The change: `shorter greeting`.
    pub change: String,
    /// What it should improve, and how that shows.
    pub expected: String,
    /// The suggestion it comes from.
    #[serde(default)]
    pub suggestion: Option<SuggestionId>,
}

/// Sets the day from which an opportunity is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ScheduleOptimisation {
    /// The opportunity.
    pub opportunity: OpportunityId,
    /// From this day on.
    #[schemars(with = "String")]
    pub from: Date,
}

/// Says what came of an optimisation; the next one may follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct FinishOptimisation {
    /// The opportunity.
    pub opportunity: OpportunityId,
    /// What came of it: kept or undone, with the numbers.
    pub outcome: String,
}

/// An opportunity is on the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpportunityRegistered {
    /// Its name.
    pub opportunity: OpportunityId,
    /// The chunk.
    pub chunk: ChunkId,
    /// The change.
    pub change: String,
    /// What it should improve.
    pub expected: String,
    /// The suggestion it comes from.
    pub suggestion: Option<SuggestionId>,
    /// The party.
    pub by: Side,
    /// The person.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// An optimisation has its day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptimisationScheduled {
    /// The opportunity.
    pub opportunity: OpportunityId,
    /// From this day on.
    pub from: Date,
    /// When.
    pub at: Timestamp,
}

/// An optimisation is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptimisationFinished {
    /// The opportunity.
    pub opportunity: OpportunityId,
    /// What came of it.
    pub outcome: String,
    /// When.
    pub at: Timestamp,
}

/// An opportunity in state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opportunity {
    /// As registered.
    pub registered: OpportunityRegistered,
    /// The day it is carried out from.
    pub from: Option<Date>,
    /// What came of it.
    pub outcome: Option<String>,
}

impl Opportunity {
    /// Scheduled and not finished: it changes what its chunk is judged by.
    fn is_running(&self) -> bool {
        self.from.is_some() && self.outcome.is_none()
    }

    pub(super) fn standing(&self) -> String {
        match (&self.from, &self.outcome) {
            (_, Some(outcome)) => format!("done: {outcome}"),
            (Some(from), None) => format!("from {from}"),
            (None, None) => "waits for acceptance".into(),
        }
    }
}

pub(crate) fn register(
    t: &Transition,
    c: &RegisterOpportunity,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    super::require_unlocked(t)?;
    t.require_chunk(&c.chunk)?;
    text::title("the change", &c.change)?;
    text::free("what it should improve", &c.expected)?;
    if let Some(suggestion) = &c.suggestion
        && !t.suggestions.posted.contains_key(suggestion)
    {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("suggestion `{suggestion}`"))
            .how("see the names with `segue show suggestions`"));
    }
    let register = &t.suggestions.opportunities;
    let same = |o: &Opportunity| o.registered.chunk == c.chunk && o.registered.change == c.change;
    if register.values().any(same) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::OpportunityRegistered(OpportunityRegistered {
        opportunity: OpportunityId(format!("O-{}", register.len() + 1)),
        chunk: c.chunk.clone(),
        change: c.change.clone(),
        expected: c.expected.clone(),
        suggestion: c.suggestion.clone(),
        by: actor.side,
        person: actor.person.clone(),
        at: now,
    })])
}

pub(crate) fn schedule(t: &Transition, c: &ScheduleOptimisation, now: Timestamp) -> Decided {
    let opportunity = require(t, &c.opportunity)?;
    if opportunity.outcome.is_some() {
        return Err(Refusal::new(Code::WrongState)
            .missing(format!(
                "an opportunity that is not done, unlike {}",
                c.opportunity
            ))
            .how("register it again (`segue do register-opportunity`)"));
    }
    let chunk = t.require_chunk(&opportunity.registered.chunk)?;
    let id = &chunk.planned.id;
    if !chunk.is_accepted() && !is_waived(t, Waivable::OptimisationOverlap, id) {
        let missing = format!("{id} accepted by both; it is {}", chunk.state.words());
        return Err(overlap(missing));
    }
    if let Some((other, _)) = running(t, id).find(|(other, _)| **other != c.opportunity) {
        let missing = format!("the outcome of {other}: one change of {id} at a time");
        return Err(overlap(missing));
    }
    if opportunity.from == Some(c.from) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::OptimisationScheduled(OptimisationScheduled {
        opportunity: c.opportunity.clone(),
        from: c.from,
        at: now,
    })])
}

pub(crate) fn finish(t: &Transition, c: &FinishOptimisation, now: Timestamp) -> Decided {
    let opportunity = require(t, &c.opportunity)?;
    text::free("what came of it", &c.outcome)?;
    if opportunity.outcome.as_ref() == Some(&c.outcome) {
        return Ok(Vec::new());
    }
    if !opportunity.is_running() {
        return Err(Refusal::new(Code::WrongState)
            .missing(format!("{} scheduled and not done", c.opportunity))
            .how("schedule it first (`segue do schedule-optimisation`)"));
    }
    Ok(vec![Event::OptimisationFinished(OptimisationFinished {
        opportunity: c.opportunity.clone(),
        outcome: c.outcome.clone(),
        at: now,
    })])
}

/// No share rises while something else changes in the same chunk: nobody could tell what made the difference.
pub(crate) fn check_step(
    t: &Transition,
    chunk: &Chunk,
    _share: TrafficShare,
    _now: Timestamp,
) -> Result<(), Refusal> {
    let id = &chunk.planned.id;
    match running(t, id).next() {
        Some((opportunity, _)) if !is_waived(t, Waivable::OptimisationOverlap, id) => Err(overlap(
            format!("the outcome of {opportunity}, which changes {id} now"),
        )),
        _ => Ok(()),
    }
}

fn running<'t>(
    t: &'t Transition,
    chunk: &ChunkId,
) -> impl Iterator<Item = (&'t OpportunityId, &'t Opportunity)> {
    let chunk = chunk.clone();
    let register = t.suggestions.opportunities.iter();
    register.filter(move |(_, o)| o.is_running() && o.registered.chunk == chunk)
}

fn require<'t>(t: &'t Transition, id: &OpportunityId) -> Result<&'t Opportunity, Refusal> {
    t.suggestions.opportunities.get(id).ok_or_else(|| {
        Refusal::new(Code::Unknown)
            .missing(format!("opportunity `{id}`"))
            .how("see the names with `segue show suggestions`")
    })
}

fn overlap(missing: String) -> Refusal {
    Refusal::new(Code::OptimisationOverlap)
        .missing(missing)
        .who("both parties")
        .how("finish one before the other (`segue do finish-optimisation`), or both waive it (`segue do propose-waiver --rule optimisation_overlap`)")
}

pub(crate) fn apply_registered(t: &mut Transition, e: &OpportunityRegistered) {
    let opportunity = Opportunity {
        registered: e.clone(),
        from: None,
        outcome: None,
    };
    let register = &mut t.suggestions.opportunities;
    register.insert(e.opportunity.clone(), opportunity);
}

pub(crate) fn apply_scheduled(t: &mut Transition, e: &OptimisationScheduled) {
    if let Some(opportunity) = t.suggestions.opportunities.get_mut(&e.opportunity) {
        opportunity.from = Some(e.from);
    }
}

pub(crate) fn apply_finished(t: &mut Transition, e: &OptimisationFinished) {
    if let Some(opportunity) = t.suggestions.opportunities.get_mut(&e.opportunity) {
        opportunity.outcome = Some(e.outcome.clone());
    }
}
