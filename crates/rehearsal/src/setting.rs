//! Everything that every run of a rehearsal shares: calls over the plan's days, loads, what goes wrong and when.

use crate::assumptions::Assumptions;
use crate::calls::{Calls, Ending, Recorded, by_day, local, midnight_us, over_days};
use crate::error::RehearsalError;
use crate::injections::{Centre, INJECTIONS_MAX, Injection, Script};
use crate::people::needed;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use segue_capacity::simulate::{INTERVAL_US, SKILLS_MAX, seconds};
use segue_domain::Transition;
use segue_domain::ids::CallTypeId;
use segue_domain::ladder::Rung;
use std::collections::BTreeMap;

/// Quarters of an hour in a week.
pub(crate) const WEEK: usize = 7 * 96;
/// Microseconds of an hour.
pub(crate) const HOUR_US: i64 = 3_600_000_000;
/// Handle times kept of one number at most.
const HANDLES_MAX: usize = 4_096;
/// Neighbours on each side over which a recorded load is smoothed: a few weeks of records are few calls per interval.
const SMOOTH: usize = 3;

/// A number that callers reach, and who answers it.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) dialled: String,
    pub(crate) call_type: CallTypeId,
    pub(crate) is_triage: bool,
    /// Whether nurses answer it.
    pub(crate) needs_nurse: bool,
    /// Mean patience, seconds.
    pub(crate) patience_s: f64,
    /// Agents of the outsourcer who take its calls.
    pub(crate) team: u32,
    /// Handle times on record in order, µs, or evenly spaced ones of them: drawn from again in each run.
    pub(crate) handles_us: Vec<i64>,
    /// Offered load by quarter of an hour of the week, Erlangs.
    pub(crate) erlangs: Vec<f64>,
}

/// A period in which something is otherwise, µs, half-open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Period {
    from_us: i64,
    to_us: i64,
}

impl Period {
    pub(crate) fn holds(self, at_us: i64) -> bool {
        (self.from_us..self.to_us).contains(&at_us)
    }

    pub(crate) fn begin_us(self) -> i64 {
        self.from_us
    }

    pub(crate) fn end_us(self) -> i64 {
        self.to_us
    }
}

/// What goes wrong, in µs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trouble {
    pub(crate) handle: Vec<(Period, u32)>,
    pub(crate) absent: Vec<(Centre, Period, u32)>,
    pub(crate) outages: Vec<Period>,
    pub(crate) silences: Vec<Period>,
    pub(crate) database: Vec<Period>,
    pub(crate) tests: Vec<(i64, String, u32)>,
    pub(crate) late_min: u32,
    pub(crate) recall_min: u32,
}

/// The shared part of every run.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) from_us: i64,
    pub(crate) to_us: i64,
    pub(crate) zone: TimeZone,
    pub(crate) routes: Vec<Route>,
    /// Routes by group of agents: those without a licence, nurses.
    pub(crate) groups: Vec<Vec<usize>>,
    pub(crate) segments: Vec<String>,
    pub(crate) calls: Vec<Recorded>,
    /// Holidays of the played days, on which no call is played: neither their calls nor their people are those of a weekday.
    pub(crate) left_out: BTreeMap<Date, String>,
    /// The quarter of the local week, for each quarter from the begin on: daylight saving is in here.
    quarters: Vec<u16>,
    pub(crate) trouble: Trouble,
    pub(crate) assumptions: Assumptions,
    pub(crate) seed: u64,
}

impl Setting {
    pub(crate) fn new(
        t: &Transition,
        recorded: &Calls,
        script: &Script,
        (from, to): (Date, Date),
        holidays: &BTreeMap<Date, String>,
        seed: u64,
    ) -> Result<Self, RehearsalError> {
        let zone = t
            .sites
            .first()
            .and_then(|site| TimeZone::get(&site.zone).ok())
            .ok_or_else(|| {
                RehearsalError::BadInput("the transition has no centre with a time zone".into())
            })?;
        check(recorded)?;
        let left_out: BTreeMap<_, _> = holidays
            .range(from..to)
            .map(|(day, name)| (*day, name.clone()))
            .collect();
        let mut calls = over_days(&recorded.calls, &zone, from, to)?;
        for day in left_out.keys() {
            let day = Period {
                from_us: midnight_us(*day, &zone)?,
                to_us: midnight_us(day.tomorrow().unwrap_or(*day), &zone)?,
            };
            calls.retain(|call| !day.holds(call.at_us));
        }
        let (from_us, to_us) = (midnight_us(from, &zone)?, midnight_us(to, &zone)?);
        let quarters = quarters(from_us, to_us, &zone)?;
        let routes = routes(t, recorded, &script.assumptions, &zone)?;
        let of = |nurse: bool| -> Vec<usize> {
            (0..routes.len())
                .filter(|n| routes[*n].needs_nurse == nurse)
                .collect()
        };
        let groups = [of(false), of(true)]
            .into_iter()
            .filter(|g| !g.is_empty())
            .collect();
        Ok(Self {
            from_us,
            to_us,
            trouble: trouble(&script.injection, &zone)?,
            zone,
            routes,
            groups,
            segments: recorded.segments.clone(),
            calls,
            left_out,
            quarters,
            assumptions: script.assumptions.clone(),
            seed,
        })
    }

    pub(crate) fn hours(&self) -> usize {
        usize::try_from((self.to_us - self.from_us) / HOUR_US + 1).unwrap_or(0)
    }

    pub(crate) fn hour(&self, at_us: i64) -> usize {
        usize::try_from((at_us - self.from_us) / HOUR_US).unwrap_or(0)
    }

    /// The quarter of the local week at an instant.
    pub(crate) fn quarter(&self, at_us: i64) -> usize {
        let n = usize::try_from((at_us - self.from_us) / INTERVAL_US).unwrap_or(0);
        self.quarters.get(n).copied().unwrap_or(0).into()
    }
}

fn check(recorded: &Calls) -> Result<(), RehearsalError> {
    let (routes, segments) = (recorded.dialled.len(), recorded.segments.len());
    if routes > SKILLS_MAX {
        return Err(RehearsalError::BadInput(format!(
            "{routes} numbers; at most {SKILLS_MAX} are played at once"
        )));
    }
    let unknown =
        |c: &Recorded| usize::from(c.route) >= routes || usize::from(c.segment) >= segments;
    if recorded.calls.iter().any(unknown) {
        return Err(RehearsalError::BadInput(
            "a call names a number or a group of callers that is not listed".into(),
        ));
    }
    if !recorded.calls.is_sorted_by_key(|c| c.at_us) {
        return Err(RehearsalError::BadInput(
            "calls are not in order of time".into(),
        ));
    }
    Ok(())
}

fn quarters(from_us: i64, to_us: i64, zone: &TimeZone) -> Result<Vec<u16>, RehearsalError> {
    let mut quarters = Vec::new();
    let mut at_us = from_us;
    while at_us < to_us {
        quarters.push(quarter_of_week(&local(at_us, zone)?));
        at_us += INTERVAL_US;
    }
    Ok(quarters)
}

fn quarter_of_week(at: &jiff::Zoned) -> u16 {
    let day = u16::try_from(at.weekday().to_monday_zero_offset()).unwrap_or(0);
    let (hour, minute) = (at.hour().unsigned_abs(), at.minute().unsigned_abs());
    day * 96 + u16::from(hour) * 4 + u16::from(minute) / 15
}

fn routes(
    t: &Transition,
    recorded: &Calls,
    assumed: &Assumptions,
    zone: &TimeZone,
) -> Result<Vec<Route>, RehearsalError> {
    let days = days(recorded, zone)?;
    let mut routes = Vec::new();
    for (n, dialled) in recorded.dialled.iter().enumerate() {
        let known = t.lines.iter().flat_map(|l| &l.routes);
        let call_type = known
            .into_iter()
            .find(|r| r.dialled == *dialled)
            .and_then(|r| r.call_types.first())
            .ok_or_else(|| {
                RehearsalError::BadInput(format!(
                    "no line of the transition has the number {dialled}; map call types to those that have"
                ))
            })?;
        let rung = t.rung(call_type);
        let own: Vec<_> = recorded
            .calls
            .iter()
            .filter(|c| usize::from(c.route) == n)
            .collect();
        let handles_us: Vec<_> = own
            .iter()
            .filter_map(|c| c.handle_us)
            .filter(|h| *h > 0)
            .collect();
        let erlangs = erlangs(&own, mean_s(&handles_us), days, zone)?;
        let busiest = erlangs.iter().copied().fold(0.0, f64::max);
        routes.push(Route {
            dialled: dialled.clone(),
            call_type: call_type.clone(),
            is_triage: rung == Some(Rung::Triage),
            needs_nurse: rung >= Some(Rung::Consult),
            patience_s: patience_s(&own).unwrap_or(f64::from(assumed.patience_s)),
            team: needed(busiest, assumed) * assumed.team_for_each,
            erlangs,
            handles_us: spaced(handles_us),
        });
    }
    Ok(routes)
}

/// Mean patience where waits that ended with an answer are censored: all waits over the number of hang-ups, the maximum
/// likelihood of an exponential patience (planning handbook, Capacity 2). Nothing where nobody hung up.
fn patience_s(calls: &[&Recorded]) -> Option<f64> {
    let waits_s: f64 = calls.iter().map(|c| seconds(c.wait_us)).sum();
    let hung_up = calls
        .iter()
        .filter(|c| c.ending == Some(Ending::Abandoned))
        .count();
    let hung_up = u32::try_from(hung_up).unwrap_or(u32::MAX);
    (hung_up > 0).then(|| waits_s / f64::from(hung_up))
}

/// At most so many of the values, evenly spaced in order: what is drawn from stays in the processor's cache.
fn spaced(mut values: Vec<i64>) -> Vec<i64> {
    values.sort_unstable();
    let step = values.len().div_ceil(HANDLES_MAX).max(1);
    values.into_iter().skip(step / 2).step_by(step).collect()
}

fn mean_s(handles_us: &[i64]) -> f64 {
    let sum_s: f64 = handles_us.iter().map(|h| seconds(*h)).sum();
    sum_s / f64::from(u32::try_from(handles_us.len()).unwrap_or(u32::MAX).max(1))
}

/// How often each weekday is on record, Monday first.
fn days(recorded: &Calls, zone: &TimeZone) -> Result<[u32; 7], RehearsalError> {
    let mut days = [0; 7];
    for day in by_day(&recorded.calls, zone)?.keys() {
        days[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs())] += 1;
    }
    Ok(days)
}

fn erlangs(
    calls: &[&Recorded],
    aht_s: f64,
    days: [u32; 7],
    zone: &TimeZone,
) -> Result<Vec<f64>, RehearsalError> {
    let mut counts = vec![0_u32; WEEK];
    for call in calls {
        counts[usize::from(quarter_of_week(&local(call.at_us, zone)?))] += 1;
    }
    let mean = |quarter: usize| {
        let near = (WEEK + quarter - SMOOTH..=WEEK + quarter + SMOOTH).map(|q| q % WEEK);
        let rates = near.map(|q| f64::from(counts[q]) / f64::from(days[q / 96].max(1)));
        rates.sum::<f64>() / f64::from(u32::try_from(2 * SMOOTH + 1).unwrap_or(1))
    };
    Ok((0..WEEK)
        .map(|q| mean(q) * aht_s / seconds(INTERVAL_US))
        .collect())
}

fn trouble(injections: &[Injection], zone: &TimeZone) -> Result<Trouble, RehearsalError> {
    if injections.len() > INJECTIONS_MAX {
        return Err(RehearsalError::BadInput(format!(
            "{} injections; a script holds at most {INJECTIONS_MAX}",
            injections.len()
        )));
    }
    let days = |from: Date, to: Date| -> Result<Period, RehearsalError> {
        Ok(Period {
            from_us: midnight_us(from, zone)?,
            to_us: midnight_us(to, zone)?,
        })
    };
    let mut trouble = Trouble::default();
    for injection in injections {
        match injection {
            Injection::TestFailure { chunk, on, days } => {
                let at_us = midnight_us(*on, zone)? + 9 * HOUR_US;
                trouble.tests.push((at_us, chunk.clone(), *days));
            }
            Injection::HandleTime { percent, from, to } => {
                trouble.handle.push((days(*from, *to)?, *percent));
            }
            Injection::Absent {
                centre,
                percent,
                from,
                to,
            } => trouble
                .absent
                .push((*centre, days(*from, *to)?, (*percent).min(100))),
            Injection::TrunkOutage { at, minutes } => {
                trouble.outages.push(minutes_from(*at, *minutes, zone)?);
            }
            Injection::FeedSilence { at, minutes } => {
                trouble.silences.push(minutes_from(*at, *minutes, zone)?);
            }
            Injection::DatabaseLoss { at, minutes } => {
                trouble.database.push(minutes_from(*at, *minutes, zone)?);
            }
            Injection::LateDecision { minutes } => trouble.late_min += minutes,
            Injection::RecallDelay { minutes } => trouble.recall_min += minutes,
        }
    }
    trouble.tests.sort();
    Ok(trouble)
}

fn minutes_from(at: DateTime, minutes: u32, zone: &TimeZone) -> Result<Period, RehearsalError> {
    let from_us = zone
        .to_timestamp(at)
        .map_err(|e| RehearsalError::BadInput(format!("an injection at {at}: {e}")))?
        .as_microsecond();
    Ok(Period {
        from_us,
        to_us: from_us + i64::from(minutes) * 60_000_000,
    })
}
