//! The contingency plan of a chunk (A30): how its calls come home, how fast, who decides, who is called in, what callers
//! hear. Both parties sign it, and the clinical lead where nurses advise.

use super::require_chunks;
use crate::Decided;
use crate::actor::{Actor, Right, Role, Side};
use crate::canonical;
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::{ChunkId, PersonId, StaffId, is_usable};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::signature::{Added, Agreement, SignatureInput, Signed};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What changes the route on the way home (§3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mechanism {
    /// Segue itself, or a cloud ACD through its interface.
    Api,
    /// A PBX that forwards, from its desk.
    PbxForward,
    /// The responsible organisation of a toll-free number, by telephone.
    RespOrg,
}

impl Mechanism {
    /// The mechanism in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Api => "API",
            Self::PbxForward => "PBX forward",
            Self::RespOrg => "RespOrg",
        }
    }
}

/// Somebody to turn to, by role; the telephone numbers stand on the printed runbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Contact {
    /// The party.
    pub side: Side,
    /// The role.
    pub role: Role,
    /// Whether this role decides alone at two in the morning.
    #[serde(default)]
    pub decides: bool,
}

/// The plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ContingencyPlan {
    /// What changes the route.
    pub mechanism: Mechanism,
    /// Seconds from the decision to the first new call answered in-house: the agreed time of return.
    pub rto_s: u32,
    /// Whom to turn to, and who decides.
    pub contacts: Vec<Contact>,
    /// What is done, in order.
    pub steps: Vec<String>,
    /// In-house people who are called in, in order, by pseudonym.
    pub call_in: Vec<StaffId>,
    /// What callers hear while too few can answer: a callback, and 911 where it cannot wait.
    pub overload_message: String,
}

/// Proposes the contingency plan of a chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProposeContingencyPlan {
    /// The chunk.
    pub chunk: ChunkId,
    /// The plan.
    #[serde(flatten)]
    pub plan: ContingencyPlan,
}

/// Signs the contingency plan of a chunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignContingencyPlan {
    /// The chunk.
    pub chunk: ChunkId,
    /// Over the plan's hash.
    #[serde(flatten)]
    pub signature: SignatureInput,
}

/// A contingency plan is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContingencyPlanProposed {
    /// The chunk.
    pub chunk: ChunkId,
    /// The plan.
    pub plan: ContingencyPlan,
    /// What is signed.
    pub hash: String,
    /// The person who proposed it.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// One signature under a contingency plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContingencyPlanSigned {
    /// The chunk.
    pub chunk: ChunkId,
    /// The signature.
    pub signed: Signed,
}

/// A contingency plan in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgreedPlan {
    /// The fact that proposed it.
    pub proposed: ContingencyPlanProposed,
    /// Signatures over its hash.
    pub agreement: Agreement,
}

impl AgreedPlan {
    pub(super) fn standing(&self, t: &Transition, chunk: &Chunk) -> &'static str {
        if self.agreement.binds(t.needs_of_chunk(&chunk.planned)) {
            "signed"
        } else {
            "proposed"
        }
    }

    pub(super) fn agreed_time(&self) -> String {
        let plan = &self.proposed.plan;
        format!("{}, {} s", plan.mechanism.words(), plan.rto_s)
    }
}

pub(super) fn findings(t: &Transition, chunk: &Chunk) -> Vec<Finding> {
    let text = match t.contingency.plans.get(&chunk.planned.id) {
        None => "no contingency plan".to_owned(),
        Some(plan) => {
            let needs = t.needs_of_chunk(&chunk.planned);
            let missing = plan.agreement.missing_names(&t.parties, needs);
            if missing.is_empty() {
                return Vec::new();
            }
            format!(
                "contingency plan without the signature of {}",
                missing.join(", ")
            )
        }
    };
    vec![GateLeg::Fallback.finds(text)]
}

pub(crate) fn propose(
    t: &Transition,
    c: &ProposeContingencyPlan,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    require_chunks(t, std::slice::from_ref(&c.chunk))?;
    check(t, &c.plan)?;
    let known = t.contingency.plans.get(&c.chunk);
    if known.is_some_and(|known| known.proposed.plan == c.plan) {
        return Ok(Vec::new());
    }
    let proposed = ContingencyPlanProposed {
        hash: canonical::hash("contingency plan", &(&t.id, &c.chunk, &c.plan)),
        chunk: c.chunk.clone(),
        plan: c.plan.clone(),
        person: actor.person.clone(),
        at: now,
    };
    Ok(vec![Event::ContingencyPlanProposed(proposed)])
}

fn check(t: &Transition, plan: &ContingencyPlan) -> Result<(), Refusal> {
    let target_s = t.terms.contingency.rto_s(plan.mechanism);
    if !(1..=target_s).contains(&plan.rto_s) {
        return Err(Refusal::new(Code::FallbackRto)
            .missing(format!(
                "a return within {target_s} s by {}, not {} s",
                plan.mechanism.words(),
                plan.rto_s
            ))
            .who("telephony engineer of the client")
            .how("agree a shorter time, or a mechanism that is as fast as the plan says"));
    }
    text::list("contacts", &plan.contacts)?;
    text::list("steps", &plan.steps)?;
    text::list("people to call in", &plan.call_in)?;
    for side in Side::BOTH {
        let decides = |c: &Contact| {
            c.side == side && c.decides && c.role.rights().contains(&Right::BringHome)
        };
        if !plan.contacts.iter().any(decides) {
            return Err(bad(format!(
                "a contact of the {side} who decides alone and whose role may bring calls home"
            )));
        }
    }
    if plan.steps.is_empty() {
        return Err(bad("at least one step of the contingency plan".into()));
    }
    for step in &plan.steps {
        text::free("a step of the contingency plan", step)?;
    }
    if plan.call_in.is_empty() {
        return Err(bad("somebody in-house to call in".into()));
    }
    for staff in &plan.call_in {
        if !is_usable(staff.as_str()) || text::caller_data(staff.as_str()).is_some() {
            return Err(bad(format!("`{staff}` as a pseudonym to call in")));
        }
    }
    text::free(
        "what callers hear while too few can answer",
        &plan.overload_message,
    )
}

pub(crate) fn sign(
    t: &Transition,
    c: &SignContingencyPlan,
    actor: &Actor,
    now: Timestamp,
) -> Decided {
    let needs = t.needs_of_chunk(&t.require_chunk(&c.chunk)?.planned);
    let Some(plan) = t.contingency.plans.get(&c.chunk) else {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("a contingency plan of {}", c.chunk))
            .how("propose it first (`segue do propose-contingency-plan`)"));
    };
    let added = plan.agreement.sign(
        &t.parties,
        needs,
        actor,
        &c.signature,
        &plan.proposed.hash,
        now,
    )?;
    Ok(match added {
        Added::Already => Vec::new(),
        Added::One(signed) | Added::Binding(signed) => {
            vec![Event::ContingencyPlanSigned(ContingencyPlanSigned {
                chunk: c.chunk.clone(),
                signed,
            })]
        }
    })
}

pub(crate) fn apply_proposed(t: &mut Transition, e: &ContingencyPlanProposed) {
    let plan = AgreedPlan {
        proposed: e.clone(),
        agreement: Agreement::default(),
    };
    t.contingency.plans.insert(e.chunk.clone(), plan);
}

pub(crate) fn apply_signed(t: &mut Transition, e: &ContingencyPlanSigned) {
    if let Some(plan) = t.contingency.plans.get_mut(&e.chunk) {
        plan.agreement.add(&e.signed);
    }
}
