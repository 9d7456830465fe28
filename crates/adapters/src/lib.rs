//! How peers that ask over HTTP say a call and hear where it goes: pure translation around the same
//! `choose` that serves SIP.
//!
//! Each dialect reads an [`Ask`] out of a request and writes an [`Answer`] as its peer understands it.
//! Written after the peers' public documents and tested against examples in their form; only Kamailio
//! is run for real in the tests. Sockets, clocks and keys belong to who calls.
#![forbid(unsafe_code)]

mod answer;
mod ask;
mod form;
pub mod gate;
mod text;
pub mod twilio;

pub use answer::{Answer, AnswerTarget, Reply};
pub use ask::{Ask, BadAsk, Dialect, Request};
