//! Many runs made into one: means, the middle 90 of 100, worst hours, groups, steps, weeks.

use super::{
    Equity, EvidenceShown, Range, StepRisk, Told, TypeRow, Week, World, WorstHour, hung_up_of_10000,
};
use crate::director::timestamp;
use crate::guards::Shown;
use crate::setting::{HOUR_US, Setting};
use crate::tally::{Count, Hour, Tally};
use segue_domain::ids::ChunkId;
use segue_domain::share::TrafficShare;
use std::collections::{BTreeMap, BTreeSet};

/// Calls an hour has at least before its part of hang-ups is spoken of.
const HOUR_CALLS_MIN: u64 = 10;
/// Hours of a week.
const WEEK_HOURS: usize = 168;

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of calls stay below 2^53"
)]
pub(crate) fn float(n: u64) -> f64 {
    n as f64
}

fn part(a: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { float(a) / float(of) }
}

fn runs(n: usize) -> f64 {
    float(u64::try_from(n).unwrap_or(u64::MAX).max(1))
}

fn sum(counts: impl Iterator<Item = Count>) -> Count {
    counts.fold(Count::default(), |a, b| Count {
        offered: a.offered + b.offered,
        abandoned: a.abandoned + b.abandoned,
        long_wait: a.long_wait + b.long_wait,
        very_long_wait: a.very_long_wait + b.very_long_wait,
    })
}

/// The middle 90 of 100, by nearest rank.
fn middle(mut values: Vec<f64>) -> Range {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    let at = |percent: usize| {
        values
            .get((last * percent + 50) / 100)
            .copied()
            .unwrap_or(0.0)
    };
    Range {
        low: at(5),
        high: at(95),
    }
}

/// The places of the routes of the call type that a finding is told of.
fn told_routes(s: &Setting) -> Vec<usize> {
    let triage = |n: &usize| s.routes[*n].is_triage;
    let routes: Vec<_> = (0..s.routes.len()).filter(triage).collect();
    let called = |n: &usize| s.calls.iter().any(|c| usize::from(c.route) == *n);
    if routes.iter().any(called) {
        routes
    } else {
        (0..s.routes.len()).collect()
    }
}

/// Triage, where there is some.
pub(super) fn told_of(s: &Setting) -> String {
    let triage = told_routes(s).iter().all(|n| s.routes[*n].is_triage);
    if triage {
        "triage callers".into()
    } else {
        "callers".into()
    }
}

pub(super) fn told_types(s: &Setting) -> Vec<String> {
    let mut types: Vec<_> = told_routes(s)
        .into_iter()
        .map(|n| s.routes[n].call_type.to_string())
        .collect();
    types.dedup();
    types
}

fn types(s: &Setting) -> BTreeMap<&str, Vec<usize>> {
    let mut types: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (n, route) in s.routes.iter().enumerate() {
        types.entry(route.call_type.as_str()).or_default().push(n);
    }
    types
}

fn of_routes(tallies: &[&Tally], routes: &[usize]) -> Count {
    sum(tallies
        .iter()
        .flat_map(|t| routes.iter().map(|n| t.by_route[*n])))
}

pub(super) fn world(s: &Setting, tallies: &[&Tally], people_hours: u64) -> World {
    let n = runs(tallies.len());
    let all = sum(tallies.iter().map(|t| t.all));
    let by_type = types(s).into_iter().map(|(name, routes)| {
        let count = of_routes(tallies, &routes);
        let first = tallies.first().map(|t| of_routes(&[t], &routes));
        TypeRow {
            call_type: name.to_owned(),
            offered: first.map_or(0, |c| c.offered),
            abandoned: float(count.abandoned) / n,
            long_wait: float(count.long_wait) / n,
            very_long_wait: float(count.very_long_wait) / n,
            abandoned_of_10000: hung_up_of_10000(count),
        }
    });
    let told = told_routes(s);
    let told = |t: &&Tally| {
        let count = of_routes(&[*t], &told);
        10_000.0 * part(count.abandoned, count.offered)
    };
    World {
        offered: tallies.first().map_or(0, |t| t.all.offered),
        abandoned: float(all.abandoned) / n,
        long_wait: float(all.long_wait) / n,
        people_hours,
        by_type: by_type.filter(|row| row.offered > 0).collect(),
        worst_hour: worst_hour(s, tallies),
        interval: middle(tallies.iter().map(|t| float(t.all.abandoned)).collect()),
        told_of_10000: middle(tallies.iter().map(told).collect()),
    }
}

fn worst_hour(s: &Setting, tallies: &[&Tally]) -> Option<WorstHour> {
    let hours = (0..s.hours()).filter_map(|h| {
        let offered: u64 = tallies.iter().map(|t| u64::from(t.hours[h].offered)).sum();
        let abandoned: u64 = tallies
            .iter()
            .map(|t| u64::from(t.hours[h].abandoned))
            .sum();
        let runs = u64::try_from(tallies.len()).unwrap_or(u64::MAX);
        (offered >= HOUR_CALLS_MIN * runs).then(|| WorstHour {
            start: timestamp(s.from_us + i64::try_from(h).unwrap_or(0) * HOUR_US),
            offered,
            abandoned,
            share: part(abandoned, offered),
        })
    });
    hours.max_by(|a, b| a.share.total_cmp(&b.share).then(b.start.cmp(&a.start)))
}

pub(super) fn equity(s: &Setting, plan: &[&Tally], no_move: &[&Tally]) -> Vec<Equity> {
    let n = u64::try_from(plan.len()).unwrap_or(1).max(1);
    let row = |group: String, plan: Count, still: Count| Equity {
        group,
        offered: plan.offered / n,
        no_move_of_10000: hung_up_of_10000(still),
        plan_of_10000: hung_up_of_10000(plan),
    };
    let of_types = types(s).into_iter().map(|(name, routes)| {
        row(
            format!("call type {name}"),
            of_routes(plan, &routes),
            of_routes(no_move, &routes),
        )
    });
    let segment = |tallies: &[&Tally], k: usize| sum(tallies.iter().map(|t| t.by_segment[k]));
    let of_segments = s.segments.iter().enumerate().map(|(k, name)| {
        row(
            format!("callers {name}"),
            segment(plan, k),
            segment(no_move, k),
        )
    });
    let mut rows: Vec<_> = of_types
        .chain(of_segments)
        .filter(|r| r.offered > 0)
        .collect();
    let worse = |r: &Equity| r.plan_of_10000.saturating_sub(r.no_move_of_10000);
    rows.sort_by_key(|r| std::cmp::Reverse(worse(r)));
    rows
}

/// Each step as taken in the first run, with what it costs until the next one is taken.
pub(super) fn risk(told: &Told<'_>, plan: &[&Tally], no_move: &[&Tally]) -> Vec<StepRisk> {
    let s = told.setting;
    let Some(first) = told.lived.first() else {
        return Vec::new();
    };
    let ends = first
        .steps
        .iter()
        .skip(1)
        .map(|step| step.at_us)
        .chain([s.to_us]);
    let extra = |from: usize, to: usize, read: fn(&Hour) -> u32| {
        let of = |tallies: &[&Tally]| -> u64 {
            let hours = tallies
                .iter()
                .flat_map(|t| &t.hours[from..to.min(t.hours.len())]);
            hours.map(|h| u64::from(read(h))).sum()
        };
        (float(of(plan)) - float(of(no_move))) / runs(plan.len())
    };
    // A step that was taken again after a fallback counts as one.
    let mut risk: BTreeMap<_, StepRisk> = BTreeMap::new();
    for chunk in &told.plan.chunks {
        for planned in &chunk.steps {
            let Ok(share) = planned.share_percent.parse() else {
                continue;
            };
            let step = StepRisk {
                chunk: chunk.id.to_string(),
                share_percent: share.percent(),
                planned_on: planned.from,
                taken_at: None,
                late_days: None,
                extra_triage_harm: 0.0,
                extra_abandoned: 0.0,
            };
            risk.insert((&chunk.id, share.percent()), step);
        }
    }
    for (step, end_us) in first.steps.iter().zip(ends) {
        if let Some(risk) = risk.get_mut(&(&step.chunk, step.percent)) {
            let (from, to) = (s.hour(step.at_us), s.hour(end_us));
            if risk.taken_at.is_none() {
                let taken = timestamp(step.at_us);
                let day = taken.to_zoned(s.zone.clone()).date();
                risk.taken_at = Some(taken);
                risk.late_days = Some((day - risk.planned_on).get_days());
            }
            risk.extra_triage_harm += extra(from, to, |h| h.triage_harm);
            risk.extra_abandoned += extra(from, to, |h| h.abandoned);
        }
    }
    risk.into_values().collect()
}

/// The worst hour of a week in one run.
fn worst(hours: &[Hour]) -> f64 {
    let judged = hours
        .iter()
        .filter(|h| u64::from(h.offered) >= HOUR_CALLS_MIN);
    judged
        .map(|h| part(h.abandoned.into(), h.offered.into()))
        .fold(0.0, f64::max)
}

/// What the guards' evidence came to, by chunk, over the full runs in which it went out.
pub(super) fn evidence(told: &Told<'_>) -> Vec<EvidenceShown> {
    let chunks: BTreeSet<_> = told.lived.iter().flat_map(|l| l.shown.keys()).collect();
    let row = |chunk: &ChunkId| {
        let of_runs = told.lived.iter().filter_map(|l| l.shown.get(chunk));
        let out: Vec<_> = of_runs.filter(|shown| shown.out.is_some()).collect();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let days = |shown: &&Shown| {
            let passed_us = shown.passed?.checked_sub(shown.out?)?;
            u32::try_from(passed_us / (24 * HOUR_US)).ok()
        };
        let mut days: Vec<_> = out.iter().filter_map(days).collect();
        days.sort_unstable();
        EvidenceShown {
            chunk: chunk.to_string(),
            runs: count(out.len()),
            passed: count(days.len()),
            days_to_pass: days.get(days.len() / 2).copied(),
            failed: count(out.iter().filter(|s| s.worse.is_some()).count()),
        }
    };
    chunks.into_iter().map(row).collect()
}

pub(super) fn weeks(told: &Told<'_>, plan: &[&Tally], cutover: &[&Tally]) -> Vec<Week> {
    let s = told.setting;
    let hours = s.hours();
    let mut calls = vec![0_u64; s.routes.len()];
    for call in &s.calls {
        calls[usize::from(call.route)] += 1;
    }
    (0..hours.div_ceil(WEEK_HOURS))
        .map(|week| {
            let range = week * WEEK_HOURS..((week + 1) * WEEK_HOURS).min(hours);
            let worsts = |tallies: &[&Tally]| -> Vec<f64> {
                tallies
                    .iter()
                    .map(|t| worst(&t.hours[range.clone()]))
                    .collect()
            };
            let mean = |values: &[f64]| values.iter().sum::<f64>() / runs(values.len());
            let (of_plan, of_cutover) = (worsts(plan), worsts(cutover));
            let of_week = || plan.iter().flat_map(|t| &t.hours[range.clone()]);
            let start_us = s.from_us + i64::try_from(week * WEEK_HOURS).unwrap_or(0) * HOUR_US;
            Week {
                start: timestamp(start_us),
                planned_out: planned_out(told, &calls, start_us),
                out: part(
                    of_week().map(|h| u64::from(h.outsourced)).sum(),
                    of_week().map(|h| u64::from(h.offered)).sum(),
                ),
                plan_worst: mean(&of_plan),
                plan_range: middle(of_plan),
                cutover_worst: mean(&of_cutover),
                cutover_range: middle(of_cutover),
            }
        })
        .filter(|week| week.start < timestamp(s.to_us))
        .collect()
}

/// Part of all calls out by the dates of the plan, in the middle of the week.
fn planned_out(told: &Told<'_>, calls: &[u64], start_us: i64) -> f64 {
    let s = told.setting;
    let middle = timestamp(start_us + i64::try_from(WEEK_HOURS / 2).unwrap_or(0) * HOUR_US);
    let today = middle.to_zoned(s.zone.clone()).date();
    let mut out = 0.0;
    for chunk in &told.plan.chunks {
        let steps = chunk.steps.iter().filter(|step| step.from <= today);
        let shares = steps.filter_map(|step| step.share_percent.parse().ok());
        let share = shares.map(TrafficShare::percent).max().unwrap_or(0);
        let own = |n: &usize| {
            told.lived
                .first()
                .is_some_and(|l| l.chunk_of[*n].as_ref() == Some(&chunk.id))
        };
        let own: u64 = (0..s.routes.len()).filter(own).map(|n| calls[n]).sum();
        out += float(own) * f64::from(share) / 100.0;
    }
    out / float(calls.iter().sum::<u64>().max(1))
}
