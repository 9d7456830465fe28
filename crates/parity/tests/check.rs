//! A file of rows judged by rules: `segue parity check` without the file.
#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

use segue_parity::check::{Check, Row, RowFault};
use segue_parity::guard::Verdict;
use segue_parity::rules::Rules;

const RULES: &str = r#"
agreement = "RVS-Main/APPT v7"
alpha_bp = 500
strata = ["weekday", "weekend"]

[[feeds]]
name = "acd"
cadence_s = 900

[[metrics]]
name = "transfer"
role = "guardrail"
margin_bp = 200
baseline = 500
feed = "acd"
provable_in_days = 20
"#;

fn check() -> Check {
    Check::new(toml::from_str::<Rules>(RULES).unwrap().check().unwrap())
}

fn row(at_us: i64) -> Row<'static> {
    Row {
        at_us,
        arm: "in_house",
        propensity: 0.5,
        stratum: "weekday",
        metric: "transfer",
        value: 0.0,
    }
}

/// One call a minute, one of `n` transferred at each arm.
fn verdict(rows: i64, in_house: i64, outsourced: i64, reverse: bool) -> (Verdict, f64, f64, u64) {
    let mut check = check();
    let mut order: Vec<i64> = (0..rows).collect();
    if reverse {
        order.reverse();
    }
    for i in order {
        let (arm, every) = if i % 2 == 0 {
            ("in_house", in_house)
        } else {
            ("outsourced", outsourced)
        };
        let value = f64::from(u8::from(i / 2 % every == 0));
        let row = Row {
            arm,
            value,
            ..row(i * 60_000_000)
        };
        check.add(&row).unwrap();
    }
    let report = check.finish();
    let line = &report.metrics[0];
    assert_eq!(line.verdict, report.verdict);
    (report.verdict, line.e_harm, line.e_noninferior, line.calls)
}

#[test]
fn equal_passes_double_fails_little_decides_nothing() {
    let (equal, _, good, calls) = verdict(40_000, 20, 20, false);
    assert_eq!((equal, calls), (Verdict::Pass, 40_000));
    assert!(good >= 20.0);
    let (double, harm, _, _) = verdict(8_000, 20, 10, false);
    assert_eq!(double, Verdict::Fail);
    assert!(harm >= 20.0);
    assert_eq!(verdict(400, 20, 20, false).0, Verdict::Inconclusive);
    assert_eq!(verdict(0, 20, 20, false).0, Verdict::NoData);
}

#[test]
fn the_order_of_the_rows_does_not_matter() {
    assert_eq!(verdict(3_000, 20, 14, false), verdict(3_000, 20, 14, true));
}

#[test]
fn a_row_that_cannot_be_judged_says_what_to_write() {
    let mut check = check();
    let fault = |check: &mut Check, row: Row<'_>| check.add(&row).unwrap_err();
    let arm = Row {
        arm: "Outsourcer",
        ..row(0)
    };
    assert_eq!(
        fault(&mut check, arm),
        RowFault::Arm("Outsourcer".to_owned())
    );
    for propensity in [-0.1, 1.1, f64::NAN] {
        let row = Row {
            propensity,
            ..row(0)
        };
        assert!(matches!(fault(&mut check, row), RowFault::Propensity(_)));
    }
    let stratum = Row {
        stratum: "sunday",
        ..row(0)
    };
    assert_eq!(
        fault(&mut check, stratum),
        RowFault::Stratum("sunday".to_owned())
    );
    let name = Row {
        metric: "=HYPERLINK(…)",
        ..row(0)
    };
    assert!(
        fault(&mut check, name)
            .to_string()
            .starts_with("there is no metric")
    );
    let metric = Row {
        metric: "qa_score",
        ..row(0)
    };
    assert!(matches!(fault(&mut check, metric), RowFault::Metric(_)));
    for value in [-1.0, 0.5, 2.0, f64::NAN, f64::INFINITY] {
        let row = Row { value, ..row(0) };
        assert!(
            matches!(fault(&mut check, row), RowFault::Value { .. }),
            "{value}"
        );
    }
}
