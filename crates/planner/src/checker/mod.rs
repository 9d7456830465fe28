//! The independent checker: walks a plan week by week and names every rule it breaks. No plan is shown that it does not
//! pass. It shares no code with what makes plans (`compile`, `greedy`, `milp`): a mistake there must not be repeated here.

mod amounts;
mod dates;

use crate::model::{Cell, Limit, Model, Owner, Rule};
use crate::plan::WavePlan;
use segue_domain::ladder::Rung;
use serde::Serialize;

/// Most violations listed for one rule.
const LISTED_MAX: usize = 5;
/// So many weeks from the last step to the close are told as never.
const OPEN_WEEKS_MAX: i64 = 1_000;

/// A rule that a plan breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The rule's name.
    pub rule: String,
    /// Whose it is.
    pub owner: Owner,
    /// What is wrong, with the numbers.
    pub text: String,
}

/// Every rule that a plan breaks, in the order of the model; at most five sentences of each.
pub fn violations(model: &Model, plan: &WavePlan) -> Vec<Violation> {
    let broken = shape(model, plan);
    if !broken.is_empty() {
        return broken;
    }
    let walk = Walk::of(model, plan);
    let mut found = horizon(model, plan);
    for rule in &model.rules {
        let texts = walk.judge(rule);
        found.extend(texts.into_iter().take(LISTED_MAX).map(|text| Violation {
            rule: rule.id.clone(),
            owner: rule.owner,
            text,
        }));
    }
    found
}

/// Every cell has every step, each in a later week than the one before. Without that, no other question makes sense.
pub(crate) fn shape(model: &Model, plan: &WavePlan) -> Vec<Violation> {
    let wrong = |rule: &str, text| Violation {
        rule: rule.into(),
        owner: Owner::Safety,
        text,
    };
    if plan.weeks.len() != model.cells.len() {
        let (has, wants) = (plan.weeks.len(), model.cells.len());
        return vec![wrong(
            "COMPLETE",
            format!("the plan has {has} cells, the model {wants}"),
        )];
    }
    let mut found = Vec::new();
    for (cell, weeks) in model.cells.iter().zip(&plan.weeks) {
        let (name, wants) = (cell.name(), model.shares(cell).len());
        if weeks.len() != wants {
            let text = format!("{name} has {} of its {wants} steps", weeks.len());
            found.push(wrong("COMPLETE", text));
        }
        if let Some(n) = weeks.windows(2).position(|p| p[0] >= p[1]) {
            let text = format!("{name}: step {} is not after step {}", n + 2, n + 1);
            found.push(wrong("STEP_ORDER", text));
        }
    }
    found
}

pub(crate) fn horizon(model: &Model, plan: &WavePlan) -> Vec<Violation> {
    let late = model.cells.iter().zip(&plan.weeks);
    let late = late.filter(|(_, weeks)| weeks.iter().any(|w| *w >= model.weeks));
    let text = |cell: &Cell| {
        format!(
            "{} has a step after the {} weeks planned",
            cell.name(),
            model.weeks
        )
    };
    late.take(LISTED_MAX)
        .map(|(cell, _)| Violation {
            rule: "HORIZON".into(),
            owner: Owner::Both,
            text: text(cell),
        })
        .collect()
}

/// A cell on its way.
struct Way<'a> {
    cell: &'a Cell,
    name: String,
    rung: Rung,
    /// (week, share after it).
    steps: Vec<(i64, u32)>,
    first: i64,
    last: i64,
    accepted: i64,
    closed: i64,
}

impl Way<'_> {
    /// The share in force in a week.
    fn share(&self, week: i64) -> u32 {
        let taken = self.steps.iter().rev().find(|(w, _)| *w <= week);
        taken.map_or(0, |(_, share)| *share)
    }

    /// Percentage points that the week adds.
    fn rise(&self, week: i64) -> u64 {
        u64::from(self.share(week) - self.share(week - 1))
    }

    /// Contacts that the week adds, times 100.
    fn moved(&self, week: i64) -> u64 {
        u64::from(self.cell.contacts_per_week) * self.rise(week)
    }
}

struct Walk<'a> {
    model: &'a Model,
    ways: Vec<Way<'a>>,
    /// One week after everything is closed, however late the last step comes: what a rule asks of a week does not depend on
    /// the plan.
    end: i64,
}

impl<'a> Walk<'a> {
    fn of(model: &'a Model, plan: &WavePlan) -> Self {
        let mut ways = Vec::new();
        for (cell, weeks) in model.cells.iter().zip(&plan.weeks) {
            let shares = model.shares(cell);
            let steps: Vec<_> = weeks
                .iter()
                .map(|w| i64::from(*w))
                .zip(shares.iter().copied())
                .collect();
            let (Some(&(first, _)), Some(&(last, share))) = (steps.first(), steps.last()) else {
                continue;
            };
            let rules = || model.rules.iter().filter(|r| r.scope.has(cell));
            let soak = rules().filter_map(|r| match r.limit {
                Limit::Soak { weeks } => Some(i64::from(weeks)),
                Limit::Evidence { contacts } => Some(weeks_until(cell, share, contacts)),
                _ => None,
            });
            let hold = rules().filter_map(|r| match r.limit {
                Limit::Hold { weeks } => Some(i64::from(weeks)),
                _ => None,
            });
            let accepted = last + soak.max().unwrap_or(0);
            ways.push(Way {
                cell,
                name: cell.name(),
                rung: model
                    .types
                    .iter()
                    .find(|k| k.id == cell.kind)
                    .map_or(Rung::Triage, |k| k.rung),
                steps,
                first,
                last,
                accepted,
                closed: accepted + hold.max().unwrap_or(0),
            });
        }
        let open = ways.iter().map(|w| w.closed - w.last);
        let open = open.filter(|weeks| *weeks < OPEN_WEEKS_MAX).max();
        let end = i64::from(model.weeks) + open.unwrap_or(0);
        Self { model, ways, end }
    }

    fn scoped(&self, rule: &'a Rule) -> impl Iterator<Item = &Way<'a>> {
        self.ways.iter().filter(|w| rule.scope.has(w.cell))
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind of limit")]
    fn judge(&self, rule: &'a Rule) -> Vec<String> {
        match &rule.limit {
            Limit::Soak { .. } | Limit::Hold { .. } => Vec::new(),
            Limit::StepGap { weeks } => self.gaps(rule, |_, _| i64::from(*weeks)),
            Limit::Evidence { contacts } => {
                self.gaps(rule, |cell, share| weeks_until(cell, share, *contacts))
            }
            Limit::Blackout { first, last } => {
                let inside = |w: &i64| (i64::from(*first)..=i64::from(*last)).contains(w);
                let hit = |way: &Way<'_>| {
                    let week = way.steps.iter().map(|(w, _)| *w).find(inside)?;
                    Some(format!(
                        "{} has a step in week {week}, within {first} to {last}",
                        way.name
                    ))
                };
                self.scoped(rule).filter_map(hit).collect()
            }
            Limit::NotBefore { week } => self.dated(
                rule,
                |w| w.first,
                "begins",
                |at| at >= i64::from(*week),
                *week,
            ),
            Limit::NotAfter { week } => self.dated(
                rule,
                |w| w.last,
                "has its last step",
                |at| at <= i64::from(*week),
                *week,
            ),
            Limit::ClosedBy { week } => self.dated(
                rule,
                |w| w.closed,
                "closes",
                |at| at <= i64::from(*week),
                *week,
            ),
            Limit::EasyFirst(gate) => self.easy_first(rule, *gate),
            Limit::ShiftOrder(gate) => self.shift_order(rule, *gate),
            Limit::SitesInMotion { max } => self.motion(rule, *max),
            Limit::Classes {
                trainers,
                seats,
                weeks,
            } => {
                let seats = u64::from(*trainers) * u64::from(*seats);
                self.before_first(
                    rule,
                    i64::from(*weeks),
                    seats,
                    |c| u64::from(c.trainees),
                    "people in class",
                )
            }
            Limit::TestTeam { cells, weeks } => self.before_first(
                rule,
                i64::from(*weeks),
                u64::from(*cells),
                |_| 1,
                "cells in test",
            ),
            Limit::Headcount { people } => self.headcount(rule, people),
            Limit::StepContacts { percent_max } => {
                let all: u64 = self
                    .model
                    .cells
                    .iter()
                    .map(|c| u64::from(c.contacts_per_week))
                    .sum();
                self.moved(
                    rule,
                    u64::from(*percent_max) * all,
                    &format!("{percent_max} % of all contacts"),
                )
            }
            Limit::TriagePoints { points_max } => self.triage(rule, u64::from(*points_max)),
            Limit::VolumePerWeek { contacts } => self.moved(
                rule,
                u64::from(*contacts) * 100,
                &format!("{contacts} contacts"),
            ),
            Limit::StepsPerWeeks { steps, weeks } => {
                self.frequency(rule, u64::from(*steps), i64::from(*weeks))
            }
            Limit::Readiness { kept } => self.readiness(rule, kept),
            Limit::Settled { weeks, from } => self.settled(rule, weeks, *from),
        }
    }
}

/// Weeks until so many contacts went out at a share; a share that moves nothing proves nothing in the longest plan.
fn weeks_until(cell: &Cell, share_percent: u32, contacts: u32) -> i64 {
    let hundredths = u64::from(cell.contacts_per_week) * u64::from(share_percent);
    let wanted = u64::from(contacts) * 100;
    match wanted {
        0 => 0,
        _ if hundredths == 0 => OPEN_WEEKS_MAX,
        _ => i64::try_from(wanted.div_ceil(hundredths))
            .unwrap_or(OPEN_WEEKS_MAX)
            .min(OPEN_WEEKS_MAX),
    }
}
