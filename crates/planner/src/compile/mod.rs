//! A model's rules as the four shapes that plans are made from: windows, precedences, resources, centres in motion. Each
//! keeps the index of its rule. Greedy and MILP both read this; the checker does not.

mod rules;
mod spans;

use crate::model::{Cell, Limit, Model};

/// More weeks than any plan has.
pub(crate) const NEVER: i64 = 1_000;

/// One step of one cell, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    pub(crate) cell: usize,
    pub(crate) step: usize,
}

/// A step lies within these weeks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) step: Step,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// A cell takes no step in these weeks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Banned {
    pub(crate) cell: usize,
    pub(crate) first: i64,
    pub(crate) last: i64,
}

/// One step comes at least so many weeks after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Precedence {
    pub(crate) before: Step,
    pub(crate) after: Step,
    pub(crate) weeks: i64,
}

/// A step taken in week *t* uses an amount in `[t + from, t + to)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use {
    pub(crate) step: Step,
    pub(crate) amount: i64,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// Something of which there is so much in each week.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// By week from 0; the last one goes on.
    pub(crate) capacity: Vec<i64>,
    pub(crate) uses: Vec<Use>,
}

/// Centres between their first step and their last acceptance.
#[derive(Clone, Debug)]
pub(crate) struct Motion {
    pub(crate) max: usize,
    /// The cells of each centre.
    pub(crate) sites: Vec<Vec<usize>>,
}

/// All of a model's rules.
#[derive(Debug, Default)]
pub(crate) struct Compiled {
    /// Steps of each cell.
    pub(crate) steps: Vec<usize>,
    pub(crate) weeks: i64,
    /// Weeks from a cell's last step to its acceptance, and to its closure.
    pub(crate) accepted: Vec<i64>,
    pub(crate) closed: Vec<i64>,
    pub(crate) windows: Vec<Window>,
    pub(crate) banned: Vec<Banned>,
    pub(crate) precedences: Vec<Precedence>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) motions: Vec<Motion>,
}

/// The rules of a model in the four shapes.
pub(crate) fn compile(model: &Model) -> Compiled {
    let mut c = Compiled {
        weeks: i64::from(model.weeks),
        ..Compiled::default()
    };
    for cell in &model.cells {
        let shares = model.shares(cell);
        c.steps.push(shares.len());
        let last = shares.last().copied().unwrap_or(0);
        let rules = || model.rules.iter().filter(|r| r.scope.has(cell));
        let soak = rules().map(|r| match r.limit {
            Limit::Soak { weeks } => i64::from(weeks),
            Limit::Evidence { contacts } => evidence(cell, last, contacts),
            _ => 0,
        });
        let hold = rules().map(|r| match r.limit {
            Limit::Hold { weeks } => i64::from(weeks),
            _ => 0,
        });
        let (soak, hold) = (soak.max().unwrap_or(0), hold.max().unwrap_or(0));
        c.accepted.push(soak);
        c.closed.push(soak + hold);
    }
    c.steps_in_order();
    for rule in &model.rules {
        c.rule(model, rule);
    }
    c
}

/// Weeks at a share until so many contacts went out.
fn evidence(cell: &Cell, share_percent: u32, contacts: u32) -> i64 {
    let a_week = i64::from(cell.contacts_per_week) * i64::from(share_percent);
    let wanted = i64::from(contacts) * 100;
    if wanted == 0 {
        return 0;
    }
    if a_week == 0 {
        return NEVER;
    }
    (wanted / a_week + i64::from(wanted % a_week != 0)).min(NEVER)
}

impl Compiled {
    /// One week at least between two steps of a cell: weeks are the grain.
    fn steps_in_order(&mut self) {
        for cell in 0..self.steps.len() {
            self.gap(cell, |_| 1);
        }
    }

    fn gap(&mut self, cell: usize, weeks: impl Fn(usize) -> i64) {
        for step in 1..self.steps[cell] {
            self.precedences.push(Precedence {
                before: Step {
                    cell,
                    step: step - 1,
                },
                after: Step { cell, step },
                weeks: weeks(step - 1),
            });
        }
    }

    pub(crate) fn last(&self, cell: usize) -> Step {
        let step = self.steps[cell].saturating_sub(1);
        Step { cell, step }
    }
}
