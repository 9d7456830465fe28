//! The wave plan as a time-indexed MILP on HiGHS, in process: binaries "this step is taken by week w", which never fall.
//!
//! No big-M: windows, orders and waiting times are differences of two such binaries, whose polytope is integral by itself;
//! only resources, centres in motion and claims cut it.

mod program;
mod run;

use crate::compile::{Compiled, NEVER, compile};
use crate::greedy::Greedy;
use crate::plan::WavePlan;
use crate::solver::{Outcome, SolveError, Solved, Solver, Task};
use program::Program;

/// From so many open columns on, better plans near the first one are looked for.
const LARGE: i64 = 2_500;
/// How often all neighbourhoods are looked at.
const ROUNDS_MAX: usize = 4;
/// In a neighbourhood of all steps, how far each may move.
const REACH_WEEKS: i64 = 2;
/// Nodes of the search in one neighbourhood: a bound that is the same on every machine.
const NODES_MAX: i32 = 40;

/// HiGHS with one thread and a fixed seed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Highs;

/// Whether a step was taken by a week.
#[derive(Clone, Copy, Debug)]
enum Reached {
    /// Not yet: before its first possible week.
    No,
    /// Certainly: from its last possible week on.
    Yes,
    /// As the solver says.
    Open(usize),
}

impl Solver for Highs {
    fn solve(&self, task: &Task<'_>) -> Result<Outcome, SolveError> {
        let compiled = compile(task.model);
        let Some(spans) = compiled.spans() else {
            return Ok(Outcome::Infeasible);
        };
        let greedy = match task.start {
            Some(_) => None,
            None => Greedy::plan(task, &compiled, &spans),
        };
        let mut start = task.start.cloned().or(greedy);
        if let Some(plan) = &start
            && task.fairest.is_empty()
            && task.goal.is_flat()
        {
            // Any plan is as good as the best.
            return Ok(Outcome::Planned(Solved {
                value: task.goal.value(plan),
                plan: plan.clone(),
                gap: Some(0.0),
            }));
        }
        if let Some(plan) = &mut start {
            improve(task, &compiled, &spans, plan)?;
        }
        Program::of(task, &compiled, spans, start.as_ref()).run(task, &compiled, None)
    }
}

/// Looks for better plans near a known one, before the whole question: each time some steps may move freely, the others not
/// or little. Where nothing near is better, the plan stays. The same for a question too small to need it.
fn improve(
    task: &Task<'_>,
    c: &Compiled,
    spans: &[Vec<(i64, i64)>],
    plan: &mut WavePlan,
) -> Result<(), SolveError> {
    let open = |spans: &[Vec<(i64, i64)>]| {
        spans
            .iter()
            .flatten()
            .map(|(from, to)| to - from)
            .sum::<i64>()
    };
    if open(spans) < LARGE || !task.fairest.is_empty() {
        return Ok(());
    }
    let sites: Vec<_> = task.model.sites.iter().map(|s| &s.id).collect();
    let site = |cell: usize| {
        sites
            .iter()
            .position(|s| **s == task.model.cells[cell].site)
    };
    for _ in 0..ROUNDS_MAX {
        let before = task.goal.value(plan);
        for near in 0..=sites.len() {
            // First all of them a little, then one centre after another wholly.
            let reach = |cell: usize| match near {
                0 => REACH_WEEKS,
                n if site(cell) == Some(n - 1) => NEVER,
                _ => 1,
            };
            let narrow = |(cell, steps): (usize, &Vec<(i64, i64)>)| -> Vec<(i64, i64)> {
                let at = |n: usize| i64::from(plan.weeks[cell][n]);
                let within = |(n, span): (usize, &(i64, i64))| {
                    (
                        span.0.max(at(n) - reach(cell)),
                        span.1.min(at(n) + reach(cell)),
                    )
                };
                steps.iter().enumerate().map(within).collect()
            };
            let narrowed: Vec<_> = spans.iter().enumerate().map(narrow).collect();
            let program = Program::of(task, c, narrowed, Some(plan));
            if let Outcome::Planned(found) = program.run(task, c, Some(NODES_MAX))?
                && found.value < task.goal.value(plan)
            {
                *plan = found.plan;
            }
        }
        if task.goal.value(plan) == before {
            break;
        }
    }
    Ok(())
}
