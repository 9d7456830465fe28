//! Who may take a call of a patient in a state, and what happens when nobody may (scenario 14).

use super::compact::{checked_on, state_named};
use super::{CallEscalated, eligible, licences_of};
use crate::Decided;
use crate::agents::{Credential, RosteredAgent, rostered_for};
use crate::event::Event;
use crate::ids::{AgentId, CallTypeId, StateCode};
use crate::ladder::Rung;
use crate::legal_tables::{self, LegalTable};
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Escalates a call to the physician on call: no nurse may advise where the patient is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EscalateCall {
    /// The call type.
    pub call_type: CallTypeId,
    /// Where the patient is, as the caller answered: `CA` or `California`.
    pub patient_state: String,
}

/// A call that somebody should take.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The call type; none means the hardest there is.
    pub call_type: Option<&'q CallTypeId>,
    /// Where the patient is, as the caller answered; none while nobody asked.
    pub patient_state: Option<&'q str>,
    /// The agents who are free; empty means everybody on the roster.
    pub among: &'q [AgentId],
}

/// An agent with the reason for or against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Considered {
    /// The outsourcer's number.
    pub agent: AgentId,
    /// Why.
    pub reason: String,
}

/// Who may take the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Routing {
    /// Agents who may.
    pub eligible: Vec<Considered>,
    /// Agents who may not, here and now.
    pub not_eligible: Vec<Considered>,
    /// What to do, in a sentence.
    pub reason: String,
    /// When nobody may: the physician on call calls back by then.
    pub physician_callback_by: Option<Timestamp>,
    /// The day the compact's rows were checked.
    pub table_checked_on: Option<Date>,
    /// "Verify with counsel", until the client's compliance officer confirmed the rows.
    pub banner: Option<String>,
}

/// The agents of a call type who may take a call of a patient in that state at that instant. Anybody may take a message
/// and tell a caller to dial 911 or 988, anywhere.
///
/// # Errors
/// `UNKNOWN` for a call type that is none; `PATIENT_LOCATION` while nobody asked where the patient is.
pub fn route_eligible(
    t: &Transition,
    question: &Question<'_>,
    at: Timestamp,
) -> Result<Routing, Refusal> {
    let hardest = t.call_types.iter().max_by_key(|kind| kind.rung());
    let hardest = hardest.map(|kind| kind.id.clone()).unwrap_or_default();
    let call_type = question.call_type.unwrap_or(&hardest);
    let licensed = require_rung(t, call_type)? >= Rung::Consult;
    let state = match question.patient_state {
        Some(text) => Some(require_state(t, text)?),
        None if licensed => return Err(not_asked("the state the patient is in now")),
        None => None,
    };
    let consider = |agent: &RosteredAgent| match &state {
        Some(state) if licensed => judge(t, agent, state, at),
        _ => Ok("no licence is needed for this call".into()),
    };
    let (mut yes, mut no) = (Vec::new(), Vec::new());
    let free =
        |agent: &&RosteredAgent| question.among.is_empty() || question.among.contains(&agent.agent);
    for rostered in rostered_for(t, call_type).filter(free) {
        let agent = rostered.agent.clone();
        match consider(rostered) {
            Ok(reason) => yes.push(Considered { agent, reason }),
            Err(reason) => no.push(Considered { agent, reason }),
        }
    }
    let callback = yes.is_empty().then(|| callback_by(t, at));
    Ok(Routing {
        reason: advice(t, &yes, state.as_ref()),
        eligible: yes,
        not_eligible: no,
        physician_callback_by: callback,
        table_checked_on: checked_on(&t.licences.compact),
        banner: legal_tables::banner(t, LegalTable::Compact),
    })
}

fn judge(
    t: &Transition,
    agent: &RosteredAgent,
    state: &StateCode,
    at: Timestamp,
) -> Result<String, String> {
    if agent.credential < Credential::RegisteredNurse {
        return Err("only a registered nurse assesses".into());
    }
    let licences = licences_of(t, &agent.agent);
    let answer = eligible(&t.licences.compact, licences, state, at, &t.terms.licences);
    if answer.eligible {
        Ok(answer.reason)
    } else {
        Err(answer.reason)
    }
}

fn advice(t: &Transition, eligible: &[Considered], state: Option<&StateCode>) -> String {
    if let Some(first) = eligible.first() {
        return format!("{} or another eligible agent takes the call", first.agent);
    }
    let place = state.map(|s| format!(" in {s}")).unwrap_or_default();
    format!(
        "no agent may take this call{place}: the physician on call calls back within {} min; a message and the advice to dial 911 or 988 are always permitted",
        t.terms.licences.physician_callback_max_min
    )
}

fn callback_by(t: &Transition, at: Timestamp) -> Timestamp {
    let wait = i64::from(t.terms.licences.physician_callback_max_min);
    let by = at.checked_add(SignedDuration::from_mins(wait));
    by.unwrap_or(Timestamp::MAX)
}

fn require_rung(t: &Transition, call_type: &CallTypeId) -> Result<Rung, Refusal> {
    t.rung(call_type).ok_or_else(|| {
        let known: Vec<_> = t.call_types.iter().map(|k| k.id.as_str()).collect();
        Refusal::new(Code::Unknown)
            .missing(format!("call type `{call_type}`"))
            .how(format!("choose one of: {}", known.join(", ")))
    })
}

fn require_state(t: &Transition, text: &str) -> Result<StateCode, Refusal> {
    state_named(&t.licences.compact, text)
        .ok_or_else(|| not_asked("a state by its name or two letters"))
}

fn not_asked(missing: &str) -> Refusal {
    Refusal::new(Code::PatientLocation)
        .missing(missing)
        .who("whoever is on the phone with the caller")
        .how("ask the caller where the patient is now; an area code is no location")
}

pub(crate) fn escalate(t: &Transition, c: &EscalateCall, now: Timestamp) -> Decided {
    require_rung(t, &c.call_type)?;
    Ok(vec![Event::CallEscalated(CallEscalated {
        call_type: c.call_type.clone(),
        patient_state: require_state(t, &c.patient_state)?,
        callback_by: callback_by(t, now),
        at: now,
    })])
}
