//! Dissent is written down and seen by both sponsors; a clinical lead's veto stops forward moves until it is withdrawn.

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::{ChunkId, PersonId};
use crate::ladder::Rung;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Records that somebody disagrees with a chunk's gate or next step. It stops nothing; both sponsors see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordDissent {
    /// The chunk.
    pub chunk: ChunkId,
    /// Why.
    pub reason: String,
}

/// The clinical lead stops a chunk of consult or triage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordVeto {
    /// The chunk.
    pub chunk: ChunkId,
    /// Why.
    pub reason: String,
}

/// The clinical lead lets the chunk go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WithdrawVeto {
    /// The chunk.
    pub chunk: ChunkId,
    /// What changed.
    pub reason: String,
}

/// Somebody disagrees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DissentRecorded {
    /// The chunk.
    pub chunk: ChunkId,
    /// Why.
    pub reason: String,
    /// Of which party.
    pub side: Side,
    /// Who.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// The clinical lead stopped a chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VetoRecorded {
    /// The chunk.
    pub chunk: ChunkId,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// The clinical lead let it go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VetoWithdrawn {
    /// The chunk.
    pub chunk: ChunkId,
    /// What changed.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Dissent and vetoes, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Dissents {
    /// Every dissent, oldest first.
    pub all: Vec<DissentRecorded>,
    /// Vetoes in force.
    pub vetoes: BTreeMap<ChunkId, VetoRecorded>,
}

pub(crate) const BOARD: Kind = Kind {
    name: "dissent",
    says: "Who disagreed with a chunk's gate or step, why, and which vetoes stand",
    may_see: None,
    draw: |t, _, _| draw(t),
};

pub(crate) fn dissent(t: &Transition, c: &RecordDissent, actor: &Actor, now: Timestamp) -> Decided {
    t.require_chunk(&c.chunk)?;
    text::free("the reason of the dissent", &c.reason)?;
    Ok(vec![Event::DissentRecorded(DissentRecorded {
        chunk: c.chunk.clone(),
        reason: c.reason.clone(),
        side: actor.side,
        person: actor.person.clone(),
        at: now,
    })])
}

pub(crate) fn veto(t: &Transition, c: &RecordVeto, now: Timestamp) -> Decided {
    let chunk = t.require_chunk(&c.chunk)?;
    text::free("the reason of the veto", &c.reason)?;
    if t.rung(&chunk.planned.call_type) < Some(Rung::Consult) {
        return Err(Refusal::new(Code::NotAuthorised)
            .missing(format!("consult or triage calls in {}", c.chunk))
            .who("the clinical lead, where nurses advise")
            .how("record a dissent instead (`segue do record-dissent`)"));
    }
    if t.dissents.vetoes.contains_key(&c.chunk) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::VetoRecorded(VetoRecorded {
        chunk: c.chunk.clone(),
        reason: c.reason.clone(),
        at: now,
    })])
}

pub(crate) fn withdraw(t: &Transition, c: &WithdrawVeto, now: Timestamp) -> Decided {
    text::free("what changed since the veto", &c.reason)?;
    if !t.dissents.vetoes.contains_key(&c.chunk) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::VetoWithdrawn(VetoWithdrawn {
        chunk: c.chunk.clone(),
        reason: c.reason.clone(),
        at: now,
    })])
}

/// A veto keeps the gate red.
pub(crate) fn findings(t: &Transition, chunk: &Chunk, _: Timestamp) -> Vec<Finding> {
    let veto = t.dissents.vetoes.get(&chunk.planned.id);
    let says = |v: &VetoRecorded| GateLeg::Compliance.finds(format!("clinical veto: {}", v.reason));
    veto.map(says).into_iter().collect()
}

/// Refuses whatever needs a green gate while a veto stands.
pub(crate) fn require_none(t: &Transition, chunk: &ChunkId) -> Result<(), Refusal> {
    let Some(veto) = t.dissents.vetoes.get(chunk) else {
        return Ok(());
    };
    Err(Refusal::new(Code::ClinicalVeto)
        .missing(format!(
            "the withdrawal of the clinical lead's veto on {chunk}: {}",
            veto.reason
        ))
        .who("the clinical lead alone")
        .how(
            "settle what the veto says; the clinical lead withdraws it (`segue do withdraw-veto`)",
        ))
}

fn draw(t: &Transition) -> Board {
    let mut board = Board::new("Dissent", &["chunk", "by", "reason", "at"]);
    for d in &t.dissents.all {
        board.row([
            d.chunk.to_string(),
            d.side.to_string(),
            d.reason.clone(),
            d.at.to_string(),
        ]);
    }
    for (id, veto) in &t.dissents.vetoes {
        board.note(format!("VETO on {id} since {}: {}", veto.at, veto.reason));
    }
    board
}
