//! Segue verify.
fn main() {}
