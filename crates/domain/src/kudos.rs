//! The light side of testing (A25): a bingo card, thanks, and teams that compare how much they covered. Nothing here
//! counts what went wrong, names an agent, or is an appraisal; whoever likes stays out.

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::event::Event;
use crate::ids::{ChunkId, PersonId};
use crate::lines::bad;
use crate::test_campaign;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What the thanks are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KudosKind {
    /// A caller was treated kindly.
    Kindness,
    /// Something was found before a real caller met it.
    Catch,
    /// A call was saved.
    Save,
}

impl KudosKind {
    fn words(self) -> &'static str {
        match self {
            Self::Kindness => "kindness",
            Self::Catch => "catch",
            Self::Save => "save",
        }
    }
}

/// Gives thanks to a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct GiveKudos {
    /// For what.
    pub kind: KudosKind,
    /// The team: one of the client's, or the outsourcer's name.
    pub team: String,
    /// The chunk in whose tests it happened.
    pub chunk: ChunkId,
    /// What happened, naming nobody.
    pub text: String,
}

/// Joins the game, or leaves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlayAlong {
    /// Whether your calls count for your team's card.
    pub plays: bool,
}

/// Somebody gave thanks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KudosGiven {
    /// For what.
    pub kind: KudosKind,
    /// To which team.
    pub team: String,
    /// In whose tests.
    pub chunk: ChunkId,
    /// What happened.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// Somebody joined or left the game.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayChosen {
    /// Who.
    pub person: PersonId,
    /// Whether they play along.
    pub plays: bool,
    /// When.
    pub at: Timestamp,
}

/// Thanks and players, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Fun {
    /// Thanks, oldest first.
    pub kudos: Vec<KudosGiven>,
    /// Who stays out; everybody else is in.
    pub stay_out: BTreeSet<PersonId>,
}

pub(crate) const TEAMS: Kind = Kind {
    name: "kudos",
    says: "Teams by cells covered and thanks received, and the thanks themselves",
    may_see: None,
    draw: |t, _, _| draw_teams(t),
};

pub(crate) const BINGO: Kind = Kind {
    name: "bingo",
    says: "Your card: every cell you have called, and those nobody has",
    may_see: None,
    draw: |t, reader, _| draw_bingo(t, reader),
};

pub(crate) fn give(t: &Transition, c: &GiveKudos, now: Timestamp) -> Decided {
    t.require_chunk(&c.chunk)?;
    text::title("the team", &c.team)?;
    text::free("what happened", &c.text)?;
    let team = |caller: &test_campaign::TestCaller| caller.team == c.team;
    let known =
        c.team == t.parties.name(Side::Outsourcer) || t.test_campaign.callers.values().any(team);
    if !known {
        return Err(bad(format!(
            "a team of the client's test callers, or {}, instead of `{}`",
            t.parties.name(Side::Outsourcer),
            c.team
        )));
    }
    let mut words = c
        .text
        .split(|x: char| !x.is_ascii_alphanumeric() && x != '-');
    if words.any(|word| t.agents.contains_key(&word.into())) {
        return Err(bad("thanks that name no agent: thank the team".into()));
    }
    Ok(vec![Event::KudosGiven(KudosGiven {
        kind: c.kind,
        team: c.team.clone(),
        chunk: c.chunk.clone(),
        text: c.text.clone(),
        at: now,
    })])
}

#[expect(clippy::unnecessary_wraps, reason = "every decision has this shape")]
pub(crate) fn choose(t: &Transition, c: &PlayAlong, actor: &Actor, now: Timestamp) -> Decided {
    let person = actor.person.clone();
    if t.fun.stay_out.contains(&person) != c.plays {
        return Ok(Vec::new());
    }
    Ok(vec![Event::PlayChosen(PlayChosen {
        person,
        plays: c.plays,
        at: now,
    })])
}

pub(crate) fn apply_chosen(t: &mut Transition, e: &PlayChosen) {
    if e.plays {
        t.fun.stay_out.remove(&e.person);
    } else {
        t.fun.stay_out.insert(e.person.clone());
    }
}

/// Cells covered by each team's players: a call covers its cell whatever came of it.
fn covered(t: &Transition) -> BTreeMap<&str, BTreeSet<(&ChunkId, &str)>> {
    let mut teams: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
    let callers = &t.test_campaign.callers;
    for caller in callers.values() {
        teams.entry(&caller.team).or_default();
    }
    for call in &t.test_calls {
        let player = call
            .caller
            .as_ref()
            .filter(|p| !t.fun.stay_out.contains(*p));
        if let Some(caller) = player.and_then(|person| callers.get(person)) {
            let cells = teams.entry(&caller.team).or_default();
            cells.insert((&call.chunk, call.cell.as_str()));
        }
    }
    teams
}

fn draw_teams(t: &Transition) -> Board {
    let mut board = Board::new("Teams and thanks", &["team", "cells covered", "kudos"]);
    let kudos_of = |team: &str| t.fun.kudos.iter().filter(|k| k.team == team).count();
    let covered = covered(t);
    let mut teams: Vec<_> = covered
        .iter()
        .map(|(team, cells)| (cells.len(), kudos_of(team), *team))
        .collect();
    teams.sort_by_key(|(cells, kudos, team)| (Reverse(*cells), Reverse(*kudos), *team));
    for (cells, kudos, team) in teams {
        board.row([team.to_owned(), cells.to_string(), kudos.to_string()]);
    }
    for kudos in t.fun.kudos.iter().rev() {
        let (kind, team) = (kudos.kind.words(), &kudos.team);
        board.note(format!("{kind}, {team}: {}", kudos.text));
    }
    board.note("Taking part is voluntary and never part of an appraisal; `segue do play-along` joins and leaves.");
    board
}

fn draw_bingo(t: &Transition, reader: &Actor) -> Board {
    let mut board = Board::new(
        "Bingo card",
        &["chunk", "cell", "called by you", "called at all"],
    );
    let yes = |so: bool| if so { "✓" } else { "" }.to_owned();
    let mut mine = 0;
    for (id, chunk) in &t.chunks {
        for cell in test_campaign::cells(t, chunk) {
            let calls = || {
                t.test_calls
                    .iter()
                    .filter(|c| c.chunk == *id && c.cell == cell)
            };
            let by_reader = calls().any(|c| c.caller.as_ref() == Some(&reader.person));
            mine += usize::from(by_reader);
            let at_all = calls().any(|c| c.placed_by == Side::Client);
            board.row([id.to_string(), cell.clone(), yes(by_reader), yes(at_all)]);
        }
    }
    board.note(format!(
        "{mine} of {} cells on your card.",
        board.rows.len()
    ));
    if t.fun.stay_out.contains(&reader.person) {
        board.note("You stay out of the game: your calls count for the gate and for no team.");
    }
    board
}
