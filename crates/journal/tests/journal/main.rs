//! The journal, its desk and its accounts on both databases: one program, so that the database driver is compiled and linked once.
#![expect(clippy::unwrap_used, reason = "a failed fixture is a failed test")]

#[macro_use]
#[path = "common/both.rs"]
mod both;
mod common;
mod desk_story;

mod accounts;
mod desk;
mod facts;
mod migrate;
mod open_cases;
mod rights;
mod second_factor;
mod server;
mod sigkill;
mod sign_on;
mod story;
mod tamper;
mod unavailable;
