//! The plan as people look at it: who moves when, whose rule keeps it from being earlier, what both parties get of their
//! wishes. The page, the calendar feed and `segue plan calendar` all show this.

use super::{in_weeks, model, not_weighed};
use crate::answer::{Satisfied, binding};
use crate::calendar::Entry;
use crate::checker::Violation;
use crate::goal::Satisfaction;
use crate::model::{Cell, Limit, Model, Owner, Rule};
use crate::plan::WavePlan;
use jiff::Timestamp;
use jiff::civil::Date;
use segue_domain::chunks::{PlannedChunk, PlannedStep};
use segue_domain::ladder::Rung;
use segue_domain::schedule::constraints::in_force;
use segue_domain::schedule::{self, Plan, PlanVersion, days, limits};
use segue_domain::{Side, Transition};
use serde::Serialize;
use std::fmt::Write as _;

/// A version of the plan, dated.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Agenda {
    /// Which version is shown: the newest that is talked about, else the one in force.
    pub version: u32,
    /// What both sign.
    pub hash: String,
    /// Who proposed it.
    pub by: Side,
    /// The version that both signed and that is in force, if there is one.
    pub in_force: Option<u32>,
    /// Whose signatures it has.
    pub signed_by: Vec<Side>,
    /// Today at the first centre.
    pub today: Date,
    /// Every chunk, in the order of the plan.
    pub lanes: Vec<Lane>,
    /// Days on which no share changes, by either party.
    pub closed: Vec<Closed>,
    /// What both parties get of their wishes, at the grain of weeks: a wish that a week may miss counts as missed there.
    pub satisfied: Satisfied,
    /// Wishes without a week, which count in no satisfaction: name and words.
    pub not_weighed: Vec<(String, String)>,
    /// Whether each date was asked which rule binds it: not where two steps of a chunk are in one week, or chunks of one
    /// call type have other shares.
    pub bound: bool,
}

/// One chunk on its way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lane {
    /// Its name.
    pub chunk: String,
    /// Its centre.
    pub site: String,
    /// Its call type.
    pub call_type: String,
    /// Its steps.
    pub steps: Vec<Step>,
    /// The first day after its soak, if it is proved then.
    pub accepted: Option<Date>,
    /// The first day after its hold: until then every call can come home.
    pub closed: Option<Date>,
}

/// One step of a chunk.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// The share from then on.
    pub share_percent: u32,
    /// Its date.
    pub on: Date,
    /// Its date in the version in force, where that is another version and has the step.
    pub was: Option<Date>,
    /// Whether the share is out.
    pub taken: bool,
    /// The rules that a week earlier would break; none where it waits for nothing but the wishes, and for what is taken.
    pub bound: Vec<Bound>,
}

/// A rule that binds a date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bound {
    /// Its name.
    pub rule: String,
    /// Whose it is.
    pub owner: Owner,
    /// In a sentence.
    pub text: String,
}

/// Days without a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Closed {
    /// The first.
    pub first: Date,
    /// The last.
    pub last: Date,
    /// Whose constraint.
    pub by: Side,
    /// Why.
    pub reason: String,
}

/// The agenda of a transition; none while nothing is proposed.
pub fn of(t: &Transition, now: Timestamp) -> Option<Agenda> {
    let shown = t.schedule.newest()?;
    let agreed = t.schedule.agreed();
    let other = agreed.filter(|v| v.proposed.version != shown.proposed.version);
    let plan = &shown.proposed.plan;
    let model = model(t, plan, None, now);
    let weeks = in_weeks(&model, plan);
    let bound = bindings(&model, &weeks);
    let is_bound = bound.is_some();
    let bound = bound.unwrap_or_default();
    let lane = |(n, chunk): (usize, &PlannedChunk)| {
        lane(t, chunk, other, bound.get(n).map_or(&[], Vec::as_slice))
    };
    let signed = |side: &Side| shown.agreement.of(*side).is_some();
    Some(Agenda {
        version: shown.proposed.version,
        hash: shown.proposed.hash.clone(),
        by: shown.proposed.by,
        in_force: t.schedule.agreed,
        signed_by: Side::BOTH.into_iter().filter(signed).collect(),
        today: schedule::today(t, None, now),
        lanes: plan.chunks.iter().enumerate().map(lane).collect(),
        closed: closed(t),
        satisfied: satisfied(&model, plan),
        not_weighed: not_weighed(t, &model),
        bound: is_bound,
    })
}

/// By chunk and step, what a week earlier would break; none where the plan cannot be told in weeks.
fn bindings(model: &Model, weeks: &WavePlan) -> Option<Vec<Vec<Vec<Bound>>>> {
    if !crate::checker::shape(model, weeks).is_empty() {
        return None;
    }
    let mut all: Vec<Vec<Vec<Bound>>> = weeks
        .weeks
        .iter()
        .map(|steps| vec![Vec::new(); steps.len()])
        .collect();
    let names: Vec<_> = model.cells.iter().map(Cell::name).collect();
    for binding in binding(model, weeks) {
        let place = names.iter().position(|name| *name == binding.cell);
        let step = usize::try_from(binding.step).unwrap_or(1) - 1;
        let slot = place.and_then(|c| all.get_mut(c)?.get_mut(step));
        if let Some(slot) = slot {
            let cell = place.and_then(|c| model.cells.get(c));
            let broken = binding.rules.iter();
            *slot = broken.flat_map(|v| named(model, cell, v)).collect();
        }
    }
    Some(all)
}

/// A rule in its own words rather than in those of one violation. In the week of the step before, the rules that keep steps
/// apart say more than that weeks are the grain.
fn named(model: &Model, cell: Option<&Cell>, broken: &Violation) -> Vec<Bound> {
    let bound = |rule: &Rule| Bound {
        rule: rule.id.clone(),
        owner: rule.owner,
        text: rule.text.clone(),
    };
    if let Some(rule) = model.rules.iter().find(|r| r.id == broken.rule) {
        return vec![bound(rule)];
    }
    let apart = |r: &&Rule| {
        matches!(r.limit, Limit::StepGap { weeks: 1.. }) && cell.is_some_and(|c| r.scope.has(c))
    };
    let apart: Vec<_> = model.rules.iter().filter(apart).map(bound).collect();
    if !apart.is_empty() {
        return apart;
    }
    vec![Bound {
        rule: broken.rule.clone(),
        owner: broken.owner,
        text: "a step follows the one before".into(),
    }]
}

fn lane(
    t: &Transition,
    chunk: &PlannedChunk,
    other: Option<&PlanVersion>,
    bound: &[Vec<Bound>],
) -> Lane {
    let was = other.and_then(|v| v.proposed.plan.chunk(&chunk.id));
    let step = |(n, step): (usize, &PlannedStep)| {
        let share = step.share_percent.parse().unwrap_or_default();
        let state = t.chunk(&chunk.id);
        let taken = state.is_some_and(|c| c.is_out() && c.share >= share);
        let same = |s: &&PlannedStep| s.share_percent.parse().is_ok_and(|own| own == share);
        Step {
            share_percent: share.percent().into(),
            on: step.from,
            was: was.and_then(|c| c.steps.iter().find(same)).map(|s| s.from),
            taken,
            bound: match (taken, bound.get(n)) {
                (false, Some(rules)) => rules.clone(),
                _ => Vec::new(),
            },
        }
    };
    let rung = t.rung(&chunk.call_type).unwrap_or(Rung::Triage);
    let after = |from: Option<Date>, n: u32| from.map(|date| days::after(date, i64::from(n)));
    let last = chunk.steps.iter().map(|s| s.from).max();
    let accepted = after(last, t.terms.soak.days(rung));
    Lane {
        chunk: chunk.id.to_string(),
        site: chunk.site.to_string(),
        call_type: chunk.call_type.to_string(),
        steps: chunk.steps.iter().enumerate().map(step).collect(),
        closed: after(accepted, t.terms.hold_days),
        accepted,
    }
}

fn closed(t: &Transition) -> Vec<Closed> {
    let hard = in_force(t).filter(|c| c.is_hard());
    hard.filter_map(|c| match c.declared.limit {
        limits::Limit::Blackout { first, last } | limits::Limit::ChangeFreeze { first, last } => {
            Some(Closed {
                first,
                last,
                by: c.by,
                reason: c.declared.reason.clone(),
            })
        }
        _ => None,
    })
    .collect()
}

impl Agenda {
    /// Whether the version shown is the one in force.
    pub fn is_in_force(&self) -> bool {
        self.in_force == Some(self.version)
    }

    /// The steps as entries of a calendar, under names that stay when dates move: a newer version moves the entries that
    /// people have already.
    pub fn entries(&self, transition: &str) -> Vec<Entry> {
        let mut all = Vec::new();
        for lane in &self.lanes {
            for step in &lane.steps {
                let bound: Vec<_> = step
                    .bound
                    .iter()
                    .map(|b| format!("{} ({}): {}", b.rule, b.owner, b.text))
                    .collect();
                let bound = if bound.is_empty() {
                    String::new()
                } else {
                    format!("\nNot a week earlier because of {}.", bound.join("; "))
                };
                all.push(Entry {
                    uid: format!("{transition}-{}-{}", lane.chunk, step.share_percent),
                    on: step.on,
                    summary: format!("{} to {} %", lane.chunk, step.share_percent),
                    description: format!(
                        "Version {}, {}. Hash {}.{bound}",
                        self.version,
                        if self.is_in_force() {
                            "agreed by both"
                        } else {
                            "proposed and not agreed"
                        },
                        self.hash
                    ),
                    tentative: !self.is_in_force(),
                    sequence: self.version,
                });
            }
        }
        all
    }

    /// For people: each date in its order, and what binds it.
    pub fn text(&self) -> String {
        let standing = if self.is_in_force() {
            "agreed by both".to_owned()
        } else {
            format!("proposed by the {} and not agreed", self.by)
        };
        let mut text = format!("Version {}, {standing}. Hash {}\n", self.version, self.hash);
        let mut dates: Vec<_> = self
            .lanes
            .iter()
            .flat_map(|lane| lane.steps.iter().map(move |step| (lane, step)))
            .collect();
        dates.sort_by_key(|(_, step)| step.on);
        for (lane, step) in dates {
            let bound: Vec<_> = step
                .bound
                .iter()
                .map(|b| format!("{} ({})", b.rule, b.owner))
                .collect();
            let bound = match (step.taken, bound.is_empty()) {
                (true, _) => "taken".to_owned(),
                (false, true) => String::new(),
                (false, false) => bound.join(", "),
            };
            let (on, share) = (step.on, step.share_percent);
            let _ = writeln!(text, "  {on}  {:<24} {share:>3} %  {bound}", lane.chunk);
        }
        let _ = writeln!(text, "Wishes met: {}", self.satisfied.words());
        for (name, words) in &self.not_weighed {
            let _ = writeln!(
                text,
                "Not weighed, because it has no week: {name} ({words})"
            );
        }
        text
    }
}

/// Both parties' satisfaction with a dated plan, by the wishes of a model of its chunks.
pub fn satisfied(model: &Model, plan: &Plan) -> Satisfied {
    let weeks = in_weeks(model, plan);
    let of = |side| Satisfaction::of(model, side, &weeks);
    Satisfied::of(of(Side::Client), of(Side::Outsourcer))
}
