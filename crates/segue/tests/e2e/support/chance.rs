//! What chance allows: the exact binomial interval, and percentiles.

/// The central interval that holds a binomial count with probability 99.9 %: (least, most).
pub(crate) fn binomial_999(trials: u32, probability: f64) -> (u32, u32) {
    let mut least = 0;
    let mut below = 0.0;
    let mut log_chance = f64::from(trials) * (1.0 - probability).ln();
    for count in 0..=trials {
        let chance = log_chance.exp();
        if below + chance <= 0.0005 {
            least = count + 1;
        }
        below += chance;
        if below >= 0.9995 {
            return (least, count);
        }
        let step =
            f64::from(trials - count) / f64::from(count + 1) * probability / (1.0 - probability);
        log_chance += step.ln();
    }
    (least, trials)
}

/// The smallest value that at least 99 % of all do not exceed.
pub(crate) fn p99(values: &[i64]) -> i64 {
    assert!(!values.is_empty(), "no values");
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() * 99).div_ceil(100) - 1]
}

/// The middle value.
pub(crate) fn median(values: &[i64]) -> i64 {
    assert!(!values.is_empty(), "no values");
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

#[test]
fn the_interval_is_the_exact_one() {
    // Summed as fractions: cdf(158) = 0.000380, cdf(159) = 0.000513; cdf(242) = 0.999492, cdf(243) = 0.999613.
    assert_eq!(binomial_999(1_000, 0.2), (159, 243));
    assert_eq!(p99(&(1..=100).collect::<Vec<_>>()), 99);
    assert_eq!(median(&[3, 1, 2]), 2);
}
