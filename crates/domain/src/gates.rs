//! The readiness gate: agents, processes, technology, fallback, compliance; evidence, freshness, two signatures (A29).

use crate::Decided;
use crate::actor::Actor;
use crate::boards::{Board, Kind};
use crate::canonical;
use crate::chunks::{Chunk, ChunkState};
use crate::event::Event;
use crate::fallback;
use crate::ids::ChunkId;
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::signature::{Added, Agreement, SignatureInput, Signed};
use crate::transition::Transition;
use crate::{account_manager, pauses, schedule};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The five legs; the gate is their conjunction.
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
pub enum GateLeg {
    /// Trained, tested, licensed, with access.
    Agents,
    /// Scripts, escalation, message delivery.
    Processes,
    /// Telephony checked on every path.
    Technology,
    /// Drilled, and fast enough.
    Fallback,
    /// Evidence of law and contract.
    Compliance,
}

impl GateLeg {
    /// All five, in the order of the lamps.
    pub const ALL: [Self; 5] = [
        Self::Agents,
        Self::Processes,
        Self::Technology,
        Self::Fallback,
        Self::Compliance,
    ];

    /// The leg in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::Processes => "processes",
            Self::Technology => "technology",
            Self::Fallback => "fallback drill",
            Self::Compliance => "compliance",
        }
    }
}

/// What every concern asks of a gate, beside the recorded evidence.
#[rustfmt::skip] // one line per concern
const CHECKS: &[Check] = &[
    crate::agent_readiness::findings,
    crate::training::findings,
    crate::resource_access::findings,
    crate::resource_probes::findings,
    crate::route_orders::findings,
    crate::agent_maturity::findings,
    crate::dissent::findings,
    crate::test_calls::findings,
    crate::culture::traits::gate_findings,
    crate::culture::acknowledgements::gate_findings,
    crate::knowledge::findings,
    crate::contingency::findings,
    crate::compliance::findings,
    crate::licences::findings,
    crate::test_campaign::findings,
    crate::telephony_checks::findings,
    crate::people::fallback_capacity::findings,
    crate::people::key_persons::findings,
    crate::shared_agents::findings,
];

pub(crate) const BOARD: Kind = Kind {
    name: "gates",
    says: "The five lamps of each chunk and what keeps them red",
    may_see: None,
    draw: |t, _, now| draw(t, now),
};

/// Records evidence for one leg of a chunk's gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordEvidence {
    /// The chunk.
    pub chunk: ChunkId,
    /// The leg.
    pub leg: GateLeg,
    /// Green or red.
    pub passed: bool,
    /// Where the evidence is.
    pub reference: String,
}

/// Signs a chunk's gate for one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignGate {
    /// The chunk.
    pub chunk: ChunkId,
    /// Over the hash of the chunk, its epoch and its evidence.
    #[serde(flatten)]
    pub signature: SignatureInput,
}

/// Evidence for one leg.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceRecorded {
    /// The chunk.
    pub chunk: ChunkId,
    /// The leg.
    pub leg: GateLeg,
    /// Green or red.
    pub passed: bool,
    /// Where the evidence is.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

/// One party signed the gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateSigned {
    /// The chunk.
    pub chunk: ChunkId,
    /// The signature.
    pub signed: Signed,
}

/// Both signed: the chunk is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatePassed {
    /// The chunk.
    pub chunk: ChunkId,
    /// When.
    pub at: Timestamp,
}

/// A chunk's gate in state.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Gate {
    /// The last evidence of each leg.
    pub evidence: BTreeMap<GateLeg, EvidenceRecorded>,
    /// Signatures over the current evidence.
    pub agreement: Agreement,
}

/// What both sign for a chunk's gate.
pub fn hash(t: &Transition, chunk: &ChunkId) -> String {
    let epoch = t.chunk(chunk).map_or(0, |c| c.epoch);
    let plan = t.schedule.agreed().map(|v| v.proposed.hash.clone());
    canonical::hash(
        "gate",
        &(
            &t.id,
            chunk,
            epoch,
            plan,
            t.gates.get(chunk).map(|gate| &gate.evidence),
        ),
    )
}

/// One thing that keeps a leg red.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The leg.
    pub leg: GateLeg,
    /// What is missing, in words.
    pub text: String,
}

/// What one concern finds missing for a chunk.
pub(crate) type Check = fn(&Transition, &Chunk, Timestamp) -> Vec<Finding>;

impl GateLeg {
    pub(crate) fn finds(self, text: impl Into<String>) -> Finding {
        Finding {
            leg: self,
            text: text.into(),
        }
    }
}

/// Everything that keeps the gate red now, by leg: recorded evidence, then what each concern knows.
pub fn findings(t: &Transition, id: &ChunkId, now: Timestamp) -> Vec<Finding> {
    let Some(chunk) = t.chunk(id) else {
        return Vec::new();
    };
    let mut found = evidence_findings(t, id, now);
    found.extend(CHECKS.iter().flat_map(|check| check(t, chunk, now)));
    found.sort_by_key(|finding| finding.leg);
    found
}

/// The findings in words.
pub fn red(t: &Transition, chunk: &ChunkId, now: Timestamp) -> Vec<String> {
    findings(t, chunk, now)
        .into_iter()
        .map(|f| format!("{}: {}", f.leg.words(), f.text))
        .collect()
}

/// Whether something of that instant still counts.
pub(crate) fn is_fresh(at: Timestamp, valid_days: u32, now: Timestamp) -> bool {
    now.duration_since(at).as_secs() <= i64::from(valid_days) * 86_400
}

/// The last instant at which something still counts.
pub(crate) fn valid_until(at: Timestamp, valid_days: u32) -> Timestamp {
    canonical::hours_after(at, valid_days.saturating_mul(24))
}

fn evidence_findings(t: &Transition, chunk: &ChunkId, now: Timestamp) -> Vec<Finding> {
    let legs = t.gates.get(chunk).map(|gate| &gate.evidence);
    let missing = |leg: GateLeg| match legs.and_then(|evidence| evidence.get(&leg)) {
        None => Some("no evidence".to_owned()),
        Some(e) if !e.passed => Some("red".to_owned()),
        Some(e) if !is_fresh(e.at, t.terms.evidence_valid_days, now) => Some(format!(
            "evidence older than {} days",
            t.terms.evidence_valid_days
        )),
        Some(_) => None,
    };
    GateLeg::ALL
        .into_iter()
        .filter_map(|leg| Some(leg.finds(missing(leg)?)))
        .collect()
}

pub(crate) fn record_evidence(t: &Transition, c: &RecordEvidence, now: Timestamp) -> Decided {
    t.require_chunk(&c.chunk)?;
    if c.reference.trim().is_empty() {
        return Err(bad(format!(
            "a reference to the evidence for {}",
            c.leg.words()
        )));
    }
    Ok(vec![Event::EvidenceRecorded(EvidenceRecorded {
        chunk: c.chunk.clone(),
        leg: c.leg,
        passed: c.passed,
        reference: c.reference.clone(),
        at: now,
    })])
}

pub(crate) fn sign(t: &Transition, c: &SignGate, actor: &Actor, now: Timestamp) -> Decided {
    account_manager::require(t)?;
    schedule::require_agreed(t)?;
    let chunk = t.require_chunk(&c.chunk)?;
    pauses::require_running(chunk)?;
    match &chunk.state {
        ChunkState::Agreed | ChunkState::Ready => {}
        ChunkState::Returned { incident } => fallback::require_cooled_down(t, incident, now)?,
        other => {
            return Err(other.refuse(&c.chunk, "a gate is signed before calls go out"));
        }
    }
    require_green(t, &c.chunk, now)?;
    let agreement = t
        .gates
        .get(&c.chunk)
        .map(|gate| gate.agreement.clone())
        .unwrap_or_default();
    let needs = t.needs_of_chunk(&chunk.planned);
    let hash = hash(t, &c.chunk);
    let (signed, passed) =
        match agreement.sign(&t.parties, needs, actor, &c.signature, &hash, now)? {
            Added::Already => return Ok(Vec::new()),
            Added::One(signed) => (signed, false),
            Added::Binding(signed) => (signed, true),
        };
    let mut events = vec![Event::GateSigned(GateSigned {
        chunk: c.chunk.clone(),
        signed,
    })];
    if passed {
        events.push(Event::GatePassed(GatePassed {
            chunk: c.chunk.clone(),
            at: now,
        }));
    }
    Ok(events)
}

/// Refuses while any leg or test cell is red or stale.
pub(crate) fn require_green(
    t: &Transition,
    chunk: &ChunkId,
    now: Timestamp,
) -> Result<(), Refusal> {
    crate::dissent::require_none(t, chunk)?;
    let missing = red(t, chunk, now);
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Code::GateRed)
        .missing_all(missing)
        .who("the owner of each leg; test calls are placed by the client's staff")
        .how("record evidence (`segue do record-evidence`) and test calls (`segue do record-test-call`), then both sign the gate"))
}

pub(crate) fn apply_evidence(t: &mut Transition, e: &EvidenceRecorded) {
    let gate = t.gates.entry(e.chunk.clone()).or_default();
    gate.evidence.insert(e.leg, e.clone());
    // Other evidence is another hash: whoever signed, signed something else.
    gate.agreement = Agreement::default();
    t.unready(&e.chunk);
}

pub(crate) fn apply_signed(t: &mut Transition, e: &GateSigned) {
    t.gates
        .entry(e.chunk.clone())
        .or_default()
        .agreement
        .add(&e.signed);
}

fn draw(t: &Transition, now: Timestamp) -> Board {
    let mut board = Board::new("Readiness gates", &["chunk", "leg", "lamp", "missing"]);
    for (id, chunk) in &t.chunks {
        let found = findings(t, id, now);
        for leg in GateLeg::ALL {
            let missing: Vec<_> = found.iter().filter(|f| f.leg == leg).collect();
            let lamp = if missing.is_empty() { "green" } else { "red" };
            let texts: Vec<_> = missing.iter().map(|f| f.text.as_str()).collect();
            board.row([
                id.to_string(),
                leg.words().to_owned(),
                lamp.to_owned(),
                texts.join(" · "),
            ]);
        }
        board.note(format!(
            "{id}: {}",
            crate::test_calls::proof_words(t, chunk, now)
        ));
        let stamps: Vec<_> = crate::waivers::stamps(t, id).collect();
        if !stamps.is_empty() {
            board.note(format!("{id}: {}", stamps.join(", ")));
        }
        if let ChunkState::Returned { incident } = &chunk.state {
            board.note(format!("{id} came home by {incident}"));
        }
    }
    board
}
