//! Sans-I/O SIP core, stateful proxy and redirect.
//!
//! [`msg`] reads messages. No clock and no socket below the `io` files: time, chance and packets are
//! parameters, so that rehearsal and tests run the production code.

pub mod msg;
