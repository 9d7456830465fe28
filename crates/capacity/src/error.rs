//! What the room says when an input is no number of people, calls or seconds.

use jiff::civil::Date;
use thiserror::Error;

/// No centre has more calls, seconds or people than this; below it, no product of two quantities overflows.
const QUANTITY_MAX: f64 = 1e12;

/// Why nothing was computed.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CapacityError {
    /// A quantity is negative, infinite or no number.
    #[error("{name} is {value}; give a number of {unit} from 0 to 1e12")]
    Quantity {
        /// What it is.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What it is counted in.
        unit: &'static str,
    },
    /// A probability outside 0 to 1.
    #[error("the chance of {name} is {value}; give a number from 0 to 1")]
    Chance {
        /// Of what.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// A row of a staffing that is none.
    #[error(
        "line {line} (`{text}`) is no row of a staffing; write weekday (or holiday), time of a quarter of an hour and agents once each, for example Mon,07:15,9"
    )]
    StaffingRow {
        /// Its number.
        line: usize,
        /// What it says.
        text: String,
    },
    /// Nobody signed who works on a holiday.
    #[error(
        "not known for a holiday: no in-house staffing of {name} ({date}) is signed; give it a row (`holidays` of `segue do freeze-staffing`)"
    )]
    UnknownHoliday {
        /// What people call it.
        name: String,
        /// The local day.
        date: Date,
    },
    /// A target is not written as `80/30`.
    #[error("\"{0}\" is no service target; write percent/seconds, for example 80/30")]
    Target(String),
    /// A share above the whole.
    #[error("{name} is {value_bp} basis points; give less than {below_bp}, because {why}")]
    Share {
        /// What it is.
        name: &'static str,
        /// What was given.
        value_bp: u32,
        /// The first value that is too large.
        below_bp: u32,
        /// Why.
        why: &'static str,
    },
    /// More people than any centre has would be needed.
    #[error(
        "no {agents_max} agents reach the target; look at the calls an hour and the handle time"
    )]
    NoCentre {
        /// Where the search ended.
        agents_max: u32,
    },
    /// Too little history to learn from.
    #[error("{have} {what} in the history; import at least {need} (`segue calls import`)")]
    History {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        have: usize,
        /// How many there must be.
        need: usize,
    },
    /// A day outside the calendar.
    #[error(
        "{date} has no beginning or no end in this zone; name a day between the years 1 and 9999"
    )]
    Day {
        /// The day.
        date: jiff::civil::Date,
    },
    /// Calls that nobody may take.
    #[error("no group of agents takes {0}; name a group with it")]
    NobodyTakes(String),
    /// Two skills or groups with one name, or a name that is in no list.
    #[error(
        "\"{0}\" stands there twice, or is none of the calls; name each call type once, and in groups only those"
    )]
    Name(String),
    /// People who cost nothing: any number of them is as good as any other.
    #[error("an agent of {0} costs 0; give every group a cost of at least 1")]
    Free(String),
    /// No staffing that reaches all targets was found.
    #[error(
        "no staffing of these groups that reaches every target was found in {tried} tries; let more groups take the calls, or lower a target"
    )]
    NotFound {
        /// How many were simulated.
        tried: u32,
    },
    /// A list longer than this room works through.
    #[error("{have} {what}; at most {max} are worked through at once, so ask for less time")]
    TooMany {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        have: usize,
        /// The bound.
        max: usize,
    },
}

/// Refuses what is no quantity: negative, infinite, not a number.
pub(crate) fn quantity(
    name: &'static str,
    value: f64,
    unit: &'static str,
) -> Result<f64, CapacityError> {
    if (0.0..=QUANTITY_MAX).contains(&value) {
        // A negative zero would come back as the sign of a result.
        return Ok(value + 0.0);
    }
    Err(CapacityError::Quantity { name, value, unit })
}

/// Refuses what is no probability.
pub(crate) fn chance(name: &'static str, value: f64) -> Result<f64, CapacityError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(value);
    }
    Err(CapacityError::Chance { name, value })
}
