//! What is done beside the routing steps: each item has one owner, one due date and one way back (A3).

use super::Plan;
use crate::Decided;
use crate::actor::Actor;
use crate::event::Event;
use crate::ids::{ChunkId, PersonId, PlanItemId, is_usable};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A lane of the plan board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Agents and nurses of the outsourcer.
    People,
    /// Tests and drills.
    Tests,
    /// Numbers, carriers and shares.
    Routing,
    /// In-house employees.
    Hr,
    /// Callers, practices and staff are told.
    Comms,
}

impl Lane {
    /// Every lane, in the order of the board.
    pub const ALL: [Self; 5] = [
        Self::People,
        Self::Tests,
        Self::Routing,
        Self::Hr,
        Self::Comms,
    ];
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::People => "people",
            Self::Tests => "tests",
            Self::Routing => "routing",
            Self::Hr => "HR",
            Self::Comms => "comms",
        })
    }
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// A cohort of agents is trained.
    Training,
    /// Licences of nurses are obtained or checked.
    Licensing,
    /// Accounts, badges, VPN: usually the longest path.
    AccessProvisioning,
    /// Test calls.
    Testing,
    /// The fallback is rehearsed.
    Drill,
    /// A number changes its carrier or `RespOrg`.
    Porting,
    /// A circuit or forwarding is ordered.
    CarrierOrder,
    /// Employees are told, or notice is served.
    StaffNotice,
    /// Callers, practices or physicians are told.
    Announcement,
}

impl Activity {
    /// The lane it is shown in.
    pub fn lane(self) -> Lane {
        match self {
            Self::Training | Self::Licensing | Self::AccessProvisioning => Lane::People,
            Self::Testing | Self::Drill => Lane::Tests,
            Self::Porting | Self::CarrierOrder => Lane::Routing,
            Self::StaffNotice => Lane::Hr,
            Self::Announcement => Lane::Comms,
        }
    }
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PlanItem {
    /// Short name: `train-1`.
    pub id: PlanItemId,
    /// What it is.
    pub activity: Activity,
    /// In words.
    pub what: String,
    /// The chunk it prepares; absent: all of them.
    #[serde(default)]
    pub chunk: Option<ChunkId>,
    /// The one person who owns it.
    pub owner: PersonId,
    /// The first day.
    #[schemars(with = "String")]
    pub from: Date,
    /// The last day: done by its evening.
    #[schemars(with = "String")]
    pub due: Date,
    /// The one step back when it goes wrong.
    pub rollback: String,
    /// For a training: how many people.
    #[serde(default)]
    pub people: u32,
}

/// Says that an item of the agreed plan is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CompletePlanItem {
    /// The item.
    pub item: PlanItemId,
    /// Where the evidence is.
    pub reference: String,
}

/// An item of the plan is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanItemCompleted {
    /// The item.
    pub item: PlanItemId,
    /// Where the evidence is.
    pub reference: String,
    /// The person who said so.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// Most people in one training.
const PEOPLE_MAX: u32 = 10_000;

/// Checks the items of a plan.
pub(super) fn check(plan: &Plan) -> Result<(), Refusal> {
    text::list("plan items", &plan.items)?;
    let mut names = BTreeSet::new();
    for item in &plan.items {
        let id = &item.id;
        if !is_usable(id.as_str()) || !names.insert(id) {
            return Err(bad(format!("a unique, plain name for plan item `{id}`")));
        }
        if !is_usable(item.owner.as_str()) {
            return Err(bad(format!("one owner of plan item {id}")));
        }
        text::title(&format!("what plan item {id} is"), &item.what)?;
        text::title(&format!("the step back of plan item {id}"), &item.rollback)?;
        if item.due < item.from {
            return Err(bad(format!("plan item {id} due on or after its first day")));
        }
        let training = item.activity == Activity::Training;
        if training != (1..=PEOPLE_MAX).contains(&item.people) {
            return Err(bad(format!(
                "people of plan item {id}: 1 to {PEOPLE_MAX} for a training, none for anything else"
            )));
        }
        if let Some(chunk) = &item.chunk {
            let Some(planned) = plan.chunk(chunk) else {
                return Err(bad(format!("chunk {chunk} of plan item {id} in the plan")));
            };
            let first = planned.starts_on().filter(|first| *first <= item.due);
            if let Some(first) = first.filter(|_| item.activity.is_preparation()) {
                return Err(bad(format!(
                    "plan item {id} done before {chunk} goes live on {first}, not on {}",
                    item.due
                )));
            }
        }
    }
    Ok(())
}

impl Activity {
    /// Whether it must be over before the first real call.
    fn is_preparation(self) -> bool {
        matches!(
            self,
            Self::Training | Self::Licensing | Self::AccessProvisioning | Self::Testing
        )
    }
}

pub(crate) fn complete(
    t: &Transition,
    c: &CompletePlanItem,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    let plan = &super::require_agreed(t)?.proposed.plan;
    if !plan.items.iter().any(|item| item.id == c.item) {
        let known: Vec<_> = plan.items.iter().map(|i| i.id.to_string()).collect();
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("item `{}` of the agreed plan", c.item))
            .how(format!("choose one of: {}", known.join(", "))));
    }
    text::title("where the evidence is", &c.reference)?;
    let done = t.schedule.done.get(&c.item);
    if done.is_some_and(|done| done.reference == c.reference) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::PlanItemCompleted(PlanItemCompleted {
        item: c.item.clone(),
        reference: c.reference.clone(),
        person: actor.person.clone(),
        at: now,
    })])
}

pub(crate) fn apply_completed(t: &mut Transition, e: &PlanItemCompleted) {
    t.schedule.done.insert(e.item.clone(), e.clone());
}

/// One line of the whole plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanLine {
    /// The lane.
    pub lane: Lane,
    /// What is done.
    pub what: String,
    /// The chunk it is for.
    pub chunk: Option<ChunkId>,
    /// The one person who owns it; nobody while no account manager is named.
    pub owner: Option<PersonId>,
    /// Done on this day.
    pub due: Date,
    /// The one step back; of a routing step, where its calls return to.
    pub rollback: String,
    /// Whether it is done.
    pub done: bool,
}

/// The whole plan, line by line in the order of dates: every routing step has its fallback route beside it (A3).
pub fn lines(t: &Transition, plan: &Plan) -> Vec<PlanLine> {
    let mut lines: Vec<_> = plan.items.iter().map(|item| of_item(t, item)).collect();
    let steps = plan.chunks.iter().flat_map(|chunk| {
        let back = fallback_routes(t, chunk);
        chunk.steps.iter().map(move |step| {
            let share = step.share_percent.parse().unwrap_or_default();
            let state = t.chunk(&chunk.id);
            PlanLine {
                lane: Lane::Routing,
                what: format!("{} to {} %", chunk.id, share.percent()),
                chunk: Some(chunk.id.clone()),
                owner: t.account_manager.as_ref().and_then(|am| am.person.clone()),
                due: step.from,
                rollback: format!("fall back to {back}"),
                done: state.is_some_and(|c| c.is_out() && c.share >= share),
            }
        })
    });
    lines.extend(steps);
    lines.sort_by_key(|line| (line.due, line.lane));
    lines
}

fn of_item(t: &Transition, item: &PlanItem) -> PlanLine {
    PlanLine {
        lane: item.activity.lane(),
        what: match item.people {
            0 => item.what.clone(),
            people => format!("{} ({people} people)", item.what),
        },
        chunk: item.chunk.clone(),
        owner: Some(item.owner.clone()),
        due: item.due,
        rollback: item.rollback.clone(),
        done: t.schedule.done.contains_key(&item.id),
    }
}

/// Where the calls of a chunk return to.
fn fallback_routes(t: &Transition, chunk: &crate::chunks::PlannedChunk) -> String {
    let routes = t.lines.iter().flat_map(|line| {
        let own = line.routes.iter().filter(|r| chunk.takes(line, r));
        own.map(|route| route.in_house.as_str())
    });
    routes.collect::<Vec<_>>().join(", ")
}
