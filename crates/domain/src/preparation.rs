//! The preparation list (§7.10): access requests, contracts, licences and the like. No dates and no routes, so that it is
//! legal from the contract on, before discovery is signed and a plan may be made.

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::event::Event;
use crate::ids::{PreparationId, is_usable};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What kind of thing takes its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PreparationKind {
    /// Access to a system: the usual critical path.
    Access,
    /// A contract or an agreement.
    Contract,
    /// A licence or a registration.
    Licence,
    /// Hiring and classes.
    Training,
    /// Telephony, rooms, machines.
    Equipment,
    /// Anything else.
    Other,
}

impl PreparationKind {
    fn words(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Contract => "contract",
            Self::Licence => "licence",
            Self::Training => "training",
            Self::Equipment => "equipment",
            Self::Other => "other",
        }
    }
}

/// Puts something on the preparation list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AddPreparation {
    /// Its short name.
    pub preparation: PreparationId,
    /// What kind of thing it is.
    pub kind: PreparationKind,
    /// The party that does it.
    pub owner: Side,
    /// What is to be done.
    pub title: String,
}

/// Says that it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CompletePreparation {
    /// The thing.
    pub preparation: PreparationId,
    /// Where the evidence is.
    pub evidence: String,
}

/// Something is on the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparationAdded {
    /// Its short name.
    pub preparation: PreparationId,
    /// What kind of thing it is.
    pub kind: PreparationKind,
    /// The party that does it.
    pub owner: Side,
    /// What is to be done.
    pub title: String,
    /// When it was put there.
    pub at: Timestamp,
}

/// It is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparationCompleted {
    /// The thing.
    pub preparation: PreparationId,
    /// Where the evidence is.
    pub evidence: String,
    /// When.
    pub at: Timestamp,
}

/// One thing on the list, in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preparation {
    /// The fact that put it there.
    pub added: PreparationAdded,
    /// The fact that it is done.
    pub completed: Option<PreparationCompleted>,
}

/// The list, in state.
pub type Preparations = BTreeMap<PreparationId, Preparation>;

pub(crate) const BOARD: Kind = Kind {
    name: "preparation",
    says: "What can be prepared from the contract on, without dates and routes",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

pub(crate) fn add(t: &Transition, c: &AddPreparation, now: Timestamp) -> Decided {
    if !is_usable(c.preparation.as_str()) {
        return Err(bad(format!("`{}` as a short name", c.preparation)));
    }
    text::title("what is to be done", &c.title)?;
    let added = PreparationAdded {
        preparation: c.preparation.clone(),
        kind: c.kind,
        owner: c.owner,
        title: c.title.clone(),
        at: now,
    };
    if let Some(known) = t.preparations.get(&c.preparation) {
        let same = PreparationAdded {
            at: known.added.at,
            ..added
        } == known.added;
        return if same {
            Ok(Vec::new())
        } else {
            Err(bad(format!(
                "another short name than {}, which is taken",
                c.preparation
            )))
        };
    }
    if t.preparations.len() >= text::LIST_MAX {
        return Err(bad(format!(
            "at most {} entries of the list",
            text::LIST_MAX
        )));
    }
    Ok(vec![Event::PreparationAdded(added)])
}

pub(crate) fn complete(
    t: &Transition,
    c: &CompletePreparation,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    let Some(known) = t.preparations.get(&c.preparation) else {
        let open: Vec<_> = t.preparations.keys().map(ToString::to_string).collect();
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("`{}` on the preparation list", c.preparation))
            .how(format!("it holds: {}", open.join(", "))));
    };
    actor.require_side(known.added.owner, "say that its preparation is done")?;
    text::title("where the evidence is", &c.evidence)?;
    if known
        .completed
        .as_ref()
        .is_some_and(|done| done.evidence == c.evidence)
    {
        return Ok(Vec::new());
    }
    Ok(vec![Event::PreparationCompleted(PreparationCompleted {
        preparation: c.preparation.clone(),
        evidence: c.evidence.clone(),
        at: now,
    })])
}

pub(crate) fn apply_added(t: &mut Transition, e: &PreparationAdded) {
    let (added, completed) = (e.clone(), None);
    t.preparations
        .insert(e.preparation.clone(), Preparation { added, completed });
}

pub(crate) fn apply_completed(t: &mut Transition, e: &PreparationCompleted) {
    if let Some(known) = t.preparations.get_mut(&e.preparation) {
        known.completed = Some(e.clone());
    }
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let mut board = Board::new("Preparation", &["name", "kind", "what", "owner", "state"]);
    for (id, p) in &t.preparations {
        let days = now.duration_since(p.added.at).as_hours() / 24;
        let state = match &p.completed {
            Some(done) => format!("done: {}", done.evidence),
            None => format!("open for {days} days"),
        };
        board.row([
            id.to_string(),
            p.added.kind.words().to_owned(),
            p.added.title.clone(),
            t.parties.name(p.added.owner),
            state,
        ]);
    }
    board.note("Dates and routes stand in the plan, which both sign after discovery.");
    board
}
