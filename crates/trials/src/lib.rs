//! A small SIP user agent with audio, queueing centres and test calls.
//!
//! A test call measures one call, a test line is its honest far end, and a path is checked by several of them. A transfer is a caller whom an agent
//! hands on to the nurse, a delivery one whose message must reach the telephone on call. A probe is run elsewhere: at a place of the outsourcer's.
//!
//! Used by `segue demo` (callers, an IVR and two centres on loopback), by `segue trial call`, and by tests. Everything
//! is real SIP over UDP and real RTP; nothing here decides where a call goes.
#![forbid(unsafe_code)]

pub mod acd;
pub mod agent;
pub mod audio;
mod baudot;
pub mod callers;
pub mod centre;
mod clock;
pub mod delivery;
pub mod dice;
mod ear;
pub mod feed;
pub mod floor;
pub mod interpreter;
pub mod ivr;
pub mod mos;
pub mod path;
pub mod probe;
mod rtp;
pub mod stop;
pub mod test_call;
pub mod test_line;
pub mod text_telephone;
pub mod tone;
pub mod transfer;
