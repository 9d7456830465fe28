//! The move, played on a simulated clock with the client's own calls and the code that runs in production.
//!
//! The same `segue_domain::decide` and `apply`, the same `segue_routing::compile` and `choose` as on the line; floors and
//! evidence judge as they were agreed. People, callers and both centres are simulated: what is assumed of them is in [`Assumptions`], what
//! goes wrong in [`injections`]. Nothing here reads a clock or throws a die: plan, calls, script and seed give the report,
//! byte for byte.
#![forbid(unsafe_code)]

pub mod assumptions;
pub mod calls;
mod course;
mod director;
pub mod error;
mod evidence;
pub mod floors;
mod guards;
pub mod injections;
mod live;
pub mod page;
mod people;
mod play;
pub mod rehearse;
pub mod report;
mod setting;
pub mod signing;
mod stage;
pub mod tally;
mod todo;

pub use assumptions::Assumptions;
pub use error::RehearsalError;
pub use injections::{Injection, Script};
pub use rehearse::{Rehearsal, Runs, rehearse};
pub use report::Report;
