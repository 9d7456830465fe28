//! Each kind of rule as windows, bans, precedences, resources or motions.

use super::{Banned, Compiled, Motion, NEVER, Precedence, Resource, Step, Use, Window, evidence};
use crate::model::{Gate, Limit, Model, Rule, people_in};
use segue_domain::ladder::Rung;

impl Compiled {
    pub(super) fn rule(&mut self, model: &Model, rule: &Rule) {
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
                let place = |cell: usize| model.rung(&model.cells[cell]);
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
            Limit::Settled { weeks, from } => {
                for cell in about {
                    self.settled(cell, weeks, i64::from(*from));
                }
            }
            _ => self.amounts(model, rule, &about),
        }
    }

    /// Steps that stay where they are, and the others not before a week. A cell with fewer steps has no plan.
    fn settled(&mut self, cell: usize, weeks: &[u32], from: i64) {
        if weeks.len() > self.steps[cell] {
            self.window(self.last(cell), NEVER, 0);
        }
        for step in 0..self.steps[cell] {
            let stays = weeks.get(step).map(|week| i64::from(*week));
            let (first, last) = stays.map_or((from, NEVER), |week| (week, week));
            self.window(Step { cell, step }, first, last);
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

    /// Week by week, until everything is closed, however late the last step comes.
    fn by_week(&self, of: impl Fn(i64) -> i64) -> Vec<i64> {
        let closed = self.closed.iter().copied().filter(|c| *c < NEVER).max();
        (0..self.weeks + closed.unwrap_or(0)).map(of).collect()
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
    fn in_order<G: PartialEq, P: Ord>(
        &mut self,
        about: &[usize],
        gate: Gate,
        group: impl Fn(usize) -> G,
        place: impl Fn(usize) -> P,
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
}

/// Contacts that a step moves, times 100.
fn moved(model: &Model, s: Step) -> i64 {
    let cell = &model.cells[s.cell];
    let shares = model.shares(cell);
    let before = s.step.checked_sub(1).map_or(0, |n| shares[n]);
    i64::from(shares[s.step] - before) * i64::from(cell.contacts_per_week)
}
