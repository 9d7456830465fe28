//! What the proofs stand on: the real binary, real SIPp as callers, centres on real sockets, a transition made by
//! nothing but the command line.

pub(crate) mod callers;
pub(crate) mod centre;
pub(crate) mod certificates;
pub(crate) mod chance;
pub(crate) mod cli;
pub(crate) mod clock;
pub(crate) mod demo;
pub(crate) mod far_end;
pub(crate) mod page;
pub(crate) mod peers;
pub(crate) mod serve;
pub(crate) mod sip;
pub(crate) mod sipp;
pub(crate) mod stage;
pub(crate) mod world;
