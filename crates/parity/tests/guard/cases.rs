//! Calls that an open case sends for sure (π 0 or 10,000): no draw of their own, and all the same in the evidence.

use super::{ABANDONED, ANSWERED, Arm, DAY_US, HOUR_US, RULES, beat, call};
use segue_parity::guard::{Assessment, Guard, Record, Situation};
use segue_parity::kpi::Ratio;
use segue_parity::rules::{MetricName, Rules, SignedRules};

fn with_repeats() -> SignedRules {
    let repeats = "[[metrics]]\nname = \"repeat_contact\"\nrole = \"guardrail\"\nmargin_bp = 200\nbaseline = 500\nfeed = \"acd\"\nprovable_in_days = 20\n\n[conduct]";
    let rules = RULES.replace("[conduct]", repeats);
    toml::from_str::<Rules>(&rules).unwrap().check().unwrap()
}

/// Two hundred callers: a first call where one is drawn, and one by case to the outsourcer an hour later, abandoned.
fn judged(first_is_drawn: bool) -> Assessment {
    let mut guard = Guard::new(with_repeats());
    for n in 0..200 {
        let at_us = i64::try_from(n).unwrap() * HOUR_US / 60;
        let arm = Arm::BOTH[usize::try_from(n % 2).unwrap()];
        let mut first = call(n, at_us, arm, ANSWERED);
        first.place.caller = Some(n);
        if first_is_drawn {
            let _ = guard.observe(&Record::Call(first));
        }
        let mut by_case = call(1_000 + n, at_us + HOUR_US, Arm::Outsourced, ABANDONED);
        by_case.place.caller = Some(n);
        by_case.place.pi_bp = 10_000;
        let _ = guard.observe(&Record::Call(by_case));
    }
    beat(&mut guard, DAY_US);
    guard.assess(DAY_US, Situation::default())
}

#[test]
fn they_are_repeat_contacts_of_the_side_that_was_drawn_first_and_compare_nothing_alone() {
    let of = |assessment: &Assessment, name| {
        let metric = assessment.metrics.iter().find(|m| m.name == name).unwrap();
        metric.inputs.clone()
    };
    let after_a_draw = judged(true);
    let repeats = of(&after_a_draw, MetricName::RepeatContact);
    let half = Ratio {
        numerator: 100,
        denominator: 200,
    };
    assert_eq!((repeats.in_house, repeats.outsourced), (half, half));
    assert_eq!(repeats.weight_of_evidence, 200);
    let abandoned = of(&after_a_draw, MetricName::Abandonment);
    assert_eq!(
        (
            abandoned.outsourced.numerator,
            abandoned.outsourced.denominator
        ),
        (200, 300),
        "where they went they are served or not"
    );
    assert_eq!(after_a_draw.inputs.unserved.denominator, 300);
    let alone = judged(false);
    assert_eq!(of(&alone, MetricName::RepeatContact).weight_of_evidence, 0);
    assert_eq!(of(&alone, MetricName::Transfer).weight_of_evidence, 0);
    assert!(
        alone.inputs.log_e_sample_ratio.abs() < 1e-12,
        "no draw went wrong"
    );
}
