//! The guard's loop: what both centres tell about calls becomes evidence, and what the evidence says becomes commands.
//!
//! ```text
//! facts (decisions, records, feeds), in any order → account → parity::Guard → assessment → turn
//! turn = verdict to keep + pages to send + commands for the desk
//! ```
//!
//! No clock, socket or disk. The rehearsal, which knows each call's whole story at once, tells the same guard under the same rules
//! without the account. The loop never moves a call itself. It
//! reports what it saw, and the domain does what both parties signed; where in-house could not take the calls, it reports
//! nothing that could bring them home, and pages.
#![forbid(unsafe_code)]

mod account;
mod arming;
mod fact;
mod had_we_not_moved;
mod outside;
mod proved;
mod recent;
pub mod segments;
mod terms;
mod turn;
mod watch;

pub use account::Unmatched;
pub use arming::{Arming, Exhibit};
pub use fact::{CallKey, Fact, Fed, Recorded, Routed};
pub use had_we_not_moved::shares;
pub use outside::{Outside, readiness_bp};
pub use proved::ProvedBefore;
pub use terms::{BLOCK_MIN, CannotWatch, block_that_fits, floor_rules, rules};
pub use turn::{Page, Turn};
pub use watch::Watch;
