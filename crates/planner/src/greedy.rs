//! The fall-back planner: a list scheduler. It takes the cells in several orders, puts each step into the first week that
//! every rule allows, then moves single steps to where they cost less. It finds a plan where plans are easy to find; it
//! never proves that there is none beyond what windows and orders alone prove.

use crate::checker;
use crate::compile::{Compiled, NEVER, Precedence, Step, Use, compile};
use crate::model::Model;
use crate::plan::WavePlan;
use crate::solver::{Outcome, SolveError, Solved, Solver, Task};
use std::cmp::Reverse;

/// Orders of cells that are tried.
const ORDERS: u64 = 48;
/// How often all steps are looked at for a better week.
const PASSES_MAX: usize = 12;

/// The list scheduler.
#[derive(Clone, Copy, Debug, Default)]
pub struct Greedy;

impl Solver for Greedy {
    fn solve(&self, task: &Task<'_>) -> Result<Outcome, SolveError> {
        let compiled = compile(task.model);
        let Some(spans) = compiled.spans() else {
            return Ok(Outcome::Infeasible);
        };
        Ok(match Self::plan(task, &compiled, &spans) {
            None => Outcome::Unknown,
            Some(plan) => Outcome::Planned(Solved {
                value: task.goal.value(&plan),
                plan,
                gap: None,
            }),
        })
    }
}

impl Greedy {
    /// The best plan of all orders that passes the checker and keeps the limits; where any plan is as good, the first.
    pub(crate) fn plan(
        task: &Task<'_>,
        compiled: &Compiled,
        spans: &[Vec<(i64, i64)>],
    ) -> Option<WavePlan> {
        let board = Board::new(compiled, spans);
        let any_will_do = task.goal.is_flat();
        let mut best: Option<(i64, WavePlan)> = None;
        for n in 0..ORDERS {
            let order = order(task.model, compiled, u64::from(task.budget.seed), n);
            let Some(mut board) = board.clone().fill(&order) else {
                continue;
            };
            board.improve(task);
            let plan = board.plan();
            let kept = task
                .limits
                .iter()
                .all(|(goal, max)| goal.value(&plan) <= *max);
            let value = task.goal.value(&plan);
            let better = best.as_ref().is_none_or(|(known, _)| value < *known);
            if kept && better && checker::violations(task.model, &plan).is_empty() {
                best = Some((value, plan));
                if any_will_do {
                    break;
                }
            }
        }
        best.map(|(_, plan)| plan)
    }
}

/// The *n*th order of the cells: the first ones as people would take them, later ones shuffled by a seed.
fn order(model: &Model, c: &Compiled, seed: u64, n: u64) -> Vec<usize> {
    let count = model.sites.len();
    let mut ranks: Vec<usize> = (0..count).collect();
    match n {
        0 | 2 => {}
        1 | 3 => ranks.reverse(),
        _ => {
            let mut state = seed.wrapping_mul(1_000_003).wrapping_add(n);
            for last in (1..count).rev() {
                let choices = u64::try_from(last).unwrap_or(0) + 1;
                let other = usize::try_from(mixed(&mut state) % choices).unwrap_or(0);
                ranks.swap(last, other);
            }
        }
    }
    let by_site = n.is_multiple_of(4) || n % 4 == 1 || !c.motions.is_empty();
    let mut cells: Vec<usize> = (0..model.cells.len()).collect();
    cells.sort_by_key(|c| {
        let cell = &model.cells[*c];
        let site = model
            .sites
            .iter()
            .position(|s| s.id == cell.site)
            .unwrap_or(0);
        let shift = model.shifts.iter().position(|s| *s == cell.shift);
        let rung = model.rung(cell);
        let site = ranks[site];
        if by_site {
            (site, rung, shift, 0)
        } else {
            (0, rung, shift, site)
        }
    });
    cells
}

/// `SplitMix64`: a few lines of dice whose throws are the same everywhere.
fn mixed(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Steps placed so far and what they use.
#[derive(Clone)]
struct Board<'c> {
    c: &'c Compiled,
    spans: &'c [Vec<(i64, i64)>],
    weeks: Vec<Vec<Option<i64>>>,
    /// By resource and week.
    used: Vec<Vec<i64>>,
    /// By cell and step: which resources it uses.
    uses: Vec<Vec<Vec<(usize, Use)>>>,
    /// By cell and step: what comes before and after it.
    before: Vec<Vec<Vec<Precedence>>>,
    after: Vec<Vec<Vec<Precedence>>>,
}

impl<'c> Board<'c> {
    fn new(c: &'c Compiled, spans: &'c [Vec<(i64, i64)>]) -> Self {
        fn none<T: Clone>(c: &Compiled) -> Vec<Vec<Vec<T>>> {
            c.steps.iter().map(|n| vec![Vec::new(); *n]).collect()
        }
        let longest = c.closed.iter().copied().filter(|w| *w < NEVER).max();
        let weeks = usize::try_from(c.weeks + longest.unwrap_or(0) + 1).unwrap_or(0);
        let (mut uses, mut before, mut after) = (none(c), none(c), none(c));
        for (n, resource) in c.resources.iter().enumerate() {
            for u in &resource.uses {
                uses[u.step.cell][u.step.step].push((n, *u));
            }
        }
        for p in c.tightest() {
            before[p.after.cell][p.after.step].push(p);
            after[p.before.cell][p.before.step].push(p);
        }
        Self {
            c,
            spans,
            weeks: c.steps.iter().map(|n| vec![None; *n]).collect(),
            used: vec![vec![0; weeks]; c.resources.len()],
            uses,
            before,
            after,
        }
    }

    /// Every cell in turn, what it waits for first. `None` where a step finds no week.
    fn fill(mut self, order: &[usize]) -> Option<Self> {
        for cell in order {
            self.cell(*cell, 0)?;
        }
        Some(self)
    }

    fn cell(&mut self, cell: usize, depth: usize) -> Option<()> {
        if depth > self.c.steps.len() {
            return None; // the orders run in a circle
        }
        for n in 0..self.c.steps[cell] {
            let step = Step { cell, step: n };
            if self.weeks[cell][n].is_some() {
                continue;
            }
            for p in self.before[cell][n].clone() {
                if p.before.cell != cell && self.weeks[p.before.cell][p.before.step].is_none() {
                    self.cell(p.before.cell, depth + 1)?;
                }
            }
            let (from, to) = self.range(step);
            let week = (from..=to).find(|w| self.fits(step, *w))?;
            self.place(step, week, 1);
        }
        Some(())
    }

    /// The weeks that windows and placed neighbours leave.
    fn range(&self, step: Step) -> (i64, i64) {
        let (mut from, mut to) = self.spans[step.cell][step.step];
        for p in &self.before[step.cell][step.step] {
            if let Some(week) = self.weeks[p.before.cell][p.before.step] {
                from = from.max(week + p.weeks);
            }
        }
        for p in &self.after[step.cell][step.step] {
            if let Some(week) = self.weeks[p.after.cell][p.after.step] {
                to = to.min(week - p.weeks);
            }
        }
        (from, to)
    }

    fn fits(&self, step: Step, week: i64) -> bool {
        let banned =
            |b: &crate::compile::Banned| b.cell == step.cell && (b.first..=b.last).contains(&week);
        !self.c.banned.iter().any(banned) && self.has_room(step, week) && self.may_move(step, week)
    }

    /// What gives room (closing a cell) is looked at by the checker in the end.
    fn has_room(&self, step: Step, week: i64) -> bool {
        self.uses[step.cell][step.step]
            .iter()
            .filter(|(_, u)| u.amount > 0)
            .all(|(n, u)| {
                let capacity = &self.c.resources[*n].capacity;
                self.reach(u, week).all(|w| {
                    let there = capacity.get(w).or(capacity.last()).copied().unwrap_or(0);
                    self.used[*n][w] + u.amount <= there
                })
            })
    }

    fn reach(&self, u: &Use, week: i64) -> std::ops::Range<usize> {
        let end = self.used.first().map_or(0, Vec::len);
        let at = |w: i64| usize::try_from(w.max(0)).unwrap_or(0).min(end);
        at(week + u.from)..at(week + u.to)
    }

    /// Whether the centres in motion leave room for this one to begin here or go on until then.
    fn may_move(&self, step: Step, week: i64) -> bool {
        let own = |cells: &Vec<usize>| cells.contains(&step.cell);
        self.c
            .motions
            .iter()
            .filter(|m| m.sites.iter().any(own))
            .all(|motion| {
                if motion.sites.len() <= motion.max {
                    return true;
                }
                let spans: Vec<_> = motion
                    .sites
                    .iter()
                    .filter_map(|cells| {
                        self.moving(cells, if own(cells) { Some((step, week)) } else { None })
                    })
                    .collect();
                // More than so many overlap somewhere only if they do where one of them begins.
                spans.iter().all(|(at, _)| {
                    spans
                        .iter()
                        .filter(|(from, to)| from <= at && at < to)
                        .count()
                        <= motion.max
                })
            })
    }

    /// From a centre's first step to its last acceptance, with a step as it would be; open while a cell is not placed.
    fn moving(&self, cells: &[usize], with: Option<(Step, i64)>) -> Option<(i64, i64)> {
        let at = |step: Step| match with {
            Some((own, week)) if own == step => Some(week),
            _ => self.weeks[step.cell][step.step],
        };
        let first = cells
            .iter()
            .filter_map(|cell| {
                at(Step {
                    cell: *cell,
                    step: 0,
                })
            })
            .min()?;
        let accepted = |cell: &usize| Some(at(self.c.last(*cell))? + self.c.accepted[*cell]);
        let done: Option<Vec<i64>> = cells.iter().map(accepted).collect();
        let done = done.and_then(|done| done.into_iter().max());
        Some((first, done.unwrap_or(NEVER)))
    }

    fn place(&mut self, step: Step, week: i64, times: i64) {
        self.weeks[step.cell][step.step] = (times > 0).then_some(week);
        for (n, u) in self.uses[step.cell][step.step].clone() {
            for w in self.reach(&u, week) {
                self.used[n][w] += times * u.amount;
            }
        }
    }

    /// Moves single steps to cheaper weeks; of equal ones to the latest, so that a whole cell can follow its last step.
    fn improve(&mut self, task: &Task<'_>) {
        let goal = task.goal;
        for _ in 0..PASSES_MAX {
            let mut moved = false;
            let end = self
                .weeks
                .iter()
                .flatten()
                .flatten()
                .max()
                .copied()
                .unwrap_or(0);
            for cell in 0..self.c.steps.len() {
                for n in (0..self.c.steps[cell]).rev() {
                    let step = Step { cell, step: n };
                    let Some(now) = self.weeks[cell][n] else {
                        continue;
                    };
                    let cost = |w: i64| {
                        let at = usize::try_from(w).unwrap_or(0);
                        goal.steps[cell][n].get(at).copied().unwrap_or(0)
                    };
                    let (from, to) = self.range(step);
                    let mut weeks: Vec<i64> = (from..=to.min(end)).filter(|w| *w != now).collect();
                    weeks.retain(|w| (cost(*w), Reverse(*w)) < (cost(now), Reverse(now)));
                    weeks.sort_by_key(|w| (cost(*w), Reverse(*w)));
                    self.place(step, now, -1);
                    let better = weeks.into_iter().find(|w| self.fits(step, *w));
                    self.place(step, better.unwrap_or(now), 1);
                    moved |= better.is_some();
                }
            }
            if !moved {
                return;
            }
        }
    }

    fn plan(&self) -> WavePlan {
        let week = |w: &Option<i64>| w.and_then(|w| u32::try_from(w).ok()).unwrap_or(u32::MAX);
        WavePlan {
            weeks: self
                .weeks
                .iter()
                .map(|steps| steps.iter().map(week).collect())
                .collect(),
        }
    }
}
