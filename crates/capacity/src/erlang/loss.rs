//! Erlang B: the part of the time that all agents are busy when nobody waits. The other formulas stand on it.

use super::quadrature::{Peak, excess_of_log};

/// Up to so many agents the recurrence is walked; above, an integral of fixed cost answers.
const RECURRENCE_MAX: u32 = 100_000;

/// Erlang B for a number of agents, with its complement, which loses no digits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loss {
    /// The offered load.
    erlangs: f64,
    /// For how many agents.
    agents: u32,
    /// B: every agent is busy.
    pub(super) busy: f64,
    /// 1 − B.
    pub(super) free: f64,
}

impl Loss {
    /// Nobody there: everything is busy.
    pub(super) const fn nobody(erlangs: f64) -> Self {
        Self {
            erlangs,
            agents: 0,
            busy: 1.0,
            free: 0.0,
        }
    }

    /// The same load with so many agents; walks on from here where it can.
    pub(super) fn at(self, agents: u32) -> Self {
        if agents > RECURRENCE_MAX {
            let before = Self {
                agents: agents - 1,
                busy: by_integral(self.erlangs, f64::from(agents - 1)),
                ..self
            };
            return before.next();
        }
        let mut loss = if agents < self.agents {
            Self::nobody(self.erlangs)
        } else {
            self
        };
        while loss.agents < agents {
            loss = loss.next();
        }
        loss
    }

    /// One agent more: B(n) = aB(n−1) / (n + aB(n−1)).
    fn next(self) -> Self {
        let agents = self.agents + 1;
        let (n, carried) = (f64::from(agents), self.erlangs * self.busy);
        Self {
            agents,
            busy: carried / (n + carried),
            free: n / (n + carried),
            ..self
        }
    }
}

/// Erlang B by its integral, 1/B = ∫ e^(−t) (1 + t/a)^n dt (Fortet), around its peak.
fn by_integral(erlangs: f64, n: f64) -> f64 {
    if erlangs <= 0.0 {
        return 0.0;
    }
    // u = t/n from the peak where there is a peak, else t/a from the edge.
    let scale = n.max(erlangs);
    let (from, height_ln) = if n > erlangs {
        let over = (n - erlangs) / erlangs;
        (-(n - erlangs) / n, n * over.ln_1p() - (n - erlangs))
    } else {
        (0.0, 0.0)
    };
    let peak = Peak {
        p: n,
        q: (erlangs - n).max(0.0),
        excess: excess_of_log,
    };
    let mut area = 0.0;
    peak.integrate(from, f64::INFINITY, |_, part| area += part);
    (-height_ln).exp() / (scale * area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_integral_is_the_recurrence() {
        for (erlangs, agents) in [
            (0.3, 2),
            (10.0, 5),
            (10.0, 10),
            (10.0, 14),
            (800.0, 900),
            (2_000.0, 1_000),
            (99_000.0, 99_500),
        ] {
            let walked = Loss::nobody(erlangs).at(agents).busy;
            let integral = by_integral(erlangs, f64::from(agents));
            let apart = (integral / walked - 1.0).abs();
            assert!(apart < 1e-10, "{erlangs} {agents}: {walked} {integral}");
        }
    }

    #[test]
    fn four_thousand_million_agents_have_an_answer() {
        let loss = Loss::nobody(4e9).at(4_000_000_000);
        // At n = a, B ≈ √(2/(πn)) (Jagerman 1974).
        let expected = (2.0 / (std::f64::consts::PI * 4e9)).sqrt();
        assert!((loss.busy / expected - 1.0).abs() < 1e-4, "{loss:?}");
        assert!(Loss::nobody(1e12).at(200_000).free < 3e-7);
        assert!(Loss::nobody(0.0).at(200_000).busy <= 0.0);
    }
}
