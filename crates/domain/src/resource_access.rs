//! Access to the client's systems, agent by agent, proved by doing during a test call (A27).

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::agents::{name_some, rostered_for};
use crate::boards::{Board, Kind};
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg, is_fresh, valid_until};
use crate::ids::{AgentId, CallTypeId, ResourceId, is_usable};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::resource_probes;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How far a resource must be usable.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    /// Look up.
    Read,
    /// Change; it includes looking up.
    Write,
}

impl AccessLevel {
    fn words(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// A resource that a call type cannot be handled without.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
pub struct Needed {
    /// The resource, as the client calls it: `EHR-scheduling`, `on-call-schedule`.
    pub resource: ResourceId,
    /// How far.
    pub level: AccessLevel,
}

impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.resource, self.level.words())
    }
}

/// What one call type needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct TypeNeeds {
    /// The call type.
    pub call_type: CallTypeId,
    /// Everything its agents need; empty says that they need nothing of the client's.
    pub needs: BTreeSet<Needed>,
}

/// Declares what the agents of call types need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DeclareResources {
    /// By call type; a type declared before is replaced.
    pub types: Vec<TypeNeeds>,
}

/// Where it was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccessPlace {
    /// The real system.
    Production,
    /// The real system, on a patient who does not exist.
    DummyPatient,
    /// A test system: it proves nothing about the real one.
    TestSystem,
}

/// How far one agent is with one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum AccessStep {
    /// Asked for; the ticket is open.
    Requested {
        /// The ticket.
        ticket: String,
    },
    /// Granted; nobody has tried it yet.
    Granted {
        /// The ticket.
        ticket: String,
    },
    /// Done during a test call.
    Done {
        /// Whether it worked.
        worked: bool,
        /// Whether the agent used an id of their own; a shared login proves nothing.
        own_id: bool,
        /// Whether the agent can do no more than needed.
        least_privilege: bool,
        /// Where.
        place: AccessPlace,
        /// The test call or recording.
        evidence: String,
    },
}

/// One agent's step with one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AccessProof {
    /// The agent.
    pub agent: AgentId,
    /// The resource.
    pub resource: ResourceId,
    /// How far it was asked for or tried.
    pub level: AccessLevel,
    /// What happened.
    #[serde(flatten)]
    pub step: AccessStep,
}

/// Records access: requested, granted, or proved by doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordAccess {
    /// By agent and resource.
    pub proofs: Vec<AccessProof>,
}

/// The needs of call types are declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcesDeclared {
    /// As they stand now.
    pub types: Vec<TypeNeeds>,
    /// When.
    pub at: Timestamp,
}

/// Access was requested, granted or tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRecorded {
    /// By agent and resource.
    pub proofs: Vec<AccessProof>,
    /// When.
    pub at: Timestamp,
}

/// The last word on one agent, resource and level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standing {
    /// What happened last.
    pub step: AccessStep,
    /// When.
    pub at: Timestamp,
}

/// The access matrix, in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Access {
    /// What each call type needs.
    pub needs: BTreeMap<CallTypeId, BTreeSet<Needed>>,
    /// The last word by agent, resource and level.
    pub standing: BTreeMap<AgentId, BTreeMap<ResourceId, BTreeMap<AccessLevel, Standing>>>,
}

pub(crate) const BOARD: Kind = Kind {
    name: "access",
    says: "Which agent has proved which of the client's systems, and until when that holds",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

impl Standing {
    /// Why it proves nothing, or nothing when it does.
    fn weakness(&self, valid_days: u32, now: Timestamp) -> Option<&'static str> {
        match &self.step {
            AccessStep::Requested { .. } => Some("requested"),
            AccessStep::Granted { .. } => Some("granted, not tried"),
            AccessStep::Done { worked: false, .. } => Some("did not work"),
            AccessStep::Done { own_id: false, .. } => Some("shared login"),
            AccessStep::Done {
                least_privilege: false,
                ..
            } => Some("more rights than needed"),
            AccessStep::Done {
                place: AccessPlace::TestSystem,
                ..
            } => Some("test system only"),
            AccessStep::Done { .. } if !is_fresh(self.at, valid_days, now) => Some("expired"),
            AccessStep::Done { .. } => None,
        }
    }
}

impl Access {
    /// Why an agent's access does not hold, or nothing when it does. Who may write may read.
    fn weakness(
        &self,
        agent: &AgentId,
        needed: &Needed,
        days: u32,
        now: Timestamp,
    ) -> Option<&'static str> {
        let by_level = self
            .standing
            .get(agent)
            .and_then(|r| r.get(&needed.resource));
        let Some(by_level) = by_level else {
            return Some("nothing recorded");
        };
        let enough = by_level.range(needed.level..);
        let weak: Vec<_> = enough.map(|(_, s)| s.weakness(days, now)).collect();
        match weak.first() {
            _ if weak.contains(&None) => None,
            Some(first) => *first,
            None => Some("read only"),
        }
    }

    /// Until when the access holds.
    fn until(&self, agent: &AgentId, needed: &Needed, days: u32) -> Option<Timestamp> {
        let by_level = self.standing.get(agent)?.get(&needed.resource)?;
        let at = by_level.range(needed.level..).map(|(_, s)| s.at).max()?;
        Some(valid_until(at, days))
    }
}

/// Whether an agent has proved everything a call type needs.
pub(crate) fn is_proved(
    t: &Transition,
    agent: &AgentId,
    call_type: &CallTypeId,
    now: Timestamp,
) -> bool {
    let days = t.terms.testing.access_valid_days;
    let needs = t.access.needs.get(call_type);
    let proved = |n: &Needed| t.access.weakness(agent, n, days, now).is_none();
    needs.is_some_and(|needs| needs.iter().all(proved))
}

/// `13/14 agents have EHR-scheduling write; missing A-09 (read only)`, for each resource of the chunk's call type.
pub(crate) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let call_type = &chunk.planned.call_type;
    let Some(needs) = t.access.needs.get(call_type) else {
        return vec![GateLeg::Agents.finds(format!(
            "what agents need for {call_type} (`segue do declare-resources`)"
        ))];
    };
    let days = t.terms.testing.access_valid_days;
    let agents: Vec<_> = rostered_for(t, call_type).map(|a| &a.agent).collect();
    let mut found = Vec::new();
    for needed in needs {
        let weak = |agent: &&AgentId| t.access.weakness(agent, needed, days, now);
        let weak = agents
            .iter()
            .filter_map(|a| Some(format!("{a} ({})", weak(a)?)));
        let weak: Vec<_> = weak.collect();
        if !weak.is_empty() {
            found.push(GateLeg::Agents.finds(format!(
                "{}/{} agents have {needed}; missing {}",
                agents.len() - weak.len(),
                agents.len(),
                name_some(&weak)
            )));
        }
    }
    found
}

pub(crate) fn declare(t: &Transition, c: &DeclareResources, now: Timestamp) -> Decided {
    text::list("call types", &c.types)?;
    for of_type in &c.types {
        if t.rung(&of_type.call_type).is_none() {
            return Err(Refusal::new(Code::Unknown)
                .missing(format!("call type `{}`", of_type.call_type))
                .how("name a call type of the transition"));
        }
        if of_type.needs.len() > text::LIST_MAX {
            return Err(bad(format!("at most {} resources", text::LIST_MAX)));
        }
        let plain = |n: &Needed| is_usable(n.resource.as_str());
        if let Some(odd) = of_type.needs.iter().find(|n| !plain(n)) {
            return Err(bad(format!("`{}` as a plain resource name", odd.resource)));
        }
    }
    let changed = |n: &&TypeNeeds| t.access.needs.get(&n.call_type) != Some(&n.needs);
    let types: Vec<_> = c.types.iter().filter(changed).cloned().collect();
    if types.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::ResourcesDeclared(ResourcesDeclared {
        types,
        at: now,
    })])
}

pub(crate) fn record(t: &Transition, c: &RecordAccess, actor: &Actor, now: Timestamp) -> Decided {
    text::list("access records", &c.proofs)?;
    if c.proofs.is_empty() {
        return Err(bad("at least one agent and resource".into()));
    }
    for proof in &c.proofs {
        check(t, proof, actor)?;
    }
    Ok(vec![Event::AccessRecorded(AccessRecorded {
        proofs: c.proofs.clone(),
        at: now,
    })])
}

fn check(t: &Transition, proof: &AccessProof, actor: &Actor) -> Result<(), Refusal> {
    if !t.agents.contains_key(&proof.agent) {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("agent `{}` on the roster", proof.agent))
            .who("the outsourcer")
            .how("roster the agent first (`segue do roster-agents`)"));
    }
    let mut needs = t.access.needs.values().flatten();
    if !needs.any(|n| n.resource == proof.resource) {
        return Err(Refusal::new(Code::Unknown)
            .missing(format!(
                "resource `{}` among those declared",
                proof.resource
            ))
            .who("the client")
            .how("declare it first (`segue do declare-resources`)"));
    }
    match &proof.step {
        AccessStep::Requested { ticket } | AccessStep::Granted { ticket } => {
            text::title("the ticket", ticket)
        }
        AccessStep::Done { evidence, .. } => {
            actor.require_side(Side::Client, "say that access was proved on a test call")?;
            text::title("the test call or recording", evidence)
        }
    }
}

pub(crate) fn apply_declared(t: &mut Transition, e: &ResourcesDeclared) {
    for of_type in &e.types {
        let needs = of_type.needs.clone();
        t.access.needs.insert(of_type.call_type.clone(), needs);
    }
}

pub(crate) fn apply_recorded(t: &mut Transition, e: &AccessRecorded) {
    for proof in &e.proofs {
        let standing = Standing {
            step: proof.step.clone(),
            at: e.at,
        };
        let by_resource = t.access.standing.entry(proof.agent.clone()).or_default();
        let by_level = by_resource.entry(proof.resource.clone()).or_default();
        by_level.insert(proof.level, standing);
    }
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let columns = [
        "call type",
        "resource",
        "level",
        "agent",
        "standing",
        "holds until",
    ];
    let mut board = Board::new("Access to the client's systems", &columns);
    let days = t.terms.testing.access_valid_days;
    for (call_type, needs) in &t.access.needs {
        for needed in needs {
            for (place, standing, until) in resource_probes::standings(t, &needed.resource, now) {
                board.row([
                    call_type.to_string(),
                    needed.resource.to_string(),
                    "reach".to_owned(),
                    place,
                    standing,
                    until.map(text::minute).unwrap_or_default(),
                ]);
            }
            for agent in rostered_for(t, call_type).map(|a| &a.agent) {
                let weak = t.access.weakness(agent, needed, days, now);
                let until = t.access.until(agent, needed, days);
                let until = until.filter(|_| weak.is_none() || weak == Some("expired"));
                board.row([
                    call_type.to_string(),
                    needed.resource.to_string(),
                    needed.level.words().to_owned(),
                    agent.to_string(),
                    weak.unwrap_or("proved").to_owned(),
                    until.map(text::minute).unwrap_or_default(),
                ]);
            }
        }
    }
    for call_type in t.call_types.iter().map(|k| &k.id) {
        if !t.access.needs.contains_key(call_type) {
            board.note(format!("What agents need for {call_type} is not declared."));
        }
    }
    board.note(format!("A proof holds for {days} days."));
    board
}
