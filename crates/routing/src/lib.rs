//! Where a call goes: a compiled, immutable table and one pure choice over it.
//!
//! The same `choose` serves SIP, HTTP adapters and the rehearsal. Nothing here reads a clock or throws a die:
//! the split is a keyed hash of the caller.
#![forbid(unsafe_code)]

pub mod choose;
pub mod compile;
pub mod episodes;
pub mod hours;
pub mod latch;
pub mod mechanism;
pub mod order;
pub mod table;

pub use choose::{Arm, Call, Decision, Reason, Standing, choose};
pub use compile::compile;
pub use episodes::{Episodes, OpenCase, OpenCases};
pub use latch::{HomeLatch, Latched};
pub use table::{ChunkEntry, NumberEntry, RouteTable};
