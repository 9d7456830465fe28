//! Fallback readiness: is the door really open?
//!
//! For a group of people (centre, skill, licence), an interval t and a recall horizon h, R(t, h) is the probability that the
//! calls of the interval are answered as promised, were they all to come home: all in-house calls, every moved call, the open
//! callbacks. How many people are there is a sum of single chances (Poisson-binomial), how many calls come is a forecast
//! distribution, and what follows is Erlang A (`planning.md`, Fallback readiness).
//!
//! Keeping exactly the Erlang number is not readiness: about 30 % more is.

pub mod demand;
pub mod group;
pub mod keep;
pub mod people;
pub mod site;

use serde::{Deserialize, Serialize};

/// What readiness is measured against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReadinessTerms {
    /// Below this the next wave is blocked.
    pub ready: f64,
    /// Below this the alarm goes and moves freeze.
    pub alarm: f64,
    /// The chance that a rostered person is on the phones.
    pub show_up: f64,
}

impl Default for ReadinessTerms {
    /// 95 %, 80 %, and 93 % show-up.
    fn default() -> Self {
        Self {
            ready: 0.95,
            alarm: 0.80,
            show_up: 0.93,
        }
    }
}

/// What a readiness means for moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The alarm goes and moves freeze.
    Alarm,
    /// The next wave is blocked.
    Blocked,
    /// The door is open.
    Ready,
}

impl ReadinessTerms {
    /// What a readiness means.
    pub fn standing(&self, readiness: f64) -> Standing {
        if readiness >= self.ready {
            Standing::Ready
        } else if readiness >= self.alarm {
            Standing::Blocked
        } else {
            Standing::Alarm
        }
    }
}
