//! A model's rules as the four shapes that plans are made from: windows, precedences, resources, centres in motion. Each
//! keeps the index of its rule. Greedy and MILP both read this; the checker does not.

use crate::model::{Cell, Gate, Limit, Model, Rule, people_in};
use segue_domain::ladder::Rung;
use std::collections::BTreeSet;

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

    fn rule(&mut self, model: &Model, rule: &Rule) {
        let about: Vec<_> = (0..model.cells.len())
            .filter(|c| rule.scope.has(&model.cells[*c]))
            .collect();
        match &rule.limit {
            Limit::Soak { .. } | Limit::Hold { .. } => {}
            Limit::StepGap { weeks } => {
                for cell in about {
                    self.gap(cell, |_| i64::from(*weeks));
                }
            }
            Limit::Evidence { contacts } => {
                for cell in about {
                    let shares = model.shares(&model.cells[cell]);
                    self.gap(cell, |n| evidence(&model.cells[cell], shares[n], *contacts));
                }
            }
            Limit::Blackout { first, last } => {
                let (first, last) = (i64::from(*first), i64::from(*last));
                let banned = about.into_iter().map(|cell| Banned { cell, first, last });
                self.banned.extend(banned);
            }
            Limit::NotBefore { week } => {
                for cell in about {
                    self.window(Step { cell, step: 0 }, i64::from(*week), NEVER);
                }
            }
            Limit::NotAfter { week } => {
                for cell in about {
                    self.window(self.last(cell), 0, i64::from(*week));
                }
            }
            Limit::ClosedBy { week } => {
                for cell in about {
                    self.window(self.last(cell), 0, i64::from(*week) - self.closed[cell]);
                }
            }
            Limit::EasyFirst(gate) => {
                let place = |cell: usize| rung_number(model.rung(&model.cells[cell]));
                let group = |cell: usize| model.cells[cell].site.as_str();
                self.in_order(&about, *gate, group, place);
            }
            Limit::ShiftOrder(gate) => {
                let shift = |cell: usize| {
                    let own = &model.cells[cell].shift;
                    model.shifts.iter().position(|s| s == own).unwrap_or(0)
                };
                let group = |cell: usize| (&model.cells[cell].site, &model.cells[cell].kind);
                self.in_order(&about, *gate, group, shift);
            }
            Limit::SitesInMotion { max } => {
                let of = |site| {
                    let own = about.iter().copied();
                    own.filter(|c| model.cells[*c].site == site)
                        .collect::<Vec<_>>()
                };
                let sites = model.sites.iter().map(|s| of(s.id.clone()));
                self.motions.push(Motion {
                    max: usize::try_from(*max).unwrap_or(usize::MAX),
                    sites: sites.filter(|cells| !cells.is_empty()).collect(),
                });
            }
            _ => self.amounts(model, rule, &about),
        }
    }

    /// The rules that are resources.
    fn amounts(&mut self, model: &Model, rule: &Rule, about: &[usize]) {
        let cell = |c: usize| &model.cells[c];
        match &rule.limit {
            Limit::Classes {
                trainers,
                seats,
                weeks,
            } => {
                let seats = i64::from(*trainers) * i64::from(*seats);
                self.before_first(about, i64::from(*weeks), seats, |c| {
                    i64::from(cell(c).trainees)
                });
            }
            Limit::TestTeam { cells, weeks } => {
                self.before_first(about, i64::from(*weeks), i64::from(*cells), |_| 1);
            }
            Limit::Headcount { people } => {
                let at = |c: usize, n: Option<usize>| {
                    n.map_or(0, |n| {
                        i64::from(cell(c).people_at(model.shares(cell(c))[n]))
                    })
                };
                let uses = self.each(about, 0, NEVER, |s| {
                    at(s.cell, Some(s.step)) - at(s.cell, s.step.checked_sub(1))
                });
                let by_week = self.by_week(|w| i64::from(people_in(people, w)));
                self.resource(by_week, uses);
            }
            Limit::StepContacts { percent_max } => {
                let all: i64 = model
                    .cells
                    .iter()
                    .map(|c| i64::from(c.contacts_per_week))
                    .sum();
                let uses = self.each(about, 0, 1, |s| moved(model, s));
                self.resource(vec![i64::from(*percent_max) * all], uses);
            }
            Limit::VolumePerWeek { contacts } => {
                let uses = self.each(about, 0, 1, |s| moved(model, s));
                self.resource(vec![i64::from(*contacts) * 100], uses);
            }
            Limit::TriagePoints { points_max } => {
                self.triage(model, about, i64::from(*points_max));
            }
            Limit::StepsPerWeeks { steps, weeks } => {
                let uses = self.each(about, 0, i64::from(*weeks), |_| 1);
                self.resource(vec![i64::from(*steps)], uses);
            }
            Limit::Readiness { kept } => {
                // Until it is closed a cell needs its people: what closes gives them back.
                let all: i64 = about.iter().map(|c| i64::from(cell(*c).n95)).sum();
                let of = |c: usize| Use {
                    step: self.last(c),
                    amount: -i64::from(cell(c).n95),
                    from: self.closed[c],
                    to: NEVER,
                };
                let uses = about.iter().map(|c| of(*c)).collect();
                let by_week = self.by_week(|w| i64::from(people_in(kept, w)) - all);
                self.resource(by_week, uses);
            }
            _ => {}
        }
    }

    /// Of each centre's triage contacts so many percent a week.
    fn triage(&mut self, model: &Model, about: &[usize], points: i64) {
        let cell = |c: usize| &model.cells[c];
        for site in &model.sites {
            let own = |c: &usize| cell(*c).site == site.id && model.rung(cell(*c)) == Rung::Triage;
            let cells: Vec<_> = about.iter().copied().filter(own).collect();
            let all: i64 = cells
                .iter()
                .map(|c| i64::from(cell(*c).contacts_per_week))
                .sum();
            let uses = self.each(&cells, 0, 1, |s| moved(model, s));
            self.resource(vec![points * all], uses);
        }
    }

    /// Week by week, until everything is closed.
    fn by_week(&self, of: impl Fn(i64) -> i64) -> Vec<i64> {
        let closed = self.closed.iter().copied().filter(|c| *c < NEVER).max();
        (0..=self.weeks + closed.unwrap_or(0)).map(of).collect()
    }

    fn window(&mut self, step: Step, from: i64, to: i64) {
        self.windows.push(Window { step, from, to });
    }

    fn resource(&mut self, capacity: Vec<i64>, mut uses: Vec<Use>) {
        uses.retain(|u| u.amount != 0 && u.from < u.to);
        if !uses.is_empty() {
            self.resources.push(Resource { capacity, uses });
        }
    }

    /// A use by every step of the cells.
    fn each(&self, cells: &[usize], from: i64, to: i64, amount: impl Fn(Step) -> i64) -> Vec<Use> {
        let steps = cells
            .iter()
            .flat_map(|&cell| (0..self.steps[cell]).map(move |step| Step { cell, step }));
        steps
            .map(|step| Use {
                step,
                amount: amount(step),
                from,
                to,
            })
            .collect()
    }

    /// What is busy in the weeks before a first step, and not before the plan begins.
    fn before_first(
        &mut self,
        about: &[usize],
        weeks: i64,
        max: i64,
        amount: impl Fn(usize) -> i64,
    ) {
        let used = about.iter().copied().filter(|c| amount(*c) > 0);
        let steps: Vec<_> = used.map(|cell| Step { cell, step: 0 }).collect();
        for step in steps.iter().filter(|_| weeks > 0) {
            self.window(*step, weeks, NEVER);
        }
        let of = |step: &Step| Use {
            step: *step,
            amount: amount(step.cell),
            from: -weeks,
            to: 0,
        };
        self.resource(vec![max], steps.iter().map(of).collect());
    }

    /// Precedences between cells of neighbouring places in each group; further ones follow from them, because a cell's gate
    /// never opens before its own first step.
    fn in_order<G: PartialEq>(
        &mut self,
        about: &[usize],
        gate: Gate,
        group: impl Fn(usize) -> G,
        place: impl Fn(usize) -> usize,
    ) {
        for &after in about {
            let own = || about.iter().copied().filter(|c| group(*c) == group(after));
            let before = own().map(&place).filter(|p| *p < place(after)).max();
            for cell in own().filter(|c| Some(place(*c)) == before) {
                let (before, weeks) = match gate {
                    Gate::Accepted => (self.last(cell), self.accepted[cell]),
                    Gate::Stood { step, weeks } => {
                        let step = usize::try_from(step).unwrap_or(usize::MAX);
                        let step = step.clamp(1, self.steps[cell].max(1)) - 1;
                        (Step { cell, step }, i64::from(weeks))
                    }
                };
                self.precedences.push(Precedence {
                    before,
                    after: Step {
                        cell: after,
                        step: 0,
                    },
                    weeks,
                });
            }
        }
    }

    /// The precedences that say the most: of several between the same two steps, the longest; sorted.
    pub(crate) fn tightest(&self) -> Vec<Precedence> {
        let mut all: Vec<_> = self.precedences.clone();
        all.sort_by_key(|p| (p.before, p.after, -p.weeks));
        let mut seen = BTreeSet::new();
        all.retain(|p| seen.insert((p.before, p.after)));
        all
    }

    /// The weeks in which each step can be at all, by windows, blackouts and precedences: `None` where that is never.
    pub(crate) fn spans(&self) -> Option<Vec<Vec<(i64, i64)>>> {
        let mut spans: Vec<Vec<_>> = self
            .steps
            .iter()
            .map(|n| vec![(0, self.weeks - 1); *n])
            .collect();
        for w in &self.windows {
            let span = &mut spans[w.step.cell][w.step.step];
            *span = (span.0.max(w.from), span.1.min(w.to));
        }
        let precedences = self.tightest();
        loop {
            let before = spans.clone();
            for p in &precedences {
                let first = spans[p.before.cell][p.before.step].0 + p.weeks;
                let last = spans[p.after.cell][p.after.step].1 - p.weeks;
                let after = &mut spans[p.after.cell][p.after.step].0;
                *after = (*after).max(first);
                let before = &mut spans[p.before.cell][p.before.step].1;
                *before = (*before).min(last);
            }
            for b in &self.banned {
                for span in &mut spans[b.cell] {
                    if (b.first..=b.last).contains(&span.0) {
                        span.0 = b.last + 1;
                    }
                    if (b.first..=b.last).contains(&span.1) {
                        span.1 = b.first - 1;
                    }
                }
            }
            if spans.iter().flatten().any(|(from, to)| from > to) {
                return None;
            }
            if spans == before {
                return Some(spans);
            }
        }
    }
}

/// Contacts that a step moves, times 100.
fn moved(model: &Model, s: Step) -> i64 {
    let cell = &model.cells[s.cell];
    let shares = model.shares(cell);
    let before = s.step.checked_sub(1).map_or(0, |n| shares[n]);
    i64::from(shares[s.step] - before) * i64::from(cell.contacts_per_week)
}

fn rung_number(rung: Rung) -> usize {
    match rung {
        Rung::Message => 0,
        Rung::Appointment => 1,
        Rung::Consult => 2,
        Rung::Triage => 3,
    }
}
