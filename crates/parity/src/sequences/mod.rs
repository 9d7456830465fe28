//! Sequences that stay valid however often one looks: e-processes, confidence sequences, cumulative sums.
//!
//! Evidence is kept as logarithms; an e-value of at least 1/α proves at level α at any time (Ville's inequality). Formulas:
//! `statistics.md`, section Formulas; sources are named at each.

pub mod betting_interval;
pub mod block_bet;
pub mod cusum;
pub mod empirical_bernstein;
pub mod event_share;
pub mod mean_bet;
pub mod normal_mixture;
pub mod quantile_interval;
pub mod sample_ratio;

/// ln Σ wᵢ·exp(xᵢ), without overflow; nothing given is ln 0.
pub fn log_mean(weighted: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let top = weighted
        .clone()
        .map(|(_, log)| log)
        .fold(f64::NEG_INFINITY, f64::max);
    if !top.is_finite() {
        return top;
    }
    let sum: f64 = weighted
        .map(|(weight, log)| weight * (log - top).exp())
        .sum();
    top + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::log_mean;

    #[test]
    fn sums_beyond_the_range_of_a_float() {
        let halves = [(0.5, 2_000.0), (0.5, 2_000.0)];
        assert!((log_mean(halves.into_iter()) - 2_000.0).abs() < 1e-9);
        assert!(log_mean(std::iter::empty()).is_infinite());
    }
}
