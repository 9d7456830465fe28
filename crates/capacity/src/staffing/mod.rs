//! How many agents a load needs, and what that number hides: shrinkage, learning, longer calls, pooling.
//!
//! The number is the least that reaches the service level (answered in time ÷ offered) and, where callers lose patience, keeps
//! hang-ups under the cap. It is searched from the fewest that could, so that no answer is one too high.

pub mod forecasted;
pub mod learning;
pub mod plan;
pub mod pooling;
pub mod shared;
pub mod shrinkage;
pub mod whatif;

use crate::erlang::{Queue, Walk};
use crate::error::CapacityError;
use crate::load::{Load, Patience, ServiceTarget};
use crate::numbers::people_up;

/// The search for enough agents ends here.
const AGENTS_MAX: u32 = 1_000_000_000;

/// The fewest agents that reach the target; none for no calls.
///
/// # Errors
/// No centre has as many as it would take.
pub fn agents_needed(
    load: Load,
    patience: Patience,
    target: ServiceTarget,
) -> Result<u32, CapacityError> {
    agents_needed_from(load, patience, target, 0)
}

/// The same, knowing that fewer than `at_least` are too few.
pub(crate) fn agents_needed_from(
    load: Load,
    patience: Patience,
    target: ServiceTarget,
    at_least: u32,
) -> Result<u32, CapacityError> {
    if load.calls_per_hour() <= 0.0 {
        return Ok(0);
    }
    let queue = Queue::new(load, patience);
    let enough = |walk: &mut Walk, agents: u32| {
        let outcome = queue.outcome(walk, agents, f64::from(target.within_s));
        outcome.service_level >= target.level() && outcome.abandonment <= target.abandonment_max()
    };
    let first = fewest_possible(load, patience, target).max(at_least);
    let mut below = queue.start();
    if first <= AGENTS_MAX && enough(&mut below, first) {
        return Ok(first);
    }
    // Gallop until enough, then halve what lies between; the walk from the last too small number is kept.
    let (mut few, mut stride) = (first, 1_u32);
    let mut many = loop {
        let many = few.saturating_add(stride);
        if many > AGENTS_MAX {
            return Err(CapacityError::NoCentre {
                agents_max: AGENTS_MAX,
            });
        }
        let mut walk = below;
        if enough(&mut walk, many) {
            break many;
        }
        (few, below, stride) = (many, walk, stride.saturating_mul(2));
    };
    while many - few > 1 {
        let middle = few.midpoint(many);
        let mut walk = below;
        if enough(&mut walk, middle) {
            many = middle;
        } else {
            (few, below) = (middle, walk);
        }
    }
    Ok(many)
}

/// Fewer than these cannot do: agents answer at most n/a of the calls, and without hang-ups must outnumber the load.
fn fewest_possible(load: Load, patience: Patience, target: ServiceTarget) -> u32 {
    let erlangs = load.erlangs();
    match patience {
        Patience::Endless if target.level_bp == 0 => 0,
        Patience::Endless => people_up(erlangs),
        Patience::Mean { .. } => {
            let answered = target.level().max(1.0 - target.abandonment_max());
            // A breath less, so that rounding never skips the right answer.
            people_up(erlangs * answered * (1.0 - 1e-9))
        }
    }
}
