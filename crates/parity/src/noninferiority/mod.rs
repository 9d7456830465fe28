//! Fixed-n non-inferiority of two rates, for reports and before/after evidence that is looked at once (B13).
//!
//! Three published answers to one question: Newcombe's interval decides, because both parties can check it by hand;
//! the score interval of Miettinen and Nurminen and the test of Farrington and Manning stand beside it.

mod score;

pub use score::{FarringtonManning, farrington_manning, miettinen_nurminen};

use crate::guard::assessment::Interval;
use crate::kpi::{Ratio, float, whole_up};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};
use thiserror::Error;

/// Two-sided error of every printed interval: 95 %.
pub const ALPHA: f64 = 0.05;

/// What keeps two counts from being compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CannotCompare {
    /// One side has no calls.
    #[error(
        "one side has no calls; nothing is not evidence: give both as GOOD/ALL, such as 3280/4000"
    )]
    NoCalls,
    /// More hits than calls.
    #[error("there are more hits than calls on one side; write the hits first, such as 3280/4000")]
    MoreThanAll,
    /// A margin that is none.
    #[error(
        "the margin must be from -50 to 50 points and not 0: -3 allows 3 points less of something good, 2 allows 2 points more of something bad"
    )]
    Margin,
}

/// How much worse is allowed, in points. The sign names the bad direction: −3 on a service level, +2 on abandonment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margin(f64);

impl Margin {
    /// A margin in points.
    ///
    /// # Errors
    /// [`CannotCompare::Margin`] where no centre could be judged by it.
    pub fn points(points: f64) -> Result<Self, CannotCompare> {
        let usable = points.is_finite() && points != 0.0 && points.abs() <= 50.0;
        usable.then_some(Self(points)).ok_or(CannotCompare::Margin)
    }

    /// As a difference of shares.
    fn share(self) -> f64 {
        self.0 / 100.0
    }
}

/// What the two counts prove about the margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The whole interval is better than the margin.
    Pass,
    /// The margin lies inside the interval.
    NotProved,
    /// The whole interval is worse than the margin.
    Worse,
}

impl Proof {
    /// As printed on reports.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::NotProved => "NOT PROVED",
            Self::Worse => "WORSE",
        }
    }
}

/// A pilot against its baseline; differences are pilot less baseline, as shares −1…1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// The difference.
    pub difference: f64,
    /// Newcombe's 95 % interval: decides.
    pub newcombe: Interval,
    /// The 95 % score interval.
    pub score: Interval,
    /// The test of the margin.
    pub test: FarringtonManning,
    /// The verdict of Newcombe's interval against the margin.
    pub verdict: Proof,
    /// Calls the pilot needs to prove the margin if it is truly as good as the baseline; nothing where the baseline is
    /// too small for any number to do.
    pub calls_needed: Option<u64>,
}

/// Compares a pilot with its baseline.
///
/// `chance` is that with which an equal centre should prove the margin with `calls_needed`, 0.5–0.99.
///
/// # Errors
/// [`CannotCompare`] where there is nothing to compare.
pub fn compare(
    baseline: Ratio,
    pilot: Ratio,
    margin: Margin,
    chance: f64,
) -> Result<Comparison, CannotCompare> {
    let all = [baseline, pilot];
    if all.iter().any(|side| side.denominator == 0) {
        return Err(CannotCompare::NoCalls);
    }
    if all.iter().any(|side| side.numerator > side.denominator) {
        return Err(CannotCompare::MoreThanAll);
    }
    let newcombe = newcombe(pilot, baseline, ALPHA);
    Ok(Comparison {
        difference: share(pilot) - share(baseline),
        newcombe,
        score: miettinen_nurminen(pilot, baseline, ALPHA),
        test: oriented(farrington_manning(pilot, baseline, margin.share()), margin),
        verdict: verdict(newcombe, margin),
        calls_needed: calls_needed(baseline, pilot, margin, chance),
    })
}

/// A small p speaks for "not worse than the margin", whichever way the margin counts.
fn oriented(test: FarringtonManning, margin: Margin) -> FarringtonManning {
    if margin.share() < 0.0 {
        FarringtonManning {
            z: -test.z,
            p: normal_cdf(-test.z),
        }
    } else {
        test
    }
}

fn verdict(interval: Interval, margin: Margin) -> Proof {
    // A margin above zero allows more of something bad: mirrored, it is the same question.
    let (near, far, limit) = if margin.share() < 0.0 {
        (interval.lower, interval.upper, margin.share())
    } else {
        (-interval.upper, -interval.lower, -margin.share())
    };
    match () {
        () if near > limit => Proof::Pass,
        () if far < limit => Proof::Worse,
        () => Proof::NotProved,
    }
}

/// Newcombe's hybrid score interval of two rates' difference, `first` less `second` (1998, method 10, no continuity
/// correction).
pub fn newcombe(first: Ratio, second: Ratio, alpha: f64) -> Interval {
    let z = normal_quantile(1.0 - alpha / 2.0);
    let (p1, p2) = (share(first), share(second));
    let (w1, w2) = (wilson(first, z), wilson(second, z));
    Interval {
        lower: p1 - p2 - (p1 - w1.lower).hypot(w2.upper - p2),
        upper: p1 - p2 + (w1.upper - p1).hypot(p2 - w2.lower),
    }
}

/// Wilson's score interval of one rate at ±z; everything where nobody was counted.
pub fn wilson(side: Ratio, z: f64) -> Interval {
    if side.denominator == 0 {
        return Interval {
            lower: 0.0,
            upper: 1.0,
        };
    }
    let (p, n, zz) = (share(side), float(side.denominator), z * z);
    let middle = p + zz / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + zz / (4.0 * n * n)).sqrt();
    let whole = 1.0 + zz / n;
    Interval {
        lower: (middle - half) / whole,
        upper: (middle + half) / whole,
    }
}

/// Calls a pilot needs to prove the margin with that chance when it is truly as good: the normal approximation with the
/// pilot's own spread.
fn calls_needed(baseline: Ratio, pilot: Ratio, margin: Margin, chance: f64) -> Option<u64> {
    let spread = |side| share(side) * (1.0 - share(side));
    let z = normal_quantile(1.0 - ALPHA / 2.0) + normal_quantile(chance.clamp(0.5, 0.99));
    let allowed = (margin.share() / z).powi(2);
    let left = allowed - spread(baseline) / float(baseline.denominator);
    (left > 0.0).then(|| whole_up(spread(pilot) / left).max(1))
}

fn share(side: Ratio) -> f64 {
    side.value().unwrap_or(0.0)
}

/// The quantile of the standard normal distribution.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// The distribution function of the standard normal distribution.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn of(numerator: u64, denominator: u64) -> Ratio {
        Ratio {
            numerator,
            denominator,
        }
    }

    fn asked(baseline: Ratio, pilot: Ratio, points: f64) -> Comparison {
        compare(baseline, pilot, Margin::points(points).unwrap(), 0.7).unwrap()
    }

    /// B13 CHECK, scenario 25.
    #[test]
    fn the_handbooks_three_pilots() {
        for (good, all, low, high, verdict) in [
            (400, 500, -5.9, 1.5, Proof::NotProved),
            (1_230, 1_500, -2.3, 2.2, Proof::Pass),
            (370, 500, -12.2, -4.1, Proof::Worse),
        ] {
            let found = asked(of(3_280, 4_000), of(good, all), -3.0);
            assert!((found.newcombe.lower * 100.0 - low).abs() < 0.05);
            assert!((found.newcombe.upper * 100.0 - high).abs() < 0.05);
            assert_eq!(found.verdict, verdict);
        }
    }

    #[test]
    fn need_about_1500_calls() {
        let found = asked(of(3_280, 4_000), of(400, 500), -3.0);
        let needed = found.calls_needed.unwrap();
        assert!((1_400..=1_500).contains(&needed), "{needed}");
        let small = asked(of(82, 100), of(400, 500), -3.0);
        assert_eq!(
            small.calls_needed, None,
            "no pilot makes up for that baseline"
        );
    }

    #[test]
    fn nothing_is_not_evidence() {
        let margin = Margin::points(-3.0).unwrap();
        for (baseline, pilot, fault) in [
            (of(0, 0), of(1, 2), CannotCompare::NoCalls),
            (of(1, 2), of(0, 0), CannotCompare::NoCalls),
            (of(3, 2), of(1, 2), CannotCompare::MoreThanAll),
        ] {
            assert_eq!(compare(baseline, pilot, margin, 0.7), Err(fault));
        }
        for points in [0.0, f64::NAN, 51.0, f64::NEG_INFINITY] {
            assert_eq!(Margin::points(points), Err(CannotCompare::Margin));
        }
    }

    /// The gate in `segue-domain` may not depend on this room, so it has its own; both must say the same.
    #[test]
    fn the_gate_and_the_report_say_the_same() {
        use segue_domain::proof;
        for (good, all) in [(400, 500), (1_230, 1_500), (370, 500), (0, 40), (40, 40)] {
            let gate = proof::Difference::of(
                proof::Counts::new(3_280, 4_000),
                proof::Counts::new(good, all),
            );
            let here = newcombe(of(good, all), of(3_280, 4_000), ALPHA);
            assert!((gate.low / 100.0 - here.lower).abs() < 1e-7);
            assert!((gate.high / 100.0 - here.upper).abs() < 1e-7);
            let needed = |chance: u32| {
                let (pilot, baseline) = (
                    proof::Counts::new(good, all),
                    proof::Counts::new(3_280, 4_000),
                );
                proof::calls_needed(baseline, pilot, 3, chance).map(proof::about)
            };
            let asked = asked(of(3_280, 4_000), of(good, all), -3.0);
            assert_eq!(needed(70), asked.calls_needed.map(proof::about));
        }
    }

    proptest! {
        /// Good calls of the pilot against a good-direction margin are bad calls against the mirrored one.
        #[test]
        fn counting_bad_calls_gives_the_same_verdict(
            (all_a, good_a) in (1_u64..5_000).prop_flat_map(|n| (Just(n), 0..=n)),
            (all_b, good_b) in (1_u64..5_000).prop_flat_map(|n| (Just(n), 0..=n)),
            points in 0.5_f64..20.0,
        ) {
            let good = asked(of(good_a, all_a), of(good_b, all_b), -points);
            let bad = asked(of(all_a - good_a, all_a), of(all_b - good_b, all_b), points);
            // A limit exactly at the interval's end is decided by the last bit.
            let margin = points / 100.0;
            let edge = [good.newcombe.lower, good.newcombe.upper].iter().any(|end| (end + margin).abs() < 1e-9);
            prop_assume!(!edge);
            prop_assert_eq!(good.verdict, bad.verdict);
            prop_assert!((good.newcombe.lower + bad.newcombe.upper).abs() < 1e-9);
            prop_assert!((good.score.lower + bad.score.upper).abs() < 1e-6);
            prop_assert!((good.test.p - bad.test.p).abs() < 1e-6);
            prop_assert!(good.newcombe.lower <= good.difference && good.difference <= good.newcombe.upper);
            prop_assert!(good.score.lower <= good.difference + 1e-9 && good.difference <= good.score.upper + 1e-9);
        }

        /// A stricter margin is never easier.
        #[test]
        fn a_stricter_margin_is_never_easier(
            (all_b, good_b) in (1_u64..5_000).prop_flat_map(|n| (Just(n), 0..=n)),
            points in 0.5_f64..10.0,
        ) {
            let strict = asked(of(3_280, 4_000), of(good_b, all_b), -points);
            let wide = asked(of(3_280, 4_000), of(good_b, all_b), -2.0 * points);
            prop_assert!(strict.verdict != Proof::Pass || wide.verdict == Proof::Pass);
            prop_assert!(wide.verdict != Proof::Worse || strict.verdict == Proof::Worse);
        }
    }
}
