//! "Had we not moved" as the baseline of what depends on load: a busy season that in-house would have suffered as well.

use super::{ABANDONED, DAY_US, HOUR_US, beat, days, signed};
use segue_parity::guard::record::{Arm, Call, Counterfactual, MetricId};
use segue_parity::guard::{Guard, Observed, Record, Situation, Verdict};

const BLOCK_US: i64 = 3 * HOUR_US;

/// Thirty days on which one call in `one_in` is abandoned outside and none at home, which is emptied.
fn busy(one_in: u64) -> Vec<Call> {
    days(30, |key, call| {
        if call.place.arm == Arm::Outsourced && (key / 2).is_multiple_of(one_in) {
            call.outcome = ABANDONED;
        }
    })
}

fn told(guard: &mut Guard, days: i64, bad_share: f64) {
    for block in 0..days * 8 {
        let record = Record::Counterfactual(Counterfactual {
            metric: MetricId(0),
            at_us: block * BLOCK_US,
            bad_share,
        });
        assert_eq!(guard.observe(&record), Observed::Counted);
    }
}

fn judged(calls: &[Call], had_we_not_moved: Option<f64>) -> Verdict {
    let mut guard = Guard::new(signed());
    for call in calls {
        let _ = guard.observe(&Record::Call(*call));
    }
    if let Some(share) = had_we_not_moved {
        told(&mut guard, 30, share);
    }
    beat(&mut guard, 31 * DAY_US);
    let assessment = guard.assess(31 * DAY_US, Situation::default());
    assessment.metrics[0].verdict
}

#[test]
fn who_does_no_worse_than_in_house_would_have_is_left_alone() {
    // One in ten: twice the signed target.
    let calls = busy(10);
    assert_eq!(judged(&calls, None), Verdict::Fail);
    assert_eq!(judged(&calls, Some(0.12)), Verdict::Pass);
    // In-house would have done better than the target: the target is what was signed.
    assert_eq!(judged(&calls, Some(0.01)), Verdict::Fail);
    assert_eq!(
        judged(&busy(4), Some(0.12)),
        Verdict::Fail,
        "worse than in-house would have been"
    );
}

/// A block is over, its calls are mature, and its counterfactual is late: it waits, and not for ever.
#[test]
fn a_block_waits_for_its_counterfactual_for_half_an_hour() {
    let calls: Vec<Call> = busy(10)
        .into_iter()
        .filter(|call| call.place.at_us < 12 * HOUR_US)
        .collect();
    let minute_us = HOUR_US / 60;
    // The default maturity of an hour.
    let mature_us = 12 * HOUR_US + HOUR_US;
    let blocks = |guard: &mut Guard, now_us: i64| {
        beat(guard, now_us);
        let assessment = guard.assess(now_us, Situation::default());
        assessment.metrics[0].inputs.weight_of_evidence
    };
    let hearing = |awaits: bool| {
        let mut guard = Guard::new(signed());
        guard.await_counterfactual(awaits);
        for call in &calls {
            let _ = guard.observe(&Record::Call(*call));
        }
        guard
    };
    // Calls come from 8 to 12: two blocks, the first from 6 to 9.
    assert_eq!(
        blocks(&mut hearing(false), mature_us),
        2,
        "nothing is to come"
    );
    let mut late = hearing(true);
    assert_eq!(
        blocks(&mut late, mature_us),
        1,
        "the first has waited long enough"
    );
    assert_eq!(blocks(&mut late, mature_us + 29 * minute_us), 1);
    let mut in_time = late.clone();
    assert_eq!(blocks(&mut late, mature_us + 30 * minute_us), 2);
    let record = Record::Counterfactual(Counterfactual {
        metric: MetricId(0),
        at_us: 9 * HOUR_US,
        bad_share: 0.2,
    });
    assert_eq!(in_time.observe(&record), Observed::Counted);
    assert_eq!(blocks(&mut in_time, mature_us + 29 * minute_us), 2);
    assert_eq!(
        late.observe(&record),
        Observed::Refused,
        "judged without it"
    );
}

/// Where a whole day is one block, it is held against "had we not moved" of the hours in which its calls went out.
#[test]
fn a_day_is_held_against_the_hours_of_its_own_calls() {
    let mut rules = signed().rules().clone();
    rules.metrics[0].block_min = None;
    let whole_days = rules.check().unwrap();
    // Calls come from 8 to 20; at night, when none goes out, half of all others would have hung up.
    let verdict = |by_day: f64, told_night: bool| {
        let mut guard = Guard::new(whole_days.clone());
        guard.await_counterfactual(true);
        for call in busy(10) {
            let _ = guard.observe(&Record::Call(call));
        }
        let told = |part: i64| match part {
            2..=6 => Some(by_day),
            _ => told_night.then_some(0.5),
        };
        for part in 0..30 * 8 {
            let Some(bad_share) = told(part % 8) else {
                continue;
            };
            let record = Record::Counterfactual(Counterfactual {
                metric: MetricId(0),
                at_us: part * BLOCK_US,
                bad_share,
            });
            assert_eq!(guard.observe(&record), Observed::Counted);
        }
        beat(&mut guard, 31 * DAY_US);
        let assessment = guard.assess(31 * DAY_US, Situation::default());
        assert_eq!(assessment.metrics[0].inputs.weight_of_evidence, 30);
        assessment.metrics[0].verdict
    };
    for night in [false, true] {
        assert_eq!(verdict(0.02, night), Verdict::Fail);
        assert_ne!(verdict(0.12, night), Verdict::Fail);
    }
}

/// Hours are replayed three at a time, so that an hour waits for its figure until all three are over.
#[test]
fn an_hour_waits_for_the_three_that_are_replayed_at_once() {
    let mut rules = signed().rules().clone();
    rules.metrics[0].block_min = Some(60);
    let mut guard = Guard::new(rules.check().unwrap());
    guard.await_counterfactual(true);
    for call in busy(10) {
        if call.place.at_us < 12 * HOUR_US {
            let _ = guard.observe(&Record::Call(call));
        }
    }
    let mut blocks = |now_us: i64| {
        beat(&mut guard, now_us);
        let assessment = guard.assess(now_us, Situation::default());
        assessment.metrics[0].inputs.weight_of_evidence
    };
    // Calls are mature after an hour. The hour from 8 is over at 9, with the three it is replayed with; that from 9 with those until 12.
    let mature = |hour: i64, minutes: i64| (hour + 1) * HOUR_US + minutes * HOUR_US / 60;
    assert_eq!(blocks(mature(9, 29)), 0);
    assert_eq!(blocks(mature(9, 30)), 1);
    assert_eq!(blocks(mature(12, 29)), 1);
    assert_eq!(blocks(mature(12, 30)), 4);
}
