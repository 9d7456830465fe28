//! How many agents a stream of calls needs: Erlang C, no abandonment, so pessimistic on overload (§2.3).

use serde::{Deserialize, Serialize};

/// More agents than any centre has: the search for enough of them ends here.
const AGENTS_MAX: u32 = 5_000;

/// Answered within so many seconds: 80 % in 30 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ServiceTarget {
    /// Whole percent of the calls.
    pub percent: u32,
    /// Seconds.
    pub within_s: u32,
}

impl ServiceTarget {
    /// So many percent within so many seconds.
    pub const fn new(percent: u32, within_s: u32) -> Self {
        Self { percent, within_s }
    }

    /// The same time with another percentage.
    #[must_use]
    pub const fn at(self, percent: u32) -> Self {
        Self { percent, ..self }
    }
}

/// Calls that arrive and how long each keeps an agent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Calls in an hour.
    pub calls_per_hour: f64,
    /// Average handle time, in seconds: talk, hold, after-call work.
    pub aht_s: f64,
}

impl Load {
    /// Calls in work at once, on average.
    pub fn erlangs(self) -> f64 {
        self.calls_per_hour * self.aht_s / 3_600.0
    }

    /// The chance that a caller waits; 1 when the agents cannot keep up.
    pub fn p_wait(self, agents: u32) -> f64 {
        let (load, n) = (self.erlangs(), f64::from(agents));
        if n <= load {
            return 1.0;
        }
        // Erlang B by recursion: no factorials, so nothing overflows.
        let blocked = (1..=agents).fold(1.0, |b, n| load * b / (f64::from(n) + load * b));
        n * blocked / (n - load * (1.0 - blocked))
    }

    /// The part of the calls answered within so many seconds, 0–1; 0 when the agents cannot keep up.
    pub fn service_level(self, agents: u32, within_s: u32) -> f64 {
        let spare = f64::from(agents) - self.erlangs();
        if spare <= 0.0 {
            return 0.0;
        }
        if self.aht_s <= 0.0 {
            return 1.0;
        }
        let decay = (-spare * f64::from(within_s) / self.aht_s).exp();
        (1.0 - self.p_wait(agents) * decay).clamp(0.0, 1.0)
    }

    /// Average speed of answer in seconds; `None` when the agents cannot keep up.
    pub fn asa_s(self, agents: u32) -> Option<f64> {
        let spare = f64::from(agents) - self.erlangs();
        (spare > 0.0).then(|| self.p_wait(agents) * self.aht_s / spare)
    }

    /// Whether so many agents reach the target.
    pub fn reaches(self, agents: u32, target: ServiceTarget) -> bool {
        self.service_level(agents, target.within_s) * 100.0 >= f64::from(target.percent)
    }

    /// The fewest agents that reach the target; `None` when no centre has that many.
    pub fn agents_needed(self, target: ServiceTarget) -> Option<u32> {
        (1..=AGENTS_MAX).find(|agents| self.reaches(*agents, target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(calls_per_hour: f64, aht_s: f64) -> Load {
        Load {
            calls_per_hour,
            aht_s,
        }
    }

    #[test]
    fn another_percentage_keeps_the_time() {
        let target = ServiceTarget::new(80, 20);
        assert_eq!(target.at(90), ServiceTarget::new(90, 20));
    }

    /// §2.3, A14 and the ten findings: percent within seconds, to one decimal.
    #[test]
    fn the_handbooks_numbers() {
        for (calls, aht_s, agents, within_s, percent) in [
            (40.0, 660.0, 11, 30, 86.8),
            (40.0, 858.0, 11, 30, 47.1),
            (40.0, 858.0, 13, 30, 80.6),
            (32.0, 858.0, 11, 30, 82.9),
            (34.0, 858.0, 11, 30, 76.4),
            (120.0, 90.0, 5, 20, 84.9),
            (90.0, 300.0, 11, 30, 87.6),
        ] {
            let level = load(calls, aht_s).service_level(agents, within_s) * 100.0;
            assert!((level - percent).abs() < 0.05, "{calls} {aht_s}: {level}");
        }
        for (calls, aht_s, within_s, agents) in [
            (120.0, 90.0, 20, 5),
            (90.0, 300.0, 30, 11),
            (20.0, 420.0, 30, 5),
            (40.0, 660.0, 30, 11),
            (20.0, 660.0, 30, 6),
            (6.0, 660.0, 30, 3),
            (40.0, 858.0, 30, 13),
        ] {
            let target = ServiceTarget::new(80, within_s);
            let needed = load(calls, aht_s).agents_needed(target);
            assert_eq!(needed, Some(agents), "{calls} {aht_s}");
        }
        for (aht_s, asa_s) in [(660.0, 28.0), (858.0, 325.0)] {
            let asa = load(40.0, aht_s).asa_s(11).unwrap();
            assert!((asa - asa_s).abs() < 0.5, "{asa}");
        }
    }

    #[test]
    fn large_empty_and_overloaded_centres_stay_finite() {
        let large = load(20_000.0, 300.0);
        assert!((0.0..=1.0).contains(&large.service_level(1_700, 20)));
        assert!(large.service_level(1_700, 20) > 0.9);
        assert!(load(40.0, 660.0).service_level(7, 30) <= 0.0);
        assert_eq!(load(40.0, 660.0).asa_s(7), None);
        assert!(load(0.0, 0.0).service_level(1, 30) >= 1.0);
        assert_eq!(
            load(1e9, 1e9).agents_needed(ServiceTarget::new(80, 30)),
            None
        );
    }
}
