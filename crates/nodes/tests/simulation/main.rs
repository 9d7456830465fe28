//! Nodes, network, clocks, disks and a database on virtual time, with faults drawn from a seed.
//!
//! `SEGUE_NODE_SEEDS=N` plays that many seeds (300 without it) from `SEGUE_NODE_FROM` on, `SEGUE_NODE_SEED=S` plays one again. What is checked:
//! after a complete press no node it reached sends out what it covers, and after the fence time none at all but chunks that
//! are signed to hold; without a majority or past the lease nothing goes out but those; nothing goes out that was not agreed
//! in the journal; no press is lost; and once everything is well, calls go out again.
#![expect(clippy::unwrap_used, reason = "a failed fixture is a failed test")]

mod counts;
mod events;
mod node;
mod world;

use counts::Counts;
use std::fmt::Write as _;
use world::World;

/// Seeds of the fast tier.
const SEEDS: u64 = 300;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

#[test]
fn no_fault_schedule_breaks_the_promises() {
    let from = number("SEGUE_NODE_FROM").unwrap_or(0);
    let seeds = match number("SEGUE_NODE_SEED") {
        Some(seed) => seed..seed + 1,
        None => from..from + number("SEGUE_NODE_SEEDS").unwrap_or(SEEDS),
    };
    let count = seeds.end - seeds.start;
    let mut sum = Counts::default();
    for seed in seeds {
        let played = std::panic::catch_unwind(|| World::new(seed).play());
        assert!(played.is_ok(), "SEGUE_NODE_SEED={seed} plays it again");
        sum.add(&played.unwrap_or_default());
    }
    let mut said = String::new();
    writeln!(said, "{count} fault schedules from {from} on: {sum}").unwrap();
    println!("{said}");
    if count >= SEEDS {
        // A simulation in which nothing happens proves nothing.
        assert!(
            sum.out > 0 && sum.home > 0 && sum.complete > 0 && sum.incomplete > 0,
            "{said}"
        );
        assert!(
            sum.crashes > 0 && sum.stops > 0 && sum.cut_off > 0 && sum.held > 0,
            "{said}"
        );
    }
}
