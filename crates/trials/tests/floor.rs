//! The queueing floor in virtual time: deterministic, first in first out, and as Erlang says.

#![expect(
    clippy::expect_used,
    reason = "a test says what it expects and stops there"
)]

use segue_trials::dice::Dice;
use segue_trials::floor::{
    Floor, FloorError, FloorEvent, FloorSettings, FloorStep, HandleTime, Joined, Pool,
};
use std::collections::BTreeMap;

fn settings(agents: u32, cv: f64) -> FloorSettings {
    FloorSettings {
        pools: vec![Pool {
            name: "A".into(),
            call_types: vec!["message".into()],
            agents,
        }],
        handle_times: BTreeMap::from([("message".into(), HandleTime { mean_s: 90.0, cv })]),
        wrap_up_s: 0.0,
        queue_calls_max: 10_000,
        acceleration: 1.0,
        seed: 11,
    }
}

/// Poisson arrivals, exponential patience, in virtual time: events in, events out.
fn run(floor: FloorSettings, calls: u64, gap_s: f64, patience_s: f64) -> Vec<FloorStep> {
    let mut floor = Floor::new(floor).expect("sound settings");
    let mut dice = Dice::seeded(5, 0);
    let mut at_us = 0;
    let mut inputs = Vec::new();
    for call in 0..calls {
        at_us += us(dice.exponential(gap_s));
        inputs.push((at_us, call, true));
        inputs.push((at_us + us(dice.exponential(patience_s)), call, false));
    }
    inputs.sort_unstable();
    let mut steps = Vec::new();
    let mut answered = std::collections::BTreeSet::new();
    let mut read = 0;
    for (at_us, call, arrives) in inputs {
        floor.advance(at_us, &mut steps);
        for step in &steps[read..] {
            if matches!(step.event, FloorEvent::Answered { .. }) {
                answered.insert(step.call);
            }
        }
        read = steps.len();
        if arrives {
            assert_eq!(
                floor.join(call, "message", at_us, at_us, &mut steps),
                Joined::Taken
            );
        } else if !answered.contains(&call) {
            floor.leave(call, at_us, &mut steps);
        }
    }
    floor.advance(u64::MAX, &mut steps);
    assert_eq!(floor.load(), (0, 0));
    steps
}

fn us(s: f64) -> u64 {
    u64::try_from(std::time::Duration::from_secs_f64(s).as_micros()).expect("small")
}

fn mean_wait_s(steps: &[FloorStep]) -> f64 {
    let waits: Vec<f64> = steps
        .iter()
        .filter_map(|step| match step.event {
            FloorEvent::Answered { wait_us, .. } => {
                Some(std::time::Duration::from_micros(wait_us).as_secs_f64())
            }
            _ => None,
        })
        .collect();
    waits.iter().sum::<f64>() / f64::from(u32::try_from(waits.len()).expect("small"))
}

#[test]
fn the_same_seed_gives_the_same_run_and_every_call_ends_once() {
    let steps = run(settings(4, 0.8), 2_000, 20.0, 60.0);
    assert_eq!(steps, run(settings(4, 0.8), 2_000, 20.0, 60.0));
    assert!(steps.is_sorted_by_key(|step| step.at_us));
    let ends = |step: &&FloorStep| {
        matches!(
            step.event,
            FloorEvent::Ended { .. } | FloorEvent::Abandoned { .. }
        )
    };
    let mut ended: Vec<u64> = steps.iter().filter(ends).map(|step| step.call).collect();
    ended.sort_unstable();
    assert_eq!(ended, (0..2_000).collect::<Vec<_>>());
    let abandoned = steps
        .iter()
        .filter(|step| matches!(step.event, FloorEvent::Abandoned { .. }))
        .count();
    assert!((100..1_500).contains(&abandoned), "{abandoned}");
}

#[test]
fn more_agents_mean_shorter_waits() {
    let waits: Vec<f64> = [5, 6, 8, 12]
        .into_iter()
        .map(|agents| mean_wait_s(&run(settings(agents, 1.0), 4_000, 20.0, 1e9)))
        .collect();
    assert!(waits.is_sorted_by(|few, many| few > many), "{waits:?}");
}

/// Erlang C at 3.6 erlang (90 s every 25 s) and 5 agents is exact for exponential handle times; by Lee–Longton's
/// approximation a variation of 0.5 scales its wait by (1 + 0.5²) / 2.
#[test]
fn the_mean_wait_is_near_erlang_c() {
    let simulated = mean_wait_s(&run(settings(5, 0.5), 60_000, 25.0, 1e9));
    let expected = erlang_c_wait_s(5, 90.0 / 25.0, 90.0) * 0.625;
    assert!(
        (simulated / expected - 1.0).abs() < 0.15,
        "{simulated} beside {expected}"
    );
}

fn erlang_c_wait_s(agents: u32, load: f64, handle_s: f64) -> f64 {
    let mut blocked = 1.0;
    for n in 1..=agents {
        blocked = load * blocked / (f64::from(n) + load * blocked);
    }
    let free = f64::from(agents) - load;
    let waits = f64::from(agents) * blocked / (free + load * blocked);
    waits * handle_s / free
}

#[test]
fn first_in_first_out_and_an_agent_wraps_up_before_the_next_call() {
    let mut floor = Floor::new(FloorSettings {
        wrap_up_s: 10.0,
        ..settings(1, 0.0)
    })
    .expect("sound");
    let mut steps = Vec::new();
    for call in [3, 1, 2] {
        floor.join(call, "message", 0, 0, &mut steps);
    }
    floor.leave(1, 50_000_000, &mut steps);
    floor.advance(u64::MAX, &mut steps);
    let told: Vec<_> = steps
        .iter()
        .map(|s| (s.call, s.at_us / 1_000_000, &s.event))
        .collect();
    let agent = || "A-01".to_owned();
    let (at_once, later) = (0, 100_000_000);
    assert_eq!(
        told,
        [
            (
                3,
                0,
                &FloorEvent::Answered {
                    agent: agent(),
                    wait_us: at_once
                }
            ),
            (1, 0, &FloorEvent::Queued),
            (2, 0, &FloorEvent::Queued),
            (
                1,
                50,
                &FloorEvent::Abandoned {
                    wait_us: 50_000_000
                }
            ),
            (
                3,
                90,
                &FloorEvent::Ended {
                    agent: agent(),
                    wait_us: 0,
                    talk_us: 90_000_000
                }
            ),
            (
                2,
                100,
                &FloorEvent::Answered {
                    agent: agent(),
                    wait_us: later
                }
            ),
            (
                2,
                190,
                &FloorEvent::Ended {
                    agent: agent(),
                    wait_us: later,
                    talk_us: 90_000_000
                }
            ),
        ]
    );
}

#[test]
fn full_queues_and_unknown_types_are_turned_away_and_bad_settings_refused() {
    let mut floor = Floor::new(FloorSettings {
        queue_calls_max: 1,
        ..settings(1, 0.0)
    })
    .expect("sound");
    let mut steps = Vec::new();
    assert_eq!(floor.join(1, "message", 0, 0, &mut steps), Joined::Taken);
    assert_eq!(floor.join(2, "message", 0, 0, &mut steps), Joined::Taken);
    assert_eq!(
        floor.join(3, "message", 0, 0, &mut steps),
        Joined::QueueFull
    );
    assert_eq!(
        floor.join(4, "triage", 0, 0, &mut steps),
        Joined::UnknownType
    );
    let refused = |change: fn(&mut FloorSettings)| {
        let mut bad = settings(1, 0.0);
        change(&mut bad);
        Floor::new(bad).map(|_| ()).expect_err("bad settings")
    };
    assert_eq!(
        refused(|s| s.acceleration = 0.5),
        FloorError::BadAcceleration(0.5)
    );
    assert_eq!(
        refused(|s| s.pools.push(s.pools[0].clone())),
        FloorError::TypeInTwoPools("message".into())
    );
    assert_eq!(
        refused(|s| s.handle_times.clear()),
        FloorError::NoHandleTime("message".into())
    );
    assert_eq!(
        refused(|s| s.handle_times.get_mut("message").expect("there").mean_s = -1.0),
        FloorError::BadHandleTime("message".into())
    );
}
