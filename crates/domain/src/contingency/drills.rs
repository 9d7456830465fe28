//! Drills of the way home, measured under load, and the runbook on paper (A30, A31).

use super::{days_since, require_chunks, require_past};
use crate::Decided;
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::ChunkId;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Records a drill of the way home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordDrill {
    /// The chunks drilled.
    pub chunks: Vec<ChunkId>,
    /// When it started; now where nothing is said.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub started_at: Option<Timestamp>,
    /// Seconds from the command to the first new call answered in-house.
    pub first_call_s: u32,
    /// Calls under way while it was drilled.
    pub calls: u32,
    /// Of these, lost.
    pub calls_lost: u32,
    /// Whether the outsourcer's open callbacks were listed.
    pub callbacks_listed: bool,
    /// Where the record is.
    pub reference: String,
}

/// Says that the runbook was printed and laid out in both centres.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PrintRunbook {
    /// The chunks on it.
    pub chunks: Vec<ChunkId>,
}

/// A drill took place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillRecorded {
    /// The chunks.
    pub chunks: Vec<ChunkId>,
    /// When it started.
    pub started_at: Timestamp,
    /// Seconds to the first new call in-house.
    pub first_call_s: u32,
    /// Calls under way.
    pub calls: u32,
    /// Calls lost.
    pub calls_lost: u32,
    /// Whether open callbacks were listed.
    pub callbacks_listed: bool,
    /// Where the record is.
    pub reference: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// The runbook is on paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunbookPrinted {
    /// The chunks.
    pub chunks: Vec<ChunkId>,
    /// When.
    pub at: Timestamp,
}

pub(crate) fn record(t: &Transition, c: &RecordDrill, now: Timestamp) -> Decided {
    require_chunks(t, &c.chunks)?;
    let started_at = require_past("the drill", c.started_at, now)?;
    text::title("where the drill's record is", &c.reference)?;
    Ok(vec![Event::DrillRecorded(DrillRecorded {
        chunks: c.chunks.clone(),
        started_at,
        first_call_s: c.first_call_s,
        calls: c.calls,
        calls_lost: c.calls_lost,
        callbacks_listed: c.callbacks_listed,
        reference: c.reference.clone(),
        at: now,
    })])
}

pub(crate) fn print(t: &Transition, c: &PrintRunbook, now: Timestamp) -> Decided {
    require_chunks(t, &c.chunks)?;
    Ok(vec![Event::RunbookPrinted(RunbookPrinted {
        chunks: c.chunks.clone(),
        at: now,
    })])
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &DrillRecorded) {
    for chunk in &e.chunks {
        t.contingency.drills.insert(chunk.clone(), e.clone());
    }
}

pub(crate) fn apply_printed(t: &mut Transition, e: &RunbookPrinted) {
    for chunk in &e.chunks {
        t.contingency.runbooks.insert(chunk.clone(), e.at);
    }
}

/// A plan nobody drilled lately, or too slowly, is none (A30).
pub(super) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let Some(drill) = t.contingency.drills.get(&chunk.planned.id) else {
        return vec![GateLeg::Fallback.finds("never drilled")];
    };
    let terms = &t.terms.contingency;
    let days = days_since(drill.started_at, now);
    let mut texts = Vec::new();
    if days > i64::from(terms.drill_valid_days) {
        texts.push(format!(
            "drilled {days} days ago, at most {}",
            terms.drill_valid_days
        ));
    }
    if let Some(plan) = t.contingency.plans.get(&chunk.planned.id) {
        let rto_s = plan.proposed.plan.rto_s;
        if drill.first_call_s > rto_s {
            texts.push(format!(
                "the drill took {} s, agreed are {rto_s} s",
                drill.first_call_s
            ));
        }
        if drill.started_at < plan.proposed.at {
            texts.push("drilled under an older contingency plan".into());
        }
    }
    if drill.calls < terms.drill_calls_min {
        texts.push(format!(
            "drilled with {} calls under way, at least {}",
            drill.calls, terms.drill_calls_min
        ));
    }
    if drill.calls_lost > 0 {
        texts.push(format!("the drill lost {} calls", drill.calls_lost));
    }
    if !drill.callbacks_listed {
        texts.push("the drill listed no open callbacks".into());
    }
    texts
        .into_iter()
        .map(|text| GateLeg::Fallback.finds(text))
        .collect()
}

/// "last drilled 6 days ago, 41 s".
pub(super) fn last(t: &Transition, chunk: &ChunkId, now: Timestamp) -> String {
    t.contingency.drills.get(chunk).map_or_else(
        || "never drilled".into(),
        |drill| {
            format!(
                "last drilled {} days ago, {} s",
                days_since(drill.started_at, now),
                drill.first_call_s
            )
        },
    )
}

/// How old the paper is: it is what remains when this product is down.
pub(super) fn runbook(t: &Transition, chunk: &ChunkId, now: Timestamp) -> String {
    let valid_days = t.terms.contingency.runbook_valid_days;
    match t
        .contingency
        .runbooks
        .get(chunk)
        .map(|at| days_since(*at, now))
    {
        None => "never printed".into(),
        Some(days) if days > i64::from(valid_days) => {
            format!("printed {days} days ago: print it again, at most {valid_days}")
        }
        Some(days) => format!("printed {days} days ago"),
    }
}
