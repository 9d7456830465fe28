//! Period reports: figures by area and period that a provider publishes or hands in, as a series of one metric.
//!
//! Read in one pass in memory bounded by areas × periods. A figure that contradicts itself is quarantined with its line
//! and reason, never dropped: read = accepted + empty + quarantined. `mappings/periods/` says how each report is laid
//! out.

mod mapping;
mod read;
mod row;

pub use mapping::{Better, Every, MetricRule, PeriodMapping, SHIPPED_PERIODS};
pub use read::{PeriodReading, QuarantinedFigure, read_periods};
