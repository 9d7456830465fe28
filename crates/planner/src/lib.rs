//! The wave plan: which call type of which site moves in which week, by the named rules of both parties.
//!
//! The way through: a [`Model`] says what moves and by which rules; a [`Solver`] ([`Greedy`] or [`Highs`]) finds a
//! [`WavePlan`]; [`checker::violations`] passes it, or nobody sees it. Where there is no plan, [`clash`] names the rules that
//! cannot hold together and the smallest single fixes; [`negotiate`] balances both parties' wishes; [`counter`] answers a
//! changed rule with the fewest changes. Weeks are the grain: dates of days are the schedule's, in `segue-domain`.
#![forbid(unsafe_code)]

pub mod answer;
pub mod calendar;
pub mod checker;
pub mod clash;
mod compile;
pub mod counter;
mod goal;
mod greedy;
mod milp;
mod model;
pub mod negotiate;
mod order;
mod plan;
pub mod seal;
mod solver;
pub mod transition;

pub use goal::Satisfaction;
pub use goal::{Goal, Weights};
pub use greedy::Greedy;
pub use milp::Highs;
pub use model::{
    Cell, Gate, Kind, Limit, Model, ModelError, Owner, Pool, Preference, Rule, Scope, Site, Wish,
};
pub use order::{Draft, draft};
pub use plan::{TakenStep, WavePlan};
pub use solver::{Budget, Claim, Outcome, SolveError, Solved, Solver, Task};
