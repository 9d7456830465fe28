//! Why there is no rehearsal.

use segue_domain::Refusal;

/// Why a rehearsal could not be played.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// A rule of the trade refuses what the plan or the people plan asks for, before anything moved.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// What was handed in cannot be played.
    #[error("{0}")]
    BadInput(String),
}

impl From<Refusal> for RehearsalError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}
