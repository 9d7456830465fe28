//! The rush meter: a plan's durations against the floors of the signed terms and the parties' own minimums (A8, §4.4).
//!
//! Nothing good happens in a rush. Below a floor only a waiver of both parties and the clinical lead goes on.

use super::constraints::in_force;
use super::items::{Activity, PlanItem};
use super::limits::Limit;
use super::{Plan, days, today};
use crate::chunks::{Chunk, ChunkState, PlannedChunk};
use crate::ladder::Rung;
use crate::refusal::{Code, Refusal};
use crate::signature::Signed;
use crate::transition::Transition;
use crate::waivers::{Waivable, is_waived};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The shortest durations of one rung; working days are Mondays to Fridays.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(default)]
pub struct Floor {
    /// Working days of training before the first call.
    pub training_days: u32,
    /// Working days of tests after the training, before the first call.
    pub test_days: u32,
    /// Working days between two steps.
    pub step_days: u32,
}

/// The floors of all rungs: a practitioner's defaults, until the signed terms say otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Floors {
    /// Messages.
    pub message: Floor,
    /// Appointments.
    pub appointment: Floor,
    /// Consults.
    pub consult: Floor,
    /// Triage.
    pub triage: Floor,
    /// Working days that moving a number to another carrier takes.
    pub porting_days: u32,
}

impl Default for Floors {
    fn default() -> Self {
        let rung = |training_days, step_days| Floor {
            training_days,
            test_days: 5,
            step_days,
        };
        Self {
            message: rung(10, 3),
            appointment: rung(15, 5),
            consult: rung(15, 5),
            triage: rung(20, 5),
            porting_days: 10,
        }
    }
}

impl Floors {
    /// No floor at all.
    pub fn none() -> Self {
        let none = Floor::default();
        Self {
            message: none,
            appointment: none,
            consult: none,
            triage: none,
            porting_days: 0,
        }
    }

    /// The floor of a rung.
    pub fn of(&self, rung: Rung) -> Floor {
        match rung {
            Rung::Message => self.message,
            Rung::Appointment => self.appointment,
            Rung::Consult => self.consult,
            Rung::Triage => self.triage,
        }
    }
}

/// What a chunk needs at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Needed {
    pub(super) floor: Floor,
    soak_days: u32,
    soak_weekends: u32,
    soak_mondays: u32,
}

impl Needed {
    /// By the terms, raised by what either party declared as its minimum.
    pub(super) fn of(t: &Transition, chunk: &PlannedChunk) -> Self {
        let rung = t.rung(&chunk.call_type).unwrap_or(Rung::Triage);
        let (soak, triage) = (&t.terms.soak, rung == Rung::Triage);
        let mut needed = Self {
            floor: t.terms.floors.of(rung),
            soak_days: soak.days(rung),
            soak_weekends: if triage { soak.triage_weekends } else { 0 },
            soak_mondays: if triage { soak.triage_mondays } else { 0 },
        };
        for c in in_force(t).filter(|c| c.is_hard() && c.concerns(Some(chunk))) {
            match c.declared.limit {
                Limit::TrainingDays { working_days } => {
                    let training = &mut needed.floor.training_days;
                    *training = (*training).max(working_days);
                }
                Limit::SoakDays { days } => needed.soak_days = needed.soak_days.max(days),
                _ => {}
            }
        }
        needed
    }

    /// What a soak from one date to another lacks.
    fn soak_missing(&self, from: Date, to: Date) -> Compressed {
        let days = u32::try_from(days::number(to) - days::number(from)).unwrap_or(0);
        Compressed {
            soak: self.soak_days.saturating_sub(days),
            soak_weekends: self.soak_weekends.saturating_sub(days::weekends(from, to)),
            soak_mondays: self.soak_mondays.saturating_sub(days::mondays(from, to)),
            ..Compressed::default()
        }
    }

    /// The first date by which a soak from this date lacks nothing.
    pub(super) fn soaked(&self, from: Date) -> Date {
        let mut date = days::after(from, i64::from(self.soak_days));
        // Weekends and Mondays come every week: a week more than there are holds them all.
        let weeks = self.soak_weekends.max(self.soak_mondays).saturating_add(1);
        for _ in 0..weeks.min(100) * 7 {
            if self.soak_missing(from, date).is_none() {
                break;
            }
            date = days::after(date, 1);
        }
        date
    }
}

/// By how many days each duration of a chunk is below its floor; working days but for the soak, which never rests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compressed {
    /// Training.
    pub training: u32,
    /// Tests.
    pub tests: u32,
    /// Between steps, in sum.
    pub steps: u32,
    /// Soak.
    pub soak: u32,
    /// Moving a number.
    pub porting: u32,
    /// Whole weekends that the soak lacks.
    pub soak_weekends: u32,
    /// Mondays that the soak lacks.
    pub soak_mondays: u32,
}

impl Compressed {
    /// Days in sum.
    pub fn days(&self) -> u32 {
        let parts = [
            self.training,
            self.tests,
            self.steps,
            self.soak,
            self.porting,
        ];
        parts.into_iter().fold(0, u32::saturating_add)
    }

    /// Whether nothing is below its floor.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Compressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("training", self.training),
            ("tests", self.tests),
            ("between steps", self.steps),
            ("porting", self.porting),
            ("soak", self.soak),
            ("weekends of soak", self.soak_weekends),
            ("Mondays of soak", self.soak_mondays),
        ];
        let parts = parts.iter().filter(|(_, n)| *n > 0);
        let parts: Vec<_> = parts.map(|(what, n)| format!("{what} {n}")).collect();
        let (days, parts) = (self.days(), parts.join(", "));
        write!(f, "compressed {days} days below floor: {parts}")
    }
}

/// How far a planned chunk is below its floors.
pub fn compressed(t: &Transition, plan: &Plan, chunk: &PlannedChunk, now: Timestamp) -> Compressed {
    let needed = Needed::of(t, chunk);
    let floor = needed.floor;
    let mut found = Compressed::default();
    prepare(t, plan, chunk, floor, now, &mut found);
    let accepted = t.chunk(&chunk.id).is_some_and(Chunk::is_accepted);
    if !accepted {
        for pair in chunk.steps.windows(2) {
            if let [before, after] = pair {
                let gap = days::working(before.from, after.from);
                found.steps += floor.step_days.saturating_sub(gap);
            }
        }
        if let (Some(last), Some(next)) = (last_step(chunk), built_on(t, plan, chunk)) {
            let short = needed.soak_missing(last, next);
            found.soak = short.soak;
            found.soak_weekends = short.soak_weekends;
            found.soak_mondays = short.soak_mondays;
        }
    }
    let ports = plan
        .items
        .iter()
        .filter(|i| i.activity == Activity::Porting && i.chunk.as_ref() == Some(&chunk.id));
    found.porting = ports
        .map(|item| t.terms.floors.porting_days.saturating_sub(length(item)))
        .max()
        .unwrap_or(0);
    found
}

/// From which date the next step of a chunk may follow one that took effect on `since`: the floor's working days later,
/// or the planned ones where both agreed fewer by a waiver.
pub(crate) fn next_step_from(
    t: &Transition,
    chunk: &PlannedChunk,
    (last, next): (Date, Date),
    since: Date,
) -> Date {
    let floor = Needed::of(t, chunk).floor.step_days;
    days::after_working(since, floor.min(days::working(last, next)))
}

fn length(item: &PlanItem) -> u32 {
    days::working(item.from, days::after(item.due, 1))
}

fn last_step(chunk: &PlannedChunk) -> Option<Date> {
    chunk.steps.iter().map(|step| step.from).max()
}

/// Training and tests before the first step: as planned in items, else the time there is.
fn prepare(
    t: &Transition,
    plan: &Plan,
    chunk: &PlannedChunk,
    floor: Floor,
    now: Timestamp,
    found: &mut Compressed,
) {
    let state = t.chunk(&chunk.id);
    let (Some(first), false) = (chunk.starts_on(), state.is_some_and(was_out)) else {
        return;
    };
    let items = |activity| {
        let of_chunk = move |i: &&PlanItem| {
            i.activity == activity && i.chunk.as_ref().is_none_or(|id| *id == chunk.id)
        };
        plan.items.iter().filter(of_chunk)
    };
    let since = prepared_since(t, chunk, now);
    let trainings = || items(Activity::Training);
    let Some(trained) = trainings().map(|i| i.due).max() else {
        let there = days::working(since, first);
        let trained = there.saturating_sub(floor.test_days);
        found.training = floor.training_days.saturating_sub(trained);
        found.tests = floor.test_days.saturating_sub(there);
        return;
    };
    // Every cohort learns for the whole time; the last one still needs its tests.
    let shortest = trainings().map(length).min().unwrap_or(0);
    found.training = floor.training_days.saturating_sub(shortest);
    let tests_from = items(Activity::Testing).map(|i| i.from).max();
    let tests_from = tests_from.unwrap_or_else(|| days::after(trained, 1));
    found.tests = floor
        .test_days
        .saturating_sub(days::working(tests_from.max(since), first));
}

fn was_out(chunk: &Chunk) -> bool {
    !matches!(chunk.state, ChunkState::Agreed | ChunkState::Ready)
}

/// Since when a chunk can have been prepared: since a plan with it was first signed by everybody, else from now.
fn prepared_since(t: &Transition, chunk: &PlannedChunk, now: Timestamp) -> Date {
    let agreed = t.schedule.versions.iter().find_map(|v| {
        let plan = &v.proposed.plan;
        let signed = [
            &v.agreement.client,
            &v.agreement.outsourcer,
            &v.agreement.clinical,
        ];
        let binds = v.agreement.binds(t.needs_of_plan(plan)) && plan.chunk(&chunk.id).is_some();
        let last = signed.into_iter().flatten().map(|s: &Signed| s.at).max();
        last.filter(|_| binds)
    });
    today(t, Some(chunk), agreed.unwrap_or(now))
}

/// The first step that builds on a chunk: of a harder rung of its site, or of another centre that opens after it. What
/// moves with it by a waiver, out of order or in one mass, does not build on it.
fn built_on(t: &Transition, plan: &Plan, chunk: &PlannedChunk) -> Option<Date> {
    let (rung, first) = (t.rung(&chunk.call_type), chunk.starts_on()?);
    let in_one_mass = |other: &PlannedChunk| {
        let waived = |id| is_waived(t, Waivable::MassCutover, id);
        other.starts_on() <= last_step(chunk) && waived(&chunk.id) && waived(&other.id)
    };
    let builds = |other: &&PlannedChunk| {
        if other.site == chunk.site {
            t.rung(&other.call_type) > rung && !is_waived(t, Waivable::LadderInversion, &other.id)
        } else {
            other.starts_on() >= Some(first)
        }
    };
    let next = plan.chunks.iter().filter(builds);
    let next = next.filter(|other| other.id != chunk.id && !in_one_mass(other));
    next.filter_map(PlannedChunk::starts_on).min()
}

/// Refuses a plan with a chunk below its floor, unless a waiver binds.
pub(super) fn check(t: &Transition, plan: &Plan, now: Timestamp) -> Result<(), Refusal> {
    let mut missing = Vec::new();
    for chunk in &plan.chunks {
        let found = compressed(t, plan, chunk, now);
        if !found.is_none() && !is_waived(t, Waivable::Rush, &chunk.id) {
            missing.push(format!("{} {found}", chunk.id));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Refusal::new(Code::BelowFloor)
        .missing_all(missing)
        .who("both parties, in a new version of the plan")
        .how("give each chunk the days it lacks; the only exception is a waiver of `rush` for the chunk, with a reason of each party and the clinical lead (`segue do propose-waiver`)"))
}
