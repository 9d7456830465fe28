//! Erlang A below the surface: what happens to a caller who has to wait, callers arriving at λ, leaving the queue served at nμ
//! or tired at θ each (Palm 1957; the offered wait as in Zeltyn & Mandelbaum 2005).
//!
//! With x = nμ/θ and y = λ/θ, a caller who finds j waiting weighs wⱼ = yʲ / ((x+1)…(x+j)), gives up with probability
//! (j+1)/(x+j+1), and waits 1/(x+i) patiences in each stage i. All sums are of positive terms, so that no digit is lost. Where a
//! sum would be long, the same three figures come from the density of the offered wait.

use super::quadrature::{Peak, excess_of_decay, excess_of_log};

/// Longer sums are left to the integral.
const TERMS_MAX: f64 = 10_000.0;
/// The terms of a sum stay far from overflow while their peak is below e⁶⁰⁰.
const HEIGHT_LN_MAX: f64 = 600.0;
/// A term so much smaller than the sum changes no digit.
const NEGLIGIBLE: f64 = 1e-18;

/// What a waiting caller meets. Probabilities are given that the caller waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    x: f64,
    peak: Peak,
    /// Distance of the edge (no wait) from the peak of the density of the offered wait, in patiences.
    edge: f64,
    /// Height of that peak over the edge, as a logarithm.
    height_ln: f64,
    /// P(all busy and a caller waits) over P(all busy, were nobody to wait): A of the literature.
    pub(super) weight: f64,
    /// P(gives up | waits).
    pub(super) gives_up: f64,
    /// E[wait; served | waits], in patiences.
    pub(super) served_wait: f64,
}

/// What has happened within a time, given that the caller waits.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Within {
    pub(super) served: f64,
    pub(super) given_up: f64,
}

impl Waiting {
    /// x = nμ/θ above zero, y = λ/θ.
    pub(super) fn new(x: f64, y: f64) -> Self {
        // Where calls outnumber the agents the usual wait is ln(y/x) patiences long.
        let over = ((y - x) / x).max(0.0);
        let mut waiting = Self {
            x,
            peak: Peak {
                p: x.min(y),
                q: (x - y).max(0.0),
                excess: excess_of_decay,
            },
            edge: over.ln_1p(),
            height_ln: x * excess_of_log(over),
            weight: 1.0,
            gives_up: 0.0,
            served_wait: 0.0,
        };
        let terms = (y - x).max(0.0) + 9.0 * y.sqrt();
        if terms < TERMS_MAX && waiting.height_ln < HEIGHT_LN_MAX {
            waiting.add_up(y);
        } else {
            waiting.integrate();
        }
        waiting
    }

    fn add_up(&mut self, y: f64) {
        let x = self.x;
        let (mut term, mut ahead) = (1.0, 1.0);
        let (mut sum, mut giving_up, mut served, mut stages) = (0.0, 0.0, 0.0, 0.0);
        loop {
            let stage = 1.0 / (x + ahead);
            stages += stage;
            sum += term;
            giving_up += term * ahead * stage;
            served += term * x * stage * stages;
            let ratio = y * stage;
            term *= ratio;
            if ratio < 1.0 && term < NEGLIGIBLE * sum {
                break;
            }
            ahead += 1.0;
        }
        self.weight = sum;
        self.gives_up = giving_up / sum;
        self.served_wait = served / sum;
    }

    fn integrate(&mut self) {
        let edge = self.edge;
        let (mut area, mut giving_up, mut served) = (0.0, 0.0, 0.0);
        self.peak.integrate(-edge, f64::INFINITY, |u, part| {
            let wait = u + edge;
            area += part;
            giving_up -= part * (-wait).exp_m1();
            served += part * wait * (-wait).exp();
        });
        self.weight = self.x * self.height_ln.exp() * area;
        self.gives_up = giving_up / area;
        self.served_wait = served / area;
    }

    /// What has happened within so many patiences.
    pub(super) fn within(&self, patiences: f64) -> Within {
        let edge = self.edge;
        let (mut over, mut tired, mut served) = (0.0, 0.0, 0.0);
        self.peak.integrate(-edge, patiences - edge, |u, part| {
            let stays = (-(u + edge)).exp();
            over += part;
            served += part * stays;
            tired += part * (1.0 - stays);
        });
        // The density over its whole area; logarithms, because both may be beyond any number.
        let scale = (self.x.ln() + self.height_ln - self.weight.ln()).exp();
        let scale = if self.weight.is_finite() {
            scale
        } else {
            self.scale_of_tall_peak()
        };
        let still_waiting = (1.0 - over * scale).max(0.0);
        Within {
            served: served * scale,
            given_up: tired * scale - (-patiences).exp_m1() * still_waiting,
        }
    }

    /// One over the area of the density, where its height is beyond any number.
    fn scale_of_tall_peak(&self) -> f64 {
        let mut area = 0.0;
        self.peak
            .integrate(-self.edge, f64::INFINITY, |_, part| area += part);
        1.0 / area
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sum_and_integral_agree() {
        for (x, y) in [
            (0.5, 40.0),
            (3.0, 1.0),
            (25.0, 25.0),
            (300.0, 310.0),
            (900.0, 700.0),
            (50_000.0, 49_000.0),
            (200_000.0, 201_000.0),
        ] {
            let mut summed = Waiting::new(x, y);
            summed.add_up(y);
            let mut integrated = summed;
            integrated.integrate();
            for (a, b) in [
                (summed.weight, integrated.weight),
                (summed.gives_up, integrated.gives_up),
                (summed.served_wait, integrated.served_wait),
            ] {
                assert!((a / b - 1.0).abs() < 1e-9, "{x} {y}: {a} {b}");
            }
        }
    }
}
