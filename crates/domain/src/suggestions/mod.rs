//! Ideas wait for discovery; what endangers a caller never waits (B14). Improvements wait for acceptance (B21).

pub mod hazards;
pub mod optimisation;

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::boards::{Board, Kind};
use crate::discovery;
use crate::event::Event;
use crate::ids::{HazardId, OpportunityId, PersonId, SuggestionId};
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use hazards::Hazard;
use jiff::Timestamp;
use optimisation::Opportunity;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Posts an idea for everybody of both parties to read; a private note needs no command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PostSuggestion {
    /// The idea.
    pub text: String,
}

/// Somebody had an idea.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestionPosted {
    /// Its name.
    pub suggestion: SuggestionId,
    /// The idea.
    pub text: String,
    /// The party.
    pub by: Side,
    /// The person.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// Ideas, hazards and the register of opportunities, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Suggestions {
    /// Ideas by name.
    pub posted: BTreeMap<SuggestionId, SuggestionPosted>,
    /// Hazards by name.
    pub hazards: BTreeMap<HazardId, Hazard>,
    /// The register of opportunities.
    pub opportunities: BTreeMap<OpportunityId, Opportunity>,
}

pub(crate) const BOARD: Kind = Kind {
    name: "suggestions",
    says: "The ideas box, sealed until discovery is signed, and the register of opportunities",
    may_see: None,
    draw: |t, _, _| draw(t),
};

pub(crate) fn post(t: &Transition, c: &PostSuggestion, actor: &Actor, now: Timestamp) -> Decided {
    require_unlocked(t)?;
    text::free("the suggestion", &c.text)?;
    let posted = &t.suggestions.posted;
    if posted
        .values()
        .any(|s| s.by == actor.side && s.text == c.text)
    {
        return Ok(Vec::new());
    }
    Ok(vec![Event::SuggestionPosted(SuggestionPosted {
        suggestion: SuggestionId(format!("SG-{}", posted.len() + 1)),
        text: c.text.clone(),
        by: actor.side,
        person: actor.person.clone(),
        at: now,
    })])
}

/// Nobody suggests a change to what has not been understood yet.
fn require_unlocked(t: &Transition) -> Result<(), Refusal> {
    if t.discovery.is_complete() {
        return Ok(());
    }
    Err(Refusal::new(Code::SuggestionLocked)
        .missing_all(discovery::open_points(t))
        .who("the implementation teams of both parties")
        .how("keep it as a note of your own until discovery is signed; what endangers a caller is reported at once (`segue do report-hazard`)"))
}

pub(crate) fn apply_posted(t: &mut Transition, e: &SuggestionPosted) {
    t.suggestions.posted.insert(e.suggestion.clone(), e.clone());
}

fn draw(t: &Transition) -> Board {
    let columns = ["name", "from", "since", "about", "state"];
    let mut board = Board::new("Suggestions and opportunities", &columns);
    let open = t.discovery.is_complete();
    let seal = |text: &String| if open { text.clone() } else { "sealed".into() };
    for s in t.suggestions.posted.values() {
        let from = t.parties.name(s.by);
        board.row([
            s.suggestion.to_string(),
            from,
            s.at.to_string(),
            seal(&s.text),
            "suggested".into(),
        ]);
    }
    for (id, o) in &t.suggestions.opportunities {
        let r = &o.registered;
        board.row([
            id.to_string(),
            t.parties.name(r.by),
            r.at.to_string(),
            format!("{}: {}", r.chunk, seal(&r.change)),
            o.standing(),
        ]);
    }
    if !open {
        let points = discovery::open_points(t);
        board.note(format!(
            "Sealed until discovery is signed; open: {}.",
            points.join("; ")
        ));
    }
    board.note("What endangers a caller is a hazard and never waits.");
    board
}
