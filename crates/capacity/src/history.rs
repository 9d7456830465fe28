//! A history of calls, and all that is learnt from it at once: forecast, handle times, patience.

use crate::error::CapacityError;
use crate::forecast::Forecast;
use crate::forecast::calendar::Calendar;
use crate::forecast::handle::{HandleTimes, Handled};
use crate::forecast::history::{DayCounts, count};
use crate::patience::{PatienceCurve, Wait};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The most calls kept; more change no forecast.
const CALLS_MAX: usize = 5_000_000;
/// Days of history learnt from: half a year.
const DAYS: i32 = 183;

/// One offered call, as the call store has it.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// When it was offered.
    pub at: Timestamp,
    /// The same on the centre's wall clock.
    pub local: DateTime,
    /// The number or line reached.
    pub dnis: Option<&'a str>,
    /// The call type.
    pub call_type: Option<&'a str>,
    /// Whether somebody answered.
    pub answered: bool,
    /// Its wait.
    pub wait_ms: Option<u64>,
    /// Its handling.
    pub handle_ms: Option<u64>,
}

/// Calls of one kind.
#[derive(Debug, Clone, Default)]
pub struct CallHistory {
    offered: Vec<Timestamp>,
    waits: Vec<Wait>,
    handled: Vec<Handled>,
}

/// What a history teaches.
#[derive(Debug, Clone)]
pub struct Learnt {
    /// How many calls come.
    pub forecast: Forecast,
    /// How long they take.
    pub handle: HandleTimes,
    /// How long callers wait.
    pub patience: PatienceCurve,
    /// The whole days it was learnt from.
    pub days: Vec<DayCounts>,
}

impl CallHistory {
    /// Adds one call, in any order.
    pub fn add(&mut self, call: &Call<'_>) {
        if self.offered.len() >= CALLS_MAX {
            return;
        }
        self.offered.push(call.at);
        if let Some(wait_ms) = call.wait_ms {
            self.waits.push(Wait {
                // Whole seconds: a curve needs no more steps.
                wait_ms: wait_ms.div_ceil(1_000) * 1_000,
                abandoned: !call.answered,
            });
        }
        if let Some(handle_ms) = call.handle_ms {
            self.handled.push(Handled {
                hour: u8::try_from(call.local.hour()).unwrap_or(0),
                handle_ms: u32::try_from(handle_ms).unwrap_or(u32::MAX),
            });
        }
    }

    /// How long these callers wait.
    ///
    /// # Errors
    /// As [`PatienceCurve::learn`].
    pub fn patience(&self) -> Result<PatienceCurve, CapacityError> {
        PatienceCurve::learn(&self.waits)
    }

    /// Learns from the calls before an instant. The first and the last day are not whole and are left out.
    ///
    /// # Errors
    /// Too few days with calls, or not one call that was handled.
    pub fn learn(
        &self,
        zone: &TimeZone,
        calendar: &Calendar,
        before: Timestamp,
    ) -> Result<Learnt, CapacityError> {
        let nothing = |what| CapacityError::History {
            what,
            have: 0,
            need: 1,
        };
        let known = || self.offered.iter().filter(|at| **at < before).copied();
        let (Some(first), Some(last)) = (known().min(), known().max()) else {
            return Err(nothing("calls"));
        };
        let last = zone.to_datetime(last).date();
        let half_a_year = last.saturating_sub(jiff::Span::new().days(DAYS));
        let first = zone.to_datetime(first).date().max(half_a_year);
        let mut days = count(known(), zone, first, last)?;
        days.pop();
        if !days.is_empty() {
            days.remove(0);
        }
        Ok(Learnt {
            forecast: Forecast::learn(&days, calendar)?,
            handle: HandleTimes::learn(&self.handled).ok_or_else(|| nothing("handled calls"))?,
            patience: self.patience()?,
            days,
        })
    }
}

impl Learnt {
    /// Handle time at an instant, by its hour.
    pub fn aht_s_at(&self, zone: &TimeZone, at: Timestamp) -> f64 {
        let hour = usize::try_from(zone.to_datetime(at).hour()).unwrap_or(0);
        let by_hour = self.handle.by_hour_s.get(hour).copied();
        by_hour.unwrap_or(self.handle.mean_s)
    }
}
