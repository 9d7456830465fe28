//! How long the core takes: replaying 100,000 facts, and one decision on the state they leave (targets: 300 ms, 50 µs).

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use segue_domain::fallback::Fallback;
use segue_domain::routing_changes::ProposeStep;
use segue_domain::share::ShareInput;
use segue_domain::{Command, Event, Role, Side, Transition, apply, decide, gates, replay};
use segue_example::{Example, Goal, MOVES_MAX, Move, of};
use std::hint::black_box;

const FACTS: usize = 100_000;
const CHUNK: &str = "RVS-Main/APPT";

/// The Riverside example to the given goal: its facts, the state and the time.
fn walk(goal: &Goal) -> (Vec<Event>, Transition, Timestamp) {
    let example = Example::riverside();
    let mut t = Transition::new("BENCH".into());
    let (mut facts, mut now) = (Vec::new(), Timestamp::UNIX_EPOCH);
    now += jiff::SignedDuration::from_hours(57 * 365 * 24 + 24 * 14);
    for _ in 0..MOVES_MAX {
        match example.next(&t, goal, now) {
            None => break,
            Some(Move::Wait(at)) => now = now.max(at),
            Some(Move::Say(said)) => {
                let Ok(events) = decide(&t, &said.1, &said.0, now) else {
                    break;
                };
                for event in &events {
                    apply(&mut t, event);
                }
                facts.extend(events);
            }
        }
    }
    (facts, t, now)
}

/// A long life: what happened after the plan was agreed happens again and again.
fn long_history() -> (Vec<Event>, Timestamp) {
    let (mut facts, _, now) = walk(&Goal::Live(CHUNK.into(), 20));
    let agreed = facts
        .iter()
        .position(|f| matches!(f, Event::ScheduleAgreed(_)));
    let usual: Vec<_> = facts
        .iter()
        .skip(agreed.unwrap_or(0) + 1)
        .cloned()
        .collect();
    facts.extend(usual.iter().cycle().take(FACTS - facts.len()).cloned());
    (facts, now)
}

fn bench(c: &mut Criterion) {
    let (facts, now) = long_history();
    let mut group = c.benchmark_group("core");
    group.sample_size(10);
    group.bench_function("replay 100,000 facts", |b| {
        b.iter(|| replay("BENCH".into(), black_box(&facts)));
    });
    let t = replay("BENCH".into(), &facts);
    let step: Command = ProposeStep {
        chunk: CHUNK.into(),
        share_percent: ShareInput::percent(50),
    }
    .into();
    let press: Command = Fallback::of("all", "bench").into();
    let (manager, duty) = (
        of(Side::Client, Role::Implementation),
        of(Side::Client, Role::Duty),
    );
    group.sample_size(100);
    group.bench_function("decide a step", |b| {
        b.iter(|| decide(black_box(&t), &step, &manager, now));
    });
    group.bench_function("decide a fallback", |b| {
        b.iter(|| decide(black_box(&t), &press, &duty, now));
    });
    group.bench_function("findings of a gate", |b| {
        b.iter(|| gates::findings(black_box(&t), &CHUNK.into(), now));
    });
    group.bench_function("apply one fact", |b| {
        let fact = facts.last().cloned();
        b.iter_batched_ref(
            || t.clone(),
            |t| fact.iter().for_each(|fact| apply(t, fact)),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
