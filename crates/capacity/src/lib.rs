//! How many people a load needs, and whether the door home is really open: Erlang formulas, forecast, staffing, simulator, readiness.
#![forbid(unsafe_code)]

pub mod counterfactual;
pub mod door;
pub mod erlang;
pub mod error;
pub mod forecast;
pub mod history;
pub mod load;
mod numbers;
pub mod patience;
pub mod readiness;
pub mod simulate;
pub mod staffing;
