//! Same or better? KPI formulas, sequential evidence and verdicts, and nothing that reads a clock or a disk.
//!
//! Two centres are comparable only when both name the same formula (`domain.md` §2.3); the names here are
//! the ones in contracts, reports and the command line. How evidence is weighed: `sequences`; what is signed: `rules`;
//! what follows: `guard`.
#![forbid(unsafe_code)]

pub mod calibration;
pub mod check;
pub mod guard;
pub mod kpi;
pub mod noninferiority;
pub mod report;
pub mod rules;
pub mod sequences;
pub mod tally;
pub mod waits;
