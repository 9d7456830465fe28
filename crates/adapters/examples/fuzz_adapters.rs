//! Fuzzing of what peers send over HTTP and hear: seeds, mutations, and everything checked that must hold.
//!
//! `cargo run --release -p segue-adapters --example fuzz_adapters -- MINUTES [SEED]`. A finding is printed with its input and ends the
//! run with 1. The same checks run for a moment in the tests.

#[path = "fuzz_adapters/checks.rs"]
mod checks;

use checks::{Mutator, round};
use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

#[expect(
    clippy::disallowed_methods,
    reason = "a tool that runs for minutes reads the clock"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let minutes: u64 = words.first().map_or(Ok(1), |text| text.parse())?;
    let seed: u64 = words.get(1).map_or(Ok(1), |text| text.parse())?;
    let mut mutator = Mutator::new(seed);
    let start = Instant::now();
    let mut rounds: u64 = 0;
    while start.elapsed() < Duration::from_secs(60 * minutes) {
        for _ in 0..1_000 {
            round(&mut mutator)?;
        }
        rounds += 1_000;
    }
    writeln!(
        std::io::stdout(),
        "adapters: {rounds} inputs in {minutes} min from seed {seed}, nothing found"
    )?;
    Ok(())
}
