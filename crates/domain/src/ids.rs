//! Names of things: short texts that people type and read (`RVS-Main/MSG`), each a type of its own.

use crate::lines::bad;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta] $name:ident)*) => {$(
        #[$doc]
        #[derive(
            Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
            schemars::JsonSchema,
        )]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text as typed.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )*};
}

id! {
    /// One transition: the whole move of work from one client to one outsourcer.
    TransitionId
    /// One in-house call centre being moved.
    SiteId
    /// A public number and how it is presented.
    LineId
    /// What the caller needs: message, appointment, consult, triage, or a client's own type.
    CallTypeId
    /// The smallest unit moved: site × lines × call type × share × window × language.
    ChunkId
    /// A person by account name; the name of the human is kept outside the journal.
    PersonId
    /// One proposed routing change of one chunk.
    StepId
    /// One handled fallback.
    IncidentId
    /// One limit that a party declared on dates.
    ConstraintId
    /// One thing to do in a plan, beside the routing steps.
    PlanItemId
    /// One rule set aside for one chunk.
    WaiverId
    /// One of the outsourcer's agents or nurses, by the outsourcer's number: never a name.
    AgentId
    /// One in-house employee, by a pseudonym that only the client can resolve.
    StaffId
    /// A shift of an in-house centre: `nights`.
    ShiftId
    /// A commitment to the in-house people.
    CommitmentId
    /// A segment of callers: by city, state, line, language, age, literacy or expectation.
    SegmentId
    /// A piece of know-how, captured with credit.
    KnowledgeId
    /// A physician or practice, as on the on-call schedule: never a human's name.
    ProviderId
    /// A record of law or contract.
    EvidenceId
    /// A security incident or breach.
    SecurityIncidentId
    /// A state, district or territory of the United States, by its two letters: `NJ`.
    StateCode
    /// A script card for test calls.
    ScenarioId
    /// One thing that callers or the client expect.
    TraitId
    /// An in-house practice worth preserving.
    PracticeId
    /// One thing that agents are taught.
    TrainingItemId
    /// An idea, posted after discovery.
    SuggestionId
    /// Something that may endanger a caller.
    HazardId
    /// An improvement on the register, for after acceptance.
    OpportunityId
    /// One thing on the preparation list.
    PreparationId
    /// Anything reported that somebody must be on top of.
    IssueId
    /// A system or tool of the client that agents need: `EHR-scheduling`.
    ResourceId
    /// One order placed with a carrier, a cloud or a PBX.
    RouteOrderId
    /// One try of a place to reach the client's systems.
    ProbeId
}

impl StateCode {
    /// Refuses what is not two capital letters.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.0.len() == 2 && self.0.bytes().all(|b| b.is_ascii_uppercase()) {
            return Ok(());
        }
        Err(bad(format!(
            "`{self}` as a state by its two letters, for example NJ"
        )))
    }
}

/// Refuses a name that cannot be used.
pub(crate) fn check(what: &str, id: &str) -> Result<(), Refusal> {
    if is_usable(id) {
        return Ok(());
    }
    Err(bad(format!(
        "`{id}` as a {what} name: 1–64 letters, digits, `.`, `_`, `-`, `/`"
    )))
}

/// An id is usable when it is 1–64 characters of letters, digits, `.`, `_`, `/` and `-`.
pub fn is_usable(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'))
}
