//! The rules of the transition, told as given / when / then on the example "Riverside Health" → "CareBridge".
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken fixture should stop the test that uses it"
)]

mod fixture;
mod support;

mod baseline;
mod caps;
mod compliance;
mod contingency;
mod coverage;
mod covering;
mod culture;
mod discovery;
mod golden;
mod knowledge;
mod licences;
mod main_path;
mod people;
mod properties;
mod refusals;
mod regressions;
mod repeats;
mod schedule;
mod suggestions;
mod text;
mod waivers;
