//! Patience from censored waits: textbook figures, and the real January.

mod common;

use common::close;
use proptest::prelude::*;
use segue_capacity::load::Patience;
use segue_capacity::patience::{PatienceCurve, Wait};

fn gone(wait_s: u64) -> Wait {
    Wait {
        wait_ms: wait_s * 1_000,
        abandoned: true,
    }
}

fn answered(wait_s: u64) -> Wait {
    Wait {
        wait_ms: wait_s * 1_000,
        abandoned: false,
    }
}

/// The treated group of Freireich et al. (1963), the example of every textbook: 6,6,6,6+,7,9+,10,10+,11+,13,16,17+,19+,20+,22,
/// 23,25+,32+,32+,34+,35+.
#[test]
fn the_textbooks_curve() {
    let mut waits: Vec<_> = [6, 6, 6, 7, 10, 13, 16, 22, 23].map(gone).into();
    waits.extend([6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35].map(answered));
    waits.push(answered(0));
    let curve = PatienceCurve::learn(&waits).unwrap();
    assert_eq!(
        (curve.waited, curve.abandoned, curve.total_wait_ms),
        (21, 9, 359_000)
    );
    let want = [
        (6, 0.857, 0.076),
        (7, 0.807, 0.087),
        (10, 0.753, 0.096),
        (13, 0.690, 0.107),
        (16, 0.627, 0.114),
        (22, 0.538, 0.128),
        (23, 0.448, 0.135),
    ];
    assert_eq!(curve.steps.len(), want.len());
    for (step, (wait_s, part, error)) in curve.steps.iter().zip(want) {
        assert_eq!(step.wait_ms, wait_s * 1_000);
        assert!(
            (step.still_waiting - part).abs() < 6e-4 && (step.standard_error - error).abs() < 6e-4,
            "{step:?}"
        );
    }
    close(curve.mean_s().unwrap(), 359.0 / 9.0, 1e-12);
    assert_eq!(
        (curve.quantile_ms(0.5), curve.quantile_ms(0.1)),
        (Some(23_000), None)
    );
    close(
        curve.still_waiting(12_999),
        curve.steps[2].still_waiting,
        0.0,
    );
    close(curve.still_waiting(0), 1.0, 0.0);
}

#[test]
fn nobody_hung_up_or_nobody_waited() {
    let curve = PatienceCurve::learn(&[answered(5), answered(9)]).unwrap();
    assert_eq!((curve.mean_s(), curve.measured()), (None, None));
    let empty = PatienceCurve::learn(&[]).unwrap();
    assert_eq!((empty.waited, empty.quantile_ms(0.5)), (0, None));
    let all = PatienceCurve::learn(&[gone(10), gone(20)]).unwrap();
    close(all.steps[1].still_waiting + 1.0, 1.0, 0.0);
}

/// Twenty-nine hang-ups are chance, thirty are a measurement.
#[test]
fn few_hang_ups_measure_nothing() {
    let of = |hang_ups: usize| PatienceCurve::learn(&vec![gone(10); hang_ups]).unwrap();
    assert_eq!(of(29).measured(), None);
    assert_eq!(of(30).measured(), Some(Patience::mean(10.0).unwrap()));
}

/// January 1999: callers are several times as patient as the waits of those who hung up look.
#[test]
fn january_is_patient() {
    let Some(text) = common::data("technion_bank/january.txt") else {
        return;
    };
    let rows = text
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>());
    let waits: Vec<_> = rows
        .filter(|row| ["AGENT", "HANG"].contains(&row[12]))
        .map(|row| Wait {
            wait_ms: row[11].parse::<u64>().unwrap() * 1_000,
            abandoned: row[12] == "HANG",
        })
        .collect();
    let curve = PatienceCurve::learn(&waits).unwrap();
    let mean_s = curve.mean_s().unwrap();
    let hung: Vec<_> = waits
        .iter()
        .filter(|w| w.abandoned)
        .map(|w| w.wait_ms / 1_000)
        .collect();
    let naive_s = hung.iter().sum::<u64>() / hung.len() as u64;
    println!(
        "January: {} waited, {} hung up; 1/θ {mean_s:.0} s, median patience {:?} s, mean wait of those who hung up {naive_s} s",
        curve.waited,
        curve.abandoned,
        curve.quantile_ms(0.5).map(|ms| ms / 1_000)
    );
    assert!(
        mean_s > 3.0 * f64::from(u32::try_from(naive_s).unwrap()),
        "{mean_s} {naive_s}"
    );
}

proptest! {
    /// The curve falls from one, whatever the order; without answers it is the plain share of those left.
    #[test]
    fn the_curve_falls(waits in proptest::collection::vec((0..200_u64, any::<bool>()).prop_map(|(s, gone)| Wait { wait_ms: s * 1_000, abandoned: gone }), 0..80)) {
        let curve = PatienceCurve::learn(&waits).unwrap();
        let mut reversed = waits.clone();
        reversed.reverse();
        prop_assert_eq!(&PatienceCurve::learn(&reversed).unwrap(), &curve);
        prop_assert!(curve.steps.windows(2).all(|s| s[0].still_waiting >= s[1].still_waiting && s[0].wait_ms < s[1].wait_ms));
        let all: Vec<_> = waits.iter().map(|w| Wait { abandoned: true, ..*w }).filter(|w| w.wait_ms > 0).collect();
        let plain = PatienceCurve::learn(&all).unwrap();
        for step in &plain.steps {
            let one = 1.0 / f64::from(u32::try_from(all.len()).unwrap());
            let left: f64 = all.iter().filter(|w| w.wait_ms > step.wait_ms).map(|_| one).sum();
            prop_assert!((step.still_waiting - left).abs() < 1e-9);
        }
    }
}
