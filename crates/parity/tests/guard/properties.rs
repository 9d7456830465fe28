//! What holds whatever is measured: verdicts exclude each other, silence never promotes, the way back is always open.

use super::{DAY_US, after, again, bytes, days, signed};
use proptest::prelude::*;
use segue_parity::guard::assessment::{Floor, Inputs, MetricInputs};
use segue_parity::guard::record::Arm;
use segue_parity::guard::{Action, Situation, Verdict, judge};
use segue_parity::kpi::Ratio;
use segue_parity::rules::Role;

fn any_metric() -> impl Strategy<Value = MetricInputs> {
    let log = || -30.0..30.0_f64;
    let flag = any::<bool>;
    (0_u64..20, log(), log(), log(), flag(), flag(), flag()).prop_map(
        |(weight, harm, beyond, good, estimate, stale, alarm)| MetricInputs {
            in_house: Ratio {
                numerator: 3,
                denominator: 100,
            },
            outsourced: Ratio {
                numerator: 5,
                denominator: 100,
            },
            weight_of_evidence: weight,
            log_e_harm: harm,
            log_e_beyond_margin: beyond,
            log_e_noninferior: good,
            estimate_beyond_margin: estimate,
            interval: None,
            stale,
            alarm,
            knowledge_as_of_us: Some(0),
            can_see_harm_within_s: 60,
            late: 0,
        },
    )
}

fn any_inputs() -> impl Strategy<Value = Inputs> {
    let flag = any::<bool>;
    let flags = (flag(), flag(), flag(), flag(), flag(), flag(), flag());
    (flags, 0_u64..20, -30.0..30.0_f64, -30.0..30.0_f64).prop_map(
        |(
            (pressed, held, no_route, unhealthy, largest, floor, holding),
            unserved,
            combined,
            split,
        )| {
            Inputs {
                now_us: 30 * DAY_US,
                situation: Situation {
                    home_pressed: pressed,
                    held,
                    no_route,
                    in_house_unhealthy: unhealthy,
                    largest_step: largest,
                    step_began_us: 0,
                },
                agreement: "any".to_owned(),
                floors: if floor {
                    vec![Floor::Abandonment]
                } else {
                    Vec::new()
                },
                unserved: Ratio {
                    numerator: unserved,
                    denominator: 2_000,
                },
                log_e_combined: combined,
                log_e_sample_ratio: split,
                healthy_intervals: 0,
                holding,
                cool_down_until_us: None,
                waits: Vec::new(),
                groups: Vec::new(),
            }
        },
    )
}

/// Away from the outsourcer, or the decision of a person that is.
fn is_way_back(action: Action) -> bool {
    matches!(
        action,
        Action::StayHome
            | Action::GoHome
            | Action::PageGoHome
            | Action::ReturnToLastAccepted
            | Action::PageReturn
            | Action::Freeze
    )
}

proptest! {
    #[test]
    fn verdicts_are_exclusive_and_say_what_was_proved(
        inputs in any_inputs(),
        metrics in prop::collection::vec(any_metric(), 5),
    ) {
        let assessment = judge(&signed(), inputs, metrics, Vec::new());
        let proof = 20.0_f64.ln();
        for metric in &assessment.metrics {
            let read = &metric.inputs;
            let few = read.weight_of_evidence < 5;
            match metric.verdict {
                Verdict::Pass => prop_assert!(
                    !few && !read.stale && !read.alarm && read.log_e_noninferior >= proof
                ),
                Verdict::Fail => {
                    let combined = metric.role == Role::Guardrail
                        && assessment.inputs.log_e_combined >= proof;
                    prop_assert!(!few && read.estimate_beyond_margin);
                    prop_assert!(combined || read.log_e_harm >= proof);
                }
                Verdict::WorseWithinMargin => prop_assert!(read.alarm || read.log_e_harm >= proof),
                Verdict::NoData => prop_assert!(few || read.stale),
                Verdict::Inconclusive => prop_assert!(!few && !read.stale && !read.alarm),
            }
        }
        prop_assert_eq!(bytes(&again(&assessment)), bytes(&assessment));
    }

    #[test]
    fn silence_never_promotes(
        inputs in any_inputs(),
        metrics in prop::collection::vec(any_metric(), 5),
        silent in 0_usize..3,
        few in any::<bool>(),
    ) {
        let mut metrics = metrics;
        if few {
            metrics[silent].weight_of_evidence = 0;
        } else {
            metrics[silent].stale = true;
        }
        let assessment = judge(&signed(), inputs, metrics, Vec::new());
        prop_assert_ne!(assessment.action, Action::AskApprovals);
        prop_assert_ne!(assessment.verdict, Verdict::Pass);
    }

    #[test]
    fn nothing_keeps_a_failed_guardrail_or_a_broken_floor_from_the_way_back(
        inputs in any_inputs(),
        metrics in prop::collection::vec(any_metric(), 5),
        by_floor in any::<bool>(),
    ) {
        let (mut inputs, mut metrics) = (inputs, metrics);
        if by_floor {
            inputs.floors = vec![Floor::ServiceLevel];
        } else {
            metrics[1].weight_of_evidence = 100;
            metrics[1].log_e_harm = 12.0;
            metrics[1].estimate_beyond_margin = true;
        }
        let assessment = judge(&signed(), inputs, metrics, Vec::new());
        prop_assert!(is_way_back(assessment.action), "{:?}", assessment.action);
    }

    #[test]
    fn only_what_may_roll_back_does(
        inputs in any_inputs(),
        metrics in prop::collection::vec(any_metric(), 5),
    ) {
        let mut inputs = inputs;
        inputs.floors.clear();
        inputs.situation.home_pressed = false;
        inputs.situation.no_route = false;
        let mut metrics = metrics;
        for guardrail in &mut metrics[..2] {
            guardrail.estimate_beyond_margin = false;
        }
        let assessment = judge(&signed(), inputs, metrics, Vec::new());
        prop_assert!(!is_way_back(assessment.action), "{:?}", assessment.action);
    }

    #[test]
    fn swapping_the_arms_inverts_the_interval_and_never_blames_both(
        bad in prop::collection::vec(any::<bool>(), 400),
        pi_bp in 1_000_u16..9_000,
    ) {
        let calls = days(2, |key, call| {
            call.place.pi_bp = pi_bp;
            call.transferred = Some(bad[usize::try_from(key).unwrap() % bad.len()]);
        });
        let mut swapped = calls.clone();
        for call in &mut swapped {
            call.place.pi_bp = 10_000 - pi_bp;
            call.place.arm = Arm::BOTH[usize::from(call.place.arm == Arm::InHouse)];
        }
        let (one, other) = (after(&calls, 3 * DAY_US).1, after(&swapped, 3 * DAY_US).1);
        let (one, other) = (&one.metrics[1], &other.metrics[1]);
        let (a, b) = (one.inputs.interval.unwrap(), other.inputs.interval.unwrap());
        prop_assert!((a.lower * b.upper - 1.0).abs() < 1e-9, "{:?} {:?}", a, b);
        prop_assert!((a.upper * b.lower - 1.0).abs() < 1e-9, "{:?} {:?}", a, b);
        prop_assert!(!(one.verdict == Verdict::Fail && other.verdict == Verdict::Fail));
        prop_assert_eq!(one.inputs.in_house, other.inputs.outsourced);
    }
}
