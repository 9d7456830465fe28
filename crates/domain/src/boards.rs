//! Boards: what a concern shows, as rows that every door prints alike (`segue show NAME`, `/boards/NAME`, the API,
//! scenarios). A board decides nothing; it reads the state as of an instant, for one reader.

use crate::actor::Actor;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use jiff::Timestamp;
use serde::Serialize;

/// One board, drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Board {
    /// What it is about.
    pub title: String,
    /// What each column says.
    pub columns: Vec<&'static str>,
    /// The rows; each has as many cells as there are columns.
    pub rows: Vec<Vec<String>>,
    /// Sentences below: totals, warnings, what is suppressed and why.
    pub notes: Vec<String>,
}

/// A board that can be drawn.
pub struct Kind {
    /// Its name: `phases`.
    pub name: &'static str,
    /// What it shows, in one sentence.
    pub says: &'static str,
    /// Whether this person may see it; `None` means everybody of both parties.
    pub may_see: Option<fn(&Actor) -> bool>,
    /// Draws it.
    pub draw: fn(&Transition, &Actor, Timestamp) -> Board,
}

/// Every board, in the order of the trade.
#[rustfmt::skip] // one line per concern
pub const KINDS: &[Kind] = &[
    crate::discovery::BOARD,
    crate::discovery::flows::BOARD,
    crate::discovery::numbers::BOARD,
    crate::discovery::call_types::BOARD,
    crate::culture::BOARD,
    crate::culture::adaptations::BOARD,
    crate::suggestions::BOARD,
    crate::suggestions::hazards::BOARD,
    crate::baseline::BOARD,
    crate::counterfactual::frozen_staffing::BOARD,
    crate::phases::BOARD,
    crate::preparation::BOARD,
    crate::ladder::BOARD,
    crate::caps::BOARD,
    crate::schedule::board::CONSTRAINTS,
    crate::schedule::board::SCHEDULE,
    crate::schedule::board::PLAN,
    crate::calendar::BOARD,
    crate::waivers::BOARD,
    crate::test_scenarios::BOARD,
    crate::test_calls::COVERAGE,
    crate::test_campaign::MY_CALLS,
    crate::test_numbers::BOARD,
    crate::kudos::TEAMS,
    crate::kudos::BINGO,
    crate::training::BOARD,
    crate::resource_access::BOARD,
    crate::resource_probes::BOARD,
    crate::route_orders::BOARD,
    crate::telephony_checks::BOARD,
    crate::agent_maturity::BOARD,
    crate::agent_readiness::BOARD,
    crate::gates::BOARD,
    crate::legal_tables::BOARD,
    crate::knowledge::BOARD,
    crate::contingency::BOARD,
    crate::compliance::BOARD,
    crate::compliance::INCIDENTS_BOARD,
    crate::licences::BOARD,
    crate::account_manager::BOARD,
    crate::issues::BOARD,
    crate::capacity::BOARD,
    crate::ramp::BOARD,
    crate::parity::BOARD,
    crate::counterfactual::replayed::BOARD,
    crate::headaches::BOARD,
    crate::chunk_weeks::BOARD,
    crate::qa::BOARD,
    crate::dissent::BOARD,
    crate::business_case::BOARD,
    crate::scorecard::CONFIDENCE,
    crate::scorecard::BOARD,
    crate::certificate::BOARD,
    crate::people::fallback_capacity::BOARD,
    crate::people::NOTICES,
    crate::people::PEOPLE,
    crate::people::own_path::BOARD,
    crate::people::recognition::BOARD,
    crate::people::commitments::BOARD,
    crate::contingency::triggers::BOARD,
    crate::contingency::incidents::BOARD,
    crate::contingency::open_work::BOARD,
    crate::contingency::insurance::BOARD,
    crate::rights::BOARD,
    crate::keys::BOARD,
];

/// Draws a board for a reader.
///
/// # Errors
/// `UNKNOWN` with the names there are, or `NOT_AUTHORISED` where the reader may not see it.
pub fn draw(t: &Transition, name: &str, reader: &Actor, now: Timestamp) -> Result<Board, Refusal> {
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
        let names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("a board named `{name}`"))
            .how(format!("choose one of: {}", names.join(", "))));
    };
    if !may_see(kind, reader) {
        return Err(Refusal::new(Code::NotAuthorised)
            .missing(format!(
                "a role of `{}` that may see `{name}`",
                reader.person
            ))
            .who("the party whose board it is")
            .how("ask a person of that party; what concerns single people stays with them"));
    }
    Ok((kind.draw)(t, reader, now))
}

/// Whether not everybody may see a board: it is about people or the client's money, and looks at it are audited.
pub fn is_restricted(name: &str) -> bool {
    let mut kinds = KINDS.iter().filter(|kind| kind.name == name);
    kinds.any(|kind| kind.may_see.is_some())
}

/// Whether a reader may see a board.
pub(crate) fn may_see(kind: &Kind, reader: &Actor) -> bool {
    kind.may_see.is_none_or(|may| may(reader))
}

impl Board {
    /// An empty board.
    pub fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self {
            title: title.into(),
            columns: columns.to_vec(),
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// Adds a sentence below.
    pub fn note(&mut self, sentence: impl Into<String>) {
        self.notes.push(sentence.into());
    }
}
