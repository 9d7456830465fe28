//! The guard in every world, 300 runs each: it does not cry wolf.
#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

use segue_parity::calibration::{Harm, Looks, Trial, World, WorldKind, own_weeks, rules, run};
use segue_parity::rules::MetricName;

const METRICS: [MetricName; 4] = [
    MetricName::Abandonment,
    MetricName::Transfer,
    MetricName::RepeatContact,
    MetricName::HandleTime,
];
const RUNS: u64 = 300;

fn false_roll_backs(kind: WorldKind) {
    let world = World::new(kind, Harm::NONE, 0.5);
    let trial = Trial {
        signed: rules(&world, &METRICS).unwrap(),
        world,
        looks: Looks { per_day: 1 },
    };
    let cried = (0..RUNS).filter(|r| run(&trial, 20_261_126, *r, |_, _| {}).failed.is_some());
    let cried = cried.count() as u64;
    assert!(
        cried * 100 <= 9 * RUNS,
        "{}: {cried} of {RUNS} runs",
        kind.name()
    );
}

macro_rules! worlds {
    ($($name:ident: $kind:ident),*) => {$(
        #[test]
        fn $name() {
            false_roll_backs(WorldKind::$kind);
        }
    )*};
}

worlds!(
    independent: Independent,
    queues_staff_kept: Queues,
    queues_staff_released: QueuesReleased,
    staffing_noise: StaffingNoise,
    redial_chains: RedialChains,
    heavy_numbers: HeavyNumbers,
    overflow: Overflow,
    reporting_delay: ReportingDelay,
    anonymous: Anonymous,
    season_and_ramp: SeasonAndRamp,
    share_by_hour: ShareByHour
);

/// The in-house calls of some weeks, as a run of the independent world tells them.
fn weeks(harm: Harm) -> (Trial, Vec<segue_parity::guard::record::Call>) {
    let world = World::new(WorldKind::Independent, harm, 0.5);
    let trial = Trial {
        signed: rules(&world, &METRICS[1..]).unwrap(),
        world,
        looks: Looks { per_day: 1 },
    };
    let mut calls = Vec::new();
    let _ = run(&trial, 1, 0, |_, call| calls.push(*call));
    (trial, calls)
}

#[test]
fn a_guard_that_is_calm_on_the_clients_own_weeks_may_be_armed() {
    let (trial, calls) = weeks(Harm::NONE);
    let exhibit = own_weeks(&trial.signed, &calls, 3_000, 40, 7);
    assert!(exhibit.may_arm, "{exhibit:?}");
    assert_eq!(exhibit, own_weeks(&trial.signed, &calls, 3_000, 40, 7));
    assert!(
        !own_weeks(&trial.signed, &calls, 3_000, 0, 7).may_arm,
        "nothing tried is nothing shown"
    );
}

#[test]
fn a_guard_that_cries_wolf_on_them_may_not() {
    // A target that the client itself does not meet makes every split fail.
    let world = World::new(WorldKind::Independent, Harm::NONE, 0.5);
    let mut written = rules(&world, &METRICS[..1]).unwrap().rules().clone();
    written.metrics[0].target_bp = Some(100);
    let (_, calls) = weeks(Harm::NONE);
    let exhibit = own_weeks(&written.check().unwrap(), &calls, 5_000, 20, 7);
    assert!(!exhibit.may_arm, "{exhibit:?}");
}
