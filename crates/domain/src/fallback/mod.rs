//! Fallback: one authorised person of either party, alone, any time, no gate, idempotent; home wins every race (A31, I7).

mod scope;

pub use scope::Scope;

use crate::Decided;
use crate::actor::{Actor, Side};
use crate::canonical;
use crate::chunks::{Chunk, ChunkState};
use crate::contingency::incidents::FallbackReasonGiven;
use crate::contingency::library::TriggerKind;
use crate::contingency::open_work::HandedOver;
use crate::event::Event;
use crate::ids::{ChunkId, IncidentId, PersonId};
use crate::ladder;
use crate::lines::bad;
use crate::ramp;
use crate::refusal::{Code, Refusal};
use crate::share::TrafficShare;
use crate::signature::Agreement;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Brings calls home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Fallback {
    /// `all`, a site or a chunk.
    #[serde(default = "all")]
    pub scope: String,
    /// Why, in a few words; no caller data.
    #[serde(default)]
    pub reason: String,
    /// In-house people who can be reached, where somebody counted: fewer than needed is a warning, never a refusal.
    #[serde(default)]
    pub reachable: Option<u32>,
    /// In-house people needed.
    #[serde(default)]
    pub needed: Option<u32>,
}

impl Fallback {
    /// Brings a scope home, without a count of who can answer.
    pub fn of(scope: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            scope: scope.into(),
            reason: reason.into(),
            reachable: None,
            needed: None,
        }
    }
}

/// Says that a person in-house answered a call after the fallback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct VerifyReturn {
    /// The incident.
    pub incident: IncidentId,
    /// The test call that proved it.
    pub evidence: String,
}

/// Writes the incident note that the way out needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct WriteIncidentNote {
    /// The incident.
    pub incident: IncidentId,
    /// Where the note is kept.
    pub reference: String,
    /// Whether the cause was telephony alone: a shorter cool-down.
    #[serde(default)]
    pub telephony_only: bool,
}

/// What brought calls home.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Cause {
    /// A person pressed.
    #[default]
    Person,
    /// An automatic trigger that both parties signed (§7.1).
    Trigger {
        /// Which.
        kind: TriggerKind,
        /// Since when it was so.
        since: Timestamp,
        /// Calls that the forecast expects in 100 hours like this one.
        forecast_per_100_h: Option<u32>,
    },
    /// By hand, while this product was down; recorded afterwards.
    Paper {
        /// How.
        how: String,
        /// When it was recorded.
        recorded_at: Timestamp,
    },
}

/// Calls came home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FellBack {
    /// The incident it opened.
    pub incident: IncidentId,
    /// As asked: `all`, a site or a chunk.
    pub scope: String,
    /// Each chunk with its new epoch.
    pub chunks: Vec<Returned>,
    /// Why.
    pub reason: String,
    /// The party that pressed.
    pub by: Side,
    /// The person who pressed.
    pub person: PersonId,
    /// What brought them home.
    #[serde(default)]
    pub cause: Cause,
    /// In-house people who could be reached.
    #[serde(default)]
    pub reachable: Option<u32>,
    /// In-house people needed.
    #[serde(default)]
    pub needed: Option<u32>,
    /// When.
    pub at: Timestamp,
}

/// One chunk that came home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// The chunk.
    pub chunk: ChunkId,
    /// The share it had.
    pub from: TrafficShare,
    /// The epoch from now on; whatever was agreed below it is void.
    pub epoch: u64,
}

/// A person in-house answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnVerified {
    /// The incident.
    pub incident: IncidentId,
    /// The proof.
    pub evidence: String,
    /// When.
    pub at: Timestamp,
}

/// The incident note exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentNoteWritten {
    /// The incident.
    pub incident: IncidentId,
    /// Where it is kept.
    pub reference: String,
    /// Telephony alone.
    pub telephony_only: bool,
    /// When.
    pub at: Timestamp,
}

/// An incident in state.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Incident {
    /// The fact that opened it.
    pub opened: FellBack,
    /// The verifying call, once there was one.
    pub verified: Option<ReturnVerified>,
    /// The note, once written.
    pub note: Option<IncidentNoteWritten>,
    /// The reason, where it was given afterwards.
    pub reason: Option<FallbackReasonGiven>,
    /// The outsourcer's open work that came home with the calls.
    pub handed_over: HandedOver,
}

fn all() -> String {
    "all".into()
}

/// Calls coming home: why, when, and who can answer them.
pub(crate) struct Return {
    /// Why, in words.
    pub reason: String,
    /// A person, a trigger or paper.
    pub cause: Cause,
    /// When.
    pub at: Timestamp,
    /// In-house people who can be reached, where somebody said so.
    pub reachable: Option<u32>,
    /// In-house people needed.
    pub needed: Option<u32>,
}

pub(crate) fn fall_back(t: &Transition, c: &Fallback, actor: &Actor, now: Timestamp) -> Decided {
    let scope = Scope::with_open_door(t, &c.scope)?;
    let pressed = Return {
        reason: kept(&c.reason),
        cause: Cause::Person,
        at: now,
        reachable: c.reachable,
        needed: c.needed,
    };
    Ok(bring_home(t, &scope, pressed, actor))
}

/// A text as it is recorded: the way home waits for no wording, so what points at a caller is left out instead.
pub(crate) fn kept(text: &str) -> String {
    if text::caller_data(text).is_some() {
        return "left out: it pointed at one caller".into();
    }
    let printable = text.chars().filter(|c| !c.is_control());
    printable.take(text::TEXT_CHARS_MAX).collect()
}

/// Everything covered that is out, or about to go out, is home from now on. Already home: nothing, and harmless.
pub(crate) fn bring_home(
    t: &Transition,
    scope: &Scope,
    pressed: Return,
    actor: &Actor,
) -> Vec<Event> {
    let going = |(id, chunk): &(&ChunkId, &Chunk)| {
        scope.covers(id, chunk)
            && chunk.state != ChunkState::Closed
            && (chunk.is_out() || has_open_step(t, id, chunk))
    };
    let chunks: Vec<_> = t
        .chunks
        .iter()
        .filter(going)
        .map(|(id, chunk)| Returned {
            chunk: id.clone(),
            from: chunk.share,
            epoch: chunk.epoch + 1,
        })
        .collect();
    if chunks.is_empty() {
        return Vec::new();
    }
    vec![Event::FellBack(FellBack {
        incident: IncidentId(format!("INC-{}", t.incidents.len() + 1)),
        scope: scope.to_string(),
        chunks,
        reason: pressed.reason,
        by: actor.side,
        person: actor.person.clone(),
        cause: pressed.cause,
        reachable: pressed.reachable,
        needed: pressed.needed,
        at: pressed.at,
    })]
}

fn has_open_step(t: &Transition, id: &ChunkId, chunk: &Chunk) -> bool {
    let bound = |s: &crate::routing_changes::Step| {
        s.proposed.chunk == *id && s.proposed.epoch == chunk.epoch
    };
    t.steps.values().any(|step| !step.done && bound(step))
}

pub(crate) fn door_closed(id: &ChunkId) -> Refusal {
    Refusal::new(Code::DoorClosed)
        .missing(format!(
            "an open door for {id}: its hold period ended and both closed it"
        ))
        .who("the duty managers of both parties")
        .how("follow the contingency plan of the steady contract")
}

pub(crate) fn verify(t: &Transition, c: &VerifyReturn, now: Timestamp) -> Decided {
    let incident = require_incident(t, &c.incident)?;
    if incident.verified.is_some() {
        return Ok(Vec::new());
    }
    if c.evidence.trim().is_empty() {
        return Err(bad("the test call a person in-house answered".into()));
    }
    let (incident, evidence) = (c.incident.clone(), c.evidence.clone());
    Ok(vec![Event::ReturnVerified(ReturnVerified {
        incident,
        evidence,
        at: now,
    })])
}

pub(crate) fn write_note(t: &Transition, c: &WriteIncidentNote, now: Timestamp) -> Decided {
    require_incident(t, &c.incident)?;
    if c.reference.trim().is_empty() {
        return Err(bad("where the incident note is kept".into()));
    }
    Ok(vec![Event::IncidentNoteWritten(IncidentNoteWritten {
        incident: c.incident.clone(),
        reference: c.reference.clone(),
        telephony_only: c.telephony_only,
        at: now,
    })])
}

pub(crate) fn require_incident<'a>(
    t: &'a Transition,
    id: &IncidentId,
) -> Result<&'a Incident, Refusal> {
    t.incidents.get(id).ok_or_else(|| {
        let known: Vec<_> = t.incidents.keys().map(ToString::to_string).collect();
        Refusal::new(Code::Unknown)
            .missing(format!("incident `{id}`"))
            .how(format!("known incidents: {}", known.join(", ")))
    })
}

/// The way out again: verified return, note, cool-down.
pub(crate) fn require_cooled_down(
    t: &Transition,
    id: &IncidentId,
    now: Timestamp,
) -> Result<(), Refusal> {
    let incident = require_incident(t, id)?;
    let mut missing = Vec::new();
    if incident.verified.is_none() {
        missing.push(format!(
            "a call answered in-house after {id} (`segue do verify-return`)"
        ));
    }
    let hours = match &incident.note {
        None => {
            missing.push(format!(
                "the incident note of {id} (`segue do write-incident-note`)"
            ));
            t.terms.cool_down_h
        }
        Some(note) if note.telephony_only => {
            let telephony_h = t.terms.contingency.telephony_cool_down_h;
            t.terms.cool_down_h.min(telephony_h)
        }
        Some(_) => t.terms.cool_down_h,
    };
    let until = canonical::hours_after(incident.opened.at, hours);
    if now < until {
        missing.push(format!(
            "the cool-down of {hours} h, which ends at {}",
            text::minute(until)
        ));
    }
    missing.extend(incident.handed_over.missing());
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Code::CoolDown)
        .missing_all(missing)
        .who("both parties")
        .how("close what is open, then sign the gate again"))
}

pub(crate) fn apply_fell_back(t: &mut Transition, e: &FellBack) {
    for returned in &e.chunks {
        t.epoch_highest = t.epoch_highest.max(returned.epoch);
        if let Some(chunk) = t.chunks.get_mut(&returned.chunk) {
            chunk.share = TrafficShare::HOME;
            chunk.epoch = returned.epoch;
            chunk.paused = None;
            chunk.state = ChunkState::Returned {
                incident: e.incident.clone(),
            };
        }
        if let Some(gate) = t.gates.get_mut(&returned.chunk) {
            gate.agreement = Agreement::default();
        }
        t.acceptances.remove(&returned.chunk);
        ramp::note(t, &returned.chunk, TrafficShare::HOME, e.at);
    }
    ladder::reviews::follow_fallback(t, &e.incident, e.at);
    let incident = Incident {
        handed_over: HandedOver::by(t, e),
        opened: e.clone(),
        verified: None,
        note: None,
        reason: None,
    };
    t.incidents.insert(e.incident.clone(), incident);
}

pub(crate) fn apply_verified(t: &mut Transition, e: &ReturnVerified) {
    if let Some(incident) = t.incidents.get_mut(&e.incident) {
        incident.verified = Some(e.clone());
    }
}

pub(crate) fn apply_note(t: &mut Transition, e: &IncidentNoteWritten) {
    if let Some(incident) = t.incidents.get_mut(&e.incident) {
        incident.note = Some(e.clone());
    }
}
