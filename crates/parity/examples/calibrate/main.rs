//! `make calibrate`: false roll-backs, false promotions, detection and promotion, world by world, beside other methods.
//!
//! `cargo run --release -p segue-parity --example calibrate -- RUNS [SEED [PART [WORLD]]]`, PART one of `false-alarms`,
//! `false-promotions`, `detection`, `shared-alpha`, `block-bets`, `combined`, `curves`; all of them without it; WORLD the beginning of a world's name. Progress goes to standard error.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a report on standard output; the rules are this file's own"
)]

mod combined;

use segue_parity::calibration::{
    Ended, Harm, Looks, Peer, PeerBlockBet, PeerTally, Stakes, Trial, World, WorldKind, listen,
    rules, run, upper_bound_99,
};
use segue_parity::guard::record::{Arm, Outcome};
use segue_parity::rules::MetricName;
use std::collections::BTreeMap;

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
    let parts: [(&str, Part); 7] = [
        ("false-alarms", false_alarms),
        ("false-promotions", false_promotions),
        ("detection", detection),
        ("shared-alpha", shared_alpha),
        ("block-bets", block_bets),
        ("combined", combined::combined),
        ("curves", curves),
    ];
    for (name, print) in parts {
        if part.is_empty() || part == name {
            print(runs, seed);
        }
    }
}

/// The worlds asked for: all of them, or those whose name begins so.
fn asked() -> impl Iterator<Item = WorldKind> {
    let name = std::env::args().nth(4).unwrap_or_default();
    let worlds = WorldKind::ALL.into_iter();
    worlds.filter(move |kind| kind.name().starts_with(&name))
}

fn trial(
    kind: WorldKind,
    harm: Harm,
    share: f64,
    metrics: &[MetricName],
    days: u32,
    per_day: u32,
) -> Trial {
    let mut world = World::new(kind, harm, share).refined();
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
    print!("| world | abandonment in it | block | guard | 99 % bound | passed within 30 days |");
    for on in ["abandonment", "transfer"] {
        for peer in Peer::ALL {
            print!(" {on}: {} |", peer.name());
        }
    }
    println!("\n|---|---|---|---|---|---|---|---|---|---|---|---|");
    for kind in asked() {
        let trial = trial(kind, Harm::NONE, 0.5, &FOUR, 30, 4);
        let (mut cried, mut passed, mut peers) = (0, 0, [0_u64; 6]);
        for number in 0..runs {
            progress(kind.name(), number, runs);
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
            "| {} | {} | {} | {} | {} | {} |",
            kind.name(),
            measured(&trial.world, MetricName::Abandonment, seed),
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
    println!(
        "| at its margin | world | measured in it | promoted | 99 % bound |\n|---|---|---|---|---|"
    );
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
        (
            MetricName::Abandonment,
            WorldKind::SeasonAndRamp,
            abandonment,
        ),
        (MetricName::Abandonment, WorldKind::ShareByHour, abandonment),
    ];
    let asked: Vec<WorldKind> = asked().collect();
    for (metric, kind, harm) in cases.into_iter().filter(|case| asked.contains(&case.1)) {
        let trial = trial(kind, harm, 0.5, &[metric], 60, 4);
        let promoted = (0..runs)
            .inspect(|number| progress(kind.name(), *number, runs))
            .filter(|number| run(&trial, seed, *number, |_, _| {}).passed.is_some())
            .count() as u64;
        println!(
            "| {metric} | {} | {} | {} | {} |",
            kind.name(),
            measured(&trial.world, metric, seed),
            percent(promoted, runs),
            hundredths(upper_bound_99(promoted, runs))
        );
    }
}

/// The abandonment that a world tuned to a share really has outside, redials within 30 minutes left out; other metrics are drawn
/// as they should be.
fn measured(world: &World, metric: MetricName, seed: u64) -> String {
    if metric != MetricName::Abandonment {
        return "as drawn".to_owned();
    }
    let (mut calls, mut left) = (0_u64, 0_u64);
    for number in 0..400 {
        let mut last_us: BTreeMap<u64, i64> = BTreeMap::new();
        listen(world, seed ^ 0x7217, number, |_, call| {
            let at_us = call.place.at_us;
            let before = call.place.caller.and_then(|c| last_us.insert(c, at_us));
            let redial = before.is_some_and(|before| at_us - before < 1_800_000_000);
            let (bad, short) = match call.outcome {
                Outcome::Abandoned { wait_ms } => (true, wait_ms < 5_000),
                _ => (false, false),
            };
            if call.place.arm == Arm::Outsourced && !redial && !short {
                calls += 1;
                left += u64::from(bad);
            }
        });
    }
    let hundredths = left * 10_000 / calls.max(1);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
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

/// Ways to bet on blocks; the guard is the last.
const WAYS: [&str; 4] = [
    "plain, 3 h",
    "plain, own block",
    "stakes of the target, own block",
    "guard",
];
/// An e-value that keeps α 5 %.
const ASKED: f64 = 20.0;

/// What each way made of the same calls, run by run.
struct Played {
    others: Vec<[PeerBlockBet; 3]>,
    guard: Vec<u32>,
}

impl Played {
    /// The days on which a way cried, when the others are asked for this much evidence.
    fn cried(&self, way: usize, asked: f64) -> Vec<u32> {
        if way == self.others[0].len() {
            return self.guard.clone();
        }
        let runs = self.others.iter().map(|bets| bets[way].cried(asked));
        runs.map(|day| day.unwrap_or(NEVER)).collect()
    }

    /// The evidence to ask of a way on target, so that it cries in no more than `allowed` runs within 30 days.
    fn asked_for(&self, way: usize, allowed: u64) -> f64 {
        let runs = self.others.iter().map(|bets| bets[way].most_by(30));
        let mut most: Vec<f64> = runs.collect();
        most.sort_by(|a, b| b.total_cmp(a));
        let first_silent = usize::try_from(allowed).map_or(0.0, |place| most[place]);
        first_silent * (1.0 + 1e-9)
    }
}

fn play(kind: WorldKind, harm: Harm, days: u32, runs: u64, seed: u64) -> Played {
    let trial = trial(kind, harm, 0.5, &[MetricName::Abandonment], days, 24);
    let own_min = trial.signed.rules().metrics[0].block_min.unwrap_or(1_440);
    let mut played = Played {
        others: Vec::new(),
        guard: Vec::new(),
    };
    for number in 0..runs {
        progress(kind.name(), number, runs);
        let bet = |block_min, stakes| PeerBlockBet::new(Harm::NONE.abandonment, block_min, stakes);
        let mut others = [
            bet(180, Stakes::Plain),
            bet(own_min, Stakes::Plain),
            bet(own_min, Stakes::OfTarget),
        ];
        // The others see every day, also those after the guard has cried.
        listen(&trial.world, seed, number, |day, call| {
            for other in &mut others {
                other.add(day, call);
            }
        });
        let failed = run(&trial, seed, number, |_, _| {}).failed;
        played.others.push(others);
        played.guard.push(failed.map_or(NEVER, |failed| failed.0));
    }
    played
}

/// What a run that never cried counts as.
const NEVER: u32 = u32::MAX;

/// The guard beside other bets on blocks of the same calls, abandonment alone: on target for 30 days, and at 10 % for 60.
fn block_bets(runs: u64, seed: u64) {
    println!(
        "\nAbandonment alone, ways to bet on blocks on the same calls: cried in 30 days on target; days to find 5 → 10 %, at α and when as little evidence is asked as makes false alarms as frequent as the guard's"
    );
    println!(
        "| world | bet | false in 30 days | 99 % bound | found by day 30 | median | 90 % | e asked for the guard's false alarms | found by day 30 | median | 90 % | later than the guard, median |\n|---|---|---|---|---|---|---|---|---|---|---|---|"
    );
    for kind in [
        WorldKind::Independent,
        WorldKind::Queues,
        WorldKind::QueuesReleased,
        WorldKind::RedialChains,
        WorldKind::StaffingNoise,
    ] {
        let on_target = play(kind, Harm::NONE, 30, runs, seed);
        let waits = Harm {
            abandonment: 0.10,
            ..Harm::NONE
        };
        let worse = play(kind, waits, 60, runs, seed);
        let guards = by_day_30(&on_target.guard);
        for (way, name) in WAYS.into_iter().enumerate() {
            let cried = by_day_30(&on_target.cried(way, ASKED));
            let is_guard = name == "guard";
            let asked = if is_guard {
                ASKED
            } else {
                on_target.asked_for(way, guards)
            };
            let evenly = worse.cried(way, asked);
            let pairs = evenly.iter().zip(&worse.guard);
            let mut later: Vec<i64> = pairs
                .map(|(other, guard)| i64::from((*other).min(61)) - i64::from((*guard).min(61)))
                .collect();
            later.sort_unstable();
            println!(
                "| {} | {name} | {} | {} | {} | {asked:.3} | {} | {} |",
                kind.name(),
                percent(cried, runs),
                hundredths(upper_bound_99(cried, runs)),
                found_by_day(worse.cried(way, ASKED)),
                found_by_day(evenly),
                later[later.len() / 2],
            );
        }
    }
}

fn by_day_30(days: &[u32]) -> u64 {
    days.iter().filter(|day| **day <= 30).count() as u64
}

fn found_by_day(mut days: Vec<u32>) -> String {
    days.sort_unstable();
    format!(
        "{} | {} | {}",
        percent(by_day_30(&days), days.len() as u64),
        day_at(&days, 50),
        day_at(&days, 90)
    )
}

fn day_at(sorted: &[u32], percent: usize) -> String {
    match sorted[(sorted.len() * percent).div_ceil(100).max(1) - 1] {
        NEVER => "–".to_owned(),
        day => day.to_string(),
    }
}

/// Days at which the curves are read.
const CURVE: [u32; 9] = [1, 2, 3, 5, 7, 14, 21, 30, 60];

/// Who has found harm, and who has called an equal centre not worse, by which day: the guard with 1, 4 and 8 metrics, and others.
fn curves(runs: u64, seed: u64) {
    println!("\nPercent of runs that have spoken by the day; 60 days, four looks a day");
    print!("| world | truth | method |");
    for day in CURVE {
        print!(" {day} |");
    }
    println!("\n|---|---|---|---|---|---|---|---|---|---|---|---|");
    let waits = [
        MetricName::Abandonment,
        MetricName::Transfer,
        MetricName::RepeatContact,
        MetricName::HandleTime,
        MetricName::NotWithinThreshold,
        MetricName::NeverAnswered,
        MetricName::Complaint,
        MetricName::Satisfaction,
    ];
    let mut quality = waits;
    quality.swap(0, 1);
    let (mut late, mut passed_on) = (Harm::NONE, Harm::NONE);
    late.abandonment = 0.10;
    passed_on.transfer = 2.0;
    let harms = [
        ("abandonment 5 → 10 %", late, waits),
        ("transfer 5 → 10 %", passed_on, quality),
    ];
    let equal = [("equal, abandonment", waits), ("equal, transfer", quality)];
    for kind in asked() {
        for (truth, harm, metrics) in &harms {
            for count in [1, 4, 8] {
                let days = spoken(kind, *harm, &metrics[..count], runs, seed, |ended| {
                    ended.failed.map(|failed| failed.0)
                });
                curve(kind, truth, &format!("guard, {count} metrics"), &days);
            }
            peer_curves(kind, truth, *harm, metrics[0], runs, seed, PeerTally::cried);
        }
        for (truth, metrics) in &equal {
            for count in [1, 4] {
                let days = spoken(kind, Harm::NONE, &metrics[..count], runs, seed, |ended| {
                    ended.passed.map(|passed| passed.0)
                });
                curve(kind, truth, &format!("guard, {count} metrics"), &days);
            }
            peer_curves(
                kind,
                truth,
                Harm::NONE,
                metrics[0],
                runs,
                seed,
                PeerTally::passed,
            );
        }
    }
}

/// The day on which the guard spoke, run by run.
fn spoken(
    kind: WorldKind,
    harm: Harm,
    metrics: &[MetricName],
    runs: u64,
    seed: u64,
    day: impl Fn(Ended) -> Option<u32>,
) -> Vec<u32> {
    let trial = trial(kind, harm, 0.5, metrics, 60, 4);
    let runs = (0..runs).map(|number| run(&trial, seed, number, |_, _| {}));
    runs.map(|ended| day(ended).unwrap_or(NEVER)).collect()
}

/// What others say of one metric, each with all of α for it.
fn peer_curves(
    kind: WorldKind,
    truth: &str,
    harm: Harm,
    metric: MetricName,
    runs: u64,
    seed: u64,
    day: impl Fn(&PeerTally, Peer) -> Option<u32>,
) {
    progress(kind.name(), 0, runs);
    let mut world = World::new(kind, harm, 0.5).refined();
    world.days = 60;
    let mut days: [Vec<u32>; 3] = std::array::from_fn(|_| Vec::new());
    for number in 0..runs {
        let mut tally = match metric {
            MetricName::Abandonment => PeerTally::abandonment(),
            _ => PeerTally::transfer(),
        };
        listen(&world, seed, number, |on, call| tally.add(on, call));
        for (days, peer) in days.iter_mut().zip(Peer::ALL) {
            days.push(day(&tally, peer).unwrap_or(NEVER));
        }
    }
    for (days, peer) in days.iter().zip(Peer::ALL) {
        curve(kind, truth, peer.name(), days);
    }
}

fn curve(kind: WorldKind, truth: &str, method: &str, days: &[u32]) {
    print!("| {} | {truth} | {method} |", kind.name());
    for by in CURVE {
        let spoken = days.iter().filter(|day| **day <= by).count() as u64;
        print!(" {} |", percent(spoken, days.len() as u64));
    }
    println!();
}

/// Where a long table stands.
#[expect(clippy::print_stderr, reason = "progress beside the table")]
fn progress(what: &str, run: u64, runs: u64) {
    if run.is_multiple_of(1_000) {
        eprintln!("{what}: {run} of {runs}");
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
