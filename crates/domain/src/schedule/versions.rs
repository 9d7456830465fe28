//! Versions of the plan: proposals and counters, and two signatures over one hash (A5–A7, A9).

use super::constraints::Constraint;
use super::items::PlanItemCompleted;
use super::messages::MessageWritten;
use super::{Plan, check};
use crate::Decided;
use crate::actor::{Actor, Side};
use crate::canonical;
use crate::chunks::PlannedChunk;
use crate::event::Event;
use crate::ids::{ConstraintId, PersonId, PlanItemId};
use crate::parties::Terms;
use crate::refusal::{Code, Refusal};
use crate::signature::{Added, Agreement, SignatureInput, Signed};
use crate::transition::Transition;
use crate::{account_manager, discovery, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Other settings that are signed with this version and in force once it is agreed; absent: those in force now.
    #[serde(default)]
    pub terms: Option<Terms>,
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
    /// The settings signed with it, where they are others than those in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
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
    /// The settings its hash covers: its own, or those in force when it was proposed.
    pub terms: Terms,
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
    /// What each party can and cannot do.
    pub constraints: BTreeMap<ConstraintId, Constraint>,
    /// Items of the plan that are done.
    pub done: BTreeMap<PlanItemId, PlanItemCompleted>,
    /// What people said, oldest first.
    pub messages: Vec<MessageWritten>,
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
        let (before, after) = (self.lines(), other.lines());
        let mut changes = Vec::new();
        for (key, old) in &before {
            match after.iter().find(|(k, _)| k == key) {
                Some((_, new)) if new != old => changes.push(format!("{key}: {old} → {new}")),
                Some(_) => {}
                None => changes.push(format!("{key}: {old} → gone")),
            }
        }
        let new = after
            .iter()
            .filter(|(key, _)| before.iter().all(|(k, _)| k != key));
        changes.extend(new.map(|(key, new)| format!("{key}: new, {new}")));
        changes
    }

    /// Everything a version says, by name: steps, scopes, items and settings.
    fn lines(&self) -> Vec<(String, String)> {
        let plan = &self.proposed.plan;
        let mut lines = Vec::new();
        for c in &plan.chunks {
            for (n, s) in c.steps.iter().enumerate() {
                let step = format!("{} % from {}", s.share_percent.0, s.from);
                lines.push((format!("{} step {}", c.id, n + 1), step));
            }
            let rest = PlannedChunk {
                steps: Vec::new(),
                ..c.clone()
            };
            lines.push((format!("{} scope", c.id), canonical::json(&rest)));
        }
        let items = plan.items.iter();
        lines.extend(items.map(|i| (format!("item {}", i.id), canonical::json(i))));
        if let Ok(serde_json::Value::Object(terms)) = serde_json::to_value(&self.terms) {
            let terms = terms.iter();
            lines.extend(terms.map(|(name, value)| (format!("terms {name}"), value.to_string())));
        }
        lines
    }
}

pub(crate) fn propose(t: &Transition, c: &ProposePlan, actor: &Actor, now: Timestamp) -> Decided {
    account_manager::require(t)?;
    discovery::require_complete(t)?;
    if !c.reason.is_empty() {
        text::free("the reason of the proposal", &c.reason)?;
    }
    let terms = c.terms.as_ref().unwrap_or(&t.terms);
    text::title("the service-level formula", &terms.service_level_formula)?;
    check_under(t, &c.plan, terms, now)?;
    if let Some(version) = c.counter_to
        && t.schedule.version(version).is_none()
    {
        return Err(unknown_version(version));
    }
    let version = u32::try_from(t.schedule.versions.len())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let hash = canonical::hash("plan", &(&t.id, version, &c.plan, terms, &t.call_types));
    Ok(vec![Event::PlanProposed(PlanProposed {
        version,
        plan: c.plan.clone(),
        hash,
        by: actor.side,
        person: actor.person.clone(),
        counter_to: c.counter_to,
        reason: c.reason.clone(),
        terms: c.terms.clone(),
        at: now,
    })])
}

/// Checks a plan under the settings that would be in force with it.
fn check_under(t: &Transition, plan: &Plan, terms: &Terms, now: Timestamp) -> Result<(), Refusal> {
    if *terms == t.terms {
        return check(t, plan, now);
    }
    let under = Transition {
        terms: terms.clone(),
        ..t.clone()
    };
    check(&under, plan, now)
}

/// A new version may not drop or reshape a chunk whose calls are out.
pub(super) fn check_agreed_kept(t: &Transition, plan: &Plan) -> Result<(), Refusal> {
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
    // What is out, and what the parties can do, may have changed since the version was proposed.
    check_under(t, &version.proposed.plan, &version.terms, now)?;
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

pub(super) fn unknown_version(version: u32) -> Refusal {
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
        terms: e.terms.clone().unwrap_or_else(|| t.terms.clone()),
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
    let Some(version) = t.schedule.agreed().cloned() else {
        return;
    };
    t.terms = version.terms;
    t.adopt(&version.proposed.plan);
}
