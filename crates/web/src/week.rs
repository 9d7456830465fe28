//! What the page of a chunk's week asks and shows: share, hours in cells of a quarter of an hour, and the calls that each side
//! may expect. The rules are the domain's; nothing is decided here.

use crate::discovery::Count;
use jiff::civil::Date;
use serde_json::Value;

/// What somebody looks at or wants to propose, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WeekRequest {
    /// The chunk; empty shows the first one.
    pub chunk: String,
    /// The step by its number from 1; empty shows the first one.
    pub step: String,
    /// Whole percent; empty shows the plan's.
    pub share: String,
    /// The window's text; with `painted` absent and this one empty, the plan's. `None`: not asked.
    pub window: Option<String>,
    /// Painted cells, four in a hexadecimal digit; empty where nobody painted.
    pub painted: String,
    /// Why it should change, for the other party.
    pub reason: String,
}

/// A chunk's week.
#[derive(Clone, Debug, PartialEq)]
pub struct WeekView {
    /// Every chunk of the newest version of the plan.
    pub chunks: Vec<String>,
    /// The version of the plan it is in.
    pub version: u32,
    /// The chunk shown.
    pub chunk: String,
    /// IANA zone of its hours.
    pub zone: String,
    /// Its steps: day and share in percent.
    pub steps: Vec<(Date, u8)>,
    /// The step shown, from 1.
    pub step: usize,
    /// The share shown, in percent.
    pub share: u8,
    /// The window's text.
    pub window: String,
    /// What a holiday does to it; empty where it does nothing.
    pub holidays: String,
    /// The 672 quarters of an hour from Monday 00:00, in the window or not.
    pub cells: Vec<bool>,
    /// What each side may expect; absent without records of this call type at this centre.
    pub calls: Option<WeekCalls>,
    /// Whether it is another share or window than the plan's.
    pub changed: bool,
    /// The command that proposes it to the other party (`propose_plan`).
    pub propose: Value,
}

/// Calls per hour of a usual week.
#[derive(Clone, Debug, PartialEq)]
pub struct WeekCalls {
    /// Days of records behind it.
    pub days: u32,
    /// Outsourced and in-house in each of the 168 hours, Monday from midnight first; none where it is withheld.
    pub hours: Vec<Option<(f64, f64)>>,
    /// Outsourced and in-house in the whole week; none where an hour is withheld.
    pub week: Option<(f64, f64)>,
    /// Calls of the records that are of no call type or centre of the transition: in none of this.
    pub left_out: Count,
}
