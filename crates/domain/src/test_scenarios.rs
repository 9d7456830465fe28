//! The library of script cards for test calls: the goal is not to trip anybody up but to see who is ready (A26).

use crate::Decided;
use crate::actor::Side;
use crate::boards::{Board, Kind};
use crate::event::Event;
use crate::ids::{CallTypeId, KnowledgeId, ScenarioId, is_usable};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One script card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Scenario {
    /// Its short name: `T-07`.
    pub id: ScenarioId,
    /// The call type it tests.
    pub call_type: CallTypeId,
    /// What the caller wants.
    pub intent: String,
    /// What a ready agent does, in order.
    pub expected: Vec<String>,
    /// What must not happen.
    #[serde(default)]
    pub forbidden: Vec<String>,
    /// The material given to the outsourcer that answers it; without one the card is unfair.
    #[serde(default)]
    pub knowledge: Option<KnowledgeId>,
    /// The language it is played in.
    #[serde(default)]
    pub language: Option<String>,
    /// The shift it belongs to: `night`.
    #[serde(default)]
    pub shift: Option<String>,
    /// Whether it was written to trip somebody up; such a card is practice and never counts.
    #[serde(default)]
    pub trick: bool,
}

impl Scenario {
    /// Whether a call by this card counts for pass or fail: it can be answered from what the outsourcer was given.
    pub fn is_fair(&self, t: &Transition) -> bool {
        !self.trick && self.gap(t).is_none()
    }

    /// What the client still owes the outsourcer before the card is fair.
    fn gap(&self, t: &Transition) -> Option<String> {
        match &self.knowledge {
            None => Some("no knowledge link".into()),
            Some(id) if t.knowledge.get(id).is_none() => {
                Some(format!("there is no knowledge {id}"))
            }
            Some(_) => None,
        }
    }
}

/// Writes script cards, or changes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WriteTestScenarios {
    /// The cards; one of the same name is replaced.
    pub scenarios: Vec<Scenario>,
}

/// Script cards stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestScenariosWritten {
    /// As they stand now.
    pub scenarios: Vec<Scenario>,
    /// When.
    pub at: Timestamp,
}

/// The library, in state.
pub type Library = BTreeMap<ScenarioId, Scenario>;

pub(crate) const BOARD: Kind = Kind {
    name: "scenarios",
    says: "The script cards of the test calls, and the knowledge that is missing for some",
    may_see: None,
    draw: |t, _, _| draw(t),
};

pub(crate) fn write(t: &Transition, c: &WriteTestScenarios, now: Timestamp) -> Decided {
    text::list("script cards", &c.scenarios)?;
    for card in &c.scenarios {
        check(t, card)?;
    }
    let changed = |card: &&Scenario| t.test_scenarios.get(&card.id) != Some(card);
    let scenarios: Vec<_> = c.scenarios.iter().filter(changed).cloned().collect();
    if scenarios.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::TestScenariosWritten(TestScenariosWritten {
        scenarios,
        at: now,
    })])
}

fn check(t: &Transition, card: &Scenario) -> Result<(), Refusal> {
    let id = &card.id;
    let knowledge = card.knowledge.iter().map(KnowledgeId::as_str);
    for name in knowledge.chain([id.as_str()]) {
        if !is_usable(name) {
            return Err(bad(format!("`{name}` as a plain name")));
        }
    }
    if t.rung(&card.call_type).is_none() {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!(
                "call type `{}` of script card {id}",
                card.call_type
            ))
            .how("name a call type of the transition"));
    }
    text::free(&format!("what the caller of card {id} wants"), &card.intent)?;
    if card.expected.is_empty() {
        return Err(bad(format!("what a ready agent does on card {id}")));
    }
    text::list("steps of a card", &card.expected)?;
    text::list("forbidden things of a card", &card.forbidden)?;
    for step in card.expected.iter().chain(&card.forbidden) {
        text::free("a step of a card", step)?;
    }
    for word in card.language.iter().chain(&card.shift) {
        text::title("a language or shift", word)?;
    }
    Ok(())
}

pub(crate) fn apply_written(t: &mut Transition, e: &TestScenariosWritten) {
    for card in &e.scenarios {
        t.test_scenarios.insert(card.id.clone(), card.clone());
    }
}

fn draw(t: &Transition) -> Board {
    let columns = [
        "card",
        "call type",
        "shift",
        "language",
        "the caller wants",
        "a ready agent",
        "never",
        "counts",
    ];
    let mut board = Board::new("Script cards: is the agent ready?", &columns);
    for card in t.test_scenarios.values() {
        let counts = match card.gap(t) {
            _ if card.trick => "no: practice only, written to trip up".into(),
            Some(gap) => format!("no: unfair, {gap}"),
            None => "yes".into(),
        };
        board.row([
            card.id.to_string(),
            card.call_type.to_string(),
            card.shift.clone().unwrap_or_default(),
            card.language.clone().unwrap_or_default(),
            card.intent.clone(),
            card.expected.join(" · "),
            card.forbidden.join(" · "),
            counts,
        ]);
    }
    let client = t.parties.name(Side::Client);
    for card in t.test_scenarios.values() {
        if let Some(gap) = card.gap(t) {
            board.note(format!(
                "Knowledge gap for {client} to fix: nothing given to the outsourcer answers card {}; {gap}.",
                card.id
            ));
        }
    }
    board
}
