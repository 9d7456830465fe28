//! Constraints: what one party can and cannot do, each with its reason; the other party reads it and cannot change it (A5, A10).
//!
//! They may be collected before discovery is complete (B16); they hold from the first plan on.

use super::limits::Limit;
use crate::Decided;
use crate::actor::{Actor, Side};
use crate::chunks::PlannedChunk;
use crate::event::Event;
use crate::ids::{CallTypeId, ConstraintId, PersonId, SiteId};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Most constraints of one party in force at once.
const IN_FORCE_MAX: usize = 50;
/// Heaviest weight of a wish.
const WEIGHT_MAX: u32 = 100;

/// Whether a plan must keep it.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Firmness {
    /// A plan that breaks it is refused.
    #[default]
    Hard,
    /// A wish: shown, weighed, never refused.
    Soft,
}

/// What lies behind a constraint: the usual way of working, or a fact of life (A10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Practice {
    /// How shifts are staffed.
    ShiftPattern,
    /// The shortest interval planned with.
    MinimumInterval,
    /// The tool that scripts are written in.
    ScriptingTool,
    /// How many are trained together.
    TrainingCohort,
    /// The weekday on which work goes live.
    GoLiveWeekday,
    /// When systems are left alone.
    ChangeFreeze,
    /// How long before a change of volume people must know.
    VolumeNotice,
    /// When new people start.
    Hiring,
    /// What was agreed with employees or their union.
    LabourAgreement,
    /// A record or telephony system is upgraded.
    SystemUpgrade,
    /// Influenza, holidays, school starts.
    Season,
    /// A lease or contract ends.
    Lease,
    /// Anything else; the reason says what.
    Other,
}

impl fmt::Display for Practice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ShiftPattern => "shift pattern",
            Self::MinimumInterval => "minimum interval",
            Self::ScriptingTool => "scripting tool",
            Self::TrainingCohort => "training cohort",
            Self::GoLiveWeekday => "go-live weekday",
            Self::ChangeFreeze => "change freeze",
            Self::VolumeNotice => "notice of volume",
            Self::Hiring => "hiring",
            Self::LabourAgreement => "labour agreement",
            Self::SystemUpgrade => "system upgrade",
            Self::Season => "season",
            Self::Lease => "lease",
            Self::Other => "other",
        })
    }
}

/// A party's usual way of working behind a constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Paradigm {
    /// Which.
    pub practice: Practice,
    /// How the party does it, in its own words.
    pub says: String,
}

/// Declares a limit of the own party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeclareConstraint {
    /// What is limited: `{"kind":"blackout","first":"2027-12-20","last":"2028-01-05"}`.
    pub limit: Limit,
    /// Hard unless said otherwise.
    #[serde(default)]
    pub firmness: Firmness,
    /// How much a wish weighs against other wishes, 1–100; of no meaning where hard.
    #[serde(default)]
    pub weight: u32,
    /// Why, in a sentence both parties read.
    pub reason: String,
    /// The way of working behind it.
    #[serde(default)]
    pub paradigm: Option<Paradigm>,
    /// The centre it is about; absent: all.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// The call type it is about; absent: all.
    #[serde(default)]
    pub call_type: Option<CallTypeId>,
}

/// Withdraws a constraint of the own party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WithdrawConstraint {
    /// Which.
    pub constraint: ConstraintId,
    /// Why it no longer holds.
    pub reason: String,
}

/// A party declared a constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConstraintDeclared {
    /// Its name: `C-1`.
    pub constraint: ConstraintId,
    /// What was declared.
    #[serde(flatten)]
    pub declared: DeclareConstraint,
    /// Whose it is.
    pub by: Side,
    /// The person who declared it.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// A party withdrew a constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConstraintWithdrawn {
    /// Which.
    pub constraint: ConstraintId,
    /// Why.
    pub reason: String,
    /// The person who withdrew it.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// A constraint in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Constraint {
    /// The fact that declared it.
    pub of: ConstraintDeclared,
    /// Whether its party withdrew it.
    pub withdrawn: bool,
}

impl ConstraintDeclared {
    /// Whether it is about a chunk; what no chunk is named for, only a constraint about everything limits.
    pub(super) fn concerns(&self, chunk: Option<&PlannedChunk>) -> bool {
        let d = &self.declared;
        let site = d.site.as_ref();
        let call_type = d.call_type.as_ref();
        match chunk {
            Some(c) => {
                site.is_none_or(|s| *s == c.site) && call_type.is_none_or(|k| *k == c.call_type)
            }
            None => site.is_none() && call_type.is_none(),
        }
    }

    /// Whether a plan must keep it.
    pub fn is_hard(&self) -> bool {
        self.declared.firmness == Firmness::Hard
    }

    /// The limit in words, with what it is about.
    pub fn words(&self) -> String {
        let d = &self.declared;
        let about = [
            d.site.as_ref().map(|s| format!(" at {s}")),
            d.call_type.as_ref().map(|k| format!(" for {k}")),
        ];
        let about: String = about.into_iter().flatten().collect();
        format!("{}{about}", d.limit)
    }
}

/// Constraints that hold now, in the order declared.
pub fn in_force(t: &Transition) -> impl Iterator<Item = &ConstraintDeclared> {
    let all = t.schedule.constraints.values();
    all.filter(|c| !c.withdrawn).map(|c| &c.of)
}

pub(crate) fn declare(
    t: &Transition,
    c: &DeclareConstraint,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    c.limit.check()?;
    text::free("the reason of the constraint", &c.reason)?;
    if let Some(paradigm) = &c.paradigm {
        text::free("the way of working behind the constraint", &paradigm.says)?;
    }
    if c.firmness == Firmness::Soft && !(1..=WEIGHT_MAX).contains(&c.weight) {
        return Err(bad(format!("a weight of 1–{WEIGHT_MAX} for a wish")));
    }
    check_about(t, c)?;
    let own = || in_force(t).filter(|known| known.by == actor.side);
    if own().any(|known| known.declared == *c) {
        return Ok(Vec::new());
    }
    if own().count() >= IN_FORCE_MAX {
        return Err(bad(format!(
            "at most {IN_FORCE_MAX} constraints of one party at once; withdraw one first"
        )));
    }
    Ok(vec![Event::ConstraintDeclared(ConstraintDeclared {
        constraint: ConstraintId(format!("C-{}", t.schedule.constraints.len() + 1)),
        declared: c.clone(),
        by: actor.side,
        person: actor.person.clone(),
        at: now,
    })])
}

fn check_about(t: &Transition, c: &DeclareConstraint) -> Result<(), Refusal> {
    let unknown = |what: &str, id: &str| {
        Err(Refusal::new(Code::Unknown)
            .missing(format!("{what} `{id}`"))
            .how("name one that was created"))
    };
    match (&c.site, &c.call_type) {
        (Some(site), _) if t.site_zone(site).is_none() => unknown("site", site.as_str()),
        (_, Some(kind)) if t.rung(kind).is_none() => unknown("call type", kind.as_str()),
        _ => Ok(()),
    }
}

pub(crate) fn withdraw(
    t: &Transition,
    c: &WithdrawConstraint,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    let Some(known) = t.schedule.constraints.get(&c.constraint) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("constraint `{}`", c.constraint))
            .how("list them with `segue show constraints`"));
    };
    actor.require_side(known.of.by, "withdraw its own constraint")?;
    text::free("the reason why it no longer holds", &c.reason)?;
    if known.withdrawn {
        return Ok(Vec::new());
    }
    Ok(vec![Event::ConstraintWithdrawn(ConstraintWithdrawn {
        constraint: c.constraint.clone(),
        reason: c.reason.clone(),
        person: actor.person.clone(),
        at: now,
    })])
}

pub(crate) fn apply_declared(t: &mut Transition, e: &ConstraintDeclared) {
    let constraint = Constraint {
        of: e.clone(),
        withdrawn: false,
    };
    t.schedule
        .constraints
        .insert(e.constraint.clone(), constraint);
}

pub(crate) fn apply_withdrawn(t: &mut Transition, e: &ConstraintWithdrawn) {
    if let Some(constraint) = t.schedule.constraints.get_mut(&e.constraint) {
        constraint.withdrawn = true;
    }
}
