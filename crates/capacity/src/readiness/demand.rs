//! What would come home: a forecast distribution of the load of one interval, and the agents each part of it needs.

use crate::error::{CapacityError, quantity};
use crate::load::{Load, Patience, ServiceTarget};
use crate::numbers::real;
use crate::staffing::agents_needed_from;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

/// Equally likely points that stand for a distribution: half a percent each.
pub const POINTS: usize = 200;

/// All calls that would arrive were everything in-house again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    /// Calls an hour that arrive in-house today.
    pub in_house_per_hour: f64,
    /// Calls an hour that go out today: all of them would come.
    pub moved_per_hour: f64,
    /// Open callbacks due, an hour; they are known, not forecast.
    pub callbacks_per_hour: f64,
    /// Average handle time in-house.
    pub aht_s: f64,
    /// Standard deviation of the calls' rate over its mean: how wrong the forecast usually is.
    pub cv: f64,
}

/// One part of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LoadPoint {
    /// Calls and handle time.
    pub load: Load,
    /// Its probability.
    pub weight: f64,
}

impl Demand {
    /// Calls an hour with no uncertainty of their own: a plain forecast.
    pub const fn of_calls(calls_per_hour: f64, aht_s: f64, cv: f64) -> Self {
        Self {
            in_house_per_hour: calls_per_hour,
            moved_per_hour: 0.0,
            callbacks_per_hour: 0.0,
            aht_s,
            cv,
        }
    }

    /// The expected load.
    ///
    /// # Errors
    /// A figure is negative, infinite or no number.
    pub fn mean(&self) -> Result<Load, CapacityError> {
        let forecast = quantity("the in-house rate", self.in_house_per_hour, "calls an hour")?
            + quantity("the moved rate", self.moved_per_hour, "calls an hour")?;
        let callbacks = quantity("the callbacks", self.callbacks_per_hour, "calls an hour")?;
        Load::new(forecast + callbacks, self.aht_s)
    }

    /// So many equally likely loads, lowest first: the middles of equal slices of a normal distribution, cut off at zero.
    ///
    /// # Errors
    /// A figure is negative, infinite or no number.
    pub fn points(&self, points: usize) -> Result<Vec<LoadPoint>, CapacityError> {
        let cv = quantity("the forecast's CV", self.cv, "times the mean")?;
        let mean = self.mean()?;
        let forecast = mean.calls_per_hour() - self.callbacks_per_hour;
        let normal = Normal::standard();
        let weight = 1.0 / real(points);
        (0..points)
            .map(|i| {
                let z = normal.inverse_cdf((real(i) + 0.5) * weight);
                let factor = (1.0 + cv * z).max(0.0);
                let calls = forecast * factor + self.callbacks_per_hour;
                let load = Load::new(calls, self.aht_s)?;
                Ok(LoadPoint { load, weight })
            })
            .collect()
    }
}

/// How many agents a distribution of loads needs, each number with its probability; ascending.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Needs {
    of_count: Vec<(u32, f64)>,
}

impl Needs {
    /// The agents that each load needs for the target.
    ///
    /// # Errors
    /// No centre has as many agents as a load would take.
    pub fn of(
        points: &[LoadPoint],
        patience: Patience,
        target: ServiceTarget,
    ) -> Result<Self, CapacityError> {
        let mut points = points.to_vec();
        points.sort_by(|a, b| a.load.erlangs().total_cmp(&b.load.erlangs()));
        // Handle times may differ between points, and then more work need not need more people.
        let alike = points.windows(2).all(|pair| {
            pair[0]
                .load
                .aht_s()
                .total_cmp(&pair[1].load.aht_s())
                .is_eq()
        });
        let (mut of_count, mut at_least) = (Vec::<(u32, f64)>::new(), 0);
        for point in &points {
            let needed = agents_needed_from(point.load, patience, target, at_least)?;
            if alike {
                at_least = needed;
            }
            match of_count.last_mut() {
                Some((agents, weight)) if *agents == needed => *weight += point.weight,
                _ => of_count.push((needed, point.weight)),
            }
        }
        Ok(Self { of_count })
    }

    /// Each number of agents with its probability.
    pub fn counts(&self) -> &[(u32, f64)] {
        &self.of_count
    }

    /// The most agents that any part needs.
    pub fn most(&self) -> u32 {
        self.of_count.iter().map(|(n, _)| *n).max().unwrap_or(0)
    }
}
