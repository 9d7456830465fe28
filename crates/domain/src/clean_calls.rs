//! What a number of test calls proves: "10 good test calls" prove little (§2.3, statistics for gates).

/// One minus the confidence: 95 % sure.
const ALPHA: f64 = 0.05;
/// Halvings of the bisection; 60 leave nothing of a double to halve.
const HALVINGS: u32 = 60;

/// The rate the true failure rate is below, with 95 % confidence: the exact one-sided (Clopper–Pearson) bound.
///
/// Between 0 and 1; 1 where nothing was called or everything failed.
pub fn failure_rate_below(calls: u32, failures: u32) -> f64 {
    if failures >= calls {
        return 1.0;
    }
    if failures == 0 {
        return 1.0 - ALPHA.powf(1.0 / f64::from(calls));
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if at_most(failures, calls, middle) > ALPHA {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The chance of at most `failures` in `calls` when each fails with `rate`, strictly between 0 and 1.
fn at_most(failures: u32, calls: u32, rate: f64) -> f64 {
    let odds = (rate / (1.0 - rate)).ln();
    // Logarithms, since the chance of no failure in a long campaign is smaller than a double can say.
    let mut term_ln = f64::from(calls) * (1.0 - rate).ln();
    let mut sum = term_ln.exp();
    for n in 0..failures {
        term_ln += (f64::from(calls - n) / f64::from(n + 1)).ln() + odds;
        sum += term_ln.exp();
    }
    sum
}

/// What the calls prove, in words: `59 calls, 0 failed: true failure rate <5 % (95 %)`.
pub fn words(calls: u32, failures: u32) -> String {
    if calls == 0 {
        return "no test call counts yet".into();
    }
    let percent = failure_rate_below(calls, failures) * 100.0;
    // Rounded up, so that what is printed is never better than what is proved.
    let below = if percent > 0.9 {
        format!("{:.0}", percent.ceil())
    } else {
        format!("{:.1}", (percent * 10.0).ceil() / 10.0)
    };
    format!("{calls} calls, {failures} failed: true failure rate <{below} % (95 %)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_calls_prove_what_the_handbook_says() {
        for (calls, below) in [(59, "<5 %"), (149, "<2 %"), (299, "<1 %"), (10, "<26 %")] {
            let text = words(calls, 0);
            assert!(text.contains(below), "{calls}: {text}");
        }
        // One call fewer would not do.
        for (calls, limit) in [(58, 0.05), (148, 0.02), (298, 0.01)] {
            assert!(failure_rate_below(calls, 0) > limit, "{calls}");
            assert!(failure_rate_below(calls + 1, 0) < limit, "{calls}");
        }
    }

    /// Reference values: binomial sums over log-gamma coefficients, in another language.
    #[test]
    fn failures_widen_the_bound_exactly() {
        for (calls, failures, expected) in [
            (10, 1, 0.394_163),
            (59, 1, 0.077_898),
            (100, 5, 0.102_253),
            (1_000, 20, 0.028_930),
        ] {
            let bound = failure_rate_below(calls, failures);
            assert!(
                (bound - expected).abs() < 5e-6,
                "{calls}/{failures}: {bound}"
            );
        }
    }

    #[test]
    fn nothing_called_or_everything_failed_proves_nothing() {
        for (calls, failures) in [(0, 0), (3, 3), (3, 9)] {
            assert!(failure_rate_below(calls, failures) >= 1.0);
        }
        assert_eq!(words(0, 0), "no test call counts yet");
        assert!(words(100_000, 0).contains("<0.1 %"));
    }
}
