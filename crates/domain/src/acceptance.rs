//! Acceptance and hold: a numeric outcome both sign, then the door stays open until the hold period ends (A11, A21, §7.8).

use crate::Decided;
use crate::actor::Actor;
use crate::chunks::{Chunk, ChunkState};
use crate::event::Event;
use crate::headaches::Headaches;
use crate::hold;
use crate::ids::ChunkId;
use crate::refusal::{Code, Refusal};
use crate::signature::{Added, Agreement, SignatureInput, Signed};
use crate::transition::Transition;
use crate::{canonical, pauses, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use crate::proof::Verdict;

/// One concern's question before acceptance; what it answers is missing.
type AcceptanceCheck = fn(&Transition, &Chunk, &OutcomeRecord, Timestamp) -> Vec<String>;
/// One concern's question before closure.
type ClosureCheck = fn(&Transition, &Chunk, Timestamp) -> Result<(), Refusal>;

/// What each concern still asks before a chunk is accepted.
#[rustfmt::skip] // one line per concern
const CHECKS: &[AcceptanceCheck] = &[
    crate::parity::findings,
    crate::qa::findings,
    crate::soak::findings,
];

/// What each concern still asks before the door of a chunk is closed.
#[rustfmt::skip] // one line per concern
const CLOSURE_CHECKS: &[ClosureCheck] = &[
    crate::scorecard::check_closure,
];

/// The outcome record a chunk closes with (A11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OutcomeRecord {
    /// Calls the outsourcer was offered in the period judged.
    pub offered: u64,
    /// Answered within the agreed threshold.
    pub answered_within: u64,
    /// Abandoned.
    pub abandoned: u64,
    /// Calls answered.
    #[serde(default)]
    pub answered: u64,
    /// Their handle time in sum, in seconds.
    #[serde(default)]
    pub handle_s: u64,
    /// Incidents in the period.
    pub incidents: u32,
    /// What else went badly, for the headache index.
    #[serde(default)]
    pub headaches: Headaches,
    /// The same of the in-house centre before the move, over as many calls as stand there.
    #[serde(default)]
    pub headaches_in_house: Headaches,
    /// The formula the two parties agreed.
    pub formula: String,
    /// The verdict over every critical measure.
    pub verdict: Verdict,
    /// Where the evidence is.
    pub evidence: String,
}

/// Proposes that a chunk is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProposeAcceptance {
    /// The chunk.
    pub chunk: ChunkId,
    /// Its numbers.
    pub outcome: OutcomeRecord,
}

/// Accepts a chunk for one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignAcceptance {
    /// The chunk.
    pub chunk: ChunkId,
    /// Over the hash of chunk, epoch and outcome.
    #[serde(flatten)]
    pub signature: SignatureInput,
}

/// Closes the door of a chunk for one party, after the hold period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignClosure {
    /// The chunk.
    pub chunk: ChunkId,
    /// Over the hash of chunk and epoch.
    #[serde(flatten)]
    pub signature: SignatureInput,
}

/// Somebody proposed acceptance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptanceProposed {
    /// The chunk.
    pub chunk: ChunkId,
    /// Its numbers.
    pub outcome: OutcomeRecord,
    /// What both sign.
    pub hash: String,
    /// When.
    pub at: Timestamp,
}

/// One party signed acceptance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptanceSigned {
    /// The chunk.
    pub chunk: ChunkId,
    /// The signature.
    pub signed: Signed,
}

/// Both accepted; the hold period runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkAccepted {
    /// The chunk.
    pub chunk: ChunkId,
    /// The door stays open until then.
    pub hold_until: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// One party signed that the door may close.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosureSigned {
    /// The chunk.
    pub chunk: ChunkId,
    /// The signature.
    pub signed: Signed,
}

/// Both closed the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkClosed {
    /// The chunk.
    pub chunk: ChunkId,
    /// When.
    pub at: Timestamp,
}

/// Acceptance and closure of a chunk, in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Acceptance {
    /// The fact that proposed it.
    pub proposed: AcceptanceProposed,
    /// Signatures of acceptance.
    pub agreement: Agreement,
    /// Signatures of closure.
    pub closure: Agreement,
}

pub(crate) fn propose(t: &Transition, c: &ProposeAcceptance, now: Timestamp) -> Decided {
    require_ready(t, &c.chunk, &c.outcome, now)?;
    let epoch = t.require_chunk(&c.chunk)?.epoch;
    let hash = canonical::hash("acceptance", &(&t.id, &c.chunk, epoch, &c.outcome));
    let (chunk, outcome) = (c.chunk.clone(), c.outcome.clone());
    Ok(vec![Event::AcceptanceProposed(AcceptanceProposed {
        chunk,
        outcome,
        hash,
        at: now,
    })])
}

fn require_ready(
    t: &Transition,
    id: &ChunkId,
    outcome: &OutcomeRecord,
    now: Timestamp,
) -> Result<(), Refusal> {
    let chunk = t.require_chunk(id)?;
    if chunk.state != ChunkState::Live {
        return Err(chunk.state.refuse(id, "only a live chunk is accepted"));
    }
    require_formula(t, &outcome.formula)?;
    pauses::require_running(chunk)?;
    let mut missing = Vec::new();
    let last = chunk.planned.last_share();
    if chunk.share < last {
        missing.push(format!(
            "the last agreed step, {} %; {id} stands at {} %",
            last.percent(),
            chunk.share.percent()
        ));
    }
    if outcome.verdict != Verdict::Pass {
        missing.push(
            "the verdict `pass` on every critical measure; too little data is not a pass".into(),
        );
    }
    let accounted = outcome.answered_within.saturating_add(outcome.abandoned);
    if outcome.offered == 0 || accounted > outcome.offered {
        missing.push(
            "counts that add up: answered in time + abandoned ≤ offered, offered above zero".into(),
        );
    }
    if outcome.evidence.trim().is_empty() {
        missing.push("a reference to the evidence".into());
    }
    missing.extend(
        CHECKS
            .iter()
            .flat_map(|check| check(t, chunk, outcome, now)),
    );
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Code::AcceptanceNotReady)
        .missing_all(missing)
        .who("both parties")
        .how("finish the ramp and let the evidence grow, then propose acceptance again"))
}

/// Numbers by two formulas are never compared (B13).
fn require_formula(t: &Transition, formula: &str) -> Result<(), Refusal> {
    let agreed = &t.terms.service_level_formula;
    if formula == agreed {
        return Ok(());
    }
    Err(Refusal::new(Code::FormulaMismatch)
        .missing(format!(
            "numbers by the agreed formula {agreed}, not {formula}"
        ))
        .who("whoever made the report")
        .how("compute the outcome by the formula both signed, then propose acceptance again"))
}

pub(crate) fn sign(t: &Transition, c: &SignAcceptance, actor: &Actor, now: Timestamp) -> Decided {
    let acceptance = require_proposed(t, &c.chunk)?;
    let chunk = t.require_chunk(&c.chunk)?;
    if chunk.is_accepted() {
        return Ok(Vec::new());
    }
    require_ready(t, &c.chunk, &acceptance.proposed.outcome, now)?;
    let needs = t.needs_of_chunk(&chunk.planned);
    let hash = &acceptance.proposed.hash;
    let (signed, both) =
        match acceptance
            .agreement
            .sign(&t.parties, needs, actor, &c.signature, hash, now)?
        {
            Added::Already => return Ok(Vec::new()),
            Added::One(signed) => (signed, false),
            Added::Binding(signed) => (signed, true),
        };
    let mut events = vec![Event::AcceptanceSigned(AcceptanceSigned {
        chunk: c.chunk.clone(),
        signed,
    })];
    if both {
        let hold_until = hold::hold_until(t, &chunk.planned, now);
        events.push(Event::ChunkAccepted(ChunkAccepted {
            chunk: c.chunk.clone(),
            hold_until,
            at: now,
        }));
    }
    Ok(events)
}

/// What both sign to close the door.
pub fn closure_hash(t: &Transition, id: &ChunkId) -> String {
    canonical::hash("closure", &(&t.id, id, t.chunk(id).map(|c| c.epoch)))
}

pub(crate) fn close(t: &Transition, c: &SignClosure, actor: &Actor, now: Timestamp) -> Decided {
    let chunk = t.require_chunk(&c.chunk)?;
    let hold_until = match &chunk.state {
        ChunkState::Held { hold_until, .. } => *hold_until,
        ChunkState::Closed => return Ok(Vec::new()),
        other => return Err(other.refuse(&c.chunk, "only a held chunk is closed")),
    };
    pauses::require_running(chunk)?;
    if now < hold_until {
        return Err(Refusal::new(Code::HoldRunning)
            .missing(format!(
                "the end of the hold period of {}, {}",
                c.chunk,
                text::minute(hold_until)
            ))
            .who("nobody: the door stays open that long")
            .how("close it after the hold period"));
    }
    CLOSURE_CHECKS
        .iter()
        .try_for_each(|check| check(t, chunk, now))?;
    let closure = &require_proposed(t, &c.chunk)?.closure;
    let needs = t.needs_of_chunk(&chunk.planned);
    let hash = closure_hash(t, &c.chunk);
    let (signed, both) = match closure.sign(&t.parties, needs, actor, &c.signature, &hash, now)? {
        Added::Already => return Ok(Vec::new()),
        Added::One(signed) => (signed, false),
        Added::Binding(signed) => (signed, true),
    };
    let mut events = vec![Event::ClosureSigned(ClosureSigned {
        chunk: c.chunk.clone(),
        signed,
    })];
    if both {
        events.push(Event::ChunkClosed(ChunkClosed {
            chunk: c.chunk.clone(),
            at: now,
        }));
    }
    Ok(events)
}

fn require_proposed<'a>(t: &'a Transition, id: &ChunkId) -> Result<&'a Acceptance, Refusal> {
    t.acceptances.get(id).ok_or_else(|| {
        Refusal::new(Code::Unknown)
            .missing(format!("a proposed acceptance of {id}"))
            .how("propose it with its outcome record (`segue do propose-acceptance`)")
    })
}

pub(crate) fn apply_proposed(t: &mut Transition, e: &AcceptanceProposed) {
    let (agreement, closure) = (Agreement::default(), Agreement::default());
    t.acceptances.insert(
        e.chunk.clone(),
        Acceptance {
            proposed: e.clone(),
            agreement,
            closure,
        },
    );
}

pub(crate) fn apply_signed(t: &mut Transition, e: &AcceptanceSigned) {
    if let Some(acceptance) = t.acceptances.get_mut(&e.chunk) {
        acceptance.agreement.add(&e.signed);
    }
}

pub(crate) fn apply_closure(t: &mut Transition, e: &ClosureSigned) {
    if let Some(acceptance) = t.acceptances.get_mut(&e.chunk) {
        acceptance.closure.add(&e.signed);
    }
}
