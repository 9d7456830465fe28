//! Contingency (A30–A32): the plan of each chunk for the day something breaks, drilled and printed; what triggers it;
//! the paths that bypass the split; the work that must not be lost on the way home; what the insurance costs.

pub mod drills;
pub mod escalation;
pub mod incidents;
pub mod insurance;
pub mod library;
pub mod open_work;
pub mod paper;
pub mod plan;
mod terms;
pub mod triggers;
pub mod watch;

pub use terms::ContingencyTerms;

use crate::boards::{Board, Kind};
use crate::chunks::{Chunk, ChunkState};
use crate::gates::Finding;
use crate::ids::{ChunkId, LineId};
use crate::lines::bad;
use crate::refusal::Refusal;
use crate::text;
use crate::transition::Transition;
use drills::DrillRecorded;
use escalation::{EmergencyDrilled, EscalationTested, LastResortCalled};
use insurance::InsuranceFigures;
use jiff::Timestamp;
use library::TriggerKind;
use open_work::OpenWorkRecorded;
use plan::AgreedPlan;
use serde::Serialize;
use std::collections::BTreeMap;
use triggers::SetTrigger;
use watch::{AlarmRaised, Watch};

pub(crate) const BOARD: Kind = Kind {
    name: "contingency",
    says: "Each chunk's way home: plan, last drill, printed runbook, escalation and last resort",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

/// What stands ready for the day something breaks, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Contingency {
    /// The plan of each chunk, with its signatures.
    pub plans: BTreeMap<ChunkId, AgreedPlan>,
    /// The last drill of each chunk.
    pub drills: BTreeMap<ChunkId, DrillRecorded>,
    /// When each chunk's runbook was last printed.
    pub runbooks: BTreeMap<ChunkId, Timestamp>,
    /// The last test of each chunk's escalation path.
    pub escalations: BTreeMap<ChunkId, EscalationTested>,
    /// The last 911/988 drill of each chunk.
    pub emergencies: BTreeMap<ChunkId, EmergencyDrilled>,
    /// The last call to each line's last resort.
    pub last_resorts: BTreeMap<LineId, LastResortCalled>,
    /// The library of triggers.
    pub triggers: BTreeMap<TriggerKind, SetTrigger>,
    /// What the watch thinks, by scope.
    pub watches: BTreeMap<String, Watch>,
    /// Every alarm, oldest first.
    pub alarms: Vec<AlarmRaised>,
    /// The last snapshot of what is open at the outsourcer.
    pub open_work: Option<OpenWorkRecorded>,
    /// What the insurance costs.
    pub insurance: Option<InsuranceFigures>,
}

/// What keeps the gate red.
pub(crate) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let mut found = plan::findings(t, chunk);
    found.extend(drills::findings(t, chunk, now));
    found.extend(escalation::findings(t, chunk, now));
    found.extend(triggers::findings(t));
    found.extend(watch::findings(t, chunk));
    found.extend(open_work::findings(t));
    found.extend(incidents::findings(t, chunk, now));
    found
}

/// Whole days since then; what lies ahead is today.
pub(crate) fn days_since(at: Timestamp, now: Timestamp) -> i64 {
    now.duration_since(at).as_hours().max(0) / 24
}

/// Chunks of the agreed plan, at least one.
fn require_chunks(t: &Transition, chunks: &[ChunkId]) -> Result<(), Refusal> {
    text::list("chunks", chunks)?;
    if chunks.is_empty() {
        return Err(bad("at least one chunk".into()));
    }
    chunks
        .iter()
        .try_for_each(|id| t.require_chunk(id).map(drop))
}

/// When something took place that is recorded now: never ahead of the clock.
fn require_past(what: &str, at: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, Refusal> {
    let at = at.unwrap_or(now);
    if at > now {
        return Err(bad(format!("a time of {what} that is past; it is {now}")));
    }
    Ok(at)
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let mut board = Board::new(
        "Contingency",
        &[
            "chunk",
            "plan",
            "agreed time",
            "drill",
            "runbook",
            "missing",
        ],
    );
    for (id, chunk) in &t.chunks {
        if chunk.state == ChunkState::Closed {
            continue;
        }
        let missing: Vec<_> = findings(t, chunk, now)
            .into_iter()
            .map(|f| f.text)
            .collect();
        let plan = t.contingency.plans.get(id);
        board.row([
            id.to_string(),
            plan.map_or("none", |plan| plan.standing(t, chunk))
                .to_owned(),
            plan.map_or_else(|| "–".to_owned(), AgreedPlan::agreed_time),
            drills::last(t, id, now),
            drills::runbook(t, id, now),
            missing.join(" · "),
        ]);
    }
    board
}
