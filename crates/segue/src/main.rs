//! Segue: moves a healthcare call centre's calls to an outsourced centre, step by agreed step.
#![forbid(unsafe_code)]
#![expect(
    unreachable_pub,
    reason = "a binary has no outside; `pub` marks what its other modules may use"
)]

mod checkpoints;
mod cli;
mod clock;
mod commands;
mod console;
mod context;
mod data_dir;
mod demo;
mod discovery;
mod histories;
mod home;
mod login;
mod mailing;
mod node;
mod office;
mod output;
mod readiness;
mod route_door;
mod route_tokens;
mod runbook;
mod service;
mod sign_on;
mod trials;
mod week;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    output::logging();
    let json = cli.wants_json();
    output::finish(commands::run(cli), json)
}
