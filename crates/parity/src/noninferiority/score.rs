//! The score interval and the score test of a difference of two rates, both from rates that obey the difference.
//!
//! O. Miettinen, M. Nurminen, Statistics in Medicine 4 (1985), without the n/(n−1) correction; C. Farrington, G.
//! Manning, Statistics in Medicine 9 (1990), whose closed form of the restricted rates both use.

use super::{normal_cdf, normal_quantile, share};
use crate::guard::assessment::Interval;
use crate::kpi::{Ratio, float};

/// Halvings of an interval of length at most 2: to the last bit of a double.
const HALVINGS: u32 = 60;

/// The test that the difference is at least the margin, against "less".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FarringtonManning {
    /// The score: far below zero speaks for "less than the margin".
    pub z: f64,
    /// The chance of a score this low if the difference were exactly the margin.
    pub p: f64,
}

/// Tests whether `first` less `second` is below `margin` (a difference of shares).
pub fn farrington_manning(first: Ratio, second: Ratio, margin: f64) -> FarringtonManning {
    let z = score(first, second, margin);
    FarringtonManning {
        z,
        p: normal_cdf(z),
    }
}

/// The score interval of `first` less `second`.
pub fn miettinen_nurminen(first: Ratio, second: Ratio, alpha: f64) -> Interval {
    let z = normal_quantile(1.0 - alpha / 2.0);
    let found = share(first) - share(second);
    // The score falls as the assumed difference grows: one crossing on each side of what was found.
    let crossing = |mut low: f64, mut high: f64, level: f64| {
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            if score(first, second, middle) > level {
                low = middle;
            } else {
                high = middle;
            }
        }
        f64::midpoint(low, high)
    };
    Interval {
        lower: crossing(-1.0, found, z),
        upper: crossing(found, 1.0, -z),
    }
}

/// (found difference − assumed) in standard errors under the assumed difference.
fn score(first: Ratio, second: Ratio, assumed: f64) -> f64 {
    let (p1, p2) = restricted(first, second, assumed);
    let variance =
        p1 * (1.0 - p1) / float(first.denominator) + p2 * (1.0 - p2) / float(second.denominator);
    let off = share(first) - share(second) - assumed;
    if off == 0.0 {
        return 0.0;
    }
    // No spread under the assumption: a difference is impossible there.
    off / variance.max(f64::MIN_POSITIVE).sqrt()
}

/// The most likely rates that differ by exactly that much: the root of a cubic, by its trigonometric form.
fn restricted(first: Ratio, second: Ratio, differ: f64) -> (f64, f64) {
    let (p1, p2) = (share(first), share(second));
    let theta = float(second.denominator) / float(first.denominator);
    let cubic = 1.0 + theta;
    let square = -(1.0 + theta + p1 + theta * p2 + differ * (theta + 2.0));
    let linear = differ * differ + differ * (2.0 * p1 + theta + 1.0) + p1 + theta * p2;
    let constant = -p1 * differ * (1.0 + differ);
    let third = square / (3.0 * cubic);
    let shift = third.powi(3) - square * linear / (6.0 * cubic * cubic) + constant / (2.0 * cubic);
    let radius = (third * third - linear / (3.0 * cubic))
        .max(0.0)
        .sqrt()
        .copysign(shift);
    let cosine = if radius == 0.0 {
        0.0
    } else {
        shift / radius.powi(3)
    };
    let angle = (std::f64::consts::PI + cosine.clamp(-1.0, 1.0).acos()) / 3.0;
    let (low, high) = (differ.max(0.0), (1.0 + differ).min(1.0));
    let p1 = (2.0 * radius * angle.cos() - third).clamp(low, high);
    (p1, (p1 - differ).clamp(0.0, 1.0))
}
