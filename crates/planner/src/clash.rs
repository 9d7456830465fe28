//! Why there is no plan: an irreducible clash of named rules, found by deletion, and the smallest single change of a
//! party's rule that makes one possible. Law, licences and safety are never offered.

use crate::goal::Goal;
use crate::greedy::Greedy;
use crate::model::{Limit, Model, Owner, Pool, Rule, WEEKS_MAX};
use crate::solver::{Budget, Outcome, SolveError, Solver, Task};
use serde::Serialize;
use std::cell::Cell;

/// The name under which the length of the plan stands among the rules.
pub const HORIZON: &str = "HORIZON";

/// Questions that may take the whole time and stay undecided.
const UNDECIDED_MAX: u32 = 3;

/// A rule as people read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// Its name.
    pub rule: String,
    /// Whose it is.
    pub owner: Owner,
    /// In a sentence.
    pub text: String,
}

/// One change that makes a plan possible by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// The rule.
    pub rule: String,
    /// Whose it is: who could give way.
    pub owner: Owner,
    /// As it stands.
    pub from: String,
    /// So changed, a plan is possible.
    pub to: String,
    /// Whether any less was proved not to be enough; otherwise less was only not found to be within the time.
    pub least: bool,
}

/// Rules that cannot hold together: that much is proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Clash {
    /// Without any one of them the others can hold, where `irreducible`.
    pub clash: Vec<Named>,
    /// Each alone is enough. None where nobody may give way, or where one change is not enough.
    pub fixes: Vec<Fix>,
    /// Whether every rule was proved to be needed for the clash within the time.
    pub irreducible: bool,
    /// Whether every rule that is not among the fixes was proved not to be enough within the time.
    pub fixes_complete: bool,
}

/// What is known of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Explained {
    /// It has a plan.
    Possible,
    /// Neither a plan was found nor proved that there is none, within the time of one solve of the budget.
    Unknown,
    /// It has none, and this is why.
    Clash(Clash),
}

/// An answer to "is there a plan?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feasible {
    Yes,
    No,
    Unknown,
}

/// Why a model has no plan, if it has none. Each of many questions may take the time of the budget; once a few were not decided
/// in it, the others are asked of the list scheduler alone, so that somebody who waits gets what is known.
///
/// # Errors
/// [`SolveError`] when the solver fails.
pub fn explain(
    model: &Model,
    solver: &impl Solver,
    budget: Budget,
) -> Result<Explained, SolveError> {
    let undecided = Cell::new(0);
    let ask = |model: &Model| {
        if undecided.get() >= UNDECIDED_MAX {
            return feasible(model, &Greedy, budget);
        }
        let answer = feasible(model, solver, budget)?;
        undecided.set(undecided.get() + u32::from(answer == Feasible::Unknown));
        Ok(answer)
    };
    match ask(model)? {
        Feasible::Yes => return Ok(Explained::Possible),
        Feasible::Unknown => return Ok(Explained::Unknown),
        Feasible::No => {}
    }
    let (core, mut irreducible) = delete(model, &ask)?;
    let longer = ask(&with_weeks(&core, core.weeks.saturating_mul(2)))?;
    irreducible &= longer != Feasible::Unknown;
    let mut clash: Vec<_> = core.rules.iter().map(named).collect();
    if longer == Feasible::Yes {
        clash.push(Named {
            rule: HORIZON.into(),
            owner: Owner::Both,
            text: format!("every step is taken within {} weeks", model.weeks),
        });
    }
    let mut menu = Menu {
        fixes: Vec::new(),
        complete: longer != Feasible::Unknown,
    };
    for rule in core.rules.iter().filter(|r| r.may_relax()) {
        for lever in levers(&rule.limit) {
            let found = least(lever.levels, |level| {
                ask(&with_limit(model, rule, lever.at(level)))
            })?;
            let to = |level| {
                let limit = lever.at(level);
                limit.map_or_else(|| "without it".into(), |l: Limit| l.to_string())
            };
            menu.add(found, &rule.id, rule.owner, rule.limit.to_string(), to);
        }
    }
    if longer == Feasible::Yes {
        let most = model.weeks.min(WEEKS_MAX - model.weeks.min(WEEKS_MAX));
        let found = least(most, |level| ask(&with_weeks(model, model.weeks + level)))?;
        let weeks = |n: u32| format!("{n} weeks");
        let to = |level| weeks(model.weeks + level);
        menu.add(found, HORIZON, Owner::Both, weeks(model.weeks), to);
    }
    Ok(Explained::Clash(Clash {
        clash,
        fixes: menu.fixes,
        irreducible,
        fixes_complete: menu.complete,
    }))
}

/// Single changes, as they are found.
struct Menu {
    fixes: Vec<Fix>,
    complete: bool,
}

impl Menu {
    fn add(
        &mut self,
        (level, proved): (Option<u32>, bool),
        rule: &str,
        owner: Owner,
        from: String,
        to: impl Fn(u32) -> String,
    ) {
        match level {
            Some(level) => self.fixes.push(Fix {
                rule: rule.into(),
                owner,
                from,
                to: to(level),
                least: proved,
            }),
            None => self.complete &= proved,
        }
    }
}

/// Whether a model has a plan, whatever it costs.
fn feasible(model: &Model, solver: &impl Solver, budget: Budget) -> Result<Feasible, SolveError> {
    let goal = Goal::any(model);
    Ok(match solver.solve(&Task::new(model, &goal, budget))? {
        Outcome::Planned(_) => Feasible::Yes,
        Outcome::Infeasible => Feasible::No,
        Outcome::Unknown => Feasible::Unknown,
    })
}

/// Deletes rules, half of them at once, then a quarter, at last one by one, as long as the rest still clashes. What nobody
/// may relax goes first, so that the clash left over is one that somebody can do something about.
fn delete(
    model: &Model,
    ask: &impl Fn(&Model) -> Result<Feasible, SolveError>,
) -> Result<(Model, bool), SolveError> {
    let mut core = model.clone();
    core.rules.sort_by_key(Rule::may_relax);
    let mut irreducible = true;
    let mut size = core.rules.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        irreducible = true;
        while at < core.rules.len() {
            let end = (at + size).min(core.rules.len());
            let mut rest = core.clone();
            rest.rules.drain(at..end);
            match ask(&rest)? {
                Feasible::No => core = rest,
                Feasible::Yes => at = end,
                Feasible::Unknown => {
                    irreducible = false;
                    at = end;
                }
            }
        }
        size /= 2;
    }
    // As the model lists them.
    let place = |r: &Rule| model.rules.iter().position(|m| m.id == r.id);
    core.rules.sort_by_key(place);
    Ok((core, irreducible))
}

/// The least level at which the answer is yes, by bisection: a weaker rule never makes a plan impossible. And whether it is
/// proved: no answer on the way was missing.
fn least(
    levels: u32,
    ask: impl Fn(u32) -> Result<Feasible, SolveError>,
) -> Result<(Option<u32>, bool), SolveError> {
    if levels == 0 {
        return Ok((None, true));
    }
    match ask(levels)? {
        Feasible::Yes => {}
        Feasible::No => return Ok((None, true)),
        Feasible::Unknown => return Ok((None, false)),
    }
    let (mut not, mut enough, mut proved) = (0, levels, true);
    while enough - not > 1 {
        let level = not + (enough - not) / 2;
        match ask(level)? {
            Feasible::Yes => enough = level,
            Feasible::No => not = level,
            Feasible::Unknown => {
                not = level;
                proved = false;
            }
        }
    }
    Ok((Some(enough), proved))
}

fn named(rule: &Rule) -> Named {
    Named {
        rule: rule.id.clone(),
        owner: rule.owner,
        text: format!("{}: {}", rule.text, rule.limit),
    }
}

fn with_weeks(model: &Model, weeks: u32) -> Model {
    Model {
        weeks: weeks.min(WEEKS_MAX),
        ..model.clone()
    }
}

fn with_limit(model: &Model, rule: &Rule, limit: Option<Limit>) -> Model {
    let mut other = model.clone();
    match limit {
        None => other.rules.retain(|r| r.id != rule.id),
        Some(limit) => {
            if let Some(own) = other.rules.iter_mut().find(|r| r.id == rule.id) {
                own.limit = limit;
            }
        }
    }
    other
}

/// One way to weaken a limit, in levels from 1 up; the last one weakens it most.
struct Lever {
    levels: u32,
    /// `None`: the rule falls away.
    limit: Box<dyn Fn(u32) -> Option<Limit>>,
}

impl Lever {
    fn at(&self, level: u32) -> Option<Limit> {
        (self.limit)(level)
    }
}

/// Ways to weaken a limit by its numbers.
#[expect(clippy::too_many_lines, reason = "one arm for each kind of limit")]
fn levers(limit: &Limit) -> Vec<Lever> {
    fn lever(levels: u32, of: impl Fn(u32) -> Limit + 'static) -> Lever {
        Lever {
            levels,
            limit: Box::new(move |level| Some(of(level))),
        }
    }
    // What grows without a natural end may grow tenfold, and by ten at least.
    let room = |n: u32| n.saturating_mul(9).max(10);
    match limit.clone() {
        Limit::StepGap { weeks } => {
            vec![lever(weeks, move |l| Limit::StepGap { weeks: weeks - l })]
        }
        Limit::Soak { weeks } => vec![lever(weeks, move |l| Limit::Soak { weeks: weeks - l })],
        Limit::NotBefore { week } => {
            vec![lever(week, move |l| Limit::NotBefore { week: week - l })]
        }
        Limit::NotAfter { week } => vec![lever(WEEKS_MAX, move |l| Limit::NotAfter {
            week: week + l,
        })],
        Limit::ClosedBy { week } => vec![lever(WEEKS_MAX, move |l| Limit::ClosedBy {
            week: week + l,
        })],
        Limit::Blackout { first, last } => {
            // Shorter by its end, or by its beginning; the last level leaves nothing of it.
            let levels = (last + 1).saturating_sub(first);
            let shorter = move |first: u32, last: u32| {
                (first <= last).then_some(Limit::Blackout { first, last })
            };
            let ends = move |l: u32| {
                (last + 1 - l)
                    .checked_sub(1)
                    .and_then(|last| shorter(first, last))
            };
            let begins = move |l: u32| shorter(first + l, last);
            let both: [Box<dyn Fn(u32) -> Option<Limit>>; 2] = [Box::new(ends), Box::new(begins)];
            both.into_iter()
                .map(|limit| Lever { levels, limit })
                .collect()
        }
        Limit::SitesInMotion { max } => vec![lever(room(max), move |l| Limit::SitesInMotion {
            max: max + l,
        })],
        Limit::Classes {
            trainers,
            seats,
            weeks,
        } => {
            let more = move |l| Limit::Classes {
                trainers: trainers + l,
                seats,
                weeks,
            };
            vec![lever(room(trainers), more)]
        }
        Limit::TestTeam { cells, weeks } => {
            vec![lever(room(cells), move |l| Limit::TestTeam {
                cells: cells + l,
                weeks,
            })]
        }
        Limit::Headcount { people } => {
            let most = people.iter().map(|p| p.people).max().unwrap_or(0);
            vec![lever(room(most), move |l| Limit::Headcount {
                people: raised(&people, l),
            })]
        }
        Limit::StepContacts { percent_max } => {
            vec![lever(100 - percent_max, move |l| Limit::StepContacts {
                percent_max: percent_max + l,
            })]
        }
        Limit::TriagePoints { points_max } => {
            vec![lever(100 - points_max, move |l| Limit::TriagePoints {
                points_max: points_max + l,
            })]
        }
        Limit::VolumePerWeek { contacts } => {
            vec![lever(room(contacts), move |l| Limit::VolumePerWeek {
                contacts: contacts + l,
            })]
        }
        Limit::StepsPerWeeks { steps, weeks } => {
            vec![lever(room(steps), move |l| Limit::StepsPerWeeks {
                steps: steps + l,
                weeks,
            })]
        }
        Limit::EasyFirst(_) | Limit::ShiftOrder(_) => vec![Lever {
            levels: 1,
            limit: Box::new(|_| None),
        }],
        // Never offered: `Rule::may_relax`.
        Limit::Hold { .. }
        | Limit::Evidence { .. }
        | Limit::Readiness { .. }
        | Limit::Settled { .. } => Vec::new(),
    }
}

fn raised(pool: &[Pool], by: u32) -> Vec<Pool> {
    let more = |p: &Pool| Pool {
        people: p.people + by,
        ..*p
    };
    pool.iter().map(more).collect()
}
