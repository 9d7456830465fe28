//! A small SIP user agent with audio, queueing centres and test calls.
//!
//! Used by `segue demo` (callers, an IVR and two centres on loopback), by `segue trial call`, and by tests. Everything
//! is real SIP over UDP and real RTP; nothing here decides where a call goes.
#![forbid(unsafe_code)]

pub mod acd;
pub mod agent;
pub mod audio;
pub mod callers;
pub mod centre;
mod clock;
pub mod dice;
pub mod feed;
pub mod floor;
pub mod ivr;
mod rtp;
pub mod stop;
pub mod test_call;
pub mod tone;
