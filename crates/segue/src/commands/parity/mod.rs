//! `segue parity …`: what counts and reports prove about "same or better".

mod budget;
mod check;
mod compare;
mod freeze_staffing;
mod had_we_not_moved;
mod own_weeks;
mod report;

use crate::cli::Global;
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
    /// How often the guard would have cried wolf on the client's own weeks; before that it acts on no statistics
    OwnWeeks(own_weeks::OwnWeeks),
    /// Write down the in-house staffing of before, from a report of agents on the phones; both sign it
    FreezeStaffing(freeze_staffing::FreezeStaffingOptions),
    /// What would have become of the real callers with the staffing of before
    HadWeNotMoved(had_we_not_moved::HadWeNotMoved),
    /// What a period report can say about a change at one area from one date
    Report(report::ReportOptions),
}

impl Parity {
    /// Answers.
    pub fn run(&self, global: &Global) -> Answered {
        match self {
            Self::Compare(compare) => compare.run(),
            Self::Budget(budget) => budget.run(),
            Self::Check(check) => check.run(),
            Self::OwnWeeks(own_weeks) => own_weeks.run(global),
            Self::FreezeStaffing(options) => options.run(global),
            Self::HadWeNotMoved(options) => options.run(global),
            Self::Report(report) => report.run(),
        }
    }
}
