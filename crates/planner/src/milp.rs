//! The wave plan as a time-indexed MILP on HiGHS, in process: binaries "this step is taken by week w", which never fall.
//!
//! No big-M: windows, orders and waiting times are differences of two such binaries, whose polytope is integral by itself;
//! only resources, centres in motion and claims cut it.

use crate::checker;
use crate::compile::{Compiled, Motion, NEVER, Resource, Step, compile};
use crate::goal::{Goal, real};
use crate::greedy::Greedy;
use crate::plan::WavePlan;
use crate::solver::{Outcome, SolveError, Solved, Solver, Task};
use highs::{Col, HighsModelStatus, HighsSolutionStatus, RowProblem, Sense, SolvedModel};

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

struct Program {
    problem: RowProblem,
    columns: Vec<Col>,
    costs: Vec<f64>,
    /// The column of each (cell, step) in the first week that is open.
    first: Vec<Vec<usize>>,
    spans: Vec<Vec<(i64, i64)>>,
    /// Weeks by which everything is done: columns `end[w]`.
    end: Vec<usize>,
    /// A start value for each column, from a known plan.
    start: Vec<f64>,
    /// A row without columns does not hold.
    impossible: bool,
}

impl Solver for Highs {
    fn solve(&self, task: &Task<'_>) -> Result<Outcome, SolveError> {
        let compiled = compile(task.model);
        let Some(spans) = compiled.spans() else {
            return Ok(Outcome::Infeasible);
        };
        let greedy = match task.start {
            Some(_) => None,
            None => Greedy.solve(task)?.planned().map(|s| s.plan),
        };
        let mut start = task.start.cloned().or(greedy);
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

impl Program {
    /// The whole question within the given weeks.
    fn of(
        task: &Task<'_>,
        c: &Compiled,
        spans: Vec<Vec<(i64, i64)>>,
        start: Option<&WavePlan>,
    ) -> Self {
        let mut program = Self::new(c, spans, start);
        program.rules(c);
        program.aim(task, c, start);
        program
    }

    fn new(c: &Compiled, spans: Vec<Vec<(i64, i64)>>, start: Option<&WavePlan>) -> Self {
        let mut program = Self {
            problem: RowProblem::new(),
            columns: Vec::new(),
            costs: Vec::new(),
            first: Vec::new(),
            spans,
            end: Vec::new(),
            start: Vec::new(),
            impossible: false,
        };
        for cell in 0..c.steps.len() {
            let mut firsts = Vec::new();
            for step in 0..c.steps[cell] {
                firsts.push(program.columns.len());
                let (from, to) = program.spans[cell][step];
                let taken = start.map(|plan| i64::from(plan.weeks[cell][step]));
                for week in from..to {
                    let by = taken.is_some_and(|t| t <= week);
                    program.column(true, 1.0, real(i64::from(by)));
                }
            }
            program.first.push(firsts);
        }
        program
    }

    fn column(&mut self, whole: bool, max: f64, start: f64) -> usize {
        let col = self
            .problem
            .add_column_with_integrality(0.0, 0.0..=max, whole);
        self.columns.push(col);
        self.costs.push(0.0);
        self.start.push(start);
        self.columns.len() - 1
    }

    fn reached(&self, step: Step, week: i64) -> Reached {
        let (from, to) = self.spans[step.cell][step.step];
        match week {
            _ if week < from => Reached::No,
            _ if week >= to => Reached::Yes,
            _ => {
                let open = usize::try_from(week - from).unwrap_or(0);
                Reached::Open(self.first[step.cell][step.step] + open)
            }
        }
    }

    /// A row: the sum of the terms is at most so much.
    fn at_most(&mut self, terms: &[(f64, Reached)], mut max: f64) {
        let mut row: Vec<(Col, f64)> = Vec::new();
        for (factor, reached) in terms {
            match reached {
                Reached::No => {}
                Reached::Yes => max -= factor,
                Reached::Open(n) => row.push((self.columns[*n], *factor)),
            }
        }
        let most: f64 = row.iter().map(|(_, f)| f.max(0.0)).sum();
        // Continuous columns beyond 1 have no such rows; a row that always holds is left out.
        if most > max {
            self.impossible |= row.is_empty();
            self.problem.add_row(..=max, row);
        }
    }

    fn rules(&mut self, c: &Compiled) {
        for cell in 0..c.steps.len() {
            for step in 0..c.steps[cell] {
                let step = Step { cell, step };
                let (from, to) = self.spans[step.cell][step.step];
                for week in from + 1..to {
                    self.implies(self.reached(step, week - 1), self.reached(step, week));
                }
            }
        }
        for b in &c.banned {
            for step in 0..c.steps[b.cell] {
                let step = Step { cell: b.cell, step };
                for week in b.first..=b.last.min(c.weeks) {
                    self.implies(self.reached(step, week), self.reached(step, week - 1));
                }
            }
        }
        for p in c.tightest() {
            for week in 0..c.weeks {
                let before = self.reached(p.before, week - p.weeks);
                self.implies(self.reached(p.after, week), before);
            }
        }
        for resource in &c.resources {
            self.resource(c, resource);
        }
        for motion in &c.motions {
            self.motion(c, motion);
        }
    }

    /// Where the first holds, the second does.
    fn implies(&mut self, first: Reached, second: Reached) {
        self.at_most(&[(1.0, first), (-1.0, second)], 0.0);
    }

    fn resource(&mut self, c: &Compiled, resource: &Resource) {
        let weeks = c
            .weeks
            .max(i64::try_from(resource.capacity.len()).unwrap_or(0));
        for week in 0..weeks {
            let at = usize::try_from(week).unwrap_or(0);
            let capacity = resource.capacity.get(at).or(resource.capacity.last());
            let mut terms = Vec::new();
            for u in &resource.uses {
                let amount = real(u.amount);
                terms.push((amount, self.reached(u.step, week - u.from)));
                if u.to < NEVER {
                    terms.push((-amount, self.reached(u.step, week - u.to)));
                }
            }
            self.at_most(&terms, real(capacity.copied().unwrap_or(0)));
        }
    }

    /// A centre has begun with its first cell and is done with its last acceptance.
    fn motion(&mut self, c: &Compiled, motion: &Motion) {
        if motion.sites.len() <= motion.max {
            return;
        }
        for week in 0..c.weeks {
            let mut terms = Vec::new();
            for cells in &motion.sites {
                let first = |cell: usize| self.reached(Step { cell, step: 0 }, week);
                let accepted = |cell: usize| self.reached(c.last(cell), week - c.accepted[cell]);
                let firsts: Vec<_> = cells.iter().map(|cell| first(*cell)).collect();
                let lasts: Vec<_> = cells.iter().map(|cell| accepted(*cell)).collect();
                let (any, all) = (self.any(&firsts), self.all(&lasts));
                terms.extend([(1.0, any), (-1.0, all)]);
            }
            self.at_most(&terms, real(i64::try_from(motion.max).unwrap_or(i64::MAX)));
        }
    }

    fn value(&self, reached: Reached) -> f64 {
        match reached {
            Reached::No => 0.0,
            Reached::Yes => 1.0,
            Reached::Open(n) => self.start[n],
        }
    }

    /// At least one of them.
    fn any(&mut self, of: &[Reached]) -> Reached {
        if of.iter().any(|r| matches!(r, Reached::Yes)) {
            return Reached::Yes;
        }
        if of.iter().all(|r| matches!(r, Reached::No)) {
            return Reached::No;
        }
        let start = of.iter().map(|r| self.value(*r)).fold(0.0, f64::max);
        let any = Reached::Open(self.column(false, 1.0, start));
        for one in of {
            self.implies(*one, any);
        }
        any
    }

    /// Every one of them.
    fn all(&mut self, of: &[Reached]) -> Reached {
        if of.iter().any(|r| matches!(r, Reached::No)) {
            return Reached::No;
        }
        if of.iter().all(|r| matches!(r, Reached::Yes)) {
            return Reached::Yes;
        }
        let start = of.iter().map(|r| self.value(*r)).fold(1.0, f64::min);
        let all = Reached::Open(self.column(false, 1.0, start));
        for one in of {
            self.implies(all, *one);
        }
        all
    }

    /// A goal as terms and what is left over: `cost[t]` is the sum of the falls of the cost over the weeks before *t*.
    fn terms(&mut self, c: &Compiled, goal: &Goal) -> (Vec<(f64, Reached)>, f64) {
        let (mut terms, mut rest) = (Vec::new(), 0.0);
        for (cell, steps) in goal.steps.iter().enumerate() {
            for (step, costs) in steps.iter().enumerate() {
                rest += real(costs.last().copied().unwrap_or(0));
                for (week, pair) in (0_i64..).zip(costs.windows(2)) {
                    let fall = pair[0] - pair[1];
                    if fall != 0 {
                        terms.push((real(fall), self.reached(Step { cell, step }, week)));
                    }
                }
            }
        }
        if goal.per_week != 0 {
            // Of W weeks, those by whose beginning everything is done are saved.
            rest += real(goal.per_week * c.weeks);
            self.ends(c);
            let saved = self
                .end
                .iter()
                .map(|n| (-real(goal.per_week), Reached::Open(*n)));
            terms.extend(saved);
        }
        (terms, rest)
    }

    fn ends(&mut self, c: &Compiled) {
        if !self.end.is_empty() {
            return;
        }
        for week in 0..c.weeks - 1 {
            let lasts: Vec<_> = (0..c.steps.len())
                .map(|cell| self.reached(c.last(cell), week))
                .collect();
            match self.all(&lasts) {
                Reached::Open(n) => self.end.push(n),
                Reached::No => {}
                Reached::Yes => {
                    let done = self.column(false, 1.0, 1.0);
                    self.end.push(done);
                }
            }
        }
    }

    fn aim(&mut self, task: &Task<'_>, c: &Compiled, start: Option<&WavePlan>) {
        for (goal, max) in task.limits {
            let (terms, rest) = self.terms(c, goal);
            self.at_most(&terms, real(*max) - rest);
        }
        if task.fairest.is_empty() {
            let (terms, _) = self.terms(c, task.goal);
            for (factor, reached) in terms {
                if let Reached::Open(n) = reached {
                    self.costs[n] += factor;
                }
            }
            return;
        }
        // What the worst-off party gives up, in shares of its span.
        let given_up = |claim: &crate::solver::Claim| {
            let known = start.map_or(0, |plan| claim.unmet.value(plan) - claim.ideal);
            real(known) / real(claim.span)
        };
        let worst = task.fairest.iter().map(given_up).fold(0.0, f64::max);
        let most = self.column(false, f64::INFINITY, worst);
        self.costs[most] = 1.0;
        for claim in task.fairest {
            let (mut terms, rest) = self.terms(c, &claim.unmet);
            let scale = 1.0 / real(claim.span);
            for (factor, _) in &mut terms {
                *factor *= scale;
            }
            terms.push((-1.0, Reached::Open(most)));
            self.at_most(&terms, (real(claim.ideal) - rest) * scale);
        }
    }

    fn run(
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
        let stopped = |what: String| SolveError::Solver(what);
        let problem = std::mem::take(&mut self.problem);
        if self.impossible {
            return Ok(Outcome::Infeasible);
        }
        if start.is_empty() {
            return self.checked(task, c, None);
        }
        let mut model = problem
            .try_optimise(Sense::Minimise)
            .map_err(|e| stopped(format!("{e:?}")))?;
        model.make_quiet();
        let gap = real(i64::from(task.budget.gap_bp)) / 10_000.0;
        let seed = i32::try_from(task.budget.seed).unwrap_or(i32::MAX);
        model
            .try_set_option("threads", 1)
            .and_then(|()| model.try_set_option("parallel", "off"))
            .and_then(|()| model.try_set_option("random_seed", seed))
            .and_then(|()| model.try_set_option("time_limit", f64::from(task.budget.time_limit_s)))
            .and_then(|()| model.try_set_option("mip_rel_gap", gap))
            .and_then(|()| model.try_set_option("mip_max_nodes", nodes_max.unwrap_or(i32::MAX)))
            .map_err(|e| stopped(format!("{e:?}")))?;
        if has_start {
            model
                .try_set_solution(Some(&start), None, None, None)
                .map_err(|e| stopped(format!("{e:?}")))?;
        }
        let solved = model.try_solve().map_err(|e| stopped(format!("{e:?}")))?;
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
        let gap = solved.map_or(0.0, SolvedModel::mip_gap);
        Ok(Outcome::Planned(Solved {
            value: task.goal.value(&plan),
            plan,
            // A problem that presolve leaves without whole numbers has no gap to report: it is solved.
            gap: Some(if gap.is_finite() { gap } else { 0.0 }),
        }))
    }
}
