//! One file per command: its options, its run, its answer.

pub mod init;
pub mod key;
pub mod windows;

use crate::cli::{Cli, Command};
use crate::output::Answered;

/// Runs what was typed.
pub fn run(cli: Cli) -> Answered {
    let global = &cli.global;
    match cli.command {
        Command::Init(init) => init.run(global),
        Command::Windows(windows) => windows.run(),
        Command::Key(key) => key.run(),
    }
}
