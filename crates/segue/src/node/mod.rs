//! One routing node: the table it runs, its home latch, its lease, and the loops that keep them current.

pub mod cluster;
pub mod control;
pub mod files;
pub mod policy;
pub mod standing;
pub mod state;
pub mod tail;
pub mod trunks;

pub use state::Node;
