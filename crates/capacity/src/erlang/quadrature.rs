//! Integrals of a density with one peak and both sides falling ever faster: e^(−p·excess(u) − q·u), u measured from the peak.
//!
//! Erlang B as a function of the agents and the waiting time of Erlang A both have this form, so that centres of any size cost
//! the same. Nothing overflows: the height of the peak is taken out and returned by the caller as a logarithm. Every panel is
//! a 16-point Gauss–Legendre rule; panels grow with the distance from the peak, so that one scale follows another.

/// Nats below the peak from which on nothing counts: e⁻⁴² is 6e-19.
const DROP: f64 = 42.0;
/// Each panel is so much wider than the one before it.
const GROWTH: f64 = 1.5;
/// A bound on the panels of one side; 90 of them span fifteen orders of magnitude.
const PANELS_MAX: usize = 90;
/// Positive nodes and weights of the 16-point Gauss–Legendre rule on [−1, 1] (Abramowitz & Stegun, table 25.4).
const RULE: [(f64, f64); 8] = [
    (0.095_012_509_837_637_44, 0.189_450_610_455_068_5),
    (0.281_603_550_779_258_9, 0.182_603_415_044_923_6),
    (0.458_016_777_657_227_4, 0.169_156_519_395_002_54),
    (0.617_876_244_402_643_7, 0.149_595_988_816_576_73),
    (0.755_404_408_355_003, 0.124_628_971_255_533_87),
    (0.865_631_202_387_831_7, 0.095_158_511_682_492_78),
    (0.944_575_023_073_232_6, 0.062_253_523_938_647_89),
    (0.989_400_934_991_649_9, 0.027_152_459_411_754_095),
];

/// A density with one peak, at u = 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peak {
    /// Weight of the curved part.
    pub(super) p: f64,
    /// Slope of the straight part: above zero where the peak is an edge.
    pub(super) q: f64,
    /// A convex function, about u²/2 near 0.
    pub(super) excess: fn(f64) -> f64,
}

impl Peak {
    /// The density at `u`; 1 at the peak.
    fn density(&self, u: f64) -> f64 {
        (-self.p * (self.excess)(u) - self.q * u).exp()
    }

    /// A width over which the density falls by few nats and e^(−u) changes little.
    fn first_width(&self) -> f64 {
        (4.0 / self.p.sqrt()).min(16.0 / self.q).min(2.0)
    }

    /// Adds up `weight × density` over [from, to], telling `at` each node and its part.
    pub(super) fn integrate(&self, from: f64, to: f64, mut at: impl FnMut(f64, f64)) {
        if from < 0.0 {
            self.side(-1.0, -to.min(0.0), -from, &mut at);
        }
        if to > 0.0 {
            self.side(1.0, from.max(0.0), to, &mut at);
        }
    }

    /// One side of the peak, from the distance `near` to the distance `far`.
    fn side(&self, sign: f64, near: f64, far: f64, at: &mut impl FnMut(f64, f64)) {
        let (mut start, mut width) = (0.0, self.first_width());
        for _ in 0..PANELS_MAX {
            let end = start + width;
            let (a, b) = (start.max(near), end.min(far));
            if a < b {
                self.panel(sign, a, b, at);
            }
            let fallen = self.p * (self.excess)(sign * end) + self.q * sign * end;
            // A comparison with NaN must end the walk too.
            if end >= far || fallen.is_nan() || fallen > DROP {
                return;
            }
            (start, width) = (end, width * GROWTH);
        }
    }

    fn panel(&self, sign: f64, a: f64, b: f64, at: &mut impl FnMut(f64, f64)) {
        let (middle, half) = (f64::midpoint(a, b), (b - a) / 2.0);
        for (node, weight) in RULE {
            for x in [middle - half * node, middle + half * node] {
                let u = sign * x;
                at(u, weight * half * self.density(u));
            }
        }
    }
}

/// u + e^(−u) − 1, without the cancellation near 0.
pub(super) fn excess_of_decay(u: f64) -> f64 {
    if u.abs() > 0.02 {
        return u + (-u).exp_m1();
    }
    let tail = 1.0 / 120.0 - u * (1.0 / 720.0 - u * (1.0 / 5_040.0));
    u * u * (0.5 - u * (1.0 / 6.0 - u * (1.0 / 24.0 - u * tail)))
}

/// u − ln(1 + u), without the cancellation near 0.
pub(super) fn excess_of_log(u: f64) -> f64 {
    if u.abs() > 0.02 {
        return u - u.ln_1p();
    }
    let tail = 1.0 / 6.0 - u * (1.0 / 7.0 - u * (1.0 / 8.0 - u * (1.0 / 9.0)));
    u * u * (0.5 - u * (1.0 / 3.0 - u * (0.25 - u * (0.2 - u * tail))))
}
