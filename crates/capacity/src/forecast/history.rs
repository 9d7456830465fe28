//! Calls counted by local day and quarter of an hour. A clock that jumps loses no call and invents none.

use crate::error::CapacityError;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Quarters of an hour in a day of 24 hours.
pub const SLOTS: usize = 96;
/// Seconds in a quarter of an hour.
pub(super) const SLOT_S: i64 = 15 * 60;
/// The longest history read: ten years.
const DAYS_MAX: usize = 3_660;

/// The calls of one local day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DayCounts {
    /// The day.
    pub date: Date,
    /// Calls in each quarter of an hour of the wall clock: none where it does not exist or was not observed, the mean of both
    /// where it came twice.
    pub slots: Vec<Option<f64>>,
}

impl DayCounts {
    /// Calls of the day.
    pub fn total(&self) -> f64 {
        self.slots.iter().flatten().sum()
    }

    /// Whether the day was observed but for the hour a clock may skip.
    pub(super) fn is_whole(&self) -> bool {
        self.slots.iter().flatten().count() + 4 >= SLOTS
    }
}

/// The quarter of an hour of a local time.
pub(super) fn slot_of(local: jiff::civil::DateTime) -> usize {
    let quarter = i32::from(local.hour()) * 4 + i32::from(local.minute()) / 15;
    usize::try_from(quarter).unwrap_or(0)
}

/// Counts arrivals, in any order, over the local days from `first` to `last`, both whole and observed.
///
/// # Errors
/// More than ten years, or a zone that knows no such day.
pub fn count(
    arrivals: impl IntoIterator<Item = Timestamp>,
    zone: &TimeZone,
    first: Date,
    last: Date,
) -> Result<Vec<DayCounts>, CapacityError> {
    let mut days = empty_days(zone, first, last)?;
    for at in arrivals {
        let local = zone.to_datetime(at);
        let Ok(day) = days.binary_search_by_key(&local.date(), |(day, _)| day.date) else {
            continue;
        };
        let (counts, times) = &mut days[day];
        let slot = slot_of(local);
        if let Some(count) = &mut counts.slots[slot] {
            *count += 1.0 / f64::from(times[slot]);
        }
    }
    Ok(days.into_iter().map(|(counts, _)| counts).collect())
}

/// Each day with zeros where the clock goes, and how often it comes by each quarter of an hour.
fn empty_days(
    zone: &TimeZone,
    first: Date,
    last: Date,
) -> Result<Vec<(DayCounts, [u8; SLOTS])>, CapacityError> {
    let days: Vec<_> = first
        .series(jiff::Span::new().days(1))
        .take_while(|d| *d <= last)
        .take(DAYS_MAX + 1)
        .collect();
    if days.len() > DAYS_MAX {
        return Err(CapacityError::TooMany {
            what: "days of history",
            have: days.len(),
            max: DAYS_MAX,
        });
    }
    let start_of = |date: Date| {
        let start = date.to_zoned(zone.clone()).map(|day| day.timestamp());
        start.map_err(|_| CapacityError::Day { date })
    };
    days.into_iter()
        .map(|date| {
            let next = date.tomorrow().map_err(|_| CapacityError::Day { date })?;
            let (mut at, end) = (start_of(date)?, start_of(next)?);
            let mut times = [0_u8; SLOTS];
            while at < end {
                times[slot_of(zone.to_datetime(at))] += 1;
                at += SignedDuration::from_secs(SLOT_S);
            }
            let slots = times.iter().map(|n| (*n > 0).then_some(0.0)).collect();
            Ok((DayCounts { date, slots }, times))
        })
        .collect()
}
