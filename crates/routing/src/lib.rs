//! Compiled route table, sticky split and the pure choice of a target.
