//! Calls per second through every metric of a guard on one core (by the time spent on it), beside merely counting the same calls.
//!
//! `cargo run --release -p segue-parity --example throughput -- [CALLS]`
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a report on standard output; the rules are this file's own"
)]

use segue_parity::guard::record::{Arm, Beat, Call, FeedId, Outcome, Place, StratumId};
use segue_parity::guard::{Guard, Record, Situation};
use segue_parity::rules::Rules;
use segue_parity::tally::{Tally, Thresholds};
use std::hint::black_box;
use std::time::Duration;

const METRICS: [(&str, u32, u32); 9] = [
    ("abandonment", 200, 400),
    ("not_within_threshold", 300, 1_800),
    ("never_answered", 200, 400),
    ("transfer", 200, 500),
    ("repeat_contact", 200, 600),
    ("complaint", 100, 100),
    ("handle_time", 1_000, 300),
    ("under_triage", 100, 200),
    ("disposition_mix", 0, 0),
];

fn rules() -> Rules {
    let metrics: Vec<_> = METRICS
        .iter()
        .map(|(name, margin_bp, baseline)| {
            serde_json::json!({
                "name": name, "role": "signal", "margin_bp": margin_bp, "baseline": baseline,
                "target_bp": 500, "feed": "acd", "block_min": 60, "spread_s": 200, "maturity_s": 900,
            })
        })
        .collect();
    let strata: Vec<_> = (0..168).map(|hour| format!("hour {hour}")).collect();
    let levels: Vec<_> = (0..13).map(|level| format!("level {level}")).collect();
    serde_json::from_value(serde_json::json!({
        "agreement": "throughput", "alpha_bp": 500, "metrics": metrics, "strata": strata,
        "dispositions": levels, "segments": ["english", "spanish"],
        "feeds": [{ "name": "acd", "cadence_s": 900 }],
    }))
    .expect("the rules of this file")
}

/// Calls of a day of 200,000, with their arm, π, caller and outcome drawn before the clock starts.
fn calls(count: u64) -> Vec<Call> {
    let mut state = 1_u64;
    let mut below = |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    (0..count)
        .map(|key| {
            let at_us = i64::try_from(key * 432_000).expect("within years");
            let wait_ms = u32::try_from(below(40_000)).expect("a wait");
            let answered = below(100) >= 4;
            Call {
                key,
                place: Place {
                    at_us,
                    arm: Arm::BOTH[usize::try_from(below(2)).expect("0 or 1")],
                    pi_bp: [1_000, 5_000][usize::try_from(below(2)).expect("0 or 1")],
                    caller: (below(50) > 0)
                        .then(|| below(300_000).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
                    stratum: StratumId(
                        u16::try_from(at_us / 3_600_000_000 % 168).expect("an hour"),
                    ),
                    segments: [Some(u16::from(below(14) == 0)), None, None],
                },
                outcome: if answered {
                    Outcome::Answered { wait_ms }
                } else {
                    Outcome::Abandoned { wait_ms }
                },
                answered_by: None,
                handle_ms: answered.then_some(100_000 + 10 * wait_ms),
                transferred: answered.then(|| below(20) == 0),
                disposition: answered.then(|| u8::try_from(below(13)).expect("a level")),
            }
        })
        .collect()
}

/// The guard is told every call and asked each simulated quarter of an hour.
fn guard(calls: &[Call]) -> Duration {
    let mut guard = Guard::new(rules().check().expect("the rules of this file"));
    let started = now();
    for quarter in calls.chunk_by(|a, b| a.place.at_us / 900_000_000 == b.place.at_us / 900_000_000)
    {
        for call in quarter {
            let _ = guard.observe(&Record::Call(*call));
        }
        let until_us = quarter.last().map_or(0, |call| call.place.at_us);
        for arm in Arm::BOTH {
            let _ = guard.observe(&Record::Beat(Beat {
                feed: FeedId(0),
                arm,
                complete_until_us: until_us,
            }));
        }
        black_box(guard.assess(until_us, Situation::default()));
    }
    now().saturating_sub(started)
}

/// Counting the same calls for the KPIs of a report.
fn count(calls: &[Call]) -> Duration {
    let mut tally = Tally::new(Thresholds::new(30, 5).expect("5 s is shorter than 30 s"));
    let started = now();
    for call in calls {
        match call.outcome {
            Outcome::Answered { wait_ms } => {
                tally.answered(Some(wait_ms.into()), call.handle_ms.map(u64::from));
            }
            Outcome::Abandoned { wait_ms } | Outcome::Waiting { wait_ms } => {
                tally.abandoned(Some(wait_ms.into()));
            }
            Outcome::Unserved => tally.abandoned(None),
        }
    }
    black_box(tally.asa_s());
    now().saturating_sub(started)
}

/// Time this process has spent on a core: what a neighbour on the machine takes is not counted.
fn now() -> Duration {
    let spent = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = spent.split(' ').next().and_then(|text| text.parse().ok());
    Duration::from_nanos(nanoseconds.expect("/proc/self/schedstat of a Linux machine"))
}

fn main() {
    let number = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let calls = calls(number.unwrap_or(2_000_000));
    let count_of =
        f64::from(u32::try_from(calls.len()).expect("fewer than four thousand million calls"));
    println!(
        "{} calls, {} metrics, 168 strata",
        calls.len(),
        METRICS.len()
    );
    for round in 1..=3 {
        let (guarded, counted) = (guard(&calls), count(&calls));
        println!(
            "round {round}: guard {:.2} M calls/s, counting alone {:.2} M calls/s, {:.1} times its time",
            count_of / guarded.as_secs_f64() / 1e6,
            count_of / counted.as_secs_f64() / 1e6,
            guarded.as_secs_f64() / counted.as_secs_f64()
        );
    }
}
