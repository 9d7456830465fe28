//! How long one choice takes: `cargo run --release -p segue-routing --example bench_choose`. Prints one line of Markdown.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark measures time and prints it"
)]

use segue_domain::caller::CallerKey;
use segue_domain::chunks::CutOffAction;
use segue_routing::{
    Arm, Call, ChunkEntry, Episodes, HomeLatch, NumberEntry, RouteTable, Standing, choose,
};
use std::time::Instant;

const CALLS: u32 = 1_000_000;
const RUNS: usize = 5;

/// Six numbers, each with a week of windows, at 20 %.
fn table() -> RouteTable {
    let open_us =
        (0..14i64).map(|day| (day * 86_400_000_000, day * 86_400_000_000 + 80_000_000_000));
    let open_us: Vec<_> = open_us.collect();
    let number = |n: u32| {
        let chunk = ChunkEntry {
            chunk: format!("MAIN/{n}").as_str().into(),
            site: "MAIN".into(),
            share_bp: 2_000,
            epoch: 1,
            door_open: true,
            open_us: Some(open_us.clone()),
            cut_off_action: CutOffAction::Home,
        };
        let entry = NumberEntry {
            line: "L1".into(),
            in_house: format!("sip:{n}@127.0.0.2"),
            outsourced: format!("sip:{n}@127.0.0.3"),
            last_resort: vec!["sip:oncall@127.0.0.4".into()],
            chunks: vec![chunk],
        };
        (n.to_string(), entry)
    };
    RouteTable {
        line_group: "T".into(),
        valid_until_us: i64::MAX,
        numbers: (7001..7007).map(number).collect(),
        ..RouteTable::default()
    }
}

fn main() {
    let (table, key, latch) = (table(), CallerKey::new(&[7; 32]), HomeLatch::default());
    let standing = Standing {
        latch: &latch,
        lease_good: true,
    };
    let callers: Vec<_> = (0..CALLS).map(|n| format!("+1609{n:07}")).collect();
    let mut nanos = Vec::new();
    let mut out = 0u32;
    for _ in 0..RUNS {
        // Half of the callers are known, as in a running week.
        let mut episodes = Episodes::default();
        let started = Instant::now();
        for (n, caller) in callers.iter().enumerate() {
            let call = Call {
                dialled: ["7001", "7002", "7003", "7004"][n % 4],
                caller: Some(caller),
                call_id: "x",
                source_host: "127.0.0.9",
                already_routed: false,
            };
            let decision = choose(&table, &standing, &episodes, &call, &key, 40_000_000_000);
            out += u32::from(decision.arm == Arm::Outsourced);
            if let (0, Some(chunk), Some(hash)) = (n % 2, decision.chunk, decision.caller) {
                episodes.note(chunk, hash, decision.arm, decision.pi_bp, 40_000_000_000);
            }
        }
        nanos.push(started.elapsed().as_nanos() / u128::from(CALLS));
    }
    nanos.sort_unstable();
    let share = f64::from(out) / f64::from(CALLS) / 5.0 * 100.0;
    println!(
        "| choose alone, half of the callers noted | {} ns a call (min {}, max {}) | share out {share:.2} % |",
        nanos[RUNS / 2],
        nanos[0],
        nanos[RUNS - 1]
    );
}
