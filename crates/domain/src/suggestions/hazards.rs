//! Hazards: what may endanger a caller is reported by anybody, any time, before everything else (B14).

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::event::Event;
use crate::ids::{HazardId, PersonId};
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Reports something that may endanger a caller; always open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ReportHazard {
    /// What is dangerous: `no interpreter after 22:00`.
    pub text: String,
}

/// Says what is done about a hazard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AnswerHazard {
    /// The hazard.
    pub hazard: HazardId,
    /// What is done about it, or why it is none.
    pub answer: String,
}

/// Somebody reported a hazard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HazardReported {
    /// Its name.
    pub hazard: HazardId,
    /// What is dangerous.
    pub text: String,
    /// The party.
    pub by: Side,
    /// The person.
    pub person: PersonId,
    /// Who has to know at once: the account manager and the deputy, else a signatory of each party.
    pub notified: Vec<PersonId>,
    /// When.
    pub at: Timestamp,
}

/// Something is done about a hazard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HazardAnswered {
    /// The hazard.
    pub hazard: HazardId,
    /// What is done.
    pub answer: String,
    /// The person.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// A hazard in state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hazard {
    /// As reported.
    pub reported: HazardReported,
    /// The last answer.
    pub answered: Option<HazardAnswered>,
}

pub(crate) const BOARD: Kind = Kind {
    name: "hazards-reported",
    says: "What may endanger a caller, who was told, and what is done about it",
    may_see: None,
    draw: |t, _, _| draw(t),
};

pub(crate) fn report(t: &Transition, c: &ReportHazard, actor: &Actor, now: Timestamp) -> Decided {
    text::free("what is dangerous", &c.text)?;
    let hazards = &t.suggestions.hazards;
    let same = |h: &Hazard| h.reported.text == c.text && h.answered.is_none();
    if hazards.values().any(same) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::HazardReported(HazardReported {
        hazard: HazardId(format!("HZ-{}", hazards.len() + 1)),
        text: c.text.clone(),
        by: actor.side,
        person: actor.person.clone(),
        notified: to_notify(t),
        at: now,
    })])
}

fn to_notify(t: &Transition) -> Vec<PersonId> {
    if let Some(manager) = &t.account_manager {
        let people = manager.person.iter().chain(&manager.deputy);
        return people.cloned().collect();
    }
    let signatories = Side::BOTH.into_iter().filter_map(|side| {
        let party = t.parties.of(side);
        let signatory = party.signatories.into_iter().find(|s| !s.clinical_lead)?;
        Some(signatory.person)
    });
    signatories.collect()
}

pub(crate) fn answer(t: &Transition, c: &AnswerHazard, actor: &Actor, now: Timestamp) -> Decided {
    let Some(hazard) = t.suggestions.hazards.get(&c.hazard) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("hazard `{}`", c.hazard))
            .how("see the names with `segue show hazards-reported`"));
    };
    text::free("what is done about it", &c.answer)?;
    if hazard
        .answered
        .as_ref()
        .is_some_and(|a| a.answer == c.answer)
    {
        return Ok(Vec::new());
    }
    Ok(vec![Event::HazardAnswered(HazardAnswered {
        hazard: c.hazard.clone(),
        answer: c.answer.clone(),
        person: actor.person.clone(),
        at: now,
    })])
}

pub(crate) fn apply_reported(t: &mut Transition, e: &HazardReported) {
    let hazard = Hazard {
        reported: e.clone(),
        answered: None,
    };
    t.suggestions.hazards.insert(e.hazard.clone(), hazard);
}

pub(crate) fn apply_answered(t: &mut Transition, e: &HazardAnswered) {
    if let Some(hazard) = t.suggestions.hazards.get_mut(&e.hazard) {
        hazard.answered = Some(e.clone());
    }
}

fn draw(t: &Transition) -> Board {
    let columns = ["hazard", "what", "from", "since", "told", "answer"];
    let mut board = Board::new("Hazards reported", &columns);
    for (id, Hazard { reported, answered }) in &t.suggestions.hazards {
        let told: Vec<_> = reported.notified.iter().map(PersonId::as_str).collect();
        let answer = answered.as_ref().map(|a| a.answer.clone());
        board.row([
            id.to_string(),
            reported.text.clone(),
            t.parties.name(reported.by),
            reported.at.to_string(),
            told.join(", "),
            answer.unwrap_or_else(|| "waiting for an answer".into()),
        ]);
    }
    board
}
