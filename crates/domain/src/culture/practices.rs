//! In-house practices worth preserving: kept, replaced or retired, by decision of both (B8).

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::event::Event;
use crate::ids::{self, PracticeId};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What becomes of a practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// It goes on at the outsourcer's.
    Keep,
    /// Something else does the same.
    Replace,
    /// It ends.
    Retire,
}

impl Choice {
    fn words(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Replace => "replace",
            Self::Retire => "retire",
        }
    }
}

/// A measure of parity that shows whether something is missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WatchedMeasure {
    /// Answered in time.
    ServiceLevel,
    /// Abandoned.
    Abandonment,
    /// Average handle time.
    HandleTime,
    /// Reviewed calls.
    Quality,
    /// Appropriate dispositions.
    Disposition,
    /// Callers whose question was answered.
    QuestionAnswered,
    /// Satisfied callers.
    Satisfaction,
}

/// An in-house practice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Practice {
    /// Its name: `physician-rounds`.
    pub practice: PracticeId,
    /// What is done, and what for.
    pub says: String,
    /// The position that looks after it.
    pub owner: String,
}

/// One party's decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PracticeDecision {
    /// The practice.
    pub practice: PracticeId,
    /// What becomes of it.
    pub choice: Choice,
    /// Why; needed to retire it.
    #[serde(default)]
    pub reason: Option<String>,
    /// What to watch; needed to retire it.
    #[serde(default)]
    pub watch: Option<WatchedMeasure>,
}

/// Records an in-house practice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordPractice {
    /// The practice.
    #[serde(flatten)]
    pub facts: Practice,
}

/// Decides for one party what becomes of a practice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DecidePractice {
    /// The decision.
    #[serde(flatten)]
    pub decision: PracticeDecision,
}

/// An in-house practice is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PracticeRecorded {
    /// The practice.
    #[serde(flatten)]
    pub facts: Practice,
    /// When.
    pub at: Timestamp,
}

/// One party decided what becomes of a practice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PracticeDecided {
    /// The decision.
    #[serde(flatten)]
    pub decision: PracticeDecision,
    /// The party.
    pub by: Side,
    /// When.
    pub at: Timestamp,
}

/// A practice in state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PracticeCard {
    /// The practice.
    pub practice: Practice,
    /// Each party's decision.
    pub decisions: BTreeMap<Side, PracticeDecision>,
}

impl PracticeCard {
    /// What both chose, if it is the same.
    pub fn decided(&self) -> Option<Choice> {
        let [client, outsourcer] = Side::BOTH.map(|side| self.decisions.get(&side));
        let (client, outsourcer) = (client?.choice, outsourcer?.choice);
        (client == outsourcer).then_some(client)
    }

    pub(super) fn standing(&self, t: &Transition) -> String {
        if let Some(choice) = self.decided() {
            return choice.words().to_owned();
        }
        let says = |side: Side| {
            let choice = self
                .decisions
                .get(&side)
                .map_or("nothing yet", |d| d.choice.words());
            format!("{} says {choice}", t.parties.name(side))
        };
        Side::BOTH.map(says).join(", ")
    }
}

/// Every practice is decided by both (B8).
pub(super) fn findings(t: &Transition) -> Vec<String> {
    let open = t
        .culture
        .practices
        .iter()
        .filter(|(_, card)| card.decided().is_none());
    open.map(|(id, card)| format!("decision of both on practice {id}: {}", card.standing(t)))
        .collect()
}

pub(crate) fn record(t: &Transition, c: &RecordPractice, now: Timestamp) -> Decided {
    let f = &c.facts;
    ids::check("practice", f.practice.as_str())?;
    text::free("what is done", &f.says)?;
    text::title("the position that looks after it", &f.owner)?;
    let known = t.culture.practices.get(&f.practice);
    if known.is_some_and(|card| card.practice == *f) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::PracticeRecorded(PracticeRecorded {
        facts: f.clone(),
        at: now,
    })])
}

pub(crate) fn decide(t: &Transition, c: &DecidePractice, actor: &Actor, now: Timestamp) -> Decided {
    let d = &c.decision;
    let Some(card) = t.culture.practices.get(&d.practice) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("practice `{}`", d.practice))
            .how("record it first (`segue do record-practice`)"));
    };
    if let Some(reason) = &d.reason {
        text::free("the reason", reason)?;
    }
    if d.choice == Choice::Retire && (d.reason.is_none() || d.watch.is_none()) {
        return Err(bad(format!(
            "a reason of {} to retire {}, and the measure that would show it is missed",
            t.parties.name(actor.side),
            d.practice
        )));
    }
    if card.decisions.get(&actor.side) == Some(d) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::PracticeDecided(PracticeDecided {
        decision: d.clone(),
        by: actor.side,
        at: now,
    })])
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &PracticeRecorded) {
    // A practice that is something else is decided anew.
    let card = PracticeCard {
        practice: e.facts.clone(),
        decisions: BTreeMap::new(),
    };
    t.culture.practices.insert(e.facts.practice.clone(), card);
}

pub(crate) fn apply_decided(t: &mut Transition, e: &PracticeDecided) {
    if let Some(card) = t.culture.practices.get_mut(&e.decision.practice) {
        card.decisions.insert(e.by, e.decision.clone());
    }
}
