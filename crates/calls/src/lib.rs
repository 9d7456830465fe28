//! Call records: mapping, import, reconciliation, store, baseline, join.
//!
//! An export of any size becomes canonical records in a Parquet folder; every row read is accounted for as
//! accepted, duplicate, test or quarantined; callers are kept only as keyed hashes.
#![forbid(unsafe_code)]

pub mod apart;
pub mod baseline;
mod call_columns;
mod cells;
mod columns;
mod dedup;
pub mod disclosure;
pub mod erase;
pub mod error;
pub mod import;
mod input;
mod intake;
pub mod join;
mod json;
mod json_path;
pub mod lines;
pub mod lookalike;
pub mod mapping;
pub mod offered;
pub mod operations;
mod parts;
pub mod periods;
mod pipeline;
mod plan;
pub mod publish;
mod queue_log;
mod read;
pub mod record;
pub mod report;
mod row;
pub mod seal;
pub mod skew;
pub mod sniff;
mod spill;
pub mod store;
pub mod tables;
mod threads;
mod times;
pub mod understanding;
mod value;

pub use columns::schema;
