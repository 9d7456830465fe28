//! The question as columns and rows: one binary for each open week of each step, one row for each thing a rule says.

use super::Reached;
use crate::compile::{Compiled, Motion, NEVER, Resource, Step};
use crate::goal::{Goal, real};
use crate::plan::WavePlan;
use crate::solver::Task;
use highs::{Col, RowProblem};

/// A question, as far as it is written down.
pub(super) struct Program {
    pub(super) problem: RowProblem,
    pub(super) columns: Vec<Col>,
    pub(super) costs: Vec<f64>,
    /// The column of each (cell, step) in the first week that is open.
    pub(super) first: Vec<Vec<usize>>,
    pub(super) spans: Vec<Vec<(i64, i64)>>,
    /// Weeks by which everything is done: columns `end[w]`.
    pub(super) end: Vec<usize>,
    /// A start value for each column, from a known plan.
    pub(super) start: Vec<f64>,
    /// A row without columns does not hold.
    pub(super) impossible: bool,
}

impl Program {
    /// The whole question within the given weeks.
    pub(super) fn of(
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

    pub(super) fn reached(&self, step: Step, week: i64) -> Reached {
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
}
