//! The guard as people meet it: what it may do, what it must not, and that it answers the same twice.
#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

mod agreement;
mod cases;
mod counterfactual;
mod groups;
mod properties;

use segue_parity::guard::assessment::{Floor, Inputs, MetricInputs};
use segue_parity::guard::record::{
    Arm, Beat, Call, FeedId, MetricId, Outcome, Place, Reading, StratumId,
};
use segue_parity::guard::{Action, Assessment, Guard, Observed, Record, Situation, Verdict, judge};
use segue_parity::kpi::Ratio;
use segue_parity::rules::{Role, RuleFault, Rules, SignedRules};

const HOUR_US: i64 = 3_600_000_000;
const DAY_US: i64 = 24 * HOUR_US;

const RULES: &str = r#"
agreement = "RVS-Main/APPT v7"
alpha_bp = 500
strata = ["weekday", "weekend"]
segments = ["english", "spanish"]

[[feeds]]
name = "acd"
cadence_s = 900

[[metrics]]
name = "abandonment"
role = "guardrail"
margin_bp = 200
baseline = 400
target_bp = 500
feed = "acd"
provable_in_days = 14
block_min = 180

[[metrics]]
name = "transfer"
role = "guardrail"
margin_bp = 200
baseline = 500
baseline_by_stratum = { weekend = 800 }
feed = "acd"
provable_in_days = 20

[[metrics]]
name = "handle_time"
role = "gate"
margin_bp = 1000
baseline = 660
spread_s = 400
feed = "acd"
provable_in_days = 20

[[metrics]]
name = "qa_score"
role = "signal"
margin_bp = 200
baseline = 1000
floor_bp = 8500

[[metrics]]
name = "under_triage"
role = "signal"
margin_bp = 100
baseline = 200

[conduct]
automatic_on_floor = true
automatic_on_fail = true
"#;

fn signed() -> SignedRules {
    toml::from_str::<Rules>(RULES).unwrap().check().unwrap()
}

fn place(at_us: i64, arm: Arm) -> Place {
    Place {
        at_us,
        arm,
        pi_bp: 5_000,
        caller: None,
        stratum: StratumId(0),
        segments: [None; 3],
    }
}

fn call(key: u64, at_us: i64, arm: Arm, outcome: Outcome) -> Call {
    Call {
        key,
        place: place(at_us, arm),
        outcome,
        answered_by: None,
        handle_ms: Some(600_000),
        transferred: Some(false),
        disposition: None,
    }
}

const ANSWERED: Outcome = Outcome::Answered { wait_ms: 8_000 };
const ABANDONED: Outcome = Outcome::Abandoned { wait_ms: 60_000 };

fn beat(guard: &mut Guard, until_us: i64) {
    for arm in Arm::BOTH {
        let _ = guard.observe(&Record::Beat(Beat {
            feed: FeedId(0),
            arm,
            complete_until_us: until_us,
        }));
    }
}

/// `days` of calls, every two minutes from eight to eight, one in two out.
fn days(days: i64, mut shape: impl FnMut(u64, &mut Call)) -> Vec<Call> {
    let mut calls = Vec::new();
    for day in 0..days {
        for minute in 0..360 {
            let key = u64::try_from(day * 360 + minute).unwrap();
            let arm = Arm::BOTH[usize::try_from(key % 2).unwrap()];
            let at_us = day * DAY_US + 8 * HOUR_US + minute * HOUR_US / 30;
            let mut call = call(key, at_us, arm, ANSWERED);
            shape(key, &mut call);
            calls.push(call);
        }
    }
    calls
}

fn after(calls: &[Call], now_us: i64) -> (Guard, Assessment) {
    let mut guard = Guard::new(signed());
    for call in calls {
        let _ = guard.observe(&Record::Call(*call));
    }
    beat(&mut guard, now_us);
    let assessment = guard.assess(now_us, Situation::default());
    (guard, assessment)
}

fn bytes(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

/// The same inputs, judged again from what was stored.
fn again(assessment: &Assessment) -> Assessment {
    let stored: Assessment = serde_json::from_str(&bytes(assessment)).unwrap();
    let metrics = stored
        .metrics
        .into_iter()
        .map(|metric| metric.inputs)
        .collect();
    judge(&signed(), stored.inputs, metrics, stored.worse_off)
}

#[test]
fn a_good_centre_passes_and_a_stored_verdict_replays_to_the_same_bytes() {
    // One call in 25 is transferred at home, one in 30 outside; nobody waits.
    let calls = days(60, |key, call| {
        call.transferred = Some(
            key / 2
                % if call.place.arm == Arm::InHouse {
                    25
                } else {
                    30
                }
                == 0,
        );
        call.handle_ms = Some(600_000 + 1_000 * u32::try_from(key * 7 % 100).unwrap());
    });
    let (_, assessment) = after(&calls, 61 * DAY_US);
    assert_eq!(assessment.verdict, Verdict::Pass, "{assessment:#?}");
    assert_eq!(assessment.action, Action::AskApprovals);
    assert!(
        assessment.metrics[1]
            .says
            .contains("knowledge as of 1970-03-02 23:00 UTC")
    );
    assert_eq!(bytes(&again(&assessment)), bytes(&assessment));
}

#[test]
fn twice_the_transfers_fail_and_go_back_to_the_last_accepted_share() {
    let calls = days(30, |key, call| {
        call.transferred = Some(
            key / 2
                % if call.place.arm == Arm::InHouse {
                    20
                } else {
                    8
                }
                == 0,
        );
    });
    let (_, assessment) = after(&calls, 31 * DAY_US);
    assert_eq!(assessment.metrics[1].verdict, Verdict::Fail);
    assert_eq!(assessment.action, Action::ReturnToLastAccepted);
    assert!(assessment.reasons[0].starts_with("transfer: worse, and beyond the margin"));
    assert_eq!(bytes(&again(&assessment)), bytes(&assessment));
}

#[test]
fn an_emptied_in_house_centre_makes_nobody_else_look_bad() {
    // Nobody is abandoned in-house any more; outside one in 25, within the target of one in 20.
    let calls = days(30, |key, call| {
        if call.place.arm == Arm::Outsourced && key / 2 % 25 == 0 {
            call.outcome = ABANDONED;
        }
    });
    let (_, assessment) = after(&calls, 31 * DAY_US);
    assert_eq!(
        assessment.metrics[0].verdict,
        Verdict::Pass,
        "{:#?}",
        assessment.metrics[0]
    );
}

#[test]
fn arrival_in_any_order_gives_the_same_bytes() {
    let calls = days(3, |key, call| {
        call.transferred = Some(key % 11 == 0);
        call.place.caller = Some(key % 400);
    });
    let mut shuffled = calls.clone();
    shuffled.sort_by_key(|call| call.key.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let (one, first) = after(&calls, 4 * DAY_US);
    let (other, second) = after(&shuffled, 4 * DAY_US);
    assert_eq!(bytes(&first), bytes(&second));
    assert_eq!(bytes(&one), bytes(&other));
}

#[test]
fn a_guard_read_back_goes_on_as_if_nothing_had_happened() {
    let calls = days(6, |key, call| call.transferred = Some(key % 13 == 0));
    let (half, rest) = calls.split_at(calls.len() / 2);
    let mut whole = Guard::new(signed());
    for call in half {
        let _ = whole.observe(&Record::Call(*call));
    }
    beat(&mut whole, 2 * DAY_US);
    let _ = whole.assess(2 * DAY_US, Situation::default());
    let mut read_back: Guard = serde_json::from_str(&bytes(&whole)).unwrap();
    for guard in [&mut whole, &mut read_back] {
        for call in rest {
            let _ = guard.observe(&Record::Call(*call));
        }
        beat(guard, 7 * DAY_US);
    }
    let (a, b) = (
        whole.assess(7 * DAY_US, Situation::default()),
        read_back.assess(7 * DAY_US, Situation::default()),
    );
    assert_eq!(bytes(&a), bytes(&b));
    assert_eq!(bytes(&whole), bytes(&read_back));
}

#[test]
fn what_comes_after_its_interval_was_judged_is_shown_and_changes_nothing() {
    let calls = days(3, |_, _| {});
    let (mut guard, before) = after(&calls, 4 * DAY_US);
    let late = call(9_999, DAY_US + 9 * HOUR_US, Arm::Outsourced, ABANDONED);
    assert_eq!(guard.observe(&Record::Call(late)), Observed::Late);
    let now = guard.assess(4 * DAY_US, Situation::default());
    assert_eq!(now.metrics[0].inputs.late, 1);
    assert_eq!(
        now.metrics[0].inputs.outsourced,
        before.metrics[0].inputs.outsourced
    );
}

#[test]
fn waiting_for_the_slower_feed_is_no_verdict_and_silence_pages() {
    let calls = days(3, |_, _| {});
    let mut guard = Guard::new(signed());
    for call in &calls {
        let _ = guard.observe(&Record::Call(*call));
    }
    let beat_of = |arm, until_us| {
        Record::Beat(Beat {
            feed: FeedId(0),
            arm,
            complete_until_us: until_us,
        })
    };
    let _ = guard.observe(&beat_of(Arm::InHouse, 4 * DAY_US));
    let silent = guard.assess(4 * DAY_US, Situation::default());
    assert_eq!(
        (silent.verdict, silent.action),
        (Verdict::NoData, Action::HoldAndPage)
    );
    assert_eq!(silent.metrics[1].inputs.knowledge_as_of_us, None);
    let _ = guard.observe(&beat_of(Arm::Outsourced, 4 * DAY_US));
    let heard = guard.assess(4 * DAY_US, Situation::default());
    assert!(!heard.metrics[1].inputs.stale);
    assert_eq!(
        heard.action,
        Action::Hold,
        "the hold is lifted slowly: {:?}",
        heard.reasons
    );
}

/// A step that has just begun waits for the first word of its feeds; nobody is woken for that.
#[test]
fn a_feed_has_twice_its_cadence_to_speak_first() {
    let began = 100 * DAY_US;
    let on_step = Situation {
        step_began_us: began,
        ..Situation::default()
    };
    let mut guard = Guard::new(signed());
    let cadence_us = 900 * 1_000_000;
    let waits = guard.assess(began + 2 * cadence_us, on_step);
    assert_eq!(
        (waits.verdict, waits.action),
        (Verdict::NoData, Action::Stay)
    );
    let silent = guard.assess(began + 2 * cadence_us + 1, on_step);
    assert_eq!(silent.action, Action::HoldAndPage);
}

#[test]
fn a_dead_centre_brings_calls_home_before_any_statistic() {
    // Scenarios 16 and 17: nobody answers, whatever the trunk says.
    let mut guard = Guard::new(signed());
    let now_us = 100 * DAY_US;
    beat(&mut guard, now_us);
    for key in 0..5 {
        let at_us = now_us - 60_000_000 * i64::try_from(key + 1).unwrap();
        let _ = guard.observe(&Record::Call(call(
            key,
            at_us,
            Arm::Outsourced,
            Outcome::Unserved,
        )));
    }
    let healthy = guard.assess(now_us, Situation::default());
    assert!(healthy.inputs.floors.contains(&Floor::NoneAnswered));
    assert_eq!(healthy.action, Action::GoHome);
    let unhealthy = Situation {
        in_house_unhealthy: true,
        held: true,
        ..Situation::default()
    };
    assert_eq!(guard.assess(now_us, unhealthy).action, Action::Freeze);
    let pressed = Situation {
        home_pressed: true,
        ..unhealthy
    };
    assert_eq!(guard.assess(now_us, pressed).action, Action::StayHome);
}

#[test]
fn a_caller_still_waiting_breaks_the_floor() {
    let mut guard = Guard::new(signed());
    let now_us = 10 * DAY_US;
    beat(&mut guard, now_us);
    let waiting = Outcome::Waiting { wait_ms: 601_000 };
    let _ = guard.observe(&Record::Call(call(
        1,
        now_us - 601_000_000,
        Arm::Outsourced,
        waiting,
    )));
    let assessment = guard.assess(now_us, Situation::default());
    assert_eq!(assessment.inputs.floors, [Floor::LongestWait]);
}

#[test]
fn longer_calls_hold_the_next_step_long_before_they_are_proved() {
    // Scenario 26: 660 s planned, 858 s shown; nothing rolls back, the step is held.
    let calls = days(1, |key, call| {
        let mean = if call.place.arm == Arm::Outsourced {
            858_000
        } else {
            660_000
        };
        call.handle_ms = Some(mean / 2 + mean * u32::try_from(key * 37 % 100).unwrap() / 100);
    });
    let (_, assessment) = after(&calls, 2 * DAY_US);
    let handle_time = &assessment.metrics[2];
    assert!(handle_time.inputs.alarm, "{handle_time:#?}");
    assert_eq!(assessment.action, Action::Hold);
}

#[test]
fn an_unknown_duration_is_left_out_and_counted_nowhere() {
    // Scenario 27.
    let calls = days(1, |key, call| {
        call.handle_ms = (key % 6 != 0).then_some(660_000);
    });
    let (_, assessment) = after(&calls, 2 * DAY_US);
    assert_eq!(
        assessment.metrics[2].inputs.in_house,
        Ratio {
            numerator: 120 * 660,
            denominator: 120
        }
    );
}

#[test]
fn calls_that_nothing_explains_forbid_a_promotion() {
    let calls = days(60, |key, call| {
        call.transferred = Some(
            key / 2
                % if call.place.arm == Arm::InHouse {
                    25
                } else {
                    30
                }
                == 0,
        );
        if call.place.arm == Arm::Outsourced && key % 151 == 0 {
            call.outcome = Outcome::Unserved;
        }
    });
    let (_, assessment) = after(&calls, 61 * DAY_US);
    assert_eq!(assessment.action, Action::Hold, "{:?}", assessment.reasons);
    assert!(assessment.reasons[0].contains("no record explains"));
}

#[test]
fn after_a_roll_back_nothing_goes_forward_in_the_cool_down() {
    let calls = days(60, |key, call| {
        call.transferred = Some(
            key / 2
                % if call.place.arm == Arm::InHouse {
                    25
                } else {
                    30
                }
                == 0,
        );
    });
    let (mut guard, assessment) = after(&calls, 61 * DAY_US);
    assert_eq!(assessment.action, Action::AskApprovals);
    guard.rolled_back(61 * DAY_US);
    assert_eq!(
        guard.assess(61 * DAY_US + 1, Situation::default()).action,
        Action::Hold
    );
    beat(&mut guard, 62 * DAY_US);
    assert_eq!(
        guard.assess(62 * DAY_US, Situation::default()).action,
        Action::AskApprovals
    );
    guard.rolled_back(62 * DAY_US);
    beat(&mut guard, 63 * DAY_US);
    assert_eq!(
        guard.assess(63 * DAY_US, Situation::default()).action,
        Action::Hold,
        "the second cool-down is two days"
    );
}

#[test]
fn a_split_that_is_not_what_the_table_promised_holds_everything() {
    let calls = days(6, |key, call| {
        call.place.caller = Some(key);
        call.place.arm = if key % 10 < 7 {
            Arm::Outsourced
        } else {
            Arm::InHouse
        };
    });
    let (_, assessment) = after(&calls, 7 * DAY_US);
    assert_eq!(assessment.action, Action::Hold);
    assert!(
        assessment.reasons[0].contains("did not split"),
        "{:?}",
        assessment.reasons
    );
}

#[test]
fn reviews_below_the_floor_and_misses_in_re_triage_hold() {
    let mut guard = Guard::new(signed());
    beat(&mut guard, 10 * DAY_US);
    for key in 0..60 {
        let reading = |metric, value| {
            Record::Reading(Reading {
                key,
                place: place(i64::try_from(key).unwrap() * HOUR_US, Arm::Outsourced),
                metric: MetricId(metric),
                value,
            })
        };
        assert_eq!(guard.observe(&reading(3, 0.6)), Observed::Counted);
        assert_eq!(guard.observe(&reading(4, 1.0)), Observed::Counted);
        assert_eq!(guard.observe(&reading(3, 1.1)), Observed::Refused);
        assert_eq!(guard.observe(&reading(9, 1.0)), Observed::Refused);
    }
    let assessment = guard.assess(10 * DAY_US, Situation::default());
    for metric in &assessment.metrics[3..] {
        assert!(metric.inputs.alarm, "{}", metric.says);
        assert_eq!(metric.verdict, Verdict::WorseWithinMargin);
    }
}

/// Proved worse within its own margin, a guardrail holds; it lends its evidence to no other whose estimate is beyond by chance.
#[test]
fn no_metric_fails_by_the_evidence_of_another() {
    let (_, quiet) = after(&days(3, |_, _| {}), 3 * DAY_US);
    let guardrails: Vec<_> = (0..quiet.metrics.len())
        .filter(|n| quiet.metrics[*n].role == Role::Guardrail)
        .collect();
    let [strong, weak] = guardrails[..] else {
        panic!("two guardrails: {guardrails:?}")
    };
    let mut metrics: Vec<MetricInputs> = quiet.metrics.iter().map(|m| m.inputs.clone()).collect();
    for read in &mut metrics {
        (read.weight_of_evidence, read.stale, read.alarm) = (1_000, false, false);
    }
    (
        metrics[strong].log_e_harm,
        metrics[strong].estimate_beyond_margin,
    ) = (30.0, false);
    (
        metrics[weak].log_e_harm,
        metrics[weak].estimate_beyond_margin,
    ) = (0.05, true);
    let inputs = Inputs {
        log_e_combined: 29.0,
        ..quiet.inputs.clone()
    };
    let judged = judge(&signed(), inputs, metrics, Vec::new());
    assert_eq!(judged.metrics[strong].verdict, Verdict::WorseWithinMargin);
    assert_ne!(judged.metrics[weak].verdict, Verdict::Fail);
    assert_ne!(judged.verdict, Verdict::Fail);
}

#[test]
fn who_did_worse_is_named() {
    let calls = days(30, |key, call| {
        let spanish = key / 2 % 8 == 0;
        call.place.segments[1] = Some(u16::from(spanish));
        call.transferred = Some(spanish && call.place.arm == Arm::Outsourced && key / 16 % 3 == 0);
    });
    let (_, assessment) = after(&calls, 31 * DAY_US);
    assert_eq!(assessment.worse_off[0].segment, 1);
    assert!(assessment.worse_off[0].gap() > 0.3);
}

#[test]
fn rules_that_cannot_be_signed_say_everything_at_once() {
    let unknown = toml::from_str::<Rules>(&RULES.replace("\"transfer\"", "\"transfers\""));
    assert!(
        unknown
            .unwrap_err()
            .to_string()
            .contains("there is no metric \"transfers\"")
    );
    let text = RULES
        .replace("alpha_bp = 500", "alpha_bp = 0")
        .replace("target_bp = 500\n", "")
        .replace("provable_in_days = 14\n", "")
        .replace("block_min = 180", "block_min = 170")
        .replace("weekend = 800", "sunday = 800")
        .replacen("role = \"signal\"", "role = \"gate\"", 1);
    let faults = toml::from_str::<Rules>(&text).unwrap().check().unwrap_err();
    assert_eq!(faults.0.len(), 7, "{faults}");
    assert!(faults.0.contains(&RuleFault::Alpha(0)));
    assert!(
        faults
            .to_string()
            .contains("MARGIN_UNPROVABLE: abandonment")
    );
    // A margin is a ratio of its own stratum's baseline, fixed at signing.
    let signed = signed();
    let weekday = signed.margin(MetricId(1), StratumId(0)).unwrap();
    let weekend = signed.margin(MetricId(1), StratumId(1)).unwrap();
    assert!((weekday.ratio - 1.4).abs() < 1e-12 && (weekend.ratio - 1.25).abs() < 1e-12);
}

#[test]
fn a_hold_back_or_a_full_share_is_no_comparison() {
    let calls = days(30, |key, call| {
        call.place.pi_bp = if key % 2 == 0 { 0 } else { 10_000 };
        call.transferred = Some(call.place.arm == Arm::Outsourced);
    });
    let (_, assessment) = after(&calls, 31 * DAY_US);
    assert_eq!(assessment.metrics[1].verdict, Verdict::NoData);
}
