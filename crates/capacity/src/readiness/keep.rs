//! How many people to keep so that the door is really open: N₉₅.

use super::demand::Needs;
use super::people::{Headcount, Horizon, Presence};
use crate::error::CapacityError;

/// Many more people than any load needs: beyond, more do not help.
const KEEP_MAX: u32 = 4_096;

/// R: the probability that enough people are there for the load that comes.
pub fn readiness(needs: &Needs, presence: &Presence) -> f64 {
    let parts = needs.counts().iter();
    let sum: f64 = parts
        .map(|(n, weight)| weight * presence.at_least(*n))
        .sum();
    sum.min(1.0)
}

/// The fewest active people whose readiness reaches a probability: with 0.95, N₉₅. None where no number does.
///
/// # Errors
/// The show-up is no probability.
pub fn keep_for(needs: &Needs, show_up: f64, at_least: f64) -> Result<Option<u32>, CapacityError> {
    fewest_kept(needs, at_least, Horizon::Now, |people| {
        vec![Headcount::active(people, show_up)]
    })
}

/// The fewest of a mix of people whose readiness reaches a probability; `kept` says what so many of them are. A larger
/// number must hold everybody that a smaller one does.
///
/// # Errors
/// A chance is no probability.
pub fn fewest_kept(
    needs: &Needs,
    at_least: f64,
    horizon: Horizon,
    kept: impl Fn(u32) -> Vec<Headcount>,
) -> Result<Option<u32>, CapacityError> {
    let enough = |people: u32| -> Result<bool, CapacityError> {
        let presence = Presence::of(&kept(people), horizon)?;
        Ok(readiness(needs, &presence) >= at_least)
    };
    if enough(0)? {
        return Ok(Some(0));
    }
    let (mut few, mut many) = (0, needs.most().clamp(1, KEEP_MAX));
    while !enough(many)? {
        if many >= KEEP_MAX {
            return Ok(None);
        }
        (few, many) = (many, (many * 2).min(KEEP_MAX));
    }
    while many - few > 1 {
        let middle = few.midpoint(many);
        if enough(middle)? {
            many = middle;
        } else {
            few = middle;
        }
    }
    Ok(Some(many))
}
