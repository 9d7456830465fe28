//! The hold period: after acceptance the door stays open long enough to see a month-end and a holiday weekend (§7.8).

use crate::canonical;
use crate::chunks::PlannedChunk;
use crate::transition::Transition;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// What the hold period has to see, beside its days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct HoldTerms {
    /// The end of a month at the site.
    pub month_end: bool,
    /// A weekend with a holiday, where the chunk's windows name holidays.
    pub holiday_weekend: bool,
}

impl Default for HoldTerms {
    fn default() -> Self {
        Self {
            month_end: true,
            holiday_weekend: true,
        }
    }
}

/// When the door of a chunk accepted now may be closed.
pub(crate) fn hold_until(t: &Transition, planned: &PlannedChunk, now: Timestamp) -> Timestamp {
    let zone = t
        .site_zone(&planned.site)
        .and_then(|name| TimeZone::get(name).ok())
        .unwrap_or(TimeZone::UTC);
    let accepted = now.to_zoned(zone.clone()).date();
    let mut until = canonical::hours_after(now, t.terms.hold_days.saturating_mul(24));
    let mut and_until = |day: Option<Date>| {
        let at = day.and_then(|day| zone.to_timestamp(day.at(0, 0, 0, 0)).ok());
        until = at.map_or(until, |at| until.max(at));
    };
    if t.terms.hold.month_end {
        and_until(accepted.last_of_month().tomorrow().ok());
    }
    if t.terms.hold.holiday_weekend {
        and_until(after_holiday_weekend(planned, accepted));
    }
    until
}

/// The Tuesday after the first holiday from Friday to Monday that begins after that date.
fn after_holiday_weekend(planned: &PlannedChunk, accepted: Date) -> Option<Date> {
    let days = planned.windows.iter().flat_map(|w| &w.holidays.dates);
    let tuesday = |day: &Date| {
        let ahead: i64 = match day.weekday() {
            Weekday::Friday => 4,
            Weekday::Saturday => 3,
            Weekday::Sunday => 2,
            Weekday::Monday => 1,
            _ => return None,
        };
        day.checked_add(ahead.days()).ok()
    };
    days.filter(|day| **day > accepted)
        .filter_map(tuesday)
        .min()
}
