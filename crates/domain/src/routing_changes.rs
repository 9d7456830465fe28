//! Steps: a share proposed, approved by a named person of each party within minutes, and in force (A7, A17).
//!
//! A step is bound to the chunk's epoch. A fallback raises the epoch, so a step agreed before it is void
//! in whatever order the two arrive.

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::canonical;
use crate::chunks::{Chunk, ChunkState, PlannedStep};
use crate::event::Event;
use crate::ids::{ChunkId, StepId};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::share::{ShareInput, TrafficShare};
use crate::signature::{Added, Agreement, SignatureInput, Signed};
use crate::transition::Transition;
use crate::{account_manager, fallback, gates, ladder, pauses, ramp, schedule, site_serial};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One concern's question to a forward step.
type ForwardCheck = fn(&Transition, &Chunk, TrafficShare, Timestamp) -> Result<(), Refusal>;

/// What each concern asks of a forward step, beside gate, ladder and plan.
#[rustfmt::skip] // one line per concern
const FORWARD: &[ForwardCheck] = &[
    crate::nodes::check_step,
    crate::suggestions::optimisation::check_step,
    crate::caps::check_step,
    crate::account_manager::check_new_chunk,
    crate::qa::check,
    crate::capacity::check,
    crate::calendar::check_step,
];

/// Proposes the next share of a chunk: go-live or raise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProposeStep {
    /// The chunk.
    pub chunk: ChunkId,
    /// Whole percent, one of the agreed steps.
    pub share_percent: ShareInput,
}

/// Approves a proposed step for one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ApproveStep {
    /// The step.
    pub step: StepId,
    /// Over its hash.
    #[serde(flatten)]
    pub signature: SignatureInput,
}

/// Lowers a share: one person of either party, alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LowerShare {
    /// The chunk.
    pub chunk: ChunkId,
    /// Whole percent, below the share in force.
    pub share_percent: ShareInput,
}

/// A step was proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepProposed {
    /// Its name.
    pub step: StepId,
    /// The chunk.
    pub chunk: ChunkId,
    /// The share it would set.
    pub share: TrafficShare,
    /// The chunk's epoch it is bound to.
    pub epoch: u64,
    /// What both approve.
    pub hash: String,
    /// The proposing party.
    pub by: Side,
    /// When.
    pub at: Timestamp,
}

/// One party approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepApproved {
    /// The step.
    pub step: StepId,
    /// The signature.
    pub signed: Signed,
}

/// A share is in force from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareChanged {
    /// The chunk.
    pub chunk: ChunkId,
    /// Before.
    pub from: TrafficShare,
    /// Now.
    pub to: TrafficShare,
    /// The epoch the agreement behind it is bound to.
    pub epoch: u64,
    /// When.
    pub at: Timestamp,
}

/// A step in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// The fact that proposed it.
    pub proposed: StepProposed,
    /// Approvals over its hash.
    pub agreement: Agreement,
    /// Whether it took effect.
    pub done: bool,
}

pub(crate) fn propose(t: &Transition, c: &ProposeStep, actor: &Actor, now: Timestamp) -> Decided {
    let share = c.share_percent.parse()?;
    check_forward(t, &c.chunk, share, now)?;
    let epoch = t.require_chunk(&c.chunk)?.epoch;
    let step = StepId(format!("S-{}", t.steps.len() + 1));
    let hash = hash(t, &step, &c.chunk, share, epoch);
    let proposed = StepProposed {
        step,
        chunk: c.chunk.clone(),
        share,
        epoch,
        hash,
        by: actor.side,
        at: now,
    };
    Ok(vec![Event::StepProposed(proposed)])
}

/// What both approve: the step under the plan in force.
fn hash(t: &Transition, step: &StepId, chunk: &ChunkId, share: TrafficShare, epoch: u64) -> String {
    let plan = t.schedule.agreed().map(|v| v.proposed.hash.clone());
    canonical::hash("step", &(&t.id, step, chunk, share, epoch, plan))
}

pub(crate) fn approve(t: &Transition, c: &ApproveStep, actor: &Actor, now: Timestamp) -> Decided {
    let Some(step) = t.steps.get(&c.step) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("step `{}`", c.step))
            .how("list open steps with `segue status`"));
    };
    let proposed = &step.proposed;
    let chunk = t.require_chunk(&proposed.chunk)?;
    if step.done {
        return Ok(Vec::new());
    }
    if proposed.epoch < chunk.epoch {
        return Err(superseded(&c.step, &proposed.chunk));
    }
    if hash(t, &c.step, &proposed.chunk, proposed.share, proposed.epoch) != proposed.hash {
        return Err(Refusal::new(Code::HashMismatch)
            .missing(format!(
                "a step proposed under the plan in force; {} is of an older one",
                c.step
            ))
            .who("both parties")
            .how("propose the step again (`segue do propose-step`)"));
    }
    check_forward(t, &proposed.chunk, proposed.share, now)?;
    let fresh = approvals(t, step, now);
    let needs = t.needs_of_chunk(&chunk.planned);
    let (signed, binding) =
        match fresh.sign(&t.parties, needs, actor, &c.signature, &proposed.hash, now)? {
            Added::Already => return Ok(Vec::new()),
            Added::One(signed) => (signed, false),
            Added::Binding(signed) => (signed, true),
        };
    if let Some(stale) = stale(&step.agreement, &fresh, &signed) {
        return Err(approval_stale(t, stale));
    }
    let mut events = vec![Event::StepApproved(StepApproved {
        step: c.step.clone(),
        signed,
    })];
    if binding {
        events.push(Event::ShareChanged(ShareChanged {
            chunk: proposed.chunk.clone(),
            from: chunk.share,
            to: proposed.share,
            epoch: proposed.epoch,
            at: now,
        }));
    }
    Ok(events)
}

/// The approvals that still count: given within the agreed minutes (design: nodes).
pub(crate) fn approvals(t: &Transition, step: &Step, now: Timestamp) -> Agreement {
    let window_s = i64::from(t.terms.approval_window_min) * 60;
    let fresh = |s: &Option<Signed>| {
        s.clone()
            .filter(|s| now.duration_since(s.at).as_secs() <= window_s)
    };
    let all = &step.agreement;
    Agreement {
        client: fresh(&all.client),
        outsourcer: fresh(&all.outsourcer),
        clinical: fresh(&all.clinical),
    }
}

/// An approval that was given and counts no more, met by somebody who has not approved yet: its giver approves again
/// first. Whoever approves again is never held up, or two late approvals would wait for each other.
fn stale<'a>(all: &'a Agreement, fresh: &Agreement, signed: &Signed) -> Option<&'a Signed> {
    if all.place(signed).is_some() {
        return None;
    }
    [
        (&all.client, &fresh.client),
        (&all.outsourcer, &fresh.outsourcer),
        (&all.clinical, &fresh.clinical),
    ]
    .into_iter()
    .find_map(|(given, fresh)| given.as_ref().filter(|_| fresh.is_none()))
}

fn approval_stale(t: &Transition, stale: &Signed) -> Refusal {
    let of = if stale.clinical {
        "the clinical lead".to_owned()
    } else {
        t.parties.name(stale.side)
    };
    Refusal::new(Code::ApprovalStale)
        .missing(format!(
            "the approval of {of} within {} minutes; theirs is of {}",
            t.terms.approval_window_min, stale.at
        ))
        .who(format!("`{}`", stale.signatory))
        .how("they approve the step again, then you do")
}

pub(crate) fn lower(t: &Transition, c: &LowerShare, now: Timestamp) -> Decided {
    let share = c.share_percent.parse()?;
    let chunk = t.require_chunk(&c.chunk)?;
    if chunk.state == ChunkState::Closed {
        return Err(fallback::door_closed(&c.chunk));
    }
    if share == chunk.share {
        return Ok(Vec::new());
    }
    if share > chunk.share {
        return Err(Refusal::new(Code::ScheduleNotAgreed)
            .missing("the other party's approval")
            .who("a signatory of each party")
            .how("a share is raised with `segue do propose-step`, approved by both"));
    }
    let (from, epoch) = (chunk.share, chunk.epoch);
    Ok(vec![Event::ShareChanged(ShareChanged {
        chunk: c.chunk.clone(),
        from,
        to: share,
        epoch,
        at: now,
    })])
}

/// Every interlock a forward step must pass, in the order people can act on them.
pub fn check_forward(
    t: &Transition,
    id: &ChunkId,
    share: TrafficShare,
    now: Timestamp,
) -> Result<(), Refusal> {
    account_manager::require(t)?;
    schedule::require_agreed(t)?;
    let chunk = t.require_chunk(id)?;
    pauses::require_running(chunk)?;
    match &chunk.state {
        ChunkState::Ready | ChunkState::Live => {}
        ChunkState::Agreed => {
            gates::require_green(t, id, now)?;
            return Err(chunk.state.refuse(
                id,
                "both parties sign its gate first (`segue do sign-gate --key FILE`)",
            ));
        }
        ChunkState::Returned { incident } => {
            fallback::require_cooled_down(t, incident, now)?;
            return Err(chunk.state.refuse(
                id,
                "both parties sign its gate again (`segue do sign-gate --key FILE`)",
            ));
        }
        other => return Err(other.refuse(id, "its ramp is over")),
    }
    gates::require_green(t, id, now)?;
    site_serial::check(t, &chunk.planned.site)?;
    ladder::check_unlocked(t, &chunk.planned.site, id)?;
    check_planned(t, chunk, share, now)?;
    FORWARD
        .iter()
        .try_for_each(|check| check(t, chunk, share, now))
}

/// The next agreed share of a chunk, and the local date of its site from which it may be taken: the agreed one, or later where
/// the step before came late. What has to be seen at a share is not seen by catching up (A8).
pub fn next_step(t: &Transition, chunk: &Chunk) -> Option<(TrafficShare, Date)> {
    let steps = || {
        let steps = chunk.planned.steps.iter();
        steps.filter_map(|s| Some((s.share_percent.parse().ok()?, s.from)))
    };
    let (next, from) = steps().find(|(share, _)| *share > chunk.share)?;
    let before = steps().rfind(|(share, _)| *share <= chunk.share);
    let (Some((_, before)), Some(since), true) = (before, chunk.share_since, chunk.share.is_out())
    else {
        return Some((next, from));
    };
    let since = t.day_at(&chunk.planned.site, since);
    let apart = schedule::rush::next_step_from(t, &chunk.planned, (before, from), since);
    Some((next, from.max(apart)))
}

fn check_planned(
    t: &Transition,
    chunk: &Chunk,
    share: TrafficShare,
    now: Timestamp,
) -> Result<(), Refusal> {
    let id = &chunk.planned.id;
    let Some((next, from)) = next_step(t, chunk) else {
        return Err(bad(format!(
            "a further agreed step of {id}; it stands at its last one, {} %",
            chunk.share.percent()
        )));
    };
    if share != next {
        return Err(Refusal::new(Code::StepNotInPlan)
            .missing(format!(
                "{} % as the next agreed step of {id}, not {} %",
                next.percent(),
                share.percent()
            ))
            .who("both parties, in a new version of the plan")
            .how("take the agreed step, or propose a plan with other steps"));
    }
    let today = t.day_at(&chunk.planned.site, now);
    if today >= from {
        return Ok(());
    }
    let agreed = |s: &PlannedStep| s.from == from && s.share_percent.parse() == Ok(share);
    let (what, how) = if chunk.planned.steps.iter().any(agreed) {
        (
            "the agreed date",
            "wait for the date, or agree an earlier one",
        )
    } else {
        (
            "as the step before came late and the agreed days lie between two steps",
            "wait for the date; a step that comes late moves the next one with it",
        )
    };
    Err(Refusal::new(Code::StepTooEarly)
        .missing(format!("{from}, {what}; at the site it is {today}"))
        .who("both parties, in a new version of the plan")
        .how(how))
}

fn superseded(step: &StepId, chunk: &ChunkId) -> Refusal {
    Refusal::new(Code::SupersededByFallback)
        .missing(format!(
            "a step of {chunk} agreed after the fallback; {step} was proposed before it"
        ))
        .who("both parties, after incident note and cool-down")
        .how("propose and approve a new step when the chunk is ready again")
}

pub(crate) fn apply_proposed(t: &mut Transition, e: &StepProposed) {
    let step = Step {
        proposed: e.clone(),
        agreement: Agreement::default(),
        done: false,
    };
    t.steps.insert(e.step.clone(), step);
}

pub(crate) fn apply_approved(t: &mut Transition, e: &StepApproved) {
    if let Some(step) = t.steps.get_mut(&e.step) {
        step.agreement.add(&e.signed);
    }
}

pub(crate) fn apply_share(t: &mut Transition, e: &ShareChanged) {
    for step in t.steps.values_mut().filter(|s| s.proposed.chunk == e.chunk) {
        step.done |= step.proposed.share == e.to && step.agreement.is_complete();
    }
    let Some(chunk) = t.chunks.get_mut(&e.chunk) else {
        return;
    };
    chunk.share = e.to;
    chunk.share_since = Some(e.at);
    if matches!(chunk.state, ChunkState::Ready) && e.to.is_out() {
        chunk.state = ChunkState::Live;
    }
    ramp::note(t, &e.chunk, e.to, e.at);
}
