//! What a caller should experience: workshops with the voices that know, and statements that can be measured (B15).

use crate::Decided;
use crate::event::Event;
use crate::lines::bad;
use crate::text;
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Whose voice somebody is at a workshop.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    /// The client's clinicians.
    ClientClinical,
    /// The client's call centre.
    ClientOperational,
    /// Patients: an adviser, a family council.
    Patient,
    /// The outsourcer.
    Outsourcer,
    /// The account manager.
    AccountManager,
}

impl Voice {
    /// Without these no workshop counts (B15).
    const NEEDED: [Self; 3] = [Self::ClientClinical, Self::ClientOperational, Self::Patient];

    /// The voice in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::ClientClinical => "the client's clinical voice",
            Self::ClientOperational => "the client's operational voice",
            Self::Patient => "a patient's voice",
            Self::Outsourcer => "the outsourcer's voice",
            Self::AccountManager => "the account manager",
        }
    }
}

/// Somebody at a workshop, by position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Attendee {
    /// Whose voice.
    pub voice: Voice,
    /// Position, never the human's name: `nurse manager, paediatrics`.
    pub position: String,
}

/// A workshop about what callers should experience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Workshop {
    /// The day it was held.
    #[schemars(with = "String")]
    pub held_on: Date,
    /// Who was there.
    pub attendees: Vec<Attendee>,
    /// Where the minutes are.
    pub minutes: String,
}

impl Workshop {
    fn missing_voices(&self) -> Vec<&'static str> {
        let heard = |voice: &Voice| self.attendees.iter().any(|a| a.voice == *voice);
        let missing = Voice::NEEDED.into_iter().filter(|voice| !heard(voice));
        missing.map(Voice::words).collect()
    }
}

/// What a caller should experience, with how it is measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ExperienceStatement {
    /// In the caller's words: `I speak to a nurse who knows my hospital`.
    pub text: String,
    /// How it is measured.
    pub measure: String,
    /// What it should reach.
    pub target: String,
}

/// Records that a workshop was held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RecordWorkshop {
    /// The workshop.
    #[serde(flatten)]
    pub workshop: Workshop,
}

/// States what a caller should experience; the same text again changes measure and target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct StateExperience {
    /// The statement.
    #[serde(flatten)]
    pub statement: ExperienceStatement,
}

/// A workshop was held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkshopHeld {
    /// The workshop.
    #[serde(flatten)]
    pub workshop: Workshop,
    /// When it was recorded.
    pub at: Timestamp,
}

/// What a caller should experience is stated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExperienceStated {
    /// The statement.
    #[serde(flatten)]
    pub statement: ExperienceStatement,
    /// When.
    pub at: Timestamp,
}

/// Enough workshops with every needed voice, and enough statements.
pub(crate) fn findings(t: &Transition) -> Vec<String> {
    let (records, terms) = (&t.discovery.records, &t.terms.discovery);
    let mut missing = Vec::new();
    let unheard = records.workshops.iter().map(Workshop::missing_voices);
    let complete = unheard.clone().filter(Vec::is_empty).count();
    if complete < count(terms.workshops_min) {
        let open = unheard.filter(|voices| !voices.is_empty());
        let voices = open
            .min_by_key(Vec::len)
            .unwrap_or(Voice::NEEDED.map(Voice::words).into());
        missing.push(format!("an experience workshop with {}", voices.join(", ")));
    }
    let (stated, needed) = (
        records.statements.len(),
        count(terms.experience_statements_min),
    );
    if stated < needed {
        missing.push(format!(
            "{needed} experience statements with measures; there are {stated}"
        ));
    }
    missing
}

fn count(term: u32) -> usize {
    usize::try_from(term).unwrap_or(usize::MAX)
}

pub(crate) fn record_workshop(t: &Transition, c: &RecordWorkshop, now: Timestamp) -> Decided {
    let workshop = &c.workshop;
    super::require_past("the workshop", workshop.held_on, now)?;
    if workshop.attendees.is_empty() {
        return Err(bad("at least one attendee, by position".into()));
    }
    let positions = workshop.attendees.iter().map(|a| &a.position);
    text::titles("an attendee's position", positions)?;
    text::title("where the minutes are", &workshop.minutes)?;
    if t.discovery.records.workshops.contains(workshop) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::WorkshopHeld(WorkshopHeld {
        workshop: workshop.clone(),
        at: now,
    })])
}

pub(crate) fn state(t: &Transition, c: &StateExperience, now: Timestamp) -> Decided {
    let statement = &c.statement;
    text::title("what a caller should experience", &statement.text)?;
    text::title("how it is measured", &statement.measure)?;
    text::title("its target", &statement.target)?;
    if t.discovery.records.statements.get(&statement.text) == Some(statement) {
        return Ok(Vec::new());
    }
    Ok(vec![Event::ExperienceStated(ExperienceStated {
        statement: statement.clone(),
        at: now,
    })])
}

pub(crate) fn apply_workshop(t: &mut Transition, e: &WorkshopHeld) {
    t.discovery.records.workshops.push(e.workshop.clone());
    t.discovery.changed();
}

pub(crate) fn apply_stated(t: &mut Transition, e: &ExperienceStated) {
    let statement = e.statement.clone();
    let statements = &mut t.discovery.records.statements;
    statements.insert(statement.text.clone(), statement);
    t.discovery.changed();
}
