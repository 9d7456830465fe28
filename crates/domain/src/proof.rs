//! What counts prove: the interval of the difference of two rates, and the verdict against a margin (B13, §7.3).

use serde::{Deserialize, Serialize};

/// 95 % confidence, two-sided.
const Z_95: f64 = 1.959_964;

/// The verdict of the evidence on one critical measure (B13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Not worse by more than the agreed margin.
    Pass,
    /// Enough data, neither.
    NotProved,
    /// Worse.
    Worse,
    /// Too few calls or none.
    NoData,
}

impl Verdict {
    /// As printed on reports.
    pub fn words(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::NotProved => "NOT PROVED",
            Self::Worse => "WORSE",
            Self::NoData => "NO DATA",
        }
    }
}

/// Good ones among all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that did as they should; at most `all`.
    pub good: u64,
    /// All of them.
    pub all: u64,
}

/// The difference of two rates, pilot less baseline, with its 95 % interval; in points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

impl Counts {
    /// Good ones among all; more good ones than all count as all.
    pub fn new(good: u64, all: u64) -> Self {
        let good = good.min(all);
        Self { good, all }
    }

    /// The rate, 0–1; 0 of nothing.
    pub fn rate(self) -> f64 {
        ratio(self.good, self.all.max(1))
    }

    /// Wilson's score interval of the rate.
    pub fn interval(self) -> (f64, f64) {
        if self.all == 0 {
            return (0.0, 1.0);
        }
        let (p, n, zz) = (self.rate(), ratio(self.all, 1), Z_95 * Z_95);
        let middle = p + zz / (2.0 * n);
        let half = Z_95 * (p * (1.0 - p) / n + zz / (4.0 * n * n)).sqrt();
        let whole = 1.0 + zz / n;
        ((middle - half) / whole, (middle + half) / whole)
    }
}

impl Difference {
    /// Newcombe's hybrid score interval (method 10) of pilot less baseline.
    pub fn of(baseline: Counts, pilot: Counts) -> Self {
        let (p1, p2) = (baseline.rate(), pilot.rate());
        let ((l1, u1), (l2, u2)) = (baseline.interval(), pilot.interval());
        Self {
            low: (p2 - p1 - (p2 - l2).hypot(u1 - p1)) * 100.0,
            high: (p2 - p1 + (u2 - p2).hypot(p1 - l1)) * 100.0,
        }
    }

    /// Whether the pilot is not worse by more than the margin, in points; worse only where the whole interval says so.
    pub fn verdict(self, margin_points: u32) -> Verdict {
        let margin = -f64::from(margin_points);
        match () {
            () if self.low > margin => Verdict::Pass,
            () if self.high < margin => Verdict::Worse,
            () => Verdict::NotProved,
        }
    }
}

/// The verdict on a pilot, `NoData` where either side has none.
pub fn verdict(baseline: Counts, pilot: Counts, margin_points: u32) -> Verdict {
    if baseline.all == 0 || pilot.all == 0 {
        return Verdict::NoData;
    }
    Difference::of(baseline, pilot).verdict(margin_points)
}

/// Calls a pilot needs to prove the margin with that chance when it is truly as good, by the normal approximation and the
/// pilot's own spread (the baseline's while there is no pilot). `None`: the baseline itself is too small.
pub fn calls_needed(
    baseline: Counts,
    pilot: Counts,
    margin_points: u32,
    chance_percent: u32,
) -> Option<u64> {
    if baseline.all == 0 || margin_points == 0 {
        return None;
    }
    let spread = |c: Counts| c.rate() * (1.0 - c.rate());
    let own = if pilot.all == 0 { baseline } else { pilot };
    let z = Z_95 + quantile(f64::from(chance_percent.clamp(50, 99)) / 100.0);
    let allowed = (f64::from(margin_points) / 100.0 / z).powi(2);
    let left = allowed - spread(baseline) / ratio(baseline.all, 1);
    (left > 0.0).then(|| whole(spread(own) / left).max(1))
}

/// The count as people say it: two leading digits, rounded up.
pub fn about(count: u64) -> u64 {
    let unit = 10_u64.pow(count.max(1).ilog10().saturating_sub(1));
    count.div_ceil(unit).saturating_mul(unit)
}

/// The standard normal quantile of 0.5–1 (Abramowitz and Stegun 26.2.23, to 4.5e-4).
fn quantile(p: f64) -> f64 {
    let t = (-2.0 * (1.0 - p).ln()).sqrt();
    let over = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let under = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    (t - over / under).max(0.0)
}

/// One count over another.
#[expect(
    clippy::cast_precision_loss,
    reason = "no centre has 2^53 calls; a rate rounds anyway"
)]
pub(crate) fn ratio(over: u64, under: u64) -> f64 {
    over as f64 / under as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of calls, above zero; the cast saturates"
)]
fn whole(calls: f64) -> u64 {
    calls.ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASELINE: Counts = Counts {
        good: 3_280,
        all: 4_000,
    };

    /// B13 CHECK, scenario 25.
    #[test]
    fn the_handbooks_three_pilots() {
        for (good, all, low, high, verdict) in [
            (400, 500, -5.9, 1.5, Verdict::NotProved),
            (1_230, 1_500, -2.3, 2.2, Verdict::Pass),
            (370, 500, -12.2, -4.1, Verdict::Worse),
        ] {
            let difference = Difference::of(BASELINE, Counts::new(good, all));
            assert!((difference.low - low).abs() < 0.05, "{difference:?}");
            assert!((difference.high - high).abs() < 0.05, "{difference:?}");
            assert_eq!(difference.verdict(3), verdict);
        }
        assert_eq!(
            verdict(BASELINE, Counts::default(), 3),
            Verdict::NoData,
            "nothing is no pass"
        );
    }

    #[test]
    fn the_calls_a_margin_needs() {
        let needed = |pilot, margin| calls_needed(BASELINE, pilot, margin, 70).map(about);
        assert_eq!(needed(Counts::new(400, 500), 3), Some(1_500));
        assert_eq!(
            needed(Counts::new(400, 500), 1),
            None,
            "4,000 calls of baseline cannot prove one point"
        );
        // What is said to be enough is enough, when the pilot is as good.
        let n = calls_needed(BASELINE, Counts::default(), 3, 70).unwrap();
        let same = Counts::new(n * 82 / 100, n);
        assert_eq!(verdict(BASELINE, same, 3), Verdict::Pass);
    }

    #[test]
    fn numbers_are_said_as_people_say_them() {
        for (count, said) in [(1, 1), (99, 99), (101, 110), (1_468, 1_500), (0, 0)] {
            assert_eq!(about(count), said);
        }
        assert!((quantile(0.8) - 0.8416).abs() < 5e-4);
        assert!(quantile(0.5).abs() < 5e-4);
    }
}
