//! The joint schedule: what each party can and cannot do, dated versions, proposals and counters, and two signatures
//! over one hash (A3–A10).
//!
//! Silence is never consent: nothing here agrees because time passed.

pub mod balance;
pub mod board;
pub mod chunker;
pub mod compromise;
pub mod constraints;
pub mod days;
pub mod expected;
pub mod items;
mod judge;
pub mod limits;
pub mod messages;
pub mod notice;
pub mod rush;
pub mod templates;
mod versions;

pub use judge::{Movable, movable_without};
pub use versions::{
    PlanProposed, PlanSigned, PlanVersion, ProposePlan, Schedule, ScheduleAgreed, SignPlan,
};
pub(crate) use versions::{
    apply_agreed, apply_proposed, apply_signed, propose, require_agreed, sign,
};

use crate::chunks::{self, PlannedChunk};
use crate::covering::StaysHome;
use crate::refusal::Refusal;
use crate::transition::Transition;
use crate::{caps, covering, discovery, ladder};
use items::PlanItem;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// What moves, when and in which steps, and what must be done for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Plan {
    /// The chunks, disjoint.
    pub chunks: Vec<PlannedChunk>,
    /// What is in scope and does not move, each with its reason.
    #[serde(default)]
    pub stays_home: Vec<StaysHome>,
    /// What is done beside the routing steps: training, tests, drills, notices, announcements (A3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<PlanItem>,
}

impl Plan {
    /// One chunk.
    pub fn chunk(&self, id: &crate::ids::ChunkId) -> Option<&PlannedChunk> {
        self.chunks.iter().find(|c| c.id == *id)
    }
}

/// One concern's question to a plan.
type Check = fn(&Transition, &Plan, Timestamp) -> Result<(), Refusal>;

/// What each concern asks of a plan, in the order people can act on it.
#[rustfmt::skip] // one line per concern
const CHECKS: &[Check] = &[
    |t, plan, _| chunks::check(t, plan),
    |t, plan, _| discovery::numbers::check_plan(t, plan),
    |t, _, _| crate::culture::adaptations::check_plan(t),
    |t, _, _| crate::culture::handle_time::check_plan(t),
    |t, plan, _| ladder::check_plan_order(t, plan),
    |_, plan, _| items::check(plan),
    |t, plan, _| versions::check_agreed_kept(t, plan),
    |t, plan, _| covering::check(t, plan),
    |t, plan, _| caps::check(t, plan),
    |t, plan, _| crate::parity::check_provable(t, plan),
    judge::check,
    rush::check,
];

/// The first rule that a plan breaks.
///
/// # Errors
/// The refusal by that rule.
pub fn check(t: &Transition, plan: &Plan, now: Timestamp) -> Result<(), Refusal> {
    CHECKS.iter().try_for_each(|check| check(t, plan, now))
}

/// Every rule that a plan breaks, for `plan check`.
pub fn violations(t: &Transition, plan: &Plan, now: Timestamp) -> Vec<Refusal> {
    let refused = |check: &Check| check(t, plan, now).err();
    CHECKS.iter().filter_map(refused).collect()
}

/// The date at a centre; without a centre, at the first one.
pub fn today(t: &Transition, chunk: Option<&PlannedChunk>, now: Timestamp) -> Date {
    let site = chunk.map(|c| &c.site).or(t.sites.first().map(|s| &s.id));
    let zone = site.and_then(|site| t.site_zone(site));
    let zone = zone.and_then(|zone| TimeZone::get(zone).ok());
    now.to_zoned(zone.unwrap_or(TimeZone::UTC)).date()
}
