//! A plan's dates before both parties' constraints: which one forbids a date, which one binds it, and what would move
//! without it (A5).

use super::constraints::{ConstraintDeclared, in_force};
use super::items::{Activity, PlanItem};
use super::limits::{Day, Limit};
use super::{Plan, days, today};
use crate::actor::Side;
use crate::chunks::{PlannedChunk, PlannedStep};
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// How far a date is moved to see what binds it.
const LOOK_DAYS: i64 = 92;
/// How far ahead a date is looked for that keeps every constraint.
const AHEAD_DAYS: i64 = 730;
/// Most broken constraints that a refusal lists.
const LISTED_MAX: usize = 20;

/// One date of a plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dated<'p> {
    /// What happens on it.
    pub(super) what: What<'p>,
    /// The chunk it is for.
    pub(super) chunk: Option<&'p PlannedChunk>,
    /// The date; what is overdue counts as today.
    pub(super) on: Date,
    /// Not earlier than this, whatever the constraints say: the step before it.
    pub(super) after: Option<Date>,
    today: Date,
    /// Whether it is not agreed yet: what both signed is not judged again.
    pub(super) open: bool,
}

/// What happens on a date.
#[derive(Clone, Copy, Debug)]
pub(super) enum What<'p> {
    /// A step of a chunk, counted from 1.
    Step(&'p PlannedChunk, usize),
    /// An item begins.
    Item(&'p PlanItem),
}

/// Every date of a plan, and what the limits need to know of all of them together.
#[derive(Debug, Default)]
pub(super) struct Calendar<'p> {
    pub(super) dates: Vec<Dated<'p>>,
    /// How many steps are on each date.
    steps: BTreeMap<Date, u32>,
    /// People who begin training, by date.
    training: BTreeMap<Date, u32>,
    /// How many cohorts begin, by date.
    cohorts: BTreeMap<Date, u32>,
}

impl Dated<'_> {
    /// The date's name: `RVS-Main/MSG step 1`.
    pub(super) fn name(&self) -> String {
        match self.what {
            What::Step(chunk, n) => format!("{} step {n}", chunk.id),
            What::Item(item) => item.id.to_string(),
        }
    }

    fn trainees(&self) -> Option<u32> {
        match self.what {
            What::Item(item) if item.activity == Activity::Training => Some(item.people),
            _ => None,
        }
    }

    pub(super) fn is_step(&self) -> bool {
        matches!(self.what, What::Step(..))
    }
}

impl<'p> Calendar<'p> {
    /// The dates of a plan.
    pub(super) fn of(t: &Transition, plan: &'p Plan, now: Timestamp) -> Self {
        let mut calendar = Self::default();
        let agreed = t.schedule.agreed().map(|v| &v.proposed.plan);
        for chunk in &plan.chunks {
            let today = today(t, Some(chunk), now);
            let same = agreed.and_then(|plan| plan.chunk(&chunk.id));
            let mut before = None;
            for (n, step) in chunk.steps.iter().enumerate() {
                let same = same.is_some_and(|c| c.steps.contains(step));
                let open = !same && !is_taken(t, chunk, step);
                let on = if open {
                    step.from.max(today)
                } else {
                    step.from
                };
                calendar.add(Dated {
                    what: What::Step(chunk, n + 1),
                    chunk: Some(chunk),
                    on,
                    after: before,
                    today,
                    open,
                });
                before = Some(on);
            }
        }
        for item in &plan.items {
            let chunk = item.chunk.as_ref().and_then(|id| plan.chunk(id));
            let done = t.schedule.done.contains_key(&item.id);
            let open = !done && !agreed.is_some_and(|plan| plan.items.contains(item));
            calendar.add(Dated {
                what: What::Item(item),
                chunk,
                on: item.from,
                after: None,
                today: today(t, chunk, now),
                open,
            });
        }
        calendar
    }

    fn add(&mut self, dated: Dated<'p>) {
        if dated.is_step() {
            *self.steps.entry(dated.on).or_default() += 1;
        }
        if let Some(people) = dated.trainees() {
            let that_day = self.training.entry(dated.on).or_default();
            *that_day = that_day.saturating_add(people);
            *self.cohorts.entry(dated.on).or_default() += 1;
        }
        self.dates.push(dated);
    }

    /// Whether a constraint forbids what is dated to be on another date.
    pub(super) fn forbids(&self, c: &ConstraintDeclared, dated: &Dated<'_>, on: Date) -> bool {
        if !c.concerns(dated.chunk) {
            return false;
        }
        let step = dated.is_step();
        match &c.declared.limit {
            Limit::Blackout { first, last } => (*first..=*last).contains(&on),
            Limit::ChangeFreeze { first, last } => step && (*first..=*last).contains(&on),
            Limit::NotBefore { date } => on < *date,
            Limit::NotAfter { date } => on > *date,
            Limit::StepDays { days } => step && !days.contains(&Day::of(on)),
            Limit::VolumeNotice { days } => step && on < days::after(dated.today, i64::from(*days)),
            Limit::StepInterval { days } => {
                step && Self::others_within(&self.steps, dated, on, *days)
            }
            Limit::TrainingPerWeek { people } => dated.trainees().is_some_and(|own| {
                let monday = days::monday_of(on);
                let week = monday..days::after(monday, 7);
                let all = self.training.range(week.clone());
                let all = all.fold(0_u32, |sum, (_, n)| sum.saturating_add(*n));
                let moved = if week.contains(&dated.on) { 0 } else { own };
                all.saturating_add(moved) > *people
            }),
            Limit::Cohort { people, every_days } => dated.trainees().is_some_and(|own| {
                own > *people || Self::others_within(&self.cohorts, dated, on, *every_days)
            }),
            Limit::TrainWithin { days, .. } => self.ends_after(dated, on, *days),
            Limit::TrainingDays { .. } | Limit::SoakDays { .. } => false,
        }
    }

    /// Whether anything of the kind but this one is less than so many days away.
    fn others_within(
        kind: &BTreeMap<Date, u32>,
        dated: &Dated<'_>,
        on: Date,
        every_days: u32,
    ) -> bool {
        let reach = i64::from(every_days) - 1;
        let near = kind.range(days::after(on, -reach)..=days::after(on, reach));
        let own = |date: &Date| u32::from(*date == dated.on);
        near.into_iter().any(|(date, n)| *n > own(date))
    }

    /// Whether a training would end too late after the first one began.
    fn ends_after(&self, dated: &Dated<'_>, on: Date, within_days: u32) -> bool {
        let What::Item(item) = dated.what else {
            return false;
        };
        let Some((first, _)) = self.training.first_key_value() else {
            return false;
        };
        let length = days::number(item.due) - days::number(item.from) + 1;
        let ends = days::number(on) + length - days::number(*first);
        dated.trainees().is_some() && ends > i64::from(within_days)
    }

    /// The first date from one to another that is wanted and that no constraint forbids.
    pub(super) fn first_allowed(
        &self,
        constraints: &[&ConstraintDeclared],
        dated: &Dated<'_>,
        from: Date,
        to: Date,
        wanted: impl Fn(Date) -> bool,
    ) -> Option<Date> {
        (0..=days::number(to) - days::number(from))
            .map(|n| days::after(from, n))
            .filter(|on| wanted(*on))
            .find(|on| !constraints.iter().any(|c| self.forbids(c, dated, *on)))
    }

    /// The step or item that was added to a plan last: of a plan that is being drafted.
    pub(super) fn newest(&self, plan: &Plan) -> Option<&Dated<'p>> {
        let chunk = plan.chunks.last().filter(|c| !c.steps.is_empty());
        match (chunk, plan.items.last()) {
            (Some(chunk), _) => self
                .dates
                .iter()
                .rev()
                .find(|d| d.is_step() && d.chunk.is_some_and(|c| c.id == chunk.id)),
            (None, Some(_)) => self.dates.last(),
            (None, None) => None,
        }
    }
}

/// Whether a step was taken: its share is out.
fn is_taken(t: &Transition, chunk: &PlannedChunk, step: &PlannedStep) -> bool {
    let share = step.share_percent.parse().unwrap_or_default();
    t.chunk(&chunk.id)
        .is_some_and(|c| c.is_out() && c.share >= share)
}

/// A constraint that a date of a plan breaks.
pub(super) struct Broken<'a> {
    pub(super) constraint: &'a ConstraintDeclared,
    pub(super) name: String,
    pub(super) on: Date,
    /// The next date that keeps every hard constraint.
    pub(super) next: Option<Date>,
}

/// Every constraint that an open date of the plan breaks.
pub(super) fn broken<'a>(t: &'a Transition, plan: &Plan, now: Timestamp) -> Vec<Broken<'a>> {
    let calendar = Calendar::of(t, plan, now);
    let hard: Vec<_> = in_force(t).filter(|c| c.is_hard()).collect();
    let mut found = Vec::new();
    for dated in calendar.dates.iter().filter(|d| d.open) {
        for constraint in in_force(t).filter(|c| calendar.forbids(c, dated, dated.on)) {
            let to = days::after(dated.on, AHEAD_DAYS);
            found.push(Broken {
                constraint,
                name: dated.name(),
                on: dated.on,
                next: calendar.first_allowed(&hard, dated, dated.on, to, |_| true),
            });
        }
    }
    found
}

/// Refuses a plan that breaks a hard constraint of either party.
pub(super) fn check(t: &Transition, plan: &Plan, now: Timestamp) -> Result<(), Refusal> {
    let mut broken = broken(t, plan, now);
    broken.retain(|b| b.constraint.is_hard());
    if broken.is_empty() {
        return Ok(());
    }
    let owner = |b: &Broken<'_>| t.parties.name(b.constraint.by);
    let owners: BTreeSet<_> = broken.iter().map(owner).collect();
    let owners = owners.into_iter().collect::<Vec<_>>().join(" and ");
    let missing = broken.iter().take(LISTED_MAX).map(|b| {
        let next = b
            .next
            .map(|next| format!("; the next date that keeps all is {next}"));
        format!(
            "{} on another date than {}, or without {} of {} ({}: {}){}",
            b.name,
            b.on,
            b.constraint.constraint,
            owner(b),
            b.constraint.words(),
            b.constraint.declared.reason,
            next.unwrap_or_default()
        )
    });
    Err(Refusal::new(Code::ConstraintViolated)
        .missing_all(missing.collect())
        .who(format!("the person who drafted the plan, or {owners}"))
        .how(format!(
            "move the dates named, or ask {owners} whether the constraint still holds (`segue do withdraw-constraint`); `segue show constraints` lists computed compromises"
        )))
}

/// Whose hard constraints stand right before a date: a day or a week earlier they forbid it.
pub(super) fn binding<'a>(
    t: &'a Transition,
    calendar: &Calendar<'_>,
    dated: &Dated<'_>,
) -> Vec<&'a ConstraintDeclared> {
    let earlier = [days::after(dated.on, -1), days::after(dated.on, -7)];
    let hard = in_force(t).filter(|c| c.is_hard());
    hard.filter(|c| earlier.iter().any(|on| calendar.forbids(c, dated, *on)))
        .collect()
}

/// A date that could be earlier if one party's constraints fell away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movable {
    /// The date's name: `RVS-Main/MSG step 1`.
    pub name: String,
    /// As planned.
    pub on: Date,
    /// With every constraint but that party's, the other dates as they are.
    pub could_be: Date,
}

/// Which open dates of a plan this party's hard constraints alone keep from being earlier (A5).
pub fn movable_without(t: &Transition, plan: &Plan, side: Side, now: Timestamp) -> Vec<Movable> {
    let calendar = Calendar::of(t, plan, now);
    let hard: Vec<_> = in_force(t).filter(|c| c.is_hard()).collect();
    let movable = |dated: &Dated<'_>| {
        let forbidden = |on: Date, of: &dyn Fn(Side) -> bool| {
            hard.iter()
                .any(|c| of(c.by) && calendar.forbids(c, dated, on))
        };
        // The days right before the date that are forbidden; among them, the first that only this party forbids.
        let before = (1..LOOK_DAYS).map(|n| days::after(dated.on, -n));
        let could_be = before
            .take_while(|on| *on >= dated.today && dated.after.is_none_or(|after| *on > after))
            .take_while(|on| forbidden(*on, &|_| true))
            .filter(|on| !forbidden(*on, &|by| by != side))
            .last()?;
        Some(Movable {
            name: dated.name(),
            on: dated.on,
            could_be,
        })
    };
    let open = calendar.dates.iter().filter(|d| d.open);
    open.filter_map(movable).collect()
}
