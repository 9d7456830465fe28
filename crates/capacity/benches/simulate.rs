//! Calls a second of the simulator on the case that `scripts/bench-rehearsal` gives its peer as well: two skills, 50
//! agents in three groups, a 15-minute profile, hang-ups. One line of JSON per run, so that the script can compare.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a benchmark: it prints, and it stops at a fault"
)]

use segue_capacity::simulate::{Group, INTERVAL_US, Load, Model, Profile, Skill, Span, run};

/// Weight of each of a day's 96 intervals: a night at a fifth, a morning peak. The script has the same formula.
fn weight(interval: u32) -> f64 {
    let hour = f64::from(interval) / 4.0;
    0.2 + (-((hour - 11.0) / 4.0).powi(2)).exp()
}

fn main() {
    let days: i64 = std::env::var("SEGUE_BENCH_DAYS").map_or(365, |d| d.parse().expect("days"));
    let profile = |peak: f64| {
        let values = (0..96).map(|n| peak * weight(n)).collect();
        Profile::new(values, 0)
    };
    let people = |most: f64| {
        let values = (0..96).map(|n| staff(most, n)).collect();
        Profile::new(values, 0)
    };
    let skill = |n| Skill::new(n).expect("a skill");
    let load = |calls_per_hour, aht_s, patience_s| Load {
        calls_per_hour: profile(calls_per_hour),
        aht_s,
        patience_s,
    };
    let group = |skills: &[usize], most| Group {
        skills: skills.iter().map(|n| skill(*n)).collect(),
        on_phones: people(most),
    };
    let model = Model {
        loads: vec![load(300.0, 240.0, 120.0), load(150.0, 420.0, 180.0)],
        groups: vec![group(&[0], 20.0), group(&[1], 20.0), group(&[0, 1], 10.0)],
    };
    let span = Span {
        warm_up_us: 96 * INTERVAL_US,
        batch_us: 96 * INTERVAL_US * days,
        batches: 1,
        within_us: 20_000_000,
    };
    let started_s = on_cpu_s();
    let year = run(&model, span, 1)[0];
    let took_s = on_cpu_s() - started_s;
    println!(
        "{}",
        serde_json::json!({
            "calls": year.offered,
            "answered_within": year.answered_within,
            "abandoned": year.abandoned,
            "cpu_seconds": took_s,
        })
    );
}

/// Seconds this process was on a processor: on a busy machine the clock on the wall measures the others. Linux only.
fn on_cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").expect("Linux with schedstat");
    let ns = stat.split_whitespace().next().expect("a number");
    ns.parse::<f64>().expect("nanoseconds") / 1e9
}

/// People of a group in an interval: as the calls, at least two.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small positive numbers"
)]
fn staff(most: f64, interval: u32) -> u32 {
    (most * weight(interval) / 1.2).ceil().max(2.0) as u32
}
