//! Every shipped sequence against the reference values of other implementations and of published tables.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests: a failure is a panic, a skip is visible"
)]

mod support;

use segue_parity::guard::record::Arm;
use segue_parity::sequences::betting_interval::BettingInterval;
use segue_parity::sequences::empirical_bernstein::EmpiricalBernstein;
use segue_parity::sequences::event_share::{EventShare, log_chance};
use segue_parity::sequences::{cusum, normal_mixture, quantile_interval, sample_ratio};
use serde_json::Value;
use support::cases;

fn number(case: &Value, path: &str) -> f64 {
    case.pointer(path).and_then(Value::as_f64).unwrap()
}

fn close(case: &Value, ours: f64, theirs: f64, tolerance: f64) {
    let error = (ours - theirs).abs() / theirs.abs().max(1e-300);
    assert!(error <= tolerance, "{}: {ours} for {theirs}", case["id"]);
}

/// The generator of the reference: advanced before use.
fn uniform(seed: u64) -> impl Iterator<Item = f64> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(state >> 43).unwrap()) * 2.0_f64.powi(-21)
            + f64::from(u32::try_from((state >> 11) & 0xffff_ffff).unwrap()) * 2.0_f64.powi(-53)
    })
}

fn sequence(case: &Value) -> Vec<f64> {
    let wait = |u: f64, mean: f64| (-mean * (1.0 - u).ln()).min(600.0) / 600.0;
    let (seed, value): (u64, Box<dyn Fn(f64) -> f64>) = match case["input"]["seq"].as_str().unwrap()
    {
        "bern05" => (1, Box::new(|u| f64::from(u < 0.05))),
        "bern10" => (2, Box::new(|u| f64::from(u < 0.10))),
        "wait20" => (3, Box::new(move |u| wait(u, 20.0))),
        "wait40" => (4, Box::new(move |u| wait(u, 40.0))),
        "csat" => (5, Box::new(|u| (5.0 * u).floor() / 4.0)),
        other => unreachable!("{other}"),
    };
    let count = usize::try_from(case["input"]["n"].as_u64().unwrap()).unwrap();
    uniform(seed).take(count).map(value).collect()
}

#[test]
fn the_data_are_the_same() {
    for case in cases("sequence_check") {
        let sum: f64 = sequence(&case).iter().sum();
        close(&case, sum, number(&case, "/output/sum"), 1e-9);
    }
}

#[test]
fn normal_mixture_two_sided() {
    for case in cases("normal_mixture") {
        if case["input"]["is_one_sided"] == true {
            continue;
        }
        let ours = normal_mixture::bound(
            number(&case, "/input/v"),
            number(&case, "/input/alpha"),
            number(&case, "/input/v_opt"),
            number(&case, "/input/alpha_opt"),
        );
        close(&case, ours, number(&case, "/output"), 1e-9);
    }
}

#[test]
fn empirical_bernstein_by_predictable_mixture() {
    for case in cases("predmix_eb") {
        let mut ours = EmpiricalBernstein::new(number(&case, "/input/alpha"));
        for x in sequence(&case) {
            ours.add(x);
        }
        let (lower, upper) = ours.interval();
        assert!((lower - number(&case, "/output/0")).abs() < 1e-9, "{case}");
        assert!((upper - number(&case, "/output/1")).abs() < 1e-9, "{case}");
    }
}

#[test]
fn hedged_betting_to_one_grid_step() {
    for case in cases("betting_cs") {
        let mut ours = BettingInterval::new(number(&case, "/input/alpha"));
        for x in sequence(&case) {
            ours.add(x);
        }
        let (lower, upper) = ours.interval();
        assert!(
            (lower - number(&case, "/output/0")).abs() < 1.01e-3,
            "{case}: {lower}"
        );
        assert!(
            (upper - number(&case, "/output/1")).abs() < 1.01e-3,
            "{case}: {upper}"
        );
    }
}

#[test]
fn quantile_by_double_stitching() {
    for case in cases("quantile_ds") {
        let ours = quantile_interval::double_stitching(
            number(&case, "/input/quantile_p"),
            number(&case, "/input/t"),
            number(&case, "/input/alpha"),
            number(&case, "/input/t_opt"),
        );
        close(&case, ours, number(&case, "/output"), 1e-9);
    }
}

#[test]
fn event_share() {
    for case in cases("event_share") {
        let mut ratios = vec![number(&case, "/input/theta0")];
        let grid = case["input"]["theta_grid"].as_array().unwrap();
        ratios.extend(grid.iter().map(|theta| theta.as_f64().unwrap()));
        let count = |path| u32::try_from(case.pointer(path).unwrap().as_u64().unwrap()).unwrap();
        let (events, out) = (count("/input/n_events"), count("/input/n_out"));
        let mut ours = EventShare::new(ratios.len());
        let pi = number(&case, "/input/pi");
        for event in 0..events {
            let arm = if event < out {
                Arm::Outsourced
            } else {
                Arm::InHouse
            };
            let chances: Vec<f64> = ratios.iter().map(|r| log_chance(pi, *r, arm)).collect();
            ours.add(&chances);
        }
        let even = 1.0 / f64::from(u32::try_from(grid.len()).unwrap());
        let mut weights = vec![even; ratios.len()];
        weights[0] = 0.0;
        close(
            &case,
            ours.log_e(0, &weights),
            number(&case, "/output"),
            1e-9,
        );
    }
}

#[test]
fn sample_ratio_bayes_factor() {
    let floats = |value: &Value| -> Vec<f64> {
        let list = value.as_array().unwrap();
        list.iter().map(|x| x.as_f64().unwrap()).collect()
    };
    for case in cases("srm") {
        let counts: Vec<u64> = case["input"]["counts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|count| count.as_u64().unwrap())
            .collect();
        let shares = floats(&case["input"]["theta0"]);
        let ours = sample_ratio::log_bayes_factor(&counts, &shares, number(&case, "/input/k"));
        close(&case, ours, number(&case, "/output/log_bayes_factor"), 1e-9);
    }
}

#[test]
fn risk_adjusted_weight() {
    for case in cases("ra_cusum") {
        let ours = cusum::risk_adjusted_weight(
            number(&case, "/input/p"),
            number(&case, "/input/odds_ratio"),
            case["input"]["y"] == 1,
        );
        close(&case, ours, number(&case, "/output"), 1e-9);
    }
}

#[test]
fn bernoulli_run_length() {
    let whole = |case: &Value, path| usize::try_from(case.pointer(path).unwrap().as_u64().unwrap());
    for case in cases("cusum_bernoulli") {
        let (up, down) = (
            whole(&case, "/input/up").unwrap(),
            whole(&case, "/input/down").unwrap(),
        );
        let limit = whole(&case, "/input/H").unwrap();
        for (p, expected) in [
            (number(&case, "/input/p0"), "/output/arl_p0"),
            (number(&case, "/input/p1"), "/output/arl_p1"),
            (2.0 * number(&case, "/input/p0"), "/output/arl_2p0"),
        ] {
            let ours = cusum::bernoulli_run_length(p, up, down, limit);
            close(&case, ours, number(&case, expected), 1e-8);
        }
    }
}

#[test]
fn normal_run_length_of_the_upper_and_of_both_sides() {
    for case in cases("cusum_normal") {
        let (k, h) = (number(&case, "/input/k"), number(&case, "/input/h"));
        let shift = number(&case, "/input/shift_sigma");
        let upper = cusum::normal_run_length(k, h, shift);
        close(&case, upper, number(&case, "/output/computed_upper"), 0.005);
    }
    for case in cases("cusum_h370") {
        let (k, h) = (number(&case, "/input/k"), number(&case, "/input/h"));
        let both = cusum::normal_run_length(k, h, 0.0) / 2.0;
        close(
            &case,
            both,
            number(&case, "/output/computed_two_sided"),
            0.02,
        );
    }
}
