//! Paused (§4.4, §7.7): either party alone stops a chunk where it stands. The share stays as it is; the way on needs both
//! parties, the way home nobody's leave.

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::canonical;
use crate::chunks::{Chunk, ChunkState};
use crate::event::Event;
use crate::ids::{ChunkId, PersonId};
use crate::lines::bad;
use crate::refusal::{Code, Refusal};
use crate::signature::{Added, Agreement, SignatureInput, Signed};
use crate::transition::Transition;
use crate::{account_manager, fallback, site_serial, text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Pauses a chunk: one person of either party, alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PauseChunk {
    /// The chunk.
    pub chunk: ChunkId,
    /// Why, in a few words; no caller data.
    pub reason: String,
    /// The calls that it was seen by, each by its own number (`X-Segue-Call`); none of a caller's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<String>,
    /// Where the record of what was seen is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Signs for one party that a paused chunk goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignResume {
    /// The chunk.
    pub chunk: ChunkId,
    /// Over the hash of the chunk, its epoch and its pause.
    #[serde(flatten)]
    pub signature: SignatureInput,
}

/// A chunk is paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkPaused {
    /// The chunk.
    pub chunk: ChunkId,
    /// Why.
    pub reason: String,
    /// The calls that it was seen by, each by its own number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<String>,
    /// Where the record of what was seen is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The party that paused it.
    pub by: Side,
    /// The person who paused it.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// One party signed that it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumeSigned {
    /// The chunk.
    pub chunk: ChunkId,
    /// The signature.
    pub signed: Signed,
}

/// Everybody signed: the chunk is in its previous state again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkResumed {
    /// The chunk.
    pub chunk: ChunkId,
    /// When.
    pub at: Timestamp,
}

/// A pause in state; the chunk keeps the state it was paused in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pause {
    /// The fact that paused it.
    pub paused: ChunkPaused,
    /// Signatures that it goes on.
    pub agreement: Agreement,
}

/// What is signed to go on; `None` when the chunk is not paused.
pub fn hash(t: &Transition, id: &ChunkId) -> Option<String> {
    let chunk = t.chunk(id)?;
    let pause = chunk.paused.as_ref()?;
    let signed = (&t.id, id, chunk.epoch, &pause.paused.at);
    Some(canonical::hash("resume", &signed))
}

/// Whether a text is a call's own number, which says nothing of its caller.
pub fn is_call(text: &str) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    text.len() == 32 && text.as_bytes().iter().all(is_digit)
}

pub(crate) fn pause(t: &Transition, c: &PauseChunk, actor: &Actor, now: Timestamp) -> Decided {
    let chunk = t.require_chunk(&c.chunk)?;
    if chunk.state == ChunkState::Closed {
        return Err(fallback::door_closed(&c.chunk));
    }
    text::free("why the chunk is paused", &c.reason)?;
    text::list("calls", &c.calls)?;
    if !c.calls.iter().all(|call| is_call(call)) {
        // What stands there instead may be a caller's number, and is not repeated.
        let wanted =
            "each call by its own number, 32 digits of 0-9 and a-f as `X-Segue-Call` has it";
        return Err(bad(wanted.into()));
    }
    if let Some(reference) = &c.reference {
        text::title("where the record of what was seen is", reference)?;
    }
    if chunk.paused.is_some() {
        return Ok(Vec::new());
    }
    Ok(vec![Event::ChunkPaused(ChunkPaused {
        chunk: c.chunk.clone(),
        reason: c.reason.clone(),
        calls: c.calls.clone(),
        reference: c.reference.clone(),
        by: actor.side,
        person: actor.person.clone(),
        at: now,
    })])
}

pub(crate) fn resume(t: &Transition, c: &SignResume, actor: &Actor, now: Timestamp) -> Decided {
    account_manager::require(t)?;
    let chunk = t.require_chunk(&c.chunk)?;
    let (Some(pause), Some(hash)) = (&chunk.paused, hash(t, &c.chunk)) else {
        return Err(chunk
            .state
            .refuse(&c.chunk, "only a paused chunk is resumed"));
    };
    if chunk.state == ChunkState::Live {
        site_serial::check(t, &chunk.planned.site)?;
    }
    let needs = t.needs_of_chunk(&chunk.planned);
    let (signed, binding) =
        match pause
            .agreement
            .sign(&t.parties, needs, actor, &c.signature, &hash, now)?
        {
            Added::Already => return Ok(Vec::new()),
            Added::One(signed) => (signed, false),
            Added::Binding(signed) => (signed, true),
        };
    let chunk = c.chunk.clone();
    let mut events = vec![Event::ResumeSigned(ResumeSigned {
        chunk: chunk.clone(),
        signed,
    })];
    if binding {
        events.push(Event::ChunkResumed(ChunkResumed { chunk, at: now }));
    }
    Ok(events)
}

/// Refuses whatever goes forward while the chunk is paused.
pub(crate) fn require_running(chunk: &Chunk) -> Result<(), Refusal> {
    let Some(pause) = &chunk.paused else {
        return Ok(());
    };
    let (id, p) = (&chunk.planned.id, &pause.paused);
    let seen = p.reference.as_ref().map(|at| format!("; evidence {at}"));
    Err(Refusal::new(Code::WrongState)
        .missing(format!(
            "another state of {id} than paused: the {} paused it at {} ({}{})",
            p.by,
            p.at,
            p.reason,
            seen.unwrap_or_default()
        ))
        .who("a signatory of each party")
        .how(format!(
            "both sign that it goes on (`segue do sign-resume --chunk {id} --key FILE`), or bring it home"
        )))
}

pub(crate) fn apply_paused(t: &mut Transition, e: &ChunkPaused) {
    if let Some(chunk) = t.chunks.get_mut(&e.chunk) {
        chunk.paused = Some(Pause {
            paused: e.clone(),
            agreement: Agreement::default(),
        });
    }
}

pub(crate) fn apply_signed(t: &mut Transition, e: &ResumeSigned) {
    let chunk = t.chunks.get_mut(&e.chunk);
    if let Some(pause) = chunk.and_then(|chunk| chunk.paused.as_mut()) {
        pause.agreement.add(&e.signed);
    }
}

pub(crate) fn apply_resumed(t: &mut Transition, e: &ChunkResumed) {
    if let Some(chunk) = t.chunks.get_mut(&e.chunk) {
        chunk.paused = None;
    }
}
