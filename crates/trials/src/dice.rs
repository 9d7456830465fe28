//! Chance as a parameter: seeded draws, the same on every machine.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::time::Duration;

/// A stream of draws fixed by its seed and stream number.
#[derive(Clone, Debug)]
pub struct Dice {
    rng: ChaCha8Rng,
}

impl Dice {
    /// Draws of stream `stream` under `seed`; different streams are independent.
    pub fn seeded(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self { rng }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// Uniform in (0, 1]: its logarithm always exists.
    pub fn unit(&mut self) -> f64 {
        let high = f64::from(self.rng.next_u32());
        let low = f64::from(self.rng.next_u32() >> 11);
        // 32 + 21 = 53 bits, the precision of an f64, moved from [0, 1) to (0, 1].
        1.0 - (high * 2_097_152.0 + low) / 9_007_199_254_740_992.0
    }

    /// Exponential with the given mean (≥ 0, any unit).
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -self.unit().ln() * mean
    }

    /// Log-normal with the given mean and coefficient of variation `cv` (standard deviation ÷ mean).
    ///
    /// Handle times of call centres are close to log-normal (Brown et al. 2005, on the Technion bank records).
    pub fn lognormal(&mut self, mean: f64, cv: f64) -> f64 {
        let variance = (1.0 + cv * cv).ln();
        let normal = (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos();
        mean * (normal * variance.sqrt() - variance / 2.0).exp()
    }

    /// Uniform in 0..n; 0 when `n` is 0.
    pub fn below(&mut self, n: u32) -> u32 {
        let scaled = (u64::from(self.rng.next_u32()) * u64::from(n)) >> 32;
        u32::try_from(scaled).unwrap_or(0)
    }

    /// Whether an event of probability `p` happens.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() <= p
    }

    /// The index of one of `weights`, in proportion to them; `None` when they sum to nothing.
    pub fn pick(&mut self, weights: impl Iterator<Item = f64> + Clone) -> Option<usize> {
        let sum: f64 = weights.clone().sum();
        if sum <= 0.0 {
            return None;
        }
        let mut left = self.unit() * sum;
        let mut last = None;
        for (index, weight) in weights.enumerate().filter(|(_, weight)| *weight > 0.0) {
            last = Some(index);
            left -= weight;
            if left <= 0.0 {
                break;
            }
        }
        last
    }
}

/// Seconds as a duration; nonsense (negative, not finite, beyond a year) becomes the nearest sense.
pub(crate) fn seconds(s: f64) -> Duration {
    const YEAR: Duration = Duration::from_hours(366 * 24);
    if s.is_nan() || s <= 0.0 {
        return Duration::ZERO;
    }
    Duration::try_from_secs_f64(s).unwrap_or(YEAR).min(YEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(draws: impl Iterator<Item = f64>) -> f64 {
        let (mut n, mut sum) = (0.0, 0.0);
        for draw in draws {
            n += 1.0;
            sum += draw;
        }
        sum / n
    }

    #[test]
    fn draws_have_the_mean_they_claim_and_repeat_under_the_same_seed() {
        let mut dice = Dice::seeded(7, 1);
        assert!((mean((0..20_000).map(|_| dice.exponential(90.0))) - 90.0).abs() < 3.0);
        assert!((mean((0..20_000).map(|_| dice.lognormal(300.0, 0.8))) - 300.0).abs() < 10.0);
        assert!((mean((0..20_000).map(|_| dice.unit())) - 0.5).abs() < 0.01);
        let (mut a, mut b) = (Dice::seeded(7, 2), Dice::seeded(7, 2));
        assert!((0..100).all(|_| a.bits() == b.bits()));
        assert_ne!(Dice::seeded(7, 2).bits(), Dice::seeded(7, 3).bits());
    }

    #[test]
    fn picking_follows_the_weights() {
        let mut dice = Dice::seeded(1, 1);
        let second = (0..10_000)
            .filter(|_| dice.pick([1.0, 3.0, 0.0].into_iter()) == Some(1))
            .count();
        assert!((7_200..7_800).contains(&second), "{second}");
        assert_eq!(dice.pick(std::iter::empty()), None);
        assert!((0..1000).all(|_| dice.below(6) < 6));
    }

    #[test]
    fn seconds_never_panic() {
        assert_eq!(seconds(f64::NAN), Duration::ZERO);
        assert_eq!(seconds(-1.0), Duration::ZERO);
        assert_eq!(seconds(f64::INFINITY), Duration::from_hours(366 * 24));
        assert_eq!(seconds(0.25), Duration::from_millis(250));
    }
}
