//! How long the rehearsal of a year takes: a million calls, 20 runs with full verdicts and 180 outcome-only, beside no move
//! and a mass cutover, on two threads.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a benchmark: it prints, it stops at a fault, it reads the clock"
)]

#[path = "../tests/rehearsal/common.rs"]
mod common;

use segue_example::Example;
use segue_rehearsal::{Rehearsal, Runs, Script, rehearse};
use std::collections::BTreeMap;
use std::time::Instant;

fn main() {
    let number =
        |name, default| std::env::var(name).map_or(default, |n| n.parse().expect("a number"));
    let runs = Runs {
        full: number("SEGUE_BENCH_FULL", 20),
        outcome_only: number("SEGUE_BENCH_OUTCOME_ONLY", 180),
    };
    let example = Example::riverside();
    let calls = common::calls(2.2, 1);
    let started = Instant::now();
    let report = rehearse(&Rehearsal {
        example: &example,
        calls: &calls,
        holidays: &BTreeMap::new(),
        script: &Script::default(),
        runs,
        seed: 1,
        threads: 2,
    })
    .expect("a report");
    println!(
        "{}",
        serde_json::json!({
            "calls": report.calls,
            "weeks": report.weeks.len(),
            "full": report.runs.full,
            "outcome_only": report.runs.outcome_only,
            "threads": 2,
            "seconds": started.elapsed().as_secs_f64(),
        })
    );
}
