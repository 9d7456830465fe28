//! What the page of the twelve questions asks and shows. The plan is the domain's; nothing is decided here.

use jiff::civil::Date;
use serde_json::Value;

/// What can be chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DraftChoices {
    /// The centres, as created.
    pub centres: Vec<String>,
    /// The call types.
    pub call_types: Vec<String>,
    /// The zone of the first centre.
    pub zone: String,
    /// Today there; nothing begins earlier.
    pub today: Option<Date>,
}

/// A draft of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftView {
    /// Steps and what is done beside them, in order of their days.
    pub lines: Vec<DraftLine>,
    /// The command that proposes it (`propose_plan`), for both parties to sign.
    pub propose: Value,
}

/// One line of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftLine {
    /// The first day.
    pub from: Date,
    /// The last day, where it takes longer.
    pub due: Option<Date>,
    /// What happens.
    pub what: String,
    /// Which chunk, where it is about one.
    pub chunk: String,
}
