//! What the trade measures, by formula: the KPI names, their integers, and nothing that reads a clock or a disk.
//!
//! Two centres are comparable only when both name the same formula (`domain.md` §2.3); the names here are
//! the ones in contracts, reports and the command line.
#![forbid(unsafe_code)]

pub mod kpi;
pub mod tally;
pub mod waits;
