//! `segue trial`: test calls, what they prove, and the far end that answers them.

mod answer;
mod asked;
mod call;
mod delivery;
mod interpreter;
mod last_resort;
mod path;
mod share;
mod transfer;
mod tty;

pub(crate) use call::{caller_number, require_no_emergency};

use crate::cli::Global;
use crate::output::Answered;
use clap::Subcommand;
use segue_domain::telephony_checks::{CheckKind, CheckOutcome, CheckResult};

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
    /// Call everybody of a line's last resort, each week, and record whether they answered
    LastResort(last_resort::LastResort),
    /// Leave a message at the outsourcer's and wait at the on-call telephone until it is delivered
    Delivery(Box<delivery::Delivery>),
    /// Have the outsourcer's agent bring an interpreter in, and measure how long a caller waits for one
    Interpreter(interpreter::Interpreter),
    /// Call as a text telephone does (TTY), and have a word typed back
    Tty(tty::Tty),
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
            Self::LastResort(last_resort) => last_resort.run(global),
            Self::Delivery(delivery) => delivery.run(global),
            Self::Interpreter(interpreter) => interpreter.run(global),
            Self::Tty(tty) => tty.run(global),
        }
    }
}

/// The result of a check that passes or fails.
fn result(kind: CheckKind, passed: bool, measured: Option<u32>) -> CheckResult {
    let outcome = if passed {
        CheckOutcome::Passed
    } else {
        CheckOutcome::Failed
    };
    CheckResult {
        kind,
        outcome,
        measured,
    }
}
