//! From a transition to a model and back: chunks become cells, the signed terms and both parties' constraints become rules,
//! wishes become preferences; a wave plan gives the outline's steps their dates, and the schedule's own rules have the last
//! word.

pub mod agenda;
pub mod risks;
mod rules;
mod weeks;
mod wishes;

use crate::model::{Cell, Kind, Limit, Model, Owner, Rule, Scope, Site, WEEKS_MAX};
use crate::plan::WavePlan;
use jiff::Timestamp;
use jiff::civil::Date;
use segue_domain::Transition;
use segue_domain::chunks::PlannedChunk;
use segue_domain::ladder::Rung;
use segue_domain::refusal::Refusal;
use segue_domain::schedule::constraints::{ConstraintDeclared, in_force};
use segue_domain::schedule::{self, Plan, days};
use weeks::Weeks;

/// Steps are taken from Monday to so many days later: Thursday (domain handbook 4.4: nothing changes into a weekend).
const STEP_DAYS: i64 = 3;
/// The one shift of a chunk that is alone in its centre with its call type; its windows say when it is open. Where several
/// share a call type, each is a shift by its own name.
const ALL_HOURS: &str = "all";
/// Weeks of slack that a model gets beyond its outline.
const SLACK_WEEKS: u32 = 26;
/// Weeks before the first step that a model has at most: for what a party may give way in.
const LEAD_WEEKS: i64 = 26;
/// The rule of the answered start: no step before that day.
pub const FIRST_STEP: &str = "FIRST-STEP";

/// The model of a transition's outline ([`schedule::templates::outline`]): one cell for each chunk. `first_step` is the
/// answered start date; without one nothing but the rules says when the first step may be.
///
/// N₉₅ and costs are no facts of the schedule: they are 0 here and may be filled in before solving.
pub fn model(t: &Transition, outline: &Plan, first_step: Option<Date>, now: Timestamp) -> Model {
    let today = schedule::today(t, None, now);
    let weeks = begin(t, outline, first_step, today);
    let last = step_dates(outline).max().map_or(0, |on| weeks.of(on));
    let mut all = rules::of_terms(t);
    all.extend(first_step.map(|on| no_step_before(on, weeks, today)));
    all.extend(
        outline
            .chunks
            .iter()
            .filter_map(|chunk| prepared(outline, chunk, weeks)),
    );
    let hard = in_force(t).filter(|c| c.is_hard());
    all.extend(hard.filter_map(|c| rules::of_constraint(c, weeks, today)));
    let mut types: Vec<Kind> = Vec::new();
    for chunk in &outline.chunks {
        if types.iter().all(|k| k.id != chunk.call_type) {
            types.push(Kind {
                id: chunk.call_type.clone(),
                rung: t.rung(&chunk.call_type).unwrap_or(Rung::Triage),
                shares_percent: shares(chunk),
                step_risk: 0,
            });
        }
    }
    Model {
        first_monday: weeks.monday,
        weeks: (last + 1 + SLACK_WEEKS).min(WEEKS_MAX),
        sites: t.sites.iter().map(|s| Site { id: s.id.clone() }).collect(),
        types,
        shifts: shifts(outline),
        cells: outline.chunks.iter().map(|c| cell(t, outline, c)).collect(),
        rules: all,
        preferences: wishes::preferences(t, weeks),
        week_risk: Vec::new(),
    }
}

/// The outline with the dates of a wave plan: all steps on the weekday that breaks the fewest of the schedule's rules.
///
/// # Errors
/// The refusals of every rule that the dated plan still breaks; such a plan is not shown.
pub fn dated(
    t: &Transition,
    outline: &Plan,
    model: &Model,
    plan: &WavePlan,
    now: Timestamp,
) -> Result<Plan, Vec<Refusal>> {
    let mut fewest: Option<Vec<Refusal>> = None;
    for weekday in 0..=STEP_DAYS {
        let mut dated = outline.clone();
        for (chunk, weeks) in dated.chunks.iter_mut().zip(&plan.weeks) {
            for (step, week) in chunk.steps.iter_mut().zip(weeks) {
                step.from = days::after(model.monday(*week), weekday);
            }
        }
        let broken = schedule::violations(t, &dated, now);
        if broken.is_empty() {
            return Ok(dated);
        }
        if fewest
            .as_ref()
            .is_none_or(|known| broken.len() < known.len())
        {
            fewest = Some(broken);
        }
    }
    Err(fewest.unwrap_or_default())
}

/// A dated plan as weeks of the model of its outline: what is measured of it at the grain of weeks.
pub fn in_weeks(model: &Model, plan: &Plan) -> WavePlan {
    let weeks = Weeks {
        monday: model.first_monday,
    };
    let own = |c: &PlannedChunk| c.steps.iter().map(|s| weeks.of(s.from)).collect();
    WavePlan {
        weeks: plan.chunks.iter().map(own).collect(),
    }
}

/// Wishes that count in no satisfaction because they have no week, each with its name and words.
pub fn not_weighed(t: &Transition, model: &Model) -> Vec<(String, String)> {
    let weeks = Weeks {
        monday: model.first_monday,
    };
    let all = wishes::not_weighed(t, weeks).into_iter();
    all.map(|c| (c.constraint.to_string(), c.words())).collect()
}

fn step_dates(plan: &Plan) -> impl Iterator<Item = Date> {
    plan.chunks
        .iter()
        .flat_map(|c| c.steps.iter().map(|s| s.from))
}

/// The Monday of today, or of a day so long before the first step that a plan of the longest still follows it; of the first
/// step where it is over already. A week earlier where a hard deadline is over by then.
fn begin(t: &Transition, outline: &Plan, first_step: Option<Date>, today: Date) -> Weeks {
    let first = step_dates(outline).chain(first_step).min().unwrap_or(today);
    let lead = days::after(first, -7 * LEAD_WEEKS);
    let weeks = Weeks {
        monday: days::monday_of(first.min(today.max(lead))),
    };
    let over = in_force(t).any(|c| c.is_hard() && rules::is_over(c, weeks));
    Weeks {
        monday: days::after(weeks.monday, if over { -7 } else { 0 }),
    }
}

fn no_step_before(on: Date, weeks: Weeks, today: Date) -> Rule {
    Rule {
        id: FIRST_STEP.into(),
        owner: Owner::Both,
        text: format!("no step before {on}, as answered"),
        limit: Limit::NotBefore {
            week: weeks.begins(on.max(today)),
        },
        scope: Scope::default(),
    }
}

/// A chunk's first step waits for what its outline prepares before it.
fn prepared(outline: &Plan, chunk: &PlannedChunk, weeks: Weeks) -> Option<Rule> {
    let items = outline
        .items
        .iter()
        .filter(|i| i.chunk.as_ref() == Some(&chunk.id));
    let first = chunk.steps.iter().map(|s| s.from).min();
    let ready = items
        .map(|i| i.due)
        .filter(|due| Some(*due) < first)
        .max()?;
    Some(Rule {
        id: format!("PREPARED-{}", chunk.id),
        owner: Owner::Outsourcer,
        text: format!("{} is trained and tested by {ready}", chunk.id),
        limit: Limit::NotBefore {
            week: weeks.begins(days::after(ready, 1)),
        },
        scope: Scope {
            sites: vec![chunk.site.clone()],
            types: vec![chunk.call_type.clone()],
            shifts: vec![shift(outline, chunk)],
        },
    })
}

fn shift(outline: &Plan, chunk: &PlannedChunk) -> String {
    let same = |c: &&PlannedChunk| c.site == chunk.site && c.call_type == chunk.call_type;
    if outline.chunks.iter().filter(same).count() > 1 {
        chunk.id.to_string()
    } else {
        ALL_HOURS.into()
    }
}

fn shifts(outline: &Plan) -> Vec<String> {
    let mut all = Vec::new();
    for chunk in &outline.chunks {
        let own = shift(outline, chunk);
        if !all.contains(&own) {
            all.push(own);
        }
    }
    all
}

fn shares(chunk: &PlannedChunk) -> Vec<u32> {
    let share = |s: &segue_domain::chunks::PlannedStep| s.share_percent.parse().ok();
    chunk
        .steps
        .iter()
        .filter_map(share)
        .map(|s| u32::from(s.percent()))
        .collect()
}

fn cell(t: &Transition, outline: &Plan, chunk: &PlannedChunk) -> Cell {
    let baseline = t.baselines.of(&chunk.site, &chunk.call_type);
    let weekly = chunk
        .weekly_contacts
        .or(baseline.map(|b| b.weekly_contacts));
    Cell {
        site: chunk.site.clone(),
        kind: chunk.call_type.clone(),
        shift: shift(outline, chunk),
        contacts_per_week: weekly.unwrap_or(0),
        people: 0,
        trainees: 0,
        n95: 0,
        dual_cost_per_week: 0,
    }
}

fn scope(c: &ConstraintDeclared) -> Scope {
    Scope {
        sites: c.declared.site.iter().cloned().collect(),
        types: c.declared.call_type.iter().cloned().collect(),
        shifts: Vec::new(),
    }
}
