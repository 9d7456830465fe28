//! Seeded draws of the worlds.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// One run's dice.
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        Self(generator)
    }

    /// Uniform on [0, 1).
    pub(super) fn uniform(&mut self) -> f64 {
        unit(self.0.next_u64())
    }

    pub(super) fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Below `bound`, which is positive.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        u32::try_from((u64::from(bound) * (self.0.next_u64() >> 32)) >> 32).unwrap_or(0)
    }

    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.uniform()).ln()
    }

    fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }

    /// Lognormal with this mean; coefficient of variation 0.7, as handle times have.
    pub(super) fn handle_time(&mut self, mean: f64) -> f64 {
        const VARIANCE: f64 = 0.398_776; // ln(1 + 0.7²)
        mean * (VARIANCE.sqrt() * self.normal() - VARIANCE / 2.0).exp()
    }
}

/// 53 bits as a number in [0, 1).
#[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / 9_007_199_254_740_992.0
}

/// A caller's place in the split, drawn once per caller and run: the same on every day.
pub(super) fn bucket(caller: u64, salt: u64) -> f64 {
    let mut x = caller
        .wrapping_add(salt)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    unit(x ^ (x >> 31))
}
