//! What calls ended in, and how agents' time went; agents are never told apart in what is shown.

use super::store::{Row, is_name, is_words};
use crate::tables::Table;
use crate::understanding::Ratio;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one call ended in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disposition {
    /// The call's id in its source.
    pub call: String,
    /// `ED now`, `home care`.
    pub disposition: String,
    /// When.
    pub at: Timestamp,
    /// The call type.
    #[serde(default)]
    pub call_type: Option<String>,
}

impl Row for Disposition {
    const TABLE: Table = Table::Dispositions;

    fn key(&self) -> String {
        self.call.clone()
    }

    fn over_at(&self) -> Timestamp {
        self.at
    }

    fn fault(&self) -> Option<&'static str> {
        let named = is_name(&self.call) && is_words(&self.disposition);
        (!named).then_some("call or disposition is empty, too long or a number")
    }
}

/// One disposition's part of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DispositionShare {
    /// The disposition.
    pub disposition: String,
    /// Its share.
    pub share: Ratio,
}

/// The mix of dispositions, most frequent first.
pub fn dispositions(rows: &[Disposition]) -> Vec<DispositionShare> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows {
        *counts.entry(&row.disposition).or_default() += 1;
    }
    let all: u64 = counts.values().sum();
    let mut mix: Vec<DispositionShare> = counts
        .into_iter()
        .map(|(disposition, calls)| DispositionShare {
            disposition: disposition.to_owned(),
            share: Ratio::new(calls, all),
        })
        .collect();
    mix.sort_by_key(|one| std::cmp::Reverse(one.share.numerator));
    mix
}

/// What an agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Free for a call.
    Available,
    /// On a call, or holding one.
    Handling,
    /// After a call.
    Wrap,
    /// Logged in, for other work or a break: in no occupancy.
    Away,
}

/// One stay of an agent in a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentState {
    /// The agent's number in its source.
    pub agent: String,
    /// The state.
    pub state: State,
    /// From then on.
    pub from: Timestamp,
    /// Up to then.
    pub to: Timestamp,
}

impl Row for AgentState {
    const TABLE: Table = Table::AgentState;

    fn key(&self) -> String {
        format!("{}\t{}", self.agent, self.from)
    }

    fn over_at(&self) -> Timestamp {
        self.to
    }

    fn fault(&self) -> Option<&'static str> {
        match () {
            () if !is_name(&self.agent) => Some("agent is empty or too long"),
            () if self.to < self.from => Some("to lies before from"),
            () => None,
        }
    }
}

/// Handling and wrap over handling, wrap and free time, seconds; agents taken together.
pub fn occupancy(rows: &[AgentState]) -> Ratio {
    let mut occupancy = Ratio::new(0, 0);
    for row in rows {
        let seconds = row.to.duration_since(row.from).as_secs();
        let seconds = u64::try_from(seconds).unwrap_or(0);
        let (busy, counted) = match row.state {
            State::Handling | State::Wrap => (seconds, seconds),
            State::Available => (0, seconds),
            State::Away => (0, 0),
        };
        occupancy.numerator = occupancy.numerator.saturating_add(busy);
        occupancy.denominator = occupancy.denominator.saturating_add(counted);
    }
    occupancy
}
