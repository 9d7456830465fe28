//! The paths that bypass the split (§7.11): to a nurse from every chunk below triage, to the emergency service of the
//! patient's location, to 988, and each line's last resort.

use super::{days_since, require_chunks};
use crate::Decided;
use crate::chunks::Chunk;
use crate::event::Event;
use crate::gates::{Finding, GateLeg};
use crate::ids::{ChunkId, LineId};
use crate::ladder::Rung;
use crate::lines::{EMERGENCY_NUMBERS, Line, bad};
use crate::refusal::{Code, Refusal};
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Records a test of the escalation path: chest pain on a message line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordEscalationTest {
    /// The chunks whose agents escalated.
    pub chunks: Vec<ChunkId>,
    /// The internal number they reached the nurse by: one of the line's escalation numbers.
    pub number: String,
    /// Seconds until a nurse was on the line; 0 where the test failed before one was.
    pub nurse_after_s: u32,
    /// Whether the caller, the agent and the nurse were on the line together.
    pub warm: bool,
    /// Whether the call went past the split.
    pub past_split: bool,
    /// Whether it failed, whatever else was seen: nobody answered, somebody else did, one did not hear the other.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// Records a drill of emergencies, with test partners: never with the live service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordEmergencyDrill {
    /// The chunks drilled.
    pub chunks: Vec<ChunkId>,
    /// The test partner's number that stood in for the emergency service.
    pub partner_number: String,
    /// Whether the service was that of the patient's location, not of the centre's.
    pub by_patient_location: bool,
    /// Whether the agent asked for the address before anything else.
    pub address_first: bool,
    /// Whether a caller for 988 was handed over warm.
    pub crisis_line_warm: bool,
}

/// Records a call to the last resort of lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordLastResortCall {
    /// The lines.
    pub lines: Vec<LineId>,
    /// Whether somebody, or the agreed announcement, answered.
    pub answered: bool,
    /// Where the protocol of the call is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// An escalation path was tested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EscalationTested {
    /// The chunks.
    pub chunks: Vec<ChunkId>,
    /// The number.
    pub number: String,
    /// Seconds to a nurse.
    pub nurse_after_s: u32,
    /// Warm.
    pub warm: bool,
    /// Past the split.
    pub past_split: bool,
    /// It failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// When.
    pub at: Timestamp,
}

/// Emergencies were drilled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergencyDrilled {
    /// The chunks.
    pub chunks: Vec<ChunkId>,
    /// The partner.
    pub partner_number: String,
    /// The service of the patient's location.
    pub by_patient_location: bool,
    /// Address first.
    pub address_first: bool,
    /// 988 warm.
    pub crisis_line_warm: bool,
    /// When.
    pub at: Timestamp,
}

/// A last resort was called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastResortCalled {
    /// The lines.
    pub lines: Vec<LineId>,
    /// Whether it answered.
    pub answered: bool,
    /// Where the protocol is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When.
    pub at: Timestamp,
}

pub(crate) fn record_test(t: &Transition, c: &RecordEscalationTest, now: Timestamp) -> Decided {
    require_chunks(t, &c.chunks)?;
    for id in &c.chunks {
        let chunk = t.require_chunk(id)?;
        let mut known = lines(t, chunk).flat_map(|line| &line.escalation_numbers);
        if !known.any(|number| *number == c.number) {
            return Err(bad(format!(
                "an escalation number of the lines of {id} instead of `{}`",
                c.number
            )));
        }
    }
    Ok(vec![Event::EscalationTested(EscalationTested {
        chunks: c.chunks.clone(),
        number: c.number.clone(),
        nurse_after_s: c.nurse_after_s,
        warm: c.warm,
        past_split: c.past_split,
        failed: c.failed,
        at: now,
    })])
}

pub(crate) fn record_emergency(
    t: &Transition,
    c: &RecordEmergencyDrill,
    now: Timestamp,
) -> Decided {
    require_chunks(t, &c.chunks)?;
    let number: String = c
        .partner_number
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    if EMERGENCY_NUMBERS.contains(&number.as_str()) {
        return Err(Refusal::new(Code::EmergencyTarget)
            .missing(format!("a test partner's number instead of {number}"))
            .who("the person who plans the drill")
            .how("drill with a test partner who plays the emergency service; never call the live one"));
    }
    if number.is_empty() || c.partner_number.chars().count() > text::TITLE_CHARS_MAX {
        return Err(bad("the number of the test partner".into()));
    }
    Ok(vec![Event::EmergencyDrilled(EmergencyDrilled {
        chunks: c.chunks.clone(),
        partner_number: c.partner_number.clone(),
        by_patient_location: c.by_patient_location,
        address_first: c.address_first,
        crisis_line_warm: c.crisis_line_warm,
        at: now,
    })])
}

pub(crate) fn record_last_resort(
    t: &Transition,
    c: &RecordLastResortCall,
    now: Timestamp,
) -> Decided {
    text::list("lines", &c.lines)?;
    if let Some(reference) = &c.reference {
        text::title("where the protocol of the call is", reference)?;
    }
    if c.lines.is_empty() {
        return Err(bad("at least one line".into()));
    }
    if let Some(unknown) = c.lines.iter().find(|id| t.line(id).is_none()) {
        let known: Vec<_> = t.lines.iter().map(|line| line.id.to_string()).collect();
        return Err(Refusal::new(Code::Unknown)
            .missing(format!("line `{unknown}`"))
            .how(format!("choose one of: {}", known.join(", "))));
    }
    Ok(vec![Event::LastResortCalled(LastResortCalled {
        lines: c.lines.clone(),
        answered: c.answered,
        reference: c.reference.clone(),
        at: now,
    })])
}

pub(crate) fn apply_tested(t: &mut Transition, e: &EscalationTested) {
    for chunk in &e.chunks {
        t.contingency.escalations.insert(chunk.clone(), e.clone());
    }
}

pub(crate) fn apply_emergency(t: &mut Transition, e: &EmergencyDrilled) {
    for chunk in &e.chunks {
        t.contingency.emergencies.insert(chunk.clone(), e.clone());
    }
}

pub(crate) fn apply_last_resort(t: &mut Transition, e: &LastResortCalled) {
    for line in &e.lines {
        t.contingency.last_resorts.insert(line.clone(), e.clone());
    }
}

fn lines<'t>(t: &'t Transition, chunk: &'t Chunk) -> impl Iterator<Item = &'t Line> + 't {
    chunk.planned.lines.iter().filter_map(|id| t.line(id))
}

pub(super) fn findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let mut found = escalation_findings(t, chunk, now);
    found.extend(emergency_findings(t, chunk, now));
    found.extend(last_resort_findings(t, chunk, now));
    found
}

/// From every chunk below triage a nurse is reached, past the split, warm and fast.
fn escalation_findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    if t.rung(&chunk.planned.call_type) >= Some(Rung::Triage) {
        return Vec::new();
    }
    let without = lines(t, chunk).filter(|line| line.escalation_numbers.is_empty());
    let mut texts: Vec<_> = without
        .map(|line| format!("no escalation number of line {}", line.id))
        .collect();
    match t.contingency.escalations.get(&chunk.planned.id) {
        None => texts.push("escalation to a nurse never tested".into()),
        Some(test) => {
            let (days, valid_days) = (days_since(test.at, now), t.terms.evidence_valid_days);
            if days > i64::from(valid_days) {
                texts.push(format!(
                    "escalation tested {days} days ago, at most {valid_days}"
                ));
            }
            let most_s = t.terms.contingency.escalation_answer_s;
            if test.nurse_after_s > most_s {
                texts.push(format!(
                    "escalation reached a nurse after {} s, at most {most_s} s",
                    test.nurse_after_s
                ));
            }
            if !test.warm {
                texts.push("the escalation was not warm".into());
            }
            if !test.past_split {
                texts.push("the escalation went through the split".into());
            }
            if test.failed {
                texts.push("the last test of the escalation failed".into());
            }
        }
    }
    processes(texts)
}

fn emergency_findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let Some(drill) = t.contingency.emergencies.get(&chunk.planned.id) else {
        return processes(vec!["911 and 988 never drilled".into()]);
    };
    let valid_days = t.terms.contingency.emergency_drill_valid_days;
    let days = days_since(drill.at, now);
    let mut texts = Vec::new();
    if days > i64::from(valid_days) {
        texts.push(format!(
            "911 and 988 drilled {days} days ago, at most {valid_days}"
        ));
    }
    for (so, otherwise) in [
        (
            drill.by_patient_location,
            "911 drill: not the emergency service of the patient's location",
        ),
        (
            drill.address_first,
            "911 drill: the address was not asked first",
        ),
        (drill.crisis_line_warm, "988 drill: not handed over warm"),
    ] {
        if !so {
            texts.push(otherwise.into());
        }
    }
    processes(texts)
}

fn processes(texts: Vec<String>) -> Vec<Finding> {
    let texts = texts.into_iter();
    texts.map(|text| GateLeg::Processes.finds(text)).collect()
}

fn last_resort_findings(t: &Transition, chunk: &Chunk, now: Timestamp) -> Vec<Finding> {
    let valid_days = t.terms.contingency.last_resort_valid_days;
    let wrong = |line: &Line| {
        let id = &line.id;
        let Some(call) = t.contingency.last_resorts.get(id) else {
            return Some(format!("last resort of {id} never called"));
        };
        let days = days_since(call.at, now);
        if !call.answered {
            Some(format!("last resort of {id} did not answer"))
        } else if days > i64::from(valid_days) {
            Some(format!(
                "last resort of {id} called {days} days ago, at most {valid_days}"
            ))
        } else {
            None
        }
    };
    lines(t, chunk)
        .filter_map(wrong)
        .map(|text| GateLeg::Technology.finds(text))
        .collect()
}
