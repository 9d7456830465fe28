//! `make calibrate`: false roll-backs, false promotions, detection and promotion, world by world, beside other methods.
//!
//! `cargo run --release -p segue-parity --example calibrate -- RUNS [SEED [PART]]`, PART one of `false-alarms`,
//! `false-promotions`, `detection`, `shared-alpha`; all of them without it.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a report on standard output; the rules are this file's own"
)]

use segue_parity::calibration::{
    Harm, Looks, Peer, PeerTally, Trial, World, WorldKind, rules, run, upper_bound_99,
};
use segue_parity::rules::MetricName;

const FOUR: [MetricName; 4] = [
    MetricName::Abandonment,
    MetricName::Transfer,
    MetricName::RepeatContact,
    MetricName::HandleTime,
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| {
        let given = arguments.next().and_then(|text| text.parse().ok());
        given.unwrap_or(default)
    };
    let (runs, seed) = (number(300), number(20_261_126));
    let part = std::env::args().nth(3).unwrap_or_default();
    println!("{runs} runs a world, seed {seed}; 500 calls a day, alpha 5 %\n");
    let parts: [(&str, fn(u64, u64)); 4] = [
        ("false-alarms", false_alarms),
        ("false-promotions", false_promotions),
        ("detection", detection),
        ("shared-alpha", shared_alpha),
    ];
    for (name, print) in parts {
        if part.is_empty() || part == name {
            print(runs, seed);
        }
    }
}

fn trial(
    kind: WorldKind,
    harm: Harm,
    share: f64,
    metrics: &[MetricName],
    days: u32,
    per_day: u32,
) -> Trial {
    let mut world = World::new(kind, harm, share);
    world.days = days;
    let signed = rules(&world, metrics).expect("the rules of the calibration");
    Trial {
        world,
        signed,
        looks: Looks { per_day },
    }
}

/// Equal centre: how often is it rolled back, and how often do other methods cry harm?
fn false_alarms(runs: u64, seed: u64) {
    println!(
        "False roll-back of an equal centre within 30 days, four metrics together, four looks a day; and what others conclude from the same calls"
    );
    print!("| world | block | guard | 99 % bound | passed within 30 days |");
    for on in ["abandonment", "transfer"] {
        for peer in Peer::ALL {
            print!(" {on}: {} |", peer.name());
        }
    }
    println!("\n|---|---|---|---|---|---|---|---|---|---|---|");
    for kind in WorldKind::ALL {
        let trial = trial(kind, Harm::NONE, 0.5, &FOUR, 30, 4);
        let (mut cried, mut passed, mut peers) = (0, 0, [0_u64; 6]);
        for number in 0..runs {
            let (mut waits, mut quality) = (PeerTally::abandonment(), PeerTally::transfer());
            let ended = run(&trial, seed, number, |day, call| {
                waits.add(day, call);
                quality.add(day, call);
            });
            cried += u64::from(ended.failed.is_some());
            passed += u64::from(ended.passed.is_some());
            for (place, peer) in Peer::ALL.into_iter().enumerate() {
                peers[place] += u64::from(waits.cried(peer).is_some());
                peers[3 + place] += u64::from(quality.cried(peer).is_some());
            }
        }
        print!(
            "| {} | {} | {} | {} | {} |",
            kind.name(),
            block(&trial),
            percent(cried, runs),
            hundredths(upper_bound_99(cried, runs)),
            percent(passed, runs)
        );
        for peer in peers {
            print!(" {} |", percent(peer, runs));
        }
        println!();
    }
}

/// One metric exactly at its margin, the others equal: how often is the step passed within 60 days?
fn false_promotions(runs: u64, seed: u64) {
    println!("\nFalse promotion with one metric exactly at its margin, 60 days");
    println!("| at its margin | world | promoted | 99 % bound |\n|---|---|---|---|");
    let cases = [
        (
            "transfer 5 → 7 %",
            WorldKind::Independent,
            Harm {
                transfer: 1.4,
                ..Harm::NONE
            },
        ),
        (
            "transfer 5 → 7 %",
            WorldKind::HeavyNumbers,
            Harm {
                transfer: 1.4,
                ..Harm::NONE
            },
        ),
        (
            "transfer 5 → 7 %",
            WorldKind::ReportingDelay,
            Harm {
                transfer: 1.4,
                ..Harm::NONE
            },
        ),
        (
            "handle time +10 %",
            WorldKind::Independent,
            Harm {
                handle_time: 1.1,
                ..Harm::NONE
            },
        ),
        (
            "abandonment 7 %",
            WorldKind::Independent,
            Harm {
                abandonment: 0.07,
                ..Harm::NONE
            },
        ),
        (
            "abandonment 7 %",
            WorldKind::Queues,
            Harm {
                abandonment: 0.07,
                ..Harm::NONE
            },
        ),
        (
            "abandonment 7 %",
            WorldKind::StaffingNoise,
            Harm {
                abandonment: 0.07,
                ..Harm::NONE
            },
        ),
        (
            "abandonment 7 %",
            WorldKind::RedialChains,
            Harm {
                abandonment: 0.07,
                ..Harm::NONE
            },
        ),
    ];
    for (what, kind, harm) in cases {
        let metric = match what.as_bytes()[0] {
            b't' => MetricName::Transfer,
            b'h' => MetricName::HandleTime,
            _ => MetricName::Abandonment,
        };
        let trial = trial(kind, harm, 0.5, &[metric], 60, 4);
        let promoted = (0..runs)
            .filter(|number| run(&trial, seed, *number, |_, _| {}).passed.is_some())
            .count() as u64;
        println!(
            "| {what} | {} | {} | {} |",
            kind.name(),
            percent(promoted, runs),
            hundredths(upper_bound_99(promoted, runs))
        );
    }
}

/// How long until a centre that is twice as bad is rolled back, four metrics sharing α.
fn detection(runs: u64, seed: u64) {
    println!(
        "\nDetection within 60 days, four metrics sharing alpha: opening days (and calls of both arms) to roll-back"
    );
    println!(
        "| harm | world | found | median | 80 % | 90 % | median calls | 90 % calls |\n|---|---|---|---|---|---|---|---|"
    );
    let waits = Harm {
        abandonment: 0.10,
        ..Harm::NONE
    };
    let quality = Harm {
        transfer: 2.0,
        ..Harm::NONE
    };
    let longer = Harm {
        handle_time: 1.3,
        ..Harm::NONE
    };
    let cases = [
        ("abandonment 5 → 10 %", WorldKind::Independent, waits, 0.5),
        ("abandonment 5 → 10 %", WorldKind::Queues, waits, 0.5),
        ("abandonment 5 → 10 %", WorldKind::RedialChains, waits, 0.5),
        ("abandonment 5 → 10 %", WorldKind::StaffingNoise, waits, 0.5),
        ("abandonment 5 → 10 %", WorldKind::Queues, waits, 0.2),
        ("transfer 5 → 10 %", WorldKind::Independent, quality, 0.5),
        ("transfer 5 → 10 %", WorldKind::Independent, quality, 0.1),
        ("transfer 5 → 10 %", WorldKind::HeavyNumbers, quality, 0.5),
        ("transfer 5 → 10 %", WorldKind::SeasonAndRamp, quality, 0.5),
        ("handle time +30 %", WorldKind::Independent, longer, 0.5),
    ];
    for (what, kind, harm, share) in cases {
        let trial = trial(kind, harm, share, &FOUR, 60, 24);
        println!(
            "| {what} | {}, {} % out | {} |",
            kind.name(),
            (share * 100.0).round(),
            found(&trial, runs, seed)
        );
    }
}

/// One per-call rate 5 → 10 %, alone or beside others that share α: calls of both arms until found.
fn shared_alpha(runs: u64, seed: u64) {
    println!("\nTransfer 5 → 10 %, independent calls, by the number of metrics that share alpha");
    println!(
        "| metrics | share | found | median | 80 % | 90 % | median calls | 90 % calls |\n|---|---|---|---|---|---|---|---|"
    );
    let eight = [
        MetricName::Transfer,
        MetricName::Abandonment,
        MetricName::RepeatContact,
        MetricName::HandleTime,
        MetricName::NotWithinThreshold,
        MetricName::NeverAnswered,
        MetricName::Complaint,
        MetricName::Satisfaction,
    ];
    let harm = Harm {
        transfer: 2.0,
        ..Harm::NONE
    };
    for (metrics, share) in [(1, 0.5), (1, 0.1), (4, 0.5), (4, 0.1), (8, 0.5), (8, 0.1)] {
        let trial = trial(
            WorldKind::Independent,
            harm,
            share,
            &eight[..metrics],
            60,
            24,
        );
        println!(
            "| {metrics} | {} % | {} |",
            (share * 100.0).round(),
            found(&trial, runs, seed)
        );
    }
}

fn found(trial: &Trial, runs: u64, seed: u64) -> String {
    let mut days = Vec::new();
    let mut calls = Vec::new();
    for number in 0..runs {
        let failed = run(trial, seed, number, |_, _| {}).failed;
        days.push(failed.map_or(u64::MAX, |(day, _, _)| u64::from(day)));
        calls.push(failed.map_or(u64::MAX, |(_, told, _)| told));
    }
    days.sort_unstable();
    calls.sort_unstable();
    let at = |values: &[u64], percent: usize| match values
        [(values.len() * percent).div_ceil(100).max(1) - 1]
    {
        u64::MAX => "–".to_owned(),
        value => value.to_string(),
    };
    format!(
        "{} | {} | {} | {} | {} | {}",
        percent(
            days.iter().filter(|day| **day < u64::MAX).count() as u64,
            runs
        ),
        at(&days, 50),
        at(&days, 80),
        at(&days, 90),
        at(&calls, 50),
        at(&calls, 90)
    )
}

/// The block length that the world's own baseline allows.
fn block(trial: &Trial) -> String {
    let block_min = trial.signed.rules().metrics[0].block_min;
    block_min.map_or("a day".to_owned(), |minutes| format!("{} h", minutes / 60))
}

fn percent(hits: u64, runs: u64) -> String {
    let tenths = (hits * 1_000 + runs / 2) / runs.max(1);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn hundredths(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
