//! One centre's queue: first come first served, callers who leave, agents as their next free time.
//!
//! A caller's wait is the time until the agent free first is free; whoever's patience is shorter leaves and takes no
//! agent. That is exact for this discipline and needs no event list. (Capacity holds the simulator for skills and shifts.)

/// What became of one caller.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Served {
    /// With a person after this wait, in seconds.
    After(f64),
    /// Left after this wait, in seconds.
    Left(f64),
}

/// The agents of one centre on one day.
#[derive(Debug, Clone)]
pub(super) struct Centre {
    free_at_s: Vec<f64>,
}

impl Centre {
    /// Everybody free from the start of the day.
    pub(super) fn open(agents: u32) -> Self {
        Self {
            free_at_s: vec![0.0; usize::try_from(agents.max(1)).unwrap_or(1)],
        }
    }

    /// How long a caller arriving now would wait.
    pub(super) fn wait_s(&self, now_s: f64) -> f64 {
        let first = self.free_at_s.iter().copied().fold(f64::INFINITY, f64::min);
        (first - now_s).max(0.0)
    }

    /// One caller, in the order of arrival.
    pub(super) fn offer(&mut self, now_s: f64, patience_s: f64, handle_s: f64) -> Served {
        let wait_s = self.wait_s(now_s);
        if patience_s < wait_s {
            return Served::Left(patience_s);
        }
        let mut first = 0;
        for (agent, free) in self.free_at_s.iter().enumerate() {
            if *free < self.free_at_s[first] {
                first = agent;
            }
        }
        self.free_at_s[first] = now_s + wait_s + handle_s;
        Served::After(wait_s)
    }
}

#[cfg(test)]
mod tests {
    use super::super::dice::Dice;
    use super::*;

    #[test]
    fn agrees_with_erlang_a_in_the_planning_handbook() {
        // 600 calls/h, 300 s, patience 150 s, 50 agents: P(abandon) .0659, P(wait) .4367 (handbook, exact).
        let mut dice = Dice::new(1, 0);
        let mut centre = Centre::open(50);
        let (mut now, mut left, mut waited, mut calls) = (0.0, 0, 0, 0);
        for call in 0..400_000 {
            now += dice.exponential(6.0);
            let (patience, handle) = (dice.exponential(150.0), dice.exponential(300.0));
            let wait = centre.wait_s(now);
            let served = centre.offer(now, patience, handle);
            if call >= 5_000 {
                calls += 1;
                left += i32::from(matches!(served, Served::Left(_)));
                waited += i32::from(wait > 0.0);
            }
        }
        let share = |part: i32| f64::from(part) / f64::from(calls);
        assert!((share(left) - 0.0659).abs() < 0.003, "{}", share(left));
        assert!((share(waited) - 0.4367).abs() < 0.015, "{}", share(waited));
    }
}
