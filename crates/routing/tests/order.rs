//! Orders for places that cannot ask: the artefact, the script, the way back (§3.2, scenario 24).
#![expect(clippy::expect_used, reason = "helpers of tests")]

use jiff::civil::date;
use segue_domain::caller::CallerKey;
use segue_domain::share::TrafficShare;
use segue_routing::mechanism::{Capable, Mechanism, Start};
use segue_routing::order::{
    Order, RefusedValue, arrivals_fit, capability_text, compile, connect_holds, diff,
    test_calls_fit, witnesses,
};

fn share(percent: u8) -> TrafficShare {
    TrafficShare::from_percent(percent).expect("a percent")
}

fn order(mechanism: Mechanism, percent: u8) -> Order {
    Order {
        mechanism,
        number: "8005550142".into(),
        out: "6095550199".into(),
        home: "6095550110".into(),
        share: share(percent),
        start: Start::Now,
        zone: "America/New_York".into(),
        windows: Vec::new(),
    }
}

#[test]
fn a_toll_free_record_has_whole_percents_no_other_and_a_switch_above() {
    let compiled = compile(&order(Mechanism::TollFreeCpr, 33)).expect("it fits");
    assert_eq!(
        compiled.artefact,
        [
            "TFN 8005550142  EFF NOW  TZ America/New_York  DST YES",
            "SWITCH SEGUE",
            "  ON",
            "    PERCENT 33",
            "      TERM 6095550199",
            "    PERCENT 67",
            "      TERM 6095550110",
            "  OFF",
            "    TERM 6095550110",
        ]
    );
    assert!(compiled.rollback[0].starts_with("SWITCH SEGUE OFF"));
    let home = compile(&order(Mechanism::TollFreeCpr, 0)).expect("it fits");
    assert!(!home.artefact.iter().any(|line| line.contains("PERCENT")));
    for line in ["RespOrg", "effective NOW", "ticket number"] {
        assert!(
            compiled.script.iter().any(|step| step.contains(line)),
            "{line}"
        );
    }
}

#[test]
fn values_that_do_not_fit_are_all_named_with_their_nearest() {
    let mut late = order(Mechanism::TollFreeCpr, 33);
    late.start = Start::At(date(2026, 12, 1).at(9, 7, 0, 0));
    let refused = |value: &str, nearest: &[&str]| RefusedValue {
        value: value.into(),
        nearest: nearest.iter().map(ToString::to_string).collect(),
    };
    assert_eq!(
        compile(&late),
        Err(vec![refused(
            "2026-12-01 09:07",
            &["2026-12-01 09:00", "2026-12-01 09:15", "NOW"]
        )])
    );
    assert_eq!(
        compile(&order(Mechanism::AmazonConnect, 33)),
        Err(vec![refused("33 %", &["30 %", "40 %"])])
    );
    let forwarded = compile(&order(Mechanism::CallForwarding, 33)).expect_err("all or nothing");
    assert_eq!(forwarded[0].nearest[..2], ["0 %", "100 %"]);
}

#[test]
fn every_fitting_share_sums_to_a_hundred_on_every_mechanism() {
    for mechanism in Mechanism::ALL {
        for percent in 0..=100 {
            let Ok(compiled) = compile(&order(mechanism, percent)) else {
                continue;
            };
            let text = compiled.artefact.join("\n");
            match mechanism {
                Mechanism::TollFreeCpr => {
                    let on = text.split("  OFF").next().expect("the switch");
                    let percents = on
                        .lines()
                        .filter_map(|line| line.trim().strip_prefix("PERCENT "));
                    let sum: u32 = percents.map(|p| p.parse::<u32>().expect("a number")).sum();
                    assert!(
                        sum == 100 || (sum == 0 && matches!(percent, 0 | 100)),
                        "{text}"
                    );
                }
                Mechanism::AmazonConnect => assert_eq!(
                    connect_holds(&order(mechanism, percent), &text),
                    Some(true),
                    "what is written reads back"
                ),
                Mechanism::CallForwarding => assert!(text.starts_with("*7")),
                Mechanism::PbxRouting | Mechanism::SipTrunk => assert!(text.contains('%')),
            }
            assert!(!compiled.rollback.is_empty() && compiled.script.len() >= 4);
        }
    }
}

#[test]
fn a_read_back_of_agents_left_behind_does_not_hold() {
    let wanted = order(Mechanism::AmazonConnect, 30);
    let text = r#"{"TelephonyConfig":{"Distributions":[{"Region":"6095550199","Percentage":30}]},
        "AgentConfig":{"Distributions":[{"Region":"6095550199","Percentage":0}]}}"#;
    assert_eq!(connect_holds(&wanted, text), Some(false));
    assert_eq!(connect_holds(&wanted, "{}"), None);
}

#[test]
fn a_difference_is_told_line_by_line_and_none_by_nothing() {
    let (a, b) = (
        order(Mechanism::TollFreeCpr, 20),
        order(Mechanism::TollFreeCpr, 33),
    );
    let (a, b) = (compile(&a).expect("fits"), compile(&b).expect("fits"));
    assert_eq!(diff(&a, &a), [""; 0]);
    assert_eq!(
        diff(&a, &b),
        [
            "share: 20 % → 33 %",
            "- PERCENT 20",
            "- PERCENT 80",
            "+ PERCENT 33",
            "+ PERCENT 67"
        ]
    );
}

#[test]
fn arrivals_are_judged_only_when_there_are_enough() {
    assert_eq!(arrivals_fit(share(20), 3, 12), None);
    assert_eq!(arrivals_fit(share(20), 200, 800), Some(true));
    assert_eq!(arrivals_fit(share(20), 230, 770), Some(true));
    assert_eq!(arrivals_fit(share(20), 300, 700), Some(false));
    assert_eq!(arrivals_fit(share(0), 0, 1_000), Some(true));
    assert_eq!(
        arrivals_fit(share(0), 5, 1_000),
        Some(false),
        "nothing may go out"
    );
}

#[test]
fn two_test_numbers_lie_on_each_side_of_the_threshold() {
    let key = CallerKey::new(&[7; 32]);
    let numbers: Vec<String> = (0..200).map(|n| format!("+1609555{n:04}")).collect();
    for percent in [1, 20, 50, 99] {
        let (out, home) = witnesses(
            &key,
            "T-1",
            share(percent),
            numbers.iter().map(String::as_str),
        );
        let bucket = |number: Option<&str>| key.bucket("T-1", number.expect("one on each side"));
        let threshold = share(percent).basis_points();
        assert!(bucket(out) < threshold && threshold <= bucket(home));
        assert!(bucket(home) - bucket(out) < 500, "near the threshold");
    }
    let (out, home) = witnesses(&key, "T-1", share(0), ["+16095550100"]);
    assert_eq!((out, home), (None, Some("+16095550100")));
}

#[test]
fn every_capability_is_told() {
    for mechanism in Mechanism::ALL {
        assert_eq!(capability_text(mechanism.capability()).len(), 5);
    }
}

#[test]
fn test_calls_fit_when_each_side_that_takes_calls_was_reached_and_nobody_else() {
    for (percent, reached, holds) in [
        (0, [0, 1, 0], Some(true)),
        (0, [1, 1, 0], Some(false)),
        (0, [0, 0, 0], None),
        (100, [2, 0, 0], Some(true)),
        (100, [2, 1, 0], Some(false)),
        (33, [1, 0, 0], None),
        (33, [1, 2, 0], Some(true)),
        (33, [1, 2, 1], Some(false)),
    ] {
        assert_eq!(
            test_calls_fit(share(percent), reached),
            holds,
            "{percent} {reached:?}"
        );
    }
}
