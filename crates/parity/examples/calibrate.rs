//! `make calibrate`: false roll-backs, false promotions, detection and promotion, world by world, beside other methods.
//!
//! `cargo run --release -p segue-parity --example calibrate -- RUNS [SEED [PART]]`, PART one of `false-alarms`,
//! `false-promotions`, `detection`, `shared-alpha`, `block-bets`; all of them without it.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a report on standard output; the rules are this file's own"
)]

use segue_parity::calibration::{
    Harm, Looks, Peer, PeerTally, PlainBlockBet, Trial, World, WorldKind, rules, run,
    upper_bound_99,
};
use segue_parity::rules::MetricName;

const FOUR: [MetricName; 4] = [
    MetricName::Abandonment,
    MetricName::Transfer,
    MetricName::RepeatContact,
    MetricName::HandleTime,
];

/// Prints one table, from runs and seed.
type Part = fn(u64, u64);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| {
        let given = arguments.next().and_then(|text| text.parse().ok());
        given.unwrap_or(default)
    };
    let (runs, seed) = (number(300), number(20_261_126));
    let part = std::env::args().nth(3).unwrap_or_default();
    println!("{runs} runs a world, seed {seed}; 500 calls a day, alpha 5 %\n");
    let parts: [(&str, Part); 5] = [
        ("false-alarms", false_alarms),
        ("false-promotions", false_promotions),
        ("detection", detection),
        ("shared-alpha", shared_alpha),
        ("block-bets", block_bets),
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

/// One metric exactly at its margin, judged alone: how often is the step passed within 60 days?
fn false_promotions(runs: u64, seed: u64) {
    println!("\nFalse promotion with one metric exactly at its margin, 60 days");
    println!("| at its margin | world | promoted | 99 % bound |\n|---|---|---|---|");
    let (mut transfer, mut handle_time, mut abandonment) = (Harm::NONE, Harm::NONE, Harm::NONE);
    transfer.transfer = 1.4;
    handle_time.handle_time = 1.1;
    abandonment.abandonment = 0.07;
    let cases = [
        (MetricName::Transfer, WorldKind::Independent, transfer),
        (MetricName::Transfer, WorldKind::HeavyNumbers, transfer),
        (MetricName::Transfer, WorldKind::ReportingDelay, transfer),
        (MetricName::HandleTime, WorldKind::Independent, handle_time),
        (MetricName::Abandonment, WorldKind::Independent, abandonment),
        (MetricName::Abandonment, WorldKind::Queues, abandonment),
        (
            MetricName::Abandonment,
            WorldKind::StaffingNoise,
            abandonment,
        ),
        (
            MetricName::Abandonment,
            WorldKind::RedialChains,
            abandonment,
        ),
    ];
    for (metric, kind, harm) in cases {
        let trial = trial(kind, harm, 0.5, &[metric], 60, 4);
        let promoted = (0..runs)
            .filter(|number| run(&trial, seed, *number, |_, _| {}).passed.is_some())
            .count() as u64;
        println!(
            "| {metric} | {} | {} | {} |",
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

/// The guard beside the plain block bet on the same calls, abandonment alone: on target for 30 days, and at 10 %.
fn block_bets(runs: u64, seed: u64) {
    println!(
        "\nAbandonment alone, the guard beside a plain bet on three-hour blocks: false alarms in 30 days, days to find 5 → 10 %"
    );
    println!(
        "| world | false: guard | false: plain | found by day 30: plain | median: guard | plain | 90 %: guard | plain |\n|---|---|---|---|---|---|---|---|"
    );
    for kind in [
        WorldKind::Independent,
        WorldKind::Queues,
        WorldKind::QueuesReleased,
        WorldKind::RedialChains,
        WorldKind::StaffingNoise,
    ] {
        let play = |harm: Harm, days: u32| -> (Vec<u32>, Vec<u32>) {
            let trial = trial(kind, harm, 0.5, &[MetricName::Abandonment], days, 24);
            let both = (0..runs).map(|number| {
                let mut plain = PlainBlockBet::new(Harm::NONE.abandonment);
                // The plain bet sees every day, also those after the guard has cried.
                let ended = run(&trial, seed, number, |_, _| {});
                let mut quiet = trial.clone();
                quiet.signed = rules(&quiet.world, &[MetricName::Complaint])
                    .expect("the rules of the calibration");
                run(&quiet, seed, number, |day, call| plain.add(day, call));
                (
                    ended.failed.map_or(u32::MAX, |failed| failed.0),
                    plain.cried().unwrap_or(u32::MAX),
                )
            });
            both.unzip()
        };
        let (false_guard, false_plain) = play(Harm::NONE, 30);
        let (mut guard, mut plain) = play(
            Harm {
                abandonment: 0.10,
                ..Harm::NONE
            },
            60,
        );
        guard.sort_unstable();
        plain.sort_unstable();
        let cried = |days: &[u32]| days.iter().filter(|day| **day <= 30).count() as u64;
        let at = |days: &[u32], percent: usize| match days
            [(days.len() * percent).div_ceil(100).max(1) - 1]
        {
            u32::MAX => "–".to_owned(),
            day => day.to_string(),
        };
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            kind.name(),
            percent(cried(&false_guard), runs),
            percent(cried(&false_plain), runs),
            percent(cried(&plain), runs),
            at(&guard, 50),
            at(&plain, 50),
            at(&guard, 90),
            at(&plain, 90)
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
