//! Calls per hour that each side may expect from a share and its hours, by hour of the local week (A17).

use crate::lines::bad;
use crate::refusal::Refusal;
use crate::schedule::chunker::{History, WEEK_HOURS};
use crate::share::TrafficShare;
use crate::windows::painted::PaintedWeek;
use serde::Serialize;

/// Calls per hour of one hour of the week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Sides {
    /// At the outsourcer.
    pub outsourced: f64,
    /// In-house.
    pub in_house: f64,
}

impl Sides {
    /// Both together.
    pub fn calls(self) -> f64 {
        self.outsourced + self.in_house
    }
}

/// A usual week.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExpectedWeek {
    /// The 168 hours, Monday from midnight first.
    pub hours: Vec<Sides>,
    /// Their sum: calls per week.
    pub week: Sides,
}

/// The calls of a usual week by side. Mean of the days of the same weekday that there are records of; holidays count as what they
/// were, and a weekday that is not among the days has no calls.
///
/// # Errors
/// `BAD_FACT` for hours that are no week, or without a day of records.
pub fn expected(
    history: &History,
    open: &PaintedWeek,
    share: TrafficShare,
) -> Result<ExpectedWeek, Refusal> {
    if history.calls.len() != WEEK_HOURS || history.days == 0 {
        let of = format!("{} at {}", history.call_type, history.site);
        return Err(bad(format!("the {WEEK_HOURS} hours of a week for {of}")));
    }
    let out = f64::from(share.basis_points()) / 10_000.0;
    let hours: Vec<_> = history
        .calls
        .iter()
        .zip(open.quarters())
        .enumerate()
        .map(|(hour, (calls, quarters))| {
            let days = history.days_of(hour / 24).max(1);
            let per_hour = f64::from(u32::try_from(*calls).unwrap_or(u32::MAX)) / f64::from(days);
            let outsourced = per_hour * f64::from(quarters) / 4.0 * out;
            Sides {
                outsourced,
                in_house: per_hour - outsourced,
            }
        })
        .collect();
    let week = hours.iter().fold(Sides::default(), |sum, hour| Sides {
        outsourced: sum.outsourced + hour.outsourced,
        in_house: sum.in_house + hour.in_house,
    });
    Ok(ExpectedWeek { hours, week })
}
