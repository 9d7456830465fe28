//! Hours, stakes and metrics put together: is any of them faster than the guard at equal false alarms?

use super::{ASKED, NEVER, by_day_30, found_by_day, hundredths, percent, progress, trial};
use segue_parity::calibration::{
    Combined, CombinedSpoken, CombinedTerms, Harm, PeerCombined, Trial, World, listen, run,
    upper_bound_99,
};
use segue_parity::rules::MetricName;

const DAYS: u32 = 30;

/// What each way, and the guard, made of the same calls, run by run.
struct Played {
    ways: Vec<CombinedSpoken>,
    /// Day and calls of both arms.
    guard: Vec<Option<(u32, u64)>>,
}

impl Played {
    fn cried(&self, way: Combined, asked: f64) -> Vec<Option<(u32, u64)>> {
        let runs = self.ways.iter().map(|ways| ways.of(way).cried(asked));
        runs.collect()
    }

    /// The evidence to ask of a way on target, so that it cries in no more than `allowed` runs.
    fn asked_for(&self, way: Combined, allowed: u64) -> f64 {
        let runs = self.ways.iter().map(|ways| ways.of(way).most_by(DAYS));
        let mut most: Vec<f64> = runs.collect();
        most.sort_by(|a, b| b.total_cmp(a));
        let place = usize::try_from(allowed).unwrap_or(usize::MAX);
        let first_silent = most.get(place).copied().unwrap_or(0.0);
        first_silent.max(1.0) * (1.0 + 1e-9)
    }
}

fn play(trial: &Trial, terms: &CombinedTerms, runs: u64, seed: u64) -> Played {
    let mut played = Played {
        ways: Vec::new(),
        guard: Vec::new(),
    };
    for number in 0..runs {
        progress(trial.world.kind.name(), number, runs);
        let mut peer = PeerCombined::new(terms);
        let failed = run(trial, seed, number, |day, call| peer.add(day, call)).failed;
        if failed.is_some() {
            // The others see every day, also those after the guard has cried.
            peer = PeerCombined::new(terms);
            listen(&trial.world, seed, number, |day, call| peer.add(day, call));
        }
        played.ways.push(peer.finish());
        let failed = failed.map(|(day, told, _)| (day, told));
        played.guard.push(failed);
    }
    played
}

fn days(cried: &[Option<(u32, u64)>]) -> Vec<u32> {
    let days = cried.iter().map(|cried| cried.map_or(NEVER, |it| it.0));
    days.collect()
}

/// Found by day 30, days at the median and at 90 %, calls of both arms at the median.
fn found(cried: &[Option<(u32, u64)>]) -> String {
    let calls = cried.iter().map(|cried| cried.map_or(u64::MAX, |it| it.1));
    let mut calls: Vec<u64> = calls.collect();
    calls.sort_unstable();
    let middle = match calls[calls.len().div_ceil(2) - 1] {
        u64::MAX => "–".to_owned(),
        calls => calls.to_string(),
    };
    format!("{} | {middle}", found_by_day(days(cried)))
}

/// One row: what it cries on target, and how fast it finds harm at α and at as many false alarms as `alike` has.
fn row(
    name: &str,
    on_target: &[Option<(u32, u64)>],
    at_alpha: &[Option<(u32, u64)>],
    asked: f64,
    evenly: &[Option<(u32, u64)>],
) -> String {
    let runs = on_target.len() as u64;
    let cried = by_day_30(&days(on_target));
    format!(
        "| {name} | {} | {} | {} | {asked:.2} | {} |",
        percent(cried, runs),
        hundredths(upper_bound_99(cried, runs)),
        found(at_alpha),
        found(evenly)
    )
}

fn rows(on_target: &Played, worse: &Played, ways: &[Combined], allowed: u64) -> Vec<String> {
    let row_of = |way: &Combined| {
        let asked = on_target.asked_for(*way, allowed);
        row(
            way.name(),
            &on_target.cried(*way, ASKED),
            &worse.cried(*way, ASKED),
            asked,
            &worse.cried(*way, asked),
        )
    };
    ways.iter().map(row_of).collect()
}

const HEAD: &str = "| world | bet | false in 30 days | 99 % bound | found by day 30 | median day | 90 % | median calls | e asked at equal false alarms | found by day 30 | median day | 90 % | median calls |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|";

/// A centre on target and one at 10 % abandonment, each for 30 days, in every world: bets that put hours or stakes together, at the
/// guard's false alarms; then three metrics together, at the false alarms of their mean.
pub(super) fn combined(runs: u64, seed: u64) {
    println!(
        "\nAbandonment alone, hours and stakes put together: cried in 30 days on target; days and calls of both arms to find 5 → 10 %, at α and at the guard's false alarms\n{HEAD}"
    );
    let mut metrics = Vec::new();
    for kind in super::asked() {
        let on_target = trial(kind, Harm::NONE, 0.5, &[MetricName::Abandonment], DAYS, 24);
        let waits = Harm {
            abandonment: 0.10,
            ..Harm::NONE
        };
        let mut world = World::new(kind, waits, 0.5).refined();
        world.days = DAYS;
        let worse = Trial {
            world,
            ..on_target.clone()
        };
        let block_min = on_target.signed.rules().metrics[0].block_min;
        let terms = CombinedTerms::of(&on_target.world, block_min.unwrap_or(1_440));
        let on_target = play(&on_target, &terms, runs, seed);
        let worse = play(&worse, &terms, runs, seed);
        let guards = by_day_30(&days(&on_target.guard));
        let guard = row("guard", &on_target.guard, &worse.guard, ASKED, &worse.guard);
        println!("| {} {guard}", kind.name());
        for row in rows(&on_target, &worse, &Combined::BETS, guards) {
            println!("| {} {row}", kind.name());
        }
        let means = days(&on_target.cried(Combined::MetricsAveraged, ASKED));
        let together = rows(&on_target, &worse, &Combined::METRICS, by_day_30(&means));
        metrics.extend(
            together
                .iter()
                .map(|row| format!("| {} {row}", kind.name())),
        );
    }
    println!(
        "\nAbandonment, not within 30 s, and hang-ups together on the same calls: the same, at the false alarms of their mean\n{HEAD}"
    );
    for row in metrics {
        println!("{row}");
    }
}
