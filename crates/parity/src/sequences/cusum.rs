//! Cumulative sums for rare harm and trends, with the average run length that is agreed at signing.

use serde::{Deserialize, Serialize};

/// The weight of one outcome, risk-adjusted (Steiner, Cook, Farewell & Treasure 2000): `p` is its chance of being bad at the
/// client's own quality, `odds_ratio` the harm looked for. With one `p` for all it is the Bernoulli weight.
pub fn risk_adjusted_weight(p: f64, odds_ratio: f64, bad: bool) -> f64 {
    let normaliser = (1.0 - p + odds_ratio * p).ln();
    if bad {
        odds_ratio.ln() - normaliser
    } else {
        -normaliser
    }
}

/// S = max(0, S + w); an alarm at the limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Cusum {
    sum: f64,
    outcomes: u64,
    alarms: u64,
}

impl Cusum {
    /// One weight; whether the sum has reached `limit`, from where it starts again at zero.
    pub fn add(&mut self, weight: f64, limit: f64) -> bool {
        self.sum = (self.sum + weight).max(0.0);
        self.outcomes += 1;
        let alarm = self.sum >= limit;
        if alarm {
            self.alarms += 1;
            self.sum = 0.0;
        }
        alarm
    }

    /// Alarms so far.
    pub const fn alarms(&self) -> u64 {
        self.alarms
    }

    /// Outcomes so far.
    pub const fn outcomes(&self) -> u64 {
        self.outcomes
    }
}

/// Outcomes until a Bernoulli sum alarms, on average, at bad share `p`: +`up` when bad, −`down` when good, alarm at `limit`
/// (Reynolds & Stoumbos 1999), exactly by its Markov chain.
pub fn bernoulli_run_length(p: f64, up: usize, down: usize, limit: usize) -> f64 {
    let mut system: Vec<Vec<f64>> = Vec::with_capacity(limit);
    for state in 0..limit {
        let mut row = vec![0.0; limit + 1];
        row[state] += 1.0;
        row[limit] = 1.0;
        row[state.saturating_sub(down)] -= 1.0 - p;
        if state + up < limit {
            row[state + up] -= p;
        }
        system.push(row);
    }
    solve(system).first().copied().unwrap_or(0.0)
}

/// Values until an upper normal sum (w = z − k, alarm above h) alarms, on average, when the mean is `shift` standard
/// deviations above; by its integral equation on Gauss-Legendre nodes.
pub fn normal_run_length(k: f64, h: f64, shift: f64) -> f64 {
    const NODES: usize = 64;
    let nodes = gauss_legendre(NODES, h);
    let density = |z: f64| (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let at_zero = |from: f64| normal_below(k - from - shift);
    // Unknown 0 is the run length from zero, the others those from the nodes.
    let start = std::iter::once((0.0, 0.0)).chain(nodes.iter().copied());
    let system = start
        .enumerate()
        .map(|(place, (from, _))| {
            let mut row = vec![0.0; NODES + 2];
            row[NODES + 1] = 1.0;
            row[place] += 1.0;
            row[0] -= at_zero(from);
            for (column, (to, weight)) in nodes.iter().enumerate() {
                row[column + 1] -= weight * density(to + k - from - shift);
            }
            row
        })
        .collect();
    solve(system).first().copied().unwrap_or(0.0)
}

fn normal_below(z: f64) -> f64 {
    0.5 * statrs::function::erf::erfc(-z / 2.0_f64.sqrt())
}

/// Nodes and weights on [0, `length`], by Newton on the Legendre polynomial.
fn gauss_legendre(count: usize, length: f64) -> Vec<(f64, f64)> {
    let n = crate::kpi::float(count as u64);
    (0..count)
        .map(|index| {
            let guess = (crate::kpi::float(index as u64) + 0.75) / (n + 0.5);
            let mut x = (std::f64::consts::PI * guess).cos();
            let mut slope = 1.0;
            for _ in 0..100 {
                let (mut before, mut value) = (1.0, x);
                for degree in 2..=count {
                    let d = crate::kpi::float(degree as u64);
                    let next = ((2.0 * d - 1.0) * x * value - (d - 1.0) * before) / d;
                    (before, value) = (value, next);
                }
                slope = n * (x * value - before) / (x * x - 1.0);
                let step = value / slope;
                x -= step;
                if step.abs() < 1e-15 {
                    break;
                }
            }
            let weight = 2.0 / ((1.0 - x * x) * slope * slope);
            ((1.0 - x) / 2.0 * length, weight / 2.0 * length)
        })
        .collect()
}

/// Solves rows of coefficients with the right-hand side last, by elimination with row exchange.
fn solve(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let count = rows.len();
    for pivot in 0..count {
        let best = (pivot..count)
            .max_by(|a, b| rows[*a][pivot].abs().total_cmp(&rows[*b][pivot].abs()))
            .unwrap_or(pivot);
        rows.swap(pivot, best);
        let (done, below) = rows.split_at_mut(pivot + 1);
        let top = &done[pivot];
        for row in below {
            let factor = row[pivot] / top[pivot];
            for (cell, above) in row.iter_mut().zip(top).skip(pivot) {
                *cell -= factor * above;
            }
        }
    }
    let mut solution = vec![0.0; count];
    for row in (0..count).rev() {
        let known: f64 = (row + 1..count).map(|c| rows[row][c] * solution[c]).sum();
        solution[row] = (rows[row][count] - known) / rows[row][row];
    }
    solution
}
