//! Staffing of 13,440 intervals (20 weeks of quarters of an hour) by Erlang C and Erlang A, beside pyworkforce's Erlang C on the
//! same intervals in the same run. `SEGUE_PYTHON` names a Python that has it; without one the ratio is left out.
//!
//! Prints a Markdown table with the medians of the rounds.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark prints, stops at a fault and looks at the clock"
)]

use segue_capacity::load::{Load, Patience, ServiceTarget};
use segue_capacity::staffing::agents_needed;
use std::fmt::Write as _;
use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

const INTERVALS: u32 = 20 * 7 * 96;
const ROUNDS: usize = 7;

/// Reads `calls per interval,AHT seconds` lines, staffs each for 80 % in 20 s, prints seconds and the sum of agents.
const PEER: &str = r"
import sys, time
from pyworkforce.queuing import ErlangC
rows = [tuple(map(float, line.split(','))) for line in open(sys.argv[1])]
start = time.perf_counter()
total = 0
for calls, aht_s in rows:
    erlang = ErlangC(transactions=calls, asa=20 / 60, aht=aht_s / 60, interval=15, shrinkage=0.0)
    total += erlang.required_positions(service_level=0.8, max_occupancy=1.0)['raw_positions']
print(time.perf_counter() - start, total)
";

/// Calls of one interval and their handle time: a day's and a week's shape, 10 to 300 calls an hour, none without calls.
fn interval(i: u32) -> (f64, f64) {
    let (slot, day) = (f64::from(i % 96), f64::from(i / 96 % 7));
    let shape = (1.0 - (slot / 48.0 - 1.0).abs()).max(0.0) * (1.0 - 0.08 * day);
    let wobble = f64::from(i.wrapping_mul(2_654_435_761) >> 20) / 4_096.0;
    (2.5 + 60.0 * shape + 12.0 * wobble, 180.0 + 300.0 * wobble)
}

fn staff(loads: &[Load], patience: Patience) -> (Duration, u64) {
    let target = ServiceTarget::new(80, 20);
    let start = Instant::now();
    let agents = loads
        .iter()
        .map(|load| u64::from(agents_needed(*load, patience, target).unwrap()));
    let sum = black_box(agents.sum());
    (start.elapsed(), sum)
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1_000.0
}

fn peer(python: &str, file: &std::path::Path) -> Option<(Duration, u64)> {
    let output = Command::new(python)
        .args(["-c", PEER])
        .arg(file)
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&output.stdout);
    let (seconds, total) = said.trim().split_once(' ')?;
    Some((
        Duration::from_secs_f64(seconds.parse().ok()?),
        total.parse().ok()?,
    ))
}

fn main() {
    let intervals: Vec<_> = (0..INTERVALS).map(interval).collect();
    let loads: Vec<_> = intervals
        .iter()
        .map(|(calls, aht_s)| Load::new(calls * 4.0, *aht_s).unwrap())
        .collect();
    let mut text = String::new();
    for (calls, aht_s) in &intervals {
        writeln!(text, "{calls},{aht_s}").unwrap();
    }
    let file = std::env::temp_dir().join(format!("segue-staffing-{}.csv", std::process::id()));
    std::fs::write(&file, text).unwrap();
    let python = std::env::var("SEGUE_PYTHON").ok();
    let (mut c, mut a, mut other) = (Vec::new(), Vec::new(), Vec::new());
    let mut sums = (0, 0, None);
    for _ in 0..ROUNDS {
        let (time, sum) = staff(&loads, Patience::Endless);
        c.push(time);
        sums.0 = sum;
        let (time, sum) = staff(&loads, Patience::mean(180.0).unwrap());
        a.push(time);
        sums.1 = sum;
        if let Some((time, sum)) = python.as_deref().and_then(|python| peer(python, &file)) {
            other.push(time);
            sums.2 = Some(sum);
        }
    }
    let _ = std::fs::remove_file(&file);
    let (c, a) = (median(c), median(a));
    println!(
        "| staffing of {INTERVALS} intervals | median of {ROUNDS} | agents in all |\n|---|---|---|"
    );
    println!("| Erlang C, 80 % in 20 s | {c:.2} ms | {} |", sums.0);
    println!(
        "| Erlang A, also ≤ 5 % hang up (patience 180 s) | {a:.2} ms | {} |",
        sums.1
    );
    match sums.2 {
        Some(sum) => {
            let other = median(other);
            println!("| pyworkforce, Erlang C | {other:.2} ms | {sum} |");
            println!(
                "\nErlang C {:.0} times, Erlang A {:.1} times as fast as pyworkforce's Erlang C.",
                other / c,
                other / a
            );
        }
        None => println!("\nSKIPPED: pyworkforce; set SEGUE_PYTHON to a Python that has it"),
    }
}
