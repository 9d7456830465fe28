//! Append and read hash-chained events, and the one command layer over them.
