//! The wave plan: which call type of which site moves in which week, by the named rules of both parties.
#![forbid(unsafe_code)]
