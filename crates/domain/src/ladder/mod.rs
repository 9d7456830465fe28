//! The ladder: message < appointment < consult < triage, and the rules that follow from it (A18, A20, A21).

pub mod board;
pub mod reviews;

pub(crate) use board::BOARD;

use crate::ids::{CallTypeId, ChunkId, SiteId};
use crate::refusal::{Code, Refusal};
use crate::schedule::Plan;
use crate::transition::Transition;
use crate::waivers::{Waivable, is_waived};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A rung; the order of the four is fixed (A20).
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// Taking a message.
    Message,
    /// Making an appointment.
    Appointment,
    /// Consulting.
    Consult,
    /// Telephone triage by a nurse.
    Triage,
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message => "message",
            Self::Appointment => "appointment",
            Self::Consult => "consult",
            Self::Triage => "triage",
        })
    }
}

/// A call type of the client, placed on the ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CallType {
    /// Short name: `MSG`.
    pub id: CallTypeId,
    /// Name in words.
    pub name: String,
    /// The hardest of the four things its calls need; its natural rung.
    pub needs: Rung,
    /// The rung both parties place it on, at or above what it needs; absent means exactly there.
    #[serde(default)]
    pub placed_on: Option<Rung>,
    /// Whether both parties place it above that rung and below the next: a refill between message and appointment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub above: bool,
    /// Systems that an agent touches in such a call.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub systems: BTreeSet<String>,
}

/// A position on the ladder: on one of the four rungs, or between it and the next. Both sign it with the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The rung.
    pub rung: Rung,
    /// Above it, below the next.
    pub above: bool,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let above = if self.above { "above " } else { "" };
        write!(f, "{above}{}", self.rung)
    }
}

impl CallType {
    /// The position in force.
    pub fn place(&self) -> Place {
        Place {
            rung: self.rung(),
            above: self.above,
        }
    }

    /// The rung in force.
    pub fn rung(&self) -> Rung {
        self.placed_on.unwrap_or(self.needs)
    }

    /// A type may be raised above its natural rung, never put below it.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.rung() >= self.needs {
            return Ok(());
        }
        Err(Refusal::new(Code::LadderFixed)
            .missing(format!(
                "{} on {} or above, not on {}",
                self.id,
                self.needs,
                self.rung()
            ))
            .who("nobody: no waiver exists for the order of the ladder")
            .how("place the type on its own rung or above"))
    }
}

/// Refuses a plan that schedules a chunk before an easier one of the same site (A18).
pub(crate) fn check_plan_order(t: &Transition, plan: &Plan) -> Result<(), Refusal> {
    let mut inversions = Vec::new();
    for harder in &plan.chunks {
        for easier in plan.chunks.iter().filter(|c| c.site == harder.site) {
            let (Some(low), Some(high)) = (t.place(&easier.call_type), t.place(&harder.call_type))
            else {
                continue;
            };
            let (Some(first), Some(later)) = (harder.starts_on(), easier.starts_on()) else {
                continue;
            };
            let waived = || is_waived(t, Waivable::LadderInversion, &harder.id);
            if low < high && first < later && !waived() {
                inversions.push(format!(
                    "{} ({low}, {later}) before {} ({high}, {first})",
                    easier.id, harder.id
                ));
            }
        }
    }
    if inversions.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Code::LadderInversion)
        .missing_all(inversions)
        .who("both parties, in a new version of the plan")
        .how("date the easier chunk first; the only exception is a waiver signed by both parties and the clinical lead"))
}

/// Easier chunks of the site that still lock this one (A21, I5).
pub fn locked_by(t: &Transition, site: &SiteId, chunk: &ChunkId) -> Vec<ChunkId> {
    let Some(rung) = t.chunk(chunk).and_then(|c| t.place(&c.planned.call_type)) else {
        return Vec::new();
    };
    let at_site = || t.chunks.iter().filter(|(_, c)| c.planned.site == *site);
    let rung_of = |c: &crate::chunks::Chunk| t.place(&c.planned.call_type);
    at_site()
        .filter(|(_, c)| rung_of(c).is_some_and(|lower| lower < rung))
        .filter(|(_, c)| {
            let accepted_on_rung =
                at_site().any(|(_, other)| rung_of(other) == rung_of(c) && other.is_accepted());
            !accepted_on_rung
        })
        .map(|(id, _)| id.clone())
        .collect()
}

/// Refuses a go-live while an easier rung of the site is not accepted.
pub(crate) fn check_unlocked(
    t: &Transition,
    site: &SiteId,
    chunk: &ChunkId,
) -> Result<(), Refusal> {
    let locked = locked_by(t, site, chunk);
    if locked.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Code::LadderLocked)
        .missing_all(locked.iter().map(|id| format!("{id} accepted")).collect())
        .who("both parties, by accepting the easier chunk")
        .how("prove and accept the easier call type first"))
}
