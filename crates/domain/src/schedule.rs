//! The joint schedule: dated versions, proposals and counters, and two signatures over one hash (A5–A10).
//!
//! Silence is never consent: nothing here looks at the time that passed.

use crate::Decided;
use crate::actor::{Actor, Right, Side};
use crate::canonical;
use crate::chunks::{self, PlannedChunk};
use crate::covering::StaysHome;
use crate::event::Event;
use crate::ids::PersonId;
use crate::refusal::{Code, Refusal};
use crate::signature::{Added, Agreement, SignatureInput, Signed};
use crate::transition::Transition;
use crate::{account_manager, caps, covering, discovery, ladder};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What moves, when and in which steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Plan {
    /// The chunks, disjoint.
    pub chunks: Vec<PlannedChunk>,
    /// What is in scope and does not move, each with its reason.
    #[serde(default)]
    pub stays_home: Vec<StaysHome>,
}

/// One concern's question to a plan.
type Check = fn(&Transition, &Plan, Timestamp) -> Result<(), Refusal>;

/// What each concern asks of a plan, in the order people can act on it.
#[rustfmt::skip] // one line per concern
const CHECKS: &[Check] = &[
    |t, plan, _| chunks::check(t, plan),
    |t, plan, _| discovery::numbers::check_plan(t, plan),
    |t, plan, _| ladder::check_plan_order(t, plan),
    |t, plan, _| check_agreed_kept(t, plan),
    |t, plan, _| covering::check(t, plan),
    |t, plan, _| caps::check(t, plan),
];

/// Proposes a plan as the next version; a reply to the other party's version is a counter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProposePlan {
    /// The whole plan.
    pub plan: Plan,
    /// The version this one answers; absent for a first proposal.
    #[serde(default)]
    pub counter_to: Option<u32>,
    /// Why, in a sentence both parties read.
    #[serde(default)]
    pub reason: String,
}

/// Signs one version for one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignPlan {
    /// The version.
    pub version: u32,
    /// Over its hash.
    #[serde(flatten)]
    pub signature: SignatureInput,
}

/// A version exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanProposed {
    /// 1, 2, 3, …
    pub version: u32,
    /// The plan.
    pub plan: Plan,
    /// The version hash both sign.
    pub hash: String,
    /// Who proposed it.
    pub by: Side,
    /// The proposing person.
    pub person: PersonId,
    /// The version it answers.
    pub counter_to: Option<u32>,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// One party signed a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanSigned {
    /// The version.
    pub version: u32,
    /// The signature.
    pub signed: Signed,
}

/// Both have signed the same hash: the schedule is agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleAgreed {
    /// The version.
    pub version: u32,
    /// Its hash.
    pub hash: String,
    /// When.
    pub at: Timestamp,
}

/// One version, in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PlanVersion {
    /// The fact that proposed it.
    pub proposed: PlanProposed,
    /// Signatures over its hash.
    pub agreement: Agreement,
}

/// All versions, and the one in force.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Schedule {
    /// In order; version *n* is at index *n* − 1.
    pub versions: Vec<PlanVersion>,
    /// The agreed version.
    pub agreed: Option<u32>,
}

impl Schedule {
    /// One version.
    pub fn version(&self, version: u32) -> Option<&PlanVersion> {
        self.versions
            .get(usize::try_from(version).ok()?.checked_sub(1)?)
    }

    /// The newest version that somebody signed or proposed.
    pub fn newest(&self) -> Option<&PlanVersion> {
        self.versions.last()
    }

    /// The agreed version.
    pub fn agreed(&self) -> Option<&PlanVersion> {
        self.version(self.agreed?)
    }

    /// The state in words, naming who has signed what: silence and crossed signatures are shown as such.
    pub fn standing(&self) -> String {
        if let Some(version) = self.agreed {
            return format!("version {version} agreed by both");
        }
        let signed: Vec<_> = Side::BOTH
            .into_iter()
            .filter_map(|side| {
                self.versions
                    .iter()
                    .rev()
                    .find(|v| v.agreement.of(side).is_some())
                    .map(|v| (side, v.proposed.version))
            })
            .collect();
        match signed.as_slice() {
            [] if self.versions.is_empty() => "nothing proposed".into(),
            [] => "proposed, signed by nobody".into(),
            [(side, version)] => format!("version {version} signed by the {side} only"),
            [(_, a), (_, b), ..] if a == b => {
                format!(
                    "version {a} signed by both parties; the clinical lead's signature is missing"
                )
            }
            [(_, a), (_, b), ..] => format!(
                "two signatures, no agreement: the client signed version {a}, the outsourcer version {b}"
            ),
        }
    }
}

impl PlanVersion {
    /// What changes from this version to another, one line per difference.
    pub fn diff(&self, other: &Self) -> Vec<String> {
        let lines = |version: &Self| -> Vec<(String, String)> {
            let describe = |c: &PlannedChunk| {
                let steps = c.steps.iter().enumerate().map(|(n, s)| {
                    (
                        format!("{} step {}", c.id, n + 1),
                        format!("{} % from {}", s.share_percent.0, s.from),
                    )
                });
                let rest = PlannedChunk {
                    steps: Vec::new(),
                    ..c.clone()
                };
                steps
                    .chain([(format!("{} scope", c.id), canonical::json(&rest))])
                    .collect::<Vec<_>>()
            };
            version
                .proposed
                .plan
                .chunks
                .iter()
                .flat_map(describe)
                .collect()
        };
        let (before, after) = (lines(self), lines(other));
        let find = |list: &[(String, String)], key: &str| {
            list.iter().find(|(k, _)| k == key).map(|(_, v)| v.clone())
        };
        let mut changes = Vec::new();
        for (key, old) in &before {
            match find(&after, key) {
                Some(new) if new != *old => changes.push(format!("{key}: {old} → {new}")),
                Some(_) => {}
                None => changes.push(format!("{key}: {old} → gone")),
            }
        }
        changes.extend(
            after
                .iter()
                .filter(|(k, _)| find(&before, k).is_none())
                .map(|(k, v)| format!("{k}: new, {v}")),
        );
        changes
    }
}

pub(crate) fn propose(t: &Transition, c: &ProposePlan, actor: &Actor, now: Timestamp) -> Decided {
    actor.require(Right::Prepare)?;
    account_manager::require(t)?;
    discovery::require_complete(t)?;
    check(t, &c.plan, now)?;
    if let Some(version) = c.counter_to
        && t.schedule.version(version).is_none()
    {
        return Err(unknown_version(version));
    }
    let version = u32::try_from(t.schedule.versions.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let hash = canonical::hash("plan", &(&t.id, version, &c.plan, &t.terms, &t.call_types));
    Ok(vec![Event::PlanProposed(PlanProposed {
        version,
        plan: c.plan.clone(),
        hash,
        by: actor.side,
        person: actor.person.clone(),
        counter_to: c.counter_to,
        reason: c.reason.clone(),
        at: now,
    })])
}

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

/// A new version may not drop or reshape a chunk whose calls are out.
fn check_agreed_kept(t: &Transition, plan: &Plan) -> Result<(), Refusal> {
    let shape = |c: &PlannedChunk| PlannedChunk {
        steps: Vec::new(),
        coverage: BTreeSet::default(),
        ..c.clone()
    };
    for (id, chunk) in t.chunks.iter().filter(|(_, c)| c.is_out()) {
        let kept = plan.chunks.iter().find(|c| c.id == *id);
        if kept.map(&shape) != Some(shape(&chunk.planned)) {
            return Err(Refusal::new(Code::WrongState)
                .missing(format!("chunk {id} with the same calls, because they are out now"))
                .who("the person who drafted the plan")
                .how("bring the chunk home first, or leave its site, lines, type and windows as they are"));
        }
    }
    Ok(())
}

pub(crate) fn sign(t: &Transition, c: &SignPlan, actor: &Actor, now: Timestamp) -> Decided {
    discovery::require_complete(t)?;
    let Some(version) = t.schedule.version(c.version) else {
        return Err(unknown_version(c.version));
    };
    let needs = t.needs_of_plan(&version.proposed.plan);
    let hash = &version.proposed.hash;
    let (signed, agreed) =
        match version
            .agreement
            .sign(&t.parties, needs, actor, &c.signature, hash, now)?
        {
            Added::Already => return Ok(Vec::new()),
            Added::One(signed) => (signed, false),
            Added::Binding(signed) => (signed, true),
        };
    if t.schedule.agreed.is_some_and(|agreed| agreed >= c.version) {
        return Err(Refusal::new(Code::WrongState)
            .missing(format!(
                "a version after {}",
                t.schedule.agreed.unwrap_or_default()
            ))
            .how("propose a new version; agreed ones are never reopened"));
    }
    // What is out may have changed since the version was proposed.
    check_agreed_kept(t, &version.proposed.plan)?;
    let mut events = vec![Event::PlanSigned(PlanSigned {
        version: c.version,
        signed,
    })];
    if agreed {
        events.push(Event::ScheduleAgreed(ScheduleAgreed {
            version: c.version,
            hash: hash.clone(),
            at: now,
        }));
    }
    Ok(events)
}

fn unknown_version(version: u32) -> Refusal {
    Refusal::new(Code::Unknown)
        .missing(format!("plan version {version}"))
        .how("list versions with `segue plan list`")
}

/// Refuses whatever needs an agreed schedule.
pub(crate) fn require_agreed(t: &Transition) -> Result<&PlanVersion, Refusal> {
    t.schedule.agreed().ok_or_else(|| {
        let open = t.schedule.versions.iter().rev().find_map(|v| {
            let needs = t.needs_of_plan(&v.proposed.plan);
            let missing = v.agreement.missing_names(&t.parties, needs);
            (!missing.is_empty()).then_some((v.proposed.version, missing))
        });
        let missing = match open {
            Some((version, names)) => names
                .into_iter()
                .map(|name| format!("{name} on version {version}"))
                .collect(),
            None => vec!["a proposed plan".into()],
        };
        Refusal::new(Code::ScheduleNotAgreed)
            .missing_all(missing)
            .who("a signatory of each party named")
            .how("sign the same version (`segue do sign-plan --version N --key FILE`), or answer with a counter-proposal")
    })
}

pub(crate) fn apply_proposed(t: &mut Transition, e: &PlanProposed) {
    t.schedule.versions.push(PlanVersion {
        proposed: e.clone(),
        agreement: Agreement::default(),
    });
}

pub(crate) fn apply_signed(t: &mut Transition, e: &PlanSigned) {
    let index = usize::try_from(e.version)
        .unwrap_or(usize::MAX)
        .wrapping_sub(1);
    if let Some(version) = t.schedule.versions.get_mut(index) {
        version.agreement.add(&e.signed);
    }
}

pub(crate) fn apply_agreed(t: &mut Transition, e: &ScheduleAgreed) {
    t.schedule.agreed = Some(e.version);
    let Some(plan) = t.schedule.agreed().map(|v| v.proposed.plan.clone()) else {
        return;
    };
    t.adopt(&plan);
}
