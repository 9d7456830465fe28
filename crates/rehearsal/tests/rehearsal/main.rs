//! The rehearsal as a whole, on Riverside's own plan.
#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod common;

use segue_example::Example;
use segue_rehearsal::{Rehearsal, Report, Runs, Script, rehearse};

fn played(script: &Script, seed: u64) -> Report {
    let example = Example::riverside();
    let calls = common::calls(0.5, 1);
    let runs = Runs {
        full: 2,
        outcome_only: 2,
    };
    rehearse(&Rehearsal {
        example: &example,
        calls: &calls,
        script,
        runs,
        seed,
        threads: 2,
    })
    .unwrap()
}

#[test]
fn first_look() {
    let started = std::time::Instant::now();
    let report = played(&Script::default(), 1);
    println!("{}", report.text());
    println!("{}", serde_json::to_string_pretty(&report).unwrap());
    println!("{:?}", started.elapsed());
}
