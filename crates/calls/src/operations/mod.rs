//! Tables of a centre's work that are no fact of a transition: promised callbacks, dispositions, on-call duty, agent states. Rows are
//! kept beside the call records, the latest row of a key stays, and their KPIs are computed here (§2.3).

mod callbacks;
mod duty;
mod store;
mod work;

pub use callbacks::{Callback, CallbackKpis, Urgency, callback_kpis};
pub use duty::{DutyGap, OnCall, duty_gaps};
pub use store::{Kept, keep, rows};
pub(crate) use store::{count_before, erase_before};
pub use work::{AgentState, Disposition, DispositionShare, State, dispositions, occupancy};

use crate::error::CallsError;
use crate::store::CallStore;
use crate::understanding::Ratio;
use jiff::Timestamp;
use serde::Serialize;

/// What the kept tables come to as of an instant.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Operations {
    /// Promised callbacks.
    pub callbacks: CallbackKpis,
    /// What calls ended in, most frequent first.
    pub dispositions: Vec<DispositionShare>,
    /// Time handling over time handling or free; agents taken together.
    pub occupancy: Ratio,
    /// Times at which nobody is on call, by service.
    pub duty_gaps: Vec<DutyGap>,
}

/// Reads the kept tables of a store.
///
/// # Errors
/// A table of the store cannot be read or is damaged.
pub fn operations(calls: &CallStore, now: Timestamp) -> Result<Operations, CallsError> {
    Ok(Operations {
        callbacks: callback_kpis(&rows::<Callback>(calls)?, now),
        dispositions: dispositions(&rows::<Disposition>(calls)?),
        occupancy: occupancy(&rows::<AgentState>(calls)?),
        duty_gaps: duty_gaps(&rows::<OnCall>(calls)?),
    })
}
