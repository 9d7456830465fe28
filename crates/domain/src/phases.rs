//! The phases of a transition (A2): contract, discovery, plan, test, move, hold, closed. Each opens when the one before it
//! is done, and says what keeps it locked; planned dates are information and drive nothing.

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::chunks::{Chunk, ChunkState};
use crate::event::Event;
use crate::ids::PersonId;
use crate::lines::bad;
use crate::signature::Needs;
use crate::transition::Transition;
use crate::{account_manager, discovery, schedule, text};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A phase, as the bar shows it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The deal is signed; that is the first phase only.
    Contract,
    /// What there is, found out and signed.
    Discovery,
    /// One schedule, signed by both.
    Plan,
    /// Gates: tested, drilled, signed.
    Test,
    /// Chunk after chunk, step after step.
    Move,
    /// The door stays open.
    Hold,
    /// Every door is closed.
    Closed,
}

impl Stage {
    /// All seven, in order.
    pub const ALL: [Self; 7] = [
        Self::Contract,
        Self::Discovery,
        Self::Plan,
        Self::Test,
        Self::Move,
        Self::Hold,
        Self::Closed,
    ];

    /// The phase in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Discovery => "discovery",
            Self::Plan => "plan",
            Self::Test => "test",
            Self::Move => "move",
            Self::Hold => "hold",
            Self::Closed => "closed",
        }
    }
}

/// Says when a phase is expected: either party, as information.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlanPhase {
    /// The phase.
    pub phase: Stage,
    /// Its first day.
    #[schemars(with = "String")]
    pub from: Date,
    /// Its last.
    #[schemars(with = "String")]
    pub to: Date,
}

/// A phase is expected then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhasePlanned {
    /// The phase.
    pub phase: Stage,
    /// Its first day.
    pub from: Date,
    /// Its last.
    pub to: Date,
    /// The party that says so.
    pub by: Side,
    /// The person who does.
    pub person: PersonId,
    /// When it was said.
    pub at: Timestamp,
}

/// Dates of the phases, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Phases {
    /// As expected, by phase.
    pub planned: BTreeMap<Stage, PhasePlanned>,
    /// When each began, by the facts.
    pub began: BTreeMap<Stage, Timestamp>,
    /// When each was done, by the facts.
    pub done: BTreeMap<Stage, Timestamp>,
}

pub(crate) const BOARD: Kind = Kind {
    name: "phases",
    says: "Where the transition stands, and what keeps each phase locked",
    may_see: None,
    draw: |t, _, _| draw(t),
};

/// What keeps a phase from being done; empty when it is.
pub fn open(t: &Transition, stage: Stage) -> Vec<String> {
    let chunks = |state: &str, test: fn(&Chunk) -> bool| {
        let open = t.chunks.iter().filter(|(_, chunk)| !test(chunk));
        let mut open: Vec<_> = open.map(|(id, _)| format!("{id} {state}")).collect();
        if t.chunks.is_empty() {
            open.push(format!("every chunk {state}"));
        }
        open
    };
    match stage {
        Stage::Contract => match account_manager::require(t) {
            Ok(()) => Vec::new(),
            Err(refusal) => refusal.missing,
        },
        Stage::Discovery => {
            discovery::require_complete(t).map_or_else(|r| r.missing, |()| Vec::new())
        }
        Stage::Plan => schedule::require_agreed(t).map_or_else(|r| r.missing, |_| Vec::new()),
        Stage::Test => chunks("with its gate signed", |c| c.state != ChunkState::Agreed),
        Stage::Move => chunks("accepted", Chunk::is_accepted),
        Stage::Hold | Stage::Closed => chunks("closed by both", |c| c.state == ChunkState::Closed),
    }
}

/// What keeps a phase locked: the phase before it is not done. Move opens with the first chunk whose gate is signed, hold
/// with the first that is accepted: chunks go one after another.
pub fn locks(t: &Transition, stage: Stage) -> Vec<String> {
    let any = |test: fn(&Chunk) -> bool| t.chunks.values().any(test);
    match stage {
        Stage::Contract => Vec::new(),
        Stage::Discovery => open(t, Stage::Contract),
        Stage::Plan => open(t, Stage::Discovery),
        Stage::Test => open(t, Stage::Plan),
        Stage::Move if any(|c| c.state != ChunkState::Agreed) => Vec::new(),
        Stage::Move => [Stage::Discovery, Stage::Plan, Stage::Test]
            .into_iter()
            .flat_map(|stage| open(t, stage))
            .collect(),
        Stage::Hold if any(Chunk::is_accepted) => Vec::new(),
        Stage::Hold => open(t, Stage::Move),
        Stage::Closed => open(t, Stage::Hold),
    }
}

pub(crate) fn plan(t: &Transition, c: &PlanPhase, actor: &Actor, now: Timestamp) -> Decided {
    if c.to < c.from {
        return Err(bad(format!(
            "a {} phase that ends on {} or later, not on {}",
            c.phase.words(),
            c.from,
            c.to
        )));
    }
    let known = t.phases.planned.get(&c.phase);
    if known.is_some_and(|p| p.from == c.from && p.to == c.to) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::PhasePlanned(PhasePlanned {
        phase: c.phase,
        from: c.from,
        to: c.to,
        by: actor.side,
        person: actor.person.clone(),
        at: now,
    })])
}

/// Notes when phases begin and are done, after a fact was folded in.
pub(crate) fn follow(t: &mut Transition, event: &Event) {
    let (began, at) = match event {
        Event::TransitionCreated(e) => (Stage::Contract, e.at),
        Event::DiscoveryOpened(e) => (Stage::Discovery, e.at),
        Event::DiscoverySigned(e) => (Stage::Discovery, e.signed.at),
        Event::PlanProposed(e) => (Stage::Plan, e.at),
        Event::ScheduleAgreed(e) => (Stage::Test, e.at),
        Event::GatePassed(e) => (Stage::Test, e.at),
        Event::ShareChanged(e) if e.to.is_out() => (Stage::Move, e.at),
        Event::ChunkAccepted(e) => (Stage::Hold, e.at),
        Event::ChunkClosed(e) => (Stage::Hold, e.at),
        _ => return,
    };
    t.phases.began.entry(began).or_insert(at);
    for stage in Stage::ALL {
        let done = match stage {
            // The contract's phase ends when discovery opens.
            Stage::Contract => t.discovery.opened_at.is_some(),
            Stage::Discovery => {
                t.discovery.agreement.binds(Needs::Both) && t.discovery.is_complete()
            }
            Stage::Plan => t.schedule.agreed.is_some(),
            _ => open(t, stage).is_empty(),
        };
        if done {
            t.phases.done.entry(stage).or_insert(at);
        } else {
            t.phases.done.remove(&stage);
        }
    }
}

fn draw(t: &Transition) -> Board {
    let columns = ["phase", "state", "planned", "began", "done", "what is open"];
    let mut board = Board::new("Phases", &columns);
    for stage in Stage::ALL {
        let (locks, open) = (locks(t, stage), open(t, stage));
        let (state, missing) = match () {
            () if open.is_empty() => ("done", open),
            () if locks.is_empty() => ("open", open),
            () => ("locked", locks),
        };
        let planned = t.phases.planned.get(&stage);
        let planned = planned.map(|p| format!("{} to {} ({})", p.from, p.to, t.parties.name(p.by)));
        let date = |dates: &BTreeMap<Stage, Timestamp>| {
            dates
                .get(&stage)
                .map(|at| text::minute(*at))
                .unwrap_or_default()
        };
        board.row([
            stage.words().to_owned(),
            state.to_owned(),
            planned.unwrap_or_default(),
            date(&t.phases.began),
            date(&t.phases.done),
            missing.join("; "),
        ]);
    }
    board.note("Planned dates are information; what may happen follows from what both signed.");
    board
}
