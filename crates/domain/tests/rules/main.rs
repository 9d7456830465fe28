//! The rules of the transition, told as given / when / then on the example "Riverside Health" → "CareBridge".
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken fixture should stop the test that uses it"
)]

mod fixture;
mod support;

mod account_manager;
mod baseline;
mod bounds;
mod caller_keys;
mod capacity;
mod caps;
mod compliance;
mod contingency;
mod counterfactual;
mod coverage;
mod covering;
mod culture;
mod discovery;
mod golden;
mod hazard_log;
mod incident_boards;
mod issues;
mod keys;
mod knowledge;
mod licences;
mod main_path;
mod matrix;
mod nodes;
mod parity;
mod partnership;
mod people;
mod properties;
mod quality;
mod refusals;
mod regressions;
mod repeats;
mod rights;
mod route_orders;
mod schedule;
mod state_machine;
mod suggestions;
mod testing;
mod text;
mod triggers;
mod waivers;
mod way_home;
mod windows;
mod words;
