//! The solver's run, and its answer read back and passed through the checker.

use super::Reached;
use super::program::Program;
use crate::checker;
use crate::compile::{Compiled, Step};
use crate::goal::real;
use crate::plan::WavePlan;
use crate::solver::{Budget, Outcome, SolveError, Solved, Task};
use highs::{HighsModelStatus, HighsSolutionStatus, RowProblem, Sense, SolvedModel};

impl Program {
    /// Runs the solver; with a bound on the nodes of its search where one is given.
    pub(super) fn run(
        mut self,
        task: &Task<'_>,
        c: &Compiled,
        nodes_max: Option<i32>,
    ) -> Result<Outcome, SolveError> {
        for (col, cost) in self.columns.iter().zip(&self.costs) {
            self.problem.change_column_cost(*col, *cost);
        }
        let has_start = task.start.is_some() || self.start.iter().any(|s| *s > 0.0);
        let start = std::mem::take(&mut self.start);
        let problem = std::mem::take(&mut self.problem);
        if self.impossible {
            return Ok(Outcome::Infeasible);
        }
        if start.is_empty() {
            return self.checked(task, c, None);
        }
        let ask = |start| optimised(problem.clone(), task.budget, start, nodes_max);
        let mut solved = ask(has_start.then_some(start.as_slice()))?;
        if has_start && self.is_stale(&solved) {
            solved = ask(None)?;
        }
        match solved.status() {
            HighsModelStatus::Infeasible | HighsModelStatus::UnboundedOrInfeasible => {
                Ok(Outcome::Infeasible)
            }
            _ if solved.primal_solution_status() != HighsSolutionStatus::Feasible => {
                Ok(Outcome::Unknown)
            }
            _ => self.checked(task, c, Some(&solved)),
        }
    }

    /// Whether the columns are not those of the optimum: HiGHS 1.16 proves one and may hand back the plan it was started from.
    fn is_stale(&self, solved: &SolvedModel) -> bool {
        let solution = solved.get_solution();
        let cost = |(cost, value): (&f64, &f64)| cost * value;
        let told: f64 = self.costs.iter().zip(solution.columns()).map(cost).sum();
        let proved = solved.objective_value();
        solved.status() == HighsModelStatus::Optimal
            && (told - proved).abs() > 1e-4 * proved.abs().max(1.0)
    }

    /// Reads the plan and passes it through the checker.
    fn checked(
        &self,
        task: &Task<'_>,
        c: &Compiled,
        solved: Option<&SolvedModel>,
    ) -> Result<Outcome, SolveError> {
        let solution = solved.map(SolvedModel::get_solution);
        let values = solution.as_ref().map_or(&[][..], |s| s.columns());
        let week_of = |step: Step| {
            let (from, to) = self.spans[step.cell][step.step];
            let taken = |week: &i64| match self.reached(step, *week) {
                Reached::No => false,
                Reached::Yes => true,
                Reached::Open(n) => values.get(n).is_some_and(|v| *v > 0.5),
            };
            u32::try_from((from..to).find(taken).unwrap_or(to)).unwrap_or(u32::MAX)
        };
        let cells = (0..c.steps.len()).map(|cell| {
            let steps = (0..c.steps[cell]).map(|step| week_of(Step { cell, step }));
            steps.collect()
        });
        let plan = WavePlan {
            weeks: cells.collect(),
        };
        if let Some(broken) = checker::violations(task.model, &plan).into_iter().next() {
            return Err(SolveError::Refused {
                rule: broken.rule,
                text: broken.text,
            });
        }
        let gap = solved.map_or(Some(0.0), |s| {
            told_gap(s.status() == HighsModelStatus::Optimal, s.mip_gap())
        });
        Ok(Outcome::Planned(Solved {
            value: task.goal.value(&plan),
            plan,
            gap,
        }))
    }
}

/// One run on one thread, from a start where there is one.
fn optimised(
    problem: RowProblem,
    budget: Budget,
    start: Option<&[f64]>,
    nodes_max: Option<i32>,
) -> Result<SolvedModel, SolveError> {
    let mut model = problem.try_optimise(Sense::Minimise).map_err(stopped)?;
    model.make_quiet();
    let gap = real(i64::from(budget.gap_bp)) / 10_000.0;
    let seed = i32::try_from(budget.seed).unwrap_or(i32::MAX);
    model
        .try_set_option("threads", 1)
        .and_then(|()| model.try_set_option("parallel", "off"))
        .and_then(|()| model.try_set_option("random_seed", seed))
        .and_then(|()| model.try_set_option("time_limit", f64::from(budget.time_limit_s)))
        .and_then(|()| model.try_set_option("mip_rel_gap", gap))
        .and_then(|()| model.try_set_option("mip_max_nodes", nodes_max.unwrap_or(i32::MAX)))
        .map_err(stopped)?;
    if start.is_some() {
        let set = model.try_set_solution(start, None, None, None);
        set.map_err(stopped)?;
    }
    model.try_solve().map_err(stopped)
}

fn stopped(why: impl std::fmt::Debug) -> SolveError {
    SolveError::Solver(format!("{why:?}"))
}

/// How far the optimum may be. HiGHS reports an infinite gap both for a problem that presolve leaves without whole numbers,
/// which is solved, and for one that it has no bound of yet, of which nothing is known.
fn told_gap(optimal: bool, gap: f64) -> Option<f64> {
    match (gap.is_finite(), optimal) {
        (true, _) => Some(gap),
        (false, true) => Some(0.0),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::told_gap;

    #[test]
    fn a_gap_that_nobody_knows_is_no_zero() {
        assert_eq!(told_gap(true, 0.004), Some(0.004));
        assert_eq!(told_gap(true, f64::INFINITY), Some(0.0));
        assert_eq!(told_gap(false, f64::INFINITY), None);
        assert_eq!(told_gap(false, f64::NAN), None);
    }
}
