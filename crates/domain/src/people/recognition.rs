//! Thanks, with credit: the work and the experience are honoured (B11).

use super::require_staff;
use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::event::Event;
use crate::ids::{KnowledgeId, StaffId, is_usable};
use crate::lines::bad;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) const BOARD: Kind = Kind {
    name: "recognition",
    says: "What people are thanked for; who they are, for the client's own people",
    may_see: None,
    draw: |t, reader, _| draw(t, reader),
};

/// What somebody is thanked for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Contribution {
    /// Know-how written down.
    Knowledge,
    /// Test calls placed.
    TestCalls,
    /// Ready to come when calls come home.
    FallbackReadiness,
    /// Training of the outsourcer's agents.
    Training,
    /// Years of service.
    Service,
}

impl Contribution {
    /// The contribution in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Knowledge => "knowledge written down",
            Self::TestCalls => "test calls placed",
            Self::FallbackReadiness => "ready when calls come home",
            Self::Training => "training given",
            Self::Service => "years of service",
        }
    }
}

/// Thanks somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GiveThanks {
    /// For what.
    pub contribution: Contribution,
    /// The person; the outsourcer's people do not know who it was, and leave it open.
    #[serde(default)]
    pub staff: Option<StaffId>,
    /// The piece of know-how, whose author is credited there.
    #[serde(default)]
    pub knowledge: Option<KnowledgeId>,
}

/// Somebody was thanked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThanksGiven {
    /// For what.
    pub contribution: Contribution,
    /// The person, where known.
    pub staff: Option<StaffId>,
    /// The piece of know-how.
    pub knowledge: Option<KnowledgeId>,
    /// The party that thanks.
    pub by: Side,
    /// When.
    pub at: Timestamp,
}

pub(crate) fn thank(t: &Transition, c: &GiveThanks, actor: &Actor, now: Timestamp) -> Decided {
    if let Some(staff) = &c.staff {
        actor.require_side(Side::Client, "name one of its people")?;
        require_staff(t, staff)?;
    }
    match &c.knowledge {
        Some(id) if !is_usable(id.as_str()) => return Err(bad(format!("know-how named `{id}`"))),
        None if c.staff.is_none() => {
            return Err(bad("who is thanked, or for which piece of know-how".into()));
        }
        _ => {}
    }
    Ok(vec![Event::ThanksGiven(ThanksGiven {
        contribution: c.contribution,
        staff: c.staff.clone(),
        knowledge: c.knowledge.clone(),
        by: actor.side,
        at: now,
    })])
}

pub(crate) fn apply_thanks(t: &mut Transition, e: &ThanksGiven) {
    t.people.thanks.push(e.clone());
}

fn draw(t: &Transition, reader: &Actor) -> Board {
    let mut board = Board::new("Recognition", &["thanked for", "who", "times"]);
    let mut counts: BTreeMap<_, u32> = BTreeMap::new();
    for thanks in &t.people.thanks {
        let who = match (&thanks.staff, &thanks.knowledge) {
            (Some(staff), _) if reader.side == Side::Client => staff.to_string(),
            (_, Some(knowledge)) => format!("the author of {knowledge}"),
            _ => "in-house staff".to_owned(),
        };
        *counts.entry((thanks.contribution, who)).or_default() += 1;
    }
    for ((contribution, who), times) in counts {
        board.row([contribution.words().to_owned(), who, times.to_string()]);
    }
    board
}
