//! `segue parity …`: what counts and reports prove about "same or better".

mod budget;
mod check;
mod compare;
mod report;

use crate::output::Answered;
use clap::Subcommand;

/// `segue parity …`
#[derive(Debug, Subcommand)]
pub enum Parity {
    /// Compare a pilot's count with its baseline's against an agreed margin
    Compare(compare::Compare),
    /// Which margins this volume can prove, and by when, before anybody signs them
    Budget(budget::Budget),
    /// What rows of calls prove by signed rules, as the guard would judge them
    Check(check::Check),
    /// What a period report can say about a change at one area from one date
    Report(report::ReportOptions),
}

impl Parity {
    /// Answers.
    pub fn run(&self) -> Answered {
        match self {
            Self::Compare(compare) => compare.run(),
            Self::Budget(budget) => budget.run(),
            Self::Check(check) => check.run(),
            Self::Report(report) => report.run(),
        }
    }
}
