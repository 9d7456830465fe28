//! Test calls through a running node, and what the node wrote down about them.

pub mod evidence;
pub mod through;
