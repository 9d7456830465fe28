//! The chunker: chunks proposed from history, each as small as the evidence allows (A13).
//!
//! A part of a week is a chunk of its own where the calls from its first step to the end of soak and hold are enough to
//! prove the signed margin; otherwise it is joined with its neighbour. Nothing is planned here: both parties decide.

use crate::caps;
use crate::chunks::{CutOffAction, PlannedChunk};
use crate::ids::{CallTypeId, SiteId};
use crate::ladder::Rung;
use crate::lines::{Line, bad};
use crate::parity;
use crate::refusal::Refusal;
use crate::transition::Transition;
use crate::windows::{Holidays, ShiftWindow};
use jiff::civil::Weekday;
use serde::Serialize;
use std::collections::BTreeSet;

/// Hours of a week.
pub const WEEK_HOURS: usize = 168;
/// Fewest days of history, and how many show a quarter.
const DAYS_MIN: u32 = 28;
const DAYS_BETTER: u32 = 91;
/// Steps of a careful ramp after the first.
const STEPS_AFTER_FIRST: u32 = 4;

/// The calls of one type at one centre, by hour of the local week: Monday from midnight is hour 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The centre.
    pub site: SiteId,
    /// The call type.
    pub call_type: CallTypeId,
    /// Days from the first with a record to the last.
    pub days: u32,
    /// The weekday of the first.
    pub first_weekday: Weekday,
    /// Offered calls in each of the 168 hours.
    pub calls: Vec<u64>,
}

impl History {
    /// How often a weekday (Monday is 0) is among the days.
    pub fn days_of(&self, weekday: usize) -> u32 {
        let first = usize::from(self.first_weekday.to_monday_zero_offset().unsigned_abs());
        let after_first = (weekday + 7 - first) % 7;
        let rest = usize::try_from(self.days % 7).unwrap_or(0);
        self.days / 7 + u32::from(after_first < rest)
    }
}

/// A chunk worth proposing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    /// The chunk as a plan would hold it, without its steps.
    pub planned: PlannedChunk,
    /// Calls in a usual week.
    pub calls_per_week: u64,
    /// Calls that prove the signed margin; `None` where no number would do or no baseline is known.
    pub calls_needed: Option<u64>,
    /// Days at the full share until there are so many.
    pub days_to_judge: Option<u64>,
    /// Days from the first step to the end of soak and hold.
    pub days_there_are: u32,
    /// The largest whole share of a first step within the caps, in percent.
    pub first_step_percent: u8,
}

impl Proposal {
    /// Whether the days there are bring the calls that a verdict needs.
    pub fn is_judgeable(&self) -> bool {
        let there_are = u64::from(self.days_there_are);
        self.days_to_judge.is_some_and(|days| days <= there_are)
    }
}

/// A part of the week: its word, its window, and whether an hour of a weekday number (Monday is 0) belongs to it.
struct Part {
    word: &'static str,
    window: &'static str,
    has: fn(usize, usize) -> bool,
}

/// Disjoint, and together the whole week; neighbours are alike.
const PARTS: [Part; 4] = [
    Part {
        word: "days",
        window: "Mon-Fri 08:00-18:00",
        has: |day, hour| day < 5 && (8..18).contains(&hour),
    },
    Part {
        word: "evenings",
        window: "Mon-Fri 18:00-22:00",
        has: |day, hour| day < 5 && (18..22).contains(&hour),
    },
    Part {
        word: "nights",
        window: "daily 22:00-08:00",
        has: |_, hour| !(8..22).contains(&hour),
    },
    Part {
        word: "weekends",
        window: "Sat-Sun 08:00-22:00",
        has: |day, hour| day >= 5 && (8..22).contains(&hour),
    },
];

/// The chunks of every history, in the order given.
///
/// # Errors
/// `BAD_FACT` for less than four weeks of records, hours that are no week, or a type and centre that do not exist.
pub fn propose(t: &Transition, histories: &[History]) -> Result<Vec<Proposal>, Refusal> {
    let mut all = Vec::new();
    for history in histories {
        check(t, history)?;
        all.extend(chunks_of(t, history));
    }
    Ok(all)
}

fn check(t: &Transition, h: &History) -> Result<(), Refusal> {
    let of = format!("{} at {}", h.call_type, h.site);
    if t.rung(&h.call_type).is_none() || !t.sites.iter().any(|s| s.id == h.site) {
        return Err(bad(format!(
            "a call type and a centre of the transition instead of {of}"
        )));
    }
    if h.calls.len() != WEEK_HOURS {
        return Err(bad(format!("the {WEEK_HOURS} hours of a week for {of}")));
    }
    if h.days < DAYS_MIN {
        return Err(bad(format!(
            "at least {DAYS_MIN} days of records of {of}, {DAYS_BETTER} are better; there are {}",
            h.days
        )));
    }
    Ok(())
}

/// The parts of a week, the weakest joined with its neighbour until every one can be judged; the whole where none can.
fn chunks_of(t: &Transition, h: &History) -> Vec<Proposal> {
    let mut groups: Vec<Vec<usize>> = (0..PARTS.len()).map(|n| vec![n]).collect();
    loop {
        let proposals: Vec<_> = groups.iter().map(|parts| proposal(t, h, parts)).collect();
        let weakest = proposals
            .iter()
            .enumerate()
            .filter(|(_, p)| !p.is_judgeable())
            .min_by_key(|(_, p)| p.calls_per_week);
        let Some((weakest, _)) = weakest.filter(|_| groups.len() > 1) else {
            return proposals;
        };
        let joins = if weakest == 0 { 1 } else { weakest - 1 };
        let (low, high) = (weakest.min(joins), weakest.max(joins));
        let taken = groups.remove(high);
        if let Some(group) = groups.get_mut(low) {
            group.extend(taken);
        }
    }
}

fn proposal(t: &Transition, h: &History, parts: &[usize]) -> Proposal {
    let parts: Vec<_> = parts.iter().filter_map(|n| PARTS.get(*n)).collect();
    let within = |hour: usize| parts.iter().any(|p| (p.has)(hour / 24, hour % 24));
    let counted = h.calls.iter().enumerate().filter(|(hour, _)| within(*hour));
    let calls: u64 = counted.map(|(_, calls)| calls).sum();
    let calls_per_week = calls * 7 / u64::from(h.days.max(1));
    let calls_needed = parity::calls_needed(t, &h.site, &h.call_type);
    let days_to_judge = calls_needed
        .filter(|_| calls > 0)
        .map(|needed| (needed * u64::from(h.days)).div_ceil(calls));
    let is_whole = parts.len() == PARTS.len();
    let words: Vec<_> = parts.iter().map(|p| p.word).collect();
    let part = if is_whole {
        String::new()
    } else {
        format!("-{}", words.join("-"))
    };
    let zone = t.site_zone(&h.site).unwrap_or("UTC");
    let window = |part: &&Part| ShiftWindow {
        window: part.window.into(),
        zone: zone.to_owned(),
        holidays: Holidays::default(),
    };
    let lines = t.lines.iter().filter(|line| line.site == h.site);
    let brings = |line: &&Line| {
        line.routes
            .iter()
            .any(|r| r.call_types.contains(&h.call_type))
    };
    let planned = PlannedChunk {
        id: format!("{}/{}{part}", h.site, h.call_type).as_str().into(),
        site: h.site.clone(),
        lines: lines.filter(brings).map(|line| line.id.clone()).collect(),
        call_type: h.call_type.clone(),
        languages: BTreeSet::new(),
        population: None,
        weekly_contacts: u32::try_from(calls_per_week).ok().filter(|_| !is_whole),
        windows: if is_whole {
            Vec::new()
        } else {
            parts.iter().map(window).collect()
        },
        steps: Vec::new(),
        cut_off_action: CutOffAction::default(),
        coverage: BTreeSet::new(),
    };
    Proposal {
        first_step_percent: caps::first_step_max(t, &planned),
        planned,
        calls_per_week,
        calls_needed,
        days_to_judge,
        days_there_are: days_there_are(t, &h.call_type),
    }
}

/// From the first of five steps, as far apart as the floor asks, to the end of soak and hold.
fn days_there_are(t: &Transition, call_type: &CallTypeId) -> u32 {
    let rung = t.rung(call_type).unwrap_or(Rung::Triage);
    let working = t.terms.floors.of(rung).step_days * STEPS_AFTER_FIRST;
    working * 7 / 5 + t.terms.soak.days(rung).max(t.terms.hold_days)
}
