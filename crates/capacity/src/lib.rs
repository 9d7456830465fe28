//! How many people a load needs, and whether the door home is really open: Erlang formulas, forecast, staffing, simulator, readiness.
#![forbid(unsafe_code)]

pub mod simulate;
