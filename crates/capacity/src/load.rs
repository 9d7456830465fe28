//! What arrives, how long it keeps an agent, how long callers wait for one, and what was promised.

use crate::error::{CapacityError, quantity};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Seconds in an hour: calls are counted an hour, times in seconds.
pub(crate) const HOUR_S: f64 = 3_600.0;

/// Calls that arrive and how long each keeps an agent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Load {
    calls_per_hour: f64,
    aht_s: f64,
}

impl Load {
    /// So many calls an hour at an average handle time (talk, hold, after-call work) of so many seconds. Zero is legal.
    pub fn new(calls_per_hour: f64, aht_s: f64) -> Result<Self, CapacityError> {
        Ok(Self {
            calls_per_hour: quantity("the rate", calls_per_hour, "calls an hour")?,
            aht_s: quantity("the handle time", aht_s, "seconds")?,
        })
    }

    /// Calls in an hour.
    pub const fn calls_per_hour(self) -> f64 {
        self.calls_per_hour
    }

    /// Average handle time.
    pub const fn aht_s(self) -> f64 {
        self.aht_s
    }

    /// Calls a second: λ.
    pub(crate) fn calls_per_s(self) -> f64 {
        self.calls_per_hour / HOUR_S
    }

    /// Calls in work at once, on average, were there always an agent: the offered load a = λ/μ.
    pub fn erlangs(self) -> f64 {
        self.calls_per_hour / HOUR_S * self.aht_s
    }

    /// The same calls with every handle time multiplied: the stress of A14 is 1.3.
    pub fn with_aht_times(self, factor: f64) -> Result<Self, CapacityError> {
        Self::new(
            self.calls_per_hour,
            self.aht_s * quantity("the stress", factor, "times")?,
        )
    }

    /// A part or a multiple of the calls.
    pub fn with_calls_times(self, factor: f64) -> Result<Self, CapacityError> {
        Self::new(
            self.calls_per_hour * quantity("the share", factor, "times")?,
            self.aht_s,
        )
    }
}

/// How long callers wait before they hang up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Patience {
    /// For ever: Erlang C, pessimistic on overload.
    Endless,
    /// Exponentially distributed with this mean: Erlang A. Zero means callers never wait: Erlang B.
    Mean {
        /// Mean patience; its inverse is θ.
        patience_s: f64,
    },
}

impl Patience {
    /// Callers who wait so many seconds on average.
    pub fn mean(patience_s: f64) -> Result<Self, CapacityError> {
        Ok(Self::Mean {
            patience_s: quantity("the patience", patience_s, "seconds")?,
        })
    }

    /// Erlang A where a patience is known, Erlang C where none is.
    pub fn of(patience_s: Option<f64>) -> Result<Self, CapacityError> {
        patience_s.map_or(Ok(Self::Endless), Self::mean)
    }
}

/// So many percent answered within so many seconds, and at most so many hang-ups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceTarget {
    /// The part of the calls, in basis points: 8,000 is 80 %.
    pub level_bp: u32,
    /// T: seconds.
    pub within_s: u32,
    /// The most callers who may hang up, in basis points of those offered; 500 is the usual 5 % (URAC).
    pub abandonment_max_bp: u32,
}

/// The cap on hang-ups where the agreement names none: 5 %.
pub const ABANDONMENT_MAX_BP: u32 = 500;

impl ServiceTarget {
    /// So many whole percent within so many seconds, at most 5 % hang up.
    pub const fn new(percent: u32, within_s: u32) -> Self {
        Self {
            level_bp: percent * 100,
            within_s,
            abandonment_max_bp: ABANDONMENT_MAX_BP,
        }
    }

    /// The part of the calls, 0–1.
    pub fn level(self) -> f64 {
        f64::from(self.level_bp) / 10_000.0
    }

    /// The cap on hang-ups, 0–1.
    pub fn abandonment_max(self) -> f64 {
        f64::from(self.abandonment_max_bp) / 10_000.0
    }
}

impl FromStr for ServiceTarget {
    type Err = CapacityError;

    fn from_str(text: &str) -> Result<Self, CapacityError> {
        let wrong = || CapacityError::Target(text.to_owned());
        let (percent, within) = text.split_once('/').ok_or_else(wrong)?;
        let percent: u32 = percent.trim().parse().map_err(|_| wrong())?;
        let within_s = within.trim().parse().map_err(|_| wrong())?;
        if percent > 100 {
            return Err(wrong());
        }
        Ok(Self::new(percent, within_s))
    }
}

impl fmt::Display for ServiceTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.level_bp / 100, self.level_bp % 100);
        if rest == 0 {
            write!(f, "{whole} % in {} s", self.within_s)
        } else {
            write!(f, "{whole}.{rest:02} % in {} s", self.within_s)
        }
    }
}
