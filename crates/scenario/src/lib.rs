//! Scenario scripts: given / when / then in plain words, on virtual time, through the real command layer.
//!
//! Each scenario gets a journal of its own in a temporary directory and a desk over it; nothing is imitated. The
//! words are in `phrases/`, one file per concern of the trade, and, for people, in `docs/scenarios.md`.
#![forbid(unsafe_code)]

mod error;
mod parse;
mod pattern;
mod people;
mod phrases;
mod run;
mod seen;
mod sign;
mod steps;
mod trouble;
mod words;
mod world;

pub use error::Error;
pub use phrases::list as phrases;
pub use run::{Mismatch, Report, Told, run};
