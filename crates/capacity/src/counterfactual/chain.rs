//! The number of callers in a centre as a Markov chain in time, with the moments of what is counted along the way.
//!
//! Beside p(k) = P(k callers are there) two more vectors are carried, E[count; k there], for hang-ups and for late callers. With
//! them the second moment of a count follows exactly: `d E[A²] = Σ rate(k) (2 E[A; k] + p(k)) dt`.

use super::Estimate;
use crate::error::CapacityError;
use crate::numbers::people_up;

/// The most callers followed in one centre.
const STATES_MAX: usize = 6_000;
/// Length of a step in mean times between events.
const STEP: f64 = 1.5;
/// The fastest of all modes must die out in each step: the method is stable below 2.785 of its mean times.
const STABLE: f64 = 2.7;

/// What holds during one interval.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conditions {
    pub(super) calls_per_s: f64,
    pub(super) aht_s: f64,
    /// Infinite where nobody gives up.
    pub(super) patience_s: f64,
    pub(super) agents: u32,
    pub(super) within_s: f64,
    pub(super) short_s: f64,
    pub(super) length_s: f64,
}

/// Where the chain is, and what was counted since it was last asked to count afresh.
///
/// One flat vector, so that a step in time is taken of all of it: three times the states, then the moments.
#[derive(Debug, Clone)]
pub(super) struct Chain {
    states: usize,
    now: Vec<f64>,
}

/// Where things are behind the three vectors: `E[A]`, `E[A²]` of hang-ups, of late callers, the time waited, and who came to
/// leave before S.
const ABANDONED: usize = 0;
const LATE: usize = 2;
const WAITED: usize = 4;
const SHORT: usize = 5;
const MOMENTS: usize = 6;

/// The rates in each state during one interval.
struct Rates {
    arrive: f64,
    /// Somebody leaves, served or not.
    leave: Vec<f64>,
    give_up: Vec<f64>,
    waiting: Vec<f64>,
    /// P(not with a person within T | so many are there on arrival).
    late: Vec<f64>,
    /// P(leaves before S | so many are there on arrival).
    short: Vec<f64>,
}

impl Conditions {
    fn serve_per_s(&self) -> f64 {
        f64::from(self.agents) / self.aht_s
    }

    /// More callers than will be there in these conditions when so many were there before.
    fn states(&self, before: f64) -> f64 {
        let (n, calls) = (f64::from(self.agents), self.calls_per_s * self.length_s);
        let over = self.calls_per_s - self.serve_per_s();
        let (queue, spread) = if self.patience_s.is_finite() {
            let patient = self.calls_per_s * self.patience_s;
            ((over * self.patience_s).max(0.0), patient)
        } else {
            // Nobody gives up: what is not served stays.
            let left = before + over * self.length_s;
            (left.max(0.0), calls + n)
        };
        n + queue + 8.0 * spread.max(1.0).sqrt() + 20.0
    }
}

impl Chain {
    /// An empty centre with room for all that will happen.
    pub(super) fn new(conditions: &[Conditions]) -> Result<Self, CapacityError> {
        let (mut most, mut before) = (1.0_f64, 0.0);
        for c in conditions {
            before = c.states(before);
            most = most.max(before);
        }
        let states = people_up(most) as usize;
        if states > STATES_MAX {
            return Err(CapacityError::TooMany {
                what: "callers at once in one centre",
                have: states,
                max: STATES_MAX,
            });
        }
        let mut now = vec![0.0; 3 * states + MOMENTS];
        now[0] = 1.0;
        Ok(Self { states, now })
    }

    /// Forgets what was counted; the callers stay where they are.
    pub(super) fn count_afresh(&mut self) {
        self.now[self.states..].fill(0.0);
    }

    pub(super) fn abandoned(&self) -> Estimate {
        self.estimate(ABANDONED)
    }

    pub(super) fn late(&self) -> Estimate {
        self.estimate(LATE)
    }

    /// Time that callers waited, together.
    pub(super) fn waited_s(&self) -> f64 {
        self.now[3 * self.states + WAITED]
    }

    /// Callers of this time who left, or will leave, before S.
    pub(super) fn short(&self) -> f64 {
        self.now[3 * self.states + SHORT]
    }

    fn estimate(&self, of: usize) -> Estimate {
        let (mean, square) = (
            self.now[3 * self.states + of],
            self.now[3 * self.states + of + 1],
        );
        Estimate {
            mean,
            sd: (square - mean * mean).max(0.0).sqrt(),
        }
    }

    /// Lets one interval pass.
    pub(super) fn pass(&mut self, c: &Conditions) {
        let rates = Rates::of(c, self.states);
        let leave = rates.leave.last().copied().unwrap_or(0.0);
        // Up and down in turn dies out at (√λ + √μ)², up to twice as fast as events come: in a large centre, where as many come as
        // leave, that is what limits the step.
        let mode = (rates.arrive.sqrt() + leave.sqrt()).powi(2);
        let fastest = (rates.arrive + leave).max(mode * STEP / STABLE);
        let slope = |y: &[f64], dy: &mut [f64]| rates.slope(y, dy);
        advance(&mut self.now, c.length_s, fastest, slope);
    }
}

impl Rates {
    fn of(c: &Conditions, states: usize) -> Self {
        let (serve_one, give_up_one) = (1.0 / c.aht_s, 1.0 / c.patience_s);
        let counts = || (0..u32::try_from(states).unwrap_or(u32::MAX)).map(f64::from);
        let n = f64::from(c.agents);
        let waiting: Vec<_> = counts().map(|k| (k - n).max(0.0)).collect();
        let give_up: Vec<_> = waiting.iter().map(|q| q * give_up_one).collect();
        let served = counts().map(|k| k.min(n) * serve_one);
        let leave = served
            .zip(&give_up)
            .map(|(served, gone)| served + gone)
            .collect();
        Self {
            arrive: c.calls_per_s,
            leave,
            give_up,
            waiting,
            late: at_once(c, states)
                .chain(reached(c, states).into_iter().map(|reached| 1.0 - reached))
                .collect(),
            short: at_once(c, states).chain(left(c, states)).collect(),
        }
    }

    /// How everything changes, from where it is.
    fn slope(&self, y: &[f64], dy: &mut [f64]) {
        let n = self.leave.len();
        dy.fill(0.0);
        for vector in 0..3 {
            let (from, to) = (
                &y[vector * n..(vector + 1) * n],
                &mut dy[vector * n..(vector + 1) * n],
            );
            for k in 0..n - 1 {
                // Up from k and down from k + 1; at the top, where nobody ever is, calls are turned away.
                let flow = self.arrive * from[k] - self.leave[k + 1] * from[k + 1];
                to[k] -= flow;
                to[k + 1] += flow;
            }
        }
        let (there, rest) = y.split_at(n);
        let (with_abandoned, rest) = rest.split_at(n);
        let with_late = &rest[..n];
        let mut moments = [0.0; MOMENTS];
        for k in 0..n {
            let (gone, late) = (self.give_up[k], self.arrive * self.late[k]);
            if k > 0 {
                dy[n + k - 1] += gone * there[k];
            }
            if k + 1 < n {
                dy[2 * n + k + 1] += late * there[k];
            }
            moments[ABANDONED] += gone * there[k];
            moments[ABANDONED + 1] += gone * (2.0 * with_abandoned[k] + there[k]);
            moments[LATE] += late * there[k];
            moments[LATE + 1] += late * (2.0 * with_late[k] + there[k]);
            moments[WAITED] += self.waiting[k] * there[k];
            moments[SHORT] += self.arrive * self.short[k] * there[k];
        }
        dy[3 * n..].copy_from_slice(&moments);
    }
}

/// Whoever meets a free agent is neither late nor gone.
fn at_once(c: &Conditions, states: usize) -> impl Iterator<Item = f64> {
    std::iter::repeat_n(0.0, states.min(c.agents as usize))
}

/// P(with a person within T) of those who have to wait, by how many wait ahead.
fn reached(c: &Conditions, states: usize) -> Vec<f64> {
    waits(c, states, c.within_s, 0.0, 1.0)
}

/// P(gone before S) of those who have to wait, by how many wait ahead.
fn left(c: &Conditions, states: usize) -> Vec<f64> {
    waits(c, states, c.short_s, 1.0 / c.patience_s, 0.0)
}

/// What becomes of one caller within a time, by how many wait ahead. The place in the queue moves up at nμ + jθ, and the caller
/// gives up at θ: `gives_up` is θ where that is what is asked, and `nearest` the answer for whoever reaches a person.
fn waits(c: &Conditions, states: usize, within_s: f64, gives_up: f64, nearest: f64) -> Vec<f64> {
    let (serve, give_up_one) = (c.serve_per_s(), 1.0 / c.patience_s);
    let mut so_far = vec![0.0; states.saturating_sub(c.agents as usize)];
    let move_up = |ahead: f64| serve + ahead * give_up_one;
    let ahead = || (0_u32..).map(f64::from);
    let slope = |y: &[f64], dy: &mut [f64]| {
        let mut nearer = nearest;
        for ((so_far, change), ahead) in y.iter().zip(dy.iter_mut()).zip(ahead()) {
            *change = gives_up + move_up(ahead) * nearer - move_up(ahead + 1.0) * so_far;
            nearer = *so_far;
        }
    };
    let fastest = ahead().nth(so_far.len()).map_or(serve, move_up);
    advance(&mut so_far, within_s, fastest, slope);
    so_far
}

/// Lets time pass (Runge & Kutta, fourth order) in steps that suit the fastest rate.
fn advance(y: &mut [f64], length_s: f64, fastest: f64, slope: impl Fn(&[f64], &mut [f64])) {
    let steps = people_up(length_s * fastest / STEP).max(1);
    let h = length_s / f64::from(steps);
    let (mut stage, mut k) = (vec![0.0; y.len()], vec![0.0; y.len()]);
    let mut sum = vec![0.0; y.len()];
    for _ in 0..steps {
        stage.copy_from_slice(y);
        sum.copy_from_slice(y);
        for (weight, reach) in [(1.0, 0.5), (2.0, 0.5), (2.0, 1.0), (1.0, 0.0)] {
            slope(&stage, &mut k);
            for (((stage, sum), y), k) in stage.iter_mut().zip(&mut sum).zip(&*y).zip(&k) {
                *sum += h * weight / 6.0 * k;
                *stage = y + h * reach * k;
            }
        }
        y.copy_from_slice(&sum);
    }
}
