//! Scenario scripts: given / when / then in plain words, on virtual time, through the real command layer.
//!
//! Each scenario gets a journal of its own in a temporary directory and a desk over it; nothing is imitated. The
//! words are in `phrases.rs` and, for people, in `docs/scenarios.md`.

mod acts;
mod checks;
mod parse;
mod pattern;
mod people;
mod phrases;
mod run;
mod steps;
mod temporary;
mod ways;
mod words;
mod world;

pub(crate) use phrases::list as phrases;
pub(crate) use run::run;
