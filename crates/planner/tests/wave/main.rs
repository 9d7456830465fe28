//! The wave plan beside plain enumeration: every claim of the planner is counted after on models small enough to try all
//! plans of.

mod best;
mod checked;
mod clashes;
mod counters;
mod fair;
#[path = "../../examples/shared/generator.rs"]
mod generator;
mod golden;
mod tiny;
mod transitions;
