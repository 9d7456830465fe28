//! Commitments to the people, with dates, confirmed by human resources of both parties (§7.15).
//!
//! Human resources hold no signing keys; two people, one of each party, confirm by their accounts.

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::event::Event;
use crate::ids::{CommitmentId, PersonId};
use crate::refusal::{Code, Refusal};
use crate::schedule::days;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub(crate) const BOARD: Kind = Kind {
    name: "commitments",
    says: "What the parties promised the in-house people, by when, and whether it is kept",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

/// Proposes a commitment, for one party's human resources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProposeCommitment {
    /// What is promised: `interviews for every nurse who asks`. Names nobody.
    pub promise: String,
    /// Who keeps it.
    pub keeper: Side,
    /// By when.
    #[schemars(with = "String")]
    pub due: Date,
}

/// Confirms a commitment, as human resources of the other party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ConfirmCommitment {
    /// The commitment.
    pub commitment: CommitmentId,
}

/// Says that a commitment was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct KeepCommitment {
    /// The commitment.
    pub commitment: CommitmentId,
    /// Where the evidence is.
    pub evidence: String,
}

/// A commitment was proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitmentProposed {
    /// Its name.
    pub commitment: CommitmentId,
    /// What is promised.
    pub promise: String,
    /// Who keeps it.
    pub keeper: Side,
    /// By when.
    pub due: Date,
    /// The party whose human resources proposed it.
    pub by: Side,
    /// Who proposed it.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// The other party's human resources confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitmentConfirmed {
    /// The commitment.
    pub commitment: CommitmentId,
    /// Who confirmed it.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// A commitment was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitmentKept {
    /// The commitment.
    pub commitment: CommitmentId,
    /// Where the evidence is.
    pub evidence: String,
    /// When.
    pub at: Timestamp,
}

/// A commitment in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Commitment {
    /// As proposed.
    pub proposed: CommitmentProposed,
    /// Once the other party confirmed.
    pub confirmed: Option<CommitmentConfirmed>,
    /// Once it was kept.
    pub kept: Option<CommitmentKept>,
}

pub(crate) fn propose(
    t: &Transition,
    c: &ProposeCommitment,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    text::title("what is promised", &c.promise)?;
    let number = t.people.commitments.len() + 1;
    Ok(vec![Event::CommitmentProposed(CommitmentProposed {
        commitment: CommitmentId(format!("HR-{number}")),
        promise: c.promise.clone(),
        keeper: c.keeper,
        due: c.due,
        by: actor.side,
        person: actor.person.clone(),
        at: now,
    })])
}

fn require<'t>(t: &'t Transition, id: &CommitmentId) -> Result<&'t Commitment, Refusal> {
    t.people.commitments.get(id).ok_or_else(|| {
        Refusal::new(Code::Unknown)
            .missing(format!("commitment `{id}`"))
            .who("human resources of either party")
            .how("see `segue show commitments`, or propose it (`segue do propose-commitment`)")
    })
}

pub(crate) fn confirm(
    t: &Transition,
    c: &ConfirmCommitment,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    let commitment = require(t, &c.commitment)?;
    actor.require_side(
        commitment.proposed.by.other(),
        "confirm what the other party's human resources proposed",
    )?;
    if commitment.confirmed.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::CommitmentConfirmed(CommitmentConfirmed {
        commitment: c.commitment.clone(),
        person: actor.person.clone(),
        at: now,
    })])
}

pub(crate) fn keep(t: &Transition, c: &KeepCommitment, actor: &Actor, now: Timestamp) -> Decided {
    let commitment = require(t, &c.commitment)?;
    actor.require_side(commitment.proposed.keeper, "say that it kept its promise")?;
    text::title("where the evidence is", &c.evidence)?;
    if commitment.kept.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::CommitmentKept(CommitmentKept {
        commitment: c.commitment.clone(),
        evidence: c.evidence.clone(),
        at: now,
    })])
}

pub(crate) fn apply_proposed(t: &mut Transition, e: &CommitmentProposed) {
    let commitment = Commitment {
        proposed: e.clone(),
        confirmed: None,
        kept: None,
    };
    (t.people.commitments).insert(e.commitment.clone(), commitment);
}

pub(crate) fn apply_confirmed(t: &mut Transition, e: &CommitmentConfirmed) {
    if let Some(commitment) = t.people.commitments.get_mut(&e.commitment) {
        commitment.confirmed = Some(e.clone());
    }
}

pub(crate) fn apply_kept(t: &mut Transition, e: &CommitmentKept) {
    if let Some(commitment) = t.people.commitments.get_mut(&e.commitment) {
        commitment.kept = Some(e.clone());
    }
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let columns = ["commitment", "promise", "kept by", "due", "state"];
    let mut board = Board::new("Commitments to the people", &columns);
    let today = t.today(now);
    for (id, c) in &t.people.commitments {
        let state = match (&c.kept, &c.confirmed) {
            (Some(_), _) => "kept",
            (None, None) => "waits for the other party's human resources",
            _ if days::after(c.proposed.due, 1) <= today => "OVERDUE",
            _ => "confirmed by both",
        };
        board.row([
            id.to_string(),
            c.proposed.promise.clone(),
            c.proposed.keeper.to_string(),
            c.proposed.due.to_string(),
            state.to_owned(),
        ]);
    }
    board
}
