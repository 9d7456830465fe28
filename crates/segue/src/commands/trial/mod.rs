//! `segue trial`: test calls, what they prove, and the far end that answers them.

mod answer;
mod call;
mod path;
mod share;
mod transfer;

pub(crate) use call::{caller_number, require_no_emergency};

use crate::cli::Global;
use crate::output::Answered;
use clap::Subcommand;

/// `segue trial …`
#[derive(Debug, Subcommand)]
pub enum Trial {
    /// Place one test call
    Call(call::Call),
    /// Answer test calls: a test line that says what it hears and what numbers it is shown
    Answer(answer::AnswerCalls),
    /// Check a path to the outsourcer with test calls, and record the checks
    Path(Box<path::Path>),
    /// Prove the share that runs by two calls from either side of the threshold; a mismatch pauses the chunk
    Share(share::Share),
    /// Have a caller transferred by the outsourcer's agent to the nurse, and measure what the caller lives through
    Transfer(Box<transfer::TransferTo>),
}

impl Trial {
    /// Answers; what was not proved ends with exit code 5.
    pub fn run(&self, global: &Global) -> Answered {
        match self {
            Self::Call(call) => call.run(),
            Self::Answer(answer) => answer.run(),
            Self::Path(path) => path.run(global),
            Self::Share(share) => share.run(global),
            Self::Transfer(transfer) => transfer.run(global),
        }
    }
}
