//! What becomes of each person: offered, decided, with support (B11). Only human resources of the client see paths.

use super::require_staff;
use crate::Decided;
use crate::event::Event;
use crate::ids::StaffId;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A way on for one person.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StaffPath {
    /// Other work at the client.
    Reassign,
    /// Work at the outsourcer.
    JoinOutsourcer,
    /// Leads the implementation.
    ProjectManager,
    /// Trains the outsourcer's agents.
    Trainer,
    /// Retires.
    Retire,
    /// Employment ends.
    Separate,
}

impl StaffPath {
    /// The path in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Reassign => "reassignment",
            Self::JoinOutsourcer => "joining the outsourcer",
            Self::ProjectManager => "implementation project manager",
            Self::Trainer => "trainer",
            Self::Retire => "retirement",
            Self::Separate => "separation",
        }
    }

    /// Whether the person is no longer on the phones at home once it takes effect.
    pub fn leaves_the_phones(self) -> bool {
        !matches!(self, Self::ProjectManager | Self::Trainer)
    }
}

/// Help that goes with a path.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// Employee assistance programme.
    AssistanceProgramme,
    /// References.
    References,
    /// Retraining.
    Retraining,
}

/// A path offered to one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PathOffer {
    /// The person.
    pub staff: StaffId,
    /// The path.
    pub path: StaffPath,
    /// The day it was offered.
    #[schemars(with = "String")]
    pub on: Date,
    /// Whether a bonus for staying goes with it.
    #[serde(default)]
    pub retention_bonus: bool,
    /// The support offered.
    #[serde(default)]
    pub support: BTreeSet<Support>,
}

/// What a person decided about an offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PathDecision {
    /// The person.
    pub staff: StaffId,
    /// The path that was offered.
    pub path: StaffPath,
    /// Taken, or declined.
    pub accepted: bool,
    /// The day of the decision.
    #[schemars(with = "String")]
    pub on: Date,
}

/// Records paths offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OfferPaths {
    /// The offers.
    pub offers: Vec<PathOffer>,
}

/// Records what people decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DecidePaths {
    /// The decisions.
    pub decisions: Vec<PathDecision>,
}

/// Paths were offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathsOffered {
    /// The offers.
    pub offers: Vec<PathOffer>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// People decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathsDecided {
    /// The decisions.
    pub decisions: Vec<PathDecision>,
    /// When it was recorded.
    pub at: Timestamp,
}

/// A path in state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Path {
    /// The offer.
    pub offer: PathOffer,
    /// The decision, once made.
    pub decision: Option<PathDecision>,
}

/// The path a person took last.
pub fn taken(t: &Transition, staff: &StaffId) -> Option<StaffPath> {
    let paths = t.people.paths.get(staff)?;
    let decisions = paths.iter().filter_map(|p| p.decision.as_ref());
    decisions
        .filter(|d| d.accepted)
        .max_by_key(|d| d.on)
        .map(|d| d.path)
}

/// Whether a path was offered to a person, and the answer is known.
pub fn is_decided(t: &Transition, staff: &StaffId, path: StaffPath) -> bool {
    find(t, staff, path).is_some_and(|p| p.decision.is_some())
}

fn find<'t>(t: &'t Transition, staff: &StaffId, path: StaffPath) -> Option<&'t Path> {
    let mut paths = t.people.paths.get(staff)?.iter();
    paths.find(|p| p.offer.path == path)
}

pub(crate) fn offer(t: &Transition, c: &OfferPaths, now: Timestamp) -> Decided {
    text::list("offers", &c.offers)?;
    for offer in &c.offers {
        require_staff(t, &offer.staff)?;
    }
    let new = |o: &&PathOffer| find(t, &o.staff, o.path).is_none_or(|p| p.offer != **o);
    let offers: Vec<_> = c.offers.iter().filter(new).cloned().collect();
    if offers.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::PathsOffered(PathsOffered { offers, at: now })])
}

pub(crate) fn decide(t: &Transition, c: &DecidePaths, now: Timestamp) -> Decided {
    text::list("decisions", &c.decisions)?;
    for decision in &c.decisions {
        require_staff(t, &decision.staff)?;
        if find(t, &decision.staff, decision.path).is_none() {
            return Err(Refusal::new(Code::Unknown)
                .missing(format!("an offer of {} to decide", decision.path.words()))
                .who("the client's human resources")
                .how("record the offer first (`segue do offer-paths`)"));
        }
    }
    let new = |d: &&PathDecision| {
        find(t, &d.staff, d.path).is_some_and(|p| p.decision.as_ref() != Some(d))
    };
    let decisions: Vec<_> = c.decisions.iter().filter(new).cloned().collect();
    if decisions.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::PathsDecided(PathsDecided {
        decisions,
        at: now,
    })])
}

pub(crate) fn apply_offered(t: &mut Transition, e: &PathsOffered) {
    for offer in &e.offers {
        let paths = t.people.paths.entry(offer.staff.clone()).or_default();
        // Offered anew, on other terms, it waits for another answer.
        paths.retain(|p| p.offer.path != offer.path);
        paths.push(Path {
            offer: offer.clone(),
            decision: None,
        });
    }
}

pub(crate) fn apply_decided(t: &mut Transition, e: &PathsDecided) {
    for decision in &e.decisions {
        let paths = t.people.paths.entry(decision.staff.clone()).or_default();
        for path in paths.iter_mut().filter(|p| p.offer.path == decision.path) {
            path.decision = Some(decision.clone());
        }
    }
}
