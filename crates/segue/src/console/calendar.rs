//! The plan as the calendar page shows it. Dates, rules and satisfaction are the planner's; only words are chosen here.

use jiff::Timestamp;
use jiff::civil::Date;
use segue_domain::{Side, Transition};
use segue_planner::transition::agenda::{self, Agenda, Lane, Step};
use segue_planner::{Owner, calendar};
use segue_web::calendar::{BoundView, CalendarView, ClosedView, LaneView, StepView, WishesView};
use segue_web::view::Aspect;
use std::collections::BTreeMap;

/// The version people look at; none while nothing is proposed.
pub(super) fn view(t: &Transition, now: Timestamp) -> Option<CalendarView> {
    let agenda = agenda::of(t, now)?;
    let (aspect, word) = if agenda.is_in_force() {
        (Aspect::Proved, "Agreed by both")
    } else {
        (Aspect::Hold, "Proposed, not agreed")
    };
    Some(CalendarView {
        aspect,
        word: word.into(),
        finding: finding(t, &agenda),
        lead: lead(&agenda),
        version: agenda.version,
        in_force: agenda.in_force.filter(|v| *v != agenda.version),
        hash: agenda.hash.clone(),
        today: agenda.today,
        lanes: agenda.lanes.iter().map(|lane| lane_view(t, lane)).collect(),
        closed: closed(t, &agenda),
        binds: binds(t, &agenda),
        wishes: wishes(t, &agenda),
        blind: (!agenda.bound).then(|| {
            "Which rule binds a date is not told: two steps of a chunk are in one week, or chunks of one call type have \
             other shares. The dates are as both read them."
                .into()
        }),
        not_weighed: agenda.not_weighed,
    })
}

/// The same for calendar programs.
pub(super) fn feed(t: &Transition, now: Timestamp) -> String {
    let entries = agenda::of(t, now).map(|agenda| agenda.entries(t.id.as_str()));
    calendar::ics(&t.name, &entries.unwrap_or_default(), now)
}

fn finding(t: &Transition, agenda: &Agenda) -> String {
    let version = agenda.version;
    let by = t.parties.name(agenda.by);
    match (agenda.is_in_force(), agenda.in_force) {
        (true, _) => format!("Version {version} is in force: both signed it."),
        (false, Some(other)) => format!(
            "Version {other} is in force. Version {version} is proposed by {by} and drives nothing."
        ),
        (false, None) => {
            format!("Version {version} is proposed by {by}. Nothing moves until both signed it.")
        }
    }
}

fn steps(agenda: &Agenda) -> impl Iterator<Item = &Step> {
    agenda.lanes.iter().flat_map(|lane| &lane.steps)
}

fn lead(agenda: &Agenda) -> String {
    let day = |date: Date| date.strftime("%a %-d %b %Y").to_string();
    let open = || steps(agenda).filter(|s| !s.taken);
    let next = open().map(|s| s.on).min();
    let last = steps(agenda).map(|s| s.on).max();
    let moved = steps(agenda).filter(|s| s.was.is_some_and(|was| was != s.on));
    let moved = match moved.count() {
        0 => String::new(),
        1 => "1 date moves. ".into(),
        n => format!("{n} dates move. "),
    };
    match (next, last) {
        (Some(next), Some(last)) => format!(
            "{moved}{} of {} steps are to come: the next on {}, the last on {}.",
            open().count(),
            steps(agenda).count(),
            day(next),
            day(last)
        ),
        _ => "Every step is taken.".into(),
    }
}

fn owner(t: &Transition, owner: Owner) -> String {
    match owner {
        Owner::Client => t.parties.name(Side::Client),
        Owner::Outsourcer => t.parties.name(Side::Outsourcer),
        Owner::Law | Owner::Safety | Owner::Both => owner.to_string(),
    }
}

fn lane_view(t: &Transition, lane: &Lane) -> LaneView {
    let step = |step: &Step| StepView {
        share_percent: step.share_percent,
        on: step.on,
        was: step.was,
        taken: step.taken,
        bound: step
            .bound
            .iter()
            .map(|b| BoundView {
                owner: owner(t, b.owner),
                rule: b.rule.clone(),
                text: b.text.clone(),
            })
            .collect(),
    };
    LaneView {
        chunk: lane.chunk.clone(),
        steps: lane.steps.iter().map(step).collect(),
        accepted: lane.accepted,
        closed: lane.closed,
    }
}

fn closed(t: &Transition, agenda: &Agenda) -> Vec<ClosedView> {
    let days = agenda.closed.iter().map(|days| ClosedView {
        first: days.first,
        last: days.last,
        owner: t.parties.name(days.by),
        reason: days.reason.clone(),
    });
    days.collect()
}

/// How many dates each owner's rules bind, the most first.
fn binds(t: &Transition, agenda: &Agenda) -> Vec<(String, usize)> {
    let mut dates: BTreeMap<Owner, usize> = BTreeMap::new();
    for step in steps(agenda) {
        let mut owners: Vec<_> = step.bound.iter().map(|b| b.owner).collect();
        owners.sort();
        owners.dedup();
        for owner in owners {
            *dates.entry(owner).or_default() += 1;
        }
    }
    let mut all: Vec<_> = dates.into_iter().map(|(o, n)| (owner(t, o), n)).collect();
    all.sort_by_key(|(_, dates)| std::cmp::Reverse(*dates));
    all
}

fn wishes(t: &Transition, agenda: &Agenda) -> Vec<WishesView> {
    let s = &agenda.satisfied;
    let row = |side, ratio: f64, all: i64| WishesView {
        party: t.parties.name(side),
        points: (all > 0).then(|| format!("{:.1}", ratio * 100.0)),
    };
    vec![
        row(Side::Client, s.client, s.client_points_all),
        row(Side::Outsourcer, s.outsourcer, s.outsourcer_points_all),
    ]
}
