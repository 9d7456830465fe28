//! Chance as a parameter: one seed per run, one stream per use, so that two plans meet the same callers.
//!
//! `ChaCha8` is seekable by stream number, identical on every machine and, at a few nanoseconds a draw, no part of what a
//! simulated call costs: nothing faster is needed.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};

/// Draws of one stream under one seed.
#[derive(Clone, Debug)]
pub struct Dice {
    rng: ChaCha8Rng,
}

impl Dice {
    /// The draws of a stream; different streams of one seed are independent.
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
        Self::unit_of(self.rng.next_u64())
    }

    /// Random bits as a number in (0, 1].
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a float exactly")]
    pub fn unit_of(bits: u64) -> f64 {
        1.0 - (bits >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// Exponential with a mean, in the mean's unit.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -self.unit().ln() * mean
    }

    /// Poisson with a mean below some hundreds: gaps are counted.
    pub fn poisson(&mut self, mean: f64) -> u32 {
        let mut n = 0;
        let mut at = self.exponential(1.0);
        while at < mean {
            n += 1;
            at += self.exponential(1.0);
        }
        n
    }
}
