//! The move, played on a simulated clock with the client's own calls and the code that runs in production.
#![forbid(unsafe_code)]
