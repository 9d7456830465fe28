//! Riverside Health moves its calls to CareBridge: the example's people, facts and plan, and the way to a given state.
//!
//! [`Example::next`] answers, for a transition as it stands, what somebody of the example does next on the way to a
//! [`Goal`]. Demo, scenarios and tests drive it, each through its own door, so that a new rule is taught here once.
#![forbid(unsafe_code)]

mod cast;
mod facts;
mod needs;
mod way;

pub use cast::{account, clinical_lead, key, of, person, sign};
pub use facts::Example;
pub use way::{Goal, Move};

/// Moves that any goal takes at most: a driver that needs more goes in a circle.
pub const MOVES_MAX: usize = 20_000;
