//! Sans-I/O SIP core, stateful proxy and redirect.
//!
//! [`msg`] reads messages, [`Core`] moves calls from target to target, [`Policy`] decides where they
//! go, `io_udp` connects it to a socket. No clock and no socket below the `io` files: time, chance and
//! packets are parameters, so that rehearsal and tests run the production code.

pub mod allow;
mod branch;
mod core;
mod edit;
pub mod framing;
mod hop;
mod identity;
pub mod io_stream;
pub mod io_udp;
pub mod msg;
mod policy;
mod rate;
mod shed;
mod table;
pub mod tls;
pub mod trunk;
mod wheel;

pub use crate::core::{Config, Core, Counters, Sink, Stranger};
pub use hop::{Hop, Transport};
pub use policy::{
    Attempt, AttemptResult, CallToken, FallThrough, Invite, Mode, Outcome, Policy, Route, Shed,
    Skip, TARGETS_MAX, Target, Timers,
};
