//! Fuzzing without a special toolchain: seeds, mutations, and everything checked that must hold.
//!
//! `cargo run --release -p segue-sip --example fuzz_sip -- parser|proxy|stream MINUTES [SEED]`. A finding
//! is printed with its bytes and ends the run with 1. The same checks run for a moment in the tests.

#[path = "fuzz_sip/checks.rs"]
mod checks;

use checks::{Mutator, parser, proxy, stream};
use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant};

#[expect(
    clippy::disallowed_methods,
    reason = "a tool that runs for minutes reads the clock"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let what = words.first().map_or("", String::as_str);
    let minutes: u64 = words.get(1).map_or(Ok(1), |text| text.parse())?;
    let seed: u64 = words.get(2).map_or(Ok(1), |text| text.parse())?;
    let check = match what {
        "parser" => parser,
        "proxy" => proxy,
        "stream" => stream,
        _ => return Err("usage: fuzz parser|proxy|stream MINUTES [SEED]".into()),
    };
    let mut mutator = Mutator::new(seed);
    let start = Instant::now();
    let mut rounds: u64 = 0;
    while start.elapsed() < Duration::from_secs(60 * minutes) {
        for _ in 0..1_000 {
            check(&mut mutator)?;
        }
        rounds += 1_000;
    }
    writeln!(
        std::io::stdout(),
        "{what}: {rounds} inputs in {minutes} min from seed {seed}, nothing found"
    )?;
    Ok(())
}
