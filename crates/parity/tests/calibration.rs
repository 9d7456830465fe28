//! The guard in every world, 300 runs each: it does not cry wolf.
#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

use segue_parity::calibration::{Harm, Looks, Trial, World, WorldKind, rules, run};
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
