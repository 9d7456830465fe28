//! Does the guard cry wolf, and how fast does it see harm? Worlds with known truth, played through the guard itself.
//!
//! Each world is one way in which a real pair of call centres breaks the assumptions of a textbook test
//! (`statistics.md`, Worlds for calibration). Everything is a function of a seed; `make calibrate` plays many runs, the
//! tests of this room play some, and both play the code that runs in production.

mod centre;
mod combined;
mod dice;
mod own_weeks;
mod peers;
mod stream;
mod trial;
mod world;

pub use combined::{Combined, CombinedSpoken, CombinedTerms, PeerCombined, Spoken};
pub use own_weeks::{OwnWeeks, own_weeks};
pub use peers::{Peer, PeerBlockBet, PeerTally, Stakes};
pub use trial::{Ended, Looks, Trial, listen, rules, run};
pub use world::{Harm, World, WorldKind};

/// Upper bound, at 99 %, of a chance that was seen `hits` times in `runs` (Clopper-Pearson), by bisection on logarithms.
pub fn upper_bound_99(hits: u64, runs: u64) -> f64 {
    if hits >= runs {
        return 1.0;
    }
    let at_most = |p: f64| {
        let n = crate::kpi::float(runs);
        let mut log_term = n * (1.0 - p).ln();
        let mut sum = log_term.exp();
        for k in 1..=hits {
            let k = crate::kpi::float(k);
            log_term += ((n - k + 1.0) / k).ln() + (p / (1.0 - p)).ln();
            sum += log_term.exp();
        }
        sum
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if at_most(middle) > 0.01 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::upper_bound_99;

    #[test]
    fn the_bound_of_known_counts() {
        // 1 − 0.01^(1/300)
        assert!((upper_bound_99(0, 300) - 0.015_234).abs() < 1e-4);
        assert!((upper_bound_99(15, 300) - 0.088_4).abs() < 2e-3);
        assert!(upper_bound_99(500, 10_000) < 0.0555);
        assert!((upper_bound_99(5, 5) - 1.0).abs() < f64::EPSILON);
    }
}
