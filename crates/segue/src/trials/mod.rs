//! Test calls through a running node, and what the node wrote down about them.

pub mod again;
pub mod evidence;
pub mod hours;
pub mod through;
