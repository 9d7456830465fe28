//! From a transition to a model and back: chunks become cells, the signed terms and both parties' constraints become rules,
//! wishes become preferences; a wave plan gives the outline's steps their dates, and the schedule's own rules have the last
//! word.

use crate::model::{
    Cell, Gate, Kind, Limit, Model, Owner, Preference, Rule, Scope, Site, WEEKS_MAX, Wish,
};
use crate::plan::WavePlan;
use jiff::Timestamp;
use jiff::civil::Date;
use segue_domain::chunks::PlannedChunk;
use segue_domain::ladder::Rung;
use segue_domain::refusal::Refusal;
use segue_domain::schedule::constraints::{ConstraintDeclared, in_force};
use segue_domain::schedule::{self, Plan, limits};
use segue_domain::{Side, Transition};

/// Steps are taken on these days after Monday: Monday to Thursday (domain handbook 4.4: nothing changes into a weekend).
const STEP_DAYS: std::ops::Range<i64> = 0..4;
/// The one shift of a chunk that is open as its windows say.
const ALL_HOURS: &str = "all";
/// Weeks of slack that a model gets beyond its outline.
const SLACK_WEEKS: u32 = 26;

/// The model of a transition's outline ([`schedule::templates::outline`]): one cell for each chunk.
///
/// N₉₅ and costs are no facts of the schedule: they are 0 here and may be filled in before solving.
pub fn model(t: &Transition, outline: &Plan, now: Timestamp) -> Model {
    let today = Timestamp::to_zoned(now, jiff::tz::TimeZone::UTC).date();
    let dates = || {
        outline
            .chunks
            .iter()
            .flat_map(|c| c.steps.iter().map(|s| s.from))
    };
    let first = dates().min().unwrap_or(today).min(today);
    let first_monday = monday_of(first);
    let weeks = |date: Date| week_of(first_monday, date);
    let last = dates().max().map_or(0, weeks);
    let mut rules = of_terms(t);
    for chunk in &outline.chunks {
        let items = outline
            .items
            .iter()
            .filter(|i| i.chunk.as_ref() == Some(&chunk.id));
        let first = chunk.steps.iter().map(|s| s.from).min();
        if let Some(ready) = items.map(|i| i.due).filter(|due| Some(*due) < first).max() {
            rules.push(Rule {
                id: format!("PREPARED-{}", chunk.id),
                owner: Owner::Outsourcer,
                text: format!("{} is trained and tested by {ready}", chunk.id),
                limit: Limit::NotBefore {
                    week: weeks(ready) + 1,
                },
                scope: of_chunk(chunk),
            });
        }
    }
    let hard = in_force(t).filter(|c| c.is_hard());
    rules.extend(hard.filter_map(|c| of_constraint(c, first_monday, today)));
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
        first_monday,
        weeks: (last + 1 + SLACK_WEEKS).min(WEEKS_MAX),
        sites: t.sites.iter().map(|s| Site { id: s.id.clone() }).collect(),
        types,
        shifts: vec![ALL_HOURS.into()],
        cells: outline.chunks.iter().map(|c| cell(t, c)).collect(),
        rules,
        preferences: preferences(t, first_monday),
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
    for weekday in STEP_DAYS {
        let mut dated = outline.clone();
        for (chunk, weeks) in dated.chunks.iter_mut().zip(&plan.weeks) {
            for (step, week) in chunk.steps.iter_mut().zip(weeks) {
                step.from = days_after(model.monday(*week), weekday);
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

fn shares(chunk: &PlannedChunk) -> Vec<u32> {
    let share = |s: &segue_domain::chunks::PlannedStep| s.share_percent.parse().ok();
    chunk
        .steps
        .iter()
        .filter_map(share)
        .map(|s| u32::from(s.percent()))
        .collect()
}

fn cell(t: &Transition, chunk: &PlannedChunk) -> Cell {
    let baseline = t.baselines.of(&chunk.site, &chunk.call_type);
    let weekly = chunk
        .weekly_contacts
        .or(baseline.map(|b| b.weekly_contacts));
    Cell {
        site: chunk.site.clone(),
        kind: chunk.call_type.clone(),
        shift: ALL_HOURS.into(),
        contacts_per_week: weekly.unwrap_or(0),
        people: 0,
        trainees: 0,
        n95: 0,
        dual_cost_per_week: 0,
    }
}

fn of_chunk(chunk: &PlannedChunk) -> Scope {
    Scope {
        sites: vec![chunk.site.clone()],
        types: vec![chunk.call_type.clone()],
        shifts: Vec::new(),
    }
}

/// What both signed: soak, steps, hold, ladder, one centre at a time, caps.
#[expect(clippy::too_many_lines, reason = "one rule after the other")]
fn of_terms(t: &Transition) -> Vec<Rule> {
    let terms = &t.terms;
    let mut rules = Vec::new();
    let mut rule = |id: String, owner, text: String, limit, types| {
        let scope = Scope {
            types,
            ..Scope::default()
        };
        rules.push(Rule {
            id,
            owner,
            text,
            limit,
            scope,
        });
    };
    for kind in &t.call_types {
        let rung = kind.rung();
        let (soak, floor) = (terms.soak.days(rung), terms.floors.of(rung));
        let own = || vec![kind.id.clone()];
        let text = format!("{} is watched for {soak} days at its last step", kind.id);
        let weeks = soak.div_ceil(7);
        rule(
            format!("SOAK-{}", kind.id),
            Owner::Safety,
            text,
            Limit::Soak { weeks },
            own(),
        );
        let text = format!(
            "{} working days between two steps of {}",
            floor.step_days, kind.id
        );
        let weeks = floor.step_days.div_ceil(5);
        rule(
            format!("STEPS-{}", kind.id),
            Owner::Safety,
            text,
            Limit::StepGap { weeks },
            own(),
        );
    }
    let days = terms.hold_days;
    let weeks = days.div_ceil(7);
    let text = format!("the door stays open for {days} days after acceptance");
    rule(
        "HOLD".into(),
        Owner::Safety,
        text,
        Limit::Hold { weeks },
        vec![],
    );
    let text = "no harder call type before an easier one is accepted".into();
    rule(
        "EASY-FIRST".into(),
        Owner::Safety,
        text,
        Limit::EasyFirst(Gate::Accepted),
        vec![],
    );
    let text = "one centre at a time".into();
    rule(
        "ONE-SITE".into(),
        Owner::Safety,
        text,
        Limit::SitesInMotion { max: 1 },
        vec![],
    );
    if t.baselines.weekly_contacts() > 0 && t.sites.len() > 1 {
        let percent_max = u32::from(terms.caps.step_contacts_percent_max);
        let text = "no mass cutover".into();
        rule(
            "STEP-CAP".into(),
            Owner::Safety,
            text,
            Limit::StepContacts { percent_max },
            vec![],
        );
    }
    rules
}

/// A constraint at the grain of weeks. What concerns training is in the outline's preparation already; days of the week are
/// chosen when the plan is dated.
fn of_constraint(c: &ConstraintDeclared, monday: Date, today: Date) -> Option<Rule> {
    let weeks = |date: Date| week_of(monday, date);
    let days_as_weeks = |days: u32| days.div_ceil(7);
    let limit = match &c.declared.limit {
        limits::Limit::Blackout { first, last } | limits::Limit::ChangeFreeze { first, last } => {
            // A week is closed when one of its step days is: steps may then be on any of them.
            let first_week = weeks(*first)
                + u32::from(*first > days_after(monday_of(*first), STEP_DAYS.end - 1));
            Limit::Blackout {
                first: first_week,
                last: weeks(*last),
            }
        }
        limits::Limit::NotBefore { date } => Limit::NotBefore {
            week: weeks(*date) + u32::from(*date > monday_of(*date)),
        },
        limits::Limit::NotAfter { date } => Limit::NotAfter {
            week: weeks(days_after(*date, 1 - STEP_DAYS.end)),
        },
        limits::Limit::SoakDays { days } => Limit::Soak {
            weeks: days_as_weeks(*days),
        },
        limits::Limit::StepInterval { days } => Limit::StepsPerWeeks {
            steps: 1,
            weeks: days_as_weeks(*days),
        },
        limits::Limit::VolumeNotice { days } => Limit::NotBefore {
            week: weeks(days_after(today, i64::from(*days) + 6)),
        },
        limits::Limit::StepDays { .. }
        | limits::Limit::TrainingPerWeek { .. }
        | limits::Limit::Cohort { .. }
        | limits::Limit::TrainWithin { .. }
        | limits::Limit::TrainingDays { .. } => return None,
    };
    Some(Rule {
        id: c.constraint.to_string(),
        owner: owner(c.by),
        text: format!("{} ({})", c.words(), c.declared.reason),
        limit,
        scope: scope(c),
    })
}

fn owner(side: Side) -> Owner {
    match side {
        Side::Client => Owner::Client,
        Side::Outsourcer => Owner::Outsourcer,
    }
}

fn scope(c: &ConstraintDeclared) -> Scope {
    Scope {
        sites: c.declared.site.iter().cloned().collect(),
        types: c.declared.call_type.iter().cloned().collect(),
        shifts: Vec::new(),
    }
}

/// Wishes with dates, their weights spread over each party's 100 points; what rounding leaves goes to its first wish.
fn preferences(t: &Transition, monday: Date) -> Vec<Preference> {
    let mut all = Vec::new();
    for side in Side::BOTH {
        let wish = |c: &ConstraintDeclared| match &c.declared.limit {
            limits::Limit::Blackout { first, last }
            | limits::Limit::ChangeFreeze { first, last } => Some(Wish::Avoid {
                first: week_of(monday, *first),
                last: week_of(monday, *last),
            }),
            limits::Limit::NotBefore { date } => Some(Wish::NotBefore {
                week: week_of(monday, *date),
            }),
            limits::Limit::NotAfter { date } => Some(Wish::DoneBy {
                week: week_of(monday, *date),
            }),
            _ => None,
        };
        let soft = in_force(t).filter(|c| !c.is_hard() && c.by == side);
        let soft: Vec<_> = soft.filter_map(|c| wish(c).map(|w| (c, w))).collect();
        let weights: u32 = soft.iter().map(|(c, _)| c.declared.weight).sum();
        let points = |weight: u32| (weight * 100).checked_div(weights).unwrap_or(0);
        let mut own: Vec<_> = soft
            .into_iter()
            .map(|(c, wish)| Preference {
                id: c.constraint.to_string(),
                owner: side,
                text: format!("{} ({})", c.words(), c.declared.reason),
                points: points(c.declared.weight),
                wish,
                scope: scope(c),
            })
            .collect();
        let spread: u32 = own.iter().map(|p| p.points).sum();
        if let Some(first) = own.first_mut() {
            first.points += 100 - spread;
        }
        all.extend(own);
    }
    all
}

fn monday_of(date: Date) -> Date {
    days_after(date, -i64::from(date.weekday().to_monday_zero_offset()))
}

fn days_after(date: Date, days: i64) -> Date {
    let span = jiff::Span::new().try_days(days);
    let later = span.and_then(|span| date.checked_add(span));
    later.unwrap_or(if days < 0 { Date::MIN } else { Date::MAX })
}

/// The week of a date, counted from the week of a Monday; what is before it counts as the first one, what is beyond any plan
/// as the longest plan's last.
fn week_of(monday: Date, date: Date) -> u32 {
    let days = date.duration_since(monday).as_hours() / 24;
    u32::try_from(days.max(0) / 7)
        .unwrap_or(u32::MAX)
        .min(WEEKS_MAX - 1)
}
